"""What lies ahead, and a form that reckons what would be different and changes nothing."""

from __future__ import annotations

import re
from html import unescape

import pytest
from starlette.testclient import TestClient

from tests.builders import a_programme, item, 住建局, 生态分局
from tests.web.conftest import HOSTILE, NOW, House
from tracker.definitions.yamlform import load
from tracker.programmes import path_of
from tracker.services import programmes

PAGE = "/p/small/forecast"
MANY = f"4/s1/{住建局}"


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)))


def test_the_page_says_what_waiting_costs_and_when_the_next_loss_comes(visitor: TestClient) -> None:
    text = plain(visitor.get(PAGE).text)
    assert "再等到 10-22 周五 24:00，多失" in text
    assert "10-22 周五 24:00 到期，过后扣" in text
    assert "现在就能保住的" in text or "现在办就能保住的" in text


def test_what_several_keep_only_together_names_all_who_must_act(
    visitor: TestClient, house: House
) -> None:
    shared = item("1", due_on="2021-10-20", responsible=[生态分局, 住建局])
    with house.runtime.database.write() as session:
        programmes.publish(session, a_programme(shared), now=NOW, by="office")
    told = visitor.get("/api/v1/programmes/small/forecast").json()
    [together] = told["together"]
    assert [one["unit"] for one in together["acting"]] == [生态分局, 住建局]
    assert (told["obligations"], together["keeps"]) == ([], told["recoverable"])
    page = plain(visitor.get(PAGE).text)
    assert "须几个单位都办才能保住的" in page
    for path in ("items", "items/1", "clauses/1"):
        told_there = plain(visitor.get(f"/p/small/{path}").text)
        assert f" {float(together['keeps']):.2f} " in told_there, path
    for path in ("", "leader"):
        told_there = plain(visitor.get(f"/p/small/{path}").text)
        assert "须 住建局 也办" in told_there or "须 生态分局 也办" in told_there, path
        assert "今天 2 件都办" in told_there, path


def test_another_end_of_the_look_is_chosen(visitor: TestClient) -> None:
    assert "再等到 10-31 周日 24:00" in plain(
        visitor.get(PAGE, params={"until": "2021-10-31"}).text
    )


def test_suppositions_add_up_and_can_be_taken_back(visitor: TestClient, house: House) -> None:
    before = house.everything()
    first = visitor.get(PAGE, params={"kind": "done", "key": MANY, "value": "8"})
    assert f"{MANY} 现在累计完成 8" in first.text
    [carried] = re.findall(r'<input type="hidden" name="s" value="([^"]*)"', first.text)[:1]
    second = visitor.get(
        PAGE, params={"s": unescape(carried), "kind": "move", "key": "1", "value": "2021-10-15"}
    )
    text = plain(second.text)
    assert f"{MANY} 现在累计完成 8" in text
    assert "1 的期限改为 2021-10-15" in text
    assert "期限变动" in text
    back = re.findall(r'href="([^"]*)#what-if">撤掉这条', second.text)
    alone = plain(visitor.get(unescape(back[0])).text)
    assert "1 的期限改为 2021-10-15" in alone
    assert "现在累计完成 8" not in alone
    assert house.everything() == before


def test_handing_in_today_saves_what_the_county_would_lose(
    visitor: TestClient, house: House
) -> None:
    with house.runtime.database.write() as session:
        programmes.publish(session, load(path_of("zhongfang-2021")), now=NOW, by="office")
    asked = {"kind": "done", "key": "36.3/cases", "value": "1", "until": "2022-01-10"}
    text = plain(visitor.get("/p/zhongfang-2021/forecast", params=asked).text)
    assert "36.3/cases 现在累计完成 1" in text
    # One of two cases is settled: 0.35 of the item's 0.9 is kept.
    assert re.search(r"36 进一步完善生态环境保护法规和标准 −1.40 −1.05 \+0.35", text)


def test_another_reading_is_reckoned(visitor: TestClient) -> None:
    answer = visitor.get(PAGE, params={"reading": "round=down"})
    assert "口径 round 取 down" in answer.text


def test_what_cannot_be_supposed_is_said_and_what_was_typed_stays(visitor: TestClient) -> None:
    for given, says in (
        ({"kind": "move", "key": "1", "value": "soon"}, "看不懂这一条假设"),
        ({"kind": "done", "key": "77"}, "没有这个应办事项"),
        ({"kind": "set", "key": "4#1.each", "value": "plenty"}, "4#1.each"),
        ({"reading": "round=sideways"}, "up, down"),
    ):
        answer = visitor.get(PAGE, params=given)
        assert answer.status_code == 422, given
        assert "没有算成" in answer.text
        assert says in answer.text
    hostile = visitor.get(PAGE, params={"kind": "done", "key": HOSTILE})
    assert HOSTILE not in hostile.text


def test_a_day_that_is_none_is_unclear(visitor: TestClient) -> None:
    assert visitor.get(PAGE, params={"until": "soon"}).status_code == 400


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "9000-06-30"])
def test_a_year_that_no_list_has_is_unclear(visitor: TestClient, day: str) -> None:
    assert visitor.get(PAGE, params={"until": day}).status_code == 400


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("move", "9999-12-31"),
        ("move", "9999-12-31 24:00"),
        ("extend", "0001-01-01T00:00+14:00"),
        ("set", "[" * 5_000),
        ("set", "[NaN]"),
        ("set", "[1e999999999]"),
        ("done", "NaN"),
        ("done", "Infinity"),
    ],
)
def test_a_supposition_out_of_all_measure_is_said_in_words(
    visitor: TestClient, kind: str, value: str
) -> None:
    key = "4#1.each" if kind == "set" else MANY
    answer = visitor.get(PAGE, params={"kind": kind, "key": key, "value": value})
    assert answer.status_code == 422
    assert "没有算成" in answer.text


@pytest.mark.parametrize("path", ["id", "4.id", "4.rules.x", "4#0.each", "4#99999999999.each"])
def test_a_supposition_reaches_no_field_that_is_none(visitor: TestClient, path: str) -> None:
    answer = visitor.get(PAGE, params={"kind": "set", "key": path, "value": "1"})
    assert answer.status_code in (404, 422)

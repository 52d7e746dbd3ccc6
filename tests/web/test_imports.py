"""Importing a document from the pages: looked at, settled, published; its next issue accepted."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.definitions.lists import written
from tests.definitions.lists.written import HEADINGS
from tests.web.conftest import House
from tracker.definitions.documents import read_document
from tracker.domain import facts as f
from tracker.services import drafts, programmes, reporting
from tracker.services.drafts import Kept

FLOOD = (
    HEADINGS,
    ("一、组织领导（5分）", "<", "<", "<", "<", "<"),
    ("1", "修订防汛预案", "2", "未修订预案的扣1分。", "4月30日", "县水利局"),
    ("2", "责任人公布", "3", "5月底前公布名单，未公布的扣1分；附件第3号公式0.7分。", "5月31日",
     "县水利局\n县应急局"),
    ("二、值守响应（5分）", "<", "<", "<", "<", "<"),
    ("3", "汛期值班", "5", "发现脱岗的，每次扣0.5分，扣完为止。", "9月30日", "县水利局"),
)  # fmt: skip


def document(folder: Path, *changes: tuple[int, int, str], kind: str = "docx") -> Path:
    rows = [list(row) for row in FLOOD]
    for at, column, text in changes:
        rows[at][column] = text
    title = "青溪县2023年防汛工作考核细则"
    if kind == "docx":
        return written.word(folder / "flood.docx", rows, title=title)
    return written.excel(folder / "flood.xlsx", {"考核": ((title, *["<"] * 5), *rows)})


class Clerk:
    """A browser that fills in forms."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.browser: TestClient = house.browser()

    def sees(self, path: str) -> str:
        answer = self.browser.get(path)
        assert answer.status_code == 200, answer.text[:300]
        return answer.text

    def sends(self, path: str, file: Path | None = None, **fields: str) -> Any:
        found = re.search(r'name="token" value="(\w+)"', self.sees("/import"))
        assert found is not None
        files = None if file is None else {"file": (file.name, file.read_bytes())}
        data = {"token": found[1], **{name.replace("_", "-"): one for name, one in fields.items()}}
        return self.browser.post(path, data=data, files=files)

    def imports(self, file: Path, **fields: str) -> str:
        answer = self.sends("/import", file, **fields)
        assert answer.status_code == 303, answer.text[-600:]
        return str(answer.headers["location"])


@pytest.fixture
def clerk(house: House) -> Clerk:
    return Clerk(house)


def kept(clerk: Clerk, place: str) -> Kept:
    with clerk.house.runtime.database.read() as session:
        return drafts.kept(session, int(place.rpartition("/")[2]))


@pytest.mark.parametrize("kind", ["docx", "xlsx"])
def test_a_document_is_looked_at_beside_its_source_settled_and_published(
    clerk: Clerk, tmp_path: Path, kind: str
) -> None:
    place = clerk.imports(document(tmp_path, kind=kind))
    page = clerk.sees(place)
    for said in ("已读完：3 项、10 分", "1 处要人定", "0.7分", "这一段没有读懂", "失 1.00",
                 "每一件扣 0.5 分，至多本条全部分值", "先定完上面 1 处"):  # fmt: skip
        assert said in page, said
    refused = clerk.sends(f"{place}/publish")
    assert refused.status_code == 409
    clerk.sends(f"{place}/settle", p_unread_2_1="assessed")
    assert "都定完了" in clerk.sees(place)
    done = clerk.sends(f"{place}/publish")
    assert (done.status_code, done.headers["location"]) == (303, "/p/flood/")
    assert "修订防汛预案" in clerk.sees("/p/flood/items")
    with clerk.house.runtime.database.read() as session:
        rules = programmes.current(session, "flood").clauses["2"][2].rules
    assert [rule.kind for rule in rules] == ["discretionary", "duty"]
    assert "这一稿已发布为第 1 版" in clerk.sees(place)


def test_nothing_changes_before_it_is_published(clerk: Clerk, tmp_path: Path) -> None:
    before = clerk.house.everything()
    place = clerk.imports(document(tmp_path))
    clerk.sends(f"{place}/settle", p_unread_2_1="as-read")
    after = clerk.house.everything()
    assert [name for name in after if after[name] != before[name]] == ["draft", "event"]


def test_what_was_decided_is_there_again_after_a_restart(clerk: Clerk, tmp_path: Path) -> None:
    place = clerk.imports(document(tmp_path))
    clerk.sends(f"{place}/settle", p_unread_2_1="tracked")
    again = Clerk(clerk.house)
    assert re.search(r'name="p-unread-2-1" value="tracked" checked', again.sees(place))


def test_slips_that_can_only_be_noted_are_noted_at_once(clerk: Clerk, tmp_path: Path) -> None:
    slips = document(
        tmp_path, (2, 3, "未修订预案（含附件的扣1分。"), (5, 3, "每次脱岗（经核实扣0.5分。")
    )
    place = clerk.imports(slips)
    before = kept(clerk, place).result.still_open
    single = {point.id for point in before if len(point.choices) == 1}
    assert len(single) == 2
    assert "只有一个选项的 2 处" in clerk.sees(place)
    clerk.sends(f"{place}/settle", do="only_choices")
    assert {p.id for p in kept(clerk, place).result.still_open} == {p.id for p in before} - single


def test_the_points_of_an_item_are_typed_in_as_a_number(clerk: Clerk, tmp_path: Path) -> None:
    path = written.word(
        tmp_path / "forest.docx",
        (("序号", "工作任务", "责任单位", "评分标准"), ("1", "防火", "县林业局", "少一场扣1分。")),
        title="青溪县2024年护林责任清单",
    )
    place = clerk.imports(path)
    (point,) = kept(clerk, place).result.still_open
    clerk.sends(f"{place}/settle", do="only_choices")
    assert kept(clerk, place).result.still_open == (point,)
    clerk.sends(f"{place}/settle", **{f"n_{point.id}": "7.5"})
    assert f'name="n-{point.id}" value="7.5"' in clerk.sees(place)
    assert clerk.sends(f"{place}/publish").status_code == 303
    with clerk.house.runtime.database.read() as session:
        assert str(programmes.current(session, "forest").points) == "7.5"


def test_a_number_that_is_none_is_told_and_stays_typed_while_the_rest_is_kept(
    clerk: Clerk, tmp_path: Path
) -> None:
    place = clerk.imports(document(tmp_path, (2, 2, "")))
    numeric = next(p.id for p in kept(clerk, place).result.still_open if p.numeric)
    answer = clerk.sends(f"{place}/settle", **{f"n_{numeric}": "十分"}, p_unread_2_1="as_read")
    assert answer.status_code == 422
    assert re.search(f'name="n-{numeric}" value="十分"[^>]*aria-invalid="true"', answer.text)
    made = kept(clerk, place)
    assert numeric in {p.id for p in made.result.still_open}
    assert made.decided.answers["unread-2-1"] == "as_read"


def test_what_stands_against_publishing_is_told_by_its_place_in_the_source(
    clerk: Clerk, tmp_path: Path
) -> None:
    rows = (
        ("序号", "工作任务", "责任单位", "评分标准"),
        ("一、护林（12分）", "<", "<", "<"),
        ("1", "防火", "县林业局", "少一场扣1分。"),
    )
    path = written.word(tmp_path / "forest.docx", rows, title="青溪县2024年护林责任清单")
    place = clerk.imports(path)
    (point,) = kept(clerk, place).result.still_open
    clerk.sends(f"{place}/settle", **{f"n_{point.id}": "5"})
    refused = clerk.sends(f"{place}/publish")
    assert refused.status_code == 422
    assert "板块 1" in refused.text
    assert not re.search(r"forest 第 \d+ 行", refused.text)


def test_a_reading_that_is_chosen_holds_first(clerk: Clerk, tmp_path: Path) -> None:
    place = clerk.imports(document(tmp_path))
    clerk.sends(f"{place}/settle", r_joint_units="any")
    assert [one.default for one in kept(clerk, place).result.readings] == ["any"]


def test_a_clerk_on_an_older_page_does_not_undo_what_another_chose(
    clerk: Clerk, tmp_path: Path
) -> None:
    place = clerk.imports(document(tmp_path))
    older = re.findall(r'name="(was-[^"]+)" value="([^"]+)"', clerk.sees(place))
    shown = {name: value for name, value in older if name.startswith("was-r-")}
    assert shown == {"was-r-joint-units": "all"}
    clerk.sends(f"{place}/settle", r_joint_units="any")
    clerk.sends(f"{place}/settle", **shown, r_joint_units="all", p_unread_2_1="as_read")
    made = kept(clerk, place)
    assert [one.default for one in made.result.readings] == ["any"]
    assert made.decided.answers["unread-2-1"] == "as_read"


def test_the_next_issue_is_accepted_difference_by_difference(clerk: Clerk, tmp_path: Path) -> None:
    first = clerk.imports(document(tmp_path))
    clerk.sends(f"{first}/settle", p_unread_2_1="as_read")
    clerk.sends(f"{first}/publish")
    second = clerk.imports(
        document(tmp_path, (2, 4, "3月31日"), (5, 3, "发现脱岗的，每次扣1分，扣完为止。")),
        programme="flood",
    )
    page = clerk.sees(second)
    assert "修改任务 1" not in page
    assert "改期任务 1 时限：2023-04-30 → 2023-03-31" in page
    assert "意思有变，规则要重定" in page
    assert "失分仍是 0.00；新增应办事项 0 个，取消 0 个" in " ".join(page.split()).replace(
        "； ", "；"
    )
    clerk.sends(f"{second}/accept", a_1="item:1:deadline")
    assert clerk.sends(f"{second}/publish").status_code == 303
    with clerk.house.runtime.database.read() as session:
        programme = programmes.current(session, "flood")
        assert [one.version for one in programmes.versions(session, "flood")] == [2, 1]
    assert str(programme.clauses["1"][1].deadline) == "2023-03-31"
    assert "0.5" in programme.clauses["3"][2].text
    third = clerk.imports(document(tmp_path, (2, 4, "3月31日")), programme="flood")
    assert "与在用的方案没有不同" in clerk.sees(third)


def test_all_differences_are_accepted_at_once(clerk: Clerk, tmp_path: Path) -> None:
    first = clerk.imports(document(tmp_path))
    clerk.sends(f"{first}/settle", p_unread_2_1="as_read")
    clerk.sends(f"{first}/publish")
    place = clerk.imports(document(tmp_path, (2, 4, "3月31日"), (2, 1, "修订预案")),
                          programme="flood")  # fmt: skip
    clerk.sends(f"{place}/accept", do="all")
    assert len(kept(clerk, place).decided.accepted) == 2
    clerk.sends(f"{place}/accept", do="none")
    assert kept(clerk, place).decided.accepted == ()


def test_numbers_under_which_something_is_recorded_are_kept(clerk: Clerk, tmp_path: Path) -> None:
    first = clerk.imports(document(tmp_path))
    clerk.sends(f"{first}/settle", p_unread_2_1="as_read")
    clerk.sends(f"{first}/publish")
    with clerk.house.runtime.database.write() as session:
        now = clerk.house.clock.now()
        fact = f.Finding(finding="c3_1", occurred_at=now, recorded_at=now)
        reporting.record_facts(session, "flood", [fact], now=now, by="office")
    rows = [list(row) for row in FLOOD]
    rows.insert(2, ["1", "组织防汛演练", "1", "未组织演练的扣1分。", "4月30日", "县水利局"])
    for at, number in ((3, "2"), (4, "3"), (6, "4")):
        rows[at][0] = number
    rows[1][0], rows[4][2] = "一、组织领导（5分）", "2"
    path = written.word(tmp_path / "next.docx", rows, title="青溪县2023年防汛工作考核细则")
    second = clerk.imports(path, programme="flood")
    assert "沿用原来的编号" in clerk.sees(second)
    clerk.sends(f"{second}/accept", do="all")
    texts = {name: body.text for name, (_, _, body) in kept(clerk, second).result.clauses.items()}
    assert texts["3"] == "发现脱岗的，每次扣0.5分，扣完为止。"
    assert texts["1-2"] == "未组织演练的扣1分。"


@pytest.mark.parametrize(
    ("name", "content", "fields", "said"),
    [
        ("photo.png", b"\x89PNG", {}, "这种文件读不了"),
        ("list.docx", b"not a document", {}, "list.docx"),
        ("list.txt", "一段没有表格的话。".encode(), {}, "没有读成"),
        ("list.txt", b"", {"id": "大写"}, "标识只能用"),
        ("list.txt", b"", {"year": "23"}, "年份写四位数"),
    ],
)
def test_a_file_that_is_no_list_is_refused_with_the_reason(
    clerk: Clerk, tmp_path: Path, name: str, content: bytes, fields: dict[str, str], said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    answer = clerk.sends("/import", path, **fields)
    assert (answer.status_code, said in answer.text) == (422, True)
    assert clerk.house.everything()["draft"] == []


def test_a_new_programme_does_not_take_the_id_of_another(clerk: Clerk, tmp_path: Path) -> None:
    answer = clerk.sends("/import", document(tmp_path), id="small")
    assert (answer.status_code, "已有" in answer.text) == (422, True)


def test_a_draft_that_was_dropped_is_kept_and_closed(clerk: Clerk, tmp_path: Path) -> None:
    place = clerk.imports(document(tmp_path))
    clerk.sends(f"{place}/drop")
    assert "这一稿已经放弃" in clerk.sees(place)
    assert clerk.sends(f"{place}/settle", p_unread_2_1="as_read").status_code == 409


def test_a_draft_that_is_not_there_is_not_found(clerk: Clerk) -> None:
    assert clerk.browser.get("/import/99").status_code == 404


def test_a_stranger_imports_nothing(house: House, tmp_path: Path) -> None:
    stranger = house.browser(client=("203.0.113.9", 5000))
    assert stranger.get("/import").status_code in (303, 403)
    assert stranger.post("/import", data={"token": "x"}).status_code in (303, 403)
    assert house.everything()["draft"] == []


def test_what_to_compare_with_the_source_is_named_by_row_and_cell(
    clerk: Clerk, tmp_path: Path
) -> None:
    path = document(
        tmp_path, (3, 0, "1"), (3, 4, "2022年5月31日前"), (2, 4, "按上级要求"), (5, 5, "各乡镇"),
        (2, 3, "未按上级要求完成的扣1分。"),
    )  # fmt: skip
    page = clerk.sees(clerk.imports(path))
    checked = page[page.index('id="check"') : page.index('id="beside"')]
    for told in (
        "同一编号两行：“责任人公布”和“修订防汛预案”", "时限写“2022年5月31日前”，不在 2023 年",
        "期限写在别处：“按上级要求”", "“各乡镇”是统称", "表 1 第 4 行", "编号写错的，改了原文再传",
    ):  # fmt: skip
        assert told in checked, told


def test_the_page_speaks_english_too(clerk: Clerk, tmp_path: Path) -> None:
    place = clerk.imports(document(tmp_path))
    page = clerk.sees(f"{place}?lang=en")
    assert "1 need a person" in page
    assert "This was not understood. How does it count?" in page


def test_markup_in_a_document_is_text(clerk: Clerk, tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>{{7*7}}未修订预案的扣1分。"
    page = clerk.sees(clerk.imports(document(tmp_path, (2, 3, hostile), (2, 1, "<b>预案</b>"))))
    assert "<script>" not in page
    assert "{{7*7}}" in page
    assert "<b>预案</b>" not in page


def test_what_a_form_made_by_hand_names_is_not_kept(clerk: Clerk, tmp_path: Path) -> None:
    place = clerk.imports(document(tmp_path))
    clerk.sends(f"{place}/settle", p_invented="as_read", r_invented="x", p_unread_2_1="as_read")
    decided = kept(clerk, place).decided
    assert (decided.answers, decided.readings) == ({"unread-2-1": "as_read"}, {})


def test_drafts_do_not_pile_up_without_end(clerk: Clerk, tmp_path: Path) -> None:
    file = document(tmp_path)
    first = clerk.imports(file, id="flood-0")
    read = read_document(file, year=2023)
    with clerk.house.runtime.database.write() as session:
        for n in range(1, drafts.MOST_OPEN):
            drafts.receive(session, read, "flood.docx", slug=f"flood-{n}", new=True,
                           now=clerk.house.clock.now(), by="office")  # fmt: skip
    answer = clerk.sends("/import", file, id="one-more")
    assert (answer.status_code, "请先发布或放弃一些" in answer.text) == (422, True)
    clerk.sends(f"{first}/drop")
    clerk.imports(file, id="one-more")


def test_a_number_that_no_database_holds_is_no_draft(clerk: Clerk) -> None:
    assert clerk.browser.get(f"/import/{10**30}").status_code in (400, 404)


def test_what_was_decided_for_the_last_issue_is_not_asked_again(
    clerk: Clerk, tmp_path: Path
) -> None:
    slip = (2, 3, "未按定修订预案的扣1分。")
    first = clerk.imports(document(tmp_path, slip))
    (dirt,) = [p.id for p in kept(clerk, first).result.open_points if p.why == "dirt"]
    clerk.sends(f"{first}/settle", **{"p_unread_2_1": "as_read", f"p_{dirt}": "as_printed"})
    assert clerk.sends(f"{first}/publish").status_code == 303
    second = clerk.imports(document(tmp_path, slip, (5, 4, "10月31日")), programme="flood")
    again = kept(clerk, second)
    assert [(p.why, p.chosen) for p in again.result.open_points] == [("dirt", "as_printed")]
    assert dirt in again.decided.carried
    assert "沿用上一期" in clerk.sees(second)
    clerk.sends(f"{second}/settle", **{f"p_{dirt}": "by_hand"})
    changed = kept(clerk, second)
    assert changed.decided.answers[dirt] == "by_hand"
    assert dirt not in changed.decided.carried


def overdue(clerk: Clerk) -> set[bool]:
    with clerk.house.runtime.database.read() as session:
        now = clerk.house.clock.now()
        owed = programmes.standings(session, "flood", now=now)
        return {one.open for one in owed if one.obligation.due_at and one.obligation.due_at < now}


@pytest.mark.parametrize(("past", "open_"), [("owed", True), ("done", False)])
def test_what_was_due_before_today_is_asked_about_once(
    clerk: Clerk, tmp_path: Path, past: str, open_: bool
) -> None:
    year = clerk.house.clock.now().year
    slip = (3, 3, "5月底前公布名单，未公布的扣1分。")
    place = clerk.imports(document(tmp_path, slip), year=str(year - 1))
    page = clerk.sees(place)
    assert "3 项事项今天以前已经到期" in page or "4 项事项今天以前已经到期" in page
    assert clerk.sends(f"{place}/publish", past=past).status_code == 303
    assert overdue(clerk) == {open_}
    again = clerk.imports(document(tmp_path, slip, (2, 1, "修订预案")), programme="flood",
                          year=str(year - 1))  # fmt: skip
    assert "今天以前已经到期" not in clerk.sees(again)


def tidied(clerk: Clerk, days: int) -> int:
    with clerk.house.runtime.database.write() as session:
        return drafts.tidy(session, now=clerk.house.clock.now() + timedelta(days=days))


def test_the_document_of_a_draft_that_ended_is_kept_until_a_day_that_the_page_tells(
    clerk: Clerk, tmp_path: Path
) -> None:
    place = clerk.imports(document(tmp_path))
    clerk.sends(f"{place}/drop")
    assert "保留到" in clerk.sees(place)
    assert tidied(clerk, 179) == 0
    assert (tidied(clerk, 181), tidied(clerk, 182)) == (1, 0)
    assert kept(clerk, place).rows == ()
    page = clerk.sees(place)
    assert "已在" in page
    assert "未修订预案" not in page


def test_the_issue_published_last_is_kept_for_the_next_one(clerk: Clerk, tmp_path: Path) -> None:
    place = clerk.imports(document(tmp_path))
    clerk.sends(f"{place}/settle", p_unread_2_1="as_read")
    clerk.sends(f"{place}/publish")
    assert tidied(clerk, 400) == 0
    second = clerk.imports(document(tmp_path, (2, 1, "修订预案")), programme="flood")
    clerk.sends(f"{second}/accept", do="all")
    assert clerk.sends(f"{second}/publish").status_code == 303
    assert tidied(clerk, 400) == 1

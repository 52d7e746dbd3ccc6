"""The leader orders, the reviewer's queue, the board of clocks in one line, prices before acts."""

from __future__ import annotations

import re

from starlette.testclient import TestClient

from tests.builders import a_programme, at, clause, item, 住建局, 生态分局
from tests.web.conftest import House, form_of
from tracker.domain import facts as f
from tracker.domain.obligations import Light, Standing
from tracker.services import programmes, scoreboard
from tracker.services.instructions import KIND

EXTEND = f"/p/small/extend?key=1/done/{住建局}"


def handed_in(id_: str, clause: str, duty: str, occurrence: str = "", **more: object) -> f.Report:
    return f.Report(
        id=f.FactId(id_), clause=clause, duty=duty, unit=住建局, occurrence=occurrence, done=True,
        occurred_at=at("2021-10-15 10:00"), recorded_at=at("2021-10-15 10:00"), **more,
    )  # fmt: skip


def standing(house: House) -> Standing:
    with house.runtime.database.read() as session:
        ledger = scoreboard.board(session, "small", as_of=house.clock.now()).ledger
    return next(one for one in ledger.standings if one.obligation.key == f"1/done/{住建局}")


def test_the_queue_has_what_waits_with_its_own_deadline(visitor: TestClient, house: House) -> None:
    before = visitor.get("/p/small/reviews").text
    house.load(handed_in("q9", "3", "bulletin", "2021-09", note="九月简报"))
    after = visitor.get("/p/small/reviews").text
    assert after.count('class="rv"') == before.count('class="rv"') + 1
    assert "九月简报" in after
    assert "审核还剩" in after


def test_the_leader_reads_whose_move_it_is_and_how_the_score_comes_about(
    visitor: TestClient, house: House
) -> None:
    prize = clause("6", rules=[{"kind": "bonus", "recognition": "praised", "award": "0.5",
                                "apart": True}])  # fmt: skip
    rich = a_programme(item("1", due_on="2021-09-30"), item("6", prize))
    with house.runtime.database.write() as session:
        programmes.publish(session, rich, now=house.clock.now(), by="office")
    before = visitor.get("/p/small/leader").text
    assert "待 市局 审核" not in before
    assert "含加分" not in before
    day = at("2021-10-12 10:00")
    house.load(
        handed_in("q9", "1", "done"),
        f.Recognition(id=f.FactId("p"), recognition="praised", unit=住建局, occurred_at=day,
                      recorded_at=day),
    )  # fmt: skip
    after = visitor.get("/p/small/leader").text
    assert "已报，待 市局 审核" in after
    assert re.search(r"暂定得分 [\d.]+（含加分 0.50）", after)


def test_a_review_from_the_queue_comes_back_to_it_and_is_made_once(
    visitor: TestClient, house: House
) -> None:
    house.load(handed_in("q9", "1", "done"))
    page = visitor.get("/p/small/reviews")
    part = page.text[page.text.index("任务1") :]
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', part)[:5])
    sent = {**fields, "outcome": "accepted"}
    first = visitor.post("/p/small/review", data=sent)
    again = visitor.post("/p/small/review", data=sent)
    assert first.status_code == again.status_code == 303
    assert first.headers["location"] == "/p/small/reviews"
    assert sum(isinstance(one, f.Review) and one.report == "q9" for one in house.facts()) == 1


def test_a_review_is_taken_back_with_a_reason_and_both_stay_in_the_history(
    visitor: TestClient, house: House
) -> None:
    page = f"/p/small/obligation?key=1/done/{住建局}"
    house.load(handed_in("q9", "1", "done"))
    accept = form_of(visitor.get(page), action="/p/small/review")
    before = standing(house)
    assert before.waiting
    visitor.post("/p/small/review", data={**accept, "outcome": "accepted"})
    assert standing(house).light is Light.DONE

    undo = form_of(visitor.get(page), action="/p/small/review")
    assert visitor.post("/p/small/review", data={**undo, "reason": " "}).status_code == 422
    assert visitor.post("/p/small/review", data={**undo, "reason": "误点"}).status_code == 303
    told = visitor.get(page).text
    assert isinstance(house.last(), f.Withdrawal)
    assert "误点" in told
    assert "<s>审核接受" in told
    assert 'name="outcome" value="accepted"' in told, "the form to review it is there again"
    assert standing(house) == before

    again = {**undo, "once": "another-filling-in", "reason": "再来"}
    assert visitor.post("/p/small/review", data=again).status_code == 409


def test_an_instruction_becomes_a_case_with_its_own_day_that_costs_nothing(
    visitor: TestClient, house: House
) -> None:
    with house.runtime.database.read() as session:
        before = programmes.current(session, "small")
    fields = form_of(visitor.get("/p/small/instruct"))
    sent = {**fields, "words": "查清石宝乡污水", "unit": 住建局, "due_on": "2021-10-29",
            "person": "县长"}  # fmt: skip
    answer = visitor.post("/p/small/instruct", data=sent)
    assert answer.status_code == 303
    given = house.last()
    assert isinstance(given, f.CaseEvent)
    assert (given.kind, given.unit, given.title, given.note) == (
        KIND,
        住建局,
        "查清石宝乡污水",
        "县长",
    )
    board = visitor.get("/p/small/cases").text
    assert "查清石宝乡污水" in board
    assert "10-29 周五 24:00" in board
    with house.runtime.database.read() as session:
        now = programmes.current(session, "small")
    assert now.points == before.points
    assert visitor.get("/p/small/score").status_code == 200
    second = {**form_of(visitor.get("/p/small/instruct")), "words": "再查一次", "unit": 生态分局,
              "due_on": "2021-10-30", "person": "县长"}  # fmt: skip
    visitor.post("/p/small/instruct", data=second)
    with house.runtime.database.read() as session:
        assert programmes.current(session, "small").hash == now.hash


def test_an_instruction_without_its_parts_is_told_which_and_nothing_is_recorded(
    visitor: TestClient, house: House
) -> None:
    before = house.everything()
    fields = form_of(visitor.get("/p/small/instruct"))
    answer = visitor.post("/p/small/instruct", data={**fields, "words": "查清"})
    assert answer.status_code == 422
    assert answer.text.count('class="wrong"') == 3
    assert house.everything() == before


def test_an_explanation_is_asked_for_from_the_late_item_itself(visitor: TestClient) -> None:
    page = visitor.get("/p/small/leader").text
    assert "instruct?about=" in page
    form = visitor.get(f"/p/small/instruct?about=1/done/{住建局}").text
    assert "请说明“1 任务1”为何逾期" in form
    assert f'<option value="{住建局}" selected>' in form


def test_a_case_comes_in_by_one_line_and_gets_a_number(visitor: TestClient, house: House) -> None:
    fields = form_of(visitor.get("/p/small/cases"), action="/p/small/cases")
    line = {**fields, "title": "夜间噪声", "unit": 生态分局, "at": "2021-10-18T07:30",
            "kind": "handed"}  # fmt: skip
    assert visitor.post("/p/small/cases", data=line).status_code == 303
    given = house.last()
    assert isinstance(given, f.CaseEvent)
    assert (given.case, given.occurred_at) == ("1018-1", at("2021-10-18 07:30"))
    page = visitor.get("/p/small/cases").text
    assert "剩 71 小时 30 分" in page
    assert "Asia/Shanghai 时间" in page


def pressed_by_enter(page: str, holding: str) -> str:
    """The first button of the form that holds the text."""
    [form] = [one for one in re.findall(r"<form.*?</form>", page, re.S) if holding in one]
    return re.findall(r"<button[^>]*>", form)[0]


def test_the_price_of_an_extension_is_shown_before_anything_is_recorded(
    visitor: TestClient, house: House
) -> None:
    fields = form_of(visitor.get(EXTEND))
    sent = {**fields, "until": "2021-11-30", "reason": "汛期"}
    before = house.everything()
    look = visitor.post("/p/small/extend", data={**sent, "step": "look"})
    assert look.status_code == 200
    assert house.everything() == before
    assert "此刻得分变化 +1.50；到 12-31 周五 24:00 若再无动作，变化 +1.90" in look.text
    assert "11-30 周二 24:00" in look.text
    assert 'value="2021-11-30"' in look.text
    assert 'value="look"' in pressed_by_enter(look.text, 'value="2021-11-30"'), "another day, anew"
    visitor.post("/p/small/extend", data={**sent, "outcome": "approved"})
    assert isinstance(house.last(), f.Extension)


def test_the_price_of_a_waiver_is_shown_before_anything_is_recorded(
    visitor: TestClient, house: House
) -> None:
    page = visitor.get("/p/small/facts/1")
    fields = form_of(page, action="/p/small/facts/1")
    sent = {**fields, "kind": "waiver", "key": f"1/done/{住建局}", "reason": "不涉及"}
    before = house.everything()
    look = visitor.post("/p/small/facts/1", data={**sent, "step": "look"})
    assert "这样办的价" in look.text
    assert 'value="look"' in pressed_by_enter(look.text, "这样办的价")
    assert house.everything() == before
    visitor.post("/p/small/facts/1", data=sent)
    assert isinstance(house.last(), f.Waiver)


def test_a_limit_that_is_not_later_has_no_price(visitor: TestClient) -> None:
    fields = form_of(visitor.get(EXTEND))
    sent = {**fields, "until": "2021-09-01", "reason": "汛期", "step": "look"}
    answer = visitor.post("/p/small/extend", data=sent)
    assert answer.status_code == 422
    assert "新期限要晚于现在的期限" in answer.text


def test_a_trial_from_an_obligation_begins_with_it_and_supposes_nothing_yet(
    visitor: TestClient,
) -> None:
    page = visitor.get(f"/p/small/forecast?key=1/done/{住建局}").text
    assert f'name="key" list="keys" autocomplete="off" value="1/done/{住建局}"' in page
    assert 'class="supposed"' not in page


def test_a_request_is_answered_with_its_price_in_sight(visitor: TestClient, house: House) -> None:
    fields = form_of(visitor.get(EXTEND))
    asked = {**fields, "until": "2021-11-30", "reason": "汛期", "outcome": "requested"}
    visitor.post("/p/small/extend", data=asked)
    assert "此刻得分变化 +1.50" in visitor.get(EXTEND).text


def test_what_can_be_kept_names_nothing_that_keeps_nothing(
    visitor: TestClient, house: House
) -> None:
    page = visitor.get("/p/small/leader").text
    part = page[page.index("还能保住的") : page.index("正在逾期的")]
    assert 'class="big">' in part
    assert 'class="big">0.00' not in part

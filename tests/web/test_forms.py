"""Forms: each does what it says, once, and only when it comes from a page of ours."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import httpx2 as httpx
from starlette.testclient import TestClient

from tests.builders import at, 住建局, 生态分局
from tests.files import PDF
from tests.web.conftest import HOSTILE, House, form_of
from tracker.domain import facts as f
from tracker.domain.obligations import Light
from tracker.services import scoreboard
from tracker.web.intake import FILE_LIMIT

LATE = f"1/done/{住建局}"
MANY = f"4/s1/{住建局}"
CASE = f"2/case/{生态分局}/07"


def report(visitor: TestClient, key: str = LATE, **given: Any) -> httpx.Response:
    files = given.pop("files", None)
    hidden = form_of(visitor.get("/p/small/report", params={"key": key}))
    return visitor.post("/p/small/report", data=hidden | given, files=files)


def light(house: House, key: str) -> Light:
    with house.runtime.database.read() as session:
        board = scoreboard.board(session, "small", as_of=house.clock.now())
    return next(one.light for one in board.ledger.standings if one.obligation.key == key)


# -- reports -------------------------------------------------------------------------------------


def test_a_report_is_on_file_and_has_a_receipt(house: House, visitor: TestClient) -> None:
    answer = report(visitor, state="done", note="验收完毕")
    assert answer.status_code == 303
    thanks = visitor.get(answer.headers["location"])
    filed = house.last()
    assert isinstance(filed, f.Report)
    assert (filed.done, filed.note, filed.by) == (True, "验收完毕", "office")
    assert filed.occurred_at == filed.recorded_at == house.clock.now()
    number = "-".join(filed.id[2:14].upper()[n : n + 4] for n in (0, 4, 8))
    assert number in thanks.text
    assert light(house, LATE) is not Light.DONE


def test_sent_twice_it_counts_once_and_says_the_same(house: House, visitor: TestClient) -> None:
    hidden = form_of(visitor.get("/p/small/report", params={"key": LATE}))
    first = visitor.post("/p/small/report", data=hidden | {"state": "done"})
    count = len(house.facts())
    house.clock.advance_to(at("2021-10-18 08:09"))
    second = visitor.post("/p/small/report", data=hidden | {"state": "done"})
    assert len(house.facts()) == count
    assert first.headers["location"] == second.headers["location"]


def test_a_number_so_far_is_taken_as_written(house: House, visitor: TestClient) -> None:
    assert report(visitor, MANY, state="going", amount="7").status_code == 303
    filed = house.last()
    assert isinstance(filed, f.Report)
    assert str(filed.count) == "7"


def test_the_office_enters_what_reached_it_earlier(house: House, visitor: TestClient) -> None:
    report(visitor, state="done", at="2021-10-15T17:30")
    filed = house.last()
    assert filed.occurred_at == at("2021-10-15 17:30")
    assert filed.recorded_at == house.clock.now()
    page = visitor.get("/p/small/obligation", params={"key": LATE}).text
    assert "录入 10-18 周一 08:00" in page


def test_what_cannot_be_taken_is_said_at_its_field_and_nothing_is_recorded(
    house: House, visitor: TestClient
) -> None:
    cases: list[tuple[str, dict[str, str], str]] = [
        (LATE, {}, "请选一项"),
        (LATE, {"state": "perhaps"}, "请选一项"),
        (MANY, {"state": "going", "amount": ""}, "不小于 0 的数"),
        (MANY, {"state": "going", "amount": "several"}, "不小于 0 的数"),
        (MANY, {"state": "going", "amount": "-3"}, "不小于 0 的数"),
        (MANY, {"state": "going", "amount": "NaN"}, "不小于 0 的数"),
        (MANY, {"state": "going", "amount": "1e-999999"}, "不小于 0 的数"),
        (MANY, {"state": "going", "amount": "1_0"}, "不小于 0 的数"),
        (LATE, {"state": "done", "at": "2021-10-19T08:00"}, "还没有到"),
        (LATE, {"state": "done", "at": "2019-01-01T08:00"}, "早于"),
        (LATE, {"state": "done", "at": "yesterday"}, "2021-10-18 08:40"),
    ]
    before = house.everything()
    for key, given, why in cases:
        answer = report(visitor, key, **given, note="写了很久的说明")
        assert answer.status_code == 422, given
        assert why in answer.text
        assert "写了很久的说明" in answer.text
    assert house.everything() == before


def test_what_was_typed_comes_back_escaped(visitor: TestClient) -> None:
    answer = report(visitor, note=HOSTILE)
    assert answer.status_code == 422
    assert HOSTILE not in answer.text
    assert "&lt;script&gt;" in answer.text


# -- evidence ------------------------------------------------------------------------------------


def test_evidence_is_kept_by_its_hash_and_given_back_as_an_attachment(
    house: House, visitor: TestClient
) -> None:
    name = '../../etc/整改 "照片".txt'
    files = [("evidence", (name, b"<script>alert(1)</script>", "text/html"))]
    assert report(visitor, state="done", files=files).status_code == 303
    filed = house.last()
    assert isinstance(filed, f.Report)
    [evidence] = filed.evidence
    assert evidence.size == 25
    folder = house.runtime.settings.data / "evidence"
    assert [one.name for one in folder.rglob("*") if one.is_file()] == [evidence.sha256]
    answer = visitor.get(f"/p/small/evidence/{evidence.sha256}")
    assert answer.content == b"<script>alert(1)</script>"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    said = answer.headers["content-disposition"]
    assert said.startswith("attachment; filename=")
    assert "filename*=UTF-8''%E6%95%B4%E6%94%B9" in said
    assert "etc" not in said


def test_the_same_file_is_kept_once(house: House, visitor: TestClient) -> None:
    for _ in range(2):
        report(
            visitor,
            state="going",
            files=[("evidence", ("a.pdf", PDF, "application/pdf"))],
        )
    folder = house.runtime.settings.data / "evidence"
    assert len([one for one in folder.rglob("*") if one.is_file()]) == 1


def test_a_file_above_the_limit_is_refused_before_it_is_kept(
    house: House, visitor: TestClient
) -> None:
    before = house.everything()
    content = b"0" * (FILE_LIMIT + 1)
    answer = report(visitor, state="done", files=[("evidence", ("big.bin", content, "x/y"))])
    assert answer.status_code == 413
    assert "10 MB" in answer.text
    assert house.everything() == before
    assert not list((house.runtime.settings.data / "evidence").rglob("*"))


def test_a_request_that_announces_too_much_is_not_even_read(visitor: TestClient) -> None:
    answer = visitor.post("/p/small/report", content=b"x", headers={"content-length": str(10**10)})
    assert answer.status_code == 413


def test_a_form_that_is_cut_off_or_garbled_is_refused(visitor: TestClient) -> None:
    broken = b'--ours\r\nContent-Disposition: form-data; name="token"\r\n\r\nx\xff'
    for kind in ("boundary=ours", "boundary=ours; charset=undefined", "", "boundary="):
        headers = {"content-type": f"multipart/form-data; {kind}"}
        answer = visitor.post("/p/small/report", content=broken, headers=headers)
        assert answer.status_code in (400, 403), kind
    answer = visitor.post("/p/small/report", content=b"token=%ff\xff")
    assert answer.status_code in (400, 403)


def test_what_no_database_can_hold_is_left_out(house: House, visitor: TestClient) -> None:
    assert report(visitor, state="done", note="第一行\r\n第\x00二\x1b行").status_code == 303
    filed = house.last()
    assert filed.note == "第一行\n第二行"


def test_a_number_may_be_written_in_full_width(house: House, visitor: TestClient) -> None:
    report(visitor, MANY, state="going", amount="１，０００．５")
    filed = house.last()
    assert isinstance(filed, f.Report)
    assert str(filed.count) == "1000.5"


# -- only from a page of ours --------------------------------------------------------------------

POSTS = ["report", "review", "extend", "cases", "cases/close", "readings"]


def test_a_form_without_its_token_is_refused(house: House, visitor: TestClient) -> None:
    before = house.everything()
    for path in POSTS:
        for given in ({}, {"token": "x" * 64}):
            data = {"key": LATE, "state": "done", "once": "0123456789", **given}
            answer = visitor.post(f"/p/small/{path}", data=data)
            assert answer.status_code == 403, path
            assert "什么都没有改变" in answer.text
    assert house.everything() == before


def test_a_token_is_worth_nothing_in_another_browser(house: House, visitor: TestClient) -> None:
    hidden = form_of(visitor.get("/p/small/report", params={"key": LATE}))
    with house.browser() as other:
        other.get("/p/small/")
        assert other.post("/p/small/report", data=hidden | {"state": "done"}).status_code == 403


def test_a_form_from_another_site_is_refused(visitor: TestClient) -> None:
    hidden = form_of(visitor.get("/p/small/report", params={"key": LATE}))
    for headers in (
        {"origin": "https://evil.example"}, {"origin": "null"}, {"origin": "http://["},
        {"sec-fetch-site": "cross-site"}
    ):  # fmt: skip
        answer = visitor.post("/p/small/report", data=hidden | {"state": "done"}, headers=headers)
        assert answer.status_code == 403, headers


def test_a_form_from_our_own_page_is_taken(visitor: TestClient) -> None:
    hidden = form_of(visitor.get("/p/small/report", params={"key": LATE}))
    headers = {"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}
    answer = visitor.post("/p/small/report", data=hidden | {"state": "done"}, headers=headers)
    assert answer.status_code == 303


# -- the office ----------------------------------------------------------------------------------


def review(visitor: TestClient, outcome: str, reason: str = "") -> httpx.Response:
    page = visitor.get("/p/small/obligation", params={"key": LATE})
    hidden = form_of(page, action="/p/small/review")
    return visitor.post("/p/small/review", data=hidden | {"outcome": outcome, "reason": reason})


def test_an_accepted_report_is_done_since_it_was_submitted(
    house: House, visitor: TestClient
) -> None:
    report(visitor, state="done")
    house.clock.advance_to(at("2021-10-20 09:00"))
    assert review(visitor, "accepted").status_code == 303
    assert light(house, LATE) is Light.DONE
    with house.runtime.database.read() as session:
        board = scoreboard.board(session, "small", as_of=house.clock.now())
    done = next(one for one in board.ledger.standings if one.obligation.key == LATE)
    assert done.done_at == at("2021-10-18 08:00")


def test_a_report_goes_back_only_with_a_reason(house: House, visitor: TestClient) -> None:
    report(visitor, state="done")
    before = house.everything()
    assert review(visitor, "returned").status_code == 422
    assert house.everything() == before
    assert review(visitor, "returned", "缺验收报告").status_code == 303
    filed = house.last()
    assert isinstance(filed, f.Review)
    assert filed.reason == "缺验收报告"
    assert "缺验收报告" in visitor.get("/p/small/obligation", params={"key": LATE}).text


def test_what_was_reviewed_is_not_reviewed_again(house: House, visitor: TestClient) -> None:
    report(visitor, state="done")
    page = visitor.get("/p/small/obligation", params={"key": LATE})
    hidden = form_of(page, action="/p/small/review")
    other = form_of(
        visitor.get("/p/small/obligation", params={"key": LATE}), action="/p/small/review"
    )
    visitor.post("/p/small/review", data=hidden | {"outcome": "accepted"})
    answer = visitor.post("/p/small/review", data=other | {"outcome": "returned", "reason": "x"})
    assert answer.status_code == 409
    assert light(house, LATE) is Light.DONE


def extend(visitor: TestClient, key: str = LATE, **given: str) -> httpx.Response:
    hidden = form_of(visitor.get("/p/small/extend", params={"key": key}))
    return visitor.post("/p/small/extend", data=hidden | given)


def test_a_granted_extension_moves_the_date_and_keeps_the_first_one(
    house: House, visitor: TestClient
) -> None:
    assert (
        extend(visitor, outcome="approved", until="2021-10-29", reason="设备迟到").status_code
        == 303
    )
    filed = house.last()
    assert isinstance(filed, f.Extension)
    assert (filed.outcome, filed.until) == ("approved", date(2021, 10, 29))
    page = visitor.get("/p/small/obligation", params={"key": LATE}).text
    assert "10-29 周五 24:00" in page
    assert "09-30 周四 24:00" in page


def test_a_case_s_limit_is_moved_to_an_instant(house: House, visitor: TestClient) -> None:
    given = {"outcome": "approved", "reason": "雨停再查"}
    assert extend(visitor, CASE, **given, until_at="2021-10-20T12:00").status_code == 303
    filed = house.last()
    assert isinstance(filed, f.Extension)
    assert filed.until_at == at("2021-10-20 12:00")


def test_an_extension_that_makes_no_sense_is_explained(house: House, visitor: TestClient) -> None:
    cases = [
        ({"outcome": "approved", "until": "2021-10-29"}, "请写明理由"),
        ({"outcome": "approved", "reason": "x"}, "必须填"),
        ({"outcome": "approved", "until": "2021-09-30", "reason": "x"}, "晚于"),
        ({"outcome": "approved", "until": "soon", "reason": "x"}, "2021-10-18"),
        ({"outcome": "maybe", "until": "2021-10-29", "reason": "x"}, "请选一项"),
    ]
    before = house.everything()
    for given, why in cases:
        answer = extend(visitor, **given)
        assert answer.status_code == 422, given
        assert why in answer.text
    assert house.everything() == before


def test_a_request_waits_until_it_is_answered(house: House, visitor: TestClient) -> None:
    extend(visitor, outcome="requested", until="2021-10-29", reason="设备迟到")
    assert "延期 1 任务1" in visitor.get("/p/small/").text
    house.clock.advance_to(at("2021-10-18 08:10"))
    extend(visitor, outcome="refused", reason="理由不足")
    assert "延期 1 任务1" not in visitor.get("/p/small/").text
    page = visitor.get("/p/small/obligation", params={"key": LATE}).text
    assert "不批延期" in page
    assert "理由不足" in page


def open_case(visitor: TestClient, **given: str) -> httpx.Response:
    hidden = form_of(visitor.get("/p/small/cases"), action="/p/small/cases")
    page = visitor.get("/p/small/cases").text
    start = page.index('action="/p/small/cases"')
    once = page[start:].split('name="once" value="')[1].split('"')[0]
    case = {"kind": "handed", "unit": 生态分局, "case": "09", "title": "扬尘"} | given
    return visitor.post("/p/small/cases", data=hidden | {"once": once} | case)


def test_a_case_runs_from_its_receipt_and_ends_when_the_office_says_so(
    house: House, visitor: TestClient
) -> None:
    assert open_case(visitor, at="2021-10-17T09:00").status_code == 303
    page = visitor.get("/p/small/cases").text
    assert "扬尘" in page
    assert "10-20 周三 09:00 止" in page
    hidden = form_of(visitor.get("/p/small/cases"), action="/p/small/cases/close")
    closing = hidden | {"case": "09", "duty": "case", "note": "现场核实"}
    assert visitor.post("/p/small/cases/close", data=closing).status_code == 303
    assert light(house, f"2/case/{生态分局}/09") is Light.DONE


def test_a_case_that_makes_no_sense_is_explained(house: House, visitor: TestClient) -> None:
    cases = [
        ({"title": ""}, "必须填"),
        ({"case": "a/b"}, "斜杠"),
        ({"case": "07"}, "已经登记"),
        ({"kind": "other"}, "请选一项"),
        ({"unit": 住建局}, "不归这个单位"),
        ({"at": "2021-10-18T08:01"}, "还没有到"),
        ({"at": "2021-10-17T09:00", "due_on": "2021-10-16"}, "早于收到之日"),
        ({"due_on": "soon"}, "日期写作"),
    ]
    before = house.everything()
    for given, why in cases:
        answer = open_case(visitor, **given)
        assert answer.status_code == 422, given
        assert why in answer.text
    assert house.everything() == before


def test_the_reading_that_was_chosen_stays_chosen_when_its_reason_is_missing(
    visitor: TestClient,
) -> None:
    hidden = form_of(visitor.get("/p/small/readings"))
    answer = visitor.post("/p/small/readings", data=hidden | {"choice": "down", "person": "王主任"})
    assert answer.status_code == 422
    assert re.search(r'name="choice" value="down" checked', answer.text)
    assert not re.search(r'name="choice" value="up" checked', answer.text)


def test_a_reading_is_decided_by_a_named_person_with_a_reason(
    house: House, visitor: TestClient
) -> None:
    hidden = form_of(visitor.get("/p/small/readings"))
    answer = visitor.post("/p/small/readings", data=hidden | {"choice": "down"})
    assert answer.status_code == 422
    given = {"choice": "down", "person": "王主任", "reason": "按会议纪要"}
    assert visitor.post("/p/small/readings", data=hidden | given).status_code == 303
    filed = house.last()
    assert isinstance(filed, f.ReadingDecision)
    assert (filed.choice, filed.person) == ("down", "王主任")
    assert "王主任" in visitor.get("/p/small/readings").text


def test_what_is_done_is_done_now_whatever_instant_was_looked_at(
    house: House, visitor: TestClient
) -> None:
    past = {"key": LATE, "as_of": "2021-09-01"}
    hidden = form_of(visitor.get("/p/small/report", params=past))
    answer = visitor.post("/p/small/report?as_of=2021-09-01", data=hidden | {"state": "done"})
    assert answer.status_code == 303
    assert house.last().occurred_at == house.clock.now()
    assert "as_of" not in answer.headers["location"]


def test_evidence_that_cannot_be_kept_is_said_and_nothing_is_recorded(
    house: House, visitor: TestClient
) -> None:
    (house.runtime.settings.data / "evidence").write_text("a file where the folder should be")
    before = house.everything()
    answer = report(visitor, state="done", files=[("evidence", ("a.pdf", b"%PDF-1.7 x", "y/z"))])
    assert answer.status_code == 503
    assert house.everything() == before


def test_nothing_can_be_done_while_looking_at_the_past(visitor: TestClient) -> None:
    page = visitor.get("/p/small/obligation", params={"key": LATE, "as_of": "2021-10-04"}).text
    assert "正在看过去的一刻" in page
    assert "代填进展" not in page

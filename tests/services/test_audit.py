"""The audit of late items: how late, by what rule, how often told; why something cost nothing."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import jsonschema
import openpyxl
import pytest
from sqlmodel import select

from schedules.workdays import china
from tests.builders import (
    JANUARY,
    a_case_item,
    a_monthly_item,
    a_programme,
    a_report,
    an_acceptance,
    at,
    clause,
    item,
    住建局,
    市生态环境局,
    生态分局,
)
from tests.exports.test_pdf import right_edge, text_of
from tracker import runtime
from tracker.domain import facts as f
from tracker.domain.errors import NotFound, Refused
from tracker.domain.points import shown
from tracker.domain.programme import Programme
from tracker.exports import jsonform
from tracker.services import audit_files, audit_pdf, dossier, programmes, reporting, trail
from tracker.services.audit import Audit, Evidence, NoticeLine, Row, State, audit
from tracker.services.audit_evidence import Stream, of_period, stream
from tracker.services.scoreboard import of_documents
from tracker.settings import Settings
from tracker.store.database import Database
from tracker.store.tables import (
    DispatchRow,
    DispatchState,
    NoticeRow,
    NoticeState,
    ObligationRow,
    PersonRow,
)

write = partial(audit_files.write, environment=runtime.environment(Settings(secret="x" * 32)))
MONDAY = at("2021-10-18 08:00")
YEAR = (date(2021, 1, 1), date(2021, 12, 31))


def about(kind: type[Any], on: str, name: str = "1", **parts: Any) -> Any:
    instant = at(on)
    given = {"clause": name, "duty": "done", "unit": 住建局, "id": f"{kind.__name__}-{on}", **parts}
    return kind(**given, occurred_at=instant, recorded_at=instant)


def rows_of(programme: Programme, facts: list[f.AnyFact], on: str = "2021-10-18 08:00") -> Audit:
    board = of_documents(programme, facts, china(), as_of=at(on))
    return audit(board, first=YEAR[0], last=YEAR[1])


def only(programme: Programme, *facts: f.AnyFact) -> Row:
    [row] = rows_of(programme, list(facts)).rows
    return row


LATE_ITEM = item("1", due_on="2021-09-30")


def test_a_late_item_has_its_lateness_its_price_and_its_arithmetic() -> None:
    returned = a_report("1", id="r1", on="2021-09-29")
    back = an_acceptance("r1", id="v1", on="2021-10-08 12:00", outcome="returned", reason="缺附件")
    again = a_report("1", id="r2", on="2021-10-09 12:00")
    done = an_acceptance("r2", id="v2", on="2021-10-12")
    row = only(a_programme(LATE_ITEM), returned, back, again, done)
    assert (row.state, row.days, row.workdays) == (State.DONE, 1, 1)
    assert row.late == timedelta(days=1)
    assert shown(row.lost) == "0.10"
    assert [step.code for step in row.deductions[0].steps][:1] == ["done_late"]
    assert row.done_at == at("2021-10-09 12:00")
    assert [one.kind for one in row.history] == [
        "report", "review_returned", "report", "review_accepted",
    ]  # fmt: skip
    assert row.history[1].reason == "缺附件"


def test_what_is_open_when_its_day_ends_is_in_the_audit_of_that_day() -> None:
    """The ledger charges it at that instant, though it is late by no time at all."""
    never = {"kind": "milestone", "id": "done", "on": "2021-09-30"}
    missing = {"kind": "per_missing", "duty": "done", "each": "0.2"}
    programme = a_programme(item("1", clause("1", duties=[never], rules=[missing])))
    found = rows_of(programme, [], "2021-09-30 24:00")
    [row] = found.rows
    assert (row.days, shown(row.lost), shown(found.totals.lost)) == (0, "0.20", "0.20")
    assert found.totals.other_lost == 0
    assert rows_of(programme, [a_report("1", on="2021-09-30")], "2021-09-30 24:00").rows == ()


def test_what_is_in_time_or_due_outside_the_period_is_not_in_it() -> None:
    programme = a_programme(LATE_ITEM, item("2", due_on="2021-10-11"))
    facts = [a_report("1", id="r", on="2021-09-30"), an_acceptance("r", on="2021-10-10")]
    board = of_documents(programme, facts, china(), as_of=MONDAY)
    assert audit(board, first=date(2021, 9, 1), last=date(2021, 10, 10)).rows == ()
    assert len(audit(board, first=date(2021, 10, 11), last=date(2021, 10, 11)).rows) == 1


def test_the_rows_and_the_rest_add_up_to_what_the_programme_lost() -> None:
    incident = {"kind": "per_incident", "finding": "fire", "each": "0.5"}
    programme = a_programme(LATE_ITEM, a_monthly_item("3"),
                            item("4", clause("4", duties=[], rules=[incident])))  # fmt: skip
    fire = f.Finding(id=f.FactId("fire"), finding="fire", unit=住建局, occurred_at=JANUARY,
                     recorded_at=JANUARY)  # fmt: skip
    found = rows_of(programme, [fire])
    totals = found.totals
    assert totals.late == len(found.rows) == 10
    assert totals.lost == sum(row.lost for row in found.rows)
    assert shown(totals.other_lost) == "0.50"
    assert totals.lost + totals.other_lost == totals.programme_lost
    assert totals.settled + totals.provisional == totals.lost


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"kind": "duty", "duty": "done"}, "duty_only"),
        ({"kind": "all_or_nothing", "duty": "done", "late": "forgiven", "lose": "1"}, "recovered"),
        (
            {"kind": "lateness", "duty": "done", "each": "0.1", "every": {"n": 30, "unit": "day"}},
            "no_block",
        ),
        (
            {"kind": "lateness", "duty": "done", "base": "0.1", "cap": "0"},
            "capped",
        ),
    ],
)
def test_what_was_late_and_cost_nothing_says_why(rule: dict[str, Any], why: str) -> None:
    duty = {"kind": "milestone", "id": "done", "on": "2021-09-30"}
    programme = a_programme(item("1", clause("1", duties=[duty], rules=[rule])))
    report = [a_report("1", id="r", on="2021-10-08"), an_acceptance("r", on="2021-10-11")]
    row = only(programme, *report)
    assert (shown(row.lost), row.why_free) == ("0.00", why)


def test_a_waiver_after_the_deadline_is_shown_as_one() -> None:
    row = only(a_programme(LATE_ITEM), about(f.Waiver, "2021-10-11", reason="不涉及"))
    assert (row.state, row.why_free) == (State.WAIVED, "waived")


def test_an_extension_after_the_deadline_forgives_and_stays_visible() -> None:
    granted = about(f.Extension, "2021-10-11", outcome="approved", until=date(2021, 10, 31),
                    reason="汛期")  # fmt: skip
    row = only(a_programme(LATE_ITEM), granted)
    assert (row.why_free, shown(row.lost), row.days) == ("extended", "0.00", 0)
    assert row.first_due_at == at("2021-09-30 24:00")
    assert row.due_at == at("2021-10-31 24:00")
    assert row.history[0].until == date(2021, 10, 31)


def test_units_that_owe_it_together_are_charged_once_and_each_row_says_so() -> None:
    programme = a_programme(item("1", due_on="2021-09-30", responsible=[住建局, 生态分局]))
    found = rows_of(programme, [])
    assert [len(row.deductions) for row in found.rows] == [1, 1]
    assert sorted(row.deductions[0].shared for row in found.rows) == [False, True]
    assert {row.deductions[0].entry for row in found.rows} == {found.rows[0].deductions[0].entry}
    assert found.totals.lost == found.totals.programme_lost == found.rows[0].lost


def test_a_case_is_late_by_its_own_hours() -> None:
    opened = f.CaseEvent(id=f.FactId("o"), case="09", kind="handed", unit=生态分局, event="opened",
                         title="督办件 09", occurred_at=at("2021-10-12 11:30"),
                         recorded_at=at("2021-10-12 11:30"))  # fmt: skip
    row = only(a_programme(a_case_item("2", responsible=[生态分局])), opened)
    words = audit_files.Words(rows_of(a_programme(a_case_item("2", responsible=[生态分局])),
                                      [opened]), "zh")  # fmt: skip
    told = words.told(row)
    assert told.delay == ("68 小时 30 分", "—")
    assert told.arithmetic == (
        "迟 68.5 小时 ÷ 12 = 5.7083，满 5 段，0.01 + 5 × 0.01 = 0.0600，暂定",
    )  # fmt: skip
    assert told.history == ("10-12 周二 11:30 收到",)


def test_the_verdict_says_the_totals() -> None:
    programme = a_programme(LATE_ITEM, item("2", due_on="2021-10-12"))
    facts = [a_report("1", id="r", on="2021-10-02"), an_acceptance("r", on="2021-10-08")]
    found = rows_of(programme, facts)
    verdict = audit_files.Words(found, "zh").verdict()
    assert verdict == (
        f"逾期 2 项，因逾期失分 {shown(found.totals.lost)}；1 项至今未办，1 项迟办。"
    )
    assert audit_files.Words(rows_of(programme, facts, "2021-09-01"), "en").verdict() == (
        "Nothing was late in this period."
    )


# -- files ---------------------------------------------------------------------------------------

EVIL = '=HYPERLINK("http://evil.example") <script>alert(1)</script> {{7*7}}'


@pytest.fixture
def found() -> Audit:
    """Two late items; somebody wrote an evil reason."""
    programme = a_programme(LATE_ITEM, item("2", due_on="2021-10-12", responsible=[生态分局]))
    facts = [about(f.Extension, "2021-10-12", outcome="refused", reason=EVIL)]
    board = of_documents(programme, facts, china(), as_of=MONDAY)
    told = [
        NoticeLine("1/done/housing", "0", "contact", at("2021-09-30 08:30"),
                   at("2021-09-30 08:31"), "sent", message_id="<one@tracker.example>"),
        NoticeLine("1/done/housing", "+3", "head", at("2021-10-11 08:30"), None, "suppressed",
                   "receipt"),
    ]  # fmt: skip
    return audit(board, first=YEAR[0], last=YEAR[1], evidence=Evidence(tuple(told)))


def test_the_workbook_has_typed_cells_and_no_formula(found: Audit, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write(found, tmp_path / "audit.xlsx"))
    assert book.sheetnames == ["逾期台账", "通知与签收", "扣分", "经过", "合计"]
    page = book["逾期台账"]
    head = next(row for row in page.iter_rows() if row[0].value == "序")
    column = {cell.value: cell.column for cell in head}
    first = head[0].row + 1
    lost = page.cell(first, column["失分"])
    assert (lost.value, lost.data_type) == (float(shown(found.rows[0].lost)), "n")
    assert page.cell(first, column["到期日"]).value == datetime(2021, 9, 30)  # noqa: DTZ001
    assert page.cell(first, column["到期时刻"]).value == "24:00"
    assert page.cell(first, column["迟（自然日）"]).value == 18
    assert page.cell(first, column["通知次数"]).value == 2
    assert page.cell(first, column["末封结果"]).value == "已被服务器接收"
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds


def test_the_csv_opens_in_a_spreadsheet_and_runs_nothing(found: Audit, tmp_path: Path) -> None:
    content = write(found, tmp_path / "audit.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(StringIO(content.decode("utf-8-sig"), newline="")))
    assert len(rows) == 1 + len(found.rows) + 1
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "@"))]


def test_the_page_stands_alone_and_runs_nothing(found: Audit, tmp_path: Path) -> None:
    html = write(found, tmp_path / "audit.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{7*7}}" in html
    assert "<script" not in html
    assert "src=" not in html
    assert "@import" not in html
    assert "size: A4 landscape" in html
    assert audit_files.Words(found, "zh").verdict() in html
    assert "&lt;one@tracker.example&gt;" in html


def test_the_json_is_what_its_schema_says(found: Audit, tmp_path: Path) -> None:
    body = json.loads(write(found, tmp_path / "audit.json").read_text(encoding="utf-8"))
    jsonschema.validate(body, jsonform.schema(Audit))
    assert body["rows"][0]["lost"] == "1.8"
    assert body["rows"][0]["counted"] == "固定日期，止于 09-30 周四 24:00"
    assert body["totals"]["late"] == 2


@pytest.mark.parametrize("name", ["audit.doc", "audit"])
def test_another_suffix_is_refused_with_those_that_there_are(
    found: Audit, tmp_path: Path, name: str
) -> None:
    with pytest.raises(Refused, match=r"\.xlsx \.csv \.pdf \.html \.json"):
        write(found, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pdf_has_a_cover_and_each_unit_with_numbered_pages(
    found: Audit, tmp_path: Path, language: Any
) -> None:
    text = text_of(write(found, tmp_path / "audit.pdf", language=language).read_bytes())
    flat = text.replace("\n", "")
    assert audit_files.Words(found, language).verdict().replace(" ", "") in flat.replace(" ", "")
    for row in found.rows:
        assert row.unit_name in flat
        assert row.clause_title[:8] in flat
    pages = re.findall(r"(\d+) / (\d+)", text)
    assert [int(n) for n, _ in pages] == list(range(1, len(pages) + 1))
    assert {int(whole) for _, whole in pages} == {len(pages)}


def test_a_document_that_nobody_reads_is_refused_with_the_way_out(found: Audit) -> None:
    many = replace(found, totals=replace(found.totals, late=3_001))
    with pytest.raises(Refused, match="xlsx"):
        audit_pdf.pages(many, audit_files.Words(many, "zh"))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_audit_without_rows_is_a_page_too(language: Any, tmp_path: Path) -> None:
    empty = rows_of(a_programme(LATE_ITEM), [], "2021-09-01")
    assert text_of(write(empty, tmp_path / "a.pdf", language=language).read_bytes())
    html = write(empty, tmp_path / "audit.html", language=language).read_text(encoding="utf-8")
    assert audit_files.Words(empty, language).verdict() in html


@pytest.mark.parametrize("suffix", ["xlsx", "csv", "json", "html", "pdf"])
def test_a_file_that_is_written_row_by_row_is_the_same_file(
    found: Audit, tmp_path: Path, suffix: str
) -> None:
    whole = write(found, tmp_path / f"whole.{suffix}")
    stream = Stream(replace(found, rows=()), lambda: iter(found.rows))
    environment = runtime.environment(Settings(secret="x" * 32))
    path = audit_files.write_stream(stream, tmp_path / f"rows.{suffix}", environment=environment)
    if (
        suffix == "xlsx"
    ):  # the one shares its texts in a table, the other writes them where they are
        assert cells_of(path) == cells_of(whole)
    else:
        assert path.read_bytes() == whole.read_bytes()
    assert sorted(one.name for one in tmp_path.iterdir()) == [f"rows.{suffix}", f"whole.{suffix}"]


def cells_of(path: Path) -> list[list[tuple[Any, ...]]]:
    book = openpyxl.load_workbook(path)
    return [list(page.iter_rows(values_only=True)) for page in book]


def test_an_empty_audit_is_written_row_by_row_too(tmp_path: Path) -> None:
    empty = rows_of(a_programme(LATE_ITEM), [], "2021-09-01")
    stream = Stream(empty, lambda: iter(()))
    environment = runtime.environment(Settings(secret="x" * 32))
    path = audit_files.write_stream(stream, tmp_path / "rows.json", environment=environment)
    assert json.loads(path.read_bytes())["rows"] == []


# -- sums, units, what was never done --------------------------------------------------------------


def test_sums_by_unit_clause_and_reason_come_to_the_whole() -> None:
    free = clause("5", duties=[{"kind": "milestone", "id": "done", "on": "2021-09-30"}],
                  rules=[{"kind": "duty", "duty": "done"}])  # fmt: skip
    programme = a_programme(
        LATE_ITEM, item("2", due_on="2021-10-11", responsible=[生态分局]), item("5", free)
    )
    found = rows_of(programme, [])
    for those in (found.by_unit, found.by_clause, found.by_reason):
        assert sum(one.late for one in those) == found.totals.late == 3
        assert sum(one.lost for one in those) == found.totals.lost
    assert [(one.id, one.late) for one in found.by_unit] == [(住建局, 2), (生态分局, 1)]
    assert {one.id for one in found.by_reason} == {"charged", "duty_only"}


def test_the_audit_of_one_unit_has_its_rows_only() -> None:
    programme = a_programme(LATE_ITEM, item("2", due_on="2021-10-11", responsible=[生态分局]))
    board = of_documents(programme, [], china(), as_of=MONDAY)
    found = audit(board, first=YEAR[0], last=YEAR[1], unit=生态分局)
    assert [row.unit for row in found.rows] == [生态分局]
    assert found.totals.lost + found.totals.other_lost == found.totals.programme_lost


def test_what_is_still_open_at_the_cut_off_was_never_done() -> None:
    assert only(a_programme(LATE_ITEM)).state is State.OPEN
    [row] = rows_of(a_programme(LATE_ITEM), [], "2022-01-01 08:00").rows
    assert row.state is State.NEVER
    [done] = rows_of(a_programme(LATE_ITEM),
                     [a_report("1", id="r", on="2021-12-30"), an_acceptance("r", on="2021-12-31")],
                     "2022-01-01 08:00").rows  # fmt: skip
    assert done.state is State.DONE


def test_the_days_that_were_passed_over_are_listed_with_their_calendar() -> None:
    case = f.CaseEvent.model_validate(
        {"id": "o", "case": "07", "kind": "handed", "event": "opened", "by": "office",
         "unit": 生态分局, "title": "督办件 07", "occurred_at": at("2021-09-29 09:00"),
         "recorded_at": at("2021-09-29 09:00")}
    )  # fmt: skip
    within = {"kind": "case", "id": "case", "case": "handed",
              "within": {"n": 3, "unit": "workday"}}  # fmt: skip
    rule = {"kind": "lateness", "duty": "case", "base": "0.1"}
    programme = a_programme(
        item("2", clause("2", duties=[within], rules=[rule]), responsible=[生态分局])
    )
    row = only(programme, case)
    assert row.skipped == tuple(date(2021, 10, day) for day in range(1, 8))
    assert row.calendar_version


def test_a_reports_files_come_with_their_hashes() -> None:
    file = {"name": "验收报告.pdf", "sha256": "ab" * 32, "size": 12}
    report = a_report("1", id="r", on="2021-10-09", evidence=[file])
    row = only(a_programme(LATE_ITEM), report)
    [one] = row.history[0].files
    assert (one.name, one.sha256, one.size) == ("验收报告.pdf", "ab" * 32, 12)


# -- from the database ---------------------------------------------------------------------------


def test_notices_and_the_chain_come_with_it(database: Database) -> None:
    programme = a_programme(LATE_ITEM, item("2", due_on="2021-10-12", responsible=[市生态环境局]))
    with database.write() as session:
        programmes.publish(session, programme, now=JANUARY, by="office")
    with database.write() as session:
        receipt = about(f.Receipt, "2021-10-11", id="signed")
        reporting.load_facts(session, "small", [receipt], now=at("2021-10-11"))
        _two_notices(database, session)
        trail.seal(session, "small", now=MONDAY)
    with database.read() as session:
        found = of_period(session, "small", first=YEAR[0], last=YEAR[1], as_of=MONDAY)
        by_rows = stream(session, "small", first=YEAR[0], last=YEAR[1], as_of=MONDAY)
        assert replace(by_rows.audit, rows=tuple(by_rows.rows())) == found
    row, other = found.rows
    assert [(one.rung, one.state, one.message_id) for one in row.notices] == [
        ("0", "sent", "<one@tracker.example>"), ("+1", "suppressed", ""),
    ]  # fmt: skip
    assert row.receipts == (at("2021-10-11"),)
    assert found.chain is not None
    assert (found.chain.ok, found.chain.unsealed) == (True, 0)
    assert row.position is not None
    assert (other.notices, other.receipts) == ((), ())


def _two_notices(database: Database, session: Any) -> None:
    person = PersonRow(name="张三", mail="a@example.org", salt="s")
    session.add(person)
    session.flush()
    key = "1/done/housing"
    owed = session.exec(select(ObligationRow).where(ObligationRow.key == key)).one()
    sent = DispatchRow(
        key="1|2021-09-30|mail", person_id=person.id, programme="small", window="2021-09-30",
        channel="mail", message_id="<one@tracker.example>", state=DispatchState.SENT,
        made_at=JANUARY, due_at=JANUARY, settled_at=at("2021-09-30 08:31"),
    )  # fmt: skip
    session.add(sent)
    session.flush()
    for rung, state, dispatch in [
        ("0", NoticeState.SENT, sent.id), ("+1", NoticeState.SUPPRESSED, None)
    ]:  # fmt: skip
        session.add(
            NoticeRow(
                key=f"small|{key}|1|{rung}|contact", programme="small", obligation_id=owed.id,
                obligation_key=key, deadline_version=1, rung=rung, role="contact", unit=住建局,
                nominal_at=at("2021-09-30 08:30"), send_at=at("2021-09-30 08:30"), state=state,
                dispatch_id=dispatch, made_at=at("2021-09-30 08:30"),
            )
        )  # fmt: skip
    session.flush()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_dossier_holds_everything_about_one_obligation(database: Database, language: Any) -> None:
    programme = a_programme(LATE_ITEM, item("2", due_on="2021-10-12"))
    with database.write() as session:
        programmes.publish(session, programme, now=JANUARY, by="office")
    with database.write() as session:
        file = {"name": "验收报告.pdf", "sha256": "ab" * 32, "size": 12}
        facts = [about(f.Receipt, "2021-10-09", id="signed"),
                 a_report("1", id="r1", on="2021-10-08 10:00", evidence=[file]),
                 an_acceptance("r1", id="v1", on="2021-10-09 10:00", outcome="returned",
                               reason="缺附件")]  # fmt: skip
        reporting.load_facts(session, "small", facts, now=at("2021-10-11"))
        _two_notices(database, session)
        trail.seal(session, "small", now=MONDAY)
    with database.read() as session:
        found = dossier.of_obligation(session, "small", "1/done/housing", as_of=MONDAY)
        with pytest.raises(NotFound, match="9/done/nobody"):
            dossier.of_obligation(session, "small", "9/done/nobody", as_of=MONDAY)
    text = text_of(dossier.pdf(found, language)).replace("\n", "")
    assert found.audit.chain is not None
    for told in ("1/done/housing", "计分细则1", "验收报告.pdf", "ab" * 32, "缺附件",
                 "one@tracker.example", found.audit.hash, found.audit.chain.head,
                 *[event.hash for event in found.trail]):  # fmt: skip
        assert told in text, told
    assert "2/done/housing" not in text
    assert [one.kind for one in found.trail] == ["fact.receipt", "fact.report", "fact.review"]
    positions = {event.body["fact"]: event.seq for event in found.trail}
    assert [one.position for one in found.row.history] == [positions["r1"], positions["v1"]]
    assert dossier.pdf(found, language) == dossier.pdf(found, language)


def test_a_dossier_of_what_was_in_time_says_so(database: Database) -> None:
    with database.write() as session:
        programmes.publish(session, a_programme(LATE_ITEM), now=JANUARY, by="office")
    with database.write() as session:
        facts = [a_report("1", id="r1", on="2021-09-08"), an_acceptance("r1", on="2021-09-09")]
        reporting.load_facts(session, "small", facts, now=at("2021-10-11"))
    with database.read() as session:
        found = dossier.of_obligation(session, "small", "1/done/housing", as_of=MONDAY)
    assert "没有迟延" in text_of(dossier.pdf(found, "zh")).replace("\n", "")


def test_a_dossier_tells_the_lateness_of_a_case_in_its_hours(database: Database) -> None:
    programme = a_programme(a_case_item("2"))
    with database.write() as session:
        programmes.publish(session, programme, now=JANUARY, by="office")
        case = {"case": "07", "kind": "handed"}
        opened = at("2021-10-01 09:00")
        reporting.load_facts(session, "small", [
            f.CaseEvent(id=f.FactId("o"), **case, event="opened", unit=住建局, title="投诉",
                        occurred_at=opened, recorded_at=opened),
            f.CaseEvent(id=f.FactId("c"), **case, event="closed",
                        occurred_at=at("2021-10-06 01:00"), recorded_at=at("2021-10-06 01:00")),
        ], now=at("2021-10-11"))  # fmt: skip
    with database.read() as session:
        found = dossier.of_obligation(session, "small", f"2/case/{住建局}/07", as_of=MONDAY)
    told = text_of(dossier.pdf(found, "zh")).replace("\n", "")
    assert "迟 40 小时，失分" in told
    assert "— 个工作日" not in told
    assert "办结 办结" not in told


def test_a_long_message_id_stays_within_its_column_and_is_copied_whole(tmp_path: Path) -> None:
    number = f"<{'7ec5aeebd12d063b24a3c2c0dc127c77b' * 3}@mail.example.gov.cn>"
    told = NoticeLine("1/done/housing", "0", "contact", MONDAY, MONDAY, "sent", "", number,
                      "250 2.0.0 ok: queued as 4Fz8Qv1xk2z9")  # fmt: skip
    seen = of_documents(a_programme(item("1", due_on="2021-10-15")), [], china(), as_of=MONDAY)
    late = audit(seen, first=YEAR[0], last=YEAR[1], evidence=Evidence((told,)))
    pages = write(late, tmp_path / "audit.pdf").read_bytes()
    # A margin of 24 mm on a page of 297.
    assert right_edge(pages) <= 1 - 23.5 / 297
    assert number in text_of(pages).replace("\n", "")

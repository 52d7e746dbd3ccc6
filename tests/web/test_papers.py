"""Digest, audit, dossier and bulletin from the pages: the figures of the pages, as files."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import docx
import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from tests.builders import a_report, an_acceptance, at, 住建局
from tests.exports.test_pdf import text_of
from tests.web.conftest import NOW, House, form_of
from tracker.domain.points import shown
from tracker.services import audit_evidence, digest_words, scoreboard, weekly
from tracker.services.digest import Audience, Digest
from tracker.store.tables import DispatchRow, EventRow

LATE = f"1/done/{住建局}"


def digest(house: House) -> Digest:
    with house.runtime.database.read() as session:
        return weekly.digest_of(session, "small", as_of=NOW, audience=Audience.LEADER)


def test_digest_score_and_audit_tell_the_same_loss(house: House, visitor: TestClient) -> None:
    told = digest(house)
    with house.runtime.database.read() as session:
        ledger = scoreboard.board(session, "small", as_of=NOW).ledger
        found = audit_evidence.of_period(
            session, "small", first=date(2021, 1, 1), last=date(2021, 12, 31), as_of=NOW
        )
    assert told.verdict.lost == ledger.lost == found.totals.lost + found.totals.other_lost
    page = visitor.get("/p/small/digest").text
    assert digest_words.verdict_of(told, "zh") in page
    assert shown(ledger.lost) in visitor.get("/p/small/score").text
    assert shown(found.totals.lost) in visitor.get("/p/small/audit").text
    assert page.count("<svg") > 1, "the picture is on the page"


@pytest.mark.parametrize(
    ("as_of", "word", "other"),
    [("2021-12-30 09:00", "暂定得分", "最终得分"), ("2022-01-05 09:00", "最终得分", "暂定得分")],
)
def test_every_page_and_paper_calls_the_score_by_the_same_name(
    house: House, visitor: TestClient, as_of: str, word: str, other: str
) -> None:
    house.clock.advance_to(at("2022-01-10 09:00"))
    asked = {"as_of": at(as_of).isoformat()}
    told = {path: visitor.get(f"/p/small/{path}", params=asked).text
            for path in ("", "leader", "score", "year", "digest")}  # fmt: skip
    bulletin = visitor.get("/p/small/bulletin.docx", params=asked | {"period": "2021-12"})
    told["bulletin"] = "\n".join(
        p.text for p in docx.Document(BytesIO(bulletin.content)).paragraphs
    )
    assert [path for path, text in told.items() if word not in text or other in text] == []


def test_a_digest_that_was_issued_can_be_read_as_it_was(house: House, visitor: TestClient) -> None:
    with house.runtime.database.write() as session:
        made = weekly.issue(session, "small", now=NOW.replace(hour=1))
    assert made
    page = visitor.get("/p/small/digest?week=2021-W42")
    assert page.status_code == 200
    assert digest_words.verdict_of(made[0].digest, "zh") in page.text
    assert "week=2021-W42" in visitor.get("/p/small/digest").text
    own = visitor.get(f"/p/small/digest?week=2021-W42&audience=unit:{住建局}")
    assert own.status_code == 200
    assert visitor.get("/p/small/digest?week=2021-W41").status_code == 404


def test_a_clerk_publishes_the_digest_that_the_service_has_not_come_to(
    house: House, visitor: TestClient
) -> None:
    house.clock.advance_to(at("2021-10-18 09:00"))
    page = visitor.get("/p/small/digest")
    assert "签发 2021-W42 周报" in page.text
    form = form_of(page, action="/p/small/digest")
    published = visitor.post("/p/small/digest", data=form)
    assert (published.status_code, published.headers["location"]) == (
        303, "/p/small/digest?week=2021-W42",
    )  # fmt: skip
    assert "签发 2021-W42 周报" not in visitor.get("/p/small/digest").text
    assert "已签发" in visitor.post("/p/small/digest", data=form).text
    with house.runtime.database.read() as session:
        [event] = session.exec(select(EventRow).where(EventRow.kind == "digest.issued"))
        mails = session.exec(select(DispatchRow).where(DispatchRow.kind == "digest")).all()
    assert (event.subject, event.body["by"]) == ("2021-W42", "office")
    assert {mail.window for mail in mails} == {"digest 2021-W42"}


def test_no_digest_is_published_before_its_time(house: House, visitor: TestClient) -> None:
    house.clock.advance_to(at("2021-10-18 08:29"))
    early = visitor.get("/p/small/digest")
    assert "签发 2021-W42 周报" not in early.text
    house.clock.advance_to(at("2021-10-18 08:30"))
    assert "签发 2021-W42 周报" in visitor.get("/p/small/digest").text
    back = visitor.get("/p/small/digest", params={"as_of": at("2021-10-18 08:30").isoformat()})
    assert "签发 2021-W42 周报" not in back.text, "who looks back publishes nothing"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("digest.pdf", "周报"),
        (f"digest.pdf?unit={住建局}", "住建局"),
        ("audit.pdf", "逾期台账"),
        (f"audit.pdf?unit={住建局}", "住房和城乡建设局"),
        (f"dossier.pdf?key={LATE}", LATE),
        ("bulletin.pdf", "通报"),
        ("bulletin.pdf?period=2021-Q3&by=timely", "第 3 季度"),
    ],
)
def test_each_paper_is_a_pdf_that_says_what_it_is(
    visitor: TestClient, path: str, says: str
) -> None:
    answer = visitor.get(f"/p/small/{path}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert says.replace(" ", "") in text_of(answer.content).replace("\n", "").replace(" ", "")


@pytest.mark.parametrize("place", ["/p/small", "/api/v1/programmes/small"])
def test_a_bulletin_for_word_has_the_figures_of_the_other_kinds(
    visitor: TestClient, place: str
) -> None:
    asked = "period=2021-Q3&by=lost"
    answer = visitor.get(f"{place}/bulletin.docx?{asked}")
    assert answer.headers["content-type"].endswith("wordprocessingml.document")
    word = docx.Document(BytesIO(answer.content))
    told = visitor.get(f"{place}/bulletin.json?{asked}").json()
    rows = [[cell.text for cell in row.cells] for row in word.tables[0].rows[1:]]
    assert [(row[1], row[2], row[-1]) for row in rows] == [
        (one["name"], str(one["due"]), f"{float(one['lost']):.2f}") for one in told["units"]
    ]


def test_a_bulletin_is_told_as_known_when_its_reader_says(
    house: House, visitor: TestClient
) -> None:
    """A report of September that was entered in October."""
    late_news = a_report("3", id="late-news", on="2021-09-20", duty="bulletin", unit=住建局,
                         occurrence="2021-09")  # fmt: skip
    entered = late_news.model_copy(update={"recorded_at": NOW})
    house.load(entered, an_acceptance("late-news", on="2021-09-22", recorded_at=NOW))
    asked = "/p/small/bulletin.json?period=2021-09&by=lost&as_of=2021-09-30"
    told = [
        sum(one["in_time"] for one in visitor.get(f"{asked}{known}").json()["units"])
        for known in ("&known_at=2021-09-30", "&known_at=then", "&known_at=2021-10-18", "")
    ]
    assert told == [told[0], told[0], told[0] + 1, told[0] + 1]


def test_a_past_instant_is_told_by_what_is_known_now_on_pages_too(
    house: House, visitor: TestClient
) -> None:
    """As the command line does; what was known then is one tick away, and stays with its links."""
    asked = "/api/v1/programmes/small/score?as_of=2021-09-30"
    assert visitor.get(asked).json()["known_at"] == "2021-10-18T08:00:00+08:00"
    assert visitor.get(f"{asked}&known_at=then").json()["known_at"] == "2021-10-01T00:00:00+08:00"
    page = visitor.get("/p/small/score?as_of=2021-09-30&known_at=then").text
    assert "所知" in page
    assert "/p/small/items?as_of=2021-09-30&amp;known_at=then" in page
    assert "所知 " not in visitor.get("/p/small/score?as_of=2021-09-30").text


@pytest.mark.parametrize(
    "path",
    ["digest.exe", "audit.exe", "bulletin.exe", "dossier.pdf?key=9/done/nobody",
     "audit?unit=nobody", "digest?unit=nobody"],
)  # fmt: skip
def test_what_there_is_not_is_not_found(visitor: TestClient, path: str) -> None:
    assert visitor.get(f"/p/small/{path}").status_code == 404

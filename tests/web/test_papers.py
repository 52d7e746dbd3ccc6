"""Digest, audit, dossier and bulletin from the pages: the figures of the pages, as files."""

from __future__ import annotations

from datetime import date

import pytest
from starlette.testclient import TestClient

from tests.builders import 住建局
from tests.exports.test_pdf import text_of
from tests.web.conftest import NOW, House
from tracker.domain.points import shown
from tracker.services import audit_evidence, digest_words, scoreboard, weekly
from tracker.services.digest import Audience, Digest

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


@pytest.mark.parametrize(
    "path",
    ["digest.exe", "audit.exe", "bulletin.exe", "dossier.pdf?key=9/done/nobody",
     "audit?unit=nobody", "digest?unit=nobody"],
)  # fmt: skip
def test_what_there_is_not_is_not_found(visitor: TestClient, path: str) -> None:
    assert visitor.get(f"/p/small/{path}").status_code == 404

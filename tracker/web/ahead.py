"""What lies ahead, and what would be different: a form that changes nothing and needs no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import Response

from schedules.deadlines import closes_at
from tracker.definitions import suppositions
from tracker.domain.cliffs import SECOND, Cliff, cliffs
from tracker.domain.errors import TrackerError
from tracker.domain.forecast import Forecast, end_of_working_week, forecast
from tracker.domain.whatif import WhatIf
from tracker.services.scoreboard import Board
from tracker.store.memory import remembered
from tracker.web.asking import Asked, Desk, day
from tracker.web.entry import Looking
from tracker.web.intake import Unclear
from tracker.web.outlook import mark
from tracker.web.pages import opened
from tracker.web.rendering import page
from tracker.wording import supposition

router = APIRouter()

MOST = 20
"""Suppositions that one look takes together."""


@dataclass(frozen=True)
class Line:
    """A supposition as typed and in words; `without` is what is left when it is taken back."""

    text: str
    says: str
    without: str


@router.get("/p/{slug}/forecast")
def forecast_page(
    asked: Looking, slug: str, until: str = "", s: str = "", kind: str = "", key: str = "",
    value: str = "", reading: str = "",
) -> Response:  # fmt: skip
    """`s` holds the suppositions so far, one a line; the other fields add one."""
    with opened(asked, slug) as (session, at):
        end = until_of(at, until)
        ahead, found = ahead_of(session, at.board, end)
    given = [*s.splitlines(), *_added(kind, key, value, reading)][:MOST]
    told: WhatIf | None = None
    trouble = ""
    try:
        told = what_if_of(at, given, end) if given else None
    except TrackerError as error:
        trouble = str(error)
    return page(
        asked, "forecast", desk=at, ahead=ahead, cliffs=found,
        nexts={one.obligation: one for one in reversed(found)},
        obligations={one.obligation.key: one.obligation for one in at.board.ledger.standings},
        until=_day_of(at, until),
        lines=_lines(asked, at, given), s="\n".join(given), told=told, trouble=trouble,
        sent={"kind": kind, "key": key, "value": value, "reading": reading},
        names={one.id: one.title for _, one in at.programme.items()},
        status=422 if trouble else 200,
    )  # fmt: skip


def until_of(at: Desk, given: str) -> datetime:
    board = at.board
    if not given:
        return end_of_working_week(board.as_of, board.context.calendar, at.zone)
    chosen = day(given, board.as_of.date())
    if not suppositions.EARLIEST <= chosen.year <= suppositions.LATEST:
        raise Unclear("day")
    return max(closes_at(chosen, at.zone), board.as_of)


def _day_of(at: Desk, given: str) -> str:
    return date.fromisoformat(given).isoformat() if given else ""


def ahead_of(session: Session, board: Board, until: datetime) -> tuple[Forecast, Sequence[Cliff]]:
    programme = board.programme
    end = closes_at(programme.closes_on, programme.tz) + SECOND

    def reckoned() -> tuple[Forecast, Sequence[Cliff]]:
        those = forecast(
            programme, board.context, board.facts, as_of=board.as_of, known_at=board.known_at,
            until=until, now=board.ledger,
        )  # fmt: skip
        return those, cliffs(programme, board.context, board.facts, board.ledger, until=end)

    return remembered(session, ("ahead", mark(board), until), reckoned)


def _added(kind: str, key: str, value: str, reading: str) -> list[str]:
    """What the form's fields suppose, each as one line."""
    added = []
    if key.strip() and kind in ("done", "move", "extend", "set"):
        tail = f"={value.strip()}" if value.strip() else ""
        added.append(f"{kind} {key.strip()}{tail}")
    if reading.strip():
        added.append(f"reading {reading.strip()}")
    return added


def _pairs(lines: Sequence[str]) -> list[tuple[str, str]]:
    """Lines of another kind are left out: only a link made by hand has them."""
    pairs = [(kind, rest) for kind, _, rest in (line.partition(" ") for line in lines)]
    return [(kind, rest) for kind, rest in pairs if kind in suppositions.KINDS]


def what_if_of(at: Desk, lines: Sequence[str], until: datetime) -> WhatIf:
    board = at.board
    supposed = suppositions.read(_pairs(lines), at.zone)
    return suppositions.reckoned(
        board.programme, board.context, board.facts, supposed,
        as_of=board.as_of, known_at=board.known_at, until=until,
    )  # fmt: skip


def _lines(asked: Asked, at: Desk, given: Sequence[str]) -> list[Line]:
    found = []
    for number, text in enumerate(given):
        rest = "\n".join([*given[:number], *given[number + 1 :]])
        found.append(Line(text, _says(asked, at, text), rest))
    return found


def _says(asked: Asked, at: Desk, text: str) -> str:
    try:
        read = suppositions.read(_pairs([text]), at.zone)
    except TrackerError:
        return text
    return supposition(read[0], asked.language, at.zone) if read else text

"""What the database has to prove an audit: notices with their mails, slips, the chain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from tracker.domain.obligations import Standing
from tracker.services import slips, trail
from tracker.services.audit import (
    NONE,
    Audit,
    AuditDesk,
    Chain,
    Evidence,
    NoticeLine,
    Row,
    SlipLine,
    audit,
    without_rows,
)
from tracker.services.scoreboard import Board, board
from tracker.store import queries
from tracker.store.tables import DispatchRow, EventRow, NoticeRow, SlipRow


def of_period(
    session: Session,
    slug: str,
    *,
    first: date,
    last: date,
    as_of: datetime,
    known_at: datetime | None = None,
    unit: str = "",
) -> Audit:
    """The audit with everything that the database has to prove it."""
    seen = board(session, slug, as_of=as_of, known_at=known_at)
    return of_board(session, slug, seen, first=first, last=last, unit=unit)


def of_board(
    session: Session, slug: str, seen: Board, *, first: date, last: date, unit: str = ""
) -> Audit:
    """The same where the board is known already."""
    evidence = evidence_of(session, slug, seen, unit=unit)
    return audit(seen, first=first, last=last, unit=unit, evidence=evidence)


@dataclass(frozen=True)
class Stream:
    """An audit whose rows are too many to be held at once: they are made anew for each file that is
    written, and let go. `audit` is what they come to."""

    audit: Audit
    rows: Callable[[], Iterator[Row]]


def stream(
    session: Session,
    slug: str,
    *,
    first: date,
    last: date,
    as_of: datetime,
    known_at: datetime | None = None,
    unit: str = "",
    looked: Callable[[], None] = lambda: None,
) -> Stream:
    """The same as `of_period`, row by row; `looked` is called for each row that is made."""
    seen = board(session, slug, as_of=as_of, known_at=known_at)
    wanted = list(AuditDesk(seen, NONE).late(first, last, unit))

    def rows() -> Iterator[Row]:
        for some in queries.chunks(wanted):
            evidence = _of_these(session, slug, some, seen)
            desk = AuditDesk(seen, evidence)
            for one in some:
                looked()
                yield desk.row(one)

    bare = without_rows(
        seen, rows(), first=first, last=last, unit=unit, chain=_chain(session, slug)
    )
    return Stream(bare, rows)


def _of_these(session: Session, slug: str, some: Sequence[Standing], seen: Board) -> Evidence:
    keys = [one.obligation.key for one in some]
    subjects = dict.fromkeys(name for one in some for name in subjects_of(one))
    positions, recorded = _positions(session, slug, list(subjects))
    return Evidence(
        tuple(_notices(session, slug, keys, seen)), None, positions,
        tuple(_slips(session, slug, keys, seen)), recorded,
    )  # fmt: skip


def subjects_of(one: Standing) -> list[str]:
    """Under which subjects the trail may tell of an obligation: a fact may name the whole clause, a
    duty or a unit of it; a review names its report."""
    owed = one.obligation
    found = [
        "/".join(part for part in (owed.clause, duty, unit, occurrence) if part)
        for duty in (owed.duty, "")
        for unit in (owed.unit, "")
        for occurrence in dict.fromkeys((owed.occurrence, ""))
    ]
    return [*found, *one.facts, *([owed.occurrence] if owed.kind == "case" else [])]


def _chain(session: Session, slug: str) -> Chain:
    verdict = trail.verify(session, slug)
    return Chain(verdict.count, verdict.head, verdict.ok, verdict.unsealed)


def evidence_of(
    session: Session, slug: str, seen: Board, *, unit: str = "", key: str = ""
) -> Evidence:
    """Notices and slips made by `known_at`, and the chain as it is now; of one unit or obligation,
    or all."""
    keys = [key] if key else [
        one.obligation.key for one in seen.ledger.standings
        if (one.past or one.waived) and unit in ("", one.obligation.unit)
    ]  # fmt: skip
    chain = _chain(session, slug)
    notices = tuple(_notices(session, slug, keys, seen))
    slips = tuple(_slips(session, slug, keys, seen))
    positions, recorded = _positions(session, slug)
    return Evidence(notices, chain, positions, slips, recorded)


def _notices(session: Session, slug: str, keys: Sequence[str], seen: Board) -> Iterator[NoticeLine]:
    for some in queries.chunks(keys):
        wanted = (
            select(NoticeRow, DispatchRow)
            .join(DispatchRow, col(DispatchRow.id) == NoticeRow.dispatch_id, isouter=True)
            .where(NoticeRow.programme == slug, col(NoticeRow.obligation_key).in_(some))
            .where(col(NoticeRow.made_at) <= seen.known_at)
            .order_by(col(NoticeRow.nominal_at), col(NoticeRow.id))
        )
        for notice, dispatch in session.exec(wanted):
            yield _notice_line(notice, dispatch)


def _notice_line(notice: NoticeRow, dispatch: DispatchRow | None) -> NoticeLine:
    state = notice.state.value
    if state == "dispatched" and dispatch is not None:
        state = dispatch.state.value
    return NoticeLine(
        obligation=notice.obligation_key,
        rung=notice.rung,
        role=notice.role,
        nominal_at=notice.nominal_at,
        settled_at=dispatch.settled_at if dispatch is not None else None,
        state=state,
        reason=notice.reason,
        message_id=dispatch.message_id if dispatch is not None else "",
        reply=dispatch.server_reply if dispatch is not None else "",
        recipient=dispatch.recipient if dispatch is not None else "",
        channel=dispatch.channel if dispatch is not None else "",
        outcome=dispatch.outcome if dispatch is not None else "",
    )


def _slips(session: Session, slug: str, keys: Sequence[str], seen: Board) -> Iterator[SlipLine]:
    for some in queries.chunks(keys):
        wanted = select(SlipRow).where(
            SlipRow.programme == slug, col(SlipRow.obligation_key).in_(some),
            col(SlipRow.made_at) <= seen.known_at,
        )  # fmt: skip
        for row in session.exec(wanted.order_by(col(SlipRow.id))):
            yield SlipLine(row.obligation_key, _number(row), row.made_at, row.void_reason)


def _positions(
    session: Session, slug: str, subjects: Sequence[str] | None = None
) -> tuple[dict[str, int], dict[str, int]]:
    """The last sealed event of each subject, or of these; and the event that recorded each fact."""
    wanted = select(EventRow.subject, EventRow.seq, col(EventRow.body)["fact"].as_string()).where(
        EventRow.programme == slug, col(EventRow.seq).is_not(None)
    )
    lots = [wanted] if subjects is None else [
        wanted.where(col(EventRow.subject).in_(some)) for some in queries.chunks(subjects)
    ]  # fmt: skip
    positions: dict[str, int] = {}
    recorded: dict[str, int] = {}
    for one in lots:
        for subject, seq, fact in session.exec(one.order_by(col(EventRow.seq))):
            positions[subject] = seq or 0
            if fact:
                recorded.setdefault(fact, seq or 0)
    return positions, recorded


def _number(row: SlipRow) -> str:
    return slips.number_of(slips.Kind(row.kind), row.year, row.number)

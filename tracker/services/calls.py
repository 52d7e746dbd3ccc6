"""The call list: whom no mail reaches, what they must hear, and what became of each call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlmodel import Session, and_, col, or_, select

from schedules.deadlines import local_day
from tracker.domain.dispatches import Waiting, leading
from tracker.domain.errors import Misfit, NotFound, Refused
from tracker.domain.obligations import Standing
from tracker.domain.points import ZERO, Units
from tracker.domain.policy import RANKS
from tracker.domain.reminders import lapsed
from tracker.domain.silences import over
from tracker.domain.verdicts import NoticeKind, kind_of
from tracker.exports.pdf import pdf_bytes
from tracker.services import people, planning, programmes, reporting, silences, trail
from tracker.services.directory import Directory
from tracker.services.figures import Figures, figures
from tracker.store import queries
from tracker.store.tables import CallRow, DispatchRow, NoticeRow, NoticeState, PersonRow
from tracker.wording import Language, light_word, text
from tracker.wording.forms import instant

RECENT = timedelta(days=30)
"""What could not be told longer ago has been overtaken by later rungs."""


class Outcome(StrEnum):
    """接通, 承诺办结日期, 未接通. The first two are receipts."""

    REACHED = "reached"
    PROMISED = "promised"
    MISSED = "missed"


@dataclass(frozen=True)
class Matter:
    """One thing to say. `notice` is the key of the rung that reached nobody."""

    notice: str
    key: str
    role: str
    subject: str
    unit: str
    standing: Standing
    lost: Units
    keeps: Units


@dataclass(frozen=True)
class Call:
    """One person to call. `tries` counts the calls of before that reached nobody; `bounced` says
    that there is an address, from which mails come back."""

    person_id: int
    name: str
    mobile: str
    units: tuple[str, ...]
    bounced: bool
    tries: int
    matters: tuple[Matter, ...]


@dataclass(frozen=True)
class Made:
    """A call that was made."""

    name: str
    outcome: Outcome
    promised_on: date | None
    caller: str
    note: str
    called_at: datetime
    matters: int


def call_list(session: Session, programme: str, *, now: datetime) -> list[Call]:
    """Who is to be called now, the dearest first: rungs that found no address, or whose mail was
    refused or came back, of what is still open, was not told since and is not silenced now."""
    told = figures(session, programme, now)
    directory = Directory(session, now)
    found: dict[int, list[NoticeRow]] = {}
    untold = list(_untold(session, programme, now))
    missed = _missed(session, programme, untold)
    quiet = silences.of_programme(session, programme)
    for notice in untold:
        for who in directory.having(programme, notice.unit, notice.role, notice.obligation_key):
            if not (
                who.person in missed[notice.key] if notice.key in missed else not who.reachable
            ):
                continue
            if over(quiet, _waiting(notice), who.person, now) is None:
                found.setdefault(who.person, []).append(notice)
    calls = [_call(session, told, person, mine, now) for person, mine in found.items()]
    return sorted(calls, key=_by_cost)


def record(
    session: Session,
    programme: str,
    person_id: int,
    outcome: Outcome,
    *,
    caller: str,
    now: datetime,
    promised_on: date | None = None,
    note: str = "",
) -> int:
    """What a call came to; whoever was reached has signed for all that the list had for them.

    Returns for how many matters. Unfit without the caller's name or the promised date; Refused for
    somebody who is not on the list.
    """
    on = local_day(now, programmes.current(session, programme).tz)
    past = promised_on is not None and promised_on < on
    missing = outcome is Outcome.PROMISED and promised_on is None
    reporting.fit(
        {
            "caller": None if caller.strip() else Misfit.MISSING,
            "promised_on": Misfit.MISSING if missing else Misfit.NOT_LATER if past else None,
        }
    )
    one = next((one for one in call_list(session, programme, now=now)
                if one.person_id == person_id), None)  # fmt: skip
    if one is None:
        raise Refused("这个人现在不在电话清单上 / nobody of that number is on the call list now")
    row = CallRow(
        programme=programme, day=on, person_id=person_id, outcome=outcome.value,
        promised_on=promised_on if outcome is Outcome.PROMISED else None, caller=caller.strip(),
        note=note.strip(), called_at=now, notices=[matter.notice for matter in one.matters],
    )  # fmt: skip
    session.add(row)
    session.flush()
    if outcome is not Outcome.MISSED:
        _sign(session, programme, one, row)
    _tell(session, row, now)
    return len(one.matters)


def made(session: Session, programme: str, *, since: date) -> list[Made]:
    """The newest first."""
    wanted = select(CallRow, PersonRow).where(
        CallRow.programme == programme, col(CallRow.day) >= since,
        CallRow.person_id == PersonRow.id,
    )  # fmt: skip
    return [
        Made(person.name, Outcome(row.outcome), row.promised_on, row.caller, row.note,
             row.called_at, len(row.notices))
        for row, person in session.exec(wanted.order_by(col(CallRow.id).desc()))
    ]  # fmt: skip


def document(
    session: Session, programme: str, *, now: datetime, language: Language = "zh"
) -> bytes:
    """The list of this morning as a PDF to print and write on."""
    return pdf_bytes("calls", _values(session, programme, now, language), made_at=now)


# -- who and what --------------------------------------------------------------------------------


def _untold(session: Session, programme: str, now: datetime) -> Iterator[NoticeRow]:
    """The last rung of each obligation and role that reached nobody and is still to be told."""
    unheard = and_(
        col(NoticeRow.state) == NoticeState.NOBODY, col(NoticeRow.reason) == "no_address"
    )
    wanted = select(NoticeRow).where(
        NoticeRow.programme == programme,
        or_(unheard, col(NoticeRow.state) == NoticeState.FAILED),
        col(NoticeRow.made_at) <= now, col(NoticeRow.made_at) > now - RECENT,
    )  # fmt: skip
    view = planning.view(session, programme)
    rows = {row.key: row for row in session.exec(wanted.order_by(col(NoticeRow.id)))
            if kind_of(row.rung) is not NoticeKind.ACCEPTED
            and not _lapsed(view, row, now)}  # fmt: skip
    heard = _heard(session, programme, now)
    leads, _ = leading(_waiting(row) for row in rows.values())
    yield from (rows[one.key] for one in leads if one.key not in heard)


def _missed(session: Session, programme: str, untold: Sequence[NoticeRow]) -> dict[str, set[int]]:
    """Of each notice whose mail was refused or came back, whom it was for; nobody where a mail told
    them of the same since."""
    failed = {row.key: row for row in untold if row.state is NoticeState.FAILED}
    about = {row.obligation_key for row in failed.values()}
    wanted = select(NoticeRow, DispatchRow.person_id).where(
        NoticeRow.dispatch_id == DispatchRow.id, NoticeRow.programme == programme,
        col(NoticeRow.state).in_((NoticeState.FAILED, NoticeState.SENT)),
    )  # fmt: skip
    found: dict[str, set[int]] = {key: set() for key in failed}
    last: dict[tuple[str, str, int], int] = {}
    rows = [
        one for some in queries.chunks(about)
        for one in session.exec(wanted.where(col(NoticeRow.obligation_key).in_(some)))
    ]  # fmt: skip
    for row, person in rows:
        if row.state is NoticeState.SENT:
            told = row.obligation_key, row.role, person
            last[told] = max(last.get(told, 0), row.id or 0)
    for row, person in rows:
        told = row.obligation_key, row.role, person
        if row.key in found and last.get(told, 0) < (row.id or 0):
            found[row.key].add(person)
    return found


def _lapsed(view: Any, row: NoticeRow, now: datetime) -> bool:
    return bool(lapsed(view, row.obligation_key, rung=row.rung, version=row.deadline_version,
                       role=row.role, at=now))  # fmt: skip


def _heard(session: Session, programme: str, now: datetime) -> set[str]:
    """The notices that a call has told."""
    return {key for row in _calls(session, programme, now) if row.outcome != Outcome.MISSED
            for key in row.notices}  # fmt: skip


def _calls(session: Session, programme: str, now: datetime) -> Sequence[CallRow]:
    recent = select(CallRow).where(
        CallRow.programme == programme, col(CallRow.called_at) > now - RECENT
    )
    return session.exec(recent).all()


def _call(
    session: Session, told: Figures, person_id: int, mine: Sequence[NoticeRow], now: datetime
) -> Call:
    person = people.person(session, person_id)
    told.price(row.obligation_key for row in mine)
    highest: dict[str, NoticeRow] = {}
    for row in sorted(mine, key=lambda row: RANKS.get(row.role, 0)):
        highest[row.obligation_key] = row
    matters = [_matter(told, row) for row in highest.values()]
    keys = {matter.notice for matter in matters}
    missed = [
        row for row in _calls(session, told.board.programme.id, now)
        if row.person_id == person_id and row.outcome == Outcome.MISSED and keys & set(row.notices)
    ]  # fmt: skip
    return Call(
        person_id=person_id,
        name=person.name,
        mobile=person.mobile,
        units=tuple(dict.fromkeys(matter.unit for matter in matters)),
        bounced=person.bounced_at is not None,
        tries=len(missed),
        matters=tuple(sorted(matters, key=lambda one: (-one.keeps, -one.lost, one.key))),
    )


def _matter(told: Figures, row: NoticeRow) -> Matter:
    standing = told.standings[row.obligation_key]
    owed, saving = standing.obligation, told.saving(row.obligation_key)
    return Matter(
        notice=row.key,
        key=row.obligation_key,
        role=row.role,
        subject=f"{owed.clause} {owed.title}",
        unit=told.board.programme.unit_names.get(owed.unit, owed.unit),
        standing=standing,
        lost=told.lost(standing),
        keeps=ZERO if saving is None else saving.keeps,
    )


def _by_cost(call: Call) -> tuple[int, int, str]:
    keeps, lost = (sum(getattr(one, name) for one in call.matters) for name in ("keeps", "lost"))
    return -keeps, -lost, call.name


def _waiting(row: NoticeRow) -> Waiting:
    return Waiting(row.key, row.programme, row.obligation_key, row.unit, row.role, row.rung,
                   row.nominal_at, row.send_at)  # fmt: skip


# -- what became of it ---------------------------------------------------------------------------


def _sign(session: Session, programme: str, one: Call, row: CallRow) -> None:
    for matter in one.matters:
        digest = trail.digest([row.id, matter.key])[:16]
        reporting.sign_receipt(
            session, programme, matter.key, now=row.called_at, by=f"call:{row.id}",
            role=matter.role, note="电话告知", id_=f"t-{digest}",
        )  # fmt: skip


def _tell(session: Session, row: CallRow, now: datetime) -> None:
    person = session.get(PersonRow, row.person_id)
    if person is None:
        raise NotFound(f"没有这个人 / no person {row.person_id}")
    body = {
        "call": row.id, "person": people.reference(person), "outcome": row.outcome,
        "promised_on": "" if row.promised_on is None else row.promised_on.isoformat(),
        "notices": sorted(row.notices),
    }  # fmt: skip
    trail.append(session, row.programme, "call.made", str(row.id), body, now=now)


# -- on paper ------------------------------------------------------------------------------------


def _values(session: Session, programme: str, now: datetime, language: Language) -> dict[str, Any]:
    plan, calls = programmes.current(session, programme), call_list(session, programme, now=now)

    def say(key: str, **values: object) -> str:
        return text(f"calls.{key}", values, language=language, zone=plan.tz)

    def lines(call: Call) -> list[str]:
        return [_said(matter, say, language, plan.tz) for matter in call.matters]

    return {
        "title": say("title"),
        "programme": plan.title,
        "at": say("at", at=now, n=len(calls)),
        "language": language,
        "heads": [say(f"head_{name}") for name in ("n", "who", "matters", "result")],
        "rows": [
            {
                "n": str(number), "name": call.name, "mobile": call.mobile or say("no_number"),
                "units": list(call.units),
                "more": [*([say("bounced")] if call.bounced else []),
                         *([say("tries", n=call.tries)] if call.tries else [])],
                "matters": lines(call),
            }
            for number, call in enumerate(calls, start=1)
        ],
        "blanks": [say(f"blank_{name}") for name in ("reached", "missed", "promised", "caller")],
        "none": say("none"),
        "note": say("note"),
    }  # fmt: skip


def _said(one: Matter, say: Any, language: Language, zone: Any) -> str:
    owed = one.standing.obligation
    due = say("undated") if owed.due_at is None else instant(owed.due_at, language, zone)
    parts = [name for name in ("lost", "keeps") if getattr(one, name) > 0]
    price = "".join(say(f"price_{name}", n=getattr(one, name)) for name in parts)
    word = light_word(one.standing.light, language)
    told: str = say("matter", subject=one.subject, light=word, due=due, price=price)
    return told

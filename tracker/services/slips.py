"""交办单, 催办单, 督办单: numbered orders to a unit about one obligation.

A number is taken in the transaction that keeps the slip, so there is no gap; a void slip keeps it.
The document is made again from the values that were kept, with the same bytes as long as the same
typesetter makes it; its SHA-256 is in the trail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, func, select

from schedules.deadlines import Deadline, local_day, within_workdays
from tracker.domain.errors import Misfit, NotFound, Refused
from tracker.domain.obligations import Light
from tracker.domain.points import ZERO, Units
from tracker.domain.policy import SlipKind
from tracker.domain.verdicts import NoticeKind
from tracker.domain.verdicts import kind_of as notice_kind
from tracker.exports.pdf import pdf_bytes
from tracker.services import reporting, trail
from tracker.services.claims import HeldNotice
from tracker.services.figures import Figures, figures
from tracker.store import queries
from tracker.store.tables import SlipRow
from tracker.wording import Language, counting, text
from tracker.wording.forms import instant

ANSWER_WITHIN = 3
"""Working days that a unit has for its answer."""


Kind = SlipKind


@dataclass(frozen=True)
class Matter:
    """What a slip is about, as of its instant; `unit` and `programme` are slugs."""

    programme: str
    title: str
    version: int
    zone: ZoneInfo
    key: str
    subject: str
    unit: str
    unit_name: str
    deadline: Deadline | None
    due_at: datetime | None
    days_late: int
    workdays_late: int
    lost: Units
    keeps: Units
    until: datetime
    answer_at: datetime
    as_of: datetime


@dataclass(frozen=True)
class Slip:
    """`number` is as printed: 督办〔2021〕7号. `rung` is empty for one that `by` issued by hand."""

    id: int
    programme: str
    kind: Kind
    year: int
    n: int
    number: str
    obligation: str
    unit: str
    rung: str
    as_of: datetime
    made_at: datetime
    by: str
    sha256: str
    voided_at: datetime | None
    void_reason: str
    values: Mapping[str, Any]

    @property
    def filename(self) -> str:
        return f"{self.number}.pdf"


def matter_of(told: Figures, key: str) -> Matter:
    standing, programme = told.standings[key], told.board.programme
    owed, saving, as_of = standing.obligation, told.saving(key), told.board.as_of
    calendar = told.board.context.calendar
    answer = within_workdays(as_of, ANSWER_WITHIN, zone=programme.tz, calendar=calendar)
    return Matter(
        programme=programme.id,
        title=programme.title,
        version=told.board.version,
        zone=programme.tz,
        key=key,
        subject=f"{owed.clause} {owed.title}",
        unit=owed.unit,
        unit_name=programme.unit_names.get(owed.unit, owed.unit),
        deadline=owed.deadline,
        due_at=owed.due_at,
        days_late=standing.lateness.days,
        workdays_late=standing.lateness.workdays,
        lost=told.lost(standing),
        keeps=ZERO if saving is None else saving.keeps,
        until=told.until,
        answer_at=answer.due_at,
        as_of=as_of,
    )


def issue(
    session: Session,
    matter: Matter,
    kind: Kind,
    *,
    cause: str,
    office: str,
    now: datetime,
    by: str,
    language: Language = "zh",
    rung: str = "",
) -> Slip:
    """The slip made for this cause, or the one that was made for it before."""
    queries.one_at_a_time(session, f"slips|{matter.programme}")
    known = _where(session, matter.programme, SlipRow.cause == cause)
    if known:
        return _slip(known[0])
    year = local_day(now, matter.zone).year
    n = (max(_taken(session, matter.programme, kind, year), default=0)) + 1
    number = number_of(kind, year, n, language)
    body = _values(matter, kind, number, office=office, now=now, language=language)
    row = SlipRow(
        programme=matter.programme, kind=kind.value, year=year, number=n, cause=cause,
        obligation_key=matter.key, unit=matter.unit, rung=rung, as_of=matter.as_of, made_at=now,
        by=by, body=body, sha256=sha256(pdf_bytes("slip", body, made_at=now)).hexdigest(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    _tell(session, row, "slip.issued", {"unit": row.unit, "rung": rung}, by, now)
    return _slip(row)


def along(
    session: Session,
    notices: Iterable[HeldNotice],
    told: Callable[[str], Figures],
    *,
    office: str,
    now: datetime,
    language: Language,
) -> list[Slip]:
    """The slips that go along with these notices of one mail, as the policy has it: each is made
    for the first notice that it goes with, and goes along with that rung alone."""
    found: dict[int, Slip] = {}
    for notice in sorted(notices, key=lambda one: (one.nominal_at, one.key)):
        for kind in _kinds(notice, told(notice.programme)):
            cause = f"{notice.obligation_key}|{notice.deadline_version}|{kind.value}"
            matter = matter_of(told(notice.programme), notice.obligation_key)
            made = issue(session, matter, kind, cause=cause, office=office, now=now, by="",
                         language=language, rung=notice.rung)  # fmt: skip
            if made.rung == notice.rung:
                found[made.id] = made
    return list(found.values())


def _kinds(notice: HeldNotice, told: Figures) -> Iterable[Kind]:
    if notice_kind(notice.rung) is not NoticeKind.REMINDER:
        return ()
    clause = notice.obligation_key.partition("/")[0]
    return told.board.programme.policies[clause].slips(notice.role, notice.rung)


def by_hand(
    session: Session,
    programme: str,
    key: str,
    kind: Kind,
    *,
    once: str,
    office: str,
    now: datetime,
    by: str,
    language: Language = "zh",
) -> Slip:
    """Refused for what is finished. `once` names the request: repeated, it gives the same slip."""
    told = figures(session, programme, now)
    standing = told.standings.get(key)
    if standing is None:
        raise NotFound(f"没有这件应办事项 / no obligation {key!r} in programme {programme}")
    if standing.light is Light.DONE:
        raise Refused(f"{key} 已办结，不必再发单 / {key} is finished: no slip is issued for it")
    return issue(
        session, matter_of(told, key), kind,
        cause=f"hand|{once}", office=office, now=now, by=by, language=language,
    )  # fmt: skip


def number_of(kind: Kind, year: int, n: int, language: Language = "zh") -> str:
    prefix = text(f"slip.prefix_{kind.value}", language=language)
    return text("slip.number", {"prefix": prefix, "year": year, "n": n}, language=language)


def document(slip: Slip) -> bytes:
    """The PDF, from what was kept."""
    return pdf_bytes("slip", slip.values, made_at=slip.made_at)


def is_intact(slip: Slip) -> bool:
    """Whether the document made now has the bytes that were issued."""
    return sha256(document(slip)).hexdigest() == slip.sha256


def slips(session: Session, programme: str) -> list[Slip]:
    """The newest first."""
    return [_slip(row) for row in reversed(_where(session, programme))]


def of_obligation(session: Session, programme: str, key: str) -> list[Slip]:
    """Oldest first."""
    return [_slip(row) for row in _where(session, programme, SlipRow.obligation_key == key)]


def slip(session: Session, programme: str, id_: int) -> Slip:
    row = session.get(SlipRow, id_)
    if row is None or row.programme != programme:
        raise NotFound(f"没有这份单 / no order slip {id_} in programme {programme}")
    return _slip(row)


def numbered(session: Session, programme: str, number: str) -> Slip:
    """By its printed number; spaces and the form of the brackets do not matter."""
    wanted = _bare(number)
    found = next((one for one in slips(session, programme) if _bare(one.number) == wanted), None)
    if found is None:
        raise NotFound(f"没有编号 {number} 的单 / no order slip {number} in {programme}")
    return found


def void(
    session: Session, programme: str, id_: int, *, reason: str, now: datetime, by: str
) -> Slip:
    """The number stays taken. Unfit without a reason, Refused where it is void already."""
    found = slip(session, programme, id_)
    reporting.fit({"reason": None if reason.strip() else Misfit.REASON})
    row = session.get(SlipRow, id_)
    assert row is not None
    if row.voided_at is not None:
        raise Refused(f"{found.number} 已作废 / {found.number} is void already")
    row.voided_at, row.void_reason = now, reason.strip()
    session.flush()
    _tell(session, row, "slip.voided", {}, by, now)
    return _slip(row)


def gaps(session: Session, programme: str) -> list[tuple[Kind, int, int]]:
    """Numbers that were passed over: a record was taken out of the database by other hands."""
    taken: dict[tuple[str, int], set[int]] = {}
    for row in _where(session, programme):
        taken.setdefault((row.kind, row.year), set()).add(row.number)
    return [
        (Kind(kind), year, n)
        for (kind, year), numbers in sorted(taken.items())
        for n in sorted(set(range(1, max(numbers) + 1)) - numbers)
    ]


def counted(session: Session, programme: str) -> int:
    wanted = select(func.count()).select_from(SlipRow).where(SlipRow.programme == programme)
    return session.exec(wanted).one()


# -- the document --------------------------------------------------------------------------------


def _values(
    one: Matter, kind: Kind, number: str, *, office: str, now: datetime, language: Language
) -> dict[str, Any]:
    def say(key: str, **values: object) -> str:
        return text(f"slip.{key}", values, language=language, zone=one.zone)

    late = one.due_at is not None and one.as_of >= one.due_at
    order = kind.value if kind is Kind.ASSIGN or late else f"{kind.value}_open"
    on = local_day(now, one.zone)
    version = say("programme_version", title=one.title, version=one.version)
    blanks = ["unit", "result"] if kind is Kind.ASSIGN else ["unit", "leader"]
    rows = [
        (say("unit"), one.unit_name),
        (say("matter"), one.subject),
        (say("programme"), version),
        *_times(one, say, language, late=late),
        (say("price"), _price(one, say)),
    ]
    return {
        "title": say(kind.value),
        "number": number,
        "office": office,
        "language": language,
        "on": say("on", year=on.year, month=on.month, day=on.day),
        "rows": [list(row) for row in rows],
        "paragraphs": [say(f"orders_{order}", answer=one.answer_at)],
        "blanks": [say(f"blank_{name}") for name in blanks],
        "note": say("note", as_of=one.as_of),
    }


def _times(one: Matter, say: Any, language: Language, *, late: bool) -> Iterable[tuple[str, str]]:
    if one.due_at is None:
        yield say("due"), say("undated")
        return
    yield say("due"), instant(one.due_at, language, one.zone, year=True)
    yield say("counted"), counting(one.deadline, language)
    if late:
        yield say("late"), say("days_late", days=one.days_late, workdays=one.workdays_late)


def _price(one: Matter, say: Any) -> str:
    parts = [name for name in ("lost", "keeps") if getattr(one, name) > 0]
    told: str = say("_".join(parts) or "none", lost=one.lost, keeps=one.keeps, until=one.until)
    return told


# -- rows ----------------------------------------------------------------------------------------


def _where(session: Session, programme: str, *more: Any) -> list[SlipRow]:
    wanted = select(SlipRow).where(SlipRow.programme == programme, *more)
    return list(session.exec(wanted.order_by(col(SlipRow.id))))


def _taken(session: Session, programme: str, kind: Kind, year: int) -> list[int]:
    numbers = select(SlipRow.number).where(
        SlipRow.programme == programme, SlipRow.kind == kind.value, SlipRow.year == year
    )
    return list(session.exec(numbers))


def _tell(
    session: Session, row: SlipRow, event: str, more: Mapping[str, str], by: str, now: datetime
) -> None:
    body = {
        "number": row.body["number"], "kind": row.kind, "year": row.year, "n": row.number,
        "sha256": row.sha256, "by": trail.traced(session, by), **more,
    }  # fmt: skip
    trail.append(session, row.programme, event, row.obligation_key, body, now=now)


def _slip(row: SlipRow) -> Slip:
    assert row.id is not None
    return Slip(
        id=row.id, programme=row.programme, kind=Kind(row.kind), year=row.year, n=row.number,
        number=str(row.body["number"]), obligation=row.obligation_key, unit=row.unit,
        rung=row.rung, as_of=row.as_of, made_at=row.made_at, by=row.by, sha256=row.sha256,
        voided_at=row.voided_at, void_reason=row.void_reason, values=row.body,
    )  # fmt: skip


def _bare(number: str) -> str:
    return "".join(c for c in number if c.isalnum())

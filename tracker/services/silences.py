"""Who is left in peace, until when and why; the trail is told, and each ends by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select, update

from tracker.domain.errors import NotFound, Refused
from tracker.domain.silences import LONGEST, Mode, Scope, Silence
from tracker.services import people, programmes, trail
from tracker.services.trail import traced
from tracker.store import queries
from tracker.store.tables import NoticeRow, NoticeState, SilenceRow

REASON = "silenced:{}"
"""Why a notice was not sent, or waits: the silence's number."""


def make(
    session: Session,
    slug: str,
    *,
    scope: Scope,
    subject: str = "",
    mode: Mode,
    until: datetime,
    because: str,
    by: str,
    now: datetime,
) -> Silence:
    """In force from now on. Refused without a reason, or with an end that is past or far off;
    NotFound for an obligation, unit or person that is not there. Said twice it is one."""
    subject = _checked(session, slug, scope, subject)
    reason = because.strip()
    if not reason:
        raise Refused("请写明理由 / a silence needs a reason")
    if not now < until <= now + LONGEST:
        raise Refused(
            f"截止时间须在现在之后、{LONGEST.days} 天之内 / "
            f"the end has to lie ahead, at most {LONGEST.days} days"
        )
    already = _the_same(session, slug, (scope, subject, mode, reason), until, now)
    if already is not None:
        return already
    row = SilenceRow(
        programme=slug, scope=scope, subject=subject, mode=mode, from_at=now, until_at=until,
        because=reason, by=by,
    )  # fmt: skip
    session.add(row)
    session.flush()
    made = _silence(row)
    body = {
        "number": made.number, "scope": scope, "mode": mode, "because": reason,
        "until": until.isoformat(), "by": traced(session, by),
        "subject": _traced_subject(session, scope, subject),
    }  # fmt: skip
    trail.append(session, slug, "silence.made", _about(made), body, now=now)
    return made


def _the_same(
    session: Session, slug: str, said: tuple[str, str, str, str], until: datetime, now: datetime
) -> Silence | None:
    for one in in_force(session, slug, now):
        if (one.scope, one.subject, one.mode, one.because) == said and one.until_at == until:
            return one
    return None


def end(session: Session, slug: str, number: int, *, by: str, now: datetime) -> Silence:
    """Before its time: what was put off is due again. Refused where it is over already."""
    row = session.get(SilenceRow, number)
    if row is None or row.programme != slug:
        raise NotFound(f"没有第 {number} 号推后或静默 / no silence {number} in programme {slug}")
    if not _silence(row).holds(now):
        raise Refused(f"第 {number} 号已经结束 / silence {number} is over already")
    row.ended_at = now
    session.flush()
    session.connection().execute(
        update(NoticeRow)
        .where(
            col(NoticeRow.state) == NoticeState.WANTED,
            col(NoticeRow.reason) == REASON.format(number),
        )
        .values(send_at=now, reason="")
    )
    body = {"number": number, "by": traced(session, by)}
    trail.append(session, slug, "silence.ended", _about(_silence(row)), body, now=now)
    return _silence(row)


def of_programme(session: Session, slug: str) -> list[Silence]:
    """All of them, the newest first."""
    wanted = select(SilenceRow).where(SilenceRow.programme == slug)
    return [_silence(row) for row in session.exec(wanted.order_by(col(SilenceRow.id).desc()))]


def in_force(session: Session, slug: str, at: datetime) -> list[Silence]:
    return [one for one in of_programme(session, slug) if one.holds(at)]


def numbered(session: Session, numbers: Sequence[int]) -> dict[int, Silence]:
    found: dict[int, Silence] = {}
    for some in queries.chunks(sorted(set(numbers))):
        rows = session.exec(select(SilenceRow).where(col(SilenceRow.id).in_(some)))
        found |= {row.id or 0: _silence(row) for row in rows}
    return found


def number_of(reason: str) -> int | None:
    """The silence that a notice's reason names."""
    name, _, number = reason.partition(":")
    return int(number) if name == "silenced" and number.isdigit() else None


def _checked(session: Session, slug: str, scope: Scope, subject: str) -> str:
    """The subject as it is kept; NotFound where there is none such."""
    programme = programmes.current(session, slug)
    match scope:
        case Scope.PROGRAMME:
            return ""
        case Scope.UNIT:
            meant = (one.id for one in programme.units if subject in (one.id, one.name, one.short))
            found = next(meant, None)
            if found is None:
                raise NotFound(f"没有单位“{subject}” / no unit {subject!r} in programme {slug}")
            return found
        case Scope.OBLIGATION:
            if subject not in queries.obligation_ids(session, slug, [subject]):
                raise NotFound(f"没有这个应办事项 / no obligation {subject!r} in programme {slug}")
            return subject
        case Scope.PERSON:
            return str(_person(session, slug, subject))


def _person(session: Session, slug: str, subject: str) -> int:
    """Of the programme, by address or by number."""
    known = people.by_mail(session, subject)
    if known is not None and known.id is not None:
        return people.of_programme(session, slug, known.id).id or 0
    if not subject.isdigit():
        raise NotFound(f"没有登记这个邮箱 / nobody has the address {subject!r}")
    return people.of_programme(session, slug, int(subject)).id or 0


def _traced_subject(session: Session, scope: Scope, subject: str) -> str:
    """In the trail a person stands as a salted reference."""
    if scope is not Scope.PERSON:
        return subject
    return people.reference(people.person(session, int(subject)))


def _about(one: Silence) -> str:
    return one.subject if one.scope is Scope.OBLIGATION else ""


def _silence(row: SilenceRow) -> Silence:
    assert row.id is not None
    return Silence(
        row.id, row.programme, Scope(row.scope), row.subject, Mode(row.mode), row.from_at,
        row.until_at, row.because, row.by, row.ended_at,
    )  # fmt: skip

"""People, their dated roles, and the references under which the trail knows them."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Date, String, and_, bindparam, cast, or_, update
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from notifiers.message import Address
from schedules.deadlines import closes_at
from tracker.definitions.sheets import Contact, by_row
from tracker.domain.authority import EVERY_UNIT, TOLD, Role
from tracker.domain.errors import DefinitionError, NotFound, Problem, Refused
from tracker.domain.programme import Programme, Unit, owing
from tracker.services import absences, claims, programmes, pseudonyms, trail
from tracker.services.trail import reference, traced
from tracker.store import queries
from tracker.store.accounts import AccountRow
from tracker.store.tables import (
    CallRow,
    DispatchRow,
    MembershipRow,
    PersonRow,
    ReplyRow,
    SilenceRow,
)

__all__ = [
    "EVERY_UNIT", "Holder", "Loaded", "Role", "address_works", "appoint", "by_mail", "erase",
    "handover", "handover_unit", "holders", "load_contacts", "of_programme", "person", "reference",
    "resolve", "traced", "unheard", "without",
]  # fmt: skip

ROLES = (
    "联络员 contact、副联络员 deputy、单位负责人 head、"
    "分管领导 leader、审核人 reviewer、考核办 office"
)


@dataclass(frozen=True)
class Holder:
    """A person in a role; `until_on` is the first day on which they no longer have it."""

    person_id: int
    name: str
    mail: str | None
    mobile: str
    language: str
    programme: str | None
    unit: str
    role: Role
    from_on: date
    until_on: date | None
    bounced: bool = False

    @property
    def works(self) -> str | None:
        """The mail address, where mails arrive at it."""
        return None if self.bounced else self.mail


@dataclass(frozen=True)
class Loaded:
    """What a list of contacts changed."""

    added: int
    kept: int
    ended: int


def load_contacts(
    session: Session,
    rows: Sequence[Contact],
    *,
    now: datetime,
    on: date,
    by: str,
    programme: str | None = None,
    already: Sequence[Problem] = (),
) -> Loaded:
    """Take a list of contacts over, all of it or nothing. Without a programme it is for all.

    For each unit and role that the list names it is the whole truth from the day `on`: who had
    that role and is not listed has it no longer. DefinitionError names every wrong row, with what
    was found `already` when the list was read.
    """
    lots = [programmes.current(session, slug) for slug in _slugs(session, programme)]
    told = {problem.place for problem in already}
    mistakes = [
        problem
        for row in rows
        for problem in _mistakes(row, _unit(row.unit, lots), blanks=row.place not in told)
    ]
    named = [row for row in rows if row.name]
    mistakes += _shared_addresses(named) + _taken_addresses(session, named)
    if already or mistakes:
        raise DefinitionError(by_row([*already, *mistakes]))
    wanted: dict[tuple[str, Role], set[int]] = defaultdict(set)
    for row in rows:
        person = _person_of(session, row)
        wanted[_unit(row.unit, lots) or "", Role(row.role)].add(person)
    done = _take_over(session, wanted, programme, on)
    body = {"added": done.added, "kept": done.kept, "ended": done.ended, "by": traced(session, by)}
    trail.append(session, programme or trail.HOUSE, "contacts.loaded", "", body, now=now)
    return done


def appoint(
    session: Session, row: Contact, *, programme: str, now: datetime, on: date, by: str
) -> Loaded:
    """One more beside those who have the role already, who keep it. DefinitionError says what is
    wrong."""
    unit = _unit(row.unit, [programmes.current(session, programme)])
    mistakes = _mistakes(row, unit, blanks=True)
    mistakes += _taken_addresses(session, [row]) if row.name else []
    if mistakes or unit is None:
        raise DefinitionError(mistakes)
    role, person_id = Role(row.role), _person_of(session, row)
    held = {one.person_id for one in holders(session, programme, on, units=[unit], role=role)
            if one.unit == unit}  # fmt: skip
    if person_id not in held:
        session.add(MembershipRow(person_id=person_id, programme=programme, unit=unit,
                                  role=role.value, from_on=on))  # fmt: skip
        session.flush()
    done = Loaded(added=int(person_id not in held), kept=len(held), ended=0)
    body = {"added": done.added, "kept": done.kept, "ended": 0, "by": traced(session, by)}
    trail.append(session, programme, "contacts.loaded", "", body, now=now)
    return done


def resolve(session: Session, programme: str, unit: str, role: str, on: date) -> list[PersonRow]:
    """Who has the role in the unit on that day, in order of appointment; erased people never.

    A contact who is missing is stood in for by the deputy. The coordinating office is the same for
    every unit.
    """
    return resolve_each(session, programme, [unit], role, on)[unit]


def resolve_each(
    session: Session, programme: str, units: Sequence[str], role: str, on: date
) -> dict[str, list[PersonRow]]:
    """The same for each of these units."""
    found = _resolve(session, programme, units, role, on)
    missing = [unit for unit in units if not found[unit]]
    if missing and role == Role.CONTACT:
        found |= _resolve(session, programme, missing, Role.DEPUTY, on)
    return found


def holders(
    session: Session,
    programme: str,
    on: date,
    *,
    units: Collection[str] | None = None,
    role: Role | None = None,
) -> list[Holder]:
    """Everybody with a role in the programme on that day, by unit and role; of these units only,
    or in this role only, where they are given. Who has it in every unit counts as `EVERY_UNIT`."""
    asked = {"programme": programme, "on": on, "units": sorted(units or ()), "role": role}
    found = session.execute(_holding(units is not None, role is not None), asked).all()
    return [
        Holder(id_, name, mail, mobile, language, slug, unit, Role(held), since, until, bounced)
        for id_, name, mail, mobile, language, slug, unit, held, since, until, bounced in found
    ]


@lru_cache(maxsize=4)
def _holding(in_units: bool, in_role: bool) -> Any:
    """Composed once, and columns and no objects: every batch of mails asks."""
    member, person = MembershipRow, PersonRow
    wanted: Any = sa_select(
        col(person.id).label("person_id"), col(person.name), col(person.mail), col(person.mobile),
        col(person.language), col(member.programme), col(member.unit), col(member.role),
        col(member.from_on), col(member.until_on),
        col(person.bounced_at).is_not(None).label("bounced"),
    ).where(
        col(member.person_id) == col(person.id),
        _in_force(bindparam("programme", type_=String), bindparam("on", type_=Date)),
    )  # fmt: skip
    if in_units:
        wanted = wanted.where(col(member.unit).in_(bindparam("units", expanding=True)))
    if in_role:
        wanted = wanted.where(col(member.role) == bindparam("role"))
    return wanted.order_by(col(member.unit), col(member.role), col(member.id))


def without(session: Session, programme: str, role: str, on: date) -> list[str]:
    """The units of the programme in which nobody has the role on that day, in its order."""
    units = [unit.id for unit in programmes.current(session, programme).units]
    found = resolve_each(session, programme, units, role, on)
    return [unit for unit in units if not found[unit]]


def unheard(session: Session, programme: str, on: date) -> list[Unit]:
    """The units, and groups of units, that owe a duty and have no contact on that day; who only
    leads or reviews needs none."""
    current = programmes.current(session, programme)
    owe = {
        unit
        for _, item, clause in current.clauses.values()
        if clause.duties
        for unit in owing(item, clause)
    }
    missing = owe & set(without(session, programme, Role.CONTACT, on))
    return [unit for unit in current.units if unit.id in missing]


def person(session: Session, person_id: int) -> PersonRow:
    row = session.get(PersonRow, person_id)
    if row is None:
        raise NotFound(f"没有这个人 / no person {person_id}")
    return row


def names(session: Session, ids: Collection[int]) -> dict[int, str]:
    """Of those that there are, in one question; an erased person's is empty."""
    if not ids:
        return {}
    rows = session.exec(select(PersonRow.id, PersonRow.name).where(col(PersonRow.id).in_(ids)))
    return {id_: name for id_, name in rows.all() if id_ is not None}


def of_programme(session: Session, programme: str, person_id: int) -> PersonRow:
    """A person who has or had a role in the programme; NotFound for anybody else."""
    row = person(session, person_id)
    theirs = select(MembershipRow.id).where(
        MembershipRow.person_id == person_id,
        or_(col(MembershipRow.programme).is_(None), col(MembershipRow.programme) == programme),
    )
    if session.exec(theirs.limit(1)).first() is None:
        raise NotFound(f"方案里没有这个人 / no person {person_id} in programme {programme}")
    return row


def programmes_of(session: Session, person_id: int, on: date) -> set[str]:
    """Where they have a role on that day or later; a role in all programmes is one in each that
    there is."""
    named = {one.programme for one in _running(session, person_id, on)}
    every = queries.slugs(session) if None in named else []
    return {one for one in named if one is not None} | set(every)


def in_every_programme(session: Session, unit: str, on: date) -> bool:
    """Whether somebody has a role in the unit wherever it is, on that day or later."""
    return any(_members(session, None, unit, role, on) for role in TOLD)


def by_mail(session: Session, mail: str) -> PersonRow | None:
    return session.exec(select(PersonRow).where(PersonRow.mail == mail.strip().lower())).first()


def handover(
    session: Session,
    *,
    leaver: int,
    successor: int,
    on: date,
    now: datetime,
    by: str,
    unit: str = "",
    role: str = "",
    programme: str | None = None,
) -> int:
    """From the day `on` the successor has every role that the leaver has, or those in one unit, or
    one role; the history keeps both. With `programme` only roles of that programme move, and so
    does standing in for whoever works in no other.

    Open obligations, rungs and snoozes follow, because people are looked up by role when a mail is
    claimed; the leaver's links work no more, because a role is needed for them. Returns how many
    roles moved. Refused where there is nothing to move or nobody to take it.
    """
    old, new = person(session, leaver), person(session, successor)
    if leaver == successor or new.erased_at is not None:
        raise Refused("请另选接手的人 / choose somebody else to take over")
    moving = [
        member for member in _running(session, leaver, on)
        if unit in ("", member.unit) and role in ("", member.role) and member.role in TOLD
        and programme in (None, member.programme)
    ]  # fmt: skip
    if not moving:
        raise Refused(f"{old.name}没有可移交的任职 / {old.name} has no role to hand over")
    _move(session, moving, [successor], on)
    if not _running(session, leaver, on):
        absences.hand_over(session, leaver, successor, on=on, follows=lambda away: (
            programme is None or programmes_of(session, away, on) <= {programme}
        ))  # fmt: skip
        _silences_follow(session, leaver, successor, on)
    body = {
        "leaver": reference(old), "successor": reference(new), "on": on.isoformat(),
        "roles": len(moving), "by": traced(session, by),
    }  # fmt: skip
    trail.append(session, trail.HOUSE, "person.handover", reference(old), body, now=now)
    return len(moving)


def handover_unit(
    session: Session, programme: str, *, unit: str, to_unit: str, on: date, now: datetime, by: str
) -> list[Role]:
    """From the day `on` the people of `to_unit` answer for `unit`: a contact for its contact, a
    head for its head. The programme still names the unit; the history keeps both.

    Returns the roles that `to_unit` has nobody for: they end without a successor. Refused where it
    has no contact.
    """
    units = {one.id for one in programmes.current(session, programme).units}
    if unit == to_unit or not {unit, to_unit} <= units:
        raise Refused("请另选接手的单位 / choose another unit to take over")
    if not resolve(session, programme, to_unit, Role.CONTACT, on):
        raise Refused(f"{to_unit} 没有联络员，接不了手 / {to_unit} has no contact to take over")
    unfilled = []
    for role in TOLD:
        moving = [
            *_members(session, programme, unit, role, on), *_members(session, None, unit, role, on),
        ]  # fmt: skip
        taking = [row.id or 0 for row in _resolve(session, programme, [to_unit], role, on)[to_unit]]
        _move(session, moving, taking, on)
        if moving and not taking:
            unfilled.append(role)
    body = {"unit": unit, "to": to_unit, "on": on.isoformat(), "by": traced(session, by)}
    trail.append(session, programme, "unit.handover", unit, body, now=now)
    return unfilled


def _silences_follow(session: Session, leaver: int, successor: int, on: date) -> None:
    """What was put off for the leaver is put off for the successor as long; the leaver's own stays
    in the history."""
    theirs = select(SilenceRow).where(
        SilenceRow.scope == "person", SilenceRow.subject == str(leaver),
        col(SilenceRow.ended_at).is_(None),
    )  # fmt: skip
    for row in session.exec(theirs).all():
        zone = programmes.current(session, row.programme).tz
        begins = closes_at(on - timedelta(days=1), zone)
        if row.until_at > begins:
            copied = row.model_dump(exclude={"id"})
            copied |= {"subject": str(successor), "from_at": max(begins, row.from_at)}
            session.add(SilenceRow(**copied))
    session.flush()


def _running(session: Session, person_id: int, on: date) -> list[MembershipRow]:
    wanted = select(MembershipRow).where(
        MembershipRow.person_id == person_id,
        or_(col(MembershipRow.until_on).is_(None), col(MembershipRow.until_on) > on),
    )
    return list(session.exec(wanted.order_by(col(MembershipRow.id))))


def _move(session: Session, moving: Sequence[MembershipRow], to: Sequence[int], on: date) -> None:
    """End these on that day and give the same to each of those, who may have it already."""
    for member in moving:
        for successor in to:
            if not _has(session, successor, member, on):
                session.add(
                    MembershipRow(
                        person_id=successor, programme=member.programme, unit=member.unit,
                        role=member.role, from_on=max(on, member.from_on), until_on=member.until_on,
                    )
                )  # fmt: skip
        member.until_on = max(on, member.from_on)
        session.flush()


def _has(session: Session, person_id: int, like: MembershipRow, on: date) -> bool:
    """In the same scope, unit and role, for no shorter a time."""
    return any(
        (one.programme, one.unit, one.role) == (like.programme, like.unit, like.role)
        and one.from_on <= max(on, like.from_on)
        and one.until_on == like.until_on
        for one in _running(session, person_id, on)
    )


def address_works(session: Session, person_id: int, *, now: datetime, by: str) -> None:
    """A mail came back, but the address is right: it is written to again."""
    row = person(session, person_id)
    row.bounced_at = row.bounce = None
    session.flush()
    body = {"by": traced(session, by)}
    trail.append(session, trail.HOUSE, "person.reachable", reference(row), body, now=now)


def erase(session: Session, person_id: int, *, on: date, now: datetime, by: str) -> None:
    """Forget who somebody was: name, addresses, the mails' recipients and content, and the name in
    signed scores.

    With the salt gone, no reference in the trail can be traced to the person any more. Their roles
    end on the day `on`; subject, Message-ID and outcome of each mail stay.
    """
    row = person(session, person_id)
    if any(one.role == Role.ADMINISTRATOR for one in _running(session, person_id, on)):
        raise Refused(
            "管理员先交出管理员角色，才能删除 / an administrator gives that role up before being "
            "erased"
        )
    before, name = reference(row), row.name
    row.name, row.mail, row.mobile, row.salt = "", None, "", secrets.token_hex(16)
    row.erased_at = now
    row.bounce = None
    for member in _running(session, person_id, on):
        member.until_on = max(on, member.from_on)
    session.flush()
    run = session.connection().execute
    for table, emptied in _PERSONAL.items():
        mine = update(table).where(col(table.person_id) == person_id)
        run(mine.values(emptied))
    claims.forget_letters(session, person_id)
    doors = update(AccountRow).where(col(AccountRow.person_id) == person_id)
    run(doors.values(login=_NO_LOGIN, password_hash="", subject=None, disabled_at=now))
    pseudonyms.forget(session, name, before, now=now)
    body = {"by": traced(session, by)}
    trail.append(session, trail.HOUSE, "person.erased", before, body, now=now)


_PERSONAL: Mapping[Any, Mapping[str, Any]] = {
    DispatchRow: {"recipient": "", "text": "", "html": "", "raw": None},
    ReplyRow: {"subject": "", "text": ""},
    CallRow: {"note": ""},
}
"""What other tables hold of a person, and what is left of it."""

_NO_LOGIN: Any = "#" + cast(col(AccountRow.id), String)
"""A name under which nobody can sign in: no login begins so."""


# -- resolving -----------------------------------------------------------------------------------


def _resolve(
    session: Session, programme: str, units: Sequence[str], role: str, on: date
) -> dict[str, list[PersonRow]]:
    wanted = (
        select(MembershipRow.unit, PersonRow)
        .join(PersonRow, col(MembershipRow.person_id) == PersonRow.id)
        .where(MembershipRow.role == role, _in_force(programme, on))
        .order_by(col(MembershipRow.id))
    )
    found: dict[str, list[PersonRow]] = {}
    for some in queries.chunks(units):
        asked = wanted
        if role != Role.OFFICE:
            asked = wanted.where(col(MembershipRow.unit).in_([*some, EVERY_UNIT]))
        rows = session.exec(asked).all()
        for unit in some:
            own = (unit, EVERY_UNIT)
            mine = (row for where, row in rows if role == Role.OFFICE or where in own)
            found[unit] = list({row.id: row for row in mine}.values())
    return found


def _in_force(
    programme: str | ColumnElement[str], on: date | ColumnElement[date]
) -> ColumnElement[bool]:
    return and_(
        or_(col(MembershipRow.programme).is_(None), col(MembershipRow.programme) == programme),
        col(MembershipRow.from_on) <= on,
        or_(col(MembershipRow.until_on).is_(None), col(MembershipRow.until_on) > on),
        col(PersonRow.erased_at).is_(None),
    )


# -- loading a list ------------------------------------------------------------------------------


def _slugs(session: Session, programme: str | None) -> list[str]:
    return programmes.slugs(session) if programme is None else [programme]


def unit_of(session: Session, written: str, programme: str | None) -> str | None:
    """The slug of the unit that is written so in a programme, or in any; None where none has it."""
    slugs = _slugs(session, programme)
    return _unit(written, [programmes.current(session, slug) for slug in slugs])


def _unit(written: str, lots: Sequence[Programme]) -> str | None:
    """The unit's slug from slug, name or short name; None where no programme has it."""
    if written in (EVERY_UNIT, "全部", "所有单位"):
        return EVERY_UNIT
    for lot in lots:
        for unit in lot.units:
            if written in (unit.id, unit.name, unit.short):
                return unit.id
    return None


def _mistakes(row: Contact, unit: str | None, *, blanks: bool) -> list[Problem]:
    """`blanks`: empty cells too."""
    found = []
    if unit is None and (row.unit or blanks):
        found.append(
            Problem(
                row.place,
                f"没有单位“{row.unit}” / no unit {row.unit!r} in the programmes loaded",
                "请写方案里的名称或简称，* 表示所有 / its name, short name or id, or * for all",
            )
        )
    if not row.name and blanks:
        found.append(Problem(row.place, "没有姓名 / no name", "请填上 / fill it in"))
    if any(_unseen(text) for text in (row.name, row.mobile)):
        text = "姓名或手机里有看不见的字符 / a character that nobody can see in name or mobile"
        found.append(Problem(row.place, text, "请重新输入 / type it anew"))
    if row.role not in TOLD and (row.role or blanks):
        text = f"没有角色“{row.role}” / no role {row.role!r}"
        found.append(Problem(row.place, text, f"可用 / use: {ROLES}"))
    if row.mail:
        try:
            Address(row.mail)
        except ValueError as mistake:
            found.append(Problem(row.place, f"邮箱地址有误 / {mistake}"))
    return found


def _unseen(text: str) -> bool:
    """Control characters and halves of characters; blanks and line breaks are none."""
    return not all(one.isprintable() or one.isspace() for one in text)


def _shared_addresses(rows: Sequence[Contact]) -> list[Problem]:
    """Two people of the list with one address: their receipts could not be told apart."""
    first: dict[str, Contact] = {}
    found = []
    for row in rows:
        if not row.mail:
            continue
        other = first.setdefault(row.mail.lower(), row)
        if other.name != row.name:
            text = (
                f"邮箱 {row.mail} 已是{other.name}的（{other.place}）"
                f" / address taken by {other.name} ({other.place})"
            )
            found.append(
                Problem(
                    row.place, text, "请一人一个邮箱 / every person needs an address of their own"
                )
            )
    return found


def _taken_addresses(session: Session, rows: Sequence[Contact]) -> list[Problem]:
    found = []
    for row in rows:
        known = by_mail(session, row.mail) if row.mail else None
        if known is not None and known.name != row.name:
            text = f"邮箱 {row.mail} 已登记在 {known.name} 名下 / address on file for {known.name}"
            found.append(
                Problem(
                    row.place,
                    text,
                    "请换一个邮箱，姓名写错的改成登记的姓名 / use another, or the name on file",
                )
            )
    return found


def _person_of(session: Session, row: Contact) -> int:
    """The person on file with this address (or name and mobile where there is none), else new."""
    wanted = select(PersonRow).where(col(PersonRow.erased_at).is_(None))
    if row.mail:
        wanted = wanted.where(PersonRow.mail == row.mail.lower())
    else:
        wanted = wanted.where(
            PersonRow.name == row.name, PersonRow.mobile == row.mobile,
            col(PersonRow.mail).is_(None),
        )  # fmt: skip
    known = session.exec(wanted).first()
    if known is None:
        known = PersonRow(
            name=row.name, mail=row.mail.lower() or None, mobile=row.mobile,
            salt=secrets.token_hex(16),
        )  # fmt: skip
        session.add(known)
    elif row.mobile:
        known.mobile = row.mobile
    session.flush()
    assert known.id is not None
    return known.id


def _take_over(
    session: Session, wanted: Mapping[tuple[str, Role], set[int]], programme: str | None, on: date
) -> Loaded:
    added = kept = ended = 0
    for (unit, role), listed in wanted.items():
        current = _members(session, programme, unit, role, on)
        for member in current:
            if member.person_id in listed:
                kept += 1
            else:
                member.until_on = max(on, member.from_on)
                ended += 1
        missing = listed - {member.person_id for member in current}
        for person_id in sorted(missing):
            session.add(
                MembershipRow(person_id=person_id, programme=programme, unit=unit,
                              role=role.value, from_on=on)
            )  # fmt: skip
            added += 1
    session.flush()
    return Loaded(added, kept, ended)


def _members(
    session: Session, programme: str | None, unit: str, role: Role, on: date
) -> Sequence[MembershipRow]:
    """Memberships of the unit and role that still run on the day, of exactly this programme."""
    theirs = (
        col(MembershipRow.programme).is_(None)
        if programme is None
        else col(MembershipRow.programme) == programme
    )
    wanted = select(MembershipRow).where(
        theirs, MembershipRow.unit == unit, MembershipRow.role == role.value,
        or_(col(MembershipRow.until_on).is_(None), col(MembershipRow.until_on) > on),
    )  # fmt: skip
    return session.exec(wanted).all()

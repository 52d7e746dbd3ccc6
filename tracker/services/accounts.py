"""账号: who can sign in, with which roles. A person has one account at most."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, func, select

from notifiers.message import Address
from tracker.domain.authority import EVERY_UNIT, TOLD, Post, Role, Who
from tracker.domain.errors import NotFound, Refused
from tracker.services import absences, passwords, people, programmes, trail, tries
from tracker.services.trail import reference, traced
from tracker.store import queries
from tracker.store.accounts import AccountRow, SignInRow, TokenRow
from tracker.store.database import Database
from tracker.store.tables import MembershipRow, PersonRow

SUBJECT = 255
"""The longest name that an identity provider may give somebody."""
LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,79}")

OF_ALL = (Role.LEADER, Role.OFFICE, Role.AUDITOR, Role.ADMINISTRATOR)
"""Roles that are not those of one unit."""


@dataclass(frozen=True)
class Seat:
    """A role of an account with the number by which it is ended."""

    id: int
    post: Post
    from_on: date


@dataclass(frozen=True)
class Account:
    id: int
    person_id: int
    login: str
    name: str
    mail: str
    language: str
    must_change: bool
    disabled_at: datetime | None
    made_at: datetime
    changed_at: datetime
    """Its password."""
    seats: tuple[Seat, ...] = ()
    subject: str = ""
    """How the office's identity provider names them; empty for none."""
    issuer: str = ""
    """Which provider that is; empty where none was known when it was entered."""

    @property
    def by(self) -> str:
        """How facts name who did it; the trail turns it into a reference."""
        return f"person:{self.person_id}"


def any_account(session: Session) -> bool:
    """Whether somebody can sign in at all: until then the office is whoever sits at the machine."""
    return session.exec(select(AccountRow.id).limit(1)).first() is not None


def alone(session: Session) -> None:
    """Until the transaction ends nobody else changes who may come in: of two administrators who
    disable each other at once, one stays."""
    queries.one_at_a_time(session, "accounts")


def accounts(session: Session, on: date) -> list[Account]:
    """All of them by login, with the roles that run on that day."""
    rows = session.exec(_joined().order_by(col(AccountRow.login))).all()
    held = _held(session, [person.id or 0 for _, person in rows], on)
    return [_account(row, person, held.get(person.id or 0, ())) for row, person in rows]


def account(session: Session, id_: int, on: date) -> Account:
    found = session.exec(_joined().where(AccountRow.id == id_)).first()
    if found is None:
        raise NotFound(f"没有这个账号 / no account {id_}")
    row, person = found
    return _account(row, person, _held(session, [row.person_id], on).get(row.person_id, ()))


def named(session: Session, login: str, on: date) -> Account:
    row = session.exec(select(AccountRow).where(AccountRow.login == login.strip().lower())).first()
    if row is None or row.id is None:
        raise NotFound(f"没有这个账号 / no account {login!r}")
    return account(session, row.id, on)


def who(session: Session, one: Account, on: date) -> Who:
    """What the account may do that day: its person's posts, and those that they stand in for."""
    posts = [seat.post for seat in one.seats]
    absent = [away for away, by in absences.away(session, on).items()
              if by.deputy.id == one.person_id]  # fmt: skip
    if absent:
        for seats in _held(session, absent, on).values():
            posts += [seat.post for seat in seats if seat.post.role in TOLD]
    return Who(one.by, tuple(dict.fromkeys(posts)), name=one.name, account=one.id)


def add(
    session: Session,
    login: str,
    *,
    name: str,
    mail: str = "",
    post: Post | None = None,
    password: str = "",
    subject: str = "",
    issuer: str = "",
    now: datetime,
    on: date,
    by: str,
) -> tuple[Account, str]:
    """An account for the person on file with this mail address, else for a new one, and the
    password: invented, and to be changed, where none is given; none where the identity provider
    `issuer` knows them as `subject`.

    Refused for a login or a person that has one, and for a first account that is no administrator:
    with it everybody has to sign in, and nobody could make the second.
    """
    login = login.strip().lower()
    if not LOGIN.fullmatch(login):
        raise Refused(
            "登录名用小写字母、数字和 . _ @ - / a login has small letters, digits and . _ @ -"
        )
    alone(session)
    first = not any_account(session)
    if first and (post is None or post.role is not Role.ADMINISTRATOR):
        raise Refused("第一个账号须是管理员 / the first account has to be an administrator")
    person = _person(session, name, mail)
    _free(session, login, person)
    known_as = _subject(session, subject)
    issuer = issuer if known_as else ""
    given = password or ("" if known_as else passwords.invented())
    if password:
        passwords.check(password, login, person.name)
    row = AccountRow(
        person_id=person.id or 0, login=login,
        password_hash=passwords.hashed(given) if given else "",
        must_change=bool(given) and not password, subject=known_as, issuer=issuer, made_at=now,
        changed_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    body = {"account": row.id, "person": reference(person), "by": traced(session, by)}
    trail.append(session, trail.HOUSE, "account.added", reference(person), body, now=now)
    if post is not None:
        give(session, row.id or 0, post, now=now, on=on, by=by)
    return account(session, row.id or 0, on), given


def _free(session: Session, login: str, person: PersonRow) -> None:
    taken = session.exec(
        select(AccountRow).where(
            (col(AccountRow.login) == login) | (col(AccountRow.person_id) == person.id)
        )
    ).first()
    if taken is not None:
        raise Refused(
            f"已有账号 {taken.login} / there is an account already: {taken.login}; "
            "一人一个账号，登录名不重复 / one for each person, each with its own login"
        )


def _person(session: Session, name: str, mail: str) -> PersonRow:
    known = people.by_mail(session, mail) if mail.strip() else None
    if known is not None:
        return known
    if not name.strip():
        raise Refused("没有姓名 / no name, and nobody on file has this mail address")
    if mail.strip():
        try:
            Address(mail.strip())
        except ValueError as mistake:
            raise Refused(f"邮箱地址有误：{mail.strip()} / {mistake}") from mistake
    row = PersonRow(
        name=name.strip()[:100], mail=mail.strip().lower() or None, salt=secrets.token_hex(16)
    )
    session.add(row)
    session.flush()
    return row


# -- the office's identity provider --------------------------------------------------------------


def vouched(
    session: Session, subject: str, issuer: str, mail: str, *, now: datetime, on: date
) -> Account | None:
    """Whose account that is, by the subject at that issuer; else by a verified mail address where
    the account has no subject yet, which it gets. The same subject at another issuer is nobody's.
    """
    _belongs_here(session, issuer)
    held = session.exec(select(AccountRow).where(AccountRow.subject == subject)).first()
    if held is not None:
        return account(session, held.id or 0, on) if held.issuer == issuer else None
    person = people.by_mail(session, mail) if mail.strip() else None
    row = None if person is None else session.exec(
        select(AccountRow).where(
            AccountRow.person_id == person.id, col(AccountRow.subject).is_(None),
            col(AccountRow.disabled_at).is_(None),
        )
    ).first()  # fmt: skip
    if row is None or row.id is None:
        return None
    set_subject(session, row.id, subject, issuer, now=now, on=on, by="provider")
    return account(session, row.id, on)


def _belongs_here(session: Session, issuer: str) -> None:
    """Subjects that were entered before an issuer was known are those of the first that vouches for
    anybody, and of no later one."""
    loose = col(AccountRow.subject).is_not(None), col(AccountRow.issuer) == ""
    session.connection().execute(update(AccountRow).where(*loose).values(issuer=issuer))


def set_subject(
    session: Session, id_: int, subject: str, issuer: str, *, now: datetime, on: date, by: str
) -> None:
    """How the identity provider `issuer` names them, empty for not at all; every sign-in ends.
    Refused for what names another account."""
    one = account(session, id_, on)
    issuer = issuer if subject.strip() else ""
    if (subject.strip(), issuer) == (one.subject, one.issuer):
        return
    row = session.get_one(AccountRow, id_)
    row.subject, row.issuer = None, issuer
    session.flush()
    row.subject = _subject(session, subject)
    session.flush()
    end_sign_ins(session, id_, now=now)
    person = people.person(session, one.person_id)
    body = {"account": one.id, "by": traced(session, by)}
    trail.append(session, trail.HOUSE, "account.subject", reference(person), body, now=now)


def _subject(session: Session, given: str) -> str | None:
    subject = given.strip()[:SUBJECT]
    if not subject:
        return None
    taken = session.exec(select(AccountRow.login).where(AccountRow.subject == subject)).first()
    if taken is not None:
        raise Refused(f"这个标识已是账号 {taken} 的 / it names the account {taken} already")
    return subject


# -- roles ---------------------------------------------------------------------------------------


def give(session: Session, id_: int, post: Post, *, now: datetime, on: date, by: str) -> None:
    """From the day `on`. Whoever gets another role signs in anew. Refused for a role that the
    account has, for one of a unit without a unit, and for an administrator of one programme."""
    alone(session)
    one = account(session, id_, on)
    _fits(session, post)
    if any(seat.post == post for seat in one.seats):
        raise Refused("已有这个角色 / the account has this role already")
    session.add(
        MembershipRow(
            person_id=one.person_id, programme=post.programme, unit=post.unit,
            role=post.role.value, from_on=on,
        )
    )  # fmt: skip
    session.flush()
    end_sign_ins(session, id_, now=now)
    _told(session, one, "role.given", post, now, by)


def take(session: Session, id_: int, seat: int, *, now: datetime, on: date, by: str) -> None:
    """End a role on the day `on`; Refused for the last administrator's."""
    alone(session)
    one = account(session, id_, on)
    found = next((held for held in one.seats if held.id == seat), None)
    if found is None:
        raise NotFound(f"没有这个任职 / no such role: {seat}")
    if found.post.role is Role.ADMINISTRATOR:
        _another_administrator(session, id_, on)
    row = session.get_one(MembershipRow, seat)
    row.until_on = max(on, row.from_on)
    session.flush()
    end_sign_ins(session, id_, now=now)
    _told(session, one, "role.ended", found.post, now, by)


def _fits(session: Session, post: Post) -> None:
    if post.role is Role.ADMINISTRATOR and post.programme is not None:
        raise Refused("管理员管全部，不分方案 / an administrator is one for all programmes")
    if post.programme is not None:
        programmes.current(session, post.programme)
    if post.role in OF_ALL and post.unit != EVERY_UNIT:
        raise Refused("这个角色不分单位 / this role is not one of a unit")
    if post.role in OF_ALL:
        return
    if post.unit == EVERY_UNIT:
        raise Refused("这个角色须指明单位 / this role needs a unit")
    if people.unit_of(session, post.unit, post.programme) != post.unit:
        where = post.programme or "the programmes loaded"
        raise NotFound(f"方案中没有这个单位 / no unit {post.unit!r} in {where}")


def _told(session: Session, one: Account, kind: str, post: Post, now: datetime, by: str) -> None:
    person = people.person(session, one.person_id)
    body = {"role": post.role.value, "programme": post.programme or "", "unit": post.unit,
            "person": reference(person), "by": traced(session, by)}  # fmt: skip
    trail.append(session, trail.HOUSE, kind, reference(person), body, now=now)


def _another_administrator(session: Session, but: int, on: date) -> None:
    for one in accounts(session, on):
        is_one = any(seat.post.role is Role.ADMINISTRATOR for seat in one.seats)
        if one.id != but and is_one and one.disabled_at is None:
            return
    raise Refused(
        "这是最后一个管理员，先另设一个 / this is the last administrator: name another one first"
    )


# -- passwords, and the way out ------------------------------------------------------------------


def change_password(
    database: Database, one: Account, old: str, new: str, *, keep: int | None, now: datetime
) -> None:
    """Refused where the old one is wrong or the new one easily guessed, TooOften for who guesses
    the old one. Every sign-in but `keep` ends."""
    with database.write() as session:
        tries.take(session, f"change|{one.id}", tries.DEVICE, now)
        stored = session.get_one(AccountRow, one.id).password_hash
    if not passwords.matches(stored, old):
        raise Refused("原密码不对 / the present password is wrong")
    if old == new:
        raise Refused("新密码与原密码相同 / the new password is the old one")
    passwords.check(new, one.login, one.name)
    hashed = passwords.hashed(new)
    with database.write() as session:
        _set(session, one.id, hashed, must_change=False, now=now)
        end_sign_ins(session, one.id, now=now, keep=keep)
        _password_told(session, one, now, one.by)


def new_password(session: Session, id_: int, *, now: datetime, on: date, by: str) -> str:
    """An invented one for somebody who forgot theirs, to be changed; every sign-in ends."""
    one = account(session, id_, on)
    given = passwords.invented()
    _set(session, id_, passwords.hashed(given), must_change=True, now=now)
    end_sign_ins(session, id_, now=now)
    _password_told(session, one, now, by)
    return given


def _set(session: Session, id_: int, hashed: str, *, must_change: bool, now: datetime) -> None:
    row = session.get_one(AccountRow, id_)
    row.password_hash, row.must_change, row.changed_at = hashed, must_change, now
    session.flush()


def _password_told(session: Session, one: Account, now: datetime, by: str) -> None:
    person = people.person(session, one.person_id)
    body = {"account": one.id, "by": traced(session, by)}
    trail.append(session, trail.HOUSE, "account.password", reference(person), body, now=now)


def disable(session: Session, id_: int, *, now: datetime, on: date, by: str) -> None:
    """Nobody comes in with it any more: sign-ins end, tokens are dead. Refused for the last
    administrator."""
    alone(session)
    one = account(session, id_, on)
    if any(seat.post.role is Role.ADMINISTRATOR for seat in one.seats):
        _another_administrator(session, id_, on)
    _switch(session, one, now, "account.disabled", now, by)
    end_sign_ins(session, id_, now=now)


def enable(session: Session, id_: int, *, now: datetime, on: date, by: str) -> None:
    """Refused for somebody who was erased."""
    one = account(session, id_, on)
    if people.person(session, one.person_id).erased_at is not None:
        raise Refused("这个人已删除 / this person was erased")
    _switch(session, one, None, "account.enabled", now, by)


def _switch(
    session: Session, one: Account, at: datetime | None, kind: str, now: datetime, by: str
) -> None:
    session.get_one(AccountRow, one.id).disabled_at = at
    session.flush()
    person = people.person(session, one.person_id)
    body = {"account": one.id, "by": traced(session, by)}
    trail.append(session, trail.HOUSE, kind, reference(person), body, now=now)


def end_sign_ins(session: Session, id_: int, *, now: datetime, keep: int | None = None) -> None:
    ending = update(SignInRow).where(
        col(SignInRow.account_id) == id_, col(SignInRow.ended_at).is_(None),
        col(SignInRow.id) != (keep or 0),
    )  # fmt: skip
    session.connection().execute(ending.values(ended_at=now))


def set_language(session: Session, id_: int, language: str, *, on: date) -> None:
    """The pages' and the mails' of this person."""
    people.person(session, account(session, id_, on).person_id).language = language
    session.flush()


def token_counts(session: Session, now: datetime) -> Mapping[int, int]:
    """How many tokens of each account open something."""
    wanted = (
        select(TokenRow.account_id, func.count())
        .where(col(TokenRow.revoked_at).is_(None), col(TokenRow.until_at) > now)
        .group_by(col(TokenRow.account_id))
    )
    return dict(session.exec(wanted).all())


# -- rows ----------------------------------------------------------------------------------------


def _joined() -> Any:
    return select(AccountRow, PersonRow).join(
        PersonRow, col(AccountRow.person_id) == col(PersonRow.id)
    )


def _account(row: AccountRow, person: PersonRow, seats: Sequence[Seat]) -> Account:
    return Account(
        id=row.id or 0, person_id=row.person_id, login=row.login, name=person.name,
        mail=person.mail or "", language=person.language, must_change=row.must_change,
        disabled_at=row.disabled_at, made_at=row.made_at, changed_at=row.changed_at,
        seats=tuple(seats),
        subject=row.subject or "", issuer=row.issuer,
    )  # fmt: skip


def _held(session: Session, persons: Sequence[int], on: date) -> dict[int, list[Seat]]:
    """The roles of each of these people that run on that day."""
    found: dict[int, list[Seat]] = {}
    for some in queries.chunks(persons):
        wanted = select(MembershipRow).where(
            col(MembershipRow.person_id).in_(some), col(MembershipRow.from_on) <= on,
            col(MembershipRow.until_on).is_(None) | (col(MembershipRow.until_on) > on),
        )  # fmt: skip
        for row in session.exec(wanted.order_by(col(MembershipRow.id))):
            post = Post(Role(row.role), row.programme, row.unit)
            found.setdefault(row.person_id, []).append(Seat(row.id or 0, post, row.from_on))
    return found

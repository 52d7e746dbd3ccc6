"""An account for every role, so that a visitor can look at the pages with everybody's eyes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from schedules.deadlines import local_day
from tracker.domain.authority import Post, Role
from tracker.domain.programme import Programme, owing, reviewing
from tracker.services import accounts, passwords, people
from tracker.store.database import Database
from tracker.wording import text

BY = "demo"


@dataclass(frozen=True)
class Visitors:
    """One password for all, another one at every demonstration; each login is its role's name."""

    password: str
    logins: tuple[tuple[Role, str], ...]
    """Role and, for a role in a unit, that unit's name."""


def invite(database: Database, programme: Programme, now: datetime) -> Visitors:
    """The people of the programme who have these roles, with accounts; two more who only read and
    only administer."""
    on, password = local_day(now, programme.tz), passwords.invented()
    wanted = [
        Post(Role.ADMINISTRATOR), Post(Role.OFFICE, programme.id), Post(Role.LEADER, programme.id),
        Post(Role.AUDITOR, programme.id), *_in_units(programme),
    ]  # fmt: skip
    with database.write() as session:
        for post in wanted:
            mail = _mail(session, programme.id, post, now)
            accounts.add(
                session, post.role.value, name="演示" + text(f"role.{post.role}"), mail=mail,
                post=None if mail else post, password=password, now=now, on=on, by=BY,
            )  # fmt: skip
    names = programme.unit_names
    return Visitors(password, tuple((one.role, names.get(one.unit, "")) for one in wanted))


def _in_units(programme: Programme) -> Sequence[Post]:
    """In the unit that owes most clauses, and the one that reviews most."""
    owed: Counter[str] = Counter()
    reviewed: Counter[str] = Counter()
    for _, item, clause in programme.clauses.values():
        owed.update(owing(item, clause))
        reviewed.update(reviewing(item, clause))
    found = [(Role.CONTACT, owed), (Role.HEAD, owed), (Role.REVIEWER, reviewed)]
    return [Post(role, programme.id, units.most_common(1)[0][0]) for role, units in found if units]


def _mail(session: Session, slug: str, post: Post, now: datetime) -> str:
    """Of whoever has the post in the play; empty where nobody has."""
    holders = people.holders(session, slug, now.date())
    fitting = (one for one in holders if (one.role, one.unit) == (post.role, post.unit))
    return next((one.mail for one in fitting if one.mail), "")

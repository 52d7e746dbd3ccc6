"""Who gets which digests of a week: each person one mail, with everything that its posts ask for.

A leader of any unit and the office see the whole; heads, contacts and leaders in charge of units
have those units' page, reviewers the queue of the units that they review for. Who stands in for
somebody who is away has their posts as well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256

from sqlmodel import Session

from tracker.services import absences, people
from tracker.services.digest import Audience
from tracker.services.people import EVERY_UNIT, Role
from tracker.store.tables import PersonRow

OWN, REVIEWED = "unit:", "reviewer:"
LONGEST = 400


@dataclass
class Reader:
    """A person and the posts that a digest is for; `sees` is empty for who sees no whole."""

    person: PersonRow
    sees: Audience | None = None
    own: set[str] = field(default_factory=set)
    reviews: set[str] = field(default_factory=set)

    def names(self, there: Collection[str]) -> list[str]:
        """The digests of this reader, the widest first: of several units together where each of
        them is `there`."""
        whole = [] if self.sees is None else [self.sees.value]
        return [*whole, *together(OWN, self.own, there), *together(REVIEWED, self.reviews, there)]


def together(kind: str, units: Collection[str], there: Collection[str]) -> list[str]:
    """One name for those of the units that there is a digest of: "unit:housing,office"."""
    found = sorted(unit for unit in units if f"{kind}{unit}" in there)
    return [kind + ",".join(found)] if found else []


def shelved(name: str) -> str:
    """A digest's name in the archive: one of hundreds of units is longer than an index takes."""
    if len(name) <= LONGEST:
        return name
    return f"{name[: name.index(':') + 1]}{sha256(name.encode()).hexdigest()}"


def units_of(name: str) -> tuple[Audience, tuple[str, ...]]:
    """What a digest's name says: for whom it is, and of which units."""
    kind, _, units = name.partition(":")
    audience = Audience.HEAD if kind == "unit" else Audience(kind)
    return audience, tuple(units.split(",")) if units else ()


def readers(session: Session, slug: str, units: Sequence[str], on: date) -> list[Reader]:
    """Of these units' digests on that day, in the order of their posts."""
    gone = absences.away(session, on)
    found: dict[int, Reader] = {}
    for role, unit, person in _posts(session, slug, units, on):
        stand_in = gone.get(person.id or 0)
        mailed = [] if stand_in is None else [stand_in.deputy]
        if stand_in is None or stand_in.copied:
            mailed.append(person)
        for one in mailed:
            _take(found.setdefault(one.id or 0, Reader(one)), role, unit)
    return list(found.values())


def _posts(
    session: Session, slug: str, units: Sequence[str], on: date
) -> Iterator[tuple[Role, str, PersonRow]]:
    everywhere = set()
    for role in (Role.LEADER, Role.OFFICE):
        for person in people.resolve(session, slug, EVERY_UNIT, role, on):
            everywhere.add((role, person.id))
            yield role, EVERY_UNIT, person
    for role in (Role.LEADER, Role.HEAD, Role.CONTACT, Role.REVIEWER):
        for unit, holders in people.resolve_each(session, slug, units, role, on).items():
            for person in holders:
                if (role, person.id) not in everywhere:
                    yield role, unit, person


def _take(reader: Reader, role: Role, unit: str) -> None:
    if role is Role.OFFICE:
        reader.sees = Audience.OFFICE
    elif role is Role.LEADER:
        reader.sees = reader.sees or Audience.LEADER
    if role is Role.REVIEWER:
        reader.reviews.add(unit)
    elif unit != EVERY_UNIT:
        reader.own.add(unit)

"""Who has which role today, for whoever sends something to a role."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from sqlmodel import Session

from notifiers.message import BY_MAIL, Address, Way
from tracker.domain.dispatches import Recipient
from tracker.domain.policy import Role
from tracker.domain.programme import Clause, Item, leading, reviewing
from tracker.services import absences, people, programmes
from tracker.store.tables import PersonRow

_Roles = dict[tuple[str, str], list[Recipient]]

Post = tuple[str, str, str, str]
"""Programme, unit, role, and the key of the obligation of which the role is told."""


class Told(Protocol):
    """What says of a notice who is told."""

    @property
    def key(self) -> str: ...
    @property
    def programme(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def obligation(self) -> str: ...


class Directory:
    """Who has which role today, or stands in for who has it; each programme looked up once.

    Everybody is looked up, unless it was told by `gather` for whom it will be asked.
    """

    def __init__(self, session: Session, now: datetime, ways: Sequence[Way] = BY_MAIL) -> None:
        self._session = session
        self._now = now
        self._ways = ways
        self._known: dict[str, _Roles] = {}
        self._of_unit: dict[tuple[str, str, str], list[Recipient]] = {}
        self._known_offices: dict[str, _Roles] = {}
        self._behind: dict[tuple[str, str, str, int], list[str]] = {}
        self._away: dict[date, Mapping[int, absences.StandIn]] = {}
        self._units: dict[str, set[str]] = {}
        self._called: dict[int, tuple[str, str]] = {}

    def called(self, person: int) -> tuple[str, str]:
        """Name and mail address, empty without one, of somebody that it has told of."""
        return self._called[person]

    def gather(self, posts: Iterable[Post]) -> None:
        """Only the units of these are looked up: a batch of mails asks for a few of thousands."""
        for programme, unit, role, obligation in posts:
            units = self._units.setdefault(programme, {people.EVERY_UNIT})
            units.add(unit)
            if role == Role.LEAD:
                units.update(self._leading(programme, obligation))
            elif role == people.Role.REVIEWER:
                units.update(self._reviewing(programme, obligation))

    def of(self, one: Told) -> list[Recipient]:
        """The people to tell, in order of appointment; a deputy where there is no contact."""
        copy = _COPY.search(one.key)
        found = self.having(one.programme, one.unit, one.role, one.obligation)
        return [who for who in found if copy is None or who.person == int(copy[1])]

    def having(self, programme: str, unit: str, role: str, obligation: str) -> list[Recipient]:
        """In the unit that owes the obligation; of its lead unit, of whoever reviews it (without
        one the office), in the coordinating office."""
        match role:
            case people.Role.OFFICE:
                return self._office(programme)
            case Role.LEAD:
                return self._in_each(programme, self._leading(programme, obligation), Role.CONTACT)
            case people.Role.REVIEWER:
                units = self._reviewing(programme, obligation)
                found = self._in_each(programme, [*units, people.EVERY_UNIT], role)
                return found or self._office(programme)
            case _:
                return self._in_unit(programme, unit, role)

    def _in_unit(self, programme: str, unit: str, role: str) -> list[Recipient]:
        asked = programme, unit, role
        if asked not in self._of_unit:
            self._of_unit[asked] = self._found_in(programme, unit, role)
        return self._of_unit[asked]

    def _found_in(self, programme: str, unit: str, role: str) -> list[Recipient]:
        roles = self._roles(programme)
        found = [*roles.get((unit, role), ()), *roles.get((people.EVERY_UNIT, role), ())]
        if not found and role == people.Role.CONTACT:
            return self._in_unit(programme, unit, people.Role.DEPUTY)
        return list({who.person: who for who in found}.values())

    def _in_each(self, programme: str, units: Iterable[str], role: str) -> list[Recipient]:
        found = (who for unit in units for who in self._in_unit(programme, unit, role))
        return list({who.person: who for who in found}.values())

    def _office(self, programme: str) -> list[Recipient]:
        """It is the same for every unit."""
        of_role = (
            who
            for (_, role), those in self._offices(programme).items()
            if role == people.Role.OFFICE
            for who in those
        )
        return list({who.person: who for who in of_role}.values())

    def _offices(self, programme: str) -> _Roles:
        if programme not in self._units:
            return self._roles(programme)
        if programme not in self._known_offices:
            self._known_offices[programme] = self._look_up(programme, role=people.Role.OFFICE)
        return self._known_offices[programme]

    def _leading(self, programme: str, obligation: str) -> tuple[str, ...]:
        found = self._clause(programme, obligation)
        return () if found is None else leading(*found)

    def _reviewing(self, programme: str, obligation: str) -> tuple[str, ...]:
        found = self._clause(programme, obligation)
        return () if found is None else reviewing(*found)

    def _clause(self, programme: str, obligation: str) -> tuple[Item, Clause] | None:
        """None for a clause that the current version no longer has."""
        place = programmes.current(self._session, programme).clauses.get(obligation.split("/")[0])
        return None if place is None else place[1:]

    def stands_in_for(self, person: int, posts: Iterable[tuple[str, str, str]]) -> tuple[str, ...]:
        """The names of those with one of these posts (programme, unit, role) who are away and for
        whom the person stands in."""
        found: list[str] = []
        for programme, unit, role in posts:
            self._roles(programme)
            found += self._behind.get((programme, unit, role, person), ())
            found += self._behind.get((programme, people.EVERY_UNIT, role, person), ())
        return tuple(dict.fromkeys(found))

    def _roles(self, programme: str) -> _Roles:
        if programme not in self._known:
            self._known[programme] = self._look_up(programme, units=self._units.get(programme))
        return self._known[programme]

    def _look_up(
        self, programme: str, units: Collection[str] | None = None, role: people.Role | None = None
    ) -> _Roles:
        roles: _Roles = {}
        ways = self._ways_of(programme)
        on = self._now.astimezone(programmes.current(self._session, programme).tz).date()
        away = self._away_on(on)
        for holder in people.holders(self._session, programme, on, units=units, role=role):
            told = roles.setdefault((holder.unit, holder.role), [])
            stand_in = away.get(holder.person_id)
            if stand_in is not None:
                deputy = stand_in.deputy
                self._called[deputy.id or 0] = deputy.name, deputy.mail or ""
                told.append(_reached(stand_in.deputy, ways))
                behind = (programme, holder.unit, holder.role.value, stand_in.deputy.id or 0)
                self._behind.setdefault(behind, []).append(holder.name)
            if stand_in is None or stand_in.copied:
                self._called[holder.person_id] = holder.name, holder.mail or ""
                told.append(Recipient(holder.person_id, way_to(holder.works, ways)))
        return roles

    def _away_on(self, on: date) -> Mapping[int, absences.StandIn]:
        if on not in self._away:
            self._away[on] = absences.away(self._session, on)
        return self._away[on]

    def _ways_of(self, programme: str) -> Sequence[Way]:
        """In the programme's order, where it names any that are in use; else in the service's."""
        in_use = {way.name: way for way in self._ways}
        named = programmes.current(self._session, programme).policy.channels
        return [in_use[name] for name in named if name in in_use] or self._ways


def _reached(deputy: PersonRow, ways: Sequence[Way]) -> Recipient:
    works = None if deputy.bounced_at is not None else deputy.mail
    return Recipient(deputy.id or 0, way_to(works, ways))


_COPY = re.compile(r"\|p(\d+)$")


def is_copy(key: str) -> bool:
    """Whether the notice is the copy for a further person in the role."""
    return _COPY.search(key) is not None


def way_to(mail: str | None, ways: Sequence[Way]) -> str:
    """The first channel that reaches a person with this address or none; empty where none does."""
    reached = is_address(mail)
    return next((way.name for way in ways if reached or not way.needs_address), "")


def is_address(mail: str | None) -> bool:
    try:
        return bool(mail and Address(mail))
    except ValueError:
        return False

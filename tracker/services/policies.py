"""催办办法 of a programme, a section or an item: what a change would do is seen first, then it is a
new version of the programme."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import ValidationError
from sqlmodel import Session

from tracker.definitions import policies, telling
from tracker.definitions.complaints import fault_of
from tracker.definitions.faults import Fault
from tracker.domain.errors import DefinitionError, NotFound, Refused
from tracker.domain.policy import Policy, PolicyChange
from tracker.domain.programme import Item, Programme, Section
from tracker.services import coming, programmes, trail
from tracker.services.coming import Coming
from tracker.services.programmes import Published

Kind = Literal["programme", "section", "item"]
Said = Mapping[str, Any]
"""Keys of a policy and their values, in the words of the document."""


@dataclass(frozen=True)
class Place:
    """Whose policy; of a programme `id` is empty."""

    kind: Kind = "programme"
    id: str = ""


@dataclass(frozen=True)
class Stated:
    """A place with what its own policy says, and what counts there all in all."""

    place: Place
    title: str
    own: Said
    whole: Policy


@dataclass(frozen=True, order=True)
class Telling:
    """Somebody is told of an obligation by a mail to come; nobody has no name."""

    at: datetime
    name: str
    obligation: str
    unit: str
    rung: str
    role: str


@dataclass(frozen=True)
class Foreseen:
    """The mails up to `until` as they are and as they would be, and who would be told more and
    less by them."""

    until: datetime
    mails_now: int
    mails_then: int
    more: tuple[Telling, ...]
    fewer: tuple[Telling, ...]


def stated(programme: Programme) -> list[Stated]:
    """The programme's, then what sections and items have otherwise."""
    found = [stands_at(programme, Place())]
    for section in programme.sections:
        if section.policy is not None:
            found.append(stands_at(programme, Place("section", section.id)))
        found += [
            stands_at(programme, Place("item", item.id)) for item in section.items
            if item.policy is not None
        ]  # fmt: skip
    return found


def stands_at(programme: Programme, place: Place) -> Stated:
    """NotFound for a section or an item that there is not."""
    section, item = _found(programme, place)
    whole = programme.policy
    if section is None:
        own = whole.model_dump(mode="json", exclude_defaults=True)
        return Stated(place, programme.title, own, whole)
    holder = section if item is None else item
    change = holder.policy or PolicyChange()
    nearest = whole.changed(section.policy, None if item is None else item.policy)
    return Stated(place, holder.title, change.model_dump(mode="json", exclude_none=True), nearest)


def above(programme: Programme, place: Place) -> Policy:
    """What counts at the place where its own policy says nothing."""
    section, item = _found(programme, place)
    if section is None:
        return Policy()
    return programme.policy.changed(section.policy) if item is not None else programme.policy


def changed(programme: Programme, place: Place, said: Said) -> Programme:
    """With this as the place's own policy, read and checked as the document is: DefinitionError.
    Refused where it says the same already."""
    body = programme.model_dump(mode="json", by_alias=True)
    route = _route(programme, place)
    holder: Any = body
    for part in route:
        holder = holder[part]
    holder["policy"] = dict(said) if said or not route else None
    try:
        new = Programme.model_validate(body)
    except ValidationError as error:
        wrong = [fault_of(one, Programme) for one in error.errors(include_url=False)]
        raise _wrong(wrong) from error
    wrong = [one for one in policies.faults(new) if one not in list(policies.faults(programme))]
    if wrong:
        raise _wrong(wrong)
    if stands_at(new, place).own == stands_at(programme, place).own:
        raise Refused("已经是这样 / it is so already")
    return new


def foresee(session: Session, slug: str, place: Place, said: Said, *, now: datetime) -> Foreseen:
    """What the change would do to the mails of the next two weeks. Nothing is saved."""
    new = changed(programmes.current(session, slug), place, said)
    before, after = coming.compared(session, slug, new, now=now)
    told, would_be = set(_tellings(before)), set(_tellings(after))
    return Foreseen(
        now + coming.TWO_WEEKS, _mails(before), _mails(after),
        tuple(sorted(would_be - told)), tuple(sorted(told - would_be)),
    )  # fmt: skip


def change(
    session: Session, slug: str, place: Place, said: Said, *, now: datetime, by: str, reason: str
) -> Published:
    """A new version of the programme; what was made before goes out as it was made."""
    if not reason.strip():
        raise Refused("请写明理由 / a policy is changed for a reason")
    new = changed(programmes.current(session, slug), place, said)
    done = programmes.publish(session, new, now=now, by=by)
    body = {
        "place": place.kind, "id": place.id, "policy": dict(stands_at(new, place).own),
        "version": done.version,
        "by": trail.traced(session, by),
    }  # fmt: skip
    trail.append(session, slug, "programme.policy", place.id or slug, body, now=now)
    return done


def _found(programme: Programme, place: Place) -> tuple[Section | None, Item | None]:
    if place.kind == "programme":
        return None, None
    for section in programme.sections:
        if place.kind == "section" and section.id == place.id:
            return section, None
        item = next((one for one in section.items if one.id == place.id), None)
        if place.kind == "item" and item is not None:
            return section, item
    raise NotFound(f"没有这个板块或任务 / no {place.kind} {place.id!r} in programme {programme.id}")


def _route(programme: Programme, place: Place) -> tuple[str | int, ...]:
    section, item = _found(programme, place)
    if section is None:
        return ()
    route: tuple[str | int, ...] = ("sections", programme.sections.index(section))
    return route if item is None else (*route, "items", section.items.index(item))


def _wrong(faults: Sequence[Fault]) -> DefinitionError:
    """Each at the key of the policy that it is about."""
    return DefinitionError([telling.in_both(one, place=_key(one)) for one in faults])


def _key(fault: Fault) -> str:
    parts = [str(part) for part in fault.route]
    first = parts.index(policies.HERE) + 1 if policies.HERE in parts else 0
    return ".".join(parts[first:]) or policies.HERE


def _tellings(mails: Iterable[Coming]) -> Iterator[Telling]:
    for one in mails:
        for told in one.matters:
            yield Telling(one.at, one.name, told.obligation, told.unit, told.rung, told.role)


def _mails(found: Iterable[Coming]) -> int:
    return sum(one.person != 0 for one in found)

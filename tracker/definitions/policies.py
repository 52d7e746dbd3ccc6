"""What a policy's shape cannot say: rungs given twice, a window that closes before it opens."""

from __future__ import annotations

from collections.abc import Iterator

from notifiers.message import WAYS
from tracker.definitions.faults import Fault
from tracker.definitions.yamltext import Route
from tracker.domain.policy import Policy, PolicyChange, Role
from tracker.domain.programme import Item, Programme, leading

HERE = "policy"


def faults(programme: Programme) -> Iterator[Fault]:
    """Of the programme's policy and of what sections and items have otherwise."""
    whole = programme.policy
    yield from _window((HERE,), whole)
    yield from _channels((HERE,), whole)
    yield from _rungs((HERE,), whole)
    yield from _order((HERE,), whole, whole)
    for s, section in enumerate(programme.sections):
        route: Route = ("sections", s)
        yield from _changed((*route, HERE), section.policy, whole.changed(section.policy))
        for i, item in enumerate(section.items):
            here: Route = (*route, "items", i, HERE)
            nearest = whole.changed(section.policy, item.policy)
            yield from _changed(here, item.policy, nearest)
            yield from _lead(here, item)


def _changed(route: Route, change: PolicyChange | None, nearest: Policy) -> Iterator[Fault]:
    if change is not None:
        yield from _rungs(route, change)
        yield from _order(route, change, nearest)


def _window(route: Route, policy: Policy) -> Iterator[Fault]:
    if policy.opens >= policy.closes:
        values = {"opens": f"{policy.opens:%H:%M}", "closes": f"{policy.closes:%H:%M}"}
        yield Fault((*route, "closes"), "window_never_opens", values)


def _channels(route: Route, policy: Policy) -> Iterator[Fault]:
    for number, name in enumerate(policy.channels):
        if name not in WAYS:
            values = {"given": name, "known": list(WAYS)}
            yield Fault((*route, "channels", number), "not_one_of", values)


def _rungs(route: Route, policy: Policy | PolicyChange) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for number, rung in enumerate(policy.rungs or ()):
        if rung.at in first:
            twin = (*route, "rungs", first[rung.at])
            yield Fault((*route, "rungs", number), "rung_twice", {"at": rung.at}, twin=twin)
        first.setdefault(rung.at, number)


def _order(route: Route, said: Policy | PolicyChange, nearest: Policy) -> Iterator[Fault]:
    """The fault stands where one of the two was said."""
    last = nearest.overdue_last
    if last == "never" or last >= nearest.overdue_first:
        return
    fields = type(said).model_fields
    names = ("overdue_last", "overdue_first")
    told = [name for name in names if getattr(said, name) != fields[name].get_default()]
    if told:
        values = {"first": nearest.overdue_first, "last": last}
        yield Fault((*route, told[0]), "ends_before_first_rung", values)


def _lead(route: Route, item: Item) -> Iterator[Fault]:
    """An item of its own accord tells its lead unit, and has none."""
    change = item.policy
    if change is None or any(leading(item, clause) for clause in item.clauses):
        return
    joined = [
        name for name in ("joins", "case_joins") if Role.LEAD in (getattr(change, name) or ())
    ]
    told = [n for n, rung in enumerate(change.rungs or ()) if Role.LEAD in rung.tells]
    for place in (*((name,) for name in joined), *(("rungs", n) for n in told)):
        yield Fault((*route, *place), "no_lead_unit", {"item": item.id})

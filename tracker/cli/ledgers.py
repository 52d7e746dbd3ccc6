"""The score: sums per section and item, and down to the arithmetic of every entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tracker.cli import show
from tracker.cli.boards import Seen, unit_of
from tracker.cli.comparing import comparison, signed
from tracker.cli.grounds import grounds
from tracker.cli.words import heading, say, state
from tracker.definitions.aheadforms import current_answer
from tracker.definitions.answers import CurrentAnswer, ledger_answer
from tracker.domain.attribution import Cause, item_losses, unit_losses
from tracker.domain.comparison import compare
from tracker.domain.ledger import Entry
from tracker.domain.points import units
from tracker.domain.programme import Clause, Item, Section
from tracker.domain.rules import Status
from tracker.wording import arithmetic, named
from tracker.wording.forms import points


def show_score(seen: Seen, *, unit: str, explain: bool, as_json: bool) -> None:
    of = unit_of(seen.programme, unit) if unit else ""
    if as_json:
        ledger = seen.board.ledger
        says = {one.id: _arithmetic(seen, one) for one in ledger.entries}
        show.answer(
            ledger_answer(
                ledger,
                version=seen.board.version,
                final=seen.board.final,
                unit=of,
                says=says,
                current=_current(seen),
                retroactive=seen.board.retroactive,
            )
        )
        return
    lines = [seen.headline(), *_sums(seen), *_retroactive(seen), *_beside(seen)]
    lines += list(_explained(seen, of)) if explain else list(_tables(seen, of))
    show.echo(*lines)


def _current(seen: Seen) -> CurrentAnswer | None:
    if seen.current is None:
        return None
    found = compare(seen.board.ledger, seen.current.ledger)
    return current_answer(found, seen.current.programme, seen.current.version)


def _beside(seen: Seen) -> Iterator[str]:
    """The current version, where an earlier one was asked for."""
    if seen.current is None:
        return
    found = compare(seen.board.ledger, seen.current.ledger)
    yield say(
        "score.versions", seen.lang, old=seen.board.version, new=seen.current.version,
        before=points(found.before.score), after=points(found.after.score),
        change=signed(found.change),
    )  # fmt: skip
    yield from comparison(seen, found)
    yield ""


def _retroactive(seen: Seen) -> Iterator[str]:
    """The provisional score and the final one where a later result decides between them."""
    found = seen.board.retroactive
    if found is None:
        return
    key = "score.retroactive_final" if found.final else "score.retroactive"
    yield say(
        key, seen.lang, provisional=points(found.provisional), standing=points(found.standing),
        reached=points(found.reached), at=seen.told(found.settles_at),
    )  # fmt: skip
    for one in found.rules:
        key = "score.retroaction_applies" if one.applies else "score.retroaction"
        change = signed(one.takes_back)
        yield "  " + say(key, seen.lang, rule=one.rule, change=change)
    key = "score.settling_final" if found.final else "score.settling"
    for entry in found.entries:
        yield "    " + say(
            key, seen.lang, rule=entry.rule, about=f" {entry.occurrence}".rstrip(),
            provisional=points(entry.provisional), standing=points(entry.standing),
            reached=points(entry.reached),
        )  # fmt: skip
    yield ""


def _arithmetic(seen: Seen, entry: Entry) -> str:
    steps = [named(one, seen.programme.called) for one in entry.steps]
    return arithmetic(steps, seen.lang, seen.programme.tz)


def _sums(seen: Seen) -> Iterator[str]:
    ledger = seen.board.ledger
    yield say(
        "score.line", seen.lang,
        score=points(ledger.score), points=points(ledger.base_points), base=points(ledger.base),
        bonus=points(ledger.bonus), penalty=points(ledger.penalty),
    )  # fmt: skip
    yield say(
        "score.lost", seen.lang,
        lost=points(ledger.lost), settled=points(ledger.settled_lost),
        provisional=points(ledger.provisional_lost), pending=len(ledger.pending),
        unknown=len(ledger.unknown), worst=points(ledger.worst_score),
    )  # fmt: skip
    if seen.board.final:
        yield say("score.final", seen.lang)
    yield ""


def _tables(seen: Seen, unit: str) -> Iterator[str]:
    """Sections, then the items that lost or won something."""
    ledger = seen.board.ledger
    sections = [
        (section.id, section.title, *_worth(section.points, ledger.of_section(section), unit))
        for section in seen.programme.sections
    ]
    keys = ("section", "title", "points", "lost")
    yield from show.table([heading(key, seen.lang) for key in keys], sections, right=[2, 3])
    yield ""
    items = [
        (item.id, item.title, *_worth(item.points, ledger.of_item(item.id), unit))
        for _, item in seen.programme.items()
        if any(one.points for one in _of(ledger.of_item(item.id), unit))
    ]
    if not items:
        yield say("score.nothing", seen.lang)
        return
    keys = ("item", "title", "points", "lost")
    yield from show.table([heading(key, seen.lang) for key in keys], items, right=[2, 3])
    yield from _causes(seen, unit)


def _causes(seen: Seen, unit: str) -> Iterator[str]:
    """Who leads what lost, who caused it; then the units."""
    names = {one.id: one.label for one in seen.programme.units}
    ledger = seen.board.ledger
    losses = [
        one for one in item_losses(ledger)
        if unit in ("", *one.lead_units) or unit in {cause.unit for cause in one.causes}
    ]  # fmt: skip
    if not losses:
        return
    rows = [
        (one.item, points(one.lost), "、".join(names.get(lead, lead) for lead in one.lead_units),
         "、".join(_caused(seen, cause, names) for cause in one.causes))
        for one in losses
    ]  # fmt: skip
    keys = ("item", "lost", "lead", "causes")
    yield from ("", say("score.causes", seen.lang))
    yield from show.table([heading(key, seen.lang) for key in keys], rows, right=[1])
    units = [one for one in unit_losses(ledger) if unit in ("", one.unit)]
    told = [
        (names[one.unit], points(one.alone), points(one.joint), points(one.led)) for one in units
    ]
    keys = ("unit", "alone", "joint", "led")
    yield from ("", say("score.units", seen.lang))
    yield from show.table([heading(key, seen.lang) for key in keys], told, right=[1, 2, 3])


def _caused(seen: Seen, cause: Cause, names: Mapping[str, str]) -> str:
    """县住建局 0.30; what it lost together with others is told apart."""
    told = {"unit": names.get(cause.unit, cause.unit), "alone": points(cause.alone)}
    if not cause.joint:
        return f"{told['unit']} {told['alone']}"
    key = "score.caused_both" if cause.alone else "score.caused_jointly"
    return say(key, seen.lang, **told, joint=points(cause.joint))


def _of(entries: Sequence[Entry], unit: str) -> list[Entry]:
    return [one for one in entries if not unit or unit in one.units]


def _worth(worth: object, entries: Sequence[Entry], unit: str) -> tuple[str, str]:
    lost = -sum(one.points for one in _of(entries, unit))
    return ("" if worth is None else points(units(str(worth))), points(lost))


def _minus(lost: str) -> str:
    """What was lost as a change of the score; what was won stands with a plus."""
    if lost.startswith("−"):
        return f"+{lost[1:]}"
    return f"−{lost}" if lost.strip("0.") else lost


def _explained(seen: Seen, unit: str) -> Iterator[str]:
    """Sections -> items -> clauses -> entries, as far as there are entries."""
    for section in seen.programme.sections:
        told = [line for item in section.items for line in _item(seen, item, unit)]
        if told:
            yield _section(seen, section, unit)
            yield from told
            yield ""


def _section(seen: Seen, section: Section, unit: str) -> str:
    worth, lost = _worth(section.points, seen.board.ledger.of_section(section), unit)
    of = f" / {worth}" if worth else ""
    return f"{section.id} {section.title}  {_minus(lost)}{of}"


def _item(seen: Seen, item: Item, unit: str) -> Iterator[str]:
    entries = _of(seen.board.ledger.of_item(item.id), unit)
    if not entries:
        return
    worth, lost = _worth(item.points, entries, "")
    yield f"  {item.id} {item.title}  {_minus(lost)}{f' / {worth}' if worth else ''}"
    for clause in item.clauses:
        yield from _clause(seen, clause, [one for one in entries if one.clause == clause.id])


def _clause(seen: Seen, clause: Clause, entries: Sequence[Entry]) -> Iterator[str]:
    if not entries:
        return
    yield f"    {clause.id} {clause.title}"
    names = {unit.id: unit.label for unit in seen.programme.units}
    for one in entries:
        who = "、".join(names.get(unit, unit) for unit in one.units)
        about = " ".join(part for part in (one.occurrence, one.subject, who) if part)
        mark = "" if one.status is Status.SETTLED else f" [{state(one.status.value, seen.lang)}]"
        yield f"      {show.padded(points(one.points, 4), 9, right=True)}{mark}  {one.rule} {about}"
        yield f"      {' ' * 9}  = {_arithmetic(seen, one)}"
        yield from (f"      {' ' * 11}{line}" for line in grounds(seen, one))

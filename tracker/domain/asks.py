"""What each clause asks for: the facts that its rules and duties look at, by kind and key.

Read off the rules themselves, so that a new kind of rule is asked for without a second list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from pydantic import BaseModel

from tracker.domain import rules
from tracker.domain.programme import Clause, Gap, Held, Milestone, Programme

AskKind = Literal[
    "finding", "measurement", "target", "rank", "recognition", "decision", "external_date",
    "activity",
]  # fmt: skip

_KINDS: dict[str, AskKind] = {
    "finding": "finding",
    "measure": "measurement",
    "recognition": "recognition",
    "without": "recognition",
    "rank": "rank",
    "risen": "rank",
    "among": "target",
}
_BOUNDS = ("against", "at_least", "at_most", "above", "below", "allowance")


@dataclass(frozen=True)
class Ask:
    """One thing that a clause needs to be told. `key` is the finding, measure and so on; for a
    decision its rule, for an external date its duty.

    `classes` and `grades` are the words that the rules tell apart; `parts` the further figures that
    they compare: baseline, of, peers, previous, passed_over; or `problem` where nothing comes of
    what names none. `most` bounds a decision, as the rule writes it.
    """

    clause: str
    kind: AskKind
    key: str
    rules: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    parts: frozenset[str] = frozenset()
    most: str = ""
    gain: bool = False


def asks(programme: Programme, clause: Clause) -> tuple[Ask, ...]:
    """In the order of the rules, what duties need last; each thing once."""
    found: dict[tuple[str, str], Ask] = {}
    for one in [*_of_rules(programme, clause), *_of_duties(programme, clause)]:
        name = (one.kind, one.key)
        found[name] = _joined(found[name], one) if name in found else one
    return tuple(found.values())


def named(programme: Programme, kind: AskKind) -> frozenset[str]:
    """Every key of that kind that some clause looks at. What a discretionary rule asks about may
    be a finding or a recognition."""
    of_rules = frozenset(
        key
        for _, _, rule in programme.rules()
        for found, key, _ in _keys(rule)
        if found == kind or (found == "asked" and kind in ("finding", "recognition"))
    )
    of_duties = frozenset(
        ask.key
        for _, _, clause in programme.clauses.values()
        for ask in _of_duties(programme, clause)
        if ask.kind == kind
    )
    return of_rules | of_duties


def named_in_any_reading(programme: Programme, kind: AskKind) -> frozenset[str]:
    """The same with what the alternatives look at: a reading is priced before it is decided."""
    return named(programme, kind) | frozenset(
        key
        for reading in programme.readings
        for alternative in reading.alternatives
        for path, value in alternative.set.items()
        for found, key in _said(path.rpartition(".")[2], value)
        if found == kind or (found == "asked" and kind in ("finding", "recognition"))
    )


@lru_cache(maxsize=64)
def of_one_problem(held: Held) -> frozenset[tuple[AskKind, str]]:
    """The findings and recognitions of which every rule that looks at them asks which problem they
    are about, and nothing else."""
    always: dict[tuple[AskKind, str], bool] = {}
    for _, _, rule in held.programme.rules():
        for found, key, _ in _keys(rule):
            for kind in ("finding", "recognition") if found == "asked" else (found,):
                alone = always.get((kind, key), True)
                always[kind, key] = alone and getattr(rule, "same_problem", False)
    for _, _, clause in held.programme.clauses.values():
        for ask in _of_duties(held.programme, clause):
            always[ask.kind, ask.key] = False
    return frozenset(
        one for one, alone in always.items() if alone and one[0] in ("finding", "recognition")
    )


def _problem(programme: Programme, kind: AskKind, key: str) -> Iterator[str]:
    if (kind, key) in of_one_problem(Held(programme)):
        yield "problem"


def told_apart_by_alternatives(programme: Programme) -> frozenset[str]:
    """Every class and grade that an alternative of some reading tells apart."""
    values = (value for one in programme.readings for choice in one.alternatives
              for value in choice.set.values())  # fmt: skip
    return frozenset(name for value in values for name in _apart(value))


def _apart(value: object) -> Iterator[str]:
    match value:
        case dict():
            classes, grade = value.get("classes"), value.get("grade")
            yield from map(str, classes if isinstance(classes, dict) else ())
            yield from [str(grade)] if grade else []
            yield from (name for inner in value.values() for name in _apart(inner))
        case list() | tuple():
            yield from (name for inner in value for name in _apart(inner))


def _said(field: str, value: object) -> Iterator[tuple[Found, str]]:
    """What a value names that an alternative writes into a field, as `_keys` finds it in a rule."""
    match value:
        case str() if field in _KINDS:
            yield _KINDS[field], value
        case str() if field == "asked":
            yield "asked", value
        case str() if field == "less":
            yield "recognition", value
        case dict() if field == "scaled":
            yield from (("recognition", str(key)) for key in value)
        case dict():
            for name, inner in value.items():
                yield from _said(str(name), inner)
        case list() | tuple():
            for inner in value:
                yield from _said(field, inner)
        case _:
            pass


def _joined(one: Ask, other: Ask) -> Ask:
    return Ask(
        one.clause, one.kind, one.key,
        rules=tuple(dict.fromkeys([*one.rules, *other.rules])),
        classes=tuple(dict.fromkeys([*one.classes, *other.classes])),
        grades=tuple(dict.fromkeys([*one.grades, *other.grades])),
        parts=one.parts | other.parts, most=one.most or other.most, gain=one.gain and other.gain,
    )  # fmt: skip


def _of_rules(programme: Programme, clause: Clause) -> Iterator[Ask]:
    for number, rule in enumerate(clause.rules, start=1):
        name = f"{clause.id}#{number}"
        gain = bool(getattr(rule, "gain", False)) or isinstance(rule, rules.Bonus)
        for found, key, holder in _keys(rule):
            kind = ("recognition" if gain else "finding") if found == "asked" else found
            if kind == "target" and _is_known(programme, key):
                continue
            yield Ask(
                clause.id, kind, key, rules=(name,), classes=_classes(rule, kind),
                grades=tuple(_grades(holder)), gain=gain,
                parts=frozenset([*_parts(holder), *_problem(programme, kind, key)]),
            )  # fmt: skip
        if isinstance(rule, rules.Discretionary):
            most = rule.most or rule.cap or "all"
            yield Ask(clause.id, "decision", name, rules=(name,), most=most, gain=gain)


def _of_duties(programme: Programme, clause: Clause) -> Iterator[Ask]:
    for duty in clause.duties:
        match duty:
            case Milestone():
                if duty.external:
                    yield Ask(clause.id, "external_date", duty.id)
                if duty.need is not None and not _is_known(programme, duty.need.of):
                    yield Ask(clause.id, "target", duty.need.of)
                for key in (*duty.need.scaled, *duty.need.less) if duty.need is not None else ():
                    yield Ask(clause.id, "recognition", key)
            case Gap():
                yield Ask(clause.id, "activity", duty.activity)
            case _:
                pass


def _is_known(programme: Programme, target: str) -> bool:
    """Set by the programme itself, or none of its targets."""
    value = programme.target_values.get(target)
    return value is None or value.value is not None


Found = Literal["asked"] | AskKind


def _keys(part: BaseModel) -> Iterator[tuple[Found, str, BaseModel]]:
    """What a rule or a condition in it names, with the part that names it."""
    for field in type(part).model_fields:
        value = getattr(part, field)
        if isinstance(value, str) and value:
            if field in _KINDS:
                yield _KINDS[field], value, part
            elif field == "asked":
                yield "asked", value, part
            elif field in _BOUNDS and value.startswith("target:"):
                yield "target", value.partition(":")[2], part
            elif field in _BOUNDS and value == "target":
                yield "target", str(getattr(part, "measure", "")), part
        elif field == "ends" and isinstance(value, dict):
            yield from (("target", key, part) for key in value)
        else:
            for inner in _inside(value):
                yield from _keys(inner)


def _inside(value: object) -> Iterable[BaseModel]:
    if isinstance(value, BaseModel):
        return (value,)
    if isinstance(value, tuple):
        return (one for one in value if isinstance(one, BaseModel))
    return ()


def _classes(rule: BaseModel, kind: AskKind) -> tuple[str, ...]:
    """A rule tells classes apart in what it counts itself, not in its conditions."""
    return tuple(getattr(rule, "classes", ())) if kind in ("finding", "recognition") else ()


def _grades(holder: BaseModel) -> Iterator[str]:
    for one in (holder, *getattr(holder, "tiers", ())):
        if grade := getattr(one, "grade", None):
            yield str(grade)


def _parts(holder: BaseModel) -> Iterator[str]:
    if any(getattr(holder, field, None) == "baseline" for field in _BOUNDS) or getattr(
        holder, "change", False
    ):
        yield "baseline"
    if getattr(holder, "risen", None) or getattr(holder, "each_risen", None):
        yield "previous"
    if isinstance(holder, rules.RankRule):
        yield from _of_rank(holder)


def _of_rank(rule: rules.RankRule) -> Iterator[str]:
    if rule.from_end == "bottom" or rule.by == "place":
        yield "of"
    if rule.worst_gets is not None and rule.by == "value":
        yield "peers"
    if rule.places and rule.from_end == "top":
        yield "passed_over"

"""A reader's answer held against expectations written by hand, counted per sanction.

A sanction is right when its kind and every amount are right. Where the answer marks the clause as
needing a person, a wrong sanction is honest; where it does not, the sanction is *silently wrong*.
A wrong date or duration belongs to the whole clause; each counts as one wrong sanction of it.

Where the form leaves two answers open, an expectation names both: `per_step|per_missing`,
`place|item`, `50%|none`; a rule that may stand or not is `optional`; and `other` holds whole other
lists of rules. Only the first kind is counted, and an optional rule is not counted at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, field_validator

HERE = Path(__file__).parent
KINDS = [
    "all_or_nothing",
    "per_missing",
    "per_incident",
    "per_step",
    "threshold",
    "tiered",
    "ratio",
    "linear",
    "lateness",
    "rank",
    "bonus",
    "discretionary",
    "multiplier",
    "veto",
    "no_double",
    "cap",
    "exemption",
    "duty",
    "external",
]
FREQUENCIES = ["daily", "weekly", "ten_days", "monthly", "quarterly", "half_yearly", "yearly"]
AMOUNTS = ("base", "deduct", "award", "step", "cap", "tiers")
TIMES = ("deadlines", "milestones", "recurrences", "durations")

Amount = str | dict[str, str] | None


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ExpectedTier(Strict):
    deduct: Amount = None
    award: Amount = None
    when: str = ""


class ExpectedRule(Strict):
    kind: str
    optional: bool = False
    base: Amount = None
    deduct: Amount = None
    award: Amount = None
    step: tuple[str, str] | None = None
    cap: Amount = None
    tiers: list[ExpectedTier] | None = None
    note: str = ""

    @field_validator("kind")
    @classmethod
    def is_a_kind(cls, kind: str) -> str:
        unknown = set(kind.split("|")) - set(KINDS)
        assert not unknown, f"{unknown} is no kind of rule: {KINDS}"
        return kind


class ExpectedRecurrence(Strict):
    freq: str
    interval: int = 1
    times: int = 1
    first: str | None = None

    @field_validator("freq")
    @classmethod
    def is_a_frequency(cls, freq: str) -> str:
        assert freq in FREQUENCIES, f"{freq} is no frequency: {FREQUENCIES}"
        return freq


class ExpectedClause(Strict):
    """`text`, `year`, `points`: only where the clause is ours and not read from a document."""

    text: str = ""
    year: int | None = None
    points: str | None = None
    field: str = ""
    note: str = ""
    rules: list[ExpectedRule]
    other: list[list[ExpectedRule]] = []
    deadlines: list[str] = []
    milestones: list[dict[str, str]] = []
    recurrences: list[ExpectedRecurrence] = []
    durations: list[tuple[str, str]] = []
    ambiguous: bool = False
    needs_person: bool = False


class _OnceEach(yaml.SafeLoader):
    """A key that stands twice is refused: it is a slip of the writer's."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = sorted({str(key) for key in keys if keys.count(key) > 1})
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"twice: {twice}", node.start_mark)
        return super().construct_mapping(node, deep=deep)


# Days stay text; and `on` is a key of a milestone, no truth value: only true and false are.
_OnceEach.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":bool"))
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_OnceEach.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf")
)


def table(name: str) -> Any:
    return yaml.load((HERE / name).read_text("utf-8"), _OnceEach)  # noqa: S506  a SafeLoader


def expected_clauses(name: str) -> dict[str, ExpectedClause]:
    """The expectations of tests/corpus/`name` by clause id; an unknown word in them is refused."""
    return {str(key): ExpectedClause.model_validate(value) for key, value in table(name).items()}


@dataclass(frozen=True)
class Tally:
    """Of one kind of rule: expected, found as that kind, and right in every part."""

    expected: int = 0
    kind_right: int = 0
    right: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.expected + other.expected,
            self.kind_right + other.kind_right,
            self.right + other.right,
        )


@dataclass(frozen=True)
class Figures:
    """Counts of sanctions, except the last four: times and questions, which belong to a clause."""

    sanctions: int = 0
    kind_right: int = 0
    marked: int = 0
    unmarked: int = 0
    amounts_right: int = 0
    silently_wrong: int = 0
    missing: int = 0
    extra: int = 0
    misplaced: int = 0
    marked_in_vain: int = 0
    times_wrong: int = 0
    questions: int = 0
    questions_missed: int = 0
    questions_in_vain: int = 0
    kinds: Mapping[str, Tally] = field(default_factory=dict)
    differences: tuple[str, ...] = ()

    def __add__(self, other: Figures) -> Figures:
        counts = {
            each.name: getattr(self, each.name) + getattr(other, each.name)
            for each in fields(self)
            if each.name not in ("kinds", "differences")
        }
        names = {**self.kinds, **other.kinds}
        kinds = {
            kind: self.kinds.get(kind, Tally()) + other.kinds.get(kind, Tally()) for kind in names
        }
        return Figures(**counts, kinds=kinds, differences=self.differences + other.differences)

    @property
    def kind_share(self) -> float:
        """Sanctions of the right kind, of all; the promise: at least 0.95."""
        return _share(self.kind_right, self.sanctions)

    @property
    def amount_share(self) -> float:
        """Right in amount, step, cap and times, of those not marked; at least 0.98."""
        return _share(self.amounts_right, self.unmarked)

    @property
    def silent_share(self) -> float:
        """Wrong, missing or invented without saying that a person is needed; at most 0.02."""
        return _share(self.silently_wrong, self.sanctions, of_none=0.0)


def _share(part: int, whole: int, *, of_none: float = 1.0) -> float:
    return part / whole if whole else of_none


def compare(
    expected: Mapping[str, ExpectedClause], answers: Mapping[str, Mapping[str, Any]]
) -> Figures:
    """`answers` by clause id, each as design section 10; one that is absent misses every rule."""
    total = Figures()
    for key, clause in expected.items():
        total += compare_clause(key, clause, answers.get(key, {}))
    invented = [key for key in answers if key not in expected]
    for key in invented:
        total += compare_clause(key, ExpectedClause(rules=[]), answers[key])
    return total


def clauses_of(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The clauses of a section 11 answer by id; a second clause of one id is `id (2)`."""
    found: dict[str, Mapping[str, Any]] = {}
    for item in document["items"]:
        for clause in item["clauses"]:
            key, again = clause["id"], 2
            while key in found:
                key, again = f"{clause['id']} ({again})", again + 1
            found[key] = clause
    return found


def compare_clause(key: str, expected: ExpectedClause, answer: Mapping[str, Any]) -> Figures:
    """Against the rules of the expectation, or those of its `other` forms that fit best."""
    forms = [expected.rules, *expected.other]
    return min(
        (_compare_form(key, expected.model_copy(update={"rules": form}), answer) for form in forms),
        key=_wrong_share,
    )


def _wrong_share(figures: Figures) -> float:
    """Of the rules that a form expects; so that the shortest form does not win by being short."""
    wrong = figures.sanctions - figures.kind_right + figures.unmarked - figures.amounts_right
    return (wrong + figures.missing + figures.extra) / max(1, figures.sanctions)


def _compare_form(key: str, expected: ExpectedClause, answer: Mapping[str, Any]) -> Figures:
    rules = [rule.model_dump() for rule in expected.rules if not rule.optional]
    allowed = [rule.model_dump() for rule in expected.rules if rule.optional]
    found: list[Mapping[str, Any]] = list(answer.get("rules", []))
    pairs = _matched(rules, found)
    for spare in _spare(allowed, found, pairs):
        found.remove(spare)
    pairs = _matched(rules, found)
    marked = bool(answer.get("needs_person", False))
    every = range(len(rules))
    wrong_kind = [i for i in every if i not in pairs or not _of_kind(rules[i], found[pairs[i]])]
    wrong_amount = [i for i in every if i not in pairs or _differing(rules[i], found[pairs[i]])]
    times = [name for name in TIMES if not _same_times(expected.model_dump(), answer, name)]
    extra = len(found) - len(pairs)
    charged = _charged(len(rules), wrong_amount, len(times))
    silent = len({*wrong_kind, *charged}) + extra + (len(times) if not rules else 0)
    unheard = expected.needs_person and not marked
    asked = bool(answer.get("ambiguous"))
    return Figures(
        sanctions=len(rules),
        kind_right=len(rules) - len(wrong_kind),
        marked=len(rules) if marked else 0,
        unmarked=0 if marked else len(rules),
        amounts_right=0 if marked else len(rules) - len(charged),
        silently_wrong=0 if marked else max(silent, int(unheard)),
        missing=len(rules) - len(pairs),
        extra=extra,
        misplaced=int(pairs.get(0, 0) != 0),
        marked_in_vain=len(rules) if marked and not expected.needs_person else 0,
        times_wrong=len(times),
        questions=int(expected.ambiguous),
        questions_missed=int(expected.ambiguous and not asked),
        questions_in_vain=int(asked and not expected.ambiguous),
        kinds=_tallies(rules, wrong_kind, charged),
        differences=tuple(_lines(key, expected, answer, rules, found, pairs, times)),
    )


def _spare(
    allowed: Sequence[Mapping[str, Any]],
    found: Sequence[Mapping[str, Any]],
    pairs: Mapping[int, int],
) -> list[Mapping[str, Any]]:
    """What was found beyond the expected rules and is one of the optional ones."""
    over = [rule for j, rule in enumerate(found) if j not in pairs.values()]
    spare = []
    for rule in allowed:
        fit = next((o for o in over if _of_kind(rule, o) and not _differing(rule, o)), None)
        if fit is not None:
            over.remove(fit)
            spare.append(fit)
    return spare


def _charged(rules: int, wrong: list[int], times: int) -> list[int]:
    """The wrong sanctions with one more, from the first, for each kind of time that is wrong."""
    sound = [i for i in range(rules) if i not in wrong]
    return [*wrong, *sound[:times]]


def _tallies(
    rules: Sequence[Mapping[str, Any]], wrong_kind: list[int], wrong: list[int]
) -> dict[str, Tally]:
    kinds: dict[str, Tally] = {}
    for i, rule in enumerate(rules):
        one = Tally(1, int(i not in wrong_kind), int(i not in wrong_kind and i not in wrong))
        kind = rule["kind"].split("|")[0]
        kinds[kind] = kinds.get(kind, Tally()) + one
    return kinds


def _matched(
    rules: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]]
) -> dict[int, int]:
    """Expected to found, the best fits first, so that one missing rule does not shift the rest."""
    fits = sorted(
        (-_fit(rule, other), abs(i - j), i, j)
        for i, rule in enumerate(rules)
        for j, other in enumerate(found)
    )
    pairs: dict[int, int] = {}
    for worth, _, i, j in fits:
        if worth < 0 and i not in pairs and j not in pairs.values():
            pairs[i] = j
    return pairs


def _fit(rule: Mapping[str, Any], other: Mapping[str, Any]) -> int:
    """0: nothing in common, so no match at all."""
    alike = [name for name in AMOUNTS if name not in _differing(rule, other)]
    said = [name for name in alike if _part(other, name) is not None]
    same = _of_kind(rule, other)
    return 10 * same + 10 * len(said) + len(alike) if same or said else 0


def _of_kind(rule: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return other.get("kind") in rule["kind"].split("|")


def _differing(rule: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    return [name for name in AMOUNTS if _part(other, name) not in _options(rule, name)]


def _options(rule: Mapping[str, Any], name: str) -> list[Any]:
    """Each way in which an expectation allows a part to be stated; `none`: not at all."""
    value = rule.get(name)
    if name == "step" and value:
        return [None if unit == "none" else _counted((value[0], unit)) for unit in _ways(value[1])]
    if isinstance(value, str):
        return [None if way == "none" else _amount(way) for way in _ways(value)]
    return [_part(rule, name)]


def _ways(text: str) -> list[str]:
    return text.split("|")


def _part(rule: Mapping[str, Any], name: str) -> Any:
    value = rule.get(name)
    if not value:
        return None
    if name == "step":
        return _counted(value)
    if name == "tiers":
        return tuple(map(_band, value))
    return _amount(value)


def _band(tier: Mapping[str, Any]) -> Any:
    """得0分 and 不得分, like 不扣分 and 得满分, are one thing said in two ways."""
    match _amount(tier.get("deduct")), _amount(tier.get("award")):
        case ("item", None) | (None, 0):
            return "none left"
        case (0, None) | (None, "item"):
            return "all left"
        case amounts:
            return amounts


def _amount(value: Any) -> Any:
    """0.10 is 0.1, a range is a range in any order of its keys; what is no number stays a word."""
    if value is None:
        return None
    if isinstance(value, Mapping):
        return tuple(sorted((str(key), _amount(part)) for key, part in value.items()))
    text = str(value).strip()
    try:
        return ("%", Decimal(text[:-1])) if text.endswith("%") else Decimal(text)
    except InvalidOperation:
        return text


def _counted(value: Any) -> tuple[Any, str]:
    number, unit = (value["n"], value["unit"]) if isinstance(value, Mapping) else value
    return _amount(number), str(unit)


def _times(answer: Mapping[str, Any], name: str) -> list[Any]:
    values: Iterable[Any] = answer.get(name) or []
    match name:
        case "deadlines":
            return sorted({str(value) for value in values})
        case "milestones":
            return sorted({str((each["on"], *_stated(each))) for each in values if _stated(each)})
        case "recurrences":
            return sorted(
                (
                    v["freq"],
                    int(v.get("interval") or 1),
                    int(v.get("times") or 1),
                    str(v.get("first")),
                )
                for v in values
            )
        case _:
            return sorted({(str(number), unit) for number, unit in map(_counted, values)})


def _same_times(expected: Mapping[str, Any], answer: Mapping[str, Any], name: str) -> bool:
    wanted, got = _times(expected, name), _times(answer, name)
    return wanted == got or (name == "milestones" and not expected[name] and not _shares(answer))


def _shares(answer: Mapping[str, Any]) -> list[Any]:
    """The dated shares; a dated number that nobody expects is as good left out as said."""
    return [each for each in answer.get("milestones") or [] if each.get("share") and _stated(each)]


def _stated(milestone: Mapping[str, Any]) -> list[Decimal]:
    """The share or number of a milestone; 80% is 0.8, and 100 % says no more than the date."""
    amounts = [_amount(milestone.get(key)) for key in ("share", "number", "count")]
    plain = [each[1] / 100 if isinstance(each, tuple) else each for each in amounts]
    whole = milestone.get("share") and plain[0] == 1
    return [] if whole else [each.normalize() for each in plain if each is not None]


def _lines(
    key: str,
    expected: ExpectedClause,
    answer: Mapping[str, Any],
    rules: Sequence[Mapping[str, Any]],
    found: Sequence[Mapping[str, Any]],
    pairs: Mapping[int, int],
    times: Sequence[str],
) -> Iterable[str]:
    head = f"{key} (marked)" if answer.get("needs_person") else key
    if not answer:
        yield f"{head}: not in the answer"
    for i, rule in enumerate(rules):
        if i not in pairs:
            yield f"{head} #{i + 1}: missing {_said(rule)}"
        elif not _of_kind(rule, found[pairs[i]]) or _differing(rule, found[pairs[i]]):
            yield f"{head} #{i + 1}: {_said(rule)} was read as {_said(found[pairs[i]])}"
    for j, other in enumerate(found):
        if j not in pairs.values():
            yield f"{head}: invented {_said(other)}"
    for name in times:
        wanted, got = _times(expected.model_dump(), name), _times(answer, name)
        yield f"{head}: {name} {_plain(wanted)} were read as {_plain(got)}"
    if expected.needs_person and not answer.get("needs_person"):
        yield f"{head}: needs a person, and the answer does not say so"
    if expected.ambiguous and answer and not answer.get("ambiguous"):
        yield f"{head}: an open question was not raised"


def _said(rule: Mapping[str, Any]) -> str:
    """`per_missing deduct 0.1 step 1 item cap 1`: what the rule states, in one line."""
    parts = [
        f"{name} {_plain(_part(rule, name))}" for name in AMOUNTS if _part(rule, name) is not None
    ]
    return " ".join([str(rule.get("kind")), *parts])


def _plain(value: Any) -> str:
    match value:
        case ("%", Decimal() as share):
            return f"{share}%"
        case tuple() | list():
            return "[" + " ".join(_plain(each) for each in value) + "]"
        case _:
            return str(value)


def shortfalls(figures: Figures) -> list[str]:
    """Which of the figures promised for reading documents are not reached; empty when all are."""
    short = []
    if figures.kind_share < 0.95:
        short.append(f"kind right {figures.kind_share:.1%}, promised 95 %")
    if figures.amount_share < 0.98:
        short.append(f"amounts and times right {figures.amount_share:.1%}, promised 98 %")
    if figures.silent_share > 0.02:
        short.append(f"silently wrong {figures.silent_share:.1%}, promised at most 2 %")
    return short


def report(name: str, figures: Figures, *, differences: bool = True) -> str:
    lines = [
        f"{name}: {figures.sanctions} sanctions",
        f"  kind right {figures.kind_right} ({figures.kind_share:.1%})",
        f"  amounts and times right {figures.amounts_right} of {figures.unmarked} not marked"
        f" ({figures.amount_share:.1%})",
        f"  silently wrong {figures.silently_wrong} ({figures.silent_share:.1%}),"
        f" missing {figures.missing}, invented {figures.extra},"
        f" main rule misplaced {figures.misplaced}",
        f"  marked as needing a person {figures.marked}, of them in vain {figures.marked_in_vain};"
        f" clauses' times wrong {figures.times_wrong}",
        f"  questions raised {figures.questions - figures.questions_missed} of {figures.questions},"
        f" in vain {figures.questions_in_vain}",
    ]
    lines += [
        f"  {kind:<15} {tally.expected:>4}  kind {_share(tally.kind_right, tally.expected):6.1%}"
        f"  all {_share(tally.right, tally.expected):6.1%}"
        for kind, tally in sorted(figures.kinds.items())
    ]
    return "\n".join([*lines, *(f"  - {line}" for line in figures.differences if differences)])

"""Worked examples: one line each, from recorded facts to an amount with its arithmetic.

A line has four columns: the sanctions that it shows, the facts, the amount, the arithmetic as a
person with a pocket calculator does it. What a line does not mention was done in time. Facts, as a
clerk would say them, are separated by semicolons:

    find KEY [xN] [DAY] [class=] [p=PROBLEM]     a finding; `rec` a recognition, likewise
    meas KEY VALUE [base=] [site=]               a measured value; `grade KEY GRADE`
    target KEY VALUE, date CLAUSE/DUTY DAY       a number or a day that another document sets
    rank KEY PLACE [of=] [value=] [worst=] [best=] [previous=] [over=]
    decide RULE POINTS                           a person decides
    never CLAUSE/DUTY [PERIOD]                   not done at all
    done CLAUSE/DUTY WHEN [n=COUNT] [o=PERIOD]   handed in at that instant and accepted
    back CLAUSE/DUTY WHEN RETURNED               handed in and returned
    extend CLAUSE/DUTY DECIDED UNTIL, rest CLAUSE/DUTY FROM TO, waive CLAUSE UNIT
    case NAME KIND WHEN [due=DAY], close NAME WHEN, login KEY WHEN
    read READING CHOICE, as of WHEN

The amount is of the first sanction, or `of` whatever is named; `?` marks what is not decided or not
known yet, with the most that it can be. `>` says that a limit cuts the sum off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property
from typing import Any

from tests.domain.small import CONTEXT, History, at
from tracker.domain.layout import lay_out
from tracker.domain.ledger import Entry, Ledger
from tracker.domain.obligations import Obligation
from tracker.domain.points import rounded
from tracker.domain.programme import Programme, owing
from tracker.domain.record import record

EARLY = timedelta(days=5)


@dataclass(frozen=True)
class Example:
    line: int
    rules: tuple[str, ...]
    facts: tuple[str, ...]
    amount: str
    scope: str
    arithmetic: str

    def __str__(self) -> str:
        return f"{self.line}: {' '.join(self.rules)}: {'; '.join(self.facts)}"

    @property
    def readings(self) -> bool:
        """Whether another reading than the shipped one holds in it."""
        return any(fact.startswith("read ") for fact in self.facts)

    @property
    def open(self) -> bool:
        return self.amount.startswith("?")

    @property
    def expected(self) -> int:
        """In 0.0001 point."""
        return rounded(Fraction(self.amount.lstrip("?")))

    @cached_property
    def reckoned(self) -> int:
        """What the arithmetic comes to, without its sign."""
        total, _, limit = self.arithmetic.partition(">")
        amount = rounded(reckon(total))
        if limit:
            assert amount > rounded(reckon(limit)), f"the limit cuts nothing off: {self}"
            return rounded(reckon(limit))
        return amount

    @property
    def numbers(self) -> set[Fraction]:
        return {Fraction(one) for one in re.findall(r"\d+(?:\.\d+)?", self.arithmetic)}


def examples(table: str) -> list[Example]:
    found = []
    for number, line in enumerate(table.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        rules, facts, amount, arithmetic = (cell.strip() for cell in line.split("|"))
        said = tuple(fact.strip() for fact in facts.split(";") if fact.strip())
        worth, _, scope = amount.partition(" of ")
        named = tuple(rules.split())
        found.append(Example(number, named, said, worth.strip(), scope or named[0], arithmetic))
    return found


def reckon(text: str) -> Fraction:
    """A sum of products, left to right as on paper, brackets first: "0.01 + 2 × 0.01"."""
    tokens = re.findall(r"\d+(?:\.\d+)?|[+−×÷()]", text)
    assert "".join(tokens) == text.replace(" ", ""), f"no arithmetic: {text}"
    value, rest = _sum(tokens)
    assert not rest, text
    return value


def _sum(tokens: Sequence[str]) -> tuple[Fraction, Sequence[str]]:
    value, tokens = _product(tokens)
    while tokens and tokens[0] in "+−":
        other, rest = _product(tokens[1:])
        value = value + other if tokens[0] == "+" else value - other
        tokens = rest
    return value, tokens


def _product(tokens: Sequence[str]) -> tuple[Fraction, Sequence[str]]:
    value, tokens = _number(tokens)
    while tokens and tokens[0] in "×÷":
        other, rest = _number(tokens[1:])
        value = value * other if tokens[0] == "×" else value / other
        tokens = rest
    return value, tokens


def _number(tokens: Sequence[str]) -> tuple[Fraction, Sequence[str]]:
    if tokens[0] == "(":
        value, rest = _sum(tokens[1:])
        return value, rest[1:]
    return Fraction(tokens[0]), tokens[1:]


@dataclass
class Told:
    """One example played on a programme."""

    programme: Programme
    example: Example
    history: History = field(default_factory=History)
    readings: dict[str, str] = field(default_factory=dict)
    mentioned: set[tuple[str, str, str]] = field(default_factory=set)
    as_of: str = ""

    def __post_init__(self) -> None:
        self.as_of = f"{self.programme.year + 1}-01-10 12:00"
        for fact in self.example.facts:
            verb, *words = fact.split()
            getattr(self, f"_{verb}")(*words)
        self._rest_in_time()

    @property
    def ledger(self) -> Ledger:
        return self.history.ledger(
            self.programme, self.as_of, known="2100-01-01", readings=self.readings
        )

    # -- what a line says ---------------------------------------------------------------------

    def _add(self, fact: str, when: str, **parts: Any) -> str:
        return self.history.add(fact, when, **parts)

    def _day(self, month: int = 5) -> str:
        return f"{self.programme.year}-{month:02d}-15 09:00"

    def _counted(self, fact: str, key: str, words: Sequence[str]) -> None:
        when, parts = self._day(), _parts(words)
        for word in words:
            if re.fullmatch(r"x\d+", word):
                parts["count"] = int(word[1:])
            elif re.fullmatch(r"\d{4}-\d\d-\d\d", word):
                when = f"{word} 09:00"
        names = {"p": "problem", "u": "unit"}
        self._add(fact, when, **{fact: key}, **{names.get(k, k): v for k, v in parts.items()})

    def _find(self, key: str, *words: str) -> None:
        self._counted("finding", key, words)

    def _rec(self, key: str, *words: str) -> None:
        self._counted("recognition", key, words)

    def _meas(self, key: str, value: str, *words: str) -> None:
        parts = _parts(words)
        base = {"baseline": parts.pop("base")} if "base" in parts else {}
        when = f"{self.programme.year + 1}-01-05 09:00"
        said = {} if "grade" in parts else {"value": value}
        self._add("measurement", when, measure=key, **said, **base, **parts)

    def _grade(self, key: str, grade: str) -> None:
        when = f"{self.programme.year + 1}-01-05 09:00"
        self._add("measurement", when, measure=key, grade=grade)

    def _target(self, key: str, value: str) -> None:
        self._add("target", self._day(2), target=key, value=value)

    def _date(self, place: str, day: str) -> None:
        clause, duty = place.split("/")
        self._add("external_date", self._day(1), clause=clause, duty=duty, on=day)

    def _rank(self, key: str, place: str, *words: str) -> None:
        parts = _parts(words)
        over = {"passed_over": int(parts.pop("over"))} if "over" in parts else {}
        when = f"{self.programme.year + 1}-01-05 09:00"
        self._add("rank", when, rank=key, place=int(place), **over, **parts)

    def _decide(self, rule: str, points: str) -> None:
        self._add("decision", self._day(6), rule=rule, points=points, person="考核办",
                  reason="酌定")  # fmt: skip

    def _never(self, place: str, period: str = "") -> None:
        clause, duty = place.split("/")
        self.mentioned.add((clause, duty, period))

    def _reports(self, place: str, when: str, words: Sequence[str]) -> Iterator[tuple[str, str]]:
        clause, duty = place.split("/")
        parts = _parts(words)
        _, item, body = self.programme.clauses[clause]
        units = [parts["u"]] if "u" in parts else owing(item, body)
        said = {"count": parts["n"]} if "n" in parts else {"done": True}
        for unit in units:
            self.mentioned.add((clause, duty, parts.get("o", "")))
            yield unit, self._add("report", when, clause=clause, duty=duty, unit=unit,
                                  occurrence=parts.get("o", ""), **said)  # fmt: skip

    def _done(self, place: str, day: str, *words: str) -> None:
        when = f"{day} {words[0]}" if words and ":" in words[0] else f"{day} 12:00"
        for _, report in self._reports(place, when, words):
            self._add("review", when, report=report, outcome="accepted")

    def _back(self, place: str, day: str, returned: str, *words: str) -> None:
        for _, report in self._reports(place, f"{day} 12:00", words):
            self._add("review", f"{returned} 12:00", report=report, outcome="returned",
                      reason="材料不全")  # fmt: skip

    def _extend(self, place: str, decided: str, until: str) -> None:
        clause, duty = place.split("/")
        self._add("extension", f"{decided} 09:00", clause=clause, duty=duty, outcome="approved",
                  until=until, reason="经批准")  # fmt: skip

    def _rest(self, place: str, start: str, end: str) -> None:
        clause, duty = place.split("/")
        self._add("suspension", start, clause=clause, duty=duty, ends_at=at(end), reason="等批复")

    def _waive(self, clause: str, unit: str) -> None:
        self._add("waiver", self._day(3), clause=clause, unit=unit, reason="不涉及")

    def _case(self, name: str, kind: str, day: str, *words: str) -> None:
        parts = _parts(words)
        due = {"due_on": parts["due"]} if "due" in parts else {}
        unit = parts.get("u") or self._owing_kind(kind)
        when = f"{day} {words[0]}" if words and ":" in words[0] else f"{day} 09:00"
        self._add("case", when, case=name, kind=kind, event="opened", unit=unit, **due)

    def _owing_kind(self, kind: str) -> str:
        return next(
            owing(item, clause)[0]
            for _, item, clause in self.programme.clauses.values()
            if any(duty.kind == "case" and duty.case == kind for duty in clause.duties)
        )

    def _close(self, name: str, day: str, clock: str = "09:00", *words: str) -> None:
        self._add("case", f"{day} {clock}", case=name, event="closed", **_parts(words))

    def _login(self, key: str, day: str, clock: str = "09:00") -> None:
        self._add("activity", f"{day} {clock}", activity=key)

    def _read(self, reading: str, choice: str) -> None:
        self.readings[reading] = choice

    def _as(self, _: str, day: str, clock: str = "12:00") -> None:
        self.as_of = f"{day} {clock}"

    # -- what it does not say -----------------------------------------------------------------

    def _rest_in_time(self) -> None:
        """Duties of the same item that the line does not mention were met."""
        item = self.programme.clauses[self.example.rules[0].partition("#")[0]][1]
        far = at(f"{self.programme.year + 2}-01-01")
        filed = record(self.history.facts, as_of=far, known_at=far)
        names = [clause.id for clause in item.clauses]
        for one in lay_out(self.programme, CONTEXT.calendar, filed, clauses=names):
            if one.kind in ("milestone", "recurring") and not self._says(one):
                self._in_time(one)

    def _says(self, one: Obligation) -> bool:
        about = {(one.clause, one.duty, ""), (one.clause, one.duty, one.occurrence)}
        return one.deadline is None or bool(about & self.mentioned)

    def _in_time(self, one: Obligation) -> None:
        assert one.deadline is not None
        day: date = max(one.deadline.on - EARLY, one.starts_at.astimezone(self.programme.tz).date())
        about = {"clause": one.clause, "duty": one.duty, "unit": one.unit}
        report = self._add("report", f"{day} 12:00", occurrence=one.occurrence, done=True, **about)
        self._add("review", f"{day} 12:00", report=report, outcome="accepted")


def _parts(words: Sequence[str]) -> dict[str, Any]:
    return dict(word.split("=", 1) for word in words if "=" in word)


def shown(ledger: Ledger, scope: str) -> list[Entry]:
    """Entries of a rule, a clause or an item."""
    return [e for e in ledger.entries if scope in (e.rule, e.clause, e.item)]


def told_numbers(entries: Sequence[Entry]) -> set[Fraction]:
    """Every number that the explanation gives."""
    return {
        abs(Fraction(value))
        for entry in entries
        for step in entry.steps
        for _, value in step.values
        if not isinstance(value, str) and hasattr(value, "numerator")
    }


def without(body: Mapping[str, Any], rule: str) -> Programme:
    """The programme with one sanction silenced; the ids of the others stay."""
    clause, _, number = rule.partition("#")
    mute = {"kind": "cap", "limit": "100000", "rules": [rule]}
    changed = {**body, "sections": [_muted(s, clause, int(number) - 1, mute)
                                    for s in body["sections"]]}  # fmt: skip
    return Programme.model_validate(changed)


def _muted(section: Mapping[str, Any], clause: str, index: int, mute: object) -> dict[str, Any]:
    items = []
    for item in section["items"]:
        clauses = []
        for one in item["clauses"]:
            if one["id"] == clause:
                rules = [mute if n == index else rule for n, rule in enumerate(one["rules"])]
                one = {**one, "rules": rules}
            clauses.append(one)
        items.append({**item, "clauses": clauses})
    return {**section, "items": items}

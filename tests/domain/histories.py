"""Random histories of any programme: every kind of fact that its clauses ask for, in any order.

A history is a matter of its seed alone. It is one that could have been recorded: names are the
programme's, a report is reviewed once and not before it was submitted, cumulative numbers rise but
where one is put right, a decision keeps to its bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from random import Random
from typing import Any

from tests.domain.small import CONTEXT, at
from tracker.domain import facts as f
from tracker.domain.asks import Ask, asks
from tracker.domain.layout import lay_out
from tracker.domain.obligations import Obligation
from tracker.domain.points import fraction_of
from tracker.domain.programme import (
    CaseDuty,
    Clause,
    Duty,
    Gap,
    Item,
    Milestone,
    Programme,
    Recurring,
    owing,
)
from tracker.domain.record import record
from tracker.domain.rules import Discretionary
from tracker.domain.rules.base import Definition
from tracker.domain.scoring import worth_of

MINUTE = timedelta(minutes=1)
NEVER = at("1990-01-01")


@dataclass(frozen=True)
class Matter:
    """One clause with everything that facts may say about it."""

    item: Item
    clause: Clause
    asks: tuple[Ask, ...]

    @property
    def units(self) -> tuple[str, ...]:
        return owing(self.item, self.clause)


@dataclass(frozen=True)
class Words:
    """What there is to tell of a programme."""

    programme: Programme

    @cached_property
    def matters(self) -> list[Matter]:
        found = [
            Matter(item, clause, asks(self.programme, clause))
            for _, item, clause in self.programme.clauses.values()
        ]
        return [one for one in found if one.asks or one.clause.duties]

    @cached_property
    def items(self) -> dict[str, list[Matter]]:
        found: dict[str, list[Matter]] = {}
        for one in self.matters:
            found.setdefault(one.item.id, []).append(one)
        return found

    @cached_property
    def laid_out(self) -> dict[tuple[str, str], list[Obligation]]:
        """Obligations that exist before any fact, by clause and duty."""
        nothing = record((), as_of=NEVER, known_at=NEVER)
        found: dict[tuple[str, str], list[Obligation]] = {}
        for one in lay_out(self.programme, CONTEXT.calendar, nothing):
            found.setdefault((one.clause, one.duty), []).append(one)
        return found

    @cached_property
    def numbers(self) -> dict[str, list[Decimal]]:
        """Numbers near which a measured value decides something, by measure."""
        found: dict[str, list[Decimal]] = {}
        for _, _, rule in self.programme.rules():
            for holder in _holders(rule):
                key = getattr(holder, "measure", None) or getattr(rule, "measure", None)
                if key is not None:
                    found.setdefault(key, []).extend(self._near(holder, key))
        return {key: sorted(set(values)) for key, values in found.items()}

    def _near(self, holder: object, key: str) -> Iterator[Decimal]:
        for name in _NEAR:
            bound = getattr(holder, name, None)
            if isinstance(bound, Decimal):
                yield bound
            elif isinstance(bound, str) and bound.startswith("target"):
                known = self.programme.target_values.get(bound.partition(":")[2] or key)
                if known is not None and known.value is not None:
                    yield known.value
            elif isinstance(bound, str) and bound.replace(".", "").lstrip("-").isdigit():
                yield Decimal(bound)


_NEAR = (
    "against", "at_least", "at_most", "above", "below", "full_at", "out_of", "at", "low", "high",
)  # fmt: skip


def _holders(part: object) -> Iterator[object]:
    yield part
    if isinstance(part, Definition):
        for name in type(part).model_fields:
            value = getattr(part, name)
            for inner in value if isinstance(value, tuple) else (value,):
                if isinstance(inner, Definition):
                    yield from _holders(inner)


@dataclass
class Teller:
    """Tells one history."""

    words: Words
    random: Random
    said: list[dict[str, Any]] = field(default_factory=list)
    cases: dict[str, list[str]] = field(default_factory=dict)

    @property
    def programme(self) -> Programme:
        return self.words.programme

    def tell(self, size: int) -> list[f.AnyFact]:
        """About `size` facts, most of them about a few items, so that rules meet."""
        items = list(self.words.items.values())
        near = [one for some in self.random.sample(items, min(4, len(items))) for one in some]
        for _ in range(size):
            matters = near if self.random.random() < 0.9 else self.words.matters
            self._about(self.random.choice(matters))
        if self.programme.readings and self.random.random() < 0.3:
            self._decides_a_reading()
        self._corrects()
        self._adds_up()
        self._entered_after_what_they_name()
        return [f.FACT.validate_python(body) for body in self.said]

    def tell_of(self, matter: Matter, size: int) -> list[f.AnyFact]:
        """About one clause alone."""
        for _ in range(size):
            self._about(matter)
        self._adds_up()
        return [f.FACT.validate_python(body) for body in self.said]

    # -- when ---------------------------------------------------------------------------------

    def _when(self, due: Sequence[datetime] = ()) -> datetime:
        """Any minute of the year and the weeks after it; often the very minute of a deadline."""
        if due and self.random.random() < 0.4:
            return self.random.choice(due) + self.random.choice((-1, 0, 0, 1)) * MINUTE
        start = at(f"{self.programme.year}-01-01")
        return start + self.random.randrange(400 * 24 * 60) * MINUTE

    def _add(self, fact: str, when: datetime, **parts: Any) -> str:
        """Entered at once, or up to two months later."""
        late = self.random.choice((0, 0, 0, self.random.randrange(60 * 24 * 60)))
        name = f"{self.random.randrange(10**6):06d}-{len(self.said)}"
        body = {"fact": fact, "id": name, "occurred_at": when, "recorded_at": when + late * MINUTE}
        self.said.append(body | {key: value for key, value in parts.items() if value is not None})
        return name

    # -- what ---------------------------------------------------------------------------------

    def _about(self, matter: Matter) -> None:
        if matter.clause.duties and (not matter.asks or self.random.random() < 0.6):
            self._duty(matter, self.random.choice(matter.clause.duties))
        elif matter.asks:
            ask = self.random.choice(matter.asks)
            answer: Callable[[Matter, Ask], None] = getattr(self, f"_{ask.kind}")
            answer(matter, ask)

    def _unit(self, matter: Matter) -> str:
        return self.random.choice((*matter.units, ""))

    def _problem(self) -> str:
        return self.random.choice(("", "甲", "乙", "丙"))

    def _number(self, low: int, high: int) -> Decimal:
        """With no, one or two places."""
        scale = 10 ** self.random.randrange(3)
        return Decimal(self.random.randrange(low * scale, high * scale + 1)) / scale

    def _finding(self, matter: Matter, ask: Ask) -> None:
        classes = (*ask.classes, "") if ask.classes else ("",)
        self._add(
            "finding", self._when(), finding=ask.key, count=self.random.choice((1, 1, 2, 3, 25)),
            **{self.random.choice(("class", "level")): self.random.choice(classes)},
            unit=self._unit(matter), problem=self._problem(),
        )  # fmt: skip

    def _recognition(self, matter: Matter, ask: Ask) -> None:
        self._add(
            "recognition", self._when(), recognition=ask.key,
            count=self.random.choice((1, 1, 2, 5)), unit=self._unit(matter),
            problem=self._problem(), **{"class": self.random.choice((*ask.classes, ""))},
        )  # fmt: skip

    def _measurement(self, matter: Matter, ask: Ask) -> None:
        near = self.words.numbers.get(ask.key) or [Decimal(self.random.randrange(100))]
        value = self.random.choice(near) + self._number(-12, 12)
        if self.random.random() < 0.3:
            value *= self._number(0, 2)
        grade = self.random.choice(ask.grades) if ask.grades else None
        close = self.random.choice((self._number(1, 100), abs(value) + self._number(-3, 3)))
        baseline = close if "baseline" in ask.parts else None
        self._add(
            "measurement", self._when(), measure=ask.key, grade=grade, baseline=baseline,
            value=None if grade else value, site=self.random.choice(("", "", "东", "西")),
            unit=self._unit(matter) if self.random.random() < 0.2 else None,
        )  # fmt: skip

    def _target(self, matter: Matter, ask: Ask) -> None:
        self._add(
            "target",
            self._when(),
            target=ask.key,
            value=self.random.choice((self._number(1, 30), self._number(80, 100))),
        )

    def _rank(self, matter: Matter, ask: Ask) -> None:
        of = self.random.randrange(1, 130)
        place = self.random.randrange(1, self.random.choice((3, 14, of)) + 1)
        if "of" in ask.parts and self.random.random() < 0.6:
            place = max(1, of - self.random.randrange(10))  # among the last
        worst = self._number(1, 50)
        self._add(
            "rank", self._when(), rank=ask.key, place=place,
            of=self.random.choice((None, max(of, place), max(of, place))),
            passed_over=self.random.randrange(place) if self.random.random() < 0.3 else 0,
            previous=self.random.randrange(1, 30) if "previous" in ask.parts else None,
            **({"worst": worst, "best": worst + self._number(0, 50), "value": self._number(1, 100)}
               if "peers" in ask.parts else {}),
        )  # fmt: skip

    def _decision(self, matter: Matter, ask: Ask) -> None:
        _, item, clause = self.programme.clauses[ask.clause]
        rule = clause.rules[int(ask.key.rpartition("#")[2]) - 1]
        assert isinstance(rule, Discretionary)
        worth, whole = worth_of(item, clause), Fraction(item.points or 0)
        least, most = (
            fraction_of(amount, clause=worth, item=whole)
            for amount in (rule.least or "0", rule.most or rule.cap or "all")
        )
        if rule.per == "year" and any(one.get("rule") == ask.key for one in self.said):
            return  # a second decision would go beyond the year's bound now and then
        given = least + (most - least) * Fraction(self.random.randrange(5), 4)
        self._add(
            "decision", self._when(), rule=ask.key, points=str(Decimal(float(given)).quantize(
                Decimal("0.01"))), person="甲", reason="看过现场", unit=self._unit(matter),
        )  # fmt: skip

    def _external_date(self, matter: Matter, ask: Ask) -> None:
        day = at(f"{self.programme.year}-01-01") + timedelta(days=self.random.randrange(365))
        self._add(
            "external_date", self._when(), clause=ask.clause, duty=ask.key, on=day.date()
        )  # fmt: skip

    def _activity(self, matter: Matter, ask: Ask) -> None:
        self._add("activity", self._when(), activity=ask.key, unit=self._unit(matter))

    def _decides_a_reading(self) -> None:
        reading = self.random.choice(self.programme.readings)
        choice = self.random.choice(reading.alternatives).id
        self._add(
            "reading", self._when(), reading=reading.id, choice=choice, person="甲", reason="会议"
        )  # fmt: skip

    # -- duties -------------------------------------------------------------------------------

    def _duty(self, matter: Matter, duty: Duty) -> None:
        match duty:
            case Gap():
                self._activity(matter, Ask(matter.clause.id, "activity", duty.activity))
            case CaseDuty():
                self._case(matter, duty)
            case Milestone() | Recurring():
                laid_out = self.words.laid_out.get((matter.clause.id, duty.id), [])
                if laid_out:
                    owed = self.random.choice(laid_out)
                    due = [owed.deadline.due_at] if owed.deadline is not None else []
                    needs = isinstance(duty, Milestone) and duty.need is not None
                    self._course(matter, duty.id, owed.unit, owed.occurrence, due, needs=needs)

    def _case(self, matter: Matter, duty: CaseDuty) -> None:
        known = self.cases.setdefault(duty.case, [])
        if not known or self.random.random() < 0.4:
            name, when = f"{duty.case}-{len(known) + 1}", self._when()
            due = when.date() + timedelta(days=self.random.randrange(2, 40))
            known.append(name)
            self._add(
                "case", when, case=name, kind=duty.case, event="opened",
                unit=self.random.choice(matter.units), title=name,
                due_on=due if duty.external else None,
            )  # fmt: skip
            return
        name = self.random.choice(known)
        opened = next(one for one in self.said if one.get("case") == name)
        due = [opened["occurred_at"] + timedelta(hours=self.random.choice((72, 84, 96, 240)))]
        if self.random.random() < 0.5:
            self._course(matter, duty.id, opened["unit"], name, due)
            return
        event = self.random.choice(("closed", "closed", "suspended", "resumed", "withdrawn"))
        whose = duty.id if event == "closed" and self.random.random() < 0.5 else None
        self._add("case", self._when(due), case=name, event=event, duty=whose)

    def _course(
        self, matter: Matter, duty: str, unit: str, occurrence: str, due: Sequence[datetime],
        *, needs: bool = False,
    ) -> None:  # fmt: skip
        about = {"clause": matter.clause.id, "duty": duty, "unit": unit, "occurrence": occurrence}
        dice, when = self.random.random(), self._when(due)
        if dice < 0.75:
            self._report(about, when, needs=needs)
        elif dice < 0.82:
            until = (when + timedelta(days=self.random.randrange(1, 60))).date()
            self._add("extension", when, outcome="approved", until=until, reason="批", **about)
        elif dice < 0.9:
            ends = when + timedelta(days=self.random.randrange(1, 30))
            self._add(
                "suspension", when, ends_at=self.random.choice((ends, None)), reason="等", **about
            )  # fmt: skip
        else:
            kind = self.random.choice(("waiver", "close_out", "receipt"))
            self._add(kind, when, **about)

    def _report(self, about: dict[str, Any], when: datetime, *, needs: bool) -> None:
        # A clause's numbers are all counts or all shares, as one target is counted in one way.
        way = ("count", "share")[len(about["clause"]) % 2] if needs else "done"
        said: dict[str, Any] = {
            "count": {"count": self._number(0, self.random.choice((12, 120)))},
            "share": {"share": str(Decimal(self.random.randrange(5)) / 4)},
            "done": {"done": self.random.random() < 0.95},
        }[way]
        name = self._add("report", when, **about, **said)
        review = when + self.random.randrange(30 * 24 * 60) * MINUTE
        dice = self.random.random()
        if dice < 0.6:
            self._add("review", review, report=name, outcome="accepted")
        elif dice < 0.8:
            self._add("review", review, report=name, outcome="returned", reason="材料不全")

    def _corrects(self) -> None:
        """Some facts are withdrawn, some replaced by the same at another time."""
        for old in list(self.said):
            if self.random.random() > 0.06 or old["fact"] == "case" or "supersedes" in old:
                continue
            when = old["recorded_at"] + self.random.randrange(90 * 24 * 60) * MINUTE
            if self.random.random() < 0.5:
                self._add("withdrawal", when, supersedes=old["id"])
            else:
                same = {key: value for key, value in old.items() if key not in _OWN}
                shift = self.random.randrange(-20, 20) if old["fact"] != "review" else 0
                self._add(old["fact"], old["occurred_at"] + timedelta(days=shift),
                          supersedes=old["id"], **same)  # fmt: skip
                self.said[-1]["recorded_at"] = max(when, self.said[-1]["occurred_at"])

    def _adds_up(self) -> None:
        """Cumulative numbers of one clause rise in order of time; now and then one that is smaller
        puts the others right."""
        for key in ("count", "share"):
            by_clause: dict[str, list[dict[str, Any]]] = {}
            for one in self.said:
                if one["fact"] == "report" and key in one:
                    by_clause.setdefault(one["clause"], []).append(one)
            for told in by_clause.values():
                told.sort(key=lambda one: one["occurred_at"])
                numbers = sorted(Decimal(one[key]) for one in told)
                for one, number in zip(told, numbers, strict=True):
                    less = self.random.random() < 0.1
                    one[key] = str(number / 2 if less else number)

    def _entered_after_what_they_name(self) -> None:
        """A review after its report, a correction after what it corrects, what became of a case
        after the case."""
        entered = {one["id"]: one["recorded_at"] for one in self.said}
        opened = {one["case"]: one["id"] for one in self.said if one.get("event") == "opened"}
        for one in self.said:
            case = one.get("case") or one.get("occurrence")
            named = (one.get("report"), one.get("supersedes"), opened.get(case))
            whens = [entered[name] for name in named if name in entered]
            one["recorded_at"] = entered[one["id"]] = max([one["recorded_at"], *whens])


_OWN = frozenset({"fact", "id", "occurred_at", "recorded_at", "supersedes"})


def history(words: Words, seed: str) -> list[f.AnyFact]:
    """The same for the same seed, on every machine."""
    random = Random(seed)
    return Teller(words, random).tell(random.randrange(1, 60))


def instants(words: Words, seed: str) -> tuple[datetime, datetime]:
    """As of an instant, as known at one: usually the same or later, now and then earlier."""
    random = Random(f"{seed} instants")
    year = words.programme.year
    within = at(f"{year}-01-01") + random.randrange(420 * 24) * 60 * MINUTE
    as_of = random.choice((at(f"{year}-12-31 24:00"), at(f"{year + 1}-03-01"), within))
    return as_of, as_of + random.choice((0, 0, 40, 90, -20)) * timedelta(days=1)


__all__ = ["Words", "history", "instants"]

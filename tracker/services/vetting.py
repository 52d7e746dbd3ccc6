"""Whether facts are about things that the programme has: one Problem for each that is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from fractions import Fraction
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from schedules.workdays import WorkCalendar
from tracker.domain import asks, readings
from tracker.domain import facts as f
from tracker.domain.decisions import Bounds, bounds_of, decided
from tracker.domain.errors import Problem
from tracker.domain.layout import lay_out
from tracker.domain.points import points, rounded
from tracker.domain.programme import (
    CaseDuty,
    Clause,
    Duty,
    Gap,
    Held,
    Item,
    Milestone,
    Programme,
    Recurring,
    owing,
)
from tracker.domain.record import record

NO_TITLES: Mapping[str, str] = MappingProxyType({})
"""The names of most things are the programme's."""

SHOWN = 8
"""At most so many of the names that would have been right."""


@dataclass(frozen=True)
class Vocabulary:
    """The names that facts may use in one version of a programme."""

    programme: Programme
    calendar: WorkCalendar

    @cached_property
    def units(self) -> frozenset[str]:
        return frozenset(unit.id for unit in self.programme.units)

    @cached_property
    def findings(self) -> frozenset[str]:
        return asks.named_in_any_reading(self.programme, "finding")

    @cached_property
    def measures(self) -> frozenset[str]:
        return asks.named_in_any_reading(self.programme, "measurement")

    @cached_property
    def recognitions(self) -> frozenset[str]:
        return asks.named_in_any_reading(self.programme, "recognition")

    @cached_property
    def ranks(self) -> frozenset[str]:
        return asks.named_in_any_reading(self.programme, "rank")

    @cached_property
    def told_apart(self) -> dict[tuple[str, str], frozenset[str]]:
        """The classes (of findings and recognitions) and grades (of measurements) that rules tell
        apart, by kind and key; nothing of what they tell none apart of."""
        found: dict[tuple[str, str], set[str]] = {}
        for _, _, clause in self.programme.clauses.values():
            for one in asks.asks(self.programme, clause):
                found.setdefault((one.kind, one.key), set()).update(one.classes, one.grades)
        others = asks.told_apart_by_alternatives(self.programme)
        return {key: frozenset(apart | others) for key, apart in found.items() if apart}

    def called(self, key: str) -> str:
        """A key with what people call it: "agriculture（县农业农村局）"."""
        units = {unit.id: unit.name for unit in self.programme.units}
        clause = self.programme.clauses.get(key)
        name = units.get(key) or (clause[2].title if clause else self.programme.called(key))
        return key if name == key else f"{key}（{name}）"

    @cached_property
    def rules(self) -> frozenset[str]:
        return frozenset(id_ for id_, _, _ in self.programme.rules())

    @cached_property
    def activities(self) -> frozenset[str]:
        return frozenset(duty.activity for _, _, duty in self._duties() if isinstance(duty, Gap))

    @cached_property
    def cases(self) -> dict[str, frozenset[str]]:
        """The units that may be given a case, by kind of case."""
        found: dict[str, set[str]] = {}
        for item, clause, duty in self._duties():
            if isinstance(duty, CaseDuty):
                found.setdefault(duty.case, set()).update(owing(item, clause))
        return {kind: frozenset(units) for kind, units in found.items()}

    @cached_property
    def occurrences(self) -> dict[tuple[str, str], frozenset[str]]:
        """Period keys of every duty that is owed by period, by clause and duty."""
        nothing = record((), as_of=_LONG_AGO, known_at=_LONG_AGO)
        found: dict[tuple[str, str], set[str]] = {}
        for one in lay_out(self.programme, self.calendar, nothing):
            found.setdefault((one.clause, one.duty), set()).add(one.occurrence)
        return {key: frozenset(those) for key, those in found.items()}

    def _duties(self) -> Iterator[tuple[Item, Clause, Any]]:
        for _, item, clause in self.programme.clauses.values():
            for duty in clause.duties:
                yield item, clause, duty


_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Stock:
    """What is on file already, and what comes with the same load."""

    facts: dict[str, f.AnyFact]
    cases: frozenset[str]
    spoiled: frozenset[str] = frozenset()
    """Facts and cases that the load would have, were their own rows right."""

    @classmethod
    def of(cls, *lots: Iterable[f.AnyFact], spoiled: frozenset[str] = frozenset()) -> Stock:
        everything = [fact for lot in lots for fact in lot]
        opened = (one for one in everything if isinstance(one, f.CaseEvent))
        return cls(
            {fact.id: fact for fact in everything if fact.id},
            frozenset(one.case for one in opened if one.event == "opened") | spoiled,
            spoiled,
        )

    @cached_property
    def choices(self) -> dict[str, str]:
        """The readings that people have decided, the last decision of each."""
        told = [one for one in self.facts.values() if isinstance(one, f.ReadingDecision)]
        standing = [one for one in told if one.id not in self.replaced]
        standing.sort(key=lambda one: (one.occurred_at, one.recorded_at, one.id))
        return {one.reading: one.choice for one in standing}

    def decisions_beside(self, fact: f.Decision) -> list[f.Decision]:
        """The other decisions of its rule that stand."""
        return [
            one
            for one in self.facts.values()
            if isinstance(one, f.Decision) and one.rule == fact.rule
            and one.id not in (fact.id, fact.supersedes) and one.id not in self.replaced
        ]  # fmt: skip

    @cached_property
    def replaced(self) -> frozenset[str]:
        """Facts that another one corrects or takes back."""
        return frozenset(one.supersedes for one in self.facts.values() if one.supersedes)

    def review_of(self, report: str, *, beside: str = "") -> f.Review | None:
        """The review that stands for the report; `beside` is the id of one that does not count."""
        reviews = (one for one in self.facts.values() if isinstance(one, f.Review))
        those = (one for one in reviews if one.report == report and one.id != beside)
        return next((one for one in those if one.id not in self.replaced), None)


def problems(
    facts: Mapping[str, f.AnyFact], words: Vocabulary, stock: Stock, *, now: datetime
) -> list[Problem]:
    """Everything wrong with the facts, which are given by their places in the load."""
    vet = _Vet(words, stock, now)
    return [
        Problem(place, one.text, one.advice, one.field)
        for place, fact in facts.items()
        for one in vet.mistakes(fact)
    ]


def place(number: int, fact: f.AnyFact) -> str:
    """Where a fact stands in a load: "fact 2 r-17 (report, clause 20.5)"."""
    name = f" {fact.id}" if fact.id else ""
    clause = f", clause {fact.clause}" if isinstance(fact, f.About) else ""
    return f"fact {number}{name} ({fact.fact}{clause})"


class Mistake(NamedTuple):
    text: str
    advice: str = ""
    field: str = ""
    """The field of the fact that is wrong, where it is one alone."""


@dataclass(frozen=True)
class _Vet:
    words: Vocabulary
    stock: Stock
    now: datetime

    def mistakes(self, fact: f.AnyFact) -> Iterator[Mistake]:
        yield from self._times(fact)
        if fact.supersedes is not None and not self._known(fact.supersedes):
            yield Mistake(
                f"所更正的 {fact.supersedes} 不在案 / supersedes {fact.supersedes!r}, "
                "which is not on file",
                field="supersedes",
            )
        unit = getattr(fact, "unit", "")
        if unit and unit not in self.words.units:
            yield self._unknown("unit", "单位", "unit", unit, self.words.units)
        match fact:
            case f.About():
                yield from self._about(fact)
            case f.Review():
                yield from self._review(fact)
            case f.CaseEvent():
                yield from self._case(fact)
            case f.ReadingDecision():
                yield from self._reading(fact)
            case f.Decision():
                yield from self._decision(fact)
            case _:
                yield from self._keyed(fact)

    def _times(self, fact: f.AnyFact) -> Iterator[Mistake]:
        if fact.occurred_at > self.now:
            yield _ahead("发生时间", "occurred_at", fact.occurred_at)
        if fact.recorded_at > self.now:
            yield _ahead("录入时间", "recorded_at", fact.recorded_at)

    def _about(self, fact: f.About) -> Iterator[Mistake]:
        known = self.words.programme.clauses
        if fact.clause not in known:
            yield self._unknown("clause", "计分句", "clause", fact.clause, known)
            return
        _, item, clause = known[fact.clause]
        duty = clause.duty(fact.duty)
        if fact.duty and duty is None:
            titles = {one.id: one.title for one in clause.duties}
            yield self._unknown(
                "duty", "这一计分句的事项", "duty of the clause", fact.duty, titles, titles
            )
        units = owing(item, clause)
        if fact.unit and fact.unit in self.words.units and fact.unit not in units:
            yield self._unknown(
                "unit", "这一计分句的责任单位", "unit that owes the clause", fact.unit, units
            )
        if fact.occurrence and duty is not None:
            yield from self._occurrence(fact, duty)
        if isinstance(fact, f.Report) and not fact.occurrence:
            yield from self._which(fact, (duty,) if duty is not None else clause.duties)
        if isinstance(fact, f.ExternalDate):
            yield from self._entered(fact, duty)

    def _entered(self, fact: f.ExternalDate, duty: Duty | None) -> Iterator[Mistake]:
        """A date is a milestone's, or one case's whose limit another document sets."""
        if isinstance(duty, CaseDuty) and duty.external:
            if not fact.occurrence:
                yield self._unnamed("交办件的编号", "case", self.stock.cases)
        elif not isinstance(duty, Milestone):
            yield Mistake(
                "日期只能录给进度节点，或期限随件的交办件 / "
                "a date is a milestone's, or a case's that brings its own limit: name its duty",
                "请写明是哪个事项",
                "duty",
            )

    def _which(self, fact: f.Report, duties: Sequence[Duty]) -> Iterator[Mistake]:
        """A report that names no period or case would count for every one of them."""
        if not fact.duty and len(duties) != 1:
            return
        for duty in duties:
            if isinstance(duty, CaseDuty):
                yield self._unnamed("交办件的编号", "case", self.stock.cases)
            periods = self.words.occurrences.get((fact.clause, duty.id), frozenset()) - {""}
            if isinstance(duty, Recurring) and len(periods) > 1:
                yield self._unnamed("期次", "period", periods)

    def _occurrence(self, fact: f.About, duty: Any) -> Iterator[Mistake]:
        if isinstance(duty, Gap):
            return
        if isinstance(duty, CaseDuty):
            if fact.occurrence not in self.stock.cases:
                yield self._unknown(
                    "occurrence", "在案的交办件", "opened case", fact.occurrence, self.stock.cases
                )
            return
        periods = self.words.occurrences.get((fact.clause, fact.duty), frozenset())
        if fact.occurrence not in periods:
            yield self._unknown("occurrence", "期次", "period", fact.occurrence, periods - {""})

    def _known(self, name: str) -> bool:
        return name in self.stock.facts or name in self.stock.spoiled

    def _review(self, fact: f.Review) -> Iterator[Mistake]:
        reviewed = self.stock.facts.get(fact.report)
        if fact.report in self.stock.spoiled:
            return
        if not isinstance(reviewed, f.Report):
            yield Mistake(
                f"没有填报 {fact.report} / reviews {fact.report!r}, which is no report on file",
                field="report",
            )
        elif fact.occurred_at < reviewed.occurred_at:
            yield Mistake(
                f"审核早于填报 / reviews {fact.report!r} before it was submitted",
                field="occurred_at",
            )
        if self._counts(fact) and self.stock.review_of(fact.report, beside=fact.id) is not None:
            yield Mistake(
                f"填报 {fact.report} 已经审核 / report {fact.report!r} was reviewed already",
                "要改请更正原来那条 / supersede that review",
                "report",
            )

    def _case(self, fact: f.CaseEvent) -> Iterator[Mistake]:
        if fact.event != "opened":
            if fact.case not in self.stock.cases:
                yield self._unknown(
                    "case", "在案的交办件", "opened case", fact.case, self.stock.cases
                )
            return
        if fact.due_on is not None and fact.due_on < fact.occurred_at.astimezone(self._zone).date():
            yield Mistake(
                f"交办件 {fact.case} 的期限 {fact.due_on} 早于收到之日 / case {fact.case!r} is due "
                f"on {fact.due_on}, before it was received",
                field="due_on",
            )
        units = self.words.cases.get(fact.kind)
        others = self._opened(fact) if self._counts(fact) else []
        if any(one.unit == fact.unit and one.kind == fact.kind for one in others):
            yield Mistake(
                f"交办件 {fact.case} 已登记 / case {fact.case!r} of {fact.unit} is open already",
                "要改请更正原来那条 / supersede that fact",
                "case",
            )
        if other := next((one.kind for one in others if one.kind != fact.kind), ""):
            yield Mistake(
                f"编号 {fact.case} 已用于另一类交办件 / "
                f"case {fact.case!r} is of the kind {other!r}",
                "请换一个编号 / give it another number",
                "case",
            )
        if "/" in fact.case:
            yield Mistake(
                f"交办件编号 {fact.case} 里不能有斜杠 / no slash in a case's number", field="case"
            )
        if units is None:
            yield self._unknown("kind", "交办件类别", "kind of case", fact.kind, self.words.cases)
        elif fact.unit in self.words.units and fact.unit not in units:
            yield self._unknown(
                "unit", "承办这类件的单位", "unit that takes such cases", fact.unit, units
            )

    @property
    def _zone(self) -> ZoneInfo:
        return self.words.programme.tz

    def _counts(self, fact: f.AnyFact) -> bool:
        return fact.id not in self.stock.replaced

    def _opened(self, fact: f.CaseEvent) -> list[f.CaseEvent]:
        """The other openings of a case of this number that stand."""
        return [
            one
            for one in self.stock.facts.values()
            if isinstance(one, f.CaseEvent) and (one.case, one.event) == (fact.case, "opened")
            and one.id != fact.id and self._counts(one)
        ]  # fmt: skip

    def _reading(self, fact: f.ReadingDecision) -> Iterator[Mistake]:
        readings = {reading.id: reading for reading in self.words.programme.readings}
        if fact.reading not in readings:
            yield self._unknown("reading", "口径", "reading", fact.reading, readings)
            return
        choices = [one.id for one in readings[fact.reading].alternatives]
        if fact.choice not in choices:
            yield self._unknown(
                "choice", "这条口径的选项", "alternative of the reading", fact.choice, choices
            )

    @cached_property
    def _read(self) -> Programme:
        """As the readings stand."""
        known = {one.id: one for one in self.words.programme.readings}
        choices = {
            reading: choice for reading, choice in self.stock.choices.items()
            if reading in known and choice in {one.id for one in known[reading].alternatives}
        }  # fmt: skip
        return readings.applied(self.words.programme, choices)

    def _decision(self, fact: f.Decision) -> Iterator[Mistake]:
        """Beyond what the text lets a person decide."""
        bounds = bounds_of(self._read, fact.rule)
        if bounds is None and fact.rule not in self.words.rules:
            yield self._unknown("rule", "规则", "rule", fact.rule, self.words.rules)
            return
        if bounds is None:
            yield Mistake(
                f"规则 {fact.rule} 的分值不由人认定 / nobody decides the amount of {fact.rule}",
                "若另有口径由人认定，请先定口径 / decide the reading first if one leaves it open",
                "rule",
            )
            return
        others = decided(self.stock.decisions_beside(fact))
        if self._counts(fact):
            yield from _beyond(bounds, Fraction(fact.points), others)

    def _keyed(self, fact: f.AnyFact) -> Iterator[Mistake]:
        words = self.words
        known: dict[str, tuple[str, str, Callable[[], Iterable[str]]]] = {
            "finding": ("发现问题的类别", "finding", lambda: words.findings),
            "measurement": ("指标", "measure", lambda: words.measures),
            "target": ("目标", "target", lambda: words.programme.target_values),
            "rank": ("排名", "rank", lambda: words.ranks),
            "recognition": ("认可", "recognition", lambda: words.recognitions),
            "activity": ("活动", "activity", lambda: words.activities),
        }
        if fact.fact not in known:
            return
        told, field, names = known[fact.fact]
        name = getattr(fact, field)
        if name not in names():
            yield self._unknown(field, told, field, name, names())
            return
        yield from self._told_apart(fact, name)
        if isinstance(fact, f.Finding | f.Recognition) and not fact.problem and self._counts(fact):
            yield from self._of_which_problem(fact, name)

    def _of_which_problem(self, fact: f.Finding | f.Recognition, key: str) -> Iterator[Mistake]:
        """Nothing would come of it."""
        if (fact.fact, key) not in asks.of_one_problem(Held(self._read)):
            return
        yield Mistake(
            f"“{self.words.programme.called(key)}”没有写明是哪个问题，哪一笔都改不了 / "
            f"{key} does not say which problem it is about, and changes nothing",
            "请填“问题”（problem），与所改的那一笔一致：它的问题编号，没有编号的写它的断面或对象 / "
            "give the problem key of the charge that it changes, or its site or subject",
            "problem",
        )

    def _told_apart(self, fact: f.AnyFact, key: str) -> Iterator[Mistake]:
        """A class or a grade that no rule knows would cost nothing, or what any other costs."""
        known = self.words.told_apart.get((fact.fact, key), frozenset())
        what = self.words.programme.called(key)
        if isinstance(fact, f.Measurement):
            if known and fact.grade not in known:
                yield self._unknown("grade", f"{what}的等级", f"grade of {key}", fact.grade, known)
            if not known and fact.value is None:
                yield Mistake(
                    f"{what}没有写数值 / {key} has no value", "请写数值 / give its value", "value"
                )
            return
        given = [one for one in (getattr(fact, "class_", ""), getattr(fact, "level", "")) if one]
        if known and given and not known.intersection(given):
            field = "class" if given[0] == getattr(fact, "class_", "") else "level"
            yield self._unknown(field, f"{what}的类别", f"class of {key}", given[0], known)

    def _unknown(
        self, field: str, told: str, what: str, name: str, known: Iterable[str],
        titles: Mapping[str, str] = NO_TITLES,
    ) -> Mistake:  # fmt: skip
        called = self.words.called(name)
        return Mistake(
            f"方案中没有{told}“{called}” / no {what} {name!r} in the programme",
            self._listed(known, name, titles),
            field,
        )

    def _unnamed(self, told: str, what: str, known: Iterable[str]) -> Mistake:
        listed = self._listed(known)
        return Mistake(f"没有写明{told} / does not say which {what}", listed, "occurrence")

    def _listed(
        self, known: Iterable[str], given: str = "", titles: Mapping[str, str] = NO_TITLES
    ) -> str:
        """What would have been right, by id and name: all of a few, what is like it first; of many
        what is like it, where something is."""
        called = {
            f"{one}（{titles[one]}）" if one in titles else self.words.called(one): one
            for one in sorted(known)
        }
        if not called:
            return "一个也没有 / there is none"
        spelt = {part: label for label, one in called.items()
                 for part in (one, *label.removeprefix(one).strip("（）").split())}  # fmt: skip
        close = [spelt[one] for one in get_close_matches(given, spelt, n=3, cutoff=0.55)]
        few = called if len(called) <= SHOWN else ()
        names = list(dict.fromkeys([*close, *few])) or [*called][:SHOWN]
        more = f" …（{len(called)}）" if len(called) > len(names) else ""
        return f"可用 / known: {', '.join(names)}{more}"


def _beyond(bounds: Bounds, given: Fraction, others: Fraction) -> Iterator[Mistake]:
    over = bounds.over(given, others)
    if not over and not bounds.under(given, others):
        return
    sum_of = bounds.per == "year" and others
    before = f"，连同已认定的 {_points(others)} 分" if sum_of else ""
    beside = f" with {_points(others)} before" if sum_of else ""
    limit = _points(bounds.most if over else bounds.least)
    zh = f"超过上限 {limit} 分" if over else f"不到下限 {limit} 分"
    en = f"more than the {limit} points allowed" if over else f"less than the {limit} points asked"
    least, most = _points(bounds.least), _points(bounds.most)
    yield Mistake(
        f"计分句 {bounds.clause} 认定 {_points(given)} 分{before}，{zh} / "
        f"clause {bounds.clause}: {_points(given)} decided{beside}, {en}",
        f"幅度 {least} 至 {most} 分 / between {least} and {most} points",
        "points",
    )


def _points(amount: Fraction) -> str:
    return f"{points(rounded(amount)):f}"


def _ahead(told: str, what: str, at: datetime) -> Mistake:
    return Mistake(
        f"{told} {at.isoformat()} 还没有到 / {what} has not come yet",
        "请核对年月日和时区 / check date and offset",
        what,
    )

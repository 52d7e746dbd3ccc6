"""What every way of making a rule out of a sanction shares: the text around it, keys and names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal

from tracker.definitions.clauses import ReadClause, ReadRule
from tracker.definitions.drafting import bands, passages
from tracker.definitions.drafting.duties import Clocks, key_of
from tracker.definitions.drafting.goals import Goal
from tracker.domain.programme import TargetValue
from tracker.domain.rules import Rule

TO_COME = "由其他文件或任务数确定，待录"
TIME_UNITS = frozenset({"minute", "hour", "day", "workday", "week", "month"})
MEASURED = {"percent": "%", "percentage_point": "百分点", "ug_m3": "μg/m3", "10k_mu": "万亩",
             "grade": "级"}  # fmt: skip


STARTED = re.compile(r"不[足满][^，。；]{0,10}(?:也?按|计为|算作?)\s*[\d一]")


@dataclass(frozen=True)
class Place:
    """Where the clause stands: ids of the item's clauses up to it, and whether it is a bonus."""

    clause: str
    item: str
    before: tuple[str, ...] = ()
    has_points: bool = True
    beside: bool = False
    """In the bonus or penalty part."""
    bonus: bool = False
    goal: Goal | None = None
    """What the row's own cell wants to be reached."""


@dataclass(frozen=True)
class Choice:
    """A field of the rule made of sanction `read` that the text leaves open, with its values; the
    first is drafted."""

    read: int
    field: str
    asked: str
    values: tuple[tuple[str, str], ...]


@dataclass
class Mapped:
    """The rules of a clause and what they name; `of` leads from a sanction read to its rules."""

    rules: list[Rule] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    targets: list[TargetValue] = field(default_factory=list)
    of: dict[int, list[int]] = field(default_factory=dict)
    unsaid: list[ReadRule] = field(default_factory=list)
    """Sanctions that no rule can say; a pending amount stands in their place."""
    apart: list[ReadRule] = field(default_factory=list)
    """Consequences beside the points, which a person sees to."""
    choices: list[Choice] = field(default_factory=list)
    earned: bool = False
    """每个得1分，最高得5分: the clause begins at nothing and is filled up."""

    unread_goal: bool = False
    """A sanction counts by the row's own target, of which no number was read."""

    level: str | None = None
    """达到要求得16分，再加减: what the clause begins with, of its points."""

    above: str | None = None
    """上述工作未按要求完成的，每一项扣0.2分: what each of the clauses before it loses."""

    def without(self, at: int, *, instead: int) -> None:
        """Takes rule `at` away; what was read for it is now said by rule `instead`."""
        del self.rules[at]
        told = {read: [instead if n == at else n for n in made] for read, made in self.of.items()}
        self.of = {read: [n - (n > at) for n in made] for read, made in told.items()}

    def before(self, rule: Rule) -> None:
        """A rule of our own in front of the others."""
        self.rules.insert(0, rule)
        self.of = {read: [n + 1 for n in made] for read, made in self.of.items()}


@dataclass
class Making:
    """One clause at work."""

    reading: ReadClause
    clocks: Clocks
    place: Place
    made: Mapped

    def about(self, read: ReadRule) -> str:
        return passages.about(self.reading.text, read.span)

    def passage(self, read: ReadRule) -> str:
        return passages.passage(self.reading.text, read.span)

    def piece(self, read: ReadRule) -> str:
        return self.reading.text[slice(*read.span)]

    def key(self, read: ReadRule, number: int, *, name: str | None = None) -> str:
        """The key of a finding, measure, recognition or rank, with what people call it."""
        key = f"{key_of(self.place.clause)}_{number + 1}"
        self.made.names[key] = name or self.about(read)
        return key

    def target(self, read: ReadRule, number: int, value: Decimal | None) -> str:
        key = f"{key_of(self.place.clause)}_{number + 1}_target"
        unit = "" if read.step is None else MEASURED.get(read.step.unit, "")
        source = "条文" if value is not None else TO_COME
        goal = self.goal(read)
        if value is None and goal is not None:
            value, source = goal.number, f"目标值：{goal.wording}"
            unit = unit or goal.unit
            self.made.unread_goal |= goal.number is None
        self.made.targets.append(
            TargetValue(id=key, name=self.about(read), value=value, measure_unit=unit,
                        source=source)
        )  # fmt: skip
        return key

    def goal(self, read: ReadRule) -> Goal | None:
        """The row's own target, where it is measured in what the sanction counts."""
        goal = self.place.goal
        if goal is None or goal.number is None:
            return goal
        percent = read.step is not None and read.step.unit in ("percent", "percentage_point")
        rate = bool(re.search(r"率|比例|占比|比重", self.passage(read)))
        return goal if not percent or goal.percent == rate or not rate else None

    def cap_of(self, read: ReadRule) -> str | None:
        return bands.amount(read.cap)

    def earlier(self) -> list[str]:
        """Ids of the rules of this clause so far that take or give something."""
        apart = {"duty", "cap", "no_double", "exemption", "multiplier", "veto"}
        return [
            f"{self.place.clause}#{n}"
            for n, rule in enumerate(self.made.rules, start=1)
            if rule.kind not in apart
        ]

"""The programme (考核方案 / 责任清单): one year's list as an immutable, hashed, versioned document.

Ids follow the source's own numbering: item `20`, clause `20.5`; district list `3.16.7.4`. A rule's
id is its clause's id with `#1`, `#2` in order; a duty's is `clause/duty`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schedules.recurrence import Freq, Recurrence
from tracker.domain.points import Number, Points
from tracker.domain.policy import Policy, PolicyChange
from tracker.domain.rules import Rule

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]


class Definition(BaseModel):
    """A part of a programme: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Unit(Definition):
    """A unit of the list (牵头 / 责任 / 审核单位).

    `kind: group` stands for several units that the document does not name one by one
    ("夏季攻势"牵头单位); a person assigns them.
    """

    id: Slug
    name: str
    short: str = ""
    kind: Literal["unit", "group"] = "unit"

    @property
    def label(self) -> str:
        return self.short or self.name


class TimeUnit(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WORKDAY = "workday"
    WEEK = "week"
    MONTH = "month"


class Duration(Definition):
    """`n` hours, days (自然日), working days (工作日), weeks or months (个月: to the same day)."""

    n: Annotated[int, Field(ge=1)]
    unit: TimeUnit


class Need(Definition):
    """What a dated expectation asks for, of a target: all of it, a share, or a number.

    `of` names a target of the programme. `rounding` decides how many whole things a share is
    (9 x 80% = 7.2: `up` asks for 8, `down` for 7). `scaled` changes what is asked for where a
    recognition of that name stands (经开区任务减半: 0.5). Each thing recognised under a name of
    `less` takes one off the target (不涉及的除外).
    """

    of: Slug
    share: Annotated[Number, Field(gt=0, le=1)] | None = None
    number: Annotated[Number, Field(gt=0)] | None = None
    rounding: Literal["up", "down"] = "up"
    scaled: dict[str, Annotated[Number, Field(gt=0)]] = Field(default_factory=dict)
    less: tuple[str, ...] = ()


class Milestone(Definition):
    """进度节点: by the end of `on`; `external` names the document that sets the date instead.

    Without `need` it is a yes/no duty.
    """

    kind: Literal["milestone"] = "milestone"
    id: Slug = "done"
    title: str = ""
    on: date | None = None
    external: str = ""
    starts: date | None = None
    need: Need | None = None
    wording: str = Field(default="", description='The date as written, e.g. "8月底前".')

    @model_validator(mode="after")
    def _has_one_date(self) -> Self:
        if (self.on is None) == (not self.external):
            raise ValueError(
                "a milestone has either a day (on) or the document that sets it (external)"
            )
        return self


class Recurring(Definition):
    """A duty owed once (or `times` times) per period; one obligation per period.

    `due_day` counts in the period's last month, or in its month number `due_month` (weekly: 1
    Monday to 7 Sunday); none means that month's, or the period's, last day. `due_offset` moves it
    on by whole periods (次月10日前: monthly, 10, 1; 每年5月31日前: yearly, 31, month 5).
    """

    kind: Literal["recurring"] = "recurring"
    id: Slug = "period"
    title: str = ""
    freq: Literal["daily", "weekly", "ten_days", "monthly", "quarterly", "half_yearly", "yearly"]
    interval: Annotated[int, Field(ge=1)] = 1
    times: Annotated[int, Field(ge=1)] = 1
    due_day: Annotated[int, Field(ge=1, le=31)] | None = None
    due_offset: Annotated[int, Field(ge=0)] = 0
    due_month: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        description="Month of the period, from 1, of months, quarters, halves and years.",
        exclude_if=lambda month: month is None,  # what was published before keeps its hash
    )
    first: date | None = Field(default=None, description="First day covered; default 1 January.")
    last: date | None = Field(default=None, description="Last day covered; default 31 December.")
    wording: str = ""

    @property
    def rhythm(self) -> Recurrence:
        """ValueError where the parts do not go together."""
        return Recurrence(
            Freq(self.freq), self.interval, self.times, self.due_day, self.due_offset,
            self.due_month,
        )  # fmt: skip


class CaseDuty(Definition):
    """A clock that starts when a case (交办件 / 督办件) of the kind is received.

    It runs for `within`; where another document sets the limit (`external`), each case brings its
    own last day. `settled_by` says whether the close of the case settles it, or only a report or a
    close of this duty.
    """

    kind: Literal["case"] = "case"
    id: Slug = "case"
    title: str = ""
    case: Slug
    within: Duration | None = None
    external: str = ""
    settled_by: Literal["case", "own"] = "case"
    wording: str = ""

    @model_validator(mode="after")
    def _has_one_limit(self) -> Self:
        if (self.within is None) == (not self.external):
            raise ValueError(
                "a case duty has either a time limit (within) or the document that sets it "
                "(external)"
            )
        return self


class Gap(Definition):
    """连续 n 天不…: an activity may not pause for a full `within`; each full one counts, or a pause
    counts once however long it lasts (`counts`).

    `starts` is the day from which a pause without any activity before it counts; none: from the
    first activity that is recorded.
    """

    kind: Literal["gap"] = "gap"
    id: Slug = "gap"
    title: str = ""
    activity: Slug
    within: Duration
    counts: Literal["each_full", "once"] = "each_full"
    starts: date | None = None
    wording: str = ""


Duty = Annotated[Milestone | Recurring | CaseDuty | Gap, Field(discriminator="kind")]


class Source(Definition):
    """Where the clause stands in the document that was loaded."""

    place: str = ""
    span: tuple[int, int] | None = None


class Clause(Definition):
    """计分细则: the smallest numbered unit of scoring text.

    `points` is what it is worth, none where the document gives it no share of its own. `base`
    below `points` is a starting level that gains fill up (16 of 20). `owed_by` lists the units that
    owe it; none means all responsible units of the item, undivided until a person assigns.
    """

    id: str
    title: str
    text: str
    points: Points | None = None
    base: Points | None = None
    below_zero: bool = Field(default=False, description="The text lets the clause go below zero.")
    of_year: bool | None = Field(
        default=None,
        description="Of findings and recognitions: true where only those of the year count "
        "(以本年度发生的事实为准), false where those from before it count too (历年未整改的); not "
        "said: those from before it do not, those from after it, such as a late result, do.",
    )
    group: str = Field(default="", description="Id of the shared pool that it belongs to.")
    lead_units: tuple[Slug, ...] | None = None
    responsible_units: tuple[Slug, ...] | None = None
    reviewing_units: tuple[Slug, ...] | None = None
    owed_by: tuple[Slug, ...] | None = None
    joins: Literal["all", "any", "lead", "each"] = "all"
    evidence: str = ""
    duties: tuple[Duty, ...] = ()
    rules: tuple[Rule, ...] = ()
    source: Source = Source()

    def duty(self, name: str) -> Duty | None:
        return next((duty for duty in self.duties if duty.id == name), None)


class Group(Definition):
    """A pool of points that several clauses share: an indicator (指标) inside an item.

    `cap` limits what the clauses below it may lose together (default: its points), `bonus_cap`
    what they may win.
    """

    id: str
    title: str
    points: Points | None = None
    cap: Points | None = None
    bonus_cap: Points | None = None
    group: str = Field(default="", description="The pool that this one lies in, if any.")


class Item(Definition):
    """任务: worth `points`; what its clauses lose together never exceeds that (floor 0).

    `unallocated` says what happens to points that no clause carries: an open reading.
    """

    id: str
    title: str
    points: Points | None = None
    lead_units: tuple[Slug, ...] = ()
    responsible_units: tuple[Slug, ...] = ()
    reviewing_units: tuple[Slug, ...] = ()
    evidence: str = ""
    deadline: date | None = None
    deadline_text: str = ""
    unallocated: Literal["kept", "lost", "scaled"] = "kept"
    below_zero: bool = False
    bonus_cap: Points | None = None
    policy: PolicyChange | None = None
    groups: tuple[Group, ...] = ()
    clauses: Annotated[tuple[Clause, ...], Field(min_length=1)]


class Section(Definition):
    """板块. `part` says whether it belongs to the base score or stands beside it.

    `cap` limits what a bonus or penalty part may win or lose together.
    """

    id: str
    title: str
    points: Points | None = None
    part: Literal["base", "bonus", "penalty"] = "base"
    cap: Points | None = None
    policy: PolicyChange | None = None
    items: Annotated[tuple[Item, ...], Field(min_length=1)]


class TargetValue(Definition):
    """A number that clauses refer to; `value` none where another document sets it (`source`)."""

    id: Slug
    name: str
    value: Number | None = None
    measure_unit: str = ""
    source: str = ""
    subject: str = ""


class Alternative(Definition):
    """One reading. `set` changes fields of rules, duties or items, by path.

    Paths: `31.2#1.steps`, `20.2/s1.need.rounding`, `3.13.unallocated`.
    """

    id: Slug
    says: str
    set: dict[str, Any] = Field(default_factory=dict)


class Reading(Definition):
    """口径: an ambiguous clause, its alternatives, the one that holds until a person decides."""

    id: Slug
    clause: str
    question: str
    alternatives: Annotated[tuple[Alternative, ...], Field(min_length=2)]
    default: Slug
    because: str = ""

    @model_validator(mode="after")
    def _default_exists(self) -> Self:
        if self.default not in {alternative.id for alternative in self.alternatives}:
            raise ValueError(f"the default reading {self.default!r} is none of the alternatives")
        return self


class Thresholds(Definition):
    """When a light turns: shares of the time that an obligation has."""

    nearly: Annotated[Number, Field(gt=0, lt=1)] = Decimal("0.9")
    silent: Annotated[Number, Field(gt=0, lt=1)] = Decimal("0.5")


class SpecialPeriod(Definition):
    """A period that the programme defines (特护期)."""

    id: Slug
    name: str
    first: date
    last: date


class Programme(Definition):
    """考核方案. Immutable; `hash` names this exact document."""

    id: Slug
    title: str
    year: Annotated[int, Field(ge=1992, le=2100)]
    zone: str = "Asia/Shanghai"
    points: Points
    points_name: str = "分"
    about: str = ""
    cutoff: date | None = Field(default=None, description="From here never replaces late.")
    units: tuple[Unit, ...]
    targets: tuple[TargetValue, ...] = ()
    names: dict[str, str] = Field(
        default_factory=dict,
        description="What people call the findings, measures, recognitions, ranks, case kinds and "
        "classes that rules name by key.",
    )
    periods: tuple[SpecialPeriod, ...] = ()
    policy: Policy = Policy()
    thresholds: Thresholds = Thresholds()
    ranked_by: Literal["lost", "kept", "timely"] = Field(
        default="lost",
        description="How a bulletin (通报) ranks the units: by points lost, by the share of their "
        "points kept, or by the share of what was due that was done in time.",
    )
    sections: Annotated[tuple[Section, ...], Field(min_length=1)]
    readings: tuple[Reading, ...] = ()

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON of what the document says: the same content is the same
        version.

        What it leaves to a default does not count, so that a field which a later release knows
        makes no other version of an unchanged document. The kinds of duties and rules stand beside
        it in order, because each kind is its own field's default.
        """
        kinds = [
            [one.kind for one in (*clause.duties, *clause.rules)]
            for _, _, clause in self.clauses.values()
        ]
        body = json.dumps(
            [self.model_dump(mode="json", by_alias=True, exclude_defaults=True), kinds],
            ensure_ascii=False,
            sort_keys=True,
            separators=(",", ":"),
        )
        return hashlib.sha256(body.encode()).hexdigest()

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @property
    def closes_on(self) -> date:
        """The cut-off day: the year's last unless the programme says otherwise."""
        return self.cutoff or date(self.year, 12, 31)

    @cached_property
    def clauses(self) -> dict[str, tuple[Section, Item, Clause]]:
        """Every clause by id, in the document's order, with where it stands."""
        return {
            clause.id: (section, item, clause)
            for section in self.sections
            for item in section.items
            for clause in item.clauses
        }

    @cached_property
    def policies(self) -> dict[str, Policy]:
        """The policy that counts for each clause: its item's, else its section's, else ours."""
        return {
            name: self.policy.changed(section.policy, item.policy)
            for name, (section, item, _) in self.clauses.items()
        }

    @cached_property
    def numbered(self) -> dict[str, tuple[int, Section, Item]]:
        """Every item by id with its place in the document's order."""
        return {
            item.id: (number, section, item) for number, (section, item) in enumerate(self.items())
        }

    def items_among(self, ids: Collection[str] | None) -> list[tuple[Section, Item]]:
        """These items (None: all) in the document's order, at the price of no others."""
        if ids is None:
            return list(self.items())
        found = sorted((self.numbered[name] for name in ids if name in self.numbered), key=_first)
        return [(section, item) for _, section, item in found]

    def clauses_in(self, items: Collection[str] | None) -> tuple[str, ...]:
        """Ids of the clauses of these items (None: of all), in the document's order."""
        return tuple(clause.id for _, item in self.items_among(items) for clause in item.clauses)

    def called(self, key: str) -> str:
        """What people call what a rule names by key; the key itself where it has no name.

        A duty as `clause/duty` by its title; what stands behind a colon only narrows the key.
        """
        clause, _, duty = key.partition("/")
        if duty and clause in self.clauses:
            body = self.clauses[clause][2]
            found = body.duty(duty)
            return f"{clause} {(found.title if found is not None else '') or body.title}"
        plain = key.removeprefix("target:").partition(":")[0]
        target = self.target_values.get(plain)
        return self.names.get(plain) or (target.name if target is not None else key)

    @cached_property
    def unit_names(self) -> dict[str, str]:
        return {unit.id: unit.name for unit in self.units}

    @cached_property
    def target_values(self) -> dict[str, TargetValue]:
        return {target.id: target for target in self.targets}

    def items(self) -> Iterator[tuple[Section, Item]]:
        for section in self.sections:
            for item in section.items:
                yield section, item

    def rules(self) -> Iterator[tuple[str, Clause, Rule]]:
        """Every sanction with its id, `clause#n`."""
        for _, _, clause in self.clauses.values():
            for number, rule in enumerate(clause.rules, start=1):
                yield f"{clause.id}#{number}", clause, rule


def _first(numbered: tuple[int, Section, Item]) -> int:
    return numbered[0]


class Held:
    """A programme as a cache key: equal by hash, cheap to compare."""

    def __init__(self, programme: Programme) -> None:
        self.programme = programme

    def __hash__(self) -> int:
        return hash(self.programme.hash)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Held) and other.programme.hash == self.programme.hash


def owing(item: Item, clause: Clause) -> tuple[str, ...]:
    """The units that owe the clause: assigned, else its own responsible units, else the item's."""
    if clause.owed_by is not None:
        return clause.owed_by
    own = (
        clause.responsible_units if clause.responsible_units is not None else item.responsible_units
    )
    return own or leading(item, clause)


def leading(item: Item, clause: Clause) -> tuple[str, ...]:
    return clause.lead_units if clause.lead_units is not None else item.lead_units


def reviewing(item: Item, clause: Clause) -> tuple[str, ...]:
    return clause.reviewing_units if clause.reviewing_units is not None else item.reviewing_units

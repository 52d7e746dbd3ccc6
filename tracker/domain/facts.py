"""Facts: what happened, appended and never edited.

Every fact says when it happened (`occurred_at`) and when it was entered (`recorded_at`), both as
aware instants. A correction is a new fact that names the one it replaces in `supersedes`;
`Withdrawal` takes a fact back without a successor. `as_of` cuts on `occurred_at`, `known_at` on
`recorded_at`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Literal, NewType, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from tracker.domain.points import Number, Points

FactId = NewType("FactId", str)


class Fact(BaseModel):
    """The part that every fact has.

    `id` is unique within the programme and decides between facts recorded at the same instant
    (by text order), so that the order of arrival never matters.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    id: FactId = FactId("")
    occurred_at: AwareDatetime
    recorded_at: AwareDatetime
    by: str = Field(default="", description="Who entered it: an account or a unit, not free text.")
    note: str = ""
    supersedes: FactId | None = None


class Evidence(BaseModel):
    """佐证材料: a file that backs a report; kept by the hash of its content."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size: Annotated[int, Field(ge=0)] = 0


class About(Fact):
    """A fact about one obligation: clause, duty, unit, and the period or case where there is one.

    `unit` empty stands for every unit that owes the duty, `duty` empty for every duty of the
    clause.
    """

    clause: str
    duty: str = ""
    unit: str = ""
    occurrence: str = Field(default="", description='Period key ("2021-08") or case id.')


AboutKind = TypeVar("AboutKind", bound=About)


class Report(About):
    """填报: a unit says how far it is.

    `done` for a yes/no duty; `count` in the target's own unit, cumulative; `share` of the target,
    0 to 1, cumulative. A total that is smaller than one before it puts that right: so much was
    never reached; `done: false` takes back what was handed in as done and waits for review.
    `occurred_at` is the submission.
    """

    fact: Literal["report"] = "report"
    done: bool | None = None
    count: Annotated[Number, Field(ge=0)] | None = None
    share: Annotated[Number, Field(ge=0, le=1)] | None = None
    evidence: tuple[Evidence, ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Report:
        if self.done is None and self.count is None and self.share is None:
            raise ValueError("a report says done, count or share")
        return self


class Review(Fact):
    """审核: accept a report, or return it (退回) with a reason."""

    fact: Literal["review"] = "review"
    report: FactId
    outcome: Literal["accepted", "returned"]
    reason: str = ""

    @model_validator(mode="after")
    def _returns_with_a_reason(self) -> Review:
        if self.outcome == "returned" and not self.reason:
            raise ValueError("a returned report needs a reason")
        return self


class CaseEvent(Fact):
    """交办件 / 督办件: a case comes, rests, goes on, ends.

    `opened` starts the clocks of every duty with this case kind, at `occurred_at` (receipt).
    `closed` is the office's own record that the named duty (empty: each) was met then. `due_on` is
    the last day that came with the case, for duties whose limit the programme leaves to others.
    """

    fact: Literal["case"] = "case"
    case: Annotated[str, Field(min_length=1)]
    kind: str = Field(default="", description="The case kind of the duty; needed when opened.")
    event: Literal["opened", "suspended", "resumed", "closed", "withdrawn"]
    unit: str = ""
    title: str = ""
    duty: str = ""
    due_on: date | None = None

    @model_validator(mode="after")
    def _opens_with_a_kind(self) -> CaseEvent:
        if self.event == "opened" and not (self.kind and self.unit):
            raise ValueError("an opened case names its kind and its unit")
        return self


class Extension(About):
    """延期: asked for, approved or refused. Counts from the decision's `occurred_at`.

    `until` is the new last day (its end) or, for hour clocks, `until_at` the new limit.
    """

    fact: Literal["extension"] = "extension"
    outcome: Literal["requested", "approved", "refused"]
    until: date | None = None
    until_at: AwareDatetime | None = None
    reason: str = ""

    @model_validator(mode="after")
    def _moves_somewhere(self) -> Extension:
        if self.outcome == "approved" and (self.until is None) == (self.until_at is None):
            raise ValueError("an approved extension has either until or until_at")
        return self


class Suspension(About):
    """挂账: the clock rests from `occurred_at` to `ends_at` (open: still resting)."""

    fact: Literal["suspension"] = "suspension"
    ends_at: AwareDatetime | None = None
    reason: str = ""


class Waiver(About):
    """豁免 / 不涉及: the duty is not asked of the unit, from `occurred_at` on."""

    fact: Literal["waiver"] = "waiver"
    reason: str = ""


class CloseOut(About):
    """销号: the office takes the obligation off the list as settled."""

    fact: Literal["close_out"] = "close_out"
    reason: str = ""


class Receipt(About):
    """签收: a person signed for a notice about the obligation."""

    fact: Literal["receipt"] = "receipt"
    role: str = "contact"


class Finding(Fact):
    """发现问题: counted incidents; `problem` is one key for a problem wherever it is charged."""

    fact: Literal["finding"] = "finding"
    finding: str = Field(description="The key that a clause's rule counts.")
    unit: str = ""
    count: Annotated[int, Field(ge=1)] = 1
    class_: str = Field(default="", alias="class")
    level: str = ""
    subject: str = ""
    problem: str = ""

    model_config = ConfigDict(
        frozen=True, extra="forbid", str_strip_whitespace=True, populate_by_name=True
    )


class Measurement(Fact):
    """监测数据: a value, of one site or subject and one period, in the target's unit.

    `period` is empty, or the year, where the value is the year's own; a value of a part of the year
    (2021-06, 2021Q2) stands only until the year's is entered.
    """

    fact: Literal["measurement"] = "measurement"
    measure: str
    value: Number | None = None
    grade: str = ""
    baseline: Number | None = None
    site: str = ""
    period: str = ""
    unit: str = ""

    @model_validator(mode="after")
    def _measures_something(self) -> Measurement:
        if self.value is None and not self.grade:
            raise ValueError("a measurement has a value or a grade")
        return self

    def of_year(self, year: int) -> bool:
        """Whether it is the whole year's value."""
        return self.period in ("", "年度", "全年", str(year), f"{year}年", f"{year}年度")


class Target(Fact):
    """A target from another document: the number that a share or a shortfall is counted from."""

    fact: Literal["target"] = "target"
    target: str
    value: Number
    unit: str = ""


class Rank(Fact):
    """排名: the place among peers, with the best and the worst peer's value where asked for.

    `previous` is last year's place. `passed_over` counts those placed above that do not take part
    because they have won otherwise (递补).
    """

    fact: Literal["rank"] = "rank"
    rank: str
    place: Annotated[int, Field(ge=1)]
    of: Annotated[int, Field(ge=1)] | None = None
    value: Number | None = None
    best: Number | None = None
    worst: Number | None = None
    previous: Annotated[int, Field(ge=1)] | None = None
    passed_over: Annotated[int, Field(ge=0)] = 0
    unit: str = ""

    @model_validator(mode="after")
    def _passes_over_only_those_above(self) -> Rank:
        if self.passed_over >= self.place:
            raise ValueError("passed_over counts some of those placed above")
        return self

    @property
    def risen(self) -> int | None:
        """Places risen since last year; negative fell, None where last year's is not known."""
        return None if self.previous is None else self.previous - self.place


class Decision(Fact):
    """酌情认定: an amount set by a named person with a reason, within the rule's bound.

    `points` is the size of the deduction or of the award, never negative.
    """

    fact: Literal["decision"] = "decision"
    rule: str
    points: Annotated[Points, Field(ge=0)]
    person: Annotated[str, Field(min_length=1)]
    reason: Annotated[str, Field(min_length=1)]
    unit: str = ""


class ReadingDecision(Fact):
    """口径: which reading of an ambiguous clause holds from now on, who decided, why."""

    fact: Literal["reading"] = "reading"
    reading: str
    choice: str
    person: Annotated[str, Field(min_length=1)]
    reason: Annotated[str, Field(min_length=1)]


class Recognition(Fact):
    """A recognised rectification, award or event that a modifier or a bonus asks for."""

    fact: Literal["recognition"] = "recognition"
    recognition: str
    count: Annotated[int, Field(ge=1)] = 1
    class_: str = Field(default="", alias="class")
    unit: str = ""
    problem: str = ""

    model_config = ConfigDict(
        frozen=True, extra="forbid", str_strip_whitespace=True, populate_by_name=True
    )


class ExternalDate(About):
    """A date that another document sets, entered when it is known; never guessed before."""

    fact: Literal["external_date"] = "external_date"
    on: date


class Activity(Fact):
    """One event of a duty that may not pause (a login); gaps are counted between these."""

    fact: Literal["activity"] = "activity"
    activity: str
    unit: str = ""


class Closing(Fact):
    """年度收官: the programme's year is closed, and nobody is reminded of anything in it from then
    on. A withdrawal of it opens the year again."""

    fact: Literal["closing"] = "closing"
    reason: Annotated[str, Field(min_length=1)]


class Withdrawal(Fact):
    """Takes back the fact named in `supersedes` without putting another in its place."""

    fact: Literal["withdrawal"] = "withdrawal"

    @model_validator(mode="after")
    def _names_a_fact(self) -> Withdrawal:
        if self.supersedes is None:
            raise ValueError("a withdrawal names the fact that it takes back (supersedes)")
        return self


AnyFact = Annotated[
    Report
    | Review
    | CaseEvent
    | Extension
    | Suspension
    | Waiver
    | CloseOut
    | Receipt
    | Finding
    | Measurement
    | Target
    | Rank
    | Decision
    | ReadingDecision
    | Recognition
    | ExternalDate
    | Activity
    | Closing
    | Withdrawal,
    Field(discriminator="fact"),
]

FACT: TypeAdapter[AnyFact] = TypeAdapter(AnyFact)
"""One fact from or to JSON; the published schema is `FACT.json_schema()`."""


def standing(facts: Iterable[AnyFact], *, as_of: datetime, known_at: datetime) -> list[AnyFact]:
    """What was true at `as_of` as far as it was known at `known_at`, oldest first.

    A fact that a later one supersedes is gone, whatever the order of arrival; a correction that was
    not yet known does not count.
    """
    known = [fact for fact in facts if fact.recorded_at <= known_at]
    replaced = {fact.supersedes for fact in known if fact.supersedes is not None}
    current = [
        fact
        for fact in known
        if fact.id not in replaced and fact.occurred_at <= as_of and fact.fact != "withdrawal"
    ]
    return sorted(current, key=in_order)


def in_order(fact: Fact) -> tuple[datetime, datetime, str]:
    """Sorts facts oldest first, whatever their order of arrival."""
    return (fact.occurred_at, fact.recorded_at, fact.id)

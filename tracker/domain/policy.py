"""催办办法: who is told when, before and after a deadline; what softens it; when mails may go out.

A programme has one, its sections and items may change parts of it: the nearest word counts. What
belongs to a person's one mail (window, quiet hours, language, channels) is the programme's alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, time
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from schedules.ladder import END


class Role(StrEnum):
    """Whom a rung tells: of the unit that owes 联络员, 副联络员, 负责人, 分管领导; the contacts
    of the item's lead unit (牵头单位), who reviews (审核单位), the coordinating office (考核办)."""

    CONTACT = "contact"
    DEPUTY = "deputy"
    HEAD = "head"
    LEAD = "lead"
    REVIEWER = "reviewer"
    LEADER = "leader"
    OFFICE = "office"


LINE = (Role.CONTACT, Role.DEPUTY, Role.HEAD, Role.LEADER)
"""The unit's own line, upwards: whoever signs, signs for those below."""

RANKS: dict[str, int] = {
    Role.CONTACT: 0,
    Role.DEPUTY: 0,
    Role.HEAD: 1,
    Role.LEAD: 1,
    Role.REVIEWER: 1,
    Role.LEADER: 2,
    Role.OFFICE: 2,
}
"""How high up a role is told."""


def signs_for(signer: str, role: str) -> bool:
    """Whether a signature of `signer` is one of `role` too; beside the line each signs alone."""
    if signer in LINE and role in LINE:
        return RANKS[signer] >= RANKS[role]
    return signer == role


class SlipKind(StrEnum):
    """交办单, 催办单, 督办单."""

    ASSIGN = "assign"
    URGE = "urge"
    SUPERVISE = "supervise"


def sent_as(slips: Sequence[SlipKind], *, matters: int) -> SlipKind:
    """What a mail about so many matters is by the slips that it brings: an order as soon as it
    brings one, an assignment where it does nothing but assign, else a reminder."""
    if SlipKind.SUPERVISE in slips:
        return SlipKind.SUPERVISE
    only = set(slips) == {SlipKind.ASSIGN} and len(slips) == matters
    return SlipKind.ASSIGN if only else SlipKind.URGE


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


RUNG = r"^(0|[+-][1-9]\d{0,2}|[1-9]\d?%|-[1-9]\d{0,2}h|half|limit|end|step\+[1-9]\d{0,2})$"

SLIP_AT = RUNG.replace("^(", f"^(never|intake|{'|'.join(Role)}|")


def _or_never(given: object, read: ValidatorFunctionWrapHandler) -> object:
    try:
        return read(given)
    except ValidationError as mistake:
        # One complaint, not one for each branch.
        raise ValueError("neither a whole number in bounds nor never") from mistake


def _day_or_word(given: object, read: ValidatorFunctionWrapHandler) -> object:
    try:
        return read(given)
    except ValidationError as mistake:
        raise ValueError("neither a day nor cutoff nor never") from mistake


Further = Literal["deputy", "lead", "reviewer", "office"]
Never = Literal["never"]
Offset = Annotated[int, Field(le=0, ge=-250)]
Count = Annotated[int, Field(ge=1, le=250)]
Step = Annotated[int, Field(ge=0, le=250)]
CountOrNever = Annotated[Count | Never, WrapValidator(_or_never)]
StepOrNever = Annotated[Step | Never, WrapValidator(_or_never)]
EndsOn = Annotated[date | Literal["cutoff", "never"], WrapValidator(_day_or_word)]
SlipAt = Annotated[str, Field(pattern=SLIP_AT)]
Hours = Annotated[int, Field(ge=1, le=2000)]
Silence = Annotated[int, Field(ge=0, le=250)]


class Rung(_Part):
    """One rung, and who is told on it (`tells`; none: whom the ladder tells at that place).

    `at`: "-7", "0" and "+10" in working days from the deadline's day; "50%" of the time from the
    start to the deadline; "-4h" before it; on a clock of hours also "half", "limit" and "step+2";
    "end" is the ladder's last one.
    """

    at: Annotated[str, Field(pattern=RUNG)]
    tells: tuple[Role, ...] = ()


class Ladder(_Part):
    """The rungs, who joins from where, and what softens them.

    `head_from`, `leader_from` and `joins` count working days overdue, `case_...` the charged steps
    after the limit of a clock of hours (0: at the limit). After `overdue_last` working days nothing
    more is sent. `ends_on` is the last day of all ladders, the programme's cut-off unless another
    one is named: what is open after it, and past its own deadline, is told so once. For so many
    working days after a receipt, a report of progress or a request for an extension
    (`..._silences`) the line up to whoever acted is not told; an extension that is approved always
    plans anew, a waiver or a close-out always ends it. `review_within`: a review is due in so many
    working days after the report came in; who reviews is told then, on that day, and every
    `review_every` working days after it, the office from `review_office_from` on. `..._slip`: the
    order slip goes along with the first notice to that role, or with that rung, or never.
    """

    before: tuple[Offset, ...] = (-30, -14, -7, -3, -1, 0)
    overdue_first: Count = 1
    overdue_every: Count = 3
    overdue_last: CountOrNever = "never"
    ends_on: EndsOn = "cutoff"
    head_from: CountOrNever = 3
    leader_from: CountOrNever = 7
    joins: dict[Further, Count] = Field(default_factory=dict)
    rungs: tuple[Rung, ...] = ()
    case_hours_before: tuple[Hours, ...] = (12,)
    case_head_from: StepOrNever = 0
    case_leader_from: StepOrNever = 2
    case_joins: dict[Further, Step] = Field(default_factory=dict)
    receipt_silences: Silence = 3
    progress_silences: Silence = 0
    request_silences: Silence = 0
    review_within: CountOrNever = 5
    review_every: Count = 3
    review_office_from: CountOrNever = 3
    assign_slip: SlipAt = "intake"
    urge_slip: SlipAt = "head"
    supervise_slip: SlipAt = "leader"

    def slips(self, role: str, rung: str) -> Iterator[SlipKind]:
        """What a notice on that rung to that role brings along."""
        said = (self.assign_slip, self.urge_slip, self.supervise_slip)
        if rung not in said and role not in said:
            return
        for kind, at in zip(SlipKind, said, strict=True):
            # A last word after the year orders nothing, unless it is named.
            if at == rung or (at == role and rung != END):
                yield kind

    def last_day(self, cutoff: date) -> date | None:
        """The day after which the ladders end; None where they do not."""
        if self.ends_on == "never":
            return None
        return cutoff if self.ends_on == "cutoff" else self.ends_on

    def joining(self) -> dict[str, int | None]:
        """From which working day overdue on each role is told; None: from the first rung."""
        return _in_order(self.head_from, self.leader_from, self.joins)

    def case_joining(self) -> dict[str, int | None]:
        """The same in charged steps, on a clock of hours."""
        return _in_order(self.case_head_from, self.case_leader_from, self.case_joins)

    def telling(self) -> dict[str, tuple[str, ...]]:
        """Whom the policy's own rungs tell, where they say so themselves."""
        return {rung.at: tuple(rung.tells) for rung in self.rungs if rung.tells}

    def shares(self) -> Iterator[tuple[str, int]]:
        """Rungs at a share of the time used, in percent."""
        for rung in self.rungs:
            if rung.at.endswith("%"):
                yield rung.at, int(rung.at[:-1])

    def hours(self) -> Iterator[int]:
        for rung in self.rungs:
            if rung.at.endswith("h"):
                yield int(rung.at[1:-1])

    def offsets(self) -> Iterator[int]:
        """Rungs of the policy's own in working days."""
        for rung in self.rungs:
            if rung.at.lstrip("+-").isdigit():
                yield int(rung.at)


def _in_order(
    head: int | Never, leader: int | Never, further: Mapping[Further, int]
) -> dict[str, int | None]:
    """Upwards, the contact first and always; who never joins is left out."""
    given: dict[str, int | Never] = {Role.HEAD: head, Role.LEADER: leader}
    given |= dict(further.items())
    found: dict[str, int | None] = {Role.CONTACT: None}
    for role in Role:
        first = given.get(role, "never")
        if first != "never":
            found[role] = first
    return found


class Policy(Ladder):
    """Who is reminded when, for a whole programme.

    Mails go out from `opens` to `closes` on working days, or every day; hour clocks rest in the
    quiet hours only, and not even then in their last 12 hours. `language` none: each reader's own.
    `channels` in the order in which they are tried; none: as the service is set up.
    """

    opens: time = time(8, 30)
    closes: time = time(17, 30)
    days: Literal["working", "daily"] = "working"
    quiet_from: time = time(22, 0)
    quiet_until: time = time(7, 0)
    language: Literal["", "zh", "en"] = ""
    channels: tuple[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")], ...] = ()

    @cached_property
    def mark(self) -> str:
        """Names what it says: equal policies have equal marks."""
        return self.model_dump_json()

    def changed(self, *changes: PolicyChange | None) -> Policy:
        """With the parts that these say otherwise, the last one counting most."""
        told: dict[str, object] = {}
        for change in changes:
            if change is not None:
                told |= {name: value for name, value in change if value is not None}
        return Policy.model_construct(**{**dict(self), **told}) if told else self


class PolicyChange(_Part):
    """What a section or an item has otherwise than stands above; the rest is as it is there."""

    before: tuple[Offset, ...] | None = None
    overdue_first: Count | None = None
    overdue_every: Count | None = None
    overdue_last: CountOrNever | None = None
    ends_on: EndsOn | None = None
    head_from: CountOrNever | None = None
    leader_from: CountOrNever | None = None
    joins: dict[Further, Count] | None = None
    rungs: tuple[Rung, ...] | None = None
    case_hours_before: tuple[Hours, ...] | None = None
    case_head_from: StepOrNever | None = None
    case_leader_from: StepOrNever | None = None
    case_joins: dict[Further, Step] | None = None
    receipt_silences: Silence | None = None
    progress_silences: Silence | None = None
    request_silences: Silence | None = None
    review_within: CountOrNever | None = None
    review_every: Count | None = None
    review_office_from: CountOrNever | None = None
    assign_slip: SlipAt | None = None
    urge_slip: SlipAt | None = None
    supervise_slip: SlipAt | None = None

"""What `--json` prints: the published shape of every answer, and how it follows from the values.

Fields are only ever added. Points are decimal text ("-0.0833"), instants ISO 8601 with the offset
of the programme's zone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from tracker.domain.attribution import Cause, ItemLoss, UnitLoss, item_losses, unit_losses
from tracker.domain.ledger import Entry, Ledger
from tracker.domain.obligations import Obligation, Standing
from tracker.domain.points import points, units
from tracker.domain.programme import Programme
from tracker.domain.retroaction import Retroactive
from tracker.domain.rules.base import Step, Value

PointsText = Annotated[
    str, Field(pattern=r"^-?\d+(\.\d{1,4})?$", description="Points, as decimal text.")
]
InstantText = Annotated[
    str, Field(json_schema_extra={"format": "date-time"}, description="An instant with its offset.")
]


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AboutProgramme(Answer):
    id: str
    title: str
    year: int
    zone: str
    version: int = Field(description="Published version; 0 for a file that is in no database.")
    hash: str


# -- the ledger ------------------------------------------------------------------------------------


class StepAnswer(Answer):
    """One line of arithmetic: a code and its values (exact numbers as text, "23/6" where no short
    decimal is exact)."""

    code: str
    values: dict[str, int | str]


class EntryAnswer(Answer):
    """A point lost (negative) or won, with the arithmetic that led to it."""

    id: str
    section: str
    item: str
    clause: str
    rule: str
    part: Literal["base", "bonus", "penalty"]
    points: PointsText
    raw: PointsText = Field(description="Before caps and modifiers, rounded once.")
    worst: PointsText = Field(description="Bound of a pending or unknown amount.")
    status: Literal["settled", "provisional", "pending", "unknown"]
    units: list[str]
    obligation: str
    occurrence: str
    subject: str
    problem: str
    occurred_at: InstantText | None
    facts: list[str]
    readings: list[str] = Field(description="Readings of the clause on which the amount rests.")
    steps: list[StepAnswer]
    says: str = Field(description="The arithmetic in words, in the language asked for.")


class Sums(Answer):
    """`lost` is of the base plus penalties, a positive number."""

    id: str
    title: str
    points: PointsText | None
    score: PointsText | None
    lost: PointsText


class SectionSums(Sums):
    part: Literal["base", "bonus", "penalty"]
    items: list[Sums]


class ShiftAnswer(Answer):
    """What the entries come to on both sides; negative loses."""

    id: str
    title: str
    before: PointsText
    after: PointsText
    change: PointsText = Field(description="Positive: better on the second side.")


class RetroactionAnswer(Answer):
    """One rule that waives or scales on a later result; both are the whole score."""

    rule: str
    clause: str
    without: PointsText
    reached: PointsText
    applies: bool = Field(description="It has acted by now.")


class SettlingAnswer(Answer):
    """An entry that waits for a result: without these rules, as it stands, if all are reached."""

    entry: str
    clause: str
    rule: str
    provisional: PointsText
    standing: PointsText
    reached: PointsText


class RetroactiveAnswer(Answer):
    """追溯: the score without the rules that a later result decides, and with all of them."""

    provisional: PointsText
    reached: PointsText
    settles_at: InstantText
    final: bool
    rules: list[RetroactionAnswer]
    entries: list[SettlingAnswer] = Field(default_factory=list)


class CauseAnswer(Answer):
    """What a unit lost by itself (`alone`, these add up) and together with others (`joint`, the
    whole amount with each of them)."""

    unit: str
    name: str
    alone: PointsText
    joint: PointsText


class ItemLossAnswer(Answer):
    """An item's loss: its lead units answer for it, the units that caused it have their part."""

    item: str
    lost: PointsText
    lead_units: list[str]
    causes: list[CauseAnswer]


class UnitLossAnswer(CauseAnswer):
    led: PointsText = Field(description="What the items lost that the unit leads.")


class CurrentAnswer(Answer):
    """The score of the current version beside that of an earlier one."""

    version: int
    hash: str
    score: PointsText
    change: PointsText = Field(description="From the earlier version to the current one.")
    items: list[ShiftAnswer]


class LedgerAnswer(Answer):
    """得分台账: the score as of an instant as known at an instant, and every entry behind it."""

    programme: AboutProgramme
    as_of: InstantText
    known_at: InstantText
    unit: str = Field(description="The unit whose entries are shown; empty for all.")
    final: bool = Field(description="Past the cut-off: what is not done now is never done.")
    calendar: str
    engine: str
    readings: dict[str, str] = Field(description="The alternative that holds, by reading.")
    points: PointsText
    score: PointsText
    base: PointsText
    bonus: PointsText
    penalty: PointsText
    lost: PointsText
    settled_lost: PointsText
    provisional_lost: PointsText
    worst_score: PointsText = Field(
        description="If all that is pending or unknown went against us."
    )
    pending: int
    unknown: int
    sections: list[SectionSums]
    entries: list[EntryAnswer]
    item_losses: list[ItemLossAnswer] = Field(
        default_factory=list, description="Items that lost something: who leads, who caused it."
    )
    unit_losses: list[UnitLossAnswer] = Field(default_factory=list)
    retroactive: RetroactiveAnswer | None = Field(
        default=None,
        description="Where a later result may take back what was charged; else null.",
    )
    current: CurrentAnswer | None = Field(
        default=None, description="Where an earlier version was asked for: the current one."
    )


def amount(units_: int) -> str:
    return f"{points(units_):f}"


def instant(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat()


def about(programme: Programme, version: int) -> AboutProgramme:
    return AboutProgramme(
        id=programme.id,
        title=programme.title,
        year=programme.year,
        zone=programme.zone,
        version=version,
        hash=programme.hash,
    )


def ledger_answer(
    ledger: Ledger,
    *,
    version: int,
    final: bool,
    unit: str = "",
    says: dict[str, str] | None = None,
    current: CurrentAnswer | None = None,
    retroactive: Retroactive | None = None,
) -> LedgerAnswer:
    """`says` holds the arithmetic in words by entry id. With `unit` only its entries are listed;
    the sums stay the whole programme's."""
    programme, zone = ledger.programme, ledger.programme.tz
    entries = ledger.of_unit(unit) if unit else list(ledger.entries)
    return LedgerAnswer(
        programme=about(programme, version),
        as_of=instant(ledger.as_of, zone),
        known_at=instant(ledger.known_at, zone),
        unit=unit,
        final=final,
        calendar=ledger.calendar_version,
        engine=ledger.engine,
        readings=dict(ledger.readings),
        points=amount(ledger.base_points),
        score=amount(ledger.score),
        base=amount(ledger.base),
        bonus=amount(ledger.bonus),
        penalty=amount(ledger.penalty),
        lost=amount(ledger.lost),
        settled_lost=amount(ledger.settled_lost),
        provisional_lost=amount(ledger.provisional_lost),
        worst_score=amount(ledger.worst_score),
        pending=len(ledger.pending),
        unknown=len(ledger.unknown),
        sections=_sections(ledger),
        entries=[_entry(one, zone, (says or {}).get(one.id, "")) for one in entries],
        item_losses=[_item_loss(one, programme) for one in item_losses(ledger)],
        unit_losses=[
            UnitLossAnswer(**_caused(one, programme), led=amount(one.led))
            for one in unit_losses(ledger)
        ],
        retroactive=None if retroactive is None else _retroactive(retroactive, zone),
        current=current,
    )


def _retroactive(found: Retroactive, zone: ZoneInfo) -> RetroactiveAnswer:
    return RetroactiveAnswer(
        provisional=amount(found.provisional),
        reached=amount(found.reached),
        settles_at=instant(found.settles_at, zone),
        final=found.final,
        rules=[
            RetroactionAnswer(
                rule=one.rule, clause=one.clause, without=amount(one.without),
                reached=amount(one.reached), applies=one.applies,
            )
            for one in found.rules
        ],
        entries=[
            SettlingAnswer(
                entry=one.entry, clause=one.clause, rule=one.rule,
                provisional=amount(one.provisional), standing=amount(one.standing),
                reached=amount(one.reached),
            )
            for one in found.entries
        ],
    )  # fmt: skip


def _item_loss(one: ItemLoss, programme: Programme) -> ItemLossAnswer:
    return ItemLossAnswer(
        item=one.item,
        lost=amount(one.lost),
        lead_units=list(one.lead_units),
        causes=[CauseAnswer(**_caused(cause, programme)) for cause in one.causes],
    )


def _caused(one: Cause | UnitLoss, programme: Programme) -> dict[str, str]:
    return {
        "unit": one.unit, "name": programme.unit_names.get(one.unit, one.unit),
        "alone": amount(one.alone), "joint": amount(one.joint),
    }  # fmt: skip


def _sections(ledger: Ledger) -> list[SectionSums]:
    found = []
    for section in ledger.programme.sections:
        worth = None if section.points is None else units(section.points)
        total = sum(e.points for e in ledger.of_section(section))
        items = [
            Sums(
                id=item.id,
                title=item.title,
                points=None if item.points is None else amount(units(item.points)),
                score=None if item.points is None else amount(ledger.item_score(item)),
                lost=amount(_lost(ledger.of_item(item.id))),
            )
            for item in section.items
        ]
        found.append(
            SectionSums(
                id=section.id,
                title=section.title,
                part=section.part,
                points=None if worth is None else amount(worth),
                score=None if worth is None else amount(worth + total),
                lost=amount(_lost(ledger.of_section(section))),
                items=items,
            )
        )
    return found


def _lost(entries: Iterable[Entry]) -> int:
    return -sum(entry.points for entry in entries if entry.part != "bonus")


def _entry(one: Entry, zone: ZoneInfo, says: str) -> EntryAnswer:
    return EntryAnswer(
        id=one.id,
        section=one.section,
        item=one.item,
        clause=one.clause,
        rule=one.rule,
        part=one.part,
        points=amount(one.points),
        raw=amount(one.raw),
        worst=amount(one.worst),
        status=one.status.value,
        units=list(one.units),
        obligation=one.obligation,
        occurrence=one.occurrence,
        subject=one.subject,
        problem=one.problem,
        occurred_at=None if one.occurred_at is None else instant(one.occurred_at, zone),
        facts=list(one.facts),
        readings=list(one.readings),
        steps=[step_answer(step, zone) for step in one.steps],
        says=says,
    )


def step_answer(step: Step, zone: ZoneInfo) -> StepAnswer:
    values = {name: _value(value, zone) for name, value in step.values}
    return StepAnswer(code=step.code, values=values)


def _value(value: Value, zone: ZoneInfo) -> int | str:
    match value:
        case datetime():
            return instant(value, zone)
        case Fraction():
            scaled = value * 10**6
            if scaled.denominator != 1:
                return str(value)
            return f"{(Decimal(scaled.numerator) / 10**6).normalize():f}"
        case Decimal():
            return f"{value:f}"
        case _:
            return value


# -- obligations -----------------------------------------------------------------------------------


class ObligationAnswer(Answer):
    """One unit x one milestone, period or case, as it stands."""

    key: str
    section: str
    item: str
    clause: str
    duty: str
    kind: Literal["milestone", "recurring", "case", "gap"]
    unit: str
    unit_name: str
    occurrence: str
    title: str
    light: Literal["done", "none", "late", "due", "slow", "ok"]
    starts_at: InstantText
    due_at: InstantText | None = Field(description="None while another document sets the date.")
    original_due_at: InstantText | None
    version: int = Field(description="Moves of the deadline, from 1.")
    provisional: bool = Field(description="The date rests on a year without a known notice.")
    counted: str = Field(description="How the date was counted, in the language asked for.")
    needs: str = Field(description="The target or date that is missing; empty where nothing is.")
    needed: str | None = Field(description="How many of the target; none for a yes/no duty.")
    has: str
    open: bool
    waiting: bool = Field(description="Handed in and not reviewed yet.")
    late_days: int
    late_workdays: int
    late_hours: int
    submitted_at: InstantText | None
    done_at: InstantText | None
    lost: PointsText = Field(description="Points that its entries have cost so far.")
    reviewing_units: list[str]


class DueAnswer(Answer):
    """应办事项: obligations with lights and deadlines as of an instant."""

    programme: AboutProgramme
    as_of: InstantText
    known_at: InstantText
    lights: dict[str, int]
    obligations: list[ObligationAnswer]


def obligation_answer(
    one: Standing, programme: Programme, *, lost: int, counted: str
) -> ObligationAnswer:
    owed, zone = one.obligation, programme.tz
    done, submitted = one.done_at, one.submitted_at
    return ObligationAnswer(
        key=owed.key,
        section=owed.section,
        item=owed.item,
        clause=owed.clause,
        duty=owed.duty,
        kind=owed.kind,  # type: ignore[arg-type]  # the domain says str
        unit=owed.unit,
        unit_name=programme.unit_names.get(owed.unit, owed.unit),
        occurrence=owed.occurrence,
        title=owed.title,
        light=one.light.value,
        starts_at=instant(owed.starts_at, zone),
        due_at=None if owed.due_at is None else instant(owed.due_at, zone),
        original_due_at=_original(owed, zone),
        version=owed.version,
        provisional=owed.deadline is not None and owed.deadline.provisional,
        counted=counted,
        needs=owed.needs,
        needed=None if owed.needed is None else str(_value(owed.needed, zone)),
        has=str(_value(one.has, zone)),
        open=one.open,
        waiting=one.waiting,
        late_days=one.lateness.days,
        late_workdays=one.lateness.workdays,
        late_hours=int(one.lateness.hours),
        submitted_at=None if submitted is None else instant(submitted, zone),
        done_at=None if done is None else instant(done, zone),
        lost=amount(lost),
        reviewing_units=list(owed.reviewing_units),
    )


def _original(owed: Obligation, zone: ZoneInfo) -> str | None:
    return None if owed.original is None else instant(owed.original.due_at, zone)


# -- reminders -------------------------------------------------------------------------------------


class NoticeAnswer(Answer):
    """Who would be told what, and why: the rung of an obligation's ladder."""

    key: str
    obligation: str
    title: str
    unit: str
    unit_name: str
    role: str
    rung: str
    why: str = Field(description="The rung in words, in the language asked for.")
    nominal_at: InstantText
    send_at: InstantText
    due_at: InstantText | None
    silenced: str = Field(description="Why it is not sent; empty where it is.")
    people: list[str] = Field(description="Names and addresses; empty where nobody has the role.")


class RemindAnswer(Answer):
    """催办: what the clock would do at an instant. Nothing is made or sent."""

    programme: AboutProgramme
    as_of: InstantText
    dry_run: Literal[True] = True
    notices: list[NoticeAnswer]


# -- readings --------------------------------------------------------------------------------------


class ChoiceAnswer(Answer):
    id: str
    says: str
    holds: bool
    score: PointsText
    difference: PointsText = Field(description="Against the score with the reading that holds.")
    executable: bool = Field(description="False: the price of this alternative is not known.")


class ReadingAnswer(Answer):
    id: str
    clause: str
    question: str
    open: bool
    holds: str
    decided_by: str
    because: str
    choices: list[ChoiceAnswer]


class ReadingsAnswer(Answer):
    """口径: every ambiguous clause, its alternatives with their prices, what holds."""

    programme: AboutProgramme
    as_of: InstantText
    open: int
    score: PointsText
    low: PointsText = Field(
        description="The lowest score that some choice of all open readings together gives."
    )
    high: PointsText = Field(description="The highest one.")
    readings: list[ReadingAnswer]

"""From the values of what lies ahead to their published shapes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from tracker.definitions.aheadanswers import (
    ActingAnswer,
    ChangeAnswer,
    CliffAnswer,
    ComparisonAnswer,
    ForecastAnswer,
    JointAnswer,
    OutcomeAnswer,
    RedatedAnswer,
    SavingAnswer,
    WhatIfAnswer,
)
from tracker.definitions.answers import CurrentAnswer, ShiftAnswer, about, amount, instant
from tracker.domain.cliffs import Cliff, next_of
from tracker.domain.comparison import Change, Comparison, Line, Shift
from tracker.domain.forecast import Forecast, Joint, Outcome, Saving
from tracker.domain.ledger import Ledger
from tracker.domain.obligations import Standing
from tracker.domain.programme import Programme
from tracker.domain.whatif import WhatIf

Says = Callable[[Cliff], str]


def forecast_answer(
    ledger: Ledger, ahead: Forecast, cliffs: Sequence[Cliff], *, version: int, says: Says,
    unit: str = "", item: str = "",
) -> ForecastAnswer:  # fmt: skip
    """Narrowed to a unit or an item where one is given; the sums stay the whole programme's."""
    programme, zone = ledger.programme, ledger.programme.tz
    savings = [one for one in ahead.savings if takes(one.standing, unit, item)]
    keys = {one.obligation.key for one in ledger.standings
            if unit in ("", one.obligation.unit) and item in ("", one.obligation.item)}  # fmt: skip
    return ForecastAnswer(
        programme=about(programme, version),
        as_of=instant(ledger.as_of, zone),
        known_at=instant(ledger.known_at, zone),
        until=instant(ahead.until, zone),
        unit=unit,
        item=item,
        score=amount(ledger.score),
        lost=amount(ahead.lost_now),
        lost_if_nothing=amount(ahead.lost_if_nothing),
        lost_if_all_done=amount(ahead.lost_if_all_done),
        recoverable=amount(ahead.recoverable),
        items=_outcomes(ahead.items, _item_titles(programme), item),
        units=_outcomes(ahead.units, programme.unit_names, unit),
        obligations=[_saving(one, programme, cliffs, says) for one in savings],
        together=[_joint(one, programme) for one in joint_of(ahead, unit, item)],
        cliffs=[_cliff(one, programme, says) for one in cliffs if one.obligation in keys],
    )


def takes(one: Standing, unit: str, item: str) -> bool:
    owed = one.obligation
    return unit in ("", owed.unit) and item in ("", owed.item)


def joint_of(ahead: Forecast, unit: str, item: str) -> list[Joint]:
    """Those in which the unit has to act too."""
    return [one for one in ahead.joint if any(takes(it, unit, item) for it in one.standings)]


def _item_titles(programme: Programme) -> dict[str, str]:
    return {one.id: one.title for _, one in programme.items()}


def _outcomes(found: Sequence[Outcome], titles: dict[str, str], only: str) -> list[OutcomeAnswer]:
    return [
        OutcomeAnswer(
            id=one.id,
            title=titles.get(one.id, ""),
            lost=amount(one.lost_now),
            lost_if_nothing=amount(one.lost_if_nothing),
            lost_if_all_done=amount(one.lost_if_all_done),
            recoverable=amount(one.recoverable),
        )
        for one in found
        if only in ("", one.id)
    ]


def _saving(one: Saving, programme: Programme, cliffs: Sequence[Cliff], says: Says) -> SavingAnswer:
    owed = one.standing.obligation
    ahead = next_of(cliffs, owed.key)
    return SavingAnswer(
        key=owed.key,
        item=owed.item,
        clause=owed.clause,
        unit=owed.unit,
        unit_name=programme.unit_names.get(owed.unit, owed.unit),
        title=owed.title,
        due_at=_instant(owed.due_at, programme),
        lost=amount(one.lost_now),
        item_lost_if_nothing=amount(one.lost_if_nothing),
        item_lost_if_done=amount(one.lost_if_done),
        keeps=amount(one.keeps),
        next=None if ahead is None else _cliff(ahead, programme, says),
    )


def _joint(one: Joint, programme: Programme) -> JointAnswer:
    owed = [it.obligation for it in one.standings]
    names = programme.unit_names
    return JointAnswer(
        item=owed[0].item, clause=owed[0].clause, title=owed[0].title,
        due_at=_instant(owed[0].due_at, programme), keeps=amount(one.keeps),
        acting=[ActingAnswer(unit=it.unit, unit_name=names.get(it.unit, it.unit), key=it.key)
                for it in owed],
    )  # fmt: skip


def _cliff(one: Cliff, programme: Programme, says: Says) -> CliffAnswer:
    return CliffAnswer(
        obligation=one.obligation, rule=one.rule, at=instant(one.at, programme.tz),
        kind=one.kind, n=one.n, takes=amount(one.takes), steep=one.steep, says=says(one),
    )  # fmt: skip


def _instant(at: datetime | None, programme: Programme) -> str | None:
    return None if at is None else instant(at, programme.tz)


# -- comparisons ---------------------------------------------------------------------------------


def comparison_answer(found: Comparison, programme: Programme) -> ComparisonAnswer:
    clauses = {name: clause.title for name, (_, _, clause) in programme.clauses.items()}
    return ComparisonAnswer(
        score_before=amount(found.before.score),
        score_after=amount(found.after.score),
        change=amount(found.change),
        lost_before=amount(found.before.lost),
        lost_after=amount(found.after.lost),
        worst_before=amount(found.before.worst_score),
        worst_after=amount(found.after.worst_score),
        units=_shifts(found.units, programme.unit_names),
        items=_shifts(found.items, _item_titles(programme)),
        clauses=_shifts(found.clauses, clauses),
        entries=[_change(one) for one in found.entries],
    )


def _shifts(found: Sequence[Shift], titles: dict[str, str]) -> list[ShiftAnswer]:
    return [
        ShiftAnswer(
            id=one.id, title=titles.get(one.id, ""), before=amount(one.before),
            after=amount(one.after), change=amount(one.change),
        )
        for one in found
    ]  # fmt: skip


def _change(one: Change) -> ChangeAnswer:
    def points(line: Line | None) -> str | None:
        return None if line is None else amount(line.points)

    def status(line: Line | None) -> str | None:
        return None if line is None else str(line.status)

    return ChangeAnswer(
        id=one.line.id, item=one.line.item, clause=one.line.clause, units=list(one.line.units),
        before=points(one.before), after=points(one.after),
        status_before=status(one.before), status_after=status(one.after),
    )  # fmt: skip


def what_if_answer(
    found: WhatIf, programme: Programme, *, version: int, known_at: datetime,
    supposed: Collection[str],
) -> WhatIfAnswer:  # fmt: skip
    return WhatIfAnswer(
        programme=about(programme, version),
        as_of=instant(found.as_of, programme.tz),
        known_at=instant(known_at, programme.tz),
        until=instant(found.until, programme.tz),
        supposed=list(supposed),
        now=comparison_answer(found.now, programme),
        later=comparison_answer(found.later, programme),
        dates=[
            RedatedAnswer(
                key=one.key,
                before=_instant(one.before, programme),
                after=_instant(one.after, programme),
            )
            for one in found.dates
        ],
    )


def current_answer(found: Comparison, programme: Programme, version: int) -> CurrentAnswer:
    """`programme` is the current one, `found` leads from the earlier one to it."""
    return CurrentAnswer(
        version=version, hash=programme.hash, score=amount(found.after.score),
        change=amount(found.change), items=_shifts(found.items, _item_titles(programme)),
    )  # fmt: skip

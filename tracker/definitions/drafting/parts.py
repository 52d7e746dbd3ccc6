"""Sanctions of one clause that are parts of one: a level with what lies above and below it, a rate
in two segments. Each was read for itself; here they come to look at one measurement.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tracker.definitions.drafting.making import Making, Mapped
from tracker.domain.rules import Linear, PerStep, Ratio, Threshold

_IN_PROPORTION = re.compile(r"不[足满][^。；]{0,14}按比例")
_WITHIN = re.compile(r"(\d+(?:\.\d+)?)\s*个?(?:百分点|%|点)?以内")


def joined(making: Making) -> None:
    _level(making)
    _segments(making)
    _levels(making)


# -- a level with a rise and a fall ----------------------------------------------------------------


def _level(making: Making) -> None:
    """达到要求得16分；每改善1加2分，加满为止；每增加1扣3分: the clause begins at 16 and moves both
    ways from its target."""
    made = making.made
    level, gain, loss = _reached(made), _moving(made, gain=True), _moving(made, gain=False)
    if level is None or gain is None or loss is None:
        return
    start, rise, fall = made.rules[level], made.rules[gain], made.rules[loss]
    assert isinstance(start, Threshold)
    assert isinstance(rise, PerStep)
    assert isinstance(fall, PerStep)
    if "满" not in making.reading.text or (start.win or "").endswith("%"):
        return
    steps = "pro_rata" if _IN_PROPORTION.search(making.reading.text) else fall.steps
    other: Mapping[str, Any] = {"above": "below", "below": "above"}
    _forget(made, rise.measure, _target(rise))
    made.rules[gain] = rise.model_copy(
        update={"measure": fall.measure, "against": fall.against, "steps": steps, "cap": None,
                "direction": other[fall.direction]}
    )  # fmt: skip
    made.rules[loss] = fall.model_copy(update={"steps": steps})
    made.level = start.win
    made.names.pop(start.when.finding or "", None)
    made.without(level, instead=gain)
    _in_proportion(making, instead=loss - (level < loss))


def _reached(made: Mapped) -> int | None:
    """达到要求得16分, without a number to reach."""
    found = (
        n
        for n, rule in enumerate(made.rules)
        if isinstance(rule, Threshold) and rule.win not in (None, "all") and rule.when.finding
    )
    return next(found, None)


def _moving(made: Mapped, *, gain: bool) -> int | None:
    found = [n for n, r in enumerate(made.rules) if isinstance(r, PerStep) and r.gain is gain]
    return found[0] if len(found) == 1 else None


def _in_proportion(making: Making, *, instead: int) -> None:
    """不足1的按比例 says how the steps count; it is no sanction of its own."""
    made = making.made
    for read, numbers in list(made.of.items()):
        alone = numbers[0] if len(numbers) == 1 else -1
        rule = made.rules[alone] if alone >= 0 else None
        piece = making.reading.text[slice(*making.reading.rules[read].span)]
        if isinstance(rule, Ratio) and _IN_PROPORTION.search(piece):
            made.names.pop(rule.measure or "", None)
            made.without(alone, instead=instead)
            return


def _target(rule: PerStep) -> str:
    return rule.against.partition(":")[2]


def _forget(made: Mapped, measure: str, target: str) -> None:
    made.names.pop(measure, None)
    made.targets[:] = [one for one in made.targets if one.id != target]


# -- a rate in segments ----------------------------------------------------------------------------


def _segments(making: Making) -> None:
    """增长5个百分点以内的，每增加1个加0.5分，超出5个的，每增加1个加1分: one growth, of which each
    part has its own rate."""
    made = making.made
    steps = [n for n, rule in enumerate(made.rules) if isinstance(rule, PerStep) and rule.gain]
    within = _WITHIN.search(making.reading.text)
    if len(steps) != 2 or within is None:
        return
    first, second = (made.rules[n] for n in steps)
    assert isinstance(first, PerStep)
    assert isinstance(second, PerStep)
    beyond = rf"超[出过]\s*{re.escape(within[1])}(?!\d)"
    if not re.search(beyond, making.reading.text) or second.against != within[1]:
        return
    most = Decimal(within[1]) / first.per * Decimal(first.each.rstrip("%"))
    _forget(made, second.measure, _target(second))
    shared = {"measure": first.measure, "against": "0", "direction": "above"}
    cap = f"{most.normalize():f}" + "%" * first.each.endswith("%")
    made.rules[steps[0]] = first.model_copy(update={**shared, "cap": cap})
    made.rules[steps[1]] = second.model_copy(update={**shared, "free": Decimal(within[1])})


_PART_FROM = re.compile(
    r"其中[^，,。；;]*?(?:≥|>=|不低于|达到)\s*(\d+(?:\.\d+)?)\s*%?[^，,。；;]{0,4}的部分"
)


def _levels(making: Making) -> None:
    """每差1个百分点扣2分（其中≥90%的部分，每差1个扣1分）: one gap, below and above a level of the
    measurement; measured from the lower end where the clause has a line between two targets."""
    made = making.made
    steps = [n for n, rule in enumerate(made.rules) if isinstance(rule, PerStep) and not rule.gain]
    part = _PART_FROM.search(making.reading.text)
    if len(steps) != 2 or part is None:
        return
    first, second = (made.rules[n] for n in steps)
    assert isinstance(first, PerStep)
    assert isinstance(second, PerStep)
    line = next((rule for rule in made.rules if isinstance(rule, Linear) and rule.ends), None)
    if line is None or {first.against, second.against} != {part[1]}:
        return
    for one in (first, second):
        _forget(made, one.measure, _target(one))
    lowest = min(line.ends, key=lambda key: Decimal(line.ends[key].rstrip("%")))
    shared = {"measure": line.measure, "against": f"target:{lowest}"}
    made.rules[steps[0]] = first.model_copy(update={**shared, "high": Decimal(part[1])})
    made.rules[steps[1]] = second.model_copy(update={**shared, "low": Decimal(part[1])})

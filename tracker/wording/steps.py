"""Steps of arithmetic in words; the domain knows codes and values only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from tracker.domain.rules.base import Step, Value
from tracker.wording.catalogue import SHANGHAI, text
from tracker.wording.forms import Language

Values = Mapping[str, Value] | Iterable[tuple[str, Value]]

TOLD = frozenset({"done_late", "still_open", "paused"})
"""Steps that say what happened, not what it costs."""


def say(
    code: str, values: Values = (), language: Language = "zh", zone: ZoneInfo = SHANGHAI
) -> str:
    """One step in words; `zone` is the programme's. `say(step.code, step.values, ...)`."""
    filled = _derived(code, dict(values))
    return text(f"steps.{_variant(code, filled)}", filled, language=language, zone=zone)


def named(told: Step, called: Callable[[str], str]) -> Step:
    """With the names that people use: for what it waits for, and for a grade that was measured."""
    values = [
        (name, called(value) if name in _KEYS and isinstance(value, str) else value)
        for name, value in told.values
    ]
    return Step(told.code, tuple(values))


_KEYS = frozenset({"what", "value"})


def lines(steps: Sequence[Step], language: Language, zone: ZoneInfo) -> list[str]:
    """Every step on a line of its own."""
    return [say(step.code, step.values, language, zone) for step in steps]


def arithmetic(steps: Sequence[Step], language: Language, zone: ZoneInfo) -> str:
    """The sum on one line: "9 × 80% = 7.2 → 8；少 1 × 0.5". What merely happened is left out
    where anything is left without it."""
    told: list[str] = []
    counted = [step for step in steps if step.code not in TOLD] or list(steps)
    rest = iter(zip(counted, [*counted[1:], None], strict=True))
    for step, following in rest:
        if following is not None and _one_each(step, following):
            next(rest)
            values = dict(step.values) | dict(following.values)
            told.append(text("brief.short+times", values, language=language, zone=zone))
        else:
            told.append(say(step.code, step.values, language, zone))
    return text("brief.separator", language=language).join(told)


def _one_each(step: Step, following: Step) -> bool:
    """A shortfall that is charged thing by thing, so that both steps say the same number."""
    if (step.code, following.code) != ("short", "times"):
        return False
    return step["missing"] == following["count"]


def _derived(code: str, values: dict[str, Any]) -> dict[str, Any]:
    if code.startswith("blocks_"):
        return values | {"exact": Fraction(values["late"]) / values["size"]}
    return values


def _variant(code: str, values: Mapping[str, Any]) -> str:
    """The catalogue's key: some codes read differently where a value is nothing or one."""
    match code:
        case "blocks_completed" | "blocks_started" if (values["size"], values["late"]) == (
            1,
            values["count"],
        ):
            return f"{code}_each"
        case "share" if values["exact"] == values["needed"]:
            return "share_even"
        case "base_plus" if not values["count"]:
            return "base_plus_alone"
        case "base_plus" if not values["base"]:
            return "base_plus_none"
        case "curve_flat" if values["beyond"]:
            return "curve_flat_beyond"
        case "curve_rise" if not values["low"]:
            return "curve_rise_zero"
        case "given" if values["factor"] != 1:
            return "given_times"
        case "given_kept" if values["factor"] != 1:
            return "given_kept_times"
        case "clause_cap" | "group_cap" | "pool_cap" | "item_cap" if "own" in values:
            return "group_cap_net"
        case "clause_cap" | "group_cap" | "pool_cap" | "item_cap" if "over" in values:
            return "group_cap_above" if values["over"] else "group_cap_within"
        case "rank" if "last" in values:
            return "rank_last"
        case "veto":
            return f"veto_{values['scope']}"
        case _:
            return code

"""A pocket calculator: an entry's arithmetic added up again from its steps, by itself.

It shares nothing with the rules. Each step is checked against the numbers that it names and says
how the amount goes on; what it cannot follow it refuses.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from tracker.domain.ledger import Entry
from tracker.domain.rules.base import Step

SCALE = 10_000
NOTHING = Fraction(0)
SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "≥": operator.ge,
    "≤": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
CAPS = ("rule_cap", "clause_cap", "group_cap", "pool_cap", "item_cap", "section_cap")
VOIDS = ("exempt", "absorbed", "same_problem", "other_year", "vetoed")
OPEN = ("missing", "may_scale", "missing_class", "undecided", "external")
HAPPENED = ("done_late", "still_open", "paused", "never", "found", "one_problem", "one_question",
            "condition_failed", "may_be_spared", "left_out", "recognised", "charged", "placed",
            "places_risen", "graded")  # fmt: skip


def half_up(amount: Fraction) -> Fraction:
    """To 0.0001 point."""
    return Fraction(math.floor(amount * SCALE + Fraction(1, 2)), SCALE)


def added_up(entry: Entry) -> Fraction:
    """What the steps come to, without a sign."""
    amount = NOTHING
    last = Step("")
    for told in entry.steps:
        amount = follow(told, amount, last)
        last = told
    return amount


def comparisons(entry: Entry) -> list[bool]:
    """Whether each comparison that the entry tells of is true."""
    told = [dict(one.values) for one in entry.steps if one.code in ("compared", "placed")]
    return [SIGNS[str(v["sign"])](v["value"], v["bound"]) for v in told]


def _same(told: Step, said: object, reckoned: object) -> None:
    assert said == reckoned, (told, reckoned)


def follow(told: Step, amount: Fraction, before: Step) -> Fraction:
    """The amount after the step."""
    v = dict(told.values)
    if told.code in OPEN or told.code in VOIDS:
        return NOTHING
    if told.code in HAPPENED:
        return amount
    if told.code in CAPS:
        if "won" in v or "over" in v:  # what is won and lost inside one limit
            _same(told, v["limit"], v["own"] + v["won"] if "won" in v else v["lost"] + v["over"])
        _same(told, v["amount"], min(amount, max(NOTHING, v["limit"] - v["used"])))  # type: ignore[type-var,operator]
        return _amount(v)
    reckon = RECKONED.get(told.code)
    assert reckon is not None, f"nobody can follow {told}"
    return reckon(told, v, amount, before)


def _amount(v: dict[str, Any]) -> Fraction:
    return Fraction(v["amount"])


def _said(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    """An amount that the document writes."""
    return _amount(v)


def _product(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    _same(told, v["amount"], v["count"] * v["each"])
    if before.code == "short":
        _same(told, v["count"] <= before["missing"], True)
    if before.code == "beyond":
        _same(told, v["count"] <= before["over"], True)
    if before.code == "from_nth":
        _same(told, v["count"], before["count"])
    if before.code == "batches":
        _same(told, v["count"], before["seen"] // before["size"] - before["before"])
    return _amount(v)


def _counted(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    _same(told, v["before"] <= v["seen"] // v["size"], True)
    return amount


def _from_nth(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    _same(told, 0 < v["count"] <= v["seen"] - v["first"] + 1, True)
    return amount


def _base(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    return Fraction(v["points"] - v["base"])


def _rounded(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    _same(told, abs(v["exact"]), amount)
    _same(told, abs(v["points"]), half_up(amount))
    return abs(Fraction(v["points"]))


def _beyond(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    _same(told, 0 < v["over"] <= v["seen"] - v["free"], True)
    return amount


def _share(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    _same(told, v["exact"], v["total"] * v["share"])
    whole = (v["exact"], math.ceil(v["exact"]), math.floor(v["exact"]))
    _same(told, v["needed"] in whole, True)
    return amount


def _spared(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    _same(told, (v["left"], v["spared"] > 0), (v["total"] - v["spared"], True))
    return amount


def _short(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    _same(told, v["missing"], v["needed"] - v["had"])
    return amount


def _over(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    _same(told, v["over"], v["had"] - v["needed"])
    return amount


def _blocks(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    blocks = Fraction(v["late"]) / v["size"]
    whole = math.floor(blocks) if told.code == "blocks_completed" else math.ceil(blocks)
    _same(told, v["count"], whole)
    return amount


def _base_plus(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    _same(told, v["count"], before["count"])
    _same(told, v["amount"], v["base"] + v["count"] * v["each"])
    return _amount(v)


def _curve(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    _same(told, v["amount"], v["low"] + Fraction(v["days"], v["of"]) * (v["high"] - v["low"]))
    return _amount(v)


def _decided(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    return _amount(v)


def _given(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    _same(told, v["amount"], v["value"] * v["factor"])
    return abs(_amount(v))


def _given_kept(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    _same(told, v["amount"], (v["worth"] - v["value"]) * v["factor"])
    return abs(_amount(v))


def _gap(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    _same(told, v["gap"] in (v["value"] - v["base"], v["base"] - v["value"]), True)
    return amount


def _gap_between(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    _same(told, v["gap"], v["high"] - v["low"])
    return amount


def _gap_share(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    _same(told, v["gap"], before["gap"])
    _same(told, v["share"], v["gap"] / v["base"] * 100)
    return amount


def _gap_free(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    _same(told, v["gap"], _left(before))
    _same(told, v["left"], v["gap"] - v["free"])
    return amount


def _left(told: Step) -> Fraction:
    """What a step of a gap, or of an excess, hands on."""
    name = {"gap_share": "share", "gap_free": "left", "over": "over"}.get(told.code, "gap")
    return Fraction(told[name])  # type: ignore[arg-type]


def _steps(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    many = _left(before) / v["of"]
    _same(told, v["count"] in (many, math.floor(many), math.ceil(many)), True)
    _same(told, v["amount"], v["count"] * v["each"])
    return _amount(v)


def _keeps(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    _same(told, v["amount"], v["worth"] - v["got"])
    return abs(_amount(v))


def _ratio(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    _same(told, v["got"], v["rate"] / v["out_of"] * v["worth"])
    return _keeps(told, v, amount, before)


def _linear(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    part = (v["value"] - v["start"]) / (v["end"] - v["start"])
    _same(told, v["got"], v["low"] + (v["high"] - v["low"]) * part)
    return _keeps(told, v, amount, before)


def _peers(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    apart = v["best"] - v["worst"]
    part = (v["value"] - v["worst"]) / apart if apart else Fraction(1)
    part = max(NOTHING, min(Fraction(1), part))
    _same(told, v["got"], v["low"] + (v["worth"] - v["low"]) * part)
    return _keeps(told, v, amount, before)


def _unallocated(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    _same(told, v["amount"], v["points"] - v["given"])
    return _amount(v)


def _veto(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    return Fraction(v["left"])


def _times_factor(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    _same(told, abs(v["amount"]), half_up(amount * v["factor"]))
    return abs(_amount(v))


def _each_cap(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    return min(amount, Fraction(v["limit"]))


def _failed_share(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    share = min(Fraction(1), Fraction(v["count"]) / v["total"])
    _same(told, v["amount"], share * v["worth"])
    return _amount(v)


def _looked_at(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    _same(told, v["left"] >= v["total"] - v["left_out"], True)
    return amount


def _mean(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    _same(told, v["amount"], amount / v["of"])
    return _amount(v)


def _moved_up(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    _same(told, 0 < v["over"] < v["place"], True)
    return amount


def _rank(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    if before.code == "moved_up":
        _same(told, v["place"], before["place"] - before["over"])  # type: ignore[operator]
    return _amount(v)


def _risen(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    _same(told, v["risen"], v["previous"] - v["place"])
    _same(told, v["amount"], v["risen"] * v["each"])
    return _amount(v)


def _compared(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    return amount


def _changed(told: Step, v: dict[str, Any], amount: Fraction, before: Step) -> Fraction:
    _same(told, v["change"], (v["value"] / v["base"] - 1) * 100)
    return amount


RECKONED: dict[str, Callable[[Step, dict[str, Any], Fraction, Step], Fraction]] = {
    "base": _base, "rounded": _rounded, "times": _product, "beyond": _beyond,
    "batches": _counted, "from_nth": _from_nth, "lose": _said,
    "win": _said, "share": _share, "spared": _spared, "short": _short, "over": _over, "flat": _said,
    "blocks_completed": _blocks, "blocks_started": _blocks, "base_plus": _base_plus,
    "curve_flat": _said, "curve_rise": _curve, "decided": _decided, "bounded": _said,
    "given": _given, "given_kept": _given_kept, "gap": _gap, "gap_between": _gap_between,
    "gap_share": _gap_share, "gap_free": _gap_free, "steps": _steps, "tier": _said,
    "tier_keeps": _keeps, "ratio": _ratio, "linear": _linear, "linear_flat": _keeps,
    "peers": _peers, "unallocated": _unallocated, "veto": _veto, "times_factor": _times_factor,
    "each_cap": _each_cap, "failed_share": _failed_share, "moved_up": _moved_up, "rank": _rank,
    "risen": _risen, "compared": _compared, "changed": _changed, "looked_at": _looked_at,
    "mean": _mean,
}  # fmt: skip

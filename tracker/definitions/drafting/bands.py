"""Bands, places and pieces of a curve out of the words of their conditions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction

from tracker.definitions.clauses import Amount, Band, Between, Points, Share
from tracker.definitions.drafting import passages
from tracker.domain.rules import Piece, Tier
from tracker.domain.rules.measures import Point

MOST_PLACES = 200


def amount(given: Amount | None) -> str | None:
    """An amount of the reader as one of ours; none for a range and for nothing."""
    match given:
        case None | Between():
            return None
        case Points():
            return given.form()
        case Share():
            return given.form()
        case _:
            return "all"


def tiers(bands: Sequence[Band]) -> tuple[Tier, ...] | None:
    """None where one of the conditions cannot be said as bounds or as a grade."""
    found = [tier(band) for band in bands]
    whole = [one for one in found if one is not None]
    if len(whole) != len(found) or not whole:
        return None
    # 1倍得80%，1.2倍得满分: what reaches both takes the higher.
    return tuple(sorted(whole, key=_height, reverse=True)) if _bare(bands) else tuple(whole)


def _height(one: Tier) -> Decimal:
    limit = one.at_least if one.at_least is not None else one.above
    return limit if limit is not None else Decimal("-Infinity")


def _bare(bands: Sequence[Band]) -> bool:
    """Whether a condition is a number without a side."""
    return any(_number(band.when) is not None and not _limits(band.when) for band in bands)


def _number(when: str) -> Decimal | None:
    found = re.search(r"\d+(?:\.\d+)?", unicodedata.normalize("NFKC", when))
    return None if found is None else Decimal(found[0])


def tier(band: Band) -> Tier | None:
    lose, get = amount(band.deduct), amount(band.award)
    if (lose is None) == (get is None):
        return None
    limits = _limits(band.when)
    if limits:
        return Tier.model_validate({"lose": lose, "get": get, **limits})
    reached = _number(band.when)
    if reached is not None:
        return Tier(at_least=reached, lose=lose, get=get)
    return Tier(grade=grade(band.when), lose=lose, get=get)


def grade(when: str) -> str:
    """优秀等次的 -> 优秀."""
    plain = re.sub(
        r"^(?:评定?|考核|结果|等[级次]|为|达到?|获得?|被)+", "", when.strip("，,、。；;：: 的")
    )
    return re.sub(r"(?:等[级次]|档次?|级)?(?:的|者)?$", "", plain) or when.strip()


def _limits(when: str) -> dict[str, Decimal]:
    span = passages.between(when)
    if span is not None:
        return {"at_least": span[0], "at_most": span[1]}
    return {bound.side: bound.number for bound in passages.bounds(when)}


def classes(bands: Sequence[Band]) -> dict[str, str] | None:
    """An amount per class, under the words of its condition."""
    found = {}
    for band in bands:
        name = passages.shortened(band.when.strip("，,、。；; 的"), 24)
        found[name] = amount(band.deduct or band.award)
    told = {name: one for name, one in found.items() if name and one is not None}
    return told if len(told) == len(bands) else None


# -- places ----------------------------------------------------------------------------------------

_FROM_END = re.compile(r"倒数|末位|末尾|最后|[后末]\s*[\d一二三四五六七八九十]+\s*[名位]")
_PLACE = r"(\d+|[一二三四五六七八九十]+)"
_FROM_TO = re.compile(rf"{_PLACE}\s*名?\s*[-~—–－～至到]+\s*第?\s*{_PLACE}\s*[名位]")
_FIRST = re.compile(
    r"[前后末]\s*([\d一二三四五六七八九十]+)|倒数[后前]?\s*([\d一二三四五六七八九十]+)\s*[名位]"
)


def from_end(text: str) -> bool:
    return bool(_FROM_END.search(text))


def places_of(text: str) -> list[int]:
    """第1名 -> 1; 前3名, 后10位 -> 1 to n; 第2-5名 -> 2 to 5; 末位 -> 1; else nothing."""
    if (found := _FROM_TO.search(unicodedata.normalize("NFKC", text))) is not None:
        low, high = sorted(passages.number(end) or 1 for end in found.groups())
        return list(range(max(1, low), min(high, MOST_PLACES) + 1))
    if (found := _FIRST.search(text)) and (most := passages.number(found[1] or found[2] or "")):
        single = "倒数第" in text
        return [most] if single else list(range(1, min(most, MOST_PLACES) + 1))
    if found := re.search(
        r"倒数第\s*([\d一二三四五六七八九十]+)|第\s*([\d一二三四五六七八九十]+)", text
    ):
        one = passages.number(found[1] or found[2])
        return [one] if one else []
    return [1] if re.search(r"末位|最后一名|首位", text) else []


def beyond(bands: Iterable[Band]) -> str | None:
    """What every other place gets: 其余得2分."""
    rest = (amount(band.deduct or band.award) for band in bands if _REST.search(band.when))
    return next(rest, None)


_REST = re.compile(r"其余|其他|其它|以后")


def places(bands: Iterable[Band], text: str, flat: Amount | None) -> dict[int, str] | None:
    """The amount of each place; none where the words name no place."""
    found: dict[int, str] = {}
    for band in bands:
        if _REST.search(band.when) and not places_of(band.when):
            continue
        one = amount(band.deduct or band.award)
        where = places_of(band.when)
        if one is None or not where:
            return None
        found |= dict.fromkeys(where, one)
    if found:
        return _continued(found, text)
    where = places_of(text)
    if not where or flat is None:
        return None
    return _graded(where, flat, bottom=from_end(text))


def _graded(where: list[int], flat: Amount, *, bottom: bool) -> dict[int, str] | None:
    """One amount for all, or a range in equal steps: the most for the last place from the end."""
    if not isinstance(flat, Between):
        one = amount(flat)
        return None if one is None else dict.fromkeys(where, one)
    least, most = (Fraction(str(end.form()).rstrip("%")) for end in (flat.least, flat.most))
    steps = max(1, len(where) - 1)
    told = {}
    for n, place in enumerate(sorted(where)):
        told[place] = decimal(most - (most - least) * n / steps)
    return told


def _continued(found: dict[int, str], text: str) -> dict[int, str]:
    """以此类推: the same step from place to place, for ten places."""
    if (
        "类推" not in text
        or len(found) < 2
        or any("%" in one or one == "all" for one in found.values())
    ):
        return found
    first, second, *_ = sorted(found)
    step = Fraction(found[second]) - Fraction(found[first])
    last = max(found)
    told = dict(found)
    for place in range(last + 1, 11):
        value = Fraction(found[last]) + step * (place - last)
        if value <= 0:
            break
        told[place] = decimal(value)
    return told


def decimal(value: Fraction) -> str:
    number = Decimal(value.numerator) / Decimal(value.denominator)
    text = format(number.quantize(Decimal("0.0001")), "f").rstrip("0").rstrip(".")
    return text or "0"


# -- curves ----------------------------------------------------------------------------------------


_RISING = re.compile(
    r"\d+\s*(?:个?工作日|天|日)?\s*[-~—–－～至到]+\s*(\d+)\s*(?:个?工作日|天|日)[^，,。；;\d]{0,4}按比例"
)


def pieces(bands: Sequence[Band], text: str = "") -> tuple[Piece, ...] | None:
    """推迟30天扣50%，1-30天按比例，30天以上扣80%: from the shortest delay on; `text` tells of a
    stretch in proportion that is no band of its own."""
    exact: dict[int, str] = {}
    rising = [int(one) for one in _RISING.findall(unicodedata.normalize("NFKC", text))]
    beyond: str | None = None
    for band in bands:
        one = amount(band.deduct)
        span = passages.between(band.when)
        side = next((b.side for b in passages.bounds(band.when)), "")
        until = passages.number(band.when) if span is None else int(span[1])
        if until is None:
            return None
        if one is None:
            rising.append(until)
        elif side in ("at_least", "above"):
            beyond = one
        else:
            exact[until] = one
    told = [
        Piece(until=until, rises_to=one) if until in rising else Piece(until=until, flat=one)
        for until, one in sorted(exact.items())
    ]
    if beyond is not None:
        told.append(Piece(flat=beyond))
    return tuple(told) if told and set(rising) <= set(exact) else None


def changes(bands: Sequence[Band]) -> tuple[tuple[Point, ...], bool] | None:
    """增长得满分，持平得80%，降低20%得零分: corners over the change in per cent, and whether any
    growth gets all; none where no band stands at no change."""
    found: list[Point] = []
    grown = False
    for band in bands:
        one = amount(band.award)
        at = re.search(r"(?:降低?|下降|减少?|少)\s*(\d+(?:\.\d+)?)\s*%", band.when)
        if one is None:
            return None
        if re.search(r"持平|不增不减", band.when):
            found.append(Point(at=Decimal(0), get=one))
        elif at is not None:
            found.append(Point(at=-Decimal(at[1]), get=one))
        elif re.search(r"增长|提高|上升", band.when) and one == "all":
            grown = True
        else:
            return None
    return (tuple(found), grown) if len(found) > 1 and any(not p.at for p in found) else None


def corners(bands: Sequence[Band]) -> tuple[Point, ...] | None:
    """Two or more stated values with what each is worth; none for anything less."""
    found = []
    for band in bands:
        one = amount(band.award)
        at = re.search(r"-?\d+(?:\.\d+)?", unicodedata.normalize("NFKC", band.when))
        if one is not None and at is not None:
            found.append(Point(at=Decimal(at[0]), get=one))
    return tuple(found) if len(found) > 1 else None

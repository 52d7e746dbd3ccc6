"""目标值: what a row's own cell wants to be reached, as the target of clauses without one."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

_NUMBER = r"(\d+(?:,\d{3})*(?:\.\d+)?)"
_UNIT = (
    r"(%|个?百分点|微克/立方米|μg/m3|ug/m3|万亩|亩|万元|亿元|万吨|吨|公里|千米|平方米|[^\W\d]{0,3})"
)
_ONE = re.compile(
    rf"(?:目标值?|任务数?|完成|达到|达|不少于|不低于|不超过|不高于|控制在|至少|以?上|以?内|≥|>=|≤|<=|=|[:：为是到在约])*"
    rf"\s*{_NUMBER}\s*{_UNIT}\s*(?:及?以[上下内]|左右)?[。；;]?"
)
_HAN = re.compile(r"百分之([一二三四五六七八九十百]+)")
_ALL = re.compile(r"全部(?:完成|达标|办结)?|全覆盖|应[^，。]{1,4}尽[^，。]{1,4}")


@dataclass(frozen=True)
class Goal:
    """`number` is None where the cell's words were not read as one number."""

    wording: str
    number: Decimal | None = None
    unit: str = ""

    @property
    def percent(self) -> bool:
        return self.unit in ("%", "百分点", "个百分点")


def goal_of(text: str) -> Goal | None:
    """None for an empty cell or a dash. Several numbers are none: which one is meant is asked."""
    plain = unicodedata.normalize("NFKC", "".join(text.split()))
    if not plain or re.fullmatch(r"[-—–/无]+", plain):
        return None
    if _ALL.fullmatch(plain):
        return Goal(text.strip(), Decimal(100), "%")
    found = _ONE.fullmatch(_HAN.sub(_share, plain))
    if found is None:
        return Goal(text.strip())
    return Goal(text.strip(), Decimal(found[1].replace(",", "")), found[2])


def _share(found: re.Match[str]) -> str:
    """百分之九十五 -> 95%."""
    tens, ten, ones = found[1].partition("十")
    signs = {sign: n for n, sign in enumerate("一二三四五六七八九", start=1)}
    if found[1] in ("百", "一百"):
        return "100%"
    return f"{(signs.get(tens, 1) if ten else 0) * 10 + signs.get(ones if ten else tens, 0)}%"

"""Pieces of a clause's text around what was read: what a sanction is about, its numbers, its side.

Only names, bounds and directions are taken from here; amounts, steps and dates are the reader's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from tracker.definitions.clauses import Span

LONGEST = 40

_ENDS = "。；;\n"
NUMBERING = re.compile(
    r"^\s*(?:[（(]?\d{1,2}[)）.．、](?:(?!\d)|(?=\d{4}年))|[①-⑳]|[（(]?[一二三四五六七八九十]{1,3}[)）、])\s*"
)
AMOUNT = re.compile(
    r"(?:加扣|倒扣|扣|减|加|奖励?|计|得|记|赋)(?:\s*\d|\s*[一二三四五六七八九十半]|分|满分|完)"
    r"|不得分|不计分|不扣|免扣|零分|酌情|视情|按比例|一票否决|取消"
)
COUNT = r"(?:次|起|个|项|条|件|家|份|篇|处|人|座|块|例|宗|批|户|枚|名|位|天|日)"
_EACH = re.compile(rf"^[每一]\s*(?:发现|发生|有|出现|查实)?\s*[\d一二三两]*\s*{COUNT}(?!工作日)")
EACH_TAIL = re.compile(
    rf"[，,、的（(\s]*(?:[每一1]\s*(?:次|起|{COUNT})(?:问题|任务|项目)?|每[^，,；。]*|分别|各|均|一次性)$"
)
_OWN_POINTS = re.compile(r"(?:计|得|记|值|占)\s*\d+(?:\.\d+)?\s*分\s*[，,]?")


def passage(text: str, span: Span) -> str:
    """The text of the span and what leads up to it in its own sentence."""
    start = max((text.rfind(mark, 0, span[0]) for mark in _ENDS), default=-1) + 1
    return text[start : span[1]]


def ends_between(text: str, start: int, end: int) -> bool:
    """Whether a sentence ends there."""
    return any(mark in text[start:end] for mark in _ENDS)


def comma_part(text: str, span: Span) -> str:
    """The part of a sentence that the span stands in, as written."""
    start = max(text.rfind(mark, 0, span[0]) for mark in "，,。；;\n") + 1
    end = re.search(r"[，,。；;\n]|$", text[span[1] :])
    return text[start : span[1] + (end.start() if end else 0)].strip()


def about(text: str, span: Span) -> str:
    """What a sanction is about, without its amount: 未开展相关活动的; at most 40 characters."""
    return shortened(subject(text, span))


def subject(text: str, span: Span) -> str:
    found = _subject(text[span[0] : span[1]])
    if len(found) < 4:
        found = _subject_before(text, span) or found
    return found if len(found) > 1 else passage(text, span).strip()


def _subject(piece: str) -> str:
    plain = NUMBERING.sub("", piece.strip())
    plain = _OWN_POINTS.sub("", plain)
    if _ONLY_POINTS.match(plain):
        return ""
    head = plain[: found.start()] if (found := AMOUNT.search(plain)) else plain
    head = bare(head)
    *_, last = re.split(r"[，,]", head)
    counted = bare(_EACH.sub("", last))
    if counted != last and len(counted) >= 4:
        return counted
    rest = bare(_EACH.sub("", head))
    if rest != head and len(rest) >= 2:
        return rest
    tail = bare(EACH_TAIL.sub("", head))
    return tail if len(tail) >= 2 else ("" if _EACH.match(head) or head.startswith("每") else head)


def _subject_before(text: str, span: Span) -> str:
    lead = _OWN_POINTS.sub("", NUMBERING.sub("", passage(text, span)[: -(span[1] - span[0])]))
    parts = [bare(part) for part in re.split(r"[，,；;]", lead)]
    parts = [part for part in parts if len(part) >= 2 and not AMOUNT.search(part)]
    return parts[-1] if parts else ""


_ONLY_POINTS = re.compile(r"^[（(]?\s*\d+(?:\.\d+)?\s*分?\s*[)）]?$")


def bare(piece: str) -> str:
    return piece.strip(" \t\r\n，,、：:；;（(）)。").removesuffix("的").strip("，,、 ")


def shortened(text: str, most: int = LONGEST) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"


# -- numbers ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bound:
    """A stated limit: at_least and at_most include the number, above and below do not."""

    side: str
    number: Decimal
    unit: str


_SIDES = {
    "at_least": ("不低于", "不少于", "不小于", "不得低于", "不得少于", "至少", "达到", "≥", ">="),
    "at_most": ("不超过", "不高于", "不大于", "不得超过", "不多于", "≤", "<="),
    "below": (
        "未达到",
        "没有达到",
        "没达到",
        "达不到",
        "未能达到",
        "未达",
        "低于",
        "不足",
        "小于",
        "少于",
        "不满",
        "<",
    ),
    "above": ("高于", "超过", "大于", "超出", ">"),
}
_AFTER = {"以上": "at_least", "以下": "at_most", "以内": "at_most", "以外": "above"}
_UNITS = r"(%|个?百分点|名|位|个|件|次|家|项|条|起|天|日|人|份|篇|分|万亩|亩|座|块|处)?"
_WORD = "|".join(sorted((w for ws in _SIDES.values() for w in ws), key=len, reverse=True))
_BOUND = re.compile(
    rf"(?<!每)(?P<word>{_WORD})\s*(?P<n1>\d+(?:\.\d+)?)\s*(?P<u1>{_UNITS})(?P<post1>以上|以下|以内)?"
    rf"|(?P<n2>\d+(?:\.\d+)?)\s*(?P<u2>{_UNITS})\s*(?:[（(]含[^)）]*[)）])?\s*"
    r"(?P<post2>及?以上|及?以下|以内|以外)"
    rf"|以\s*(?P<n3>\d+(?:\.\d+)?)\s*(?P<u3>{_UNITS})\s*为(?:基准|基数|目标|标准)"
)
_SIDE_OF = {word: side for side, words in _SIDES.items() for word in words}


def bounds(text: str) -> Iterator[Bound]:
    """Every stated limit of a piece of text, in order: 达到90%以上, 低于80%, 超过10%."""
    plain = unicodedata.normalize("NFKC", text)
    plain = _HAN_COUNT.sub(lambda found: str(_chinese(found[0])), plain)
    for found in _BOUND.finditer(plain):
        if found["word"] is not None:
            yield Bound(_SIDE_OF[found["word"]], Decimal(found["n1"]), found["u1"] or "")
        elif found["n3"] is not None:
            yield Bound("at_least", Decimal(found["n3"]), found["u3"] or "")
        else:
            side = _AFTER[found["post2"].removeprefix("及")]
            yield Bound(side, Decimal(found["n2"]), found["u2"] or "")


_HAN_COUNT = re.compile(rf"(?<![每第])[一二三四五六七八九十两]{{1,3}}(?={COUNT})")

_RANGE = re.compile(r"(\d+(?:\.\d+)?)\s*%?\s*(?:[-~—–－～至到])+\s*(\d+(?:\.\d+)?)")


def between(text: str) -> tuple[Decimal, Decimal] | None:
    """80%-90%, 第2至5名: the smaller number first."""
    found = _RANGE.search(unicodedata.normalize("NFKC", text))
    if found is None:
        return None
    low, high = sorted((Decimal(found[1]), Decimal(found[2])))
    return low, high


_NUMERALS = {sign: n for n, sign in enumerate("一二三四五六七八九", start=1)} | {"两": 2, "十": 10}


def number(text: str) -> int | None:
    """The first whole number, in figures or Chinese (up to 99)."""
    plain = unicodedata.normalize("NFKC", text)
    if found := re.search(r"\d+", plain):
        return int(found[0])
    found = re.search(r"[一二三四五六七八九两十]+", plain)
    return None if found is None else _chinese(found[0])


def _chinese(text: str) -> int:
    tens, ten, ones = text.partition("十")
    if not ten:
        return _NUMERALS.get(text[0], 1)
    return _NUMERALS.get(tens, 1) * 10 + _NUMERALS.get(ones, 0)


def counted_in(piece: str) -> str:
    """The measure word of a step: 每少办结一件 -> 件; "" where there is none."""
    found = re.search(rf"[每少缺][^，,。；;]*?[\d一两]\s*({COUNT})", piece)
    return found[1] if found else ""


_STEP = re.compile(r"[每少缺低短]+(?:完成)?\s*(?:\d+(?:\.\d+)?|[一二两三四五六七八九十])\s*"
                   r"(万?[^\W\d]{1,2}?)(?=[，,。；;扣的]|$)")  # fmt: skip


def wanted(text: str) -> Decimal | None:
    """The one number before a step that counts the same thing: 改造12公里，每少1公里 -> 12."""
    plain = unicodedata.normalize("NFKC", text)
    step = _STEP.search(plain)
    if step is None:
        return None
    unit = re.escape(step[1])
    told = set(re.findall(rf"(\d+(?:\.\d+)?)\s*余?{unit}", plain[: step.start()]))
    return Decimal(told.pop()) if len(told) == 1 else None


# -- sides -----------------------------------------------------------------------------------------

_FALLS = re.compile(r"(?:每|较|比|同比|幅度)?[^，。；]{0,6}?(?:少|低|降|减|差|欠|缺|下滑)")
_RISES = re.compile(r"每[^，。；]{0,4}?(?:超|增|上升|升高|高|多|恶化|反弹|升)")
_BASELINE = re.compile(r"同比|上年|去年|上一年度|同期|三年平?均|(?:较|比|在)\s*20\d\d\s*年")
_UNDONE = re.compile(r"未|没有?|逾期|延期|迟|缺|少|不(?:按|及时|到位|落实|开展|完成|规范)|否则")
_HAPPENED = re.compile(
    r"不?发生|出现|影响|不降反|反弹|事件|事故|超标|被[^动]|经查|查实|受到|造成|导致|引发|存在|弄虚作假|瞒报|谎报"
)
_TASK = re.compile(
    r"完成|建成|建立|制定|编制|开展|组织|报送|上报|提交|办结|整治|整改|治理|录入|培训|出台|安装|录用|刊登"
    r"|召开|演练|检查|巡查|落实|配备|创建|采购|签订|公开|发布|报告|销号|任务|达标"
)


def rises(text: str) -> bool:
    """Whether the charged side lies above the base: 每超过, 每上升, 每恶化."""
    return bool(_RISES.search(text)) and not re.search(r"每[^，。；]{0,4}?(?:少|低|降|减|差)", text)


def against_baseline(text: str) -> bool:
    return bool(_BASELINE.search(text))


_TARGET = re.compile(r"目标|任务|指标|计划|要求|下达|平均")


def base_named(text: str) -> str:
    """ "target" or "baseline": the one named last before the step; "" for neither."""
    last = {
        "baseline": max((found.end() for found in _BASELINE.finditer(text)), default=-1),
        "target": max((found.end() for found in _TARGET.finditer(text)), default=-1),
    }
    name = max(last, key=lambda key: last[key])
    return name if last[name] >= 0 else ""


def undone(text: str) -> bool:
    """Whether it is about something not done: 未开展, 逾期, 没有报送."""
    return bool(_UNDONE.search(text))


def happened(text: str) -> bool:
    """Whether it is about an event: 发生辐射事件, 被督办."""
    return bool(_HAPPENED.search(text))


def task(text: str) -> bool:
    """Whether it names something to do."""
    return bool(_TASK.search(text))

"""Kinds of slips in a document (疑点) and what is said about them, Chinese and English."""

from __future__ import annotations

from tracker.definitions.documents.reading import Dirt
from tracker.definitions.words import Language

_SAID: dict[str, tuple[str, str, str, str]] = {
    "unclosed": (
        "“{sign}”没有配对",
        "请对照原件补上另一半，并看旁边有没有错字",
        "{sign} has no counterpart",
        "compare with the original, and look for wrong characters beside it",
    ),
    "chat": (
        "像是误贴进来的聊天文字，不属于本文",
        "请对照原件删去，并看它挤掉了哪些字",
        "this looks like a chat message that does not belong here",
        "take it out, and see which words it has driven out",
    ),
    "formula": (
        "算式读不通",
        "请对照原件改正",
        "the formula makes no sense",
        "correct it by the original",
    ),
    "word_cut": (
        "“{word}”缺了字",
        "原文可能是“{meant}”，请核对",
        'a character of "{meant}" seems to be missing',
        'check whether "{meant}" was meant',
    ),
    "word_wrong": (
        "“{word}”疑有错字",
        "别处写作“{meant}”，请核对",
        '"{word}" seems to have a wrong character',
        'elsewhere it is "{meant}"; check it',
    ),
    "word_typed": (
        "“{word}”疑是打错的字",
        "原文可能是“{meant}”，请核对",
        '"{word}" seems to be mistyped',
        'check whether "{meant}" was meant',
    ),
    "unit_typed": (
        "单位“{word}”只出现一次，疑有错字",
        "可能是“{meant}”，请核对；是两个单位的照原文载入",
        'the unit "{word}" stands once only and may be mistyped',
        'it may be "{meant}"; where they are two units, keep it as printed',
    ),
    "placeholder": (
        "“{word}”里的 X 不像原文",
        "请对照原件改正（如“其余”）",
        'the X in "{word}" is hardly the original',
        "correct it by the original",
    ),
    "twice": (
        "“{word}”重复",
        "请删去多余的一处",
        '"{word}" stands twice',
        "take one of them out",
    ),
    "stray": (
        "“{word}”里夹了多余的字",
        "请对照原件改正",
        'there are stray characters in "{word}"',
        "correct it by the original",
    ),
    "no_unit": (
        "“{word}”后面缺“分”",
        "请核对数字和单位",
        'the word for points is missing after "{word}"',
        "check number and unit",
    ),
    "no_verb": (
        "“{word}”没有写明是加还是扣",
        "请补上“加”或“扣”",
        '"{word}" does not say whether points are given or taken',
        "add the verb",
    ),
    "digit": (
        "“{word}”不像一个分数",
        "可能是数字识别错误，请核对",
        '"{word}" is hardly an amount',
        "it may be a digit misread; check it",
    ),
    "no_day": (
        "“{word}”没有这一天",
        "请核对日期",
        'there is no day "{word}"',
        "check the date",
    ),
    "blank_in_name": (
        "单位名称“{word}”中间断开",
        "已按“{meant}”连读，请核对",
        'the name "{word}" is broken by a blank',
        'it was read as "{meant}"; check it',
    ),
    "cut_in_two": (
        "文字被旁边的栏切断",
        "已接着后文读，请对照原件核对",
        "the text is cut in two by the cells beside it",
        "it was read on behind them; compare with the original",
    ),
    "points": (
        "分值“{word}”不是数字",
        "请改为 1.5 这样的数字",
        'the points "{word}" are no number',
        "write a number such as 1.5",
    ),
    "gap": (
        "编号从 {before} 跳到 {after}",
        "请核对是否漏了一条",
        "the numbers jump from {before} to {after}",
        "check whether one is missing",
    ),
    "sum": (
        "{whose_zh}各项合计 {sum} 分，标明 {stated} 分",
        "请核对各项分值",
        "{whose_en}: the parts add up to {sum}, stated are {stated}",
        "check the points of each",
    ),
}


def slip(code: str, place: str, text: str, language: Language, **values: str) -> Dirt:
    zh, zh_advice, en, en_advice = _SAID[code]
    said, advice = (zh, zh_advice) if language == "zh" else (en, en_advice)
    return Dirt(code, place, text, said.format(**values), advice.format(**values))

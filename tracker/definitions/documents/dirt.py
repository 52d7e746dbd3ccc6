"""What in a document cannot be as meant: slips of a scanner, a sentence from elsewhere, a bracket
without its other half. Nothing is repaired; each is shown with its place.

A clean document must give nothing. So a sign counts only where it is plain, and what is merely odd
counts only beside something plain.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tracker.definitions.documents import mistyped
from tracker.definitions.documents.reading import Dirt
from tracker.definitions.documents.slips import slip
from tracker.definitions.words import Language

_AROUND = 8  # signs shown on either side
_PAIRS = {
    "（": "）",
    "(": ")",
    "［": "］",
    "[": "]",
    "《": "》",
    "“": "”",
    "【": "】",
    "〔": "〕",
    "「": "」",
}
_ALIKE = {"(": "（", ")": "）", "[": "［", "]": "］"}
_CLOSING = {_ALIKE.get(close, close) for close in _PAIRS.values()}


@dataclass(frozen=True)
class Passage:
    """A text to be looked at; `known` is where the numbers and headings in front of it end."""

    text: str
    place: str
    body: int = 0


@dataclass(frozen=True)
class _Found:
    code: str
    start: int
    end: int
    values: dict[str, str]


def dirt_in(passages: Sequence[Passage], language: Language = "zh") -> list[Dirt]:
    whole = "\n".join(passage.text for passage in passages)
    common = _common_words(whole)
    turned = mistyped.Turned(whole)
    found: list[Dirt] = []
    for passage in passages:
        plain = [*_plain(passage), *_against(passage, whole, common)]
        plain += _mistyped(passage.text, turned)
        odd = list(_odd(passage.text, whole)) if plain else []
        for one in sorted([*plain, *odd], key=lambda each: each.start):
            shown = _shown(passage.text, one.start, one.end)
            found.append(slip(one.code, passage.place, shown, language, **one.values))
    return list(dict.fromkeys(found))


def _mistyped(text: str, turned: mistyped.Turned) -> Iterator[_Found]:
    for code, found in (
        ("word_typed", mistyped.words_in(text)),
        ("word_wrong", turned.slips(text)),
    ):
        for one in found:
            yield _Found(code, one.start, one.end, {"word": one.word, "meant": one.meant})


def _shown(text: str, start: int, end: int) -> str:
    """Some signs on either side, so that the place can be found again."""
    return text[max(0, start - _AROUND) : end + _AROUND].replace("\n", " ").strip()


def _plain(passage: Passage) -> Iterator[_Found]:
    yield from _unclosed(passage.text)
    yield from _chat(passage.text)
    yield from _formulas(passage.text)
    yield from _amounts(passage.text)
    yield from _days(passage.text)
    yield from _repeated(passage.text)
    yield from _glosses(passage.text)
    yield from _placeholders(passage.text)
    yield from _stock(passage.text)


# -- brackets --------------------------------------------------------------------------------------


def _unclosed(text: str) -> Iterator[_Found]:
    """Each bracket without its other half; a number such as `1)` is no bracket."""
    open_: list[tuple[str, int]] = []
    for at, sign in enumerate(text):
        wide = _ALIKE.get(sign, sign)
        if sign in _PAIRS:
            if open_ and sign == "“" and open_[-1][0] == "“":
                yield _bracket(text, *open_.pop())
            open_.append((wide, at))
        elif wide in _CLOSING:
            at_last = next(
                (n for n in range(len(open_) - 1, -1, -1) if _closes(open_[n][0], wide)), None
            )
            if at_last is None:
                if not re.search(
                    r"(?:^|[\s。；;：:，,、])[0-9a-zA-Z一二三四五六七八九十]{1,3}$", text[:at]
                ):
                    yield _bracket(text, sign, at)
                continue
            yield from (_bracket(text, *one) for one in open_[at_last + 1 :])
            del open_[at_last:]
    yield from (_bracket(text, *one) for one in open_)


def _closes(opening: str, closing: str) -> bool:
    other = _PAIRS[opening]
    return _ALIKE.get(other, other) == closing


def _bracket(text: str, sign: str, at: int) -> _Found:
    return _Found("unclosed", at, at + 1, {"sign": text[at]})


# -- what does not belong --------------------------------------------------------------------------

_TALK = re.compile(
    r"我跟|我和你|我们(?!县|市|区|省|国|镇|乡)|咱们?|你们?(?!单位)|您好|这个可以|可以的|说一下|打过?个?招呼|"
    r"好几个|那边|回头(?!看)|没问题|没事|谢谢|麻烦你|收到请|哈哈|嗯|[吧呢啊哦嘛哎][,，。！!？?]|@|微信|发给?我|加我|"
    r"帮我|帮忙|说好了|知道了|晓得|辛苦了?[,，。]|之前我|等会|明天再|不好意思"
)
_REACH = 40


def _chat(text: str) -> Iterator[_Found]:
    """Two or more turns of speech close together."""
    marks = list(_TALK.finditer(text))
    at = 0
    while at < len(marks):
        last = at
        while last + 1 < len(marks) and marks[last + 1].start() - marks[last].end() <= _REACH:
            last += 1
        if last > at and len({mark[0] for mark in marks[at : last + 1]}) > 1:
            yield _Found("chat", marks[at].start(), marks[last].end(), {})
        at = last + 1


# -- amounts, formulas, days -----------------------------------------------------------------------

_FORMULA = re.compile(r"(?:得分|分值|扣分|加分)\s*[=＝]\s*([^。；;，,]{1,80})")
_BROKEN = re.compile(
    r"[÷×*/+]\s*[÷×*/+=％%]|[÷×]\s*$|%\s*率|[0-9]\s*(?![0-9])[\u4e00-\u9fa5](?<![分年月日个次项条天家件起名倍])\s*[(（]"
)
_WORD_GONE = re.compile(r"[0-9]%(?=标率|成率|放率|用率)")
_NO_UNIT = re.compile(r"[扣减加奖]\s*[0-9]+(?:\.[0-9]+)?(?=[;；。])")
_NO_VERB = re.compile(
    r"每(?:次|个|起|件|项|人|处|家|条|篇|例)[0-9]+(?:\.[0-9]+)?分(?!以上|以下|以内|制|钟|值)"
)
_MISREAD = re.compile(
    r"[扣减加得计]\s*(?:[OoIl]\s*[.。]?\s*[0-9]*|[0-9]+\s*[OoIl]+|[0-9]+[。，,][0-9]+|0[0-9]+|[0-9]+\.[OoIl])\s*分"
)
_DAY = re.compile(r"(?<![0-9.])(1[0-9]|[0-9])月([0-9]{1,2})日")
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _formulas(text: str) -> Iterator[_Found]:
    """Formulas that cannot be reckoned, and rates without their first character."""
    for found in _FORMULA.finditer(text):
        if _BROKEN.search(found[1]):
            yield _Found("formula", found.start(), found.end(), {})
    for found in _WORD_GONE.finditer(text):
        word = text[found.end() : found.end() + 2]
        meant = {"标率": "达标率", "成率": "完成率", "放率": "排放率", "用率": "利用率"}[word]
        yield _Found("word_cut", found.start(), found.end() + 5, {"word": word, "meant": meant})


def _amounts(text: str) -> Iterator[_Found]:
    for code, pattern in (("no_unit", _NO_UNIT), ("no_verb", _NO_VERB), ("digit", _MISREAD)):
        for found in pattern.finditer(text):
            yield _Found(code, found.start(), found.end(), {"word": found[0]})


def _days(text: str) -> Iterator[_Found]:
    for found in _DAY.finditer(text):
        month, day = int(found[1]), int(found[2])
        if not 1 <= month <= 12 or not 1 <= day <= _LONGEST[month - 1]:
            yield _Found("no_day", found.start(), found.end(), {"word": found[0]})


# -- words -----------------------------------------------------------------------------------------

_AGAIN = re.compile(r"([\u4e00-\u9fa5]{6,20})[,，;；、]?\1")
_NAME_AGAIN = re.compile(r"([\u4e00-\u9fa5]{4})([\u4e00-\u9fa5]{1,4})\1")
_JOINING = re.compile("[和与及或的并等为是每不未无比较同]|完成|开展|落实|推进|按照|根据|达到")
_GLOSS = re.compile(r"([\u4e00-\u9fa5]{4})[（(]([A-Za-z0-9.]{2,8}[\u4e00-\u9fa5]{4,12})[)）]")
_PLACEHOLDER = re.compile(r"[\u4e00-\u9fa5]X(?=[0-9])")
_STOCK = {
    "未按定(?!期|额|量|点|员|编|制)": "未按规定",
    "扣完止|扣完为(?!止|零|0)|扣为止": "扣完为止",
    "不得(?=[。；;]|$)": "不得分",
}


def _repeated(text: str) -> Iterator[_Found]:
    for found in _AGAIN.finditer(text):
        yield _Found("twice", found.end() - len(found[1]), found.end(), {"word": found[1]})
    for found in _NAME_AGAIN.finditer(text):
        if not _JOINING.search(found[2]) and not _JOINING.search(found[1]):
            yield _Found("twice", found.start(), found.end(), {"word": found[1]})


def _glosses(text: str) -> Iterator[_Found]:
    """A name explained in brackets by itself, with signs in it that are not the name's."""
    for found in _GLOSS.finditer(text):
        name, gloss = found[1], found[2]
        letters = iter(gloss)
        extra = [sign for sign in re.sub("[A-Za-z0-9.]", "", gloss) if sign not in name]
        if name not in gloss and all(sign in letters for sign in name) and len(extra) <= 3:
            yield _Found("stray", found.start(2), found.end(2), {"word": gloss})


def _placeholders(text: str) -> Iterator[_Found]:
    for found in _PLACEHOLDER.finditer(text):
        yield _Found("placeholder", found.start(), found.end() + 2, {"word": found[0]})


def _stock(text: str) -> Iterator[_Found]:
    """Turns of phrase of such documents with a character missing."""
    for pattern, meant in _STOCK.items():
        for found in re.finditer(pattern, text):
            yield _Found("word_cut", found.start(), found.end(), {"word": found[0], "meant": meant})


# -- held against the rest of the document ---------------------------------------------------------

_VERBS = re.findall(
    "..", "落实完成推进加强开展制定建立组织严格强化做好推动实施健全完善深化规范提升编制落地"
)
_LENGTH = 6
_HAN = re.compile(r"[\u4e00-\u9fa5]+")


def _common_words(whole: str) -> dict[str, set[str]]:
    """Runs of six characters that come twice or more, by what is left when one is masked."""
    counts: Counter[str] = Counter()
    for run in _HAN.findall(whole):
        counts.update(run[n : n + _LENGTH] for n in range(len(run) - _LENGTH + 1))
    masks: dict[str, set[str]] = {}
    for word, count in counts.items():
        if count >= 2:
            for n in range(1, _LENGTH - 1):
                masks.setdefault(f"{word[:n]}?{word[n + 1 :]}", set()).add(word)
    return masks


def _against(passage: Passage, whole: str, common: dict[str, set[str]]) -> Iterator[_Found]:
    yield from _verb_cut(passage, whole)
    yield from _misread(passage.text, common)


def _verb_cut(passage: Passage, whole: str) -> Iterator[_Found]:
    """A text that begins with the second half of a verb, which stands whole elsewhere."""
    begins = (
        passage.body
        + len(passage.text[passage.body :])
        - len(passage.text[passage.body :].lstrip())
    )
    head = passage.text[begins : begins + 5]
    for verb in _VERBS:
        if len(head) == 5 and head[0] == verb[1] and f"{verb}{head[1:]}" in whole:
            yield _Found(
                "word_cut", max(0, begins - 4), begins + 5, {"word": head, "meant": verb[0] + head}
            )
            return


def _misread(text: str, common: dict[str, set[str]]) -> Iterator[_Found]:
    """A word of which one character repeats another beside it, where the document has it right."""
    for run in _HAN.finditer(text):
        signs = run[0]
        for at in range(len(signs) - _LENGTH + 1):
            word = signs[at : at + _LENGTH]
            for n in range(1, _LENGTH - 1):
                if word[n] not in word[max(0, n - 2) : n]:
                    continue
                meant = common.get(f"{word[:n]}?{word[n + 1 :]}", set()) - {word}
                if meant and word not in common.get(f"{word[:n]}?{word[n + 1 :]}", set()):
                    start = run.start() + at
                    values = {"word": word, "meant": min(meant)}
                    yield _Found("word_wrong", start, start + _LENGTH, values)
                    return


# -- odd only beside something plain ---------------------------------------------------------------

_QUOTE_AGAIN = re.compile(r"“[^”]{1,20}(.)”\1[^，,。；;]{0,6}")
_DOUBLED = re.compile(r"[\u4e00-\u9fa5]{2}(.)\1[\u4e00-\u9fa5]{2}")


def _odd(text: str, whole: str) -> Iterator[_Found]:
    """What stands like this once only: 生物物种 again and again is a word."""
    for found in _QUOTE_AGAIN.finditer(text):
        yield _Found("stray", found.start(), found.end(), {"word": found[0]})
    for found in _DOUBLED.finditer(text):
        if whole.count(found[0][1:]) == 1:
            yield _Found("stray", found.start(), found.end(), {"word": found[0]})

"""Texts that nobody would write: random ones, and ordinary clauses with slips put in."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tests.corpus.comparing import expected_clauses

SCRAPS = (
    "扣", "加", "得", "计", "分", "每", "少", "超过", "低于", "90%", "0.2分", "1起", "一次",
    "以上", "以下", "的", "，", "。", "；", "：", "（", "）", "①", "1.", "第3名", "前10%",
    "酌情", "视情", "按比例", "一票否决", "8月底前", "每月5日前", "2021年9月30日", "72小时内",
    "连续一周", "扣完为止", "最多", "累计不超过", "不得分", "满分", "加倍", "减半",
    "不重复扣分", "另行通知", "×", "÷", "=", "、", "和", "至", "-", "百分之五", "零点二", "\n",
    "\t", " ", "０", "％", "點", "項", "\u200b", "\ud800", "é", "😀", "/", "%", "“", "”", "《",
    "》", "((", "99999999999999999999", "0.0.0", "13月45日前", "每0个", "1/0", "十百千", "半",
)  # fmt: skip


def ordinary() -> list[str]:
    """Clauses of the corpus that the reader was built with."""
    return [one.text for one in expected_clauses("fields_dev.yaml").values()]


def scrambled(many: int, *, seed: int) -> Iterator[str]:
    """Words of scoring text and stray signs in any order."""
    dice = random.Random(seed)
    for _ in range(many):
        yield "".join(dice.choices(SCRAPS, k=dice.randint(0, 40)))


def mutated(many: int, *, seed: int) -> Iterator[str]:
    """Ordinary clauses with pieces lost, doubled, swapped, replaced or put in."""
    dice = random.Random(seed)
    sound = ordinary()
    for _ in range(many):
        text = dice.choice(sound)
        for _ in range(dice.randint(1, 6)):
            text = _slip(text, dice)
        yield text


def _slip(text: str, dice: random.Random) -> str:
    if not text:
        return dice.choice(SCRAPS)
    at, to = sorted(dice.randint(0, len(text)) for _ in range(2))
    return dice.choice(
        [
            text[:at] + text[to:],
            text[:to] + text[at:],
            text[:at] + dice.choice(SCRAPS) + text[at:],
            text[:at] + dice.choice(SCRAPS) + text[to:],
            text[:at] + text[at:to][::-1] + text[to:],
        ]
    )


PATTERNS = (
    "扣", "每", "每少", "每a", "每年", "每，", "1", "1、", "1分、", "一", "扣一", "（", "，",
    "不", "酌情", "视", "只按", "由", "“", "《", "以按照根据", "得分=a×", "第1名", "9月30日前",
    "连续1天", "90%以上得1分，", "低于90%", "累计最多", "不足一个", " ", "每发现1起扣1分，",
    "扣分，", "最多扣1分，", "按比例扣分，", "每月5日前", "9月底前完成8", "达到9%得1分；", "①",
    "不重复扣分",
)  # fmt: skip
"""Of each a text is made by saying it over and over: what a careless expression would choke on."""


def repeated(pattern: str, length: int) -> str:
    return (pattern * (length // len(pattern) + 1))[:length]

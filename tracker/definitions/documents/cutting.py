"""The scoring text of one item cut into clauses (计分细则) by the numbers that the source itself
prints, at every depth: `一、 (一) 1. (1) ①`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tracker.definitions.documents.enumerators import Enumerator, Style, at

SCORES = re.compile(
    r"[扣减加计记得奖给赋]{1,2}(?:分值|分)?(?:至|到|为|[:：])?\s*[0-9０-９一二两三四五六七八九十]+(?:\.[0-9]+)?\s*[-—–~～至到]?[0-9.]*\s*(?:分|%)"
    r"|[扣减加计记得奖].{0,6}[0-9]\s*分|不得分|不计分|不扣分|不加分|零分|得满分|满分|扣完|酌情|视情|按比例|折算|不超过[0-9.]+分|一票否决"
    r"|加倍|减半|免扣|不重复|扣[0-9.]+[;；。]|每(?:月)?次[0-9.]+分|分别?为?得?[0-9.、]+分"
)
"""What a text that takes or gives points says."""

_WORTH = re.compile(r"[（(]\s*[0-9.]+\s*分\s*[）)]\s*[。；;]?\s*$")
_HEADING = 48  # signs, of a line that only names what follows
_ENDS = "。；;！!）)：:"


@dataclass(frozen=True)
class Piece:
    """A clause before it is read: where it stands in its text; `path` is empty for one without a
    number, `head` marks what stands above numbered parts."""

    row: int
    path: tuple[int, ...]
    start: int
    end: int
    body: int
    head: bool = False
    styles: tuple[Style, ...] = ()

    def text(self, texts: Sequence[str]) -> str:
        return texts[self.row][self.start : self.end]


@dataclass
class _Open:
    """A level that is being counted."""

    style: Style
    value: int


@dataclass
class _Node:
    row: int
    path: tuple[int, ...]
    styles: tuple[Style, ...]
    start: int
    body: int
    end: int = 0
    children: bool = False


@dataclass(frozen=True)
class Cut:
    """`headings` are, by row, lines that only name what follows (一、辖区国考断面水质)."""

    pieces: tuple[Piece, ...]
    headings: dict[int, str] = field(default_factory=dict)


def cut(texts: Sequence[str]) -> Cut:
    """`texts` are the cells of one item's rows, in order; numbers go on from row to row."""
    nodes = _nodes(texts)
    headings: dict[int, str] = {}
    pieces: list[Piece] = []
    for row, text in enumerate(texts):
        own = [node for node in nodes if node.row == row]
        begins = own[0].start if own else len(text)
        pieces += _unnumbered(text, row, 0, begins, bool(own), headings)
        for node in own:
            pieces += _of_node(text, node)
    named = _lone_headings(texts, nodes)
    if named:
        return Cut(*_renamed(texts, pieces, headings, named))
    return Cut(tuple(pieces), headings)


# -- finding numbers -------------------------------------------------------------------------------


def _nodes(texts: Sequence[str]) -> list[_Node]:
    found: list[_Node] = []
    stack: list[_Open] = []
    marks = [(row, mark) for row, text in enumerate(texts) for mark in _marks(text)]
    going_on = _going_on(mark for _, mark in marks)
    for (row, mark), goes_on in zip(marks, going_on, strict=True):
        if not _belongs(mark, goes_on, stack, texts[row]):
            continue
        depth = next((d for d, one in enumerate(stack) if one.style == mark.style), len(stack))
        del stack[depth:]
        stack.append(_Open(mark.style, mark.value))
        path = tuple(one.value for one in stack)
        styles = tuple(one.style for one in stack)
        if found and found[-1].row == row:
            found[-1].end = mark.start
        found.append(_Node(row, path, styles, mark.start, mark.end, len(texts[row])))
    for node, after in pairwise(found):
        node.children = after.path[: len(node.path)] == node.path
    return found


def _going_on(marks: Iterable[Enumerator]) -> list[bool]:
    """Of each number, whether the next one of its kind comes later."""
    told: list[bool] = []
    seen: set[tuple[Style, int]] = set()
    for mark in reversed(list(marks)):
        told.append((mark.style, mark.value + 1) in seen)
        seen.add((mark.style, mark.value))
    return told[::-1]


def _marks(text: str) -> Iterator[Enumerator]:
    """Whatever looks like a number at a place where one may stand."""
    position = 0
    while position < len(text):
        mark = at(text, position) if _may_begin(text, position) else None
        if mark is not None:
            yield mark
            position = mark.end
        else:
            position += 1


_OPENERS = frozenset("一二三四五六七八九十第（(0123456789０１２３４５６７８９①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
                     "㉑㉒㉓㉔㉕㉖㉗㉘㉙㉚⑴⑵⑶⑷⑸⑹⑺⑻⑼⑽⒈⒉⒊⒋⒌⒍⒎⒏⒐⒑㈠㈡㈢㈣㈤㈥㈦㈧㈨㈩")  # fmt: skip


def _may_begin(text: str, position: int) -> bool:
    if text[position] not in _OPENERS:
        return False
    before = text[position - 1] if position else "\n"
    if before in "\n。；;：:":
        return True
    if text[position] in "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳":
        return True
    if text[position] in "（(":
        return before in " 　\t，,、）)" or not before.isalnum()
    return before in " 　\t）)"


def _belongs(mark: Enumerator, goes_on: bool, stack: Sequence[_Open], text: str) -> bool:
    """Whether the number goes on with a count or begins one that goes on."""
    level = next((one for one in stack if one.style == mark.style), None)
    leads = _begins_line(text, mark)
    if level is not None:
        wanted = level.value + 1
        if mark.value == 1 and mark.start == 0 and not mark.tight:
            return True  # a row that counts anew
        return mark.value == wanted or (
            leads and not mark.tight and wanted < mark.value <= wanted + 3
        )
    if mark.tight:
        return leads and goes_on and mark.value == 1
    if leads and (mark.start == 0 or mark.value == 1):
        return True
    return mark.value == 1 and goes_on


def _begins_line(text: str, mark: Enumerator) -> bool:
    return mark.start == 0 or text[mark.start - 1] == "\n"


# -- from numbers to clauses -----------------------------------------------------------------------


def _of_node(text: str, node: _Node) -> Iterator[Piece]:
    own = text[node.body : node.end]
    if not own.strip():
        return
    if node.children and not SCORES.search(_WORTH.sub("", own.strip())):
        return
    end = node.start + len(text[node.start : node.end].rstrip())
    yield Piece(node.row, node.path, node.start, end, node.body, node.children, node.styles)


def _unnumbered(
    text: str, row: int, start: int, end: int, before: bool, headings: dict[int, str]
) -> Iterator[Piece]:
    """Text in front of the first number, or all of a text without one."""
    own = text[start:end]
    if not own.strip():
        return
    if before and not SCORES.search(own):
        headings[row] = own.strip()
        return
    for begin, finish in [(start, end)] if before else _paragraphs(text):
        yield Piece(row, (), begin, begin + len(text[begin:finish].rstrip()), begin, before)


_BREAK = re.compile(r"(?<=[。；;！])\s+")
_OWN = re.compile(r"[扣加减奖]\s*[0-9]+(?:\.[0-9]+)?\s*分")


def _paragraphs(text: str) -> list[tuple[int, int]]:
    """Where a text without numbers begins anew: at paragraphs of which each takes or gives an
    amount of its own; others go with the one before them."""
    starts = [0, *(found.end() for found in _BREAK.finditer(text)), len(text)]
    parts = list(pairwise(starts))
    if sum(_OWN.search(text[begin:end]) is not None for begin, end in parts) < 2:
        return [(0, len(text))]
    found: list[tuple[int, int]] = []
    for begin, end in parts:
        own = any(_OWN.search(text[first:last]) for first, last in found[-1:])
        if found and not (own and _OWN.search(text[begin:end])):
            found[-1] = (found[-1][0], end)
        else:
            found.append((begin, end))
    return found


def _lone_headings(texts: Sequence[str], nodes: Sequence[_Node]) -> list[_Node]:
    """Outermost numbers that count nothing in this item: they name it (三、县级水源水质)."""
    outer = [node for node in nodes if len(node.path) == 1]
    styles = {node.styles[0] for node in outer}
    lone = [node for node in outer if sum(one.styles[0] == node.styles[0] for one in outer) == 1]
    if len(styles) != 1 or len(lone) != 1 or lone[0].styles[0] not in _NAMING:
        return []
    node = lone[0]
    body = texts[node.row][node.body : node.end].strip()
    first = _first_line(body)
    only = not node.children and first == body
    if only or len(first) > _HEADING or SCORES.search(first) or first[-1:] in "。；;":
        return []
    return [node]


def _first_line(body: str) -> str:
    """Up to the line break; where all breaks are lost, up to the first blank."""
    return body.partition("\n")[0] if "\n" in body else body.partition(" ")[0]


_NAMING = (Style.CHINESE, Style.CHINESE_BRACKETS, Style.ORDINAL)


def _renamed(
    texts: Sequence[str],
    pieces: Sequence[Piece],
    headings: dict[int, str],
    named: Sequence[_Node],
) -> tuple[tuple[Piece, ...], dict[int, str]]:
    """The pieces without the naming number in their paths, its line among the headings."""
    node = named[0]
    body = texts[node.row][node.body : node.end]
    heading = headings[node.row] = _first_line(body.strip())
    told: list[Piece] = []
    for piece in pieces:
        if piece.styles[:1] != node.styles:
            told.append(piece)
        elif len(piece.path) > 1:
            told.append(
                Piece(piece.row, piece.path[1:], piece.start, piece.end, piece.body, piece.head,
                      piece.styles[1:])
            )  # fmt: skip
        else:
            begins = node.body + body.index(heading) + len(heading)
            begins += len(texts[node.row][begins:]) - len(texts[node.row][begins:].lstrip())
            if texts[node.row][begins : piece.end].strip():
                told.append(Piece(piece.row, (), begins, piece.end, begins, piece.head))
    return tuple(told), headings

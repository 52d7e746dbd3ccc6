"""What a person did wrong where YAML ends: found in the text, for the parser's words name tokens.

The parser says where it gave up; the mistake is often on the line before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import yaml

_PLAIN = r"""[^"'#\s\[{&*!|>@`]"""
_OPENED = re.compile(r"""(?:^|:\s+|-\s+)(["'])(?:(?!\1).)*$""")
_AFTER_QUOTE = re.compile(r"""(?:^|:\s+|-\s+)("[^"]*"|'[^']*')\s*[^\s#,:\]}]""")
_TWO_COLONS = re.compile(rf"^[\s-]*{_PLAIN}[^:]*:\s+{_PLAIN}.*:(?:\s|$)")
_TIGHT = re.compile(r"^[\s-]*[^\s:\"']+:\S")
_SIGNS = "@`%*&"
LOOKED_AT = 500
"""So much of a line: a mistake further to the right is called by no name of its own."""

WORDS: dict[str, tuple[str, str, str, str]] = {
    "yaml_tab": (
        "不合 YAML 写法：行首缩进用了制表符（Tab）",
        "请把这一行开头的 Tab 换成空格，每级两个",
        "this is not YAML: the line is indented with a tab",
        "use spaces instead, two a level",
    ),
    "yaml_quote": (
        "不合 YAML 写法：引号 {sign} 没有配对",
        "请在这一行的文字末尾补上 {sign}",
        "this is not YAML: the quote {sign} is not closed",
        "put {sign} at the end of this line's text",
    ),
    "yaml_after_quote": (
        "不合 YAML 写法：引号之后还有文字",
        "请把整个值放进一对引号，文字里另有引号的用中文引号",
        "this is not YAML: something follows a closed quote",
        "put the whole value into one pair of quotes",
    ),
    "yaml_bracket": (
        "不合 YAML 写法：括号 {sign} 没有配对，或少了逗号",
        "请补上括号，各项之间用半角逗号",
        "this is not YAML: the bracket {sign} is not closed, or a comma is missing",
        "close it, and part the entries by commas",
    ),
    "yaml_wide_colon": (
        "不合 YAML 写法：冒号是全角的“：”",
        "请改成半角冒号加一个空格，如 title: 名称",
        "this is not YAML: the colon is a full-width one",
        "write a plain colon and a space, as in title: name",
    ),
    "yaml_tight_colon": (
        "不合 YAML 写法：冒号后面缺一个空格",
        "请写成 键: 值，冒号后空一格",
        "this is not YAML: a space is missing after the colon",
        "write key: value",
    ),
    "yaml_no_colon": (
        "不合 YAML 写法：缺少冒号",
        "请写成 键: 值；上一行文字没写完的，用引号括起或同样缩进",
        "this is not YAML: a colon is missing",
        "write key: value; put a text that goes over several lines into quotes",
    ),
    "yaml_two_colons": (
        "不合 YAML 写法：值里面还有冒号",
        '请把整个值放进引号，如 title: "甲: 乙"',
        "this is not YAML: there is another colon in the value",
        'put the whole value into quotes, as in title: "a: b"',
    ),
    "yaml_indent": (
        "不合 YAML 写法：缩进不齐，这一行前面有 {spaces} 个空格",
        "同一级的键（或列表项的 -）左边对齐，下一级多空两格",
        "this is not YAML: indentation does not fit, {spaces} spaces stand before this line",
        "align the keys (or the - of list entries) of one level; indent the next by two",
    ),
    "yaml_sign": (
        "不合 YAML 写法：值不能以 {sign} 开头",
        "请把值放进引号",
        "this is not YAML: a value cannot begin with {sign}",
        "put the value into quotes",
    ),
    "yaml_escape": (
        "不合 YAML 写法：双引号里的反斜杠 \\ 不能这样写",
        "请改用单引号，或把 \\ 写成 \\\\",
        "this is not YAML: a backslash in double quotes has a meaning of its own",
        "use single quotes, or write \\\\ for \\",
    ),
    "yaml_control": (
        "不合 YAML 写法：有看不见的控制字符",
        "请删去这一行里看不见的字符，或重新输入这一行",
        "this is not YAML: there is a control character that nobody sees",
        "delete it, or type the line again",
    ),
    "not_yaml": (
        "不合 YAML 写法",
        "请检查这一行及上一行的缩进、冒号和引号（解析器说：{said}）",
        "this is not YAML",
        "check indentation, colons and quotes of this line and the one before "
        "(the parser says: {said})",
    ),
}
"""As `tracker.definitions.words` has them."""


@dataclass(frozen=True)
class Cause:
    """`line` counts from 1; `values` fill the words of `code`."""

    line: int
    code: str
    values: dict[str, str | int]


def cause_of(error: yaml.YAMLError, text: str) -> Cause:
    """The usual mistakes by name; for others `not_yaml` with what the parser said."""
    if not isinstance(error, yaml.MarkedYAMLError):
        at = getattr(error, "position", None)
        line = text.count("\n", 0, at) + 1 if isinstance(at, int) else 1
        return Cause(line, "yaml_control", {})
    lines = text.splitlines()
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark is not None else 1
    column = mark.column if mark is not None else 0
    began = error.context_mark.line + 1 if error.context_mark is not None else line
    place = _Place(lines, line, column, began)
    found = next(_causes(error.context or "", error.problem or "", place), None)
    said = ", ".join(part for part in (error.context, error.problem) if part)
    return found or Cause(min(line, max(1, len(lines))), "not_yaml", {"said": said})


@dataclass(frozen=True)
class _Place:
    """Where the parser gave up (`line`, `column` from 0) and where it `began` what it was at."""

    lines: Sequence[str]
    line: int
    column: int
    began: int

    def at(self, line: int) -> str:
        return self.lines[line - 1][:LOOKED_AT] if 0 < line <= len(self.lines) else ""

    @property
    def before(self) -> int:
        """The last line with something on it before `line`, 0 where there is none."""
        filled = (n for n in range(self.line - 1, 0, -1) if self.at(n).strip())
        return next(filled, 0)

    @property
    def sign(self) -> str:
        return self.at(self.line)[self.column : self.column + 1]


def _causes(context: str, problem: str, place: _Place) -> Iterator[Cause]:
    """What it may be, the surest first."""
    yield from _tab(place)
    if "quoted scalar" in context and "escape" in problem:
        yield Cause(place.line, "yaml_escape", {})
    yield from _quotes(context, place)
    if "flow" in context:
        opened = place.at(place.began)
        sign = "{" if "mapping" in context and "{" in opened else "["
        yield Cause(place.began, "yaml_bracket", {"sign": sign})
    if place.sign in ("]", "}"):
        yield Cause(place.line, "yaml_bracket", {"sign": place.sign})
    if "cannot start any token" in problem or "alias" in context or "anchor" in context:
        sign = next((one for one in _SIGNS if one in place.at(place.line)), place.sign)
        yield Cause(place.line, "yaml_sign", {"sign": sign})
    if "simple key" in context:
        yield _colon(place, place.began)
    if "mapping values are not allowed" in problem:
        yield from _second_colon(place)
    if "expected key" in problem or "'-' indicator" in problem or "block end" in problem:
        yield _indent(place)


def _tab(place: _Place) -> Iterator[Cause]:
    for line in (place.line, place.before):
        told = place.at(line)
        if "\t" in told[: len(told) - len(told.lstrip(" \t-"))]:
            yield Cause(line, "yaml_tab", {})


def _quotes(context: str, place: _Place) -> Iterator[Cause]:
    if "quoted scalar" in context:
        sign = place.at(place.began)
        opened = _OPENED.search(sign)
        yield Cause(place.began, "yaml_quote", {"sign": opened[1] if opened else '"'})
    if _AFTER_QUOTE.search(place.at(place.line)):
        opened = _OPENED.search(place.at(place.before))
        if opened is None:
            yield Cause(place.line, "yaml_after_quote", {})
    for line in (place.before, place.line):
        opened = _OPENED.search(place.at(line))
        if opened is not None:
            yield Cause(line, "yaml_quote", {"sign": opened[1]})


def _colon(place: _Place, line: int) -> Cause:
    told = place.at(line)
    if "：" in told and ":" not in told:
        return Cause(line, "yaml_wide_colon", {})
    return Cause(line, "yaml_tight_colon" if _TIGHT.match(told) else "yaml_no_colon", {})


def _second_colon(place: _Place) -> Iterator[Cause]:
    if _TWO_COLONS.match(place.at(place.line)):
        yield Cause(place.line, "yaml_two_colons", {})
    before = place.at(place.before)
    if before and not re.search(r":(\s|$)", before) and not before.lstrip().startswith(("#", "- ")):
        yield _colon(place, place.before)
    yield _indent(place)


def _indent(place: _Place) -> Cause:
    told = place.at(place.line)
    return Cause(place.line, "yaml_indent", {"spaces": len(told) - len(told.lstrip(" "))})

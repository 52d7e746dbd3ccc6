"""YAML text to plain values that know their lines.

Strict on purpose: a number stays as it is written (0.5 never becomes a binary float), a key stands
once, nothing is tagged, and aliases may not blow a small file up. `on`, `yes` and dates are text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml import events as ev

from tracker.definitions.yamlflaws import cause_of

MOST_NODES = 200_000
MOST_LEVELS = 40
LONG = 100
"""So many characters of a text count as one more value."""

_WHOLE = re.compile(r"-?(?:0|[1-9]\d*)")
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Only its events are used: it decides nothing about types."""

Route = tuple[str | int, ...]


@dataclass
class Node:
    """A scalar (`text`, `plain` when unquoted), a mapping or a list; lines count from 1."""

    line: int
    kind: str = "scalar"
    text: str = ""
    plain: bool = False
    keys: dict[str, Node] = field(default_factory=dict)
    key_lines: dict[str, int] = field(default_factory=dict)
    items: list[Node] = field(default_factory=list)

    def child(self, part: str | int) -> Node | None:
        if isinstance(part, int):
            return self.items[part] if part < len(self.items) else None
        return self.keys.get(part)


@dataclass(frozen=True)
class Flaw:
    """Something that YAML itself, or our strictness about it, forbids."""

    line: int
    code: str
    values: dict[str, Any]


class Unreadable(Exception):
    """The text is no document that can be looked at any further."""

    def __init__(self, flaws: list[Flaw]) -> None:
        super().__init__(", ".join(flaw.code for flaw in flaws))
        self.flaws = flaws


def parse(text: str) -> tuple[Node, list[Flaw]]:
    """The document's root and what is wrong but lets the rest be read (keys given twice).

    Unreadable where there is no going on.
    """
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=Loader):
            builder.take(event)
    except yaml.YAMLError as error:
        cause = cause_of(error, text)
        raise Unreadable([Flaw(cause.line, cause.code, dict(cause.values))]) from error
    if builder.root is None:
        raise Unreadable([Flaw(1, "empty", {})])
    return builder.root, builder.flaws


class _Builder:
    """Nodes from parser events, without recursion: a thousand brackets are no call stack."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.flaws: list[Flaw] = []
        self._open: list[tuple[Node, str | None]] = []
        self._anchors: dict[str, Node] = {}
        self._sizes: dict[int, int] = {}
        self._key: str | None = None
        self._key_line = 0

    def take(self, event: ev.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark is not None else 0
        match event:
            case ev.DocumentStartEvent() if self.root is not None:
                raise Unreadable([Flaw(line, "several_documents", {})])
            case ev.AliasEvent():
                self._alias(event, line)
            case ev.ScalarEvent():
                self._tagged(event, line)
                plain = event.style is None or event.style == ""
                self._scalar(Node(line, text=event.value, plain=plain), event.anchor)
            case ev.MappingStartEvent():
                self._begin(Node(line, "mapping"), event)
            case ev.SequenceStartEvent():
                self._begin(Node(line, "list"), event)
            case ev.MappingEndEvent() | ev.SequenceEndEvent():
                self._end()

    def _tagged(self, event: Any, line: int) -> None:
        if event.tag not in (None, "!", "tag:yaml.org,2002:str"):
            raise Unreadable([Flaw(line, "tagged", {"tag": event.tag})])

    def _begin(self, node: Node, event: Any) -> None:
        self._tagged(event, node.line)
        if len(self._open) >= MOST_LEVELS:
            raise Unreadable([Flaw(node.line, "too_deep", {"most": MOST_LEVELS})])
        if self._waits_for_key():
            raise Unreadable([Flaw(node.line, "key_not_text", {})])
        self._place(node)
        if event.anchor:
            self._anchors[event.anchor] = node
        self._open.append((node, self._key))
        self._sizes[id(node)] = 1
        self._key = None

    def _end(self) -> None:
        node, self._key = self._open.pop()
        size = self._sizes[id(node)]
        self._grow(size, node.line)
        self._key = None

    def _scalar(self, node: Node, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = node
        size = self._sizes[id(node)] = 1 + len(node.text) // LONG
        if self._waits_for_key():
            self._key, self._key_line = node.text, node.line
            return
        self._place(node)
        self._grow(size, node.line)
        self._key = None

    def _alias(self, event: Any, line: int) -> None:
        node = self._anchors.get(event.anchor)
        if node is None:
            raise Unreadable([Flaw(line, "no_anchor", {"name": event.anchor})])
        if any(node is one for one, _ in self._open):
            raise Unreadable([Flaw(line, "alias_of_itself", {"name": event.anchor})])
        if self._waits_for_key():
            raise Unreadable([Flaw(line, "key_not_text", {})])
        self._place(node)
        self._grow(self._sizes[id(node)], line)
        self._key = None

    def _waits_for_key(self) -> bool:
        return bool(self._open) and self._open[-1][0].kind == "mapping" and self._key is None

    def _grow(self, size: int, line: int) -> None:
        """What an alias stands for counts each time it is named."""
        if not self._open:
            return
        parent = self._open[-1][0]
        self._sizes[id(parent)] += size
        if self._sizes[id(parent)] > MOST_NODES:
            raise Unreadable([Flaw(line, "too_large", {"most": MOST_NODES})])

    def _place(self, node: Node) -> None:
        if not self._open:
            self.root = node
            return
        parent = self._open[-1][0]
        if parent.kind == "list":
            parent.items.append(node)
            return
        assert self._key is not None
        if self._key in parent.keys:
            first = parent.key_lines[self._key]
            values = {"key": self._key, "first": first}
            self.flaws.append(Flaw(self._key_line, "key_twice", values))
            return
        parent.keys[self._key] = node
        parent.key_lines[self._key] = self._key_line


def plain(node: Node, *, numbers: bool = False) -> Any:
    """The values: text, true / false, null, lists, mappings; whole numbers only with `numbers`.

    A programme's fields know themselves what is a number; only what a reading sets does not.
    """
    if node.kind == "mapping":
        return {
            key: plain(child, numbers=numbers or key == "set") for key, child in node.keys.items()
        }
    if node.kind == "list":
        return [plain(child, numbers=numbers) for child in node.items]
    if not node.plain:
        return node.text
    if node.text in _NULL:
        return None
    if node.text in _TRUTH:
        return _TRUTH[node.text]
    return int(node.text) if numbers and _WHOLE.fullmatch(node.text) else node.text


def line_of(root: Node, path: Route) -> int:
    """The line of what `path` leads to, or of the last thing on the way that exists."""
    node, line = root, root.line
    for part in path:
        child = node.child(part)
        if child is None:
            break
        line = node.key_lines[part] if isinstance(part, str) else child.line
        node = child
    return line


# -- writing ---------------------------------------------------------------------------------------


class _Dumper(yaml.SafeDumper):
    """Quotes what any reader could take for a number, a truth value or nothing; `on` stays bare."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        return super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _resolvers() -> Iterator[tuple[str, str, str]]:
    yield "null", r"~|null|Null|NULL|", "~nN"
    yield "bool", r"true|True|TRUE|false|False|FALSE", "tTfF"
    yield "int", r"[-+]?[0-9][0-9_]*|0[xo][0-9a-fA-F]+", "-+0123456789"
    yield "float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+0123456789."


_Dumper.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in _resolvers():
    _Dumper.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), list(_first)
    )
_Dumper.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^$"), [""])


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    implied = dumper.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]  # PyYAML's stubs
    if style is None and implied != _STR:
        style = '"'
    return dumper.represent_scalar(_STR, text, style=style)


_STR = "tag:yaml.org,2002:str"
_Dumper.add_representer(str, _text)


def write(value: Any) -> str:
    """`value` as YAML in block style that `parse` and `plain` read back equal."""
    return yaml.dump(
        value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100, indent=2
    )

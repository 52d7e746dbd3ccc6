"""The canonical YAML of a programme: load, check, dump, diff.

Whatever is wrong is said at once, each with file, line, item and clause, and what to do about it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from tracker.definitions import words, yamltext
from tracker.definitions.complaints import fault_of, tags
from tracker.definitions.differences import Difference, diff
from tracker.definitions.faults import Fault
from tracker.definitions.openpoints import BY_HAND, Draft, settled
from tracker.definitions.soundness import faults
from tracker.definitions.unpacking import MOST_BYTES
from tracker.definitions.words import Language
from tracker.definitions.yamltext import Node, Route
from tracker.domain.errors import DefinitionError, Problem
from tracker.domain.programme import Programme

__all__ = ["Difference", "Examined", "check", "diff", "dump", "examine", "load", "loads", "read"]


@dataclass(frozen=True)
class Examined:
    """A document looked at: the programme where it is sound, else the problems.

    `notices` are no errors: the programme may be taken, but somebody should hear them.
    """

    programme: Programme | None
    problems: tuple[Problem, ...]
    notices: tuple[Problem, ...] = ()


def load(path: Path, language: Language = "zh") -> Programme:
    """DefinitionError with every problem when the file cannot be taken as it stands."""
    return _sound(examine(path, language))


def loads(text: str, place: str, language: Language = "zh") -> Programme:
    return _sound(_examined(text, place, language))


def load_draft(path: Path, language: Language = "zh") -> Draft:
    """The document with its open points as they stand, nothing written in yet; DefinitionError
    where its form is wrong."""
    text, _ = read(path, language)
    try:
        root, flaws = yamltext.parse(text)
    except yamltext.Unreadable as unreadable:
        raise DefinitionError(
            [_of_flaw(flaw, path.name, language) for flaw in unreadable.flaws]
        ) from unreadable
    if flaws:
        raise DefinitionError([_of_flaw(flaw, path.name, language) for flaw in flaws])
    try:
        return Draft.model_validate(yamltext.plain(root))
    except ValidationError as error:
        where = _Where(root, path.name, language)
        wrong = _without_echoes([fault_of(one, Draft) for one in error.errors()])
        raise DefinitionError([where.problem(fault) for fault in wrong]) from error


def check(path: Path, language: Language = "zh") -> list[Problem]:
    return list(examine(path, language).problems)


def _sound(examined: Examined) -> Programme:
    if examined.programme is None:
        raise DefinitionError(examined.problems)
    return examined.programme


def examine(path: Path, language: Language = "zh") -> Examined:
    try:
        text, notices = read(path, language)
    except DefinitionError as error:
        return Examined(None, error.problems)
    examined = _examined(text, path.name, language)
    return Examined(examined.programme, examined.problems, notices)


def read(path: Path, language: Language = "zh") -> tuple[str, tuple[Problem, ...]]:
    """The file's text: UTF-8 with or without a mark, else GB18030, which is said in a notice."""
    return decoded(content_of(path, language), path.name, language)


def content_of(path: Path, language: Language = "zh") -> bytes:
    """DefinitionError for a file that cannot be read, or is too large to be a document."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise DefinitionError([words.say("not_found", language, {}, place=str(path))]) from error
    except OSError as error:
        said = {"said": error.strerror or str(error)}
        problem = words.say("not_readable", language, said, place=str(path))
        raise DefinitionError([problem]) from error
    if len(content) > MOST_BYTES:
        most = {"most": MOST_BYTES // 1024 // 1024}
        raise DefinitionError([words.say("file_too_large", language, most, place=path.name)])
    return content


def decoded(
    content: bytes, place: str, language: Language = "zh"
) -> tuple[str, tuple[Problem, ...]]:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        content = content.decode("utf-16", errors="replace").encode()
    if b"\x00" in content:  # no text at all; no database keeps it either
        raise DefinitionError([words.say("encoding", language, {}, place=place)])
    try:
        return content.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        pass
    try:
        text = content.decode("gb18030")
    except UnicodeDecodeError as error:
        raise DefinitionError([words.say("encoding", language, {}, place=place)]) from error
    return text, (words.say("read_as_gb18030", language, {}, place=place),)


# -- examining -------------------------------------------------------------------------------------


def _examined(text: str, place: str, language: Language) -> Examined:
    try:
        root, flaws = yamltext.parse(text)
    except yamltext.Unreadable as unreadable:
        return Examined(None, tuple(_of_flaw(f, place, language) for f in unreadable.flaws))
    where = _Where(root, place, language)
    found = [_of_flaw(flaw, place, language) for flaw in flaws]
    if root.kind != "mapping":
        found.append(words.say("not_mapping", language, {}, place=where.at(())))
        return Examined(None, tuple(found))
    programme, wrong = _validated(yamltext.plain(root))
    wrong.sort(key=lambda fault: yamltext.line_of(root, fault.route))
    found += [where.problem(fault) for fault in wrong]
    return Examined(None if found else programme, tuple(found))


def _of_flaw(flaw: yamltext.Flaw, place: str, language: Language) -> Problem:
    at = _line(place, flaw.line, language) if flaw.line else place
    return words.say(flaw.code, language, flaw.values, place=at)


def _validated(body: Any) -> tuple[Programme | None, list[Fault]]:
    """The programme, and everything wrong: of its fields, and of what the rest says together."""
    form = Draft if "open_points" in body else Programme
    try:
        programme = form.model_validate(body)
    except ValidationError as error:
        wrong = _without_echoes([fault_of(one, form) for one in error.errors()])
        rest = _without(body, wrong)
        spoiled = {_smallest(fault.route) for fault in wrong}
        more = [] if rest is None else faults(rest)
        return None, wrong + [one for one in more if not _follows_from(one, spoiled, body)]
    return _closed(programme) if isinstance(programme, Draft) else (programme, faults(programme))


def _closed(draft: Draft) -> tuple[Programme | None, list[Fault]]:
    """The programme with the choices of the draft; every point without one is a fault."""
    open_ = [
        Fault(
            ("open_points", number),
            "still_open",
            {
                "question": point.question,
                "known": [*(one.id for one in point.choices), BY_HAND],
                "text": f"“{point.text}”" if point.text else "",
            },
        )
        for number, point in enumerate(draft.open_points)
        if point.chosen is None
    ]
    try:
        programme = settled(draft)
    except DefinitionError as error:
        said = {"said": "; ".join(problem.text for problem in error.problems)}
        return None, [*open_, Fault(("open_points",), "said", said)]
    return programme, [*faults(programme), *open_]


def _without_echoes(wrong: list[Fault]) -> list[Fault]:
    """pydantic calls a list too short when its entries are wrong."""
    routes = [fault.route for fault in wrong]
    return [
        fault
        for fault in wrong
        if fault.code != "too_few"
        or not any(route != fault.route and _within(route, fault.route) for route in routes)
    ]


def _without(body: Any, wrong: list[Fault]) -> Programme | None:
    """The programme as far as it can be read, so that its other faults are not kept for later."""
    rest = deepcopy(body)
    for fault in wrong:
        _take_out(rest, fault)
    rest.pop("open_points", None)
    try:
        return Programme.model_validate(rest)
    except ValidationError:
        return None


def _smallest(route: Route) -> Route:
    """The rule or duty around a route, else the route itself."""
    for n in range(len(route) - 1, 0, -1):
        if route[n - 1] in ("rules", "duties") and isinstance(route[n], int):
            return route[: n + 1]
    return route


def _take_out(body: Any, fault: Fault) -> None:
    """Put something harmless where a rule or duty is wrong, drop any other key that is."""
    *above, last = _smallest(fault.route) or ("",)
    holder = body
    for part in above:
        try:
            holder = holder[part]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(holder, list) and isinstance(last, int) and last < len(holder):
        _neutralise(holder, last, duty=bool(above) and above[-1] == "duties")
    elif isinstance(holder, dict):
        holder.pop(last, None)


def _neutralise(holder: list[Any], index: int, *, duty: bool) -> None:
    was = holder[index]
    name = was.get("id") if isinstance(was, dict) else None
    if duty:
        kept = {"id": name} if isinstance(name, str) else {}
        holder[index] = {"kind": "milestone", "external": "?", **kept}
    else:
        holder[index] = {"kind": "duty", "duty": "?"}


def _follows_from(fault: Fault, spoiled: set[Route], body: Any) -> bool:
    """Whether a fault only says again what another one spoiled."""
    if any(_within(fault.route, route) for route in spoiled):
        return True
    if fault.code in ("section_without_points", "item_without_points"):
        return (*fault.route, "points") in spoiled
    if fault.code in ("no_such_duty", "clauses_below_item", "clauses_above_item", "group_unused"):
        # What a wrong duty was called, or a wrong clause was worth, is not known.
        return any(_within(fault.route, _item_of(route)) for route in spoiled)
    if fault.code == "owed_by_nobody":
        return any(_within(fault.route, route[:-1]) for route in spoiled)
    if fault.code == "reading_does_not_apply":
        names = {name for route in spoiled for name in _ids_along(body, route)}
        return any(re.split(r"[#/]|\.[a-z_]", path)[0] in names for path in fault.values["paths"])
    return False


def _within(route: Route, outer: Route) -> bool:
    return route[: len(outer)] == outer


def _item_of(route: Route) -> Route:
    return route[:4] if route[2:3] == ("items",) else route


def _ids_along(body: Any, route: Route) -> Iterator[str]:
    """The ids of the things that a route leads through."""
    for part in route:
        try:
            body = body[part]
        except (KeyError, IndexError, TypeError):
            return
        if isinstance(body, dict) and isinstance(body.get("id"), str):
            yield body["id"]


# -- places ----------------------------------------------------------------------------------------


def _line(place: str, line: int, language: Language) -> str:
    return f"{place} 第 {line} 行" if language == "zh" else f"{place} line {line}"


@dataclass(frozen=True)
class _Where:
    """Routes to places in words: file, line, then section, item, clause, rule as far as known."""

    root: Node
    place: str
    language: Language

    def at(self, route: Route) -> str:
        line = _line(self.place, yamltext.line_of(self.root, route), self.language)
        comma = "，" if self.language == "zh" else ", "
        return comma.join([line, *self._things(route)])

    def problem(self, fault: Fault) -> Problem:
        values = dict(fault.values)
        if fault.twin is not None:
            values["first"] = yamltext.line_of(self.root, fault.twin)
        if "near" in values:
            close = values["near"]
            values["near"] = words.NEAR[self.language].format(name=close) if close else ""
        if isinstance(values.get("known"), list):
            values["known"] = ("、" if self.language == "zh" else ", ").join(values["known"])
        for name in ("what", "part"):
            if values.get(name) in words.THINGS:
                values[name] = words.thing(values[name], self.language)
        if fault.inner is not None:
            values["said"] = self.problem(replace(fault.inner, route=())).text
        if "said" in values:
            values["said"] = words.translated(values["said"], self.language)
        return words.say(fault.code, self.language, values, place=self.at(fault.route))

    def _things(self, route: Route) -> Iterator[str]:
        """ "任务 20", "计分句 20.2", "规则 20.2#1" along the route; a section only without item."""
        named = list(self._named(route))
        if any(what == "item" for what, _ in named):
            named = [one for one in named if one[0] != "section"]
        for what, name in named:
            yield f"{words.thing(what, self.language)} {name}"

    def _named(self, route: Route) -> Iterator[tuple[str, str]]:
        node: Node | None = self.root
        clause = ""
        for above, part in zip(("", *route), route, strict=False):
            node = node.child(part) if node is not None else None
            what = _LISTS.get(str(above)) if isinstance(part, int) else None
            if what is None or node is None:
                continue
            if what == "rule":
                yield what, f"{clause}#{int(part) + 1}"
                continue
            own = node.child("id")
            name = own.text if own is not None else str(int(part) + 1)
            clause = name if what == "clause" else clause
            yield what, name


_LISTS = {
    "sections": "section",
    "items": "item",
    "clauses": "clause",
    "groups": "group",
    "rules": "rule",
    "duties": "duty",
    "readings": "reading",
    "alternatives": "alternative",
    "units": "unit",
    "targets": "target",
    "periods": "period",
    "open_points": "open_point",
}


# -- writing ---------------------------------------------------------------------------------------


def dump(programme: Programme) -> str:
    """Canonical YAML: fields in their declared order, defaults left out, numbers in quotes.

    `loads(dump(p), ...)` equals `p`. What is open in a draft stands before its sections.
    """
    shaped = _shape(programme)
    for name in ("sections", "readings"):
        if "open_points" in shaped and name in shaped:
            shaped[name] = shaped.pop(name)
    return yamltext.write(shaped)


def _shape(model: BaseModel) -> dict[str, Any]:
    shaped: dict[str, Any] = {}
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        tells_apart = name == "kind" and len(tags(type(model))) == 1
        if tells_apart or field.is_required() or value != field.get_default():
            shaped[field.alias or name] = _value(value)
    return shaped


def _value(value: Any) -> Any:
    match value:
        case BaseModel():
            return _shape(value)
        case tuple() | list():
            return [_value(one) for one in value]
        case dict():
            return {str(key): _value(one) for key, one in value.items()}
        case Enum():
            return value.value
        case None | bool() | int() | str():
            return value
        case _:
            return str(value)

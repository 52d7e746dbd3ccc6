"""Rows of .xlsx, .csv and YAML as text, each with its place.

A sheet may begin with a title; its headings are the first row that names two columns we know.
Cells merged downwards count for every row that they span.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tracker.definitions import words, yamltext
from tracker.definitions.faults import near
from tracker.definitions.words import Language
from tracker.definitions.workbooks import sheets_of
from tracker.definitions.yamlform import content_of, decoded, read
from tracker.domain.errors import DefinitionError, Problem

SUFFIXES = (".xlsx", ".csv", ".yaml", ".yml")
TITLE_ROWS = 10
Line = tuple[int, list[str]]


@dataclass(frozen=True)
class Row:
    """`cells` by our names of the columns, as text; empty ones are left out. An entry of YAML may
    hold lists and mappings as well."""

    place: str
    cells: Mapping[str, object]
    headed: Mapping[str, str] = field(default_factory=dict)
    """Our names of the columns to the headings that the file has for them."""
    cells_at: Mapping[str, str] = field(default_factory=dict)
    """Our names of the columns to the addresses of this row's cells, where it is of a workbook."""

    def place_of(self, name: str) -> str:
        """Of one cell: "facts.xlsx 第 7 行 C7"."""
        at = self.cells_at.get(name, "")
        return f"{self.place} {at}" if at else self.place


@dataclass(frozen=True)
class Table:
    """The rows that can be looked at further, and what is wrong with the others and the headings.

    `guessed` where a heading was not known: what a row then lacks may stand under it.
    """

    rows: tuple[Row, ...] = ()
    problems: tuple[Problem, ...] = ()
    guessed: bool = False


@dataclass(frozen=True)
class Columns:
    """The names of columns: `known` maps every heading, in lower case, to ours."""

    known: Mapping[str, str]
    needed: tuple[str, ...]
    others_allowed: bool

    def of(self, heading: str) -> str | None:
        return self.known.get(_plain(heading))

    def headings(self, language: Language) -> list[str]:
        """One for each column, in the reader's language where there is one."""
        if language != "zh":
            return sorted(set(self.known.values()))
        first: dict[str, str] = {}
        for heading, own in self.known.items():
            first.setdefault(own, heading)
        return list(first.values())


def table(path: Path, columns: Columns, language: Language = "zh") -> Table:
    """DefinitionError where the file is no table of these columns at all."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        values = {"suffix": suffix or path.name, "known": " ".join(SUFFIXES)}
        raise DefinitionError([words.say("not_a_table", language, values, place=str(path))])
    if suffix in (".yaml", ".yml"):
        return _of_yaml(path, columns, language)
    if suffix == ".xlsx":
        name, lines = _xlsx(path, language)
        return _of_lines(lines, name, columns, language)
    return _of_lines(_csv(path, language), path.name, columns, language)


def _plain(heading: str) -> str:
    """A heading without spaces and without what is explained in brackets: "姓 名（必填）"."""
    bare = "".join(heading.split()).replace("（", "(").partition("(")[0]
    return bare.strip("*＊:：").lower()


# -- files to lines --------------------------------------------------------------------------------


def _xlsx(path: Path, language: Language) -> tuple[str, list[Line]]:
    """The first sheet that holds anything, named beside the file where others do too."""
    sheets = list(sheets_of(content_of(path, language), path.name, language))
    filled = [one for one in sheets if one.grid]
    sheet = (filled or sheets)[0]
    name = f"{path.name}「{sheet.name}」" if len(filled) > 1 else path.name
    grid = sheet.grid
    for (top, left), (bottom, right) in sheet.merged:
        if left == right and grid and left < len(grid[0]):
            for number in range(top + 1, min(bottom + 1, len(grid))):
                grid[number][left] = grid[top][left]
    return name, list(enumerate(grid, start=1))


def _csv(path: Path, language: Language) -> list[Line]:
    content, _ = decoded(content_of(path, language), path.name, language)
    return separated(content, path.name, language)


def separated(content: str, name: str, language: Language = "zh") -> list[Line]:
    """Lines of cells parted by whichever of comma, semicolon and tab the first line has most of;
    each with the number of the line where it begins."""
    first = content.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
    found: list[Line] = []
    begins = 1
    try:
        for cells in reader:
            found.append((begins, [cell.strip() for cell in cells]))
            begins = reader.line_num + 1
    except csv.Error as error:
        place = line_place(name, begins, language)
        problem = words.say("not_csv", language, {"said": str(error)}, place=place)
        raise DefinitionError([problem]) from error
    return found


# -- lines to rows ---------------------------------------------------------------------------------


def line_place(name: str, line: int, language: Language) -> str:
    return f"{name} 第 {line} 行" if language == "zh" else f"{name} line {line}"


def _of_lines(lines: Sequence[Line], name: str, columns: Columns, language: Language) -> Table:
    filled = [(number, cells) for number, cells in lines if any(cells)]
    if not filled:
        raise DefinitionError([words.say("empty", language, {}, place=name)])
    at = _heading_row(filled, columns)
    number, headings = filled[at]
    names = [columns.of(heading) if heading else None for heading in headings]
    problems = list(
        _wrong_headings(headings, names, line_place(name, number, language), columns, language)
    )
    if any(own not in names for own in columns.needed):
        raise DefinitionError(problems)
    guessed = bool(problems)
    while names and names[-1] is None and not headings[len(names) - 1]:
        names.pop()
    found: list[Row] = []
    headed = {own: heading for own, heading in zip(names, headings, strict=False) if own}
    letters = _letters(names) if name.lower().endswith(".xlsx") else {}
    for number, cells in filled[at + 1 :]:
        place = line_place(name, number, language)
        cells_at = {own: f"{letter}{number}" for own, letter in letters.items()}
        if any(cells[len(names) :]):
            values = {"cells": len(cells), "columns": len(names)}
            problems.append(words.say("too_many_cells", language, values, place=place))
            continue
        pairs = zip(names, cells, strict=False)
        found.append(
            Row(place, {own: cell for own, cell in pairs if own and cell}, headed, cells_at)
        )
    return Table(tuple(row for row in found if row.cells), tuple(problems), guessed)


def _letters(names: Sequence[str | None]) -> dict[str, str]:
    """Our names of the columns to the letters that a workbook has for them."""
    from xlsxwriter.utility import xl_col_to_name

    return {own: xl_col_to_name(at) for at, own in enumerate(names) if own}


def _heading_row(filled: Sequence[Line], columns: Columns) -> int:
    for at, (_, cells) in enumerate(filled[:TITLE_ROWS]):
        if sum(columns.of(cell) is not None for cell in cells if cell) >= 2:
            return at
    return 0


def _wrong_headings(
    headings: Sequence[str],
    names: Sequence[str | None],
    place: str,
    columns: Columns,
    language: Language,
) -> Iterator[Problem]:
    comma = "、" if language == "zh" else ", "
    unknown = [one for one, own in zip(headings, names, strict=True) if one and own is None]
    for heading in () if columns.others_allowed else unknown:
        close = near(_plain(heading), columns.known)
        hint = words.NEAR[language].format(name=close) if close else ""
        if heading is unknown[-1]:  # all that there are, once
            listed = comma.join(columns.headings(language))
            values = {"key": heading, "near": hint, "known": listed}
            yield words.say("unknown_column", language, values, place=place)
        else:
            values = {"key": heading, "near": hint}
            yield words.say("unknown_columns", language, values, place=place)
    for own in sorted({own for own in names if own and names.count(own) > 1}):
        mine = [heading for heading, name in zip(headings, names, strict=True) if name == own]
        values = {"key": comma.join(dict.fromkeys(mine))}
        yield words.say("column_twice", language, values, place=place)
    for own in columns.needed:
        if own not in names:
            chinese = [heading for heading, name in columns.known.items() if name == own]
            values = {"key": f"{chinese[0]} / {own}"}
            yield words.say("column_missing", language, values, place=place)


# -- YAML to rows ----------------------------------------------------------------------------------


def _of_yaml(path: Path, columns: Columns, language: Language) -> Table:
    """A list of entries, or a mapping with one key that holds the list."""
    content, _ = read(path, language)
    try:
        root, flaws = yamltext.parse(content)
    except yamltext.Unreadable as unreadable:
        raise DefinitionError(_of_flaws(unreadable.flaws, path.name, language)) from unreadable
    if root.kind == "mapping" and len(root.keys) == 1:
        root = next(iter(root.keys.values()))
    if root.kind != "list":
        place = line_place(path.name, root.line, language)
        told = [words.say("not_list", language, {}, place=place)]
        raise DefinitionError([*_of_flaws(flaws, path.name, language), *told])
    problems = _of_flaws(flaws, path.name, language)
    return _entries(root, problems, path.name, columns, language)


def _of_flaws(flaws: Sequence[yamltext.Flaw], name: str, language: Language) -> list[Problem]:
    return [
        words.say(one.code, language, one.values, place=line_place(name, one.line, language))
        for one in flaws
    ]


def _entries(
    root: yamltext.Node,
    problems: list[Problem],
    name: str,
    columns: Columns,
    language: Language,
) -> Table:
    found: list[Row] = []
    for entry in root.items:
        place = line_place(name, entry.line, language)
        if entry.kind != "mapping":
            problems.append(words.say("not_mapping", language, {}, place=place))
            continue
        body = yamltext.plain(entry)
        own = {columns.of(key) or key: value for key, value in body.items() if value is not None}
        found.append(Row(place, own, {columns.of(key) or key: key for key in body}))
    return Table(tuple(found), tuple(problems))

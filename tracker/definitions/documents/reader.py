"""A file to what it says: opened, its lists found, read and checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tracker.definitions import words, yamlform
from tracker.definitions.documents import flattened, mistyped, programmes
from tracker.definitions.documents.assembling import Assembled, assembled
from tracker.definitions.documents.dirt import dirt_in
from tracker.definitions.documents.files import SUFFIXES, opened
from tracker.definitions.documents.grid import Block, Paragraph, Table
from tracker.definitions.documents.headings import Role
from tracker.definitions.documents.outline import Outline, Text
from tracker.definitions.documents.reading import Dirt, ReadDocument, ReadTarget, plain
from tracker.definitions.documents.slips import slip
from tracker.definitions.documents.tables import TableReader, title_among
from tracker.definitions.documents.targets import targets_in
from tracker.definitions.words import Language
from tracker.domain.errors import DefinitionError

__all__ = ["SUFFIXES", "mapped", "read_document"]

_ANNEX = re.compile(r"附\s*表\s*[0-9一二三四五六七八九十]{0,2}")
_CAPTION = 40
"""No caption of a table is longer."""
_YEAR = re.compile(r"(20[0-9]{2})\s*年?")


def read_document(
    path: Path,
    *,
    year: int | None = None,
    columns: Mapping[str, Role] | None = None,
    language: Language = "zh",
) -> ReadDocument:
    """`year` is the one that the title names where none is given; `columns` says what the columns
    under unusual headings hold. DefinitionError where no list can be found in the file."""
    if path.suffix.lower() in (".yaml", ".yml"):
        return programmes.told(yamlform.load_draft(path, language), year=year)
    file = opened(path, language)
    wanted = {_bare(heading): role for heading, role in (columns or {}).items()}
    outline, targets = _outlined(file.pages.blocks, wanted, path.stem)
    if not outline.lines:
        raise DefinitionError([words.say("no_list", language, {}, place=path.name)])
    absent = [heading for heading in wanted if outline.headings and heading not in outline.headings]
    if absent:
        values = {"given": absent[0], "known": "、".join(outline.headings)}
        raise DefinitionError([words.say("heading_absent", language, values, place=path.name)])
    of = year if year is not None else year_in(outline.title, file.pages.blocks)
    if of is None:
        raise DefinitionError([words.say("no_year", language, {}, place=path.name)])
    found = assembled(outline, of)
    in_tables = any(isinstance(one, Table) for one in file.pages.blocks)
    absent_tables = _absent(found, targets, file.pages.blocks) if in_tables else ()
    return ReadDocument(
        title=outline.title,
        year=of,
        points=found.points,
        sections=found.sections,
        items=found.items,
        targets=tuple(targets),
        dirt=tuple(_dirt(found, language)),
        unread=found.unread,
        checks=found.checks,
        notices=file.notices,
        unused=tuple(outline.unused),
        absent=tuple(absent_tables),
    )


def _dirt(found: Assembled, language: Language) -> Iterator[Dirt]:
    for one in found.slips:
        yield slip(one.code, one.place, one.text, language, **one.values)
    for check in found.checks:
        if not check.ok:
            zh, en = (f"板块 {check.id} ", f"section {check.id}") if check.id else ("", "the whole")
            sums = {"whose_zh": zh, "whose_en": en}
            sums |= {"sum": plain(check.sum), "stated": plain(check.stated)}
            yield slip("sum", check.place, "", language, **sums)
    yield from dirt_in(found.passages, language)
    yield from _units(found, language)


def _units(found: Assembled, language: Language) -> Iterator[Dirt]:
    """Units of one kind are compared with one another: who reviews is no slip of who owes."""
    for kind in ("lead_units", "responsible_units", "reviewing_units"):
        named = [(name, item.place) for item in found.items for name in getattr(item, kind)]
        for name, meant in mistyped.units([one for one, _ in named]):
            place = next(where for one, where in named if one == name)
            yield slip("unit_typed", place, name, language, word=name, meant=meant)


def _absent(
    found: Assembled, targets: Sequence[ReadTarget], blocks: Sequence[Block]
) -> Iterator[str]:
    """附表1 that a clause names and that no table, caption or sheet is called."""
    known = {_bare(one.table) for one in targets}
    for block in blocks:
        told = block.text[:_CAPTION] if isinstance(block, Paragraph) else block.name
        known |= {_bare(name) for name in _ANNEX.findall(told)}
    for passage in found.passages:
        for name in map(_bare, _ANNEX.findall(passage.text)):
            if name not in known and (name[-1:] != "表" or not known):
                known.add(name)
                yield name


def _outlined(
    blocks: Sequence[Block], wanted: Mapping[str, Role], name: str
) -> tuple[Outline, list[ReadTarget]]:
    reader = TableReader(wanted)
    reader.read(blocks)
    targets = [one for table, caption in reader.targets for one in targets_in(table, caption)]
    outline = reader.outline
    if not outline.lines:
        outline = _from_text(blocks, wanted) or outline
    if not outline.title:
        texts = [one.text for one in blocks if isinstance(one, Paragraph)]
        outline.title = title_among(texts) or name
    return outline, targets


def _from_text(blocks: Sequence[Block], wanted: Mapping[str, Role]) -> Outline | None:
    """Of the paragraph that is a flattened list; the others belong to nothing."""
    paragraphs = [one for one in blocks if isinstance(one, Paragraph)]
    for paragraph in sorted(paragraphs, key=lambda one: len(one.text), reverse=True)[:3]:
        outline = flattened.outlined(paragraph, wanted)
        if outline is not None and outline.lines:
            others = [one for one in paragraphs if one is not paragraph]
            outline.unread += [Text(one.text, one.place) for one in others]
            return outline
    return None


def year_in(title: str, blocks: Sequence[Block]) -> int | None:
    """Of the title, else of the first paragraph that names one."""
    texts = [title, *(one.text for one in blocks if isinstance(one, Paragraph))]
    years = (_YEAR.search(text) for text in texts)
    return next((int(found[1]) for found in years if found is not None), None)


def mapped(given: str, language: Language = "zh") -> dict[str, Role]:
    """`分值=points,得分办法=clause` as a mapping; DefinitionError for an unknown role."""
    found: dict[str, Role] = {}
    for part in filter(None, (one.strip() for one in re.split("[,，;；]", given))):
        heading, _, role = part.replace("＝", "=").partition("=")
        if not heading.strip() or role.strip() not in list(Role):
            values = {"given": part, "known": " ".join(Role)}
            raise DefinitionError([words.say("unknown_role", language, values, place="--columns")])
        found[_bare(heading)] = Role(role.strip())
    return found


def _bare(heading: str) -> str:
    return "".join(heading.split())

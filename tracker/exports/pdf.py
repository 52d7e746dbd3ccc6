"""Values to PDF or PNG, by a typst template; from the locked packages alone: no font of the system.

The values reach the template as JSON (`values`), so that no text of a user is ever read as markup.
Equal values, templates and instants give equal bytes.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
import typst

from tracker.exports.glyphs import named

log = logging.getLogger(__name__)

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "documents"
FONTS = Path(pylopdf_fonts_zh_cn.__file__).resolve().parent


def pdf_bytes(template: str, values: Mapping[str, Any], *, made_at: datetime) -> bytes:
    """`templates/documents/<template>.typ` with `values`, which are JSON: text, numbers, lists.

    `made_at` is the document's date of creation and nothing else. A template that fails is a
    mistake of ours: typst.TypstError names its line.
    """
    made = _compiler(template).compile(
        sys_inputs={"values": _told(template, values)},
        format="pdf",
        timestamp=int(made_at.timestamp()),
    )
    if not isinstance(made, bytes):
        raise TypeError("typst gives one PDF for one document")
    return made


def png_bytes(template: str, values: Mapping[str, Any], *, ppi: int) -> bytes:
    """The same as one picture, `ppi` pixels for each inch of the template's page."""
    made = _compiler(template).compile(
        sys_inputs={"values": _told(template, values)}, format="png", ppi=ppi
    )
    if not isinstance(made, bytes):
        raise TypeError(f"{template} has more than one page")
    return made


def _told(template: str, values: Mapping[str, Any]) -> str:
    """As JSON. A character that our fonts lack stands there by its number instead of as a box, and
    the log says which."""
    text, lacking = named(json.dumps(values, ensure_ascii=False), FONTS)
    if lacking:
        log.warning("%s: no glyph in the shipped fonts for %s", template, ", ".join(lacking))
    return text


def _compiler(template: str) -> typst.Compiler:
    """A new one for each document: it is cheap, and none is shared between threads."""
    return typst.Compiler(
        TEMPLATES / f"{template}.typ",
        root=TEMPLATES,
        font_paths=_fonts(),
        ignore_system_fonts=True,
    )


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])

"""Letters that are written once and filled in for each reader.

On a morning most mails say the same of the same items; what differs is who reads them, the unit,
the links and the number. Such a letter is written with blanks, and kept while mails like it come.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from markupsafe import escape

from tracker.domain.dispatches import Links, ReminderLine, ReminderMail

_MARK = secrets.token_hex(8)
"""Nobody can have written it into a title."""

_BLANK = re.compile(f"\x02{_MARK}([a-z_]+[0-9]*)\x03")


def _blank(name: str) -> str:
    return f"\x02{_MARK}{name}\x03"


@dataclass(frozen=True)
class Form:
    """A text with blanks: every second piece is a blank's name."""

    pieces: tuple[str, ...]

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(self.pieces[1::2])

    @classmethod
    def of(cls, text: str) -> Form:
        return cls(tuple(_BLANK.split(text)))

    def filled(self, values: Mapping[str, str]) -> str:
        pieces = list(self.pieces)
        pieces[1::2] = [values[name] for name in pieces[1::2]]
        return "".join(pieces)


def alike(mail: ReminderMail) -> Hashable:
    """Equal for mails that read the same but for what `of_reader` tells. Whatever is not a blank
    counts."""
    said = vars(mail) | {"person": "", "message_id": "", "home": bool(mail.home), "lines": ()}
    said["unit"] = bool(mail.unit)
    return *said.values(), *[_line_alike(line, mail.unit) for line in mail.lines]


def _line_alike(line: ReminderLine, unit: str) -> Hashable:
    other = "" if unit and line.unit == unit else line.unit
    offered = tuple(map(bool, vars(line.links).values()))
    said = vars(line) | {"key": "", "slug": "", "unit": other, "links": offered}
    return tuple(said.values())


def of_reader(mail: ReminderMail) -> dict[str, str]:
    """What goes into the blanks."""
    values = {
        "person": mail.person, "unit": mail.unit, "message_id": mail.message_id, "home": mail.home,
    }  # fmt: skip
    for n, line in enumerate(mail.lines):
        values[f"key{n}"], values[f"slug{n}"] = line.key, line.slug
        for way, address in vars(line.links).items():
            values[f"link_{way}{n}"] = address
    return values


def escaped(values: Mapping[str, str], form: Form) -> dict[str, str]:
    """Those that the form asks for."""
    return {name: str(escape(values[name])) for name in form.names}


def with_blanks(mail: ReminderMail) -> ReminderMail:
    """The same with blanks; what is empty stays so, for letters ask whether it is."""
    return replace(
        mail,
        person=_blank("person"),
        unit=mail.unit and _blank("unit"),
        message_id=_blank("message_id"),
        home=mail.home and _blank("home"),
        lines=tuple(_line_with_blanks(n, line, mail.unit) for n, line in enumerate(mail.lines)),
    )


def _line_with_blanks(n: int, line: ReminderLine, unit: str) -> ReminderLine:
    ways = {way: address and _blank(f"link_{way}{n}") for way, address in vars(line.links).items()}
    return replace(
        line,
        key=_blank(f"key{n}"),
        slug=_blank(f"slug{n}"),
        unit=_blank("unit") if unit and line.unit == unit else line.unit,
        links=Links(**ways),
    )

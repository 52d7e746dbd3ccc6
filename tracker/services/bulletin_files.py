"""A bulletin as a document in the office's form: Word, PDF, HTML, JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment

from schedules.deadlines import local_day
from tracker.exports.jsonform import json_bytes
from tracker.exports.pdf import pdf_bytes
from tracker.exports.word import Block, Paragraph, Role, Signature, Table, docx_bytes
from tracker.services.bulletin import FEWEST, Bulletin, LateLine, UnitRow
from tracker.wording import Language, score_word, text
from tracker.wording.forms import number, points, span

KINDS = ("docx", "pdf", "html", "json")
LATE_LINES = 30
HEADINGS = (
    "place",
    "unit",
    "due",
    "timely",
    "late",
    "unfinished",
    "kept",
    "lost_in_period",
    "lost",
)
WIDTHS = (15, 33, 10, 25, 10, 10, 34, 17, 17)
"""Of the table's columns in Word, one to another."""


def content(
    environment: Environment, language: Language, made: Bulletin, kind: str, *, office: str
) -> bytes:
    """As a file of one of `KINDS`; `office` issues it."""
    match kind:
        case "json":
            return json_bytes(Bulletin, made)
        case "pdf":
            return pdf_bytes("bulletin", values(made, language, office), made_at=made.as_of)
        case "docx":
            told = values(made, language, office)
            return docx_bytes(
                list(_blocks(told)), title=told["title"], author=office,
                language="zh-CN" if language == "zh" else "en-GB", made_at=made.as_of,
            )  # fmt: skip
        case "html":
            page = environment.get_template("bulletin/bulletin.html.j2")
            return page.render(**values(made, language, office)).encode()
        case other:
            raise ValueError(f"no such kind of file: {other}")


def values(made: Bulletin, language: Language, office: str) -> dict[str, Any]:
    """What the templates need: text and rows of text."""
    told = _Telling(made, language)
    return {
        "language": language,
        "office": office,
        "programme": made.title,
        "title": told.title(),
        "to": told.say("to"),
        "overall_title": told.say("overall_title"),
        "overall": list(told.overall()),
        "places_title": told.say("places_title"),
        "places": list(told.places()),
        "heads": [told.say(f"head_{name}") for name in HEADINGS[: told.columns]],
        "rows": [told.row(one) for one in made.ranked],
        "beside_title": told.say("beside", n=FEWEST) if made.beside else "",
        "beside": [told.row(one) for one in made.beside],
        "late_title": told.say("late_title" if made.late else "late_none_title", n=len(made.late)),
        "late_none": "" if made.late else told.say("late_none"),
        "late": [f"{n}. {told.late(one)}" for n, one in enumerate(made.late[:LATE_LINES], 1)],
        "late_more": told.more(),
        "note": told.note(),
        "on": told.on(),
    }


def _blocks(told: Mapping[str, Any]) -> Iterator[Block]:
    yield Paragraph(Role.OFFICE, told["office"])
    yield Paragraph(Role.ABOUT, told["programme"])
    yield Paragraph(Role.TITLE, told["title"])
    yield Paragraph(Role.TO, told["to"])
    yield Paragraph(Role.PART, told["overall_title"])
    yield from (Paragraph(Role.TEXT, one) for one in told["overall"])
    yield Paragraph(Role.PART, told["places_title"])
    yield from (Paragraph(Role.TEXT, one) for one in told["places"])
    for caption, rows in (("", told["rows"]), (told["beside_title"], told["beside"])):
        if caption:
            yield Paragraph(Role.TEXT, caption)
        if rows:
            yield Table(told["heads"], rows, WIDTHS[: len(told["heads"])], left=frozenset({1}))
    yield Paragraph(Role.PART, told["late_title"])
    for one in (told["late_none"], *told["late"], told["late_more"]):
        if one:
            yield Paragraph(Role.TEXT, one)
    yield Paragraph(Role.NOTE, told["note"])
    yield Signature(told["office"], told["on"])


class _Telling:
    def __init__(self, made: Bulletin, language: Language) -> None:
        self.made, self.language = made, language
        self.zone = ZoneInfo(made.zone)

    def say(self, key: str, **values: Any) -> str:
        return text(f"bulletin.{key}", values, language=self.language, zone=self.zone)

    @property
    def columns(self) -> int:
        """How many of the columns there are: the last three are of points."""
        return len(HEADINGS) if self.made.scored else HEADINGS.index("kept")

    def span(self) -> str:
        first, last = self.made.first, self.made.last
        if (first.year, first.month) == (last.year, last.month):
            return self.say("month", year=first.year, month=first.month)
        return self.say("quarter", year=first.year, quarter=(first.month + 2) // 3)

    def title(self) -> str:
        return self.say("title", span=self.span())

    def overall(self) -> Iterator[str]:
        made = self.made
        due = sum(one.due for one in made.units)
        in_time = sum(one.in_time for one in made.units)
        yield self.say("opening" if made.scored else "opening_dates",
                       programme=made.title, span=self.span(), score=made.score,
                       standing=score_word(made.final, self.language),
                       lost=made.lost, new=made.lost_in_period)  # fmt: skip
        yield self.say("done", due=due, in_time=in_time, share=self.share(in_time, due),
                       late=sum(one.late for one in made.units),
                       unfinished=sum(one.unfinished for one in made.units))  # fmt: skip

    def places(self) -> Iterator[str]:
        made = self.made
        if not made.ranked:
            yield self.say("no_places")
            return
        yield self.say(f"by_{made.by}")
        if any(one.tied for one in made.ranked):
            yield self.say("ties")

    def share(self, part: int, whole: int) -> str:
        """A rate never stands without its counts."""
        if not whole:
            return "—"
        return f"{number(_percent(part, whole), 1)}% ({part}/{whole})"

    def row(self, one: UnitRow) -> list[str]:
        place = "—" if one.place is None else str(one.place)
        kept = one.worth - one.lost
        share = f"{number(_percent(kept, one.worth), 1)}%" if one.worth else "—"
        counts = f" ({points(kept)}/{points(one.worth)})" if one.worth else ""
        return [
            self.say("tied", place=place) if one.tied else place, one.name, str(one.due),
            self.share(one.in_time, one.due), str(one.late), str(one.unfinished), share + counts,
            points(one.lost_in_period), points(one.lost),
        ][: self.columns]  # fmt: skip

    def late(self, one: LateLine) -> str:
        state = "done" if one.done else "waiting" if one.waiting else "open"
        key = f"late_{state}" if one.late else "late_now"
        by_days = one.workdays and not one.hourly
        delay = (text("reminder.workdays", {"n": one.workdays}, language=self.language) if by_days
                 else span(one.late, self.language))  # fmt: skip
        return self.say(key, unit=one.unit_name, clause=one.clause, title=one.title,
                        due=one.due_at, span=delay)  # fmt: skip

    def more(self) -> str:
        rest = len(self.made.late) - LATE_LINES
        return self.say("late_more", n=rest) if rest > 0 else ""

    def note(self) -> str:
        made = self.made
        key = "note" if made.scored else "note_dates"
        key = "note_final" if made.final else key
        return self.say(key, as_of=made.as_of, version=made.version)

    def on(self) -> str:
        made_on = local_day(self.made.as_of, self.zone)
        return self.say("on", year=made_on.year, month=made_on.month, day=made_on.day)


def _percent(part: int, whole: int) -> Fraction:
    return Fraction(part * 100, whole)

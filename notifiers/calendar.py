"""Due dates as an iCalendar feed (RFC 5545), for a subscription or as an attachment.

Written by hand: a mail can carry such a file, and the icalendar package takes as long for one
entry as the sending of the whole mail. The tests read every feed back with that package.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from notifiers.message import refuse_unprintable
from notifiers.mime import character_start

CONTENT_TYPE = "text/calendar; method=PUBLISH; charset=utf-8"

_LINE_OCTETS = 75
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})
_SPECIAL = re.compile("[\x00-\x1f\x7f\\\\;,]")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Entry:
    """One due date. A calendar takes the version of a `uid` with the highest `sequence`.

    `stamp` is the instant at which this version was made; both instants must be aware.
    """

    uid: str
    sequence: int
    summary: str
    description: str
    due_at: datetime
    stamp: datetime
    url: str = ""
    cancelled: bool = False
    rings: bool = True

    def __post_init__(self) -> None:
        refuse_unprintable("uid", self.uid)
        refuse_unprintable("url", self.url)
        if self.due_at.utcoffset() is None or self.stamp.utcoffset() is None:
            raise ValueError(f"entry {self.uid}: an instant without a time zone")


def feed(entries: Iterable[Entry], *, zone_name: str = "Asia/Shanghai", name: str = "") -> bytes:
    """A deadline that ends a day in `zone_name` stands on that day, not on the next at 0:00.

    Any other instant is an appointment without length, in UTC. One reminder each: at 9:00 on the
    day before, or 24 hours before; a cancelled entry has none.
    """
    zone = ZoneInfo(zone_name)
    pieces = [_HEAD, _folded(f"X-WR-TIMEZONE:{zone_name}")]
    if name:
        pieces.append(_said("X-WR-CALNAME", name))
    for entry in entries:
        pieces += _event(entry, zone)
    pieces.append("END:VCALENDAR\r\n")
    return "".join(pieces).encode()


_HEAD = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//tracker//due dates//ZH\r\n"
    "CALSCALE:GREGORIAN\r\nMETHOD:PUBLISH\r\n"
)


def _event(entry: Entry, zone: ZoneInfo) -> Iterator[str]:
    when, day_before = _when(entry.due_at, zone)
    yield "BEGIN:VEVENT\r\n"
    yield _folded(f"UID:{_text(entry.uid)}")
    yield f"SEQUENCE:{entry.sequence}\r\nDTSTAMP:{_utc(entry.stamp)}\r\n{when}"
    yield _said("SUMMARY", entry.summary)
    if entry.description:
        yield _said("DESCRIPTION", entry.description)
    if entry.url:
        yield _folded(f"URL:{entry.url}")
    status = "CANCELLED" if entry.cancelled else "CONFIRMED"
    # A deadline does not make its day a busy one.
    yield f"STATUS:{status}\r\nTRANSP:TRANSPARENT\r\n"
    if entry.rings and not entry.cancelled:
        yield f"BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:{day_before}\r\n"
        yield _said("DESCRIPTION", entry.summary)
        yield "END:VALARM\r\n"
    yield "END:VEVENT\r\n"


@lru_cache(maxsize=512)  # many are due on one day
def _when(due_at: datetime, zone: ZoneInfo) -> tuple[str, str]:
    """The lines that say when, and the trigger of a reminder on the day before."""
    local = due_at.astimezone(zone)
    if local.time() != time(0):
        return f"DTSTART:{_utc(due_at)}\r\n", "-P1D"
    day = local.date() - timedelta(days=1)
    lines = f"DTSTART;VALUE=DATE:{day:%Y%m%d}\r\nDTEND;VALUE=DATE:{local:%Y%m%d}\r\n"
    return lines, "-PT15H"  # 9:00; a whole day before an all-day entry would ring at midnight


@lru_cache(maxsize=512)  # of one item, many units have the same entry
def _said(name: str, text: str) -> str:
    return _folded(f"{name}:{_text(text)}")


@lru_cache(maxsize=512)
def _utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    if not _SPECIAL.search(text):
        return text
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROLS.sub("", lines).translate(_ESCAPES)


def _folded(line: str) -> str:
    if len(line) <= _LINE_OCTETS and (line.isascii() or len(line.encode()) <= _LINE_OCTETS):
        return f"{line}\r\n"
    content = line.encode()
    pieces = []
    start, room = 0, _LINE_OCTETS
    while start < len(content):
        end = character_start(content, start + room)
        pieces.append(content[start:end])
        start, room = end, _LINE_OCTETS - 1  # the blank that marks a continuation counts
    return b"\r\n ".join(pieces).decode() + "\r\n"

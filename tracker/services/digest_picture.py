"""The digest's picture: the score of the last weeks with its forecast, what was due against what
was done, and the lights of the units by month. Values first, then SVG, PNG and the words instead.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from jinja2 import Environment

from schedules.deadlines import closes_at, due_day
from tracker.domain.obligations import WORST_FIRST, Light
from tracker.domain.pace import due_and_done
from tracker.domain.points import Units
from tracker.domain.programme import Programme
from tracker.exports.pdf import png_bytes
from tracker.services.digest import Digest, MonthCell, Picture, PictureRow, ScorePoint, UnitLights
from tracker.services.scoreboard import Board
from tracker.wording import Language, light_word, text
from tracker.wording.forms import day, points

WEEKS = timedelta(weeks=12)
"""How far back the score is drawn."""

ROWS = 7
"""Units drawn; those that lost most, which the ranking has first."""

COLOURS = {
    Light.LATE: "#b01e17", Light.DUE: "#b01e17", Light.SLOW: "#8a5a00", Light.OK: "#2b6a3c",
    Light.DONE: "#1f5c9e", Light.NONE: "#6a6a68",
}  # fmt: skip


def picture_of(
    board: Board, scores: Iterable[tuple[datetime, Units]], ranked: Sequence[UnitLights]
) -> Picture:
    """`scores` are those of earlier digests, in order of time."""
    programme = board.programme
    since = board.as_of - WEEKS
    told = [ScorePoint(at, score) for at, score in scores if since <= at < board.as_of]
    months = tuple(f"{programme.year}-{month:02}" for month in range(1, 13))
    due, done = _pace(board, months)
    return Picture(
        (*told, ScorePoint(board.as_of, board.ledger.score)), months, due, done,
        tuple(_rows(board, ranked, months)),
        sum(not one.waived for one in board.ledger.standings),
    )  # fmt: skip


def month_of(at: datetime, programme: Programme) -> str:
    """The month of the day that the instant ends, "2021-10"."""
    return f"{due_day(at, programme.tz):%Y-%m}"


def _pace(board: Board, months: Sequence[str]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """序时: how many obligations were due by the end of each month, and done, up to now; what is
    due after the last month is due in it."""
    ends = [_end_of(month, board.programme) for month in months]
    ends[-1] = max(ends[-1], closes_at(board.programme.closes_on, board.programme.tz))
    passed = 1 + sum(end < board.as_of for end in ends[:-1])
    return (
        tuple(due_and_done(board.ledger, end)[0] for end in ends),
        tuple(due_and_done(board.ledger, min(end, board.as_of))[1] for end in ends[:passed]),
    )


def _end_of(month: str, programme: Programme) -> datetime:
    first = date.fromisoformat(f"{month}-01")
    return closes_at(first + relativedelta(months=1, days=-1), programme.tz)


def _within(month: str, months: Sequence[str]) -> str:
    return min(max(month, months[0]), months[-1])


def _rows(
    board: Board, ranked: Sequence[UnitLights], months: Sequence[str]
) -> Iterable[PictureRow]:
    wanted = {one.unit for one in ranked[:ROWS]}
    lots: dict[str, dict[str, list[Light]]] = {}
    for one in board.ledger.standings:
        if one.obligation.unit in wanted and one.obligation.due_at is not None:
            month = _within(month_of(one.obligation.due_at, board.programme), months)
            lots.setdefault(one.obligation.unit, {}).setdefault(month, []).append(one.light)
    for row in ranked[:ROWS]:
        lights = lots.get(row.unit, {})
        yield PictureRow(row.name, tuple(_cell(lights.get(month, ())) for month in months))


def _cell(lights: Sequence[Light]) -> MonthCell | None:
    """The worst light and how many have it."""
    if not lights:
        return None
    worst = min(lights, key=WORST_FIRST.index)
    return MonthCell(worst, lights.count(worst))


# -- drawn ---------------------------------------------------------------------------------------

WIDTH = 552
CHART, HIGH, GAP = 244, 96, 64
LEFT, TOP = 8, 40
NAMES, COLUMN, ROW = 112, 35, 19


class Spot(NamedTuple):
    x: float
    y: float
    text: str = ""


def svg(environment: Environment, digest: Digest, language: Language) -> str:
    """An image that needs nothing but the font that it names."""
    assert digest.picture is not None
    drawn = _Drawing(digest, digest.picture, language)
    return environment.get_template("digest/picture.svg.j2").render(drawn.values())


def png(environment: Environment, digest: Digest, language: Language) -> bytes:
    """The same as pixels, as many as the mail is wide: a phone shows them smaller and sharp, and
    they are few enough to go with every mail."""
    return png_bytes("picture", {"svg": svg(environment, digest, language)}, ppi=96)


def data_uri(environment: Environment, digest: Digest, language: Language) -> str:
    """The picture for a page that stands alone; empty where the digest has none."""
    if digest.picture is None:
        return ""
    return "data:image/png;base64," + b64encode(png(environment, digest, language)).decode("ascii")


def alt(digest: Digest, language: Language) -> str:
    """What the picture shows, for who does not see it; empty where the digest has none."""
    if digest.picture is None:
        return ""
    return _Drawing(digest, digest.picture, language).alt()


LETTER = 11
"""The size of the picture's letters, and how wide a Chinese one is."""


def _above(told: str, due: Sequence[Spot], done: Sequence[Spot]) -> Spot:
    """Where the words about what was done end: left of its last step, above both lines."""
    wide = sum(LETTER if ord(letter) > 255 else LETTER * 0.6 for letter in told)
    end = max(done[-1].x - 5, done[0].x + wide)
    return Spot(end, min(spot.y for spot in (*due, *done) if spot.x <= end) - 5, told)


@dataclass(frozen=True)
class _Drawing:
    digest: Digest
    picture: Picture
    language: Language

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.digest.zone)

    def say(self, key: str, **values: Any) -> str:
        return text(f"digest.{key}", values, language=self.language, zone=self.zone)

    def values(self) -> dict[str, Any]:
        rows = self.picture.units
        top = TOP + HIGH + 62
        return {
            "width": WIDTH, "height": top + ROW * len(rows) + 12,
            "left": LEFT, "top": TOP, "high": HIGH, "chart": CHART, "second": LEFT + CHART + GAP,
            "score": self.score(), "pace": self.pace(),
            "months": [Spot(self.column(at), top - 10, str(at + 1)) for at in range(12)],
            "rows": [self.row(row, top + at * ROW) for at, row in enumerate(rows)],
            "matrix_at": top - 28, "titles": [self.say(f"picture_{name}")
                                              for name in ("score", "pace", "lights")],
        }  # fmt: skip

    def column(self, month: int) -> float:
        return LEFT + NAMES + month * COLUMN + 4

    # -- the score ---------------------------------------------------------------------------

    @property
    def ends(self) -> tuple[int, int]:
        """The score at the end of the forecast: if nothing happens, if all is done."""
        verdict = self.digest.verdict
        return (
            verdict.score - verdict.lost_if_nothing + verdict.lost,
            verdict.score - verdict.lost_if_all_done + verdict.lost,
        )

    def score(self) -> dict[str, Any]:
        verdict, told = self.digest.verdict, self.picture.scores
        nothing, best = self.ends
        low = min(nothing, best, *[one.score for one in told])
        high = max(nothing, best, *[one.score for one in told])
        first, last = told[0].at, verdict.until
        span = max((last - first) / timedelta(days=1), 1)

        def spot(at: datetime, score: int) -> Spot:
            share = (at - first) / timedelta(days=1) / span
            rise = (score - low) / (high - low) if high > low else 0.5
            return Spot(round(LEFT + share * (CHART - 20), 1), round(TOP + (1 - rise) * HIGH, 1))

        now = spot(told[-1].at, told[-1].score)
        down, up = spot(last, nothing), spot(last, best)
        same = abs(down.y - up.y) < 12
        return {
            "line": [spot(one.at, one.score) for one in told],
            "now": now,
            "down": down._replace(text=points(nothing)),
            "up": up._replace(text="" if same else points(best)),
            "score": points(verdict.score),
            "from": day(due_day(first, self.zone)),
            "until": day(due_day(last, self.zone)),
        }

    # -- what was due and done ---------------------------------------------------------------

    def pace(self) -> dict[str, Any]:
        due, done = self.picture.due, self.picture.done
        whole = max(due[-1], *done, 1)
        start = LEFT + CHART + GAP

        def spots(counts: Sequence[int]) -> list[Spot]:
            return [Spot(float(start), float(TOP + HIGH))] + [
                Spot(round(start + (at + 1) * (CHART - 40) / 12, 1),
                     round(TOP + HIGH - n * HIGH / whole, 1))
                for at, n in enumerate(counts)
            ]  # fmt: skip

        told = self.say("picture_done", n=done[-1] if done else 0)
        return {"due": spots(due), "done": spots(done), "whole": due[-1],
                "told": _above(told, spots(due), spots(done))}  # fmt: skip

    # -- the lights --------------------------------------------------------------------------

    def row(self, row: PictureRow, y: float) -> dict[str, Any]:
        cells = [
            (Spot(self.column(at), y, str(cell.count)), cell.light.value, COLOURS[cell.light])
            for at, cell in enumerate(row.cells) if cell is not None
        ]  # fmt: skip
        name = row.name if len(row.name) <= 10 else f"{row.name[:9]}…"
        return {"y": y, "name": name, "cells": cells}

    # -- in words ----------------------------------------------------------------------------

    def alt(self) -> str:
        told, verdict = self.picture.scores, self.digest.verdict
        nothing, best = self.ends
        late = light_word(Light.LATE, self.language)
        worst = [
            f"{row.name} {n}" for row in self.picture.units
            if (n := sum(c.count for c in row.cells if c and c.light is Light.LATE))
        ]  # fmt: skip
        return self.say(
            "picture_alt", since=told[0].at, first=Units(told[0].score), score=verdict.score,
            until=verdict.until, nothing=Units(nothing), best=Units(best),
            due=self._due_by_now(), whole=self.picture.total or self.digest.whole.total,
            done=self.picture.done[-1] if self.picture.done else 0,
            late=late, units=self.say("listed").join(worst[:5]) or self.say("picture_nobody"),
        )  # fmt: skip

    def _due_by_now(self) -> int:
        passed = len(self.picture.done)
        return self.picture.due[passed - 1] if passed else 0

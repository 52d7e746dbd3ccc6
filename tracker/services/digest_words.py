"""The weekly page in words: plain rows for the templates of the mail, its text, the page, the PDF.

What a sentence says is decided here, how it reads in the catalogues, how it looks in the templates,
which only write out what is given to them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment

from schedules.deadlines import due_day
from tracker.domain.obligations import Light
from tracker.domain.points import ZERO
from tracker.services.digest import (
    LIGHTS,
    Audience,
    Change,
    Digest,
    Event,
    EventKind,
    Health,
    Line,
    OpenReading,
    Pending,
    Review,
    UnitLights,
)
from tracker.services.letters import Rendered, by_when, written
from tracker.wording import Language, arithmetic, light_word, score_word, text
from tracker.wording.catalogue import has
from tracker.wording.forms import day, instant, points, span
from tracker.wording.templating import MARKS

FEW = 3
"""Quiet units beyond so many stand together in one row."""

UNITS, EVENTS, SOON_ROWS, READINGS, WAITING, REVIEWS, CHANGES = 20, 8, 8, 4, 4, 20, 8
"""How many of each a mail lists before it counts the rest."""

A_WEEK = timedelta(days=8, hours=12)
"""From a Monday to the Tuesday after; a digest that follows later says since when."""

KINDS = ("extend", "review", "decide", "enter")
"""What waits for a person, in the order in which it is decided."""


PHRASES = (
    "changes", "changes_none", "colon", "decide", "decide_none", "gap", "health", "keeps", "leave",
    "light", "lines", "lines_note", "lost_head", "overview", "queue_none", "rank", "reviews",
    "soon", "soon_none", "unit", "units", "units_reviewed", "weekly", "whole",
)  # fmt: skip
"""What stands beside the rows, the same in every digest."""


class Dot(NamedTuple):
    """A light as a template draws it; `word` is its name or a count."""

    light: str
    mark: str
    word: str


class LineRow(NamedTuple):
    unit: str
    title: str
    href: str
    dot: Dot
    who: str
    keeps: str
    lost: str
    key: str


class UnitRow(NamedTuple):
    id: str
    place: str
    moved: str
    name: str
    dots: list[Dot]
    lost: str
    new: str


class EventRow(NamedTuple):
    kind: str
    title: str
    told: str
    key: str


class ChangeRow(NamedTuple):
    title: str
    steps: str
    points: str


class SoonRow(NamedTuple):
    on: str
    unit: str
    title: str
    dot: Dot
    key: str


class ReviewRow(NamedTuple):
    title: str
    told: str
    href: str
    key: str


class Group(NamedTuple):
    """A heading with its sentences and, where there are more, how many."""

    heading: str
    sentences: list[str]
    more: str


def render_digest(
    environment: Environment,
    language: Language,
    digest: Digest,
    *further: Digest,
    overview: str = "",
    leave: str = "",
    picture: str = "",
    alt: str = "",
    cut: int = 1,
) -> Rendered:
    """`overview` and `leave` are addresses: of the pages, and for not getting this any more.
    `picture` is where the mail finds its image (`cid:`, `data:`), `alt` what it shows. What is
    `further` meant for the same reader stands behind, and is announced at once."""
    first = values_of(digest, language, overview, cut)
    first |= {"leave": leave, "picture": picture, "alt": alt}
    behind = [values_of(one, language, overview, cut) for one in further]
    for values, one in zip(behind, further, strict=True):
        values["heading"] = text("digest.behind", {"unit": one.unit_name,
                                 "verdict": values["verdict"]}, language=language)  # fmt: skip
    first["announced"] = [values["heading"] for values in behind]
    html, plain = (environment.get_template(f"digest/_page.{part}.j2") for part in ("html", "txt"))
    first["pages"] = [html.render(values) for values in behind]
    first["texts"] = [plain.render(values) for values in behind]
    subject = text("digest.subject", {"verdict": first["verdict"]}, language=language)
    return written(environment, "digest/digest", subject, first)


def values_of(
    digest: Digest, language: Language, overview: str = "", cut: int = 1, units: int = UNITS
) -> dict[str, Any]:
    """What the templates of `digest/` need: text and rows of text. With a `cut` of 2 lists are half
    as long before the rest is counted; at most so many `units` are listed."""
    return DigestWords(digest, language, overview, cut, units).values()


def health_sentence(finding: Health, language: Language) -> str:
    """A finding in words; what no catalogue knows stands by its name and code."""
    if has(finding.code, language):
        return text(finding.code, dict(finding.values), language=language)
    return f"{finding.name}: {finding.code}"


def verdict_of(digest: Digest, language: Language) -> str:
    """The first sentence: lost, new since the last one, still to be kept by when; for who reviews,
    what waits."""
    if digest.audience is Audience.REVIEWER:
        return _queue(digest, language)
    verdict, zone = digest.verdict, ZoneInfo(digest.zone)
    if not verdict.scored:
        return _dates(digest, language)
    new = "same" if not verdict.new else "new" if verdict.new > 0 else "back"
    since = text("digest.this_week", language=language)
    if digest.as_of - digest.since > A_WEEK:
        since = text("digest.since", {"since": digest.since}, language=language, zone=zone)
    left = "some" if verdict.recoverable > 0 else "none"
    until = by_when(verdict.until, digest.as_of, zone, language)
    return text(
        "digest.verdict",
        {
            "lost": verdict.lost,
            "new": text(f"digest.verdict_{new}", {"n": abs(verdict.new), "since": since},
                        language=language, zone=zone),
            "left": text(f"digest.verdict_{left}", {"n": verdict.recoverable, "until": until},
                         language=language),
        },
        language=language,
    )  # fmt: skip


def _dates(digest: Digest, language: Language) -> str:
    """Where nothing is scored: late, newly late, due until when."""
    until = digest.verdict.until
    values = {
        "late": digest.whole.count(Light.LATE),
        "new": sum(one.kind is EventKind.LATE for one in digest.events),
        "until": by_when(until, digest.as_of, ZoneInfo(digest.zone), language),
        "due": sum(one.due_at is not None and one.due_at <= until for one in digest.soon),
    }
    return text("digest.verdict_dates", values, language=language)


def _queue(digest: Digest, language: Language) -> str:
    waiting = digest.reviews
    if not waiting:
        return text("digest.queue_none", language=language)
    late = sum(one.workdays_late > 0 for one in waiting)
    values = {"n": len(waiting), "since": waiting[0].submitted_at, "late": late}
    key = "digest.queue_late" if late else "digest.queue"
    return text(key, values, language=language, zone=ZoneInfo(digest.zone))


@dataclass(frozen=True)
class DigestWords:
    digest: Digest
    language: Language
    overview: str = ""
    cut: int = 1
    listed: int = UNITS

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.digest.zone)

    @property
    def scored(self) -> bool:
        """Of a programme that has only dates no points are told."""
        return self.digest.verdict.scored

    @property
    def reviewing(self) -> bool:
        return self.digest.audience is Audience.REVIEWER

    @property
    def several(self) -> bool:
        """Whether it is about more than one unit, each with its place among all."""
        return not self.digest.unit or (len(self.digest.units) > 1 and not self.reviewing)

    def say(self, key: str, **values: Any) -> str:
        return text(f"digest.{key}", values, language=self.language, zone=self.zone)

    def most(self, usual: int) -> int:
        return max(1, usual // self.cut)

    def values(self) -> dict[str, Any]:
        digest = self.digest
        reviewing = self.reviewing
        units = _folded(digest.units, self.language)
        return {
            "language": self.language,
            "zone": self.zone,
            "verdict": verdict_of(digest, self.language),
            "title": digest.title,
            "unit_name": digest.unit_name,
            "at": instant(digest.as_of, self.language, self.zone),
            "score": self.score(),
            "prospect": self.prospect(),
            "trend": self.trend(),
            "range": self.range(),
            "lines": [] if reviewing else [self.line(one) for one in digest.lines],
            "lines_none": self.say("lines_none" if self.scored else "lines_none_dates",
                                   until=digest.verdict.until),
            "sums": [] if reviewing else list(self.sums()),
            "reviewing": reviewing,
            "scored": self.scored,
            "reviews": [self.review(one) for one in digest.reviews[: self.most(REVIEWS)]],
            "reviews_more": self.more("pending_more", digest.reviews, self.most(REVIEWS)),
            "units": [self.unit(one) for one in units[: self.most(self.listed)]],
            "units_more": self.more("others", units, self.most(self.listed)),
            "units_note": self.units_note(),
            "ranked": not reviewing,
            "whole": self.unit(digest.whole) if self.several else None,
            "legend": _legend(self.language),
            "bar": _bar(digest.whole),
            "joint": self.joint(),
            "changes": [self.change(one) for one in digest.changes[: self.most(CHANGES)]],
            "changes_more": self.changes_more(),
            "changes_note": self.say("changes_note", since=digest.since),
            "changes_sum": self.changes_sum(),
            "events": [self.event(one) for one in digest.events[: self.most(EVENTS)]],
            "events_sum": self.events_sum(),
            "events_more": self.more("lights_more", digest.events, self.most(EVENTS)),
            "soon": [self.soon(one) for one in digest.soon[: self.most(SOON_ROWS)]],
            "soon_note": self.say("soon_note", n=len(digest.soon)) if digest.soon else "",
            "soon_more": self.more("soon_more", digest.soon, self.most(SOON_ROWS)),
            "decide": list(self.decide()),
            "health": [health_sentence(one, self.language) for one in digest.health],
            "chain": self.chain(),
            "as_of": self.say("as_of" if digest.version else "as_of_file", as_of=digest.as_of,
                              version=digest.version),
            "overview": self.overview,
            "leave": "",
            "picture": "",
            "alt": "",
            "heading": "",
            "announced": [],
            "words": self.words(),
        }  # fmt: skip

    def words(self) -> dict[str, str]:
        words = {**_phrases(self.language)}
        if not self.digest.follows:
            words["changes"] = self.say("changes_first")
        if not self.scored:
            words |= dict.fromkeys(("keeps", "lost_head", "changes_none"), "")
            words["lines_note"] = self.say("lines_note_dates")
        return words

    # -- under the verdict -------------------------------------------------------------------

    def score(self) -> str:
        verdict, unit = self.digest.verdict, self.digest.unit_name
        if not verdict.scored:
            return self.say("score_none")
        standing = score_word(verdict.final, self.language)
        if unit:
            key = "score_reviewer" if self.reviewing else "score_unit"
            return self.say(key, unit=unit, score=verdict.score, standing=standing)
        key = "score_bonus" if verdict.bonus else "score"
        return self.say(key, score=verdict.score, bonus=verdict.bonus, standing=standing)

    def prospect(self) -> str:
        verdict = self.digest.verdict
        if not verdict.scored:
            return ""
        if verdict.recoverable <= 0:
            key = "wait_none" if verdict.lost_if_nothing <= verdict.lost else "wait_same"
            return self.say(key, until=verdict.until, nothing=verdict.lost_if_nothing)
        return self.say("wait", until=verdict.until, nothing=verdict.lost_if_nothing,
                        best=verdict.lost_if_all_done)  # fmt: skip

    def trend(self) -> str:
        """Whether it is getting better: late now and then, done since."""
        late = self.digest.whole.count(Light.LATE)
        before = self.digest.whole_before.count(Light.LATE)
        done = sum(one.kind is EventKind.DONE for one in self.digest.events)
        if not self.digest.follows:
            return self.say("trend_first", late=late, done=done)
        key = "trend_same" if late == before else "trend_worse" if late > before else "trend_better"
        return self.say(key, late=late, before=before, done=done)

    def range(self) -> str:
        verdict = self.digest.verdict
        if not self.digest.readings or self.digest.unit:
            return ""
        n = len(self.digest.readings)
        if verdict.low == verdict.high:
            return self.say("range_none", n=n)
        return self.say("range", n=n, low=verdict.low, high=verdict.high)

    # -- the lines ---------------------------------------------------------------------------

    def href(self, key: str) -> str:
        """Of an obligation's page; empty where nobody said where the pages are."""
        return f"{self.overview}obligation?{urlencode({'key': key})}" if self.overview else ""

    def line(self, one: Line) -> LineRow:
        return LineRow(
            one.unit_name,
            f"{one.clause} {one.title}",
            self.href(one.key),
            Dot(one.light.value, MARKS[one.light], self.state(one)),
            self.actor(one),
            points(one.keeps) if self.scored else "",
            self.say("lost", n=one.lost) if self.scored else "",
            one.key,
        )

    def state(self, line: Line) -> str:
        word = light_word(line.light, self.language)
        if line.due_at is None:
            return word
        if not line.late:
            return self.say("line_due", word=word, due=line.due_at)
        return self.say("line_late", word=word, due=line.due_at, span=self.delay(line))

    def delay(self, line: Line) -> str:
        """By the clock that it runs on: hours of a case, else working days."""
        if line.hourly:
            return span(line.late, self.language)
        return self.days(line.workdays_late, line.days_late)

    def days(self, workdays: int, days: int = 0) -> str:
        key, n = ("workdays", workdays) if workdays or not days else ("days", days)
        return text(f"reminder.{key}", {"n": n}, language=self.language)

    def actor(self, line: Line) -> str:
        who = line.who or self.say("nobody")
        if line.waiting:
            return f"{who} · {self.say('waiting')}"
        if line.signed_at is not None:
            return f"{who} · {self.say('signed', at=line.signed_at)}"
        return f"{who} · {self.say('unsigned')}"

    def sums(self) -> Iterator[tuple[str, str]]:
        """What the lines come to; the last one is the whole."""
        digest = self.digest
        if not any(line.keeps for line in digest.lines):
            return
        yield self.say("lines_sum"), points(sum(line.keeps for line in digest.lines))
        if digest.others:
            yield self.say("others_sum", n=digest.others), points(digest.others_keep)
        if digest.together:
            yield self.say("together"), signed(digest.together)
        yield self.say("all_sum"), points(digest.verdict.recoverable)

    def review(self, one: Review) -> ReviewRow:
        title = f"{one.unit_name} {one.clause} {one.title}"
        if one.due_at is None:
            told = self.say("review_waits", at=one.submitted_at)
        elif one.workdays_late:
            late = self.days(one.workdays_late)
            told = self.say("review_late", at=one.submitted_at, due=one.due_at, span=late)
        else:
            told = self.say("review_due", at=one.submitted_at, due=one.due_at)
        return ReviewRow(title, told, self.href(one.key), one.key)

    # -- units -------------------------------------------------------------------------------

    def unit(self, one: UnitLights) -> UnitRow:
        dots = [Dot(light.value, MARKS[light], str(n)) for light, n in one.counts]
        new = one.lost - one.lost_before
        return UnitRow(
            one.unit, str(one.rank) if one.rank else "—", self.moved(one), one.name, dots,
            points(one.lost) if self.scored else "", signed(-new) if new and one.unit else "",
        )  # fmt: skip

    def moved(self, one: UnitLights) -> str:
        """Last week's place, where it was another."""
        if one.rank == one.rank_before or not one.unit or not self.digest.follows:
            return ""
        if one.rank_before is None:
            return self.say("place_new")
        return self.say("place_was", n=one.rank_before)

    def units_note(self) -> str:
        key = "units_note" if self.scored and not self.digest.unit else "units_note_own"
        return self.say(key, n=self.digest.whole.total)

    def joint(self) -> str:
        digest = self.digest
        several = sum(one.lost for one in digest.units) != digest.verdict.lost
        return self.say("joint") if several and not self.reviewing else ""

    # -- since the last one ------------------------------------------------------------------

    def change(self, one: Change) -> ChangeRow:
        title = f"{self.say('listed').join(one.unit_names)} {one.clause} {one.title}"
        if one.subject:
            title += f" · {one.subject}"
        return ChangeRow(title, arithmetic(one.steps, self.language, self.zone), signed(one.change))

    def changes_more(self) -> str:
        rest = self.digest.changes[self.most(CHANGES) :]
        if not rest:
            return ""
        return self.say("changes_more", n=len(rest), sum=signed(sum(one.change for one in rest)))

    def changes_sum(self) -> tuple[str, str] | None:
        if not self.digest.changes:
            return None
        new = self.digest.verdict.new
        return self.say("changes_sum" if new >= 0 else "changes_sum_back"), signed(-new)

    def event(self, one: Event) -> EventRow:
        key = f"event_{one.kind.value}"
        if one.kind is EventKind.DONE and one.workdays:
            key = "event_done_late"
        told = self.say(key, at=one.at, until=one.until or one.at, late=self.days(one.workdays, 1))
        if one.reason:
            told += self.say("event_because", reason=one.reason)
        return EventRow(one.kind.value, f"{one.unit_name} {one.clause} {one.title}", told, one.key)

    def events_sum(self) -> str:
        """How many of each kind."""
        counted = Counter([one.kind for one in self.digest.events])
        told = [self.say(f"events_{kind.value}", n=counted[kind]) for kind in EventKind
                if counted[kind]]  # fmt: skip
        return self.say("listed").join(told)

    # -- ahead -------------------------------------------------------------------------------

    def soon(self, one: Line) -> SoonRow:
        assert one.due_at is not None
        return SoonRow(
            day(due_day(one.due_at, self.zone)), one.unit_name, f"{one.clause} {one.title}",
            Dot(one.light.value, MARKS[one.light], light_word(one.light, self.language)),
            one.key,
        )  # fmt: skip

    # -- to decide ---------------------------------------------------------------------------

    def decide(self) -> Iterator[Group]:
        """Open readings, then what waits for a person, by kind."""
        open_ = self.digest.readings
        if open_:
            moving = sorted((one for one in open_ if one.low or one.high),
                            key=lambda one: (one.low - one.high, one.id))  # fmt: skip
            yield Group(self.say("readings", n=len(open_), moving=len(moving)),
                        [self.reading(one) for one in moving[: self.most(READINGS)]],
                        self.more("pending_more", moving, self.most(READINGS)))  # fmt: skip
        for kind in KINDS:
            those = [one for one in self.digest.pending if one.kind == kind]
            if those and not (kind == "review" and self.digest.reviews):
                yield Group(self.say(f"pending_{kind}", n=len(those)),
                            [self.pending(one) for one in those[: self.most(WAITING)]],
                            self.more("pending_more", those, self.most(WAITING)))  # fmt: skip

    def reading(self, one: OpenReading) -> str:
        return self.say("reading_line", clause=one.clause, question=one.question,
                        low=signed(one.low), high=signed(one.high))  # fmt: skip

    def pending(self, one: Pending) -> str:
        units = self.say("listed").join(one.unit_names)
        if one.worst > 0:
            return self.say("pending_worst", clause=one.clause, title=one.title, worst=one.worst)
        key, at = "plain", one.since
        if one.until is not None:
            key, at = "until", one.until
        elif one.since is not None:
            key = "since"
        return self.say(f"pending_{key}", clause=one.clause, title=one.title, units=units,
                        since=at, until=at)  # fmt: skip

    # -- the end -----------------------------------------------------------------------------

    def more(self, key: str, things: Sequence[object], shown: int) -> str:
        return self.say(key, n=len(things) - shown) if len(things) > shown else ""

    def chain(self) -> str:
        chain = self.digest.chain
        return "" if chain is None else self.say("chain", count=chain.count, head=chain.head)


def signed(amount: int) -> str:
    """Points with their sign; nothing is neither won nor lost."""
    told = points(amount)
    return f"+{told}" if amount > 0 else told


@lru_cache(maxsize=4)
def _phrases(language: Language) -> dict[str, str]:
    return {key: text(f"digest.{key}", language=language) for key in PHRASES}


@lru_cache(maxsize=4)
def _legend(language: Language) -> tuple[Dot, ...]:
    return tuple(Dot(one.value, MARKS[one], light_word(one, language)) for one in LIGHTS)


def _bar(whole: UnitLights) -> list[tuple[str, int]]:
    """Lights as shares of a whole, in per cent, none under 1."""
    return [(light.value, max(1, round(n * 100 / whole.total))) for light, n in whole.counts]


def _folded(units: Sequence[UnitLights], language: Language) -> list[UnitLights]:
    """Units that lost nothing and have no red light stand together, where they are several."""
    quiet = [one for one in units if not one.lost and not one.count(Light.LATE)
             and not one.count(Light.DUE)]  # fmt: skip
    if len(quiet) <= FEW:
        return list(units)
    counts = {light: sum(one.count(light) for one in quiet) for light in LIGHTS}
    name = text("digest.others", {"n": len(quiet)}, language=language)
    rest = UnitLights("", name, tuple((light, n) for light, n in counts.items() if n),
                      sum(one.total for one in quiet), ZERO, None)  # fmt: skip
    gone = {id(one) for one in quiet}
    return [*[one for one in units if id(one) not in gone], rest]

"""What an entry rests on beside its arithmetic: what happened when, the facts, the readings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tracker.cli.boards import Seen
from tracker.cli.words import say
from tracker.definitions import sheets
from tracker.domain import facts as f
from tracker.domain.ledger import Entry
from tracker.domain.rules.base import Status
from tracker.domain.years import strays
from tracker.wording import say as said_step
from tracker.wording.forms import instant, points
from tracker.wording.steps import TOLD

SHOWN = 5
"""So many facts of one entry; `--json` has all of them."""

_SAYS = (
    "done", "count", "share", "outcome", "case", "event", "until", "until_at", "place", "value",
    "grade", "points", "person", "on", "class_", "site", "period",
)  # fmt: skip


def grounds(seen: Seen, entry: Entry) -> Iterator[str]:
    """A line for each that there is anything of."""
    zone = seen.programme.tz
    if entry.status is Status.UNKNOWN and entry.worst:
        yield say("score.at_worst", seen.lang, worst=points(entry.worst, 4))
    happened = [one for one in entry.steps if one.code in TOLD]
    yield from (said_step(one.code, one.values, seen.lang, zone) for one in happened)
    if entry.obligation and entry.occurred_at and not happened:
        yield say("score.due", seen.lang, at=seen.told(entry.occurred_at))
    facts = [seen.true[one] for one in entry.facts if one in seen.true]
    if facts:
        apart = "；" if seen.lang == "zh" else "; "
        told = apart.join(_fact(seen, one) for one in facts[:SHOWN])
        more = say("score.more_facts", seen.lang, n=len(facts)) if len(facts) > SHOWN else ""
        yield say("score.facts", seen.lang, facts=told, more=more)
    if entry.readings:
        chosen = dict(seen.board.ledger.readings)
        named = [f"{one}={chosen[one]}" for one in entry.readings if one in chosen]
        yield say("score.readings", seen.lang, readings="、".join(named))


def _fact(seen: Seen, fact: f.AnyFact) -> str:
    """ "2021-09-20 周一 18:00 填报 7（r1）"."""
    said = [_value(seen, name, getattr(fact, name)) for name in _SAYS if _tells(fact, name)]
    kind = sheets.in_words("fact", fact.fact, seen.lang)
    when = instant(fact.occurred_at, seen.lang, seen.programme.tz, year=True)
    if strays(seen.programme, [fact]):
        said.append(say("score.other_year", seen.lang, year=seen.programme.year))
    return say("score.fact", seen.lang, when=when, said=" ".join([kind, *said]), id=fact.id)


def _tells(fact: f.AnyFact, name: str) -> bool:
    return getattr(fact, name, None) not in (None, "")


def _value(seen: Seen, name: str, value: object) -> str:
    if isinstance(value, datetime):
        return instant(value, seen.lang, seen.programme.tz, year=True)
    if name == "place":
        return say("score.place", seen.lang, n=value)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return seen.programme.called(sheets.in_words(name, text, seen.lang))

"""One look at the clock, one round of sending, one migration."""

from __future__ import annotations

import asyncio
import re
from dataclasses import asdict

import typer

from tracker.cli import show
from tracker.cli.house import House
from tracker.cli.words import heading, say
from tracker.definitions.answers import instant
from tracker.definitions.runninganswers import (
    ChainAnswer,
    DeliverAnswer,
    MigrateAnswer,
    TickAnswer,
    TrailAnswer,
)
from tracker.services import planning, trail
from tracker.store import database as store
from tracker.store import jobs
from tracker.wording import text
from tracker.wording.forms import instant as told_instant


def tick(place: House, *, as_json: bool) -> None:
    done = planning.tick_all(place.database, place.now, ways=place.settings.ways)
    asyncio.run(_look_after(place))
    sealed = seal(place)
    counts = {name: n for name, n in asdict(done).items() if name != "more"}
    if as_json:
        at = instant(place.now, place.settings.tz)
        show.answer(TickAnswer(at=at, sealed=sealed, **counts))
    else:
        show.echo(say("tick.done", place.lang, at=_at(place), sealed=sealed, **counts))


async def _look_after(place: House) -> None:
    """Where nobody serves, whoever looks at the clock also issues the week's digests, and notices
    that a part of the service stood still."""
    from tracker import runtime
    from tracker.services import delivery, rounds

    parts = runtime.build(place.settings)
    try:
        mailroom = delivery.parts_of(parts)
        rounds.issue_digests(parts, mailroom)
        rounds.look_after(parts, mailroom)
    finally:
        await parts.close()


def seal(place: House) -> int:
    """Everything that is not chained yet, batch by batch."""
    total = 0
    while True:
        with place.writing() as session:
            sealed = trail.seal_all(session, now=place.now)
        total += sealed
        if not sealed:
            return total


def migrate(place: House, *, as_json: bool) -> None:
    before = _revision(place)
    after = store.migrate(place.settings.database)
    queue = jobs.prepare(place.settings.database) if place.settings.engine == "cluster" else None
    if as_json:
        show.answer(MigrateAnswer(database=place.database.place, before=before, after=after))
        return
    key = "migrate.same" if before == after else "migrate.done"
    told = before or "—"
    show.echo(say(key, place.lang, database=place.database.place, before=told, after=after))
    if queue is not None:
        show.echo(say("migrate.queue", place.lang, version=queue))


def _revision(place: House) -> str | None:
    """None where the database does not exist yet; `migrate` says what else is wrong."""
    try:
        return store.current_revision(place.settings.database)
    except store.StoreError:
        return None


def _at(place: House) -> str:
    return told_instant(place.now, place.lang, place.settings.tz, year=True)


def deliver(place: House, *, as_json: bool) -> None:
    asyncio.run(_deliver(place, as_json=as_json))


async def _deliver(place: House, *, as_json: bool) -> None:
    from tracker import runtime
    from tracker.services import delivery, hookpost, rounds

    parts = runtime.build(place.settings)
    mailroom = delivery.parts_of(parts)
    try:
        # Before it sends, so that the office hears in the same round of clocks that stood still.
        rounds.look_after(parts, mailroom)
        done = await delivery.deliver(mailroom, place.now)
        await hookpost.post(hookpost.parts_of(parts), place.now)
    finally:
        await parts.close()
    counts = asdict(done)
    if as_json:
        at = instant(place.now, place.settings.tz)
        show.answer(DeliverAnswer(at=at, channel=parts.channel.name, **counts))
    else:
        way = text(f"channel.{parts.channel.name}", language=place.lang)
        show.echo(say("deliver.done", place.lang, at=_at(place), channel=way, **counts))


# -- the trail -------------------------------------------------------------------------------------


def verify(place: House, programme: str, *, head: str, as_json: bool) -> None:
    """Every chain, or the programme's; exit 1 where one is not what was sealed, or does not pass
    the `head` that was printed or mailed earlier."""
    kept = _kept(head) if head else None
    with place.reading() as session:
        known = [programme] if programme else trail.chains(session)
        if kept is not None and len(known) > 1:
            raise typer.BadParameter(
                f"指明是哪个方案的链尾 / say whose head it is: {', '.join(filter(None, known))}",
                param_hint="--programme",
            )
        found = {name: trail.verify(session, name, against=kept) for name in known}
    sound = all(one.ok for one in found.values())
    if as_json:
        chains = [ChainAnswer(programme=name, **asdict(one)) for name, one in found.items()]
        show.answer(TrailAnswer(ok=sound, chains=chains))
    elif found:
        keys = ("programme", "state", "count", "unsealed", "head")
        rows = [_chain(name, one, place) for name, one in found.items()]
        show.echo(*show.table([heading(key, place.lang) for key in keys], rows, right=[2, 3]))
    else:
        show.echo(say("trail.none", place.lang))
    if not sound:
        raise typer.Exit(1)


HEAD = re.compile(r"(?:(\d+)[\s:]+)?([0-9a-f]{64})")
"""As the digest and the audit print it: the count, then the hash; or the hash alone."""


def _kept(head: str) -> trail.ChainHead:
    told = HEAD.fullmatch(head.strip().lower())
    if told is None:
        raise typer.BadParameter(
            "写“条数 哈希”，如周报末行所印 / give the count and the hash as the digest prints them",
            param_hint="--head",
        )
    return trail.ChainHead(int(told[1] or 0), told[2])


def _chain(name: str, one: trail.Verdict, place: House) -> tuple[str, ...]:
    told = say("trail.ok" if one.found is None else "trail.found", place.lang)
    if one.found is False and (one.first_bad or 0) > one.count:
        told = say("trail.not_found", place.lang)
    elif not one.ok:
        told = say("trail.bad", place.lang, seq=one.first_bad)
    shown = name or say("trail.house", place.lang)
    return (shown, told, str(one.count), str(one.unsealed), one.head[:16])

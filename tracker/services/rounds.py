"""The periodic work of a running service, in one list: whoever runs it takes it from here.

Each round is a function of the instant it reads and of rows; dropped, doubled or run by two at
once it makes the same.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import timedelta

from notifiers.imap import MailboxError
from tracker.services import (
    delivery,
    drafts,
    heartbeats,
    hookpost,
    mailbox,
    outbox,
    planning,
    postings,
    programmes,
    replays,
    trail,
    tries,
    watch,
    weekpost,
)
from tracker.services.delivery import PASSING, Parts, Runtime

log = logging.getLogger(__name__)

SEAL_EVERY = timedelta(minutes=1)
DIGEST_EVERY = timedelta(minutes=5)
"""It is due when the window of its day opens, and waits for no round beyond that hour."""
WATCH_EVERY = timedelta(minutes=5)


@dataclass(frozen=True)
class Round:
    """`more` asks whether so much waits that another process should help."""

    every: timedelta
    run: Callable[[], Awaitable[None]]
    more: Callable[[], Awaitable[bool]] | None = None


def rounds(parts: Runtime, stop: asyncio.Event) -> dict[str, Round]:
    """By name. Once `stop` is set, what was not begun is left for whoever comes next."""
    found, now = parts.settings, parts.clock.now
    mailroom, post_room = delivery.parts_of(parts), hookpost.parts_of(parts)

    async def tick() -> None:
        done = await asyncio.to_thread(
            planning.tick_all, parts.database, now(), ways=found.ways, stop=stop.is_set
        )
        if done.made or done.dispatched:
            log.info("tick", extra={"made": done.made, "dispatched": done.dispatched})

    async def deliver() -> None:
        done = asdict(await delivery.deliver(mailroom, now(), stop=stop))
        if any(done.values()):
            log.info("deliver", extra=done)

    async def post() -> None:
        done = await hookpost.post(post_room, now(), stop)
        if done:
            log.info("post", extra={one.value: n for one, n in done.items()})

    async def much_waits() -> bool:
        return not stop.is_set() and await asyncio.to_thread(_much_waits, parts)

    def every(seconds: float, work: Callable[[], None]) -> Round:
        async def run() -> None:
            await asyncio.to_thread(work)

        return Round(timedelta(seconds=seconds), run)

    listed = {
        "tick": Round(timedelta(seconds=found.tick_seconds), tick),
        "deliver": Round(timedelta(seconds=found.deliver_seconds), deliver, more=much_waits),
        "post": Round(timedelta(seconds=found.deliver_seconds), post),
        "seal": every(SEAL_EVERY.total_seconds(), lambda: _seal(parts, stop)),
        "digest": every(
            DIGEST_EVERY.total_seconds(), lambda: issue_digests(parts, mailroom, stop.is_set)
        ),
        "watch": every(WATCH_EVERY.total_seconds(), lambda: look_after(parts, mailroom)),
    }
    if found.mailbox_host:
        listed["mailbox"] = every(found.mailbox_seconds, lambda: _poll(parts))
    return {name: replace(one, run=_told(name, one.run)) for name, one in listed.items()}


def _told(name: str, run: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """A database in trouble is one line each time, and the next run finds it as it is then."""

    async def told() -> None:
        try:
            await run()
        except PASSING as trouble:
            log.warning("%s waits: %s", name, trouble)

    return told


def say_alive(parts: Runtime, name: str) -> None:
    """That this process is there, and what it has sent: only some processes have pages that a
    monitor could ask."""
    sends = [[*what, n] for what, n in parts.sends.items()]
    with parts.database.write() as session:
        heartbeats.alive(session, name, parts.clock.now(), {"sends": sends})


def say_goodbye(parts: Runtime, name: str) -> None:
    """That it ends by itself and is not to be missed."""
    with parts.database.write() as session:
        heartbeats.leave(session, name)


def _much_waits(parts: Runtime) -> bool:
    with parts.database.read() as session:
        return outbox.waits(session, parts.clock.now(), beyond=delivery.BATCH)


def _poll(parts: Runtime) -> None:
    """One that fails is told by health; the next one goes on where it stopped."""
    with suppress(MailboxError):
        mailbox.poll(parts.database, mailbox.settings_of(parts.settings), parts.clock.now())


def _seal(parts: Runtime, stop: asyncio.Event) -> None:
    """And whatever else is put away from time to time."""
    with parts.database.write() as session:
        drafts.tidy(session, now=parts.clock.now())
        tries.tidy(session, parts.clock.now())
        replays.tidy(session, parts.clock.now())
        postings.tidy(session, parts.clock.now())
    while not stop.is_set():
        with parts.database.write() as session:
            if not trail.seal_all(session, now=parts.clock.now()):
                return


def issue_digests(
    parts: Runtime, mailroom: Parts, stopped: Callable[[], bool] = lambda: False
) -> None:
    """Each programme's digests of the week, where they are due and not there yet."""
    now = parts.clock.now()
    with parts.database.read() as session:
        slugs = programmes.slugs(session)
    for slug in slugs:
        if stopped():
            return
        with parts.database.write() as session:
            weekpost.issue_and_post(
                session,
                slug,
                now=now,
                stationery=mailroom.stationery,
                templates=parts.templates,
                health=watch.weekly(session, slug, now, parts.settings),
            )


def look_after(parts: Runtime, mailroom: Parts) -> None:
    """What the office has to know of the service, where there is anything."""
    with parts.database.write() as session:
        watch.watch(
            session, parts.clock.now(), stationery=mailroom.stationery, templates=parts.templates,
            ways=parts.settings.ways,
        )  # fmt: skip

"""From claimed dispatches to mails that were sent: checked again, frozen, sent, settled.

A dispatch is checked and frozen in one transaction, sent outside of any, and settled in another. A
connection sends its next mail only after its last result is committed; one commit serves all
results that wait.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from jinja2 import Environment
from sqlalchemy import ColumnElement
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col

from notifiers.message import (
    Accepted,
    Address,
    Channel,
    Hasty,
    KeptWaiting,
    PermanentFailure,
    TransientFailure,
    UnknownOutcome,
    one_line,
)
from schedules.clock import Clock
from tracker.services import letterbox, outbox
from tracker.services.claims import Claim, Draft, keep, look_up
from tracker.services.fallback import Route, way_of
from tracker.services.heartbeats import DELIVER, beat
from tracker.services.letterbox import Ready, Render, Stationery
from tracker.services.outbox import Ending, Outcome, Retry
from tracker.settings import Settings
from tracker.store.database import Database, Failing, Full, Locked, ReadOnly, Unreachable
from tracker.store.tables import DispatchRow, DispatchState

log = logging.getLogger(__name__)

BATCH = 96
"""Mails rendered in one transaction: well below a second. As many as connections take in whole
rounds, since results are kept by the round."""

GRACE = timedelta(seconds=7)
"""What a mail under way is given once delivery is told to stop: a service has 15 seconds in all."""

PASSING = (Unreachable, Locked, ReadOnly, Full, Failing)
"""Troubles of a database that somebody puts right, while the results of mails wait."""

GATHERING = 0.005
"""Seconds for which results wait for those of other mails under way: one commit serves them all."""

SLOW = 5.0
"""So many times as long as mails of the run take on average may one reader keep a connection
waiting while others wait; then they go first, and it is tried again after them with all patience.
Five per cent of readers who never answer cost the others a quarter of their time."""

LEAST_PATIENCE = 0.05
"""Seconds, however fast the server is; `FIRST_PATIENCE` before anything is known of it."""

FIRST_PATIENCE = 1.0

LONGEST_PAUSE = 5.0
"""Seconds between two tries to keep results: a database that is back is used within this."""


@dataclass(frozen=True)
class Parts:
    """What delivering needs. `worker` is another for each process and each run of it; `connections`
    are those of `channel`, `fallbacks` the channels after it. `sends` counts what this process has
    sent, by channel and what became of it."""

    database: Database
    channel: Channel
    clock: Clock
    stationery: Stationery
    connections: int = 4
    fallbacks: tuple[Channel, ...] = ()
    patience: timedelta = timedelta(hours=1)
    retry: Retry = field(default_factory=Retry)
    grace: timedelta = GRACE
    worker: str = field(default_factory=lambda: f"{os.getpid()}-{secrets.token_hex(4)}")
    sends: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def route(self) -> Route:
        return Route((self.channel.way, *(one.way for one in self.fallbacks)), self.patience)


class Runtime(Protocol):
    """The parts of a running service that are used here."""

    @property
    def settings(self) -> Settings: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def database(self) -> Database: ...
    @property
    def channel(self) -> Channel: ...
    @property
    def fallbacks(self) -> tuple[Channel, ...]: ...
    @property
    def templates(self) -> Environment: ...
    @property
    def secret(self) -> str: ...
    @property
    def sender(self) -> Address: ...
    @property
    def sends(self) -> Counter[tuple[str, str]]: ...


def parts_of(runtime: Runtime, render: Render | None = None) -> Parts:
    """As the settings say; letters by our own templates unless `render` is given."""
    settings = runtime.settings
    stationery = Stationery(
        sender=runtime.sender,
        domain=settings.mail_domain,
        base_url=settings.base_url,
        secret=runtime.secret,
        render=render or letterbox.rendered_by(runtime.templates),
        language=settings.language,
        answers=bool(settings.mailbox_host),
    )
    return Parts(
        database=runtime.database,
        channel=runtime.channel,
        clock=runtime.clock,
        stationery=stationery,
        connections=settings.smtp_connections,
        fallbacks=runtime.fallbacks,
        patience=timedelta(minutes=settings.fallback_minutes),
        retry=Retry(settings.retry_waits, settings.give_up_after),
        sends=runtime.sends,
    )


@dataclass(frozen=True)
class DeliverResult:
    """Mails by what became of them in this run; `suppressed` had nothing left to say."""

    sent: int = 0
    failed: int = 0
    later: int = 0
    unknown: int = 0
    suppressed: int = 0


async def deliver(
    parts: Parts, now: datetime, *, stop: asyncio.Event | None = None
) -> DeliverResult:
    """Send what is due at `now`, until nothing is; mails say how things stand at `now`.

    Once `stop` is set, or it is cancelled, it claims nothing more and gives back what it has not
    begun to send; mails under way have `grace` to end, and their results are kept.
    """
    # Each channel at its own pace: a robot that waits for its turn holds up no mail.
    stop = stop or asyncio.Event()
    runs = [_Run(parts, channel, now, stop) for channel in (parts.channel, *parts.fallbacks)]
    work = asyncio.gather(*[run.through() for run in runs], return_exceptions=True)
    try:
        ends = await asyncio.shield(work)
    except asyncio.CancelledError:
        stop.set()
        await work
        raise
    for failure in ends:
        if failure is not None:
            raise failure
    count = sum((run.count for run in runs), Counter[DispatchState]())
    return DeliverResult(
        sent=count[DispatchState.SENT],
        failed=count[DispatchState.FAILED],
        later=count[DispatchState.PENDING],
        unknown=count[DispatchState.UNKNOWN],
        suppressed=count[DispatchState.SUPPRESSED],
    )


def idle(parts: Parts, now: datetime) -> bool:
    """Whether nothing is due at `now`; the heartbeat then tells that somebody has looked."""
    with parts.database.write() as session:
        if outbox.waits(session, now):
            return False
        beat(session, DELIVER, now, {"claimed": 0, "ready": 0})
    return True


def prepare(
    session: Session,
    claims: Sequence[Claim],
    stationery: Stationery,
    now: datetime,
    *,
    as_of: datetime,
    retry: Retry,
    route: Route = outbox.ALONE,
) -> tuple[list[Ready], int]:
    """Check each claimed dispatch again and freeze it, in the caller's transaction.

    Returns what is to be sent, and how many had nothing left to say. It is checked against what is
    known `now` and says how things stood at `as_of`. What cannot be made into a letter is put back
    with the reason on its row: one broken letter holds up no other.
    """
    if not claims:
        return [], 0
    desk = letterbox.Desk(session, stationery, now, as_of)
    ready = []
    held = look_up(session, claims, Draft)
    desk.gather(list(held.values()))
    for claimed, row in held.items():
        if way_of(row) not in route.ways:
            outbox.pass_over(session, row, now, route)
            continue
        try:
            found = desk.ready(row, claimed)
        except DBAPIError:
            raise
        except Exception as broken:  # noqa: BLE001  the worker records it on the row and goes on
            desk.discard(row)
            outbox.put_back(row, one_line(f"{type(broken).__name__}: {broken}"), now, retry)
            continue
        if found is not None:
            ready.append(found)
    desk.keep()
    keep(session, [row for row in held.values() if row.state is not DispatchState.SENDING])
    session.flush()
    return ready, desk.suppressed


class _Run:
    """One run: a feeder that keeps the connections busy, and a bookkeeper that commits results.

    Results wait for a database that is away, and nothing more is sent meanwhile. Where they cannot
    be kept at all the run ends; the leases bring those mails back.
    """

    def __init__(self, parts: Parts, channel: Channel, now: datetime, stop: asyncio.Event) -> None:
        self._parts = parts
        self._channel = channel
        self._hasty = channel if isinstance(channel, Hasty) else None
        self._at_once = parts.connections if channel is parts.channel else BATCH
        self._now = now
        self._ready: asyncio.Queue[Ready | None] = asyncio.Queue(self._at_once)
        self._results: list[tuple[Outcome, asyncio.Future[None]]] = []
        self._waits = asyncio.Event()
        self._all_in = asyncio.Event()
        self._broken: Exception | None = None
        self._unsent: list[Claim] = []
        self._put_aside: list[Ready] = []
        self._patient: set[Claim] = set()
        self._took: tuple[int, float] = (0, 0.0)
        self._under_way: dict[asyncio.Timeout, float] = {}
        self._ends_at: float | None = None
        self.stop = stop
        self.count: Counter[DispatchState] = Counter()

    async def through(self) -> None:
        if self.stop.is_set():
            return
        taken, ready = await asyncio.to_thread(self._take)
        if taken:  # mostly nothing waits, and nobody need be called to work
            await self._work(ready)

    async def _work(self, ready: list[Ready]) -> None:
        watch = asyncio.create_task(self._mind_the_stop())
        books = asyncio.create_task(self._keep_books())
        senders = [asyncio.create_task(self._send()) for _ in range(self._at_once)]
        try:
            await self._feed(ready)
        finally:
            for _ in senders:
                await self._ready.put(None)
            await asyncio.gather(*senders)
            books.cancel()
            watch.cancel()
            await self._give_back()
        if self._broken is not None:
            raise self._broken

    async def _mind_the_stop(self) -> None:
        await self.stop.wait()
        self._ends_at = asyncio.get_running_loop().time() + self._parts.grace.total_seconds()
        for limit in self._under_way:
            limit.reschedule(self._ends_at)

    async def _feed(self, ready: list[Ready]) -> None:
        while True:
            for one in ready:
                await self._ready.put(one)
            if self._broken is not None or self.stop.is_set():
                return
            taken, ready = await asyncio.to_thread(self._take)
            if not taken:
                await self._ready.join()
                ready = self._slow_ones()
                if not ready:
                    return

    def _slow_ones(self) -> list[Ready]:
        """Some of those that were put aside: no more at a time than have a connection each, so that
        what falls due meanwhile has only them before it."""
        some, self._put_aside = (
            self._put_aside[: self._at_once], self._put_aside[self._at_once :],
        )  # fmt: skip
        self._patient.update(one.claim for one in some)
        return some

    def _take(self) -> tuple[int, list[Ready]]:
        """Claimed, checked and frozen in one transaction; how many were claimed, what is ready."""
        parts = self._parts
        with parts.database.write() as session:
            now = self._later()
            claims = outbox.claim(
                session, self._now, limit=BATCH, worker=parts.worker, leased_at=now,
                where=self._mine(),
            )  # fmt: skip
            ready, suppressed = prepare(
                session, claims, parts.stationery, now, as_of=self._now, retry=parts.retry,
                route=parts.route,
            )  # fmt: skip
            beat(session, DELIVER, now, {"claimed": len(claims), "ready": len(ready)})
        self.count[DispatchState.SUPPRESSED] += suppressed
        return len(claims), ready

    def _mine(self) -> ColumnElement[bool] | None:
        """The dispatches of this channel; the first one's are also those of channels that are not
        in use any more. No condition at all where there is one channel only."""
        parts = self._parts
        if self._channel is not parts.channel:
            return col(DispatchRow.channel) == self._channel.way.name
        if not parts.fallbacks:
            return None
        return col(DispatchRow.channel).not_in([one.way.name for one in parts.fallbacks])

    def _later(self) -> datetime:
        """The present instant, and never one before the run began."""
        return max(self._now, self._parts.clock.now())

    async def _send(self) -> None:
        while (one := await self._ready.get()) is not None:
            try:
                await self._send_one(one)
            finally:
                self._ready.task_done()

    async def _send_one(self, one: Ready) -> None:
        if self._later() >= one.claim.lease_until:
            return  # we were held up so long that somebody else has it, or soon will
        if self._broken is not None or self.stop.is_set():
            self._unsent.append(one.claim)
            return
        outcome = await self._outcome_of(one)
        if outcome is None:
            self._put_aside.append(one)
            return
        settled = asyncio.get_running_loop().create_future()
        self._results.append((outcome, settled))
        self._waits.set()
        if not self._more_soon():
            self._all_in.set()
        await settled

    async def _sent(self, one: Ready) -> Accepted:
        """In haste the first time, where the channel can be."""
        mail = {"sender": one.sender, "to": one.to, "message_id": one.message_id}
        if self._hasty is None or one.claim in self._patient:
            return await self._channel.send_raw(one.raw, **mail)
        begun = asyncio.get_running_loop().time()
        accepted = await self._hasty.send_hastily(one.raw, **mail, within=self._haste())
        mails, seconds = self._took
        self._took = mails + 1, seconds + asyncio.get_running_loop().time() - begun
        return accepted

    def _haste(self) -> float:
        mails, seconds = self._took
        if mails < self._at_once:
            return FIRST_PATIENCE
        return max(SLOW * seconds / mails, LEAST_PATIENCE)

    async def _outcome_of(self, one: Ready) -> Outcome | None:
        """None where the others go first."""
        try:
            async with asyncio.timeout_at(self._ends_at) as limit:
                self._under_way[limit] = asyncio.get_running_loop().time()
                try:
                    accepted = await self._sent(one)
                finally:
                    del self._under_way[limit]
        except KeptWaiting:
            return None
        except TransientFailure as failure:
            return Outcome(one.claim, Ending.LATER, str(failure), failure.retry_after)
        except UnknownOutcome as failure:
            return Outcome(one.claim, Ending.UNKNOWN, str(failure))
        except (PermanentFailure, ValueError) as failure:
            return Outcome(one.claim, Ending.REFUSED, str(failure))
        except Exception as failure:  # noqa: BLE001  the worker records it on the row and goes on
            said = one_line(f"{type(failure).__name__}: {failure}")
            if self._ends_at is not None and isinstance(failure, TimeoutError):
                said = "the service stopped before the answer came"
            return Outcome(one.claim, Ending.UNKNOWN, said)
        return Outcome(one.claim, Ending.SENT, accepted.reply)

    def _more_soon(self) -> bool:
        """Whether another mail was begun a moment ago; one that takes long is not waited for."""
        young = asyncio.get_running_loop().time() - 10 * GATHERING
        return any(begun > young for begun in self._under_way.values())

    async def _keep_books(self) -> None:
        while True:
            await self._waits.wait()
            if self._more_soon():
                with suppress(TimeoutError):
                    async with asyncio.timeout(GATHERING):
                        await self._all_in.wait()
            self._waits.clear()
            self._all_in.clear()
            results, self._results = self._results, []
            try:
                await self._kept([outcome for outcome, _ in results])
            except Exception as failure:  # noqa: BLE001  raised again when the senders have ended
                self._broken = failure
            for _, settled in results:
                settled.set_result(None)

    async def _kept(self, outcomes: Sequence[Outcome]) -> None:
        """Tried until the leases end: a mail that was sent is not to go out again because its
        result found no database."""
        clock = asyncio.get_running_loop().time
        gives_up_at, pause = clock() + outbox.LEASE.total_seconds(), LONGEST_PAUSE / 20
        while True:
            try:
                return await asyncio.to_thread(self._settle, outcomes)
            except PASSING as trouble:
                log.warning("results of %d mails wait: %s", len(outcomes), type(trouble).__name__)
                if clock() + pause >= min(gives_up_at, self._ends_at or gives_up_at):
                    raise
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _settle(self, outcomes: Sequence[Outcome]) -> None:
        parts = self._parts
        with parts.database.write() as session:
            now = self._later()
            states = outbox.settle(session, outcomes, now, parts.retry, parts.route)
        self.count.update(states)
        parts.sends.update((self._channel.way.name, state.value) for state in states)

    async def _give_back(self) -> None:
        """What was never begun, or put aside, is due at once for whoever comes next."""
        self._unsent += [one.claim for one in self._put_aside]
        if self._unsent and self._broken is None:
            await asyncio.to_thread(self._release)

    def _release(self) -> None:
        with self._parts.database.write() as session:
            outbox.give_back(session, self._unsent, self._later())

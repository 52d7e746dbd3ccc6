"""Posting what waits for other systems: each hook by itself, in the order in which it happened."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from notifiers.message import DeliveryError, PermanentFailure, TransientFailure, one_line
from notifiers.posting import Network, Place, networks
from notifiers.webhook import WebhookChannel
from schedules.clock import Clock, SystemClock
from tracker.services import hooks, postings
from tracker.services.delivery import Runtime
from tracker.services.hooks import Hook
from tracker.services.outbox import Ending
from tracker.services.postings import Claimed
from tracker.store.database import Database

BATCH = 40
"""Under one lease: each is waited for some ten seconds at most."""


@dataclass(frozen=True)
class Parts:
    """What posting needs. `worker` is another for each process; `allowed` are the private networks
    that an administrator trusts; `timeout` is in seconds."""

    database: Database
    clock: Clock
    secret: str
    timeout: float = 10
    allowed: tuple[Network, ...] = ()
    certificate: str = ""
    worker: str = field(default_factory=lambda: f"{os.getpid()}-{secrets.token_hex(4)}")


@dataclass(frozen=True)
class Verdict:
    """What the receiver answered, or why nothing was taken."""

    ending: Ending
    reply: str
    asked: timedelta | None = None


def parts_of(runtime: Runtime) -> Parts:
    settings = runtime.settings
    return Parts(
        database=runtime.database,
        clock=runtime.clock,
        secret=runtime.secret,
        timeout=settings.channel_timeout,
        allowed=networks(settings.allowed_networks),
        certificate=settings.channel_certificate,
    )


async def post(parts: Parts, now: datetime, stop: asyncio.Event | None = None) -> Counter[Ending]:
    """Everything that is due; what fails is tried again later, and the rest of its hook with it."""
    with_work = await asyncio.to_thread(_waiting, parts, now)
    counts = await asyncio.gather(
        *(_post_all(parts, one, now, stop or asyncio.Event()) for one in with_work)
    )
    return sum(counts, Counter())


async def _post_all(
    parts: Parts, hook: Hook, now: datetime, stop: asyncio.Event
) -> Counter[Ending]:
    count: Counter[Ending] = Counter()
    channel = _channel(parts, hook)
    try:
        while some := await asyncio.to_thread(_claim, parts, hook, now):
            for number, one in enumerate(some):
                if stop.is_set():
                    await asyncio.to_thread(_give_back, parts, some[number:], parts.clock.now())
                    return count
                told = await _told(channel, one.event, one.body)
                count[told.ending] += 1
                await asyncio.to_thread(_settle, parts, one, told)
                if told.ending in (Ending.LATER, Ending.UNKNOWN):
                    later = parts.clock.now() + postings.RETRY.waits[0]
                    await asyncio.to_thread(_give_back, parts, some[number + 1 :], later)
                    return count
    finally:
        await channel.close()
    return count


async def try_out(parts: Parts, hook: Hook, now: datetime) -> Verdict:
    """One event of the kind `test`, past all that waits; it is signed as the others are."""
    told = {"type": "test", "timestamp": now.isoformat(), "data": {"hook": hook.id}}
    channel = _channel(parts, hook)
    try:
        return await _told(channel, f"evt_test_{secrets.token_hex(8)}", postings.frozen(told))
    finally:
        await channel.close()


def _channel(parts: Parts, hook: Hook) -> WebhookChannel:
    place = Place(hook.url, f"hook {hook.id}", timeout=parts.timeout, allowed=parts.allowed,
                  certificate=parts.certificate)  # fmt: skip
    # Receivers compare the instant of a signature with their own clock.
    return WebhookChannel(place, hooks.key_of(parts.secret, hook), SystemClock().now)


async def _told(channel: WebhookChannel, event: str, body: bytes) -> Verdict:
    try:
        accepted = await channel.send_raw(body, sender="", to="", message_id=event)
    except TransientFailure as failure:
        return Verdict(Ending.LATER, str(failure), failure.retry_after)
    except PermanentFailure as failure:
        return Verdict(Ending.REFUSED, str(failure))
    except DeliveryError as failure:
        return Verdict(Ending.UNKNOWN, str(failure))
    except Exception as failure:  # noqa: BLE001  the worker records it on the row and goes on
        return Verdict(Ending.UNKNOWN, one_line(f"{type(failure).__name__}: {failure}"))
    return Verdict(Ending.SENT, accepted.reply)


# -- rows ----------------------------------------------------------------------------------------


def _waiting(parts: Parts, now: datetime) -> list[Hook]:
    with parts.database.read() as session:
        return [hooks.hook(session, one) for one in postings.waiting(session, now)]


def _claim(parts: Parts, hook: Hook, now: datetime) -> list[Claimed]:
    with parts.database.write() as session:
        return postings.claim(session, hook.id, now, limit=BATCH, worker=parts.worker,
                              leased_at=parts.clock.now())  # fmt: skip


def _settle(parts: Parts, one: Claimed, told: Verdict) -> None:
    with parts.database.write() as session:
        postings.settle(session, one, told.ending, told.reply, parts.clock.now(), told.asked)


def _give_back(parts: Parts, some: Sequence[Claimed], due_at: datetime) -> None:
    with parts.database.write() as session:
        postings.give_back(session, some, due_at)

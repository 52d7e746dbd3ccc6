"""The channels looked at and tried from the command line."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from notifiers.message import WAYS, Accepted, DeliveryError, Way
from tracker import runtime
from tracker.cli import show as showing
from tracker.cli.house import House
from tracker.cli.words import heading, say
from tracker.definitions.channelanswers import ChannelAnswer, ChannelsAnswer, ChannelTestAnswer
from tracker.domain.errors import Refused
from tracker.services import outlets
from tracker.settings import Settings
from tracker.wording import text


def show(place: House, *, as_json: bool) -> None:
    found = list(_channels(place.settings))
    if as_json:
        showing.answer(ChannelsAnswer(channels=found))
        return
    keys = ("order", "channel", "kind", "lacks")
    rows = [
        (
            str(one.order) if one.order else "—",
            one.name,
            text(f"channel.{one.name}", language=place.lang),
            "、".join(one.lacks) or "—",
        )
        for one in found
    ]
    showing.echo(*showing.table([heading(key, place.lang) for key in keys], rows))


def _channels(settings: Settings) -> Iterator[ChannelAnswer]:
    for one in outlets.outlets(settings):
        yield ChannelAnswer(
            name=one.way.name, order=one.order, public=one.way.public, lacks=list(one.lacks)
        )


def test(place: House, name: str, *, to: str, mobile: str, as_json: bool) -> None:
    """Refused where the channel does not take it; what it answered is the proof otherwise."""
    if name not in WAYS:
        raise Refused(say("channel.unknown", place.lang, name=name, known=", ".join(WAYS)))
    way = WAYS[name]
    if way.needs_address and not to:
        raise Refused(say("channel.to", place.lang))
    try:
        accepted = asyncio.run(_sent(place, way, to, mobile))
    except (DeliveryError, ValueError) as failure:
        kind = type(failure).__name__
        told = say("channel.failed", place.lang, name=name, why=f"{failure} ({kind})")
        raise Refused(told) from failure
    if as_json:
        answer = ChannelTestAnswer(channel=name, by=accepted.channel, reply=accepted.reply)
        showing.answer(answer)
    else:
        showing.echo(say("channel.accepted", place.lang, name=name, reply=accepted.reply))


async def _sent(place: House, way: Way, to: str, mobile: str) -> Accepted:
    channel = runtime.channel_of(place.settings, way.name)
    try:
        return await outlets.tried(
            channel, place.settings, to=to, mobile=mobile, language=place.lang, now=place.now
        )
    finally:
        await channel.close()

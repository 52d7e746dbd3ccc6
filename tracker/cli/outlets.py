"""The channels looked at and tried from the command line."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator

from notifiers import mime
from notifiers.message import (
    WAYS,
    Accepted,
    Address,
    DeliveryError,
    Message,
    Way,
    message_id,
)
from notifiers.notes import Note, frozen
from tracker import runtime
from tracker.cli import show as showing
from tracker.cli.house import House
from tracker.cli.words import heading, say
from tracker.definitions.channelanswers import ChannelAnswer, ChannelsAnswer, ChannelTestAnswer
from tracker.domain.errors import Refused
from tracker.settings import Settings, variable
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
    used = list(settings.ways)
    for way in dict.fromkeys([*used, *WAYS.values()]):
        order = used.index(way) + 1 if way in used else 0
        yield ChannelAnswer(
            name=way.name, order=order, public=way.public, lacks=_lacks(settings, way)
        )


def _lacks(settings: Settings, way: Way) -> list[str]:
    if way.needs_address:
        return [] if settings.sends_mail else [variable("smtp_host")]
    needed = [f"{way.name}_url"]
    if f"{way.name}_secret" in Settings.model_fields and not way.public:
        needed.append(f"{way.name}_secret")
    return [variable(name) for name in needed if not settings.secret_setting(name)]


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
    settings = place.settings
    name, mail = settings.sender_parts
    made_as = message_id("test", secrets.token_hex(16), domain=settings.mail_domain)
    subject = text("channel.test_subject", language=place.lang)
    body = text("channel.test_text", language=place.lang) + "\n"
    if way.needs_address:
        raw = mime.build(
            Message(made_as, Address(mail, name), Address(to), subject, body, place.now)
        )
    else:
        raw = frozen(Note(made_as, "", subject, body, place.now.isoformat(), mobile=mobile))
    channel = runtime.channel_of(settings, way.name)
    try:
        return await channel.send_raw(raw, sender=mail, to=to, message_id=made_as)
    finally:
        await channel.close()

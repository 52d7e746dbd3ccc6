"""The channels as the settings have them, and a message that tries one."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from notifiers import mime
from notifiers.message import WAYS, Accepted, Address, Channel, Message, Way, message_id
from notifiers.notes import Note, frozen
from tracker.settings import Settings, variable
from tracker.wording import Language, text


@dataclass(frozen=True)
class Outlet:
    """`order` counts from 1 among those in use, 0 for one that is not; `lacks` names the settings
    that it would need."""

    way: Way
    order: int
    lacks: tuple[str, ...]


def outlets(settings: Settings) -> Iterator[Outlet]:
    """Those in use in their order, then the others."""
    used = list(settings.ways)
    for way in dict.fromkeys([*used, *WAYS.values()]):
        order = used.index(way) + 1 if way in used else 0
        yield Outlet(way, order, tuple(_lacks(settings, way)))


def _lacks(settings: Settings, way: Way) -> list[str]:
    if way.needs_address:
        return [] if settings.sends_mail else [variable("smtp_host")]
    needed = [f"{way.name}_url"]
    if f"{way.name}_secret" in Settings.model_fields and not way.public:
        needed.append(f"{way.name}_secret")
    return [variable(name) for name in needed if not settings.secret_setting(name)]


async def tried(
    channel: Channel, settings: Settings, *, to: str, mobile: str, language: Language, now: datetime
) -> Accepted:
    """What the channel answered to a message that says that it is a test. DeliveryError, or
    ValueError for an address that is none."""
    name, mail = settings.sender_parts
    made_as = message_id("test", secrets.token_hex(16), domain=settings.mail_domain)
    subject = text("channel.test_subject", language=language)
    body = text("channel.test_text", language=language) + "\n"
    raw: bytes
    if channel.way.needs_address:
        raw = mime.build(Message(made_as, Address(mail, name), Address(to), subject, body, now))
    else:
        raw = frozen(Note(made_as, "", subject, body, now.isoformat(), mobile=mobile))
    return await channel.send_raw(raw, sender=mail, to=to, message_id=made_as)

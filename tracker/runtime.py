"""Where the parts meet: settings in, a runtime with database, channel and templates out."""

from __future__ import annotations

import os
import secrets
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from notifiers.message import MAIL, Address, Channel
from schedules.clock import Clock, SystemClock
from tracker.domain.errors import DefinitionError, Problem
from tracker.settings import Settings, variable
from tracker.store.database import Database
from tracker.wording.inlining import Inlining
from tracker.wording.templating import install

if TYPE_CHECKING:
    from notifiers.smtp import SmtpSettings

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
"""Beside `tracker/`, in a checkout and in a wheel alike."""

SECRET_FILE = "secret"
PLAIN = (".txt.j2", ".subject.j2", ".md.j2")

TLS: dict[str, Literal["none", "starttls", "implicit"]] = {
    "tls": "implicit",
    "starttls": "starttls",
    "none": "none",
}


@dataclass(frozen=True)
class Runtime:
    """What a process needs to serve; made once by `build`, closed once at the end."""

    settings: Settings
    clock: Clock
    database: Database
    channel: Channel
    fallbacks: tuple[Channel, ...]
    templates: Environment
    secret: str
    sender: Address
    sends: Counter[tuple[str, str]] = field(default_factory=Counter)
    """What this process has sent, by channel and what became of it."""

    async def close(self) -> None:
        for channel in (self.channel, *self.fallbacks):
            await channel.close()
        self.database.close()


def build(settings: Settings, clock: Clock | None = None) -> Runtime:
    """The parts as the settings say; opens no connection yet. On first use it makes the secret,
    and the data folder for it."""
    name, mail = settings.sender_parts
    channel, *fallbacks = [channel_of(settings, way.name) for way in settings.ways]
    return Runtime(
        settings=settings,
        clock=clock or SystemClock(),
        database=Database(settings.database, synchronous=settings.sqlite_synchronous),
        channel=channel,
        fallbacks=tuple(fallbacks),
        templates=environment(settings),
        secret=secret_of(settings),
        sender=Address(mail, name),
    )


def channel_of(settings: Settings, name: str = MAIL) -> Channel:
    """The channel of that name; DefinitionError names the setting that it lacks.

    Mail goes over SMTP where a server is named, else into a folder of `.eml` files.
    """
    # Imported here, so that a process that sends nothing does not pay for the libraries of it.
    if name != MAIL:
        return _posting(settings, name)
    if settings.sends_mail:
        from notifiers.smtp import SmtpChannel

        return SmtpChannel(smtp_settings(settings))
    from notifiers.folder import FolderChannel

    return FolderChannel(settings.mails)


def _posting(settings: Settings, name: str) -> Channel:
    """A webhook or a robot, signed by the machine's clock: receivers compare it with theirs."""
    from notifiers.posting import Place, networks
    from notifiers.robots import DIALECTS, Limit, RobotChannel
    from notifiers.webhook import WebhookChannel

    address, secret, now = settings.address_of(name), settings.secret_of(name), SystemClock().now
    try:
        place = Place(
            address,
            f"{name}_url",
            timeout=settings.channel_timeout,
            allowed=networks(settings.allowed_networks),
            certificate=settings.channel_certificate,
        )
        if name not in DIALECTS:
            return WebhookChannel(place, secret, now)
    except ValueError as mistake:
        text = f"通道 {name} 用不了 / the channel {name} cannot be used: {mistake}"
        advice = f"{variable(f'{name}_url')}, {variable('allowed_networks')}"
        raise DefinitionError([Problem(variable(f"{name}_url"), text, advice)]) from mistake
    dialect = DIALECTS[name]
    minute = Limit(settings.robot_messages_per_minute, 60)
    limits = (*[one for one in dialect.limits if one.seconds < minute.seconds], minute)
    return RobotChannel(dialect, place, now, secret=secret, limits=limits)


def smtp_settings(settings: Settings) -> SmtpSettings:
    from notifiers.smtp import SmtpSettings

    return SmtpSettings(
        host=settings.smtp_host,
        port=settings.smtp_port_used,
        tls=TLS[settings.smtp_tls],
        username=settings.smtp_username,
        password=settings.smtp_password.get_secret_value(),
        timeout=settings.smtp_timeout,
        connections=settings.smtp_connections,
        certificate=settings.smtp_certificate,
    )


def environment(settings: Settings) -> Environment:
    """The templates: escaped unless they are plain text, every missing name an error, compiled
    once."""
    found = Inlining(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape((), PLAIN, default_for_string=True, default=True),
        undefined=StrictUndefined,
        auto_reload=False,
        cache_size=-1,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return install(found, settings.language, settings.tz)


def secret_of(settings: Settings) -> str:
    """The configured secret, else the one in the data folder, made on first use (mode 600)."""
    if settings.secret is not None:
        return settings.secret.get_secret_value()
    path = settings.data / SECRET_FILE
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            _write_new(path, secrets.token_hex(32))
        return path.read_text(encoding="ascii").strip()
    except OSError as failure:
        text = f"数据目录不可用 / cannot keep a secret in {path}: {failure}"
        advice = "make the folder writable, or set " + variable("secret")
        raise DefinitionError([Problem(variable("data"), text, advice)]) from failure


def _write_new(path: Path, content: str) -> None:
    """All of it or nothing: another process may look for the file at this very moment."""
    made = path.with_name(f"{path.name}.{os.getpid()}.new")
    with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(content)
    try:
        os.link(made, path)
    finally:
        made.unlink()

"""Settings, from the environment, a TOML file and files of secrets. Every one has a description.

Order, the first that says something wins: what the code gives, TRACKER_<NAME> in the environment,
the content of the file that TRACKER_<NAME>_FILE names (for secrets), the file that
TRACKER_SETTINGS_FILE names (TOML, keys in lower case without the prefix), the default here.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from notifiers.message import MAILING, WAYS, Way
from tracker.domain.errors import DefinitionError, Problem

PREFIX = "TRACKER_"
FILE = "_FILE"
SETTINGS_FILE = "TRACKER_SETTINGS_FILE"
DEBUG = "TRACKER_DEBUG"
"""Set to 1, the command line shows the traceback of an expected failure."""

TLS_PORTS = {"tls": 465, "starttls": 587, "none": 25}
MAILBOX_PORTS = {"tls": 993, "starttls": 143, "none": 143}
SHORTEST_SECRET = 32
RetryMinutes = Annotated[float, Field(gt=0, le=24 * 60)]


def default_folder() -> Path:
    """Where programs keep a user's data by custom: never the folder that one happens to be in."""
    home = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(home).expanduser() / "tracker"


class Settings(BaseSettings):
    """Everything that differs between one installation and another."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="forbid", frozen=True, validate_default=True
    )

    data: Path = Field(
        default_factory=default_folder,
        description="Folder for the SQLite database, evidence, digests and mails written as files; "
        "default ~/.local/share/tracker.",
    )
    database_url: str = Field(
        default="",
        description="sqlite:////path/tracker.sqlite or postgresql://user@host/name; "
        "without it a SQLite file in the data folder.",
    )
    sqlite_synchronous: Literal["full", "normal", "off"] = Field(
        default="full",
        description="How hard SQLite makes a commit: full survives a power cut, normal may lose "
        "the last ones, off is for simulations.",
    )
    zone: str = Field(
        default="Asia/Shanghai", description="Time zone of the office: pages, windows, heartbeat."
    )
    language: Literal["zh", "en"] = Field(
        default="zh", description="Language where a person has chosen none."
    )
    base_url: str = Field(
        default="http://127.0.0.1:8000",
        description="Where people reach the pages; links in mails begin with it.",
    )
    host: str = Field(default="127.0.0.1", description="Address on which the pages are served.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=8000, description="Port on which the pages are served; 0 takes a free one."
    )
    secret: SecretStr | None = Field(
        default=None,
        description="Signs links and sessions, at least 32 characters; "
        "without it one is made in the data folder on first use.",
    )
    engine: Literal["embedded", "cluster"] = Field(
        default="embedded",
        description="embedded: `tracker serve` does everything in one process; cluster: any number "
        "of `tracker serve` and `tracker work` on any number of machines, on one PostgreSQL.",
    )
    access_code: SecretStr | None = Field(
        default=None,
        description="Asked for once in each browser; needed where the pages are served on an "
        "address that other machines can reach.",
    )
    local_office: bool = Field(
        default=False,
        description="1: whoever sits at the machine is the office without signing in, although "
        "there are accounts; for a demonstration.",
    )
    trusted_proxies: str = Field(
        default="",
        description="Proxies whose X-Forwarded-For is believed, such as 127.0.0.1, 10.2.3.0/24; "
        "none unless named here.",
    )
    oidc_issuer: str = Field(
        default="",
        description="The office's own sign-in (OpenID Connect), such as "
        "https://id.example.gov.cn/realms/office; without one people sign in with a password "
        "alone. What accounts are called there is this one's: empty it before naming another.",
    )
    oidc_client_id: str = Field(
        default="", description="The name under which tracker is registered there."
    )
    oidc_client_secret: SecretStr = Field(
        default=SecretStr(""), description="Its secret there; none for a client without one."
    )
    oidc_claim: str = Field(
        default="sub",
        min_length=1,
        description="What of its answer names a person: sub, or a staff number; an administrator "
        "enters it at the account.",
    )
    oidc_scopes: str = Field(
        default="openid email", description="What it is asked for; openid has to be among them."
    )
    oidc_name: str = Field(
        default="", description="What the button to it says; default 统一身份认证."
    )
    oidc_certificate: str = Field(
        default="",
        description="File of certificate authorities to trust for it in place of the system's.",
    )
    sender: str = Field(
        default="tracker <tracker@localhost>",
        description="What mails come from: an address, with a name if wanted.",
    )
    smtp_host: str = Field(
        default="",
        description="The mail server; without one, mails are written as .eml files and nobody "
        "is mailed.",
    )
    smtp_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=0, description="Its port; 0 means the usual one: 465 tls, 587 starttls, 25 none."
    )
    smtp_tls: Literal["tls", "starttls", "none"] = Field(
        default="starttls",
        description="tls from the first byte, starttls, or none (a relay on the same machine).",
    )
    smtp_certificate: str = Field(
        default="", description="File of certificate authorities to trust in place of the system's."
    )
    smtp_username: str = Field(
        default="", description="Account at the mail server; none: no login."
    )
    smtp_password: SecretStr = Field(default=SecretStr(""), description="Its password.")
    smtp_connections: Annotated[int, Field(ge=1, le=64)] = Field(
        default=4, description="How many mails travel at once, each on a connection of its own."
    )
    smtp_timeout: Annotated[float, Field(gt=0)] = Field(
        default=30, description="Seconds to wait for each answer of the mail server."
    )
    mail_folder: Path | None = Field(
        default=None,
        description="Folder for .eml files where there is no mail server; default mails in the "
        "data folder.",
    )
    message_domain: str = Field(
        default="", description="Right part of Message-IDs; default the sender's domain."
    )
    retry_minutes: Annotated[tuple[RetryMinutes, ...], NoDecode] = Field(
        default=(30, 60, 120, 180),
        min_length=1,
        description="Minutes to wait after the first tries of a mail, such as 30,60,120,180; "
        "the last counts for every further one; a day at most.",
    )
    give_up_days: Annotated[int, Field(ge=1)] = Field(
        default=5, description="A mail that no server takes counts as failed after so many days."
    )
    channels: str = Field(
        default="",
        description="Order in which channels are tried, such as mail, wecom; default mail, then "
        "webhook, wecom, dingtalk, feishu, as far as they have an address.",
    )
    webhook_url: SecretStr = Field(
        default=SecretStr(""),
        description="Where each note is posted as signed JSON: a gateway for messages, an OA.",
    )
    webhook_secret: SecretStr = Field(
        default=SecretStr(""), description="Signs what is posted there (standardwebhooks.com)."
    )
    wecom_url: SecretStr = Field(
        default=SecretStr(""), description="Address of a WeCom group robot, its key included."
    )
    dingtalk_url: SecretStr = Field(
        default=SecretStr(""), description="Address of a DingTalk group robot, its token included."
    )
    dingtalk_secret: SecretStr = Field(
        default=SecretStr(""), description="Its signing secret (SEC...), where it has one."
    )
    feishu_url: SecretStr = Field(
        default=SecretStr(""), description="Address of a Feishu group robot."
    )
    feishu_secret: SecretStr = Field(
        default=SecretStr(""), description="Its signing secret, where it has one."
    )
    robot_messages_per_minute: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=20,
        description="What a robot may send in a minute; what is beyond is merged, never dropped.",
    )
    channel_timeout: Annotated[float, Field(gt=0)] = Field(
        default=10, description="Seconds to wait for each answer of a webhook or a robot."
    )
    channel_certificate: str = Field(
        default="",
        description="File of certificate authorities to trust for them in place of the system's.",
    )
    allowed_networks: str = Field(
        default="",
        description="Private machines that webhooks may lead to, such as 10.2.3.4, 10.1.0.0/28; "
        "none unless named here. Whoever runs a programme may post its events to all of them and "
        "reads the beginning of the answer: name single machines rather than whole networks.",
    )
    fallback_minutes: Annotated[int, Field(ge=0)] = Field(
        default=60,
        description="A channel that only puts off for so long gives way to the next; one that "
        "refuses does at once.",
    )
    mailbox_host: str = Field(
        default="",
        description="The IMAP server of the sender's mailbox: replies and bounces are read from "
        "it; without one nothing is.",
    )
    mailbox_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=0, description="Its port; 0 means the usual one: 993 tls, 143 starttls and none."
    )
    mailbox_tls: Literal["tls", "starttls", "none"] = Field(
        default="tls", description="tls from the first byte, starttls, or none."
    )
    mailbox_username: str = Field(default="", description="Account at the IMAP server.")
    mailbox_password: SecretStr = Field(default=SecretStr(""), description="Its password.")
    mailbox_folder: str = Field(default="INBOX", description="The folder that is read.")
    mailbox_certificate: str = Field(
        default="",
        description="File of certificate authorities to trust for it in place of the system's.",
    )
    mailbox_seconds: Annotated[float, Field(gt=0)] = Field(
        default=300, description="How often the mailbox is looked at."
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        description="Asked for at /metrics as a bearer token; without one only this machine may "
        "ask, and not through a proxy.",
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="How the service writes its log to standard error."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="From which level on."
    )
    debug: bool = Field(
        default=False, description="1 shows the traceback of an error that a command ends with."
    )
    tick_seconds: Annotated[float, Field(gt=0)] = Field(
        default=60, description="How often the clock looks for reminders that are due."
    )
    deliver_seconds: Annotated[float, Field(gt=0)] = Field(
        default=15, description="How often mails that wait are sent."
    )
    missed_seconds: Annotated[float, Field(ge=1)] = Field(
        default=30,
        description="A process of a cluster that says nothing for so long counts as dead, and "
        "another does its work.",
    )

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as unknown:
            raise ValueError(f"no time zone {name!r}; write one such as Asia/Shanghai") from unknown
        return name

    @field_validator("retry_minutes", mode="before")
    @classmethod
    def _are_separate(cls, minutes: object) -> object:
        return minutes.replace(",", " ").split() if isinstance(minutes, str) else minutes

    @field_validator("secret")
    @classmethod
    def _is_long(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and len(secret.get_secret_value()) < SHORTEST_SECRET:
            raise ValueError(f"at least {SHORTEST_SECRET} characters, e.g. `openssl rand -hex 32`")
        return secret

    @field_validator("engine")
    @classmethod
    def _is_a_cluster_that_can_be(cls, engine: str, info: ValidationInfo) -> str:
        if engine == "embedded" or "secret" not in info.data:
            return engine
        if not info.data.get("database_url", "").startswith("postgres"):
            raise ValueError(
                "a cluster needs PostgreSQL: set TRACKER_DATABASE_URL=postgresql://user@host/name"
            )
        if info.data["secret"] is None:
            raise ValueError(
                "every machine of a cluster signs with the same secret: set TRACKER_SECRET"
            )
        return engine

    @field_validator("oidc_issuer")
    @classmethod
    def _is_a_safe_address(cls, address: str) -> str:
        if address and not is_safe_address(address):
            raise ValueError(f"{address!r} does not begin with https://")
        return address.rstrip("/")

    @field_validator("oidc_client_id")
    @classmethod
    def _is_there_with_an_issuer(cls, client: str, info: ValidationInfo) -> str:
        if info.data.get("oidc_issuer") and not client:
            raise ValueError("tracker needs its client id there: register it, and set this")
        return client

    @field_validator("oidc_scopes")
    @classmethod
    def _ask_who_it_is(cls, scopes: str) -> str:
        if "openid" not in scopes.split():
            raise ValueError("openid has to be among them")
        return scopes

    @field_validator("oidc_certificate")
    @classmethod
    def _is_a_file(cls, path: str) -> str:
        if path and not Path(path).is_file():
            raise ValueError(f"no file {path}")
        return path

    @field_validator("sender")
    @classmethod
    def _is_an_address(cls, sender: str) -> str:
        if "@" not in parseaddr(sender)[1]:
            raise ValueError(
                f"{sender!r} has no mail address; write 考核办 <office@example.gov.cn>"
            )
        return sender

    @field_validator("channels")
    @classmethod
    def _are_channels(cls, written: str) -> str:
        strange = [name for name in _names(written) if name not in WAYS]
        if strange:
            raise ValueError(f"no channel {', '.join(strange)}; there are {', '.join(WAYS)}")
        return written

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, written: str) -> str:
        for name in _names(written):
            try:
                ip_network(name)
            except ValueError as mistake:
                raise ValueError(f"{name!r} is no address or network: {mistake}") from mistake
        return written

    @field_validator("base_url")
    @classmethod
    def _is_a_web_address(cls, address: str) -> str:
        if not address.startswith(("http://", "https://")):
            raise ValueError(f"{address!r} does not begin with http:// or https://")
        return address.rstrip("/")

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @property
    def database(self) -> str:
        """The URL of the database, the default one included."""
        return self.database_url or f"sqlite:///{self.data / 'tracker.sqlite'}"

    @property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        return tuple(ip_network(name) for name in _names(self.trusted_proxies))

    @property
    def mails(self) -> Path:
        return self.mail_folder or self.data / "mails"

    @property
    def sends_mail(self) -> bool:
        return bool(self.smtp_host)

    @property
    def smtp_port_used(self) -> int:
        return self.smtp_port or TLS_PORTS[self.smtp_tls]

    @property
    def mailbox_port_used(self) -> int:
        return self.mailbox_port or MAILBOX_PORTS[self.mailbox_tls]

    @property
    def mailbox_encryption(self) -> Literal["none", "starttls", "implicit"]:
        return "implicit" if self.mailbox_tls == "tls" else self.mailbox_tls

    @property
    def sender_parts(self) -> tuple[str, str]:
        """Name and mail address of the sender."""
        return parseaddr(self.sender)

    @property
    def mail_domain(self) -> str:
        return self.message_domain or self.sender_parts[1].rpartition("@")[2]

    @property
    def ways(self) -> tuple[Way, ...]:
        """The channels in use, in the order in which they are tried."""
        named = _names(self.channels)
        if named:
            return tuple(WAYS[name] for name in named)
        return tuple(way for way in WAYS.values() if way is MAILING or self.address_of(way.name))

    def address_of(self, channel: str) -> str:
        return self.secret_setting(f"{channel}_url")

    def secret_of(self, channel: str) -> str:
        return self.secret_setting(f"{channel}_secret")

    def secret_setting(self, name: str) -> str:
        """The value of a secret one, empty where it is not set."""
        found: SecretStr | None = getattr(self, name, None)
        return "" if found is None else found.get_secret_value().strip()

    @property
    def give_up_after(self) -> timedelta:
        return timedelta(days=self.give_up_days)

    @property
    def retry_waits(self) -> tuple[timedelta, ...]:
        return tuple(timedelta(minutes=minutes) for minutes in self.retry_minutes)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (
            init_settings,
            env_settings,
            _Given(settings_cls, _secret_files(os.environ, cls.model_fields)),
            _Given(settings_cls, _settings_file(os.environ)),
        )


def is_safe_address(address: str) -> bool:
    """https, or a plain one that stays on this machine."""
    told = urlsplit(address)
    near = told.scheme == "http" and told.hostname in ("127.0.0.1", "::1", "localhost")
    return near or (told.scheme == "https" and bool(told.hostname))


def _names(written: str) -> list[str]:
    return list(dict.fromkeys(written.replace(",", " ").split()))


class _Given(PydanticBaseSettingsSource):
    """Values that are at hand."""

    def __init__(self, settings_cls: type[BaseSettings], values: Mapping[str, Any]) -> None:
        super().__init__(settings_cls)
        self._values = dict(values)

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return self._values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return self._values


def load(**given: Any) -> Settings:
    """The settings of this process; DefinitionError names each wrong one and where it stands."""
    strange = unknown_variables(os.environ)
    if strange:
        known = ", ".join(variable(name) for name in Settings.model_fields)
        raise DefinitionError(
            [Problem(name, "没有这个设置 / no such setting", f"known: {known}") for name in strange]
        )
    try:
        return Settings(**given)
    except ValidationError as mistake:
        problems = [
            Problem(_origin(str(error["loc"][0]) if error["loc"] else ""), error["msg"])
            for error in mistake.errors(include_input=False, include_context=False)
        ]
        raise DefinitionError(problems) from None  # the chained one would show a secret's value


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"{PREFIX}{name.upper()}"


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Variables with our prefix that set nothing: a misspelt one would be ignored in silence."""
    known = {variable(name) for name in Settings.model_fields}
    known |= {f"{name}{FILE}" for name in known} | {SETTINGS_FILE, DEBUG}
    mine = {name for name in environ if name.startswith(PREFIX)}
    return sorted(name for name in mine - known if not name.startswith(f"{PREFIX}TEST_"))


def _origin(field: str) -> str:
    if variable(field) in os.environ:
        return variable(field)
    if variable(field) + FILE in os.environ:
        return f"{variable(field)}{FILE} ({os.environ[variable(field) + FILE]})"
    if SETTINGS_FILE in os.environ:
        return f"{os.environ[SETTINGS_FILE]}, {field}"
    return variable(field)


def _secret_files(environ: Mapping[str, str], fields: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for name in fields:
        path = environ.get(f"{variable(name)}{FILE}")
        if path:
            found[name] = _content(f"{variable(name)}{FILE}", path).strip()
    return found


def _settings_file(environ: Mapping[str, str]) -> dict[str, Any]:
    path = environ.get(SETTINGS_FILE)
    if not path:
        return {}
    try:
        return tomllib.loads(_content(SETTINGS_FILE, path))
    except tomllib.TOMLDecodeError as mistake:
        raise DefinitionError([Problem(path, f"not TOML: {mistake}")]) from mistake


def _content(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failure:
        raise DefinitionError(
            [Problem(f"{name}={path}", f"读不到 / unreadable: {failure}")]
        ) from failure

"""`tracker doctor`: what is missing, in plain words, and what to do about it.

It looks and changes nothing: it makes no folder, no secret and no database.
"""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import typer
from sqlalchemy import text as sql
from sqlmodel import Session

from notifiers.message import DeliveryError
from schedules.deadlines import local_day
from tracker.cli import show as showing
from tracker.cli.house import House
from tracker.cli.words import say, state
from tracker.definitions.answers import instant as iso
from tracker.definitions.runninganswers import DoctorAnswer, FindingAnswer
from tracker.domain.programme import Programme
from tracker.services import calendars, people, programmes, reporting
from tracker.services.health import LITTLE, SKEW, free_octets, health, standing
from tracker.store.database import StoreError, require_head
from tracker.wording import text
from tracker.wording.forms import span

OCTOBER = 10
ENOUGH = 500 * 2**20
UNITS = Path("/etc/systemd/system")
HOMES = ("/home", "/root", "/run/user")
"""What ProtectHome=yes hides."""

Kind = Literal["ok", "warning", "error"]


@dataclass(frozen=True)
class Finding:
    """`text` says what is so, `advice` what to do; both in the language of the command."""

    name: str
    state: Kind
    text: str
    advice: str = ""


def show(place: House, *, as_json: bool) -> None:
    """Exit 1 where something has to be put right."""
    findings = list(found(place))
    bad = sum(one.state == "error" for one in findings)
    if as_json:
        told = [
            FindingAnswer(name=one.name, state=one.state, text=one.text, advice=one.advice)
            for one in findings
        ]
        at = iso(place.now, place.settings.tz)
        showing.answer(DoctorAnswer(ok=not bad, at=at, findings=told))
    else:
        showing.echo(*(line for one in findings for line in _lines(one, place)))
        key = "doctor.bad" if bad else "doctor.ok"
        showing.echo(say(key, place.lang, n=bad))
    if bad:
        raise typer.Exit(1)


def _lines(one: Finding, place: House) -> Iterator[str]:
    yield f"{showing.padded(state(one.state, place.lang), 8)}{one.text}"
    if one.advice:
        yield f"{' ' * 8}→ {one.advice}"


def found(place: House) -> Iterator[Finding]:
    """Every check, from the machine to what is kept in the database."""
    words = _Words(place)
    yield words.folder()
    yield from words.python()
    yield words.disk()
    yield words.secret()
    yield words.pages()
    yield words.mail()
    schema = words.database()
    yield schema
    if schema.state == "error":
        return
    with place.reading() as session:
        yield from words.kept(session)


@dataclass(frozen=True)
class _Words:
    """The checks; each says its finding in both languages and the command picks one."""

    place: House

    def tell(self, name: str, kind: Kind, zh: str, en: str, *advice: str) -> Finding:
        english = self.place.lang == "en"
        told = advice[english] if advice else ""
        return Finding(name, kind, en if english else zh, told)

    # -- the machine -------------------------------------------------------------------------

    def folder(self) -> Finding:
        data = self.place.settings.data
        place = standing(data)
        if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
            return self.tell(
                "folder", "error",
                f"数据目录 {data} 不可写", f"the data folder {data} cannot be written",
                "改权限，或用 TRACKER_DATA 指到可写的目录",
                "change its permissions, or set TRACKER_DATA to a folder that can be written",
            )  # fmt: skip
        if place != data:
            return self.tell(
                "folder", "ok", f"数据目录 {data} 首次使用时建立",
                f"the data folder {data} will be made on first use",
            )  # fmt: skip
        return self.tell("folder", "ok", f"数据目录 {data} 可写", f"data folder {data}")

    def python(self) -> Iterator[Finding]:
        """Nothing unless a unit of systemd is there that cannot start with this Python."""
        python = Path(sys.executable).resolve()
        unit = hidden_from(UNITS, python)
        if unit is not None:
            yield self.tell(
                "python", "warning",
                f"{unit} 看不到 {python}（ProtectHome=yes），启动不了",
                f"{unit} cannot see {python} (ProtectHome=yes) and will not start",
                "用系统的 Python 重建：make clean && make setup PYTHON=/usr/bin/python3",
                "make it of the system's Python: make clean && make setup PYTHON=/usr/bin/python3",
            )  # fmt: skip

    def disk(self) -> Finding:
        free = free_octets(self.place.settings.data)
        amount = f"{free / 2**30:.1f} GiB"
        kind: Kind = "error" if free < LITTLE else "warning" if free < ENOUGH else "ok"
        return self.tell(
            "disk", kind, f"磁盘剩余 {amount}", f"{amount} of disk left",
            "" if kind == "ok" else "清理磁盘，或把数据目录移到大盘",
            "" if kind == "ok" else "free some, or move the data folder to a larger disk",
        )  # fmt: skip

    def secret(self) -> Finding:
        path = self.place.settings.data / "secret"
        if self.place.settings.secret is not None:
            return self.tell("secret", "ok", "签名密钥由设置给出", "the secret is set")
        if not path.exists():
            return self.tell(
                "secret", "ok", "签名密钥首次使用时生成", "the secret will be made on first use"
            )
        if not os.access(path, os.R_OK):
            return self.tell(
                "secret", "error", f"签名密钥 {path} 读不了", f"the secret {path} cannot be read",
                "改为由运行账户所有", "make the account that runs tracker own it",
            )  # fmt: skip
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            return self.tell(
                "secret", "warning",
                f"签名密钥 {path} 别人也能读", f"others can read the secret {path}",
                f"chmod 600 {path}", f"chmod 600 {path}",
            )  # fmt: skip
        return self.tell("secret", "ok", f"签名密钥在 {path}", f"secret in {path}")

    def pages(self) -> Finding:
        settings = self.place.settings
        if _is_local(settings.host):
            where = f"{settings.host}:{settings.port}"
            return self.tell("pages", "ok", f"网页只在本机 {where}", f"pages on {where} alone")
        if settings.access_code is None:
            return self.tell(
                "pages", "error",
                f"网页对其他机器开放（{settings.host}），但没有访问码",
                f"other machines reach the pages ({settings.host}), but there is no access code",
                "设置 TRACKER_ACCESS_CODE，或 TRACKER_HOST=127.0.0.1",
                "set TRACKER_ACCESS_CODE, or TRACKER_HOST=127.0.0.1",
            )  # fmt: skip
        if _is_local(urlsplit(settings.base_url).hostname or ""):
            return self.tell(
                "pages", "warning",
                f"邮件里的链接指向 {settings.base_url}，别的机器打不开",
                f"links in mails lead to {settings.base_url}, which no other machine can open",
                "把 TRACKER_BASE_URL 设为大家能打开的地址",
                "set TRACKER_BASE_URL to an address that people can open",
            )  # fmt: skip
        return self.tell("pages", "ok", f"网页地址 {settings.base_url}", settings.base_url)

    def mail(self) -> Finding:
        settings = self.place.settings
        if not settings.sends_mail:
            return self.tell(
                "mail", "warning",
                f"没有邮件服务器：催办只写成 {settings.mails} 里的 .eml 文件",
                f"no mail server: reminders are only written as .eml files in {settings.mails}",
                "要真的发信，设置 TRACKER_SMTP_HOST", "set TRACKER_SMTP_HOST to send them",
            )  # fmt: skip
        where = f"{settings.smtp_host}:{settings.smtp_port_used}"
        try:
            ready = asyncio.run(_probe(self.place))
        except DeliveryError as failure:
            return self.tell(
                "mail", "error",
                f"邮件服务器 {where} 用不了：{failure}", f"mail server {where}: {failure}",
                "核对 TRACKER_SMTP_HOST、TRACKER_SMTP_PORT、TRACKER_SMTP_TLS、账号和密码",
                "check TRACKER_SMTP_HOST, TRACKER_SMTP_PORT, TRACKER_SMTP_TLS, account, password",
            )  # fmt: skip
        if settings.sender_parts[1].endswith("@localhost"):
            return self.tell(
                "mail", "error",
                f"发件人还是默认的 {settings.sender}", f"the sender is still {settings.sender}",
                "设置 TRACKER_SENDER", "set TRACKER_SENDER",
            )  # fmt: skip
        return self.tell("mail", "ok", f"邮件服务器可用：{ready}", f"mail server: {ready}")

    def database(self) -> Finding:
        try:
            require_head(self.place.settings.database)
        except StoreError as failure:
            return self.tell(
                "database", "error", str(failure), str(failure),
                "运行 tracker migrate；仍不行则核对 TRACKER_DATABASE_URL",
                "run tracker migrate; else check TRACKER_DATABASE_URL",
            )  # fmt: skip
        where = self.place.database.place
        return self.tell("database", "ok", f"数据库 {where}", f"database {where}")

    # -- what is kept ------------------------------------------------------------------------

    def kept(self, session: Session) -> Iterator[Finding]:
        lots = [programmes.current(session, slug) for slug in programmes.slugs(session)]
        yield self.clock(session, lots)
        if not lots:
            yield self.tell(
                "programmes", "warning", "还没有方案", "no programme is loaded",
                "tracker programme load FILE", "tracker programme load FILE",
            )  # fmt: skip
        for lot in lots:
            yield self.contacts(session, lot)
        yield from self.calendar(session, lots)
        yield from self.service(session)

    def service(self, session: Session) -> Iterator[Finding]:
        """What the service notices of itself, once it has begun to run."""
        found = health(session, self.place.now, self.place.settings)
        running = any(one.ok for one in found if one.name in ("tick", "deliver"))
        for one in found:
            beats = one.name in ("tick", "deliver")
            if one.name in ("calendar", "disk") or (beats and not running):
                continue
            # What stands still because nothing runs yet is no trouble of its own.
            kind: Kind = "ok" if one.ok else "error" if one.red and running else "warning"
            told = text(one.text_code, dict(one.values), language=self.place.lang)
            yield Finding(f"service.{one.name}", kind, told)
        if not running:
            yield self.tell(
                "service", "warning", "服务没有在运行：没有人看钟、发信",
                "the service is not running: nobody looks at the clock or sends mail",
                "tracker serve", "tracker serve",
            )  # fmt: skip

    def clock(self, session: Session, lots: list[Programme]) -> Finding:
        now = self.place.now
        heard = [*_entered(session, lots), *self._beats(session)]
        ahead = max((at - now for at in heard), default=timedelta(0))
        if ahead > SKEW:
            late = span(ahead, self.place.lang)
            return self.tell(
                "clock", "error",
                f"本机时钟慢了：库里最晚的记录比现在还晚 {late}",
                f"this machine's clock is behind: the newest record is {late} ahead of it",
                "校准时钟（如启用 NTP）后再运行", "set the clock (NTP) before going on",
            )  # fmt: skip
        server = _server_clock(session)
        if server is not None and abs(server - now) > SKEW:
            off = span(abs(server - now), self.place.lang)
            return self.tell(
                "clock", "error",
                f"本机与数据库服务器的时钟相差 {off}",
                f"the clocks of this machine and of the database server differ by {off}",
                "两台机器都启用 NTP", "run NTP on both",
            )  # fmt: skip
        return self.tell("clock", "ok", "时钟正常", "the clock is right")

    def _beats(self, session: Session) -> Iterator[datetime]:
        """When the parts of the service last worked, as far as they ever did."""
        for one in health(session, self.place.now, self.place.settings):
            at = dict(one.values).get("at")
            if at is not None:
                yield datetime.fromisoformat(str(at))

    def contacts(self, session: Session, lot: Programme) -> Finding:
        today = local_day(self.place.now, lot.tz)
        names = [unit.label for unit in people.unheard(session, lot.id, today)]
        if not names:
            return self.tell(
                "contacts",
                "ok",
                f"{lot.id}：各单位都有联系人",
                f"{lot.id}: every unit has a contact",
            )
        listed, others = "、".join(names[:8]), "…" if len(names) > 8 else ""
        return self.tell(
            "contacts", "error",
            f"{lot.id}：{len(names)} 个单位没有联系人：{listed}{others}",
            f"{lot.id}: {len(names)} units have no contact: {listed}{others}",
            "tracker contacts load contacts.xlsx", "tracker contacts load contacts.xlsx",
        )  # fmt: skip

    def calendar(self, session: Session, lots: list[Programme]) -> Iterator[Finding]:
        calendar = calendars.calendar(session)
        today = local_day(self.place.now, self.place.settings.tz)
        needed = {today.year, *(lot.year for lot in lots)}
        if today.month >= OCTOBER:
            needed.add(today.year + 1)
        unknown = [year for year in sorted(needed) if not calendar.known(year)]
        if not unknown:
            yield self.tell("calendar", "ok", "工作日历齐全", "the working calendar is complete")
        for year in unknown:
            kind: Kind = "warning" if year > today.year else "error"
            yield self.tell(
                "calendar", kind,
                f"{year} 年的放假安排未知，涉及的日期都是暂定",
                f"the days off of {year} are not known: dates that rest on them are provisional",
                "通知发布后 tracker calendar load FILE",
                "tracker calendar load FILE once the notice is out",
            )  # fmt: skip


def hidden_from(units: Path, python: Path) -> str | None:
    """The unit of ours in that folder, if there is one, whose process may not see that file."""
    if not any(python.is_relative_to(home) for home in HOMES):
        return None
    found = [one for one in sorted(units.glob("tracker*.service")) if os.access(one, os.R_OK)]
    return next((one.name for one in found if "ProtectHome=yes" in one.read_text()), None)


def _is_local(host: str) -> bool:
    bare = host.strip("[]")
    if bare == "localhost":
        return True
    try:
        return ip_address(bare).is_loopback
    except ValueError:
        return False


async def _probe(place: House) -> str:
    from notifiers.smtp import SmtpChannel
    from tracker.runtime import smtp_settings

    return await SmtpChannel(smtp_settings(place.settings)).probe()


def _entered(session: Session, lots: list[Programme]) -> Iterator[datetime]:
    """When the facts of each programme were entered."""
    for lot in lots:
        yield from (fact.recorded_at for fact in reporting.facts(session, lot.id))


def _server_clock(session: Session) -> datetime | None:
    """The database server's own clock; a file has none."""
    if session.connection().dialect.name != "postgresql":
        return None
    at: datetime = session.connection().execute(sql("SELECT clock_timestamp()")).scalar_one()
    return at

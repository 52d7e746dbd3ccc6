"""The mailbox poll: what came in since the last one, each mail in a transaction of its own."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from notifiers import imap, incoming
from notifiers.imap import Fetched, Mailbox
from notifiers.incoming import Incoming
from notifiers.message import one_line
from tracker.domain.errors import Refused
from tracker.services import heartbeats, replies
from tracker.settings import Settings, variable
from tracker.store.database import Database
from tracker.store.tables import ReplyKind

BATCH = 50
MAILBOX = "mailbox"


@dataclass(frozen=True)
class PollResult:
    """Mails by what they were; `comments` and `quarantined` wait for a person."""

    receipts: int = 0
    comments: int = 0
    bounces: int = 0
    delays: int = 0
    ignored: int = 0
    quarantined: int = 0


def poll(database: Database, settings: imap.ImapSettings, now: datetime) -> PollResult:
    """Read everything new, mail by mail; stopped anywhere, the next poll goes on from there.

    MailboxError where the mailbox cannot be looked at: the heartbeat says since when and why.
    """
    count: Counter[ReplyKind] = Counter()
    try:
        with imap.opened(settings) as box:
            while fetched := _next(database, box):
                count.update(kind for one in fetched if (kind := _take(database, box, one, now)))
    except imap.MailboxError as failure:
        with database.write() as session:
            heartbeats.fail(session, MAILBOX, now, one_line(str(failure))[:300])
        raise
    done = PollResult(
        receipts=count[ReplyKind.RECEIPT], comments=count[ReplyKind.COMMENT],
        bounces=count[ReplyKind.BOUNCE], delays=count[ReplyKind.DELAY],
        ignored=count[ReplyKind.IGNORED], quarantined=count[ReplyKind.QUARANTINED],
    )  # fmt: skip
    with database.write() as session:
        heartbeats.beat(session, MAILBOX, now, {"taken": sum(count.values())})
    return done


def _next(database: Database, box: Mailbox) -> list[Fetched]:
    with database.read() as session:
        last = replies.last_uid(session, box.name)
    return box.after(last, limit=BATCH)


def _take(database: Database, box: Mailbox, one: Fetched, now: datetime) -> ReplyKind | None:
    mail = _read(one.raw)
    with database.write() as session:
        return replies.take(session, box.name, one.uid, one.raw, mail, now=now)


def _read(raw: bytes) -> Incoming | str:
    """The mail, or why it cannot be read: it is put aside, and the next one is looked at."""
    try:
        return incoming.read(raw)
    except Exception as broken:  # noqa: BLE001  the loop records it on the row and goes on
        return one_line(f"{type(broken).__name__}: {broken}")


def settings_of(settings: Settings) -> imap.ImapSettings:
    """Refused where no mailbox is set up."""
    if not settings.mailbox_host:
        raise Refused(
            f"没有设收信邮箱：{variable('mailbox_host')} / no mailbox is set up: "
            f"set {variable('mailbox_host')}"
        )
    return imap.ImapSettings(
        host=settings.mailbox_host,
        port=settings.mailbox_port_used,
        tls=settings.mailbox_encryption,
        username=settings.mailbox_username,
        password=settings.mailbox_password.get_secret_value(),
        folder=settings.mailbox_folder,
        timeout=settings.smtp_timeout,
        certificate=settings.mailbox_certificate,
    )

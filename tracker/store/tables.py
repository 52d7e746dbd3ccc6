"""The tables. Instants are aware and kept in UTC; a row is never a request or a response.

A definition is an immutable document, facts and events are appended, obligation rows are a
projection that can be rebuilt from programme, facts and calendar.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Index, MetaData, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from tracker.store.types import Body, EnumText, PointsColumn

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Table(SQLModel):
    """The base of every table: one metadata with named constraints, so that migrations can drop
    what they made on either database."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING)


class NoticeState(StrEnum):
    """wanted -> dispatched -> sent; the others say why it was not sent on its own."""

    WANTED = "wanted"
    DISPATCHED = "dispatched"
    SENT = "sent"
    MERGED = "merged"
    SUPPRESSED = "suppressed"
    FAILED = "failed"
    NOBODY = "nobody"


class DispatchState(StrEnum):
    """`held`: it may have been sent before a restore, and waits for a person."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    BOUNCED = "bounced"
    SUPPRESSED = "suppressed"
    UNKNOWN = "unknown"
    HELD = "held"


class DispatchKind(StrEnum):
    REMINDER = "reminder"
    DIGEST = "digest"
    OFFICE = "office"


class ProgrammeRow(Table, table=True):
    """One published version of a programme; the highest version is the current one. A document that
    is published again after another is a new version with the same hash."""

    __tablename__ = "programme"
    __table_args__ = (
        UniqueConstraint("slug", "version"),
        Index(None, "slug", "hash"),
        # Covers `queries.versions`: what stands behind the document is dear to read.
        Index("ix_programme_versions", "slug", "version", "hash", "title", "published_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    slug: str
    version: int
    hash: str
    title: str
    year: int
    document: dict[str, Any] = Field(sa_type=Body)
    published_at: datetime
    published_by: str = ""


class DraftRow(Table, table=True):
    """A document that somebody gave us, as it was read, and what was decided about it since.

    `reading` and `document` never change; `decided` holds answers, readings and what was accepted.
    It ends published or dropped, and stays.
    """

    __tablename__ = "draft"

    id: int | None = Field(default=None, primary_key=True)
    slug: str = Field(index=True)
    file: str
    title: str
    reading: dict[str, Any] = Field(sa_type=Body)
    document: dict[str, Any] = Field(sa_type=Body)
    decided: dict[str, Any] = Field(sa_type=Body)
    uploaded_at: datetime
    uploaded_by: str = ""
    changed_at: datetime
    published_at: datetime | None = None
    version: int | None = None
    dropped_at: datetime | None = None


class PersonRow(Table, table=True):
    """A person who is told things. Erasing empties name, mail and mobile; the row remains, so that
    the trail's salted references lead nowhere."""

    __tablename__ = "person"

    id: int | None = Field(default=None, primary_key=True)
    name: str
    mail: str | None = Field(default=None, unique=True)
    mobile: str = ""
    language: str = "zh"
    salt: str
    erased_at: datetime | None = None
    bounced_at: datetime | None = None
    """Since when its mail address is known not to work; `bounce` says with which words."""
    bounce: str | None = None
    digests_left_at: datetime | None = None
    links_series: int | None = None
    """Signed links of another series are dead; none is series 0."""


class AbsenceRow(Table, table=True):
    """Mails to the person go to the deputy, from `from_on` up to but not including `until_on`;
    with `copied` the person gets them too."""

    __tablename__ = "absence"

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    deputy_id: int = Field(foreign_key="person.id")
    from_on: date
    until_on: date
    copied: bool = False
    made_at: datetime
    by: str = ""


class MembershipRow(Table, table=True):
    """Who has which role in which unit, from `from_on` up to but not including `until_on`.

    No programme means all of them.
    """

    __tablename__ = "membership"
    __table_args__ = (Index(None, "unit", "role"),)

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    programme: str | None = None
    unit: str
    role: str
    from_on: date
    until_on: date | None = None


SUPERSEDING = text("supersedes IS NOT NULL")


class FactRow(Table, table=True):
    """A fact, appended and never changed; `id` is the order in which it was stored.

    A review stands under the clause, duty, unit and occurrence of its report.
    """

    __tablename__ = "fact"
    __table_args__ = (
        UniqueConstraint("programme", "fact_id"),
        Index(None, "programme", "id"),
        Index(None, "programme", "clause", "unit"),
        Index(None, "programme", "kind"),
        Index(
            "ix_fact_programme_superseding",
            "programme",
            sqlite_where=SUPERSEDING,
            postgresql_where=SUPERSEDING,
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    fact_id: str
    programme: str
    kind: str
    clause: str = ""
    duty: str = ""
    unit: str = ""
    occurrence: str = ""
    occurred_at: datetime
    recorded_at: datetime
    by: str = ""
    supersedes: str | None = None
    body: dict[str, Any] = Field(sa_type=Body)


class HandInRow(Table, table=True):
    """The projection of what one unit has plainly handed in for a duty (`domain.handins`).

    Without a unit the clause has reports that are about all units or duties. Without a clause the
    row says how far the projection goes: `latest` is the number of the programme's last fact in it.
    """

    __tablename__ = "handin"
    __table_args__ = ({"sqlite_with_rowid": False},)

    programme: str = Field(primary_key=True)
    clause: str = Field(primary_key=True)
    duty: str = Field(primary_key=True)
    unit: str = Field(primary_key=True)
    occurrences: str
    instants: bytes
    unclear: str
    latest: int = Field(sa_type=BigInteger)


class ObligationRow(Table, table=True):
    """The projection of one obligation; it last changed when laid out at `laid_out_at`.

    `key` is its identity across programme versions; one that vanished is withdrawn, never deleted.
    `light` was true at `laid_out_at`: pages ask the scorer, a list may use it.
    """

    __tablename__ = "obligation"
    __table_args__ = (
        UniqueConstraint("programme", "key"),
        Index(None, "programme", "clause"),
        Index(None, "programme", "open", "due_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    programme: str
    key: str
    section: str
    item: str
    clause: str
    duty: str
    kind: str
    unit: str
    occurrence: str = ""
    title: str
    starts_at: datetime
    due_at: datetime | None = None
    deadline_version: int = 1
    provisional: bool = False
    open: bool = True
    light: str
    withdrawn_at: datetime | None = None
    laid_out_at: datetime


class AlarmRow(Table, table=True):
    """When the tick has to look at an obligation again; `at` is whole seconds since 1970 (UTC).

    Narrow on purpose, and with no index but its key: claiming what is due touches a few pages
    however many obligations exist. So one that is superseded is not looked for; it wakes the tick
    for nothing, once. No foreign key either: an alarm without its obligation is dropped when due.
    """

    __tablename__ = "alarm"
    __table_args__ = ({"sqlite_with_rowid": False},)

    at: int = Field(primary_key=True, sa_type=BigInteger)
    obligation_id: int = Field(primary_key=True)


OPEN_DISPATCH = text("state IN ('pending', 'sending', 'unknown')")
HELD_DISPATCH = text("state = 'held'")


class DispatchRow(Table, table=True):
    """One mail to one person in one window on one channel.

    `due_at` is when a worker should next look at it: to send it, to try again, or because a lease
    has run out. `key` is person|window|channel; the content is frozen at the first attempt, as a
    letter of its own. `text` and `html` are of letters that are written when they are issued, such
    as digests; `raw` is of those that are frozen then.
    `follows_id` is the dispatch on another channel that this one took over from.
    """

    __tablename__ = "dispatch"
    __table_args__ = (
        Index(
            "ix_dispatch_open_due_at",
            "due_at",
            sqlite_where=OPEN_DISPATCH,
            postgresql_where=OPEN_DISPATCH,
        ),
        Index(
            "ix_dispatch_held",
            "id",
            sqlite_where=HELD_DISPATCH,
            postgresql_where=HELD_DISPATCH,
        ),
        Index(None, "person_id", "window"),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    person_id: int = Field(foreign_key="person.id")
    programme: str
    window: str
    channel: str
    kind: DispatchKind = Field(default=DispatchKind.REMINDER, sa_type=EnumText(DispatchKind))
    message_id: str = Field(unique=True)
    state: DispatchState = Field(default=DispatchState.PENDING, sa_type=EnumText(DispatchState))
    made_at: datetime
    due_at: datetime
    lease_until: datetime | None = None
    worker: str = ""
    attempt: int = 0
    next_try_at: datetime | None = None
    frozen_at: datetime | None = None
    recipient: str = ""
    subject: str = ""
    text: str = ""
    html: str = ""
    raw: bytes | None = None
    settled_at: datetime | None = None
    outcome: str = ""
    server_reply: str = ""
    follows_id: int | None = None


class NoticeRow(Table, table=True):
    """An intent to tell a role something about an obligation.

    `key` is programme|obligation key|deadline version|rung|role, so that a doubled tick makes none.
    No foreign key to the obligation, as with its alarms: a batch would touch a page of that table
    for each notice. Obligations are withdrawn, never deleted.
    """

    __tablename__ = "notice"
    __table_args__ = (
        Index(None, "obligation_id"),
        Index(
            "ix_notice_dispatch_id",
            "dispatch_id",
            sqlite_where=text("dispatch_id IS NOT NULL"),
            postgresql_where=text("dispatch_id IS NOT NULL"),
        ),
        Index(None, "programme", "nominal_at"),
        Index(
            "ix_notice_wanted_send_at",
            "send_at",
            sqlite_where=text("state = 'wanted'"),
            postgresql_where=text("state = 'wanted'"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    programme: str
    obligation_id: int
    obligation_key: str
    deadline_version: int
    rung: str
    role: str
    unit: str
    nominal_at: datetime
    send_at: datetime
    state: NoticeState = Field(default=NoticeState.WANTED, sa_type=EnumText(NoticeState))
    reason: str = ""
    dispatch_id: int | None = Field(default=None, foreign_key="dispatch.id")
    made_at: datetime


class SilenceRow(Table, table=True):
    """推后, 静默: somebody is left in peace from `from_at` until `until_at`, or until it was ended.

    `subject` is an obligation's key, a unit or a person's number; empty for the whole programme.
    """

    __tablename__ = "silence"
    __table_args__ = (Index(None, "programme"),)

    id: int | None = Field(default=None, primary_key=True)
    programme: str
    scope: str
    subject: str = ""
    mode: str
    from_at: datetime
    until_at: datetime
    because: str
    by: str = ""
    ended_at: datetime | None = None


class EventRow(Table, table=True):
    """留痕: what happened, appended and never changed; the sealer fills the last columns once."""

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("programme", "seq"),
        Index(
            "ix_event_unsealed",
            "programme",
            "id",
            sqlite_where=text("seq IS NULL"),
            postgresql_where=text("seq IS NULL"),
        ),
        Index(None, "programme", "subject"),
    )

    id: int | None = Field(default=None, primary_key=True)
    programme: str
    at: datetime
    kind: str
    subject: str = ""
    body: dict[str, Any] = Field(default_factory=dict, sa_type=Body)
    seq: int | None = None
    prev_hash: str = ""
    hash: str = ""
    sealed_at: datetime | None = None


class SealRow(Table, table=True):
    """The head of a programme's chain after each batch: a shortened chain no longer reaches it."""

    __tablename__ = "seal"
    __table_args__ = (UniqueConstraint("programme", "last_seq"),)

    id: int | None = Field(default=None, primary_key=True)
    programme: str
    last_seq: int
    head: str
    sealed_at: datetime


class HeartbeatRow(Table, table=True):
    """When a part of the service last did its work."""

    __tablename__ = "heartbeat"

    name: str = Field(primary_key=True)
    at: datetime
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=Body)


class CalendarNoticeRow(Table, table=True):
    """A year's notice on days off that the office loaded; the last one loaded for a year counts."""

    __tablename__ = "calendar_notice"
    __table_args__ = (Index(None, "year"),)

    id: int | None = Field(default=None, primary_key=True)
    year: int
    number: str
    document: dict[str, Any] = Field(sa_type=Body)
    loaded_at: datetime
    by: str = ""


class DigestRow(Table, table=True):
    """A digest as it was issued, once per week and audience (`readership.shelved`); `week` is
    "2021-W42"."""

    __tablename__ = "digest"
    __table_args__ = (UniqueConstraint("programme", "week", "audience"),)

    id: int | None = Field(default=None, primary_key=True)
    programme: str
    week: str
    as_of: datetime
    audience: str
    body: dict[str, Any] = Field(sa_type=Body)
    made_at: datetime


class SignoffRow(Table, table=True):
    """签定: a score as a named person signed it; never changed. `number` counts from 1 in a
    programme; `body` is the ledger in words of both languages, `sha256` that of the body."""

    __tablename__ = "signoff"
    __table_args__ = (UniqueConstraint("programme", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    programme: str
    number: int
    as_of: datetime
    known_at: datetime
    version: int
    programme_hash: str
    calendar: str
    engine: str
    score: Decimal = Field(sa_type=PointsColumn)
    lost: Decimal = Field(sa_type=PointsColumn)
    final: bool
    person: str
    note: str = ""
    by: str = ""
    signed_at: datetime
    sha256: str
    body: dict[str, Any] = Field(sa_type=Body)


class FeedRow(Table, table=True):
    """A calendar that somebody subscribes to, a person's or a unit's. `mark` changes when its
    address is renewed."""

    __tablename__ = "feed"

    id: int | None = Field(default=None, primary_key=True)
    programme: str = Field(index=True)
    person_id: int | None = Field(default=None, foreign_key="person.id")
    unit: str = ""
    mark: str
    made_at: datetime
    revoked_at: datetime | None = None


class SlipRow(Table, table=True):
    """交办单, 催办单, 督办单: an order to a unit about one obligation, numbered without a gap in a
    programme, kind and year; one that is void keeps its number.

    `cause` is what it was made for, so that nothing makes it twice; `body` are the values of the
    document, `sha256` that of its PDF.
    """

    __tablename__ = "slip"
    __table_args__ = (
        UniqueConstraint("programme", "kind", "year", "number"),
        UniqueConstraint("programme", "cause"),
        Index(None, "programme", "obligation_key"),
    )

    id: int | None = Field(default=None, primary_key=True)
    programme: str
    kind: str
    year: int
    number: int
    cause: str
    obligation_key: str
    unit: str
    rung: str = ""
    as_of: datetime
    made_at: datetime
    by: str = ""
    body: dict[str, Any] = Field(sa_type=Body)
    sha256: str
    voided_at: datetime | None = None
    void_reason: str = ""


class ReplyKind(StrEnum):
    """What came into the mailbox: `ignored` was written by a machine, `quarantined` is no mail."""

    RECEIPT = "receipt"
    COMMENT = "comment"
    BOUNCE = "bounce"
    DELAY = "delay"
    IGNORED = "ignored"
    QUARANTINED = "quarantined"


class ReplyRow(Table, table=True):
    """A mail that the mailbox gave us, once. `text` is the beginning of what was written, `reason`
    why it is of its kind; what a person has to look at is open until `settled_at`."""

    __tablename__ = "reply"
    __table_args__ = (UniqueConstraint("mailbox", "uid"), Index(None, "message_key"))

    id: int | None = Field(default=None, primary_key=True)
    mailbox: str
    uid: int = Field(sa_type=BigInteger)
    message_key: str
    kind: ReplyKind = Field(sa_type=EnumText(ReplyKind))
    person_id: int | None = Field(default=None, foreign_key="person.id")
    dispatch_id: int | None = Field(default=None, foreign_key="dispatch.id")
    programme: str = ""
    subject: str = ""
    text: str = ""
    reason: str = ""
    received_at: datetime
    settled_at: datetime | None = None
    settled_by: str = ""


class CallRow(Table, table=True):
    """A call to somebody whom no mail reaches, about the notices of `notices`; `day` is that of the
    call list."""

    __tablename__ = "call"
    __table_args__ = (Index(None, "programme", "day"),)

    id: int | None = Field(default=None, primary_key=True)
    programme: str
    day: date
    person_id: int = Field(foreign_key="person.id")
    outcome: str
    promised_on: date | None = None
    caller: str
    note: str = ""
    called_at: datetime
    notices: list[str] = Field(default_factory=list, sa_type=Body)


class LinkRow(Table, table=True):
    """A signed link that was used or revoked; one that is not here was neither."""

    __tablename__ = "link"

    token_hash: str = Field(primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    purpose: str
    used_at: datetime | None = None
    revoked_at: datetime | None = None


# Last, so that whoever asks for the tables has those of accounts, of hooks and of letters, too.
import tracker.store.accounts  # noqa: E402
import tracker.store.hooks  # noqa: E402
import tracker.store.letters  # noqa: E402, F401

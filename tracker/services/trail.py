"""留痕: events appended, then chained in batches, so that writers never queue for one head.

An event's hash is SHA-256 over the hash before it and the event's canonical JSON. No name, address
or number of a person is ever in a body: people appear as salted references (`reference`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Any

from sqlalchemy import Select, Text, bindparam, cast, insert, type_coerce, update
from sqlalchemy import select as core_select
from sqlmodel import Session, col, func, select

from tracker.services import eventkinds
from tracker.store import queries
from tracker.store.tables import EventRow, PersonRow, SealRow, Table

HOUSE = ""
"""The chain of what belongs to no programme: people, calendars."""

GENESIS = "0" * 64
BATCH = 1000

EVENT = Table.metadata.tables["event"]
_APPEND = insert(EVENT)
SEAL_ONE = update(EVENT).where(EVENT.c.id == bindparam("row"))
"""Executed with `row` and the columns that the sealer fills."""


@dataclass(frozen=True)
class Event:
    """One line of the trail; `seq` is None while it is not sealed."""

    programme: str
    at: datetime
    kind: str
    subject: str
    body: Mapping[str, Any]
    seq: int | None
    hash: str


@dataclass(frozen=True)
class Verdict:
    """`first_bad` is the sequence number of the first event that is not what was sealed. `found`
    says whether the chain passes the head that it was verified against; None where none was given.
    """

    ok: bool
    count: int
    first_bad: int | None
    head: str
    unsealed: int
    found: bool | None = None


@dataclass(frozen=True)
class ChainHead:
    """链尾: how far a chain was sealed. Whoever keeps it, on paper or in a mail, can have the chain
    verified against it later."""

    count: int
    head: str


@dataclass(frozen=True)
class NewEvent:
    kind: str
    subject: str
    body: Mapping[str, Any]


def append(
    session: Session,
    programme: str,
    kind: str,
    subject: str,
    body: Mapping[str, Any],
    *,
    now: datetime,
) -> None:
    """`body` is JSON without floats; `subject` what one would look for: an obligation's key."""
    append_all(session, programme, [NewEvent(kind, subject, body)], now=now)


def append_all(
    session: Session, programme: str, events: Sequence[NewEvent], *, now: datetime
) -> None:
    """Many at once: one statement for a batch."""
    rows = [
        {
            "programme": programme,
            "at": now,
            "kind": event.kind,
            "subject": event.subject,
            "body": dict(event.body),
            "prev_hash": "",
            "hash": "",
        }
        for event in events
    ]
    for some in queries.chunks(rows):
        session.connection().execute(_APPEND, some)


def reference(row: PersonRow) -> str:
    """How the trail names a person: salted, so that it means nothing once the salt is erased."""
    return reference_of(row.id, row.salt)


def reference_of(id_: int | None, salt: str) -> str:
    """The same from the person's number and salt."""
    return "p-" + sha256(f"{salt}|{id_}".encode()).hexdigest()[:20]


_ACCOUNT = re.compile(r"person:(\d+)")
_NAME_OF_A_THING = re.compile(r"[a-z0-9_.:-]*")


def traced(session: Session, by: str) -> str:
    """Who did it, fit for the trail: a unit or an account as it is, a person as a reference.

    `person:<id>` and a known mail address are people; any other free text may name one and is
    left out.
    """
    account = _ACCOUNT.fullmatch(by)
    if account:
        row = session.get(PersonRow, int(account[1]))
        return "" if row is None else reference(row)
    if _NAME_OF_A_THING.fullmatch(by):
        return by
    known = session.exec(select(PersonRow).where(PersonRow.mail == by.strip().lower())).first()
    return "" if known is None else reference(known)


def seal(session: Session, programme: str, *, now: datetime) -> int:
    """Chain what is not chained yet, in the order in which it was stored; returns how many.

    One sealer per programme at a time. Call it again while it returns `BATCH`. What is told to
    other systems is planned in the same transaction: an event has been committed by then.
    """
    queries.one_at_a_time(session, f"trail|{programme}")
    rows = session.connection().execute(_unsealed(programme)).all()
    if not rows:
        return 0
    seq, head = _head(session, programme)
    sealed = []
    for row in rows:
        seq, before = seq + 1, head
        head = _hash(before, seq, row)
        sealed.append(
            {"row": row.id, "seq": seq, "prev_hash": before, "hash": head, "sealed_at": now}
        )
    session.connection().execute(SEAL_ONE, sealed)
    eventkinds.plan(session, programme, [(row.id, row.kind) for row in rows], now=now)
    session.add(SealRow(programme=programme, last_seq=seq, head=head, sealed_at=now))
    session.flush()
    return len(rows)


def seal_all(session: Session, *, now: datetime) -> int:
    """A batch of every chain that has something unsealed."""
    waiting = session.exec(
        select(EventRow.programme).where(col(EventRow.seq).is_(None)).distinct()
    ).all()
    return sum(seal(session, programme, now=now) for programme in waiting)


def verify(session: Session, programme: str, *, against: ChainHead | None = None) -> Verdict:
    """Reckon the whole chain again and compare it with every seal, and with a head that somebody
    kept from earlier.

    A head without its count (0) must be that of some event. The chain may have grown since.
    """
    sealed = select(SealRow.last_seq, SealRow.head).where(SealRow.programme == programme)
    kept = _Kept(dict(session.exec(sealed).all()), against)
    told = _content(programme)
    head, count, first_bad = GENESIS, 0, None
    for seq, at, kind, subject, body, before, hash_ in _sealed(session, programme):
        try:
            content = told(count + 1, at, kind, subject, body)
        except (ValueError, TypeError):
            content = ""  # no JSON, or no time: nothing that was ever sealed
        expected = sha256(f"{head}\n{content}".encode()).hexdigest()
        if seq != count + 1 or before != head or hash_ != expected:
            first_bad = count + 1
            break
        head, count = expected, seq
        if not kept.agrees(count, head):
            first_bad = count
            break
    if first_bad is None and kept.beyond(count):
        first_bad = count + 1  # a seal beyond the last event: the end was cut off
    return Verdict(
        first_bad is None, count, first_bad, head, _waiting(session, programme), kept.found
    )


class _Kept:
    """The heads that the chain must pass: its seals, and one that was kept elsewhere."""

    def __init__(self, seals: dict[int, str], against: ChainHead | None) -> None:
        self._heads = seals
        self._wanted = against
        self.found: bool | None = None if against is None else False

    def agrees(self, count: int, head: str) -> bool:
        wanted = self._wanted
        if wanted is not None and wanted.count in (count, 0):
            self.found = self.found or wanted.head == head
            if wanted.count and not self.found:
                return False
        return count not in self._heads or self._heads.pop(count) == head

    def beyond(self, count: int) -> bool:
        return bool(self._heads) or self.found is False


def head(session: Session, programme: str, *, at: datetime) -> ChainHead | None:
    """The chain's head as it was sealed by then; None where nothing was."""
    wanted = select(SealRow).where(SealRow.programme == programme, col(SealRow.sealed_at) <= at)
    last = session.exec(wanted.order_by(col(SealRow.last_seq).desc()).limit(1)).first()
    return None if last is None else ChainHead(last.last_seq, last.head)


def chains(session: Session) -> list[str]:
    """The programmes that have a trail; `HOUSE` is the chain of what belongs to none."""
    return list(session.exec(select(EventRow.programme).distinct().order_by(EventRow.programme)))


def events(
    session: Session, programme: str, *, subject: str | None = None, limit: int | None = None
) -> list[Event]:
    """Newest first; of one subject, or all."""
    wanted = select(EventRow).where(EventRow.programme == programme)
    if subject is not None:
        wanted = wanted.where(EventRow.subject == subject)
    rows = session.exec(wanted.order_by(col(EventRow.id).desc()).limit(limit))
    return [
        Event(row.programme, row.at, row.kind, row.subject, row.body, row.seq, row.hash)
        for row in rows
    ]


canonical: Callable[[Any], str] = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":")
).encode
"""JSON of one form: equal values are equal texts. One encoder for all, because making one costs
more than encoding a body."""


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON: proves content without showing it."""
    return sha256(canonical(value).encode()).hexdigest()


def _hash(before: str, seq: int, row: Any) -> str:
    content = canonical(
        {
            "programme": row.programme,
            "seq": seq,
            "at": row.at.astimezone(UTC).isoformat(),
            "kind": row.kind,
            "subject": row.subject,
            "body": row.body,
        }
    )
    return sha256(f"{before}\n{content}".encode()).hexdigest()


def _content(programme: str) -> Callable[[int, Any, str, str, str], str]:
    """The same canonical JSON from the columns as text: a long chain is verified at the price of
    reading it. The keys stand in their order, and what is often the same is written once."""
    quoted = canonical(programme)
    kinds: dict[str, str] = {}
    times: dict[Any, str] = {}
    loads = json.JSONDecoder().decode

    def told(seq: int, at: Any, kind: str, subject: str, body: str) -> str:
        if kind not in kinds:
            kinds[kind] = canonical(kind)
        if at not in times:
            times.clear()
            times[at] = _instant(at)
        return (
            f'{{"at":"{times[at]}","body":{canonical(loads(body))},"kind":{kinds[kind]},'
            f'"programme":{quoted},"seq":{seq},"subject":{encode_basestring(subject)}}}'
        )

    return told


def _instant(at: datetime | str) -> str:
    """SQLite gives the text that it keeps, in UTC without saying so."""
    if isinstance(at, str):
        at = datetime.fromisoformat(at)
        at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return at.astimezone(UTC).isoformat()


def _head(session: Session, programme: str) -> tuple[int, str]:
    wanted = select(SealRow).where(SealRow.programme == programme)
    last = session.exec(wanted.order_by(col(SealRow.last_seq).desc()).limit(1)).first()
    return (0, GENESIS) if last is None else (last.last_seq, last.head)


def _unsealed(programme: str) -> Select[Any]:
    wanted = EVENT.c.programme == programme, EVENT.c.seq.is_(None)
    return core_select(EVENT).where(*wanted).order_by(EVENT.c.id).limit(BATCH)


def _sealed(session: Session, programme: str) -> Iterator[Any]:
    """Rows in order of their sequence, a batch at a time: a chain may be long. Bodies are text."""
    connection = session.connection()
    at: Any = EVENT.c.at
    body: Any = cast(EVENT.c.body, Text)
    if connection.dialect.name == "sqlite":
        at, body = type_coerce(EVENT.c.at, Text), type_coerce(EVENT.c.body, Text)
    wanted = core_select(
        EVENT.c.seq, at.label("at"), EVENT.c.kind, EVENT.c.subject, body.label("body"),
        EVENT.c.prev_hash, EVENT.c.hash,
    ).where(EVENT.c.programme == programme, EVENT.c.seq > bindparam("last"))  # fmt: skip
    some, last = wanted.order_by(EVENT.c.seq).limit(BATCH), 0
    while rows := connection.execute(some, {"last": last}).all():
        yield from rows
        last = rows[-1][0]


def _waiting(session: Session, programme: str) -> int:
    return session.exec(
        select(func.count())
        .select_from(EventRow)
        .where(EventRow.programme == programme, col(EventRow.seq).is_(None))
    ).one()

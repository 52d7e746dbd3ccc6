"""What came into the mailbox: a receipt, a bounce, or a comment for a person to look at.

A mail proves only that somebody had the mail it answers. So it may sign for what that mail said, if
it comes from the address that the mail went to; it never reports progress.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from notifiers.incoming import Incoming, Nature
from tracker.domain.errors import NotFound, TrackerError
from tracker.domain.policy import LINE
from tracker.services import outbox, programmes, reporting, trail
from tracker.store import queries
from tracker.store.tables import (
    DispatchRow,
    NoticeRow,
    NoticeState,
    PersonRow,
    ReplyKind,
    ReplyRow,
)

WORDS = re.compile(
    r"[“\"「『【\[]?"
    r"(?P<word>已?办结|已完成|已?签收|已?簽收|已?收到|已阅|收悉|done|received|acknowledged)"
    r"了?[”\"」』】\]]?"
    r"(?P<rest>$|[\s，,。.！!；;：:、].*)",
    re.I | re.S,
)
"""What signs: one of these at the very beginning, so that 未办结 and 没收到 do not. Some copy the
marks around the word too."""

SAYS_DONE = re.compile(r"已?办结|已完成|done", re.I)

_CIVIL = re.compile(
    r"(非常)?(谢谢|多谢|感谢|辛苦)[您你了]*|顺祝.{0,4}|此致|敬礼"
    r"|thanks|thank you|(best |kind )?regards"
    r"|(发自|來自|来自|签名由|sent from|get outlook).{0,30}"
    r"|((办公|联系)?电话|手机|邮箱|传真|tel|phone|mobile|fax|e-?mail)\s*[:：]?\s*[a-z\d.+@()-]*"
    r"|[\d\s()+-]{7,}|\S+@\S+",
    re.I,
)
"""How people, and their mail programs, sign off."""


@dataclass(frozen=True)
class Reply:
    """A mail as people see it. `obligations` are those that it may be about."""

    id: int
    kind: ReplyKind
    programme: str
    name: str
    subject: str
    text: str
    reason: str
    received_at: datetime
    settled_at: datetime | None
    obligations: tuple[tuple[str, str], ...]


def last_uid(session: Session, mailbox: str) -> int:
    """The highest number that was read; 0 where none was."""
    wanted = select(func.max(col(ReplyRow.uid))).where(ReplyRow.mailbox == mailbox)
    return session.exec(wanted).one() or 0


def take(
    session: Session, mailbox: str, uid: int, raw: bytes, mail: Incoming | str, *, now: datetime
) -> ReplyKind | None:
    """Record a mail and what follows from it; `mail` is text where it could not be read, and says
    why. None where it is on file already."""
    queries.one_at_a_time(session, f"mailbox|{mailbox}")
    seen = select(ReplyRow.id).where(ReplyRow.mailbox == mailbox, ReplyRow.uid == uid)
    if session.exec(seen).first() is not None:
        return None
    key = _key(raw, mail)
    row = ReplyRow(mailbox=mailbox, uid=uid, message_key=key, kind=ReplyKind.IGNORED,
                   received_at=now)  # fmt: skip
    if isinstance(mail, str):
        row.kind, row.reason = ReplyKind.QUARANTINED, mail[:300]
    elif _read_before(session, key):
        row.reason = "seen"
    else:
        _judge(session, row, mail, now)
    if row.kind not in _FOR_A_PERSON:
        row.settled_at = now
    session.add(row)
    session.flush()
    if row.dispatch_id is not None and row.kind is not ReplyKind.IGNORED:
        body = {"kind": row.kind.value, "reason": row.reason, "mail": key}
        trail.append(session, row.programme, "mail.received", str(row.dispatch_id), body, now=now)
    return row.kind


_FOR_A_PERSON = frozenset({ReplyKind.COMMENT, ReplyKind.QUARANTINED})


def waiting(session: Session, programme: str | None = None) -> list[Reply]:
    """What a person has to look at, oldest first; of a programme, and what belongs to none."""
    return _replies(session, programme, col(ReplyRow.settled_at).is_(None))


def latest(session: Session, programme: str | None = None, *, limit: int = 100) -> list[Reply]:
    """The newest first, machines' mails left out."""
    return _replies(session, programme, ReplyRow.kind != ReplyKind.IGNORED)[::-1][:limit]


def settle(session: Session, id_: int, *, of: str | None = None, now: datetime, by: str) -> None:
    """A person has looked at it. `of`: in this programme, where only its own mails, and those that
    belong to none, are found."""
    row = session.get(ReplyRow, id_)
    if row is None or (of is not None and row.programme not in ("", of)):
        raise NotFound(f"没有这封来信 / no reply {id_}")
    if row.settled_at is None:
        row.settled_at, row.settled_by = now, by
        session.flush()


# -- what it is ----------------------------------------------------------------------------------


def _key(raw: bytes, mail: Incoming | str) -> str:
    """Its Message-ID, else what its bytes are."""
    own = "" if isinstance(mail, str) else mail.message_id
    return own or f"sha256:{hashlib.sha256(raw).hexdigest()}"


def _read_before(session: Session, key: str) -> bool:
    return session.exec(select(ReplyRow.id).where(ReplyRow.message_key == key)).first() is not None


def _judge(session: Session, row: ReplyRow, mail: Incoming, now: datetime) -> None:
    row.subject, row.text = mail.subject, mail.text
    dispatch = _answered(session, mail.answers)
    if dispatch is not None:
        row.dispatch_id, row.programme = dispatch.id, dispatch.programme
        row.person_id = dispatch.person_id
    match mail.nature:
        case Nature.MACHINE:
            row.reason, row.text = "machine", ""
        case Nature.DELAY:
            row.kind, row.reason = ReplyKind.DELAY, mail.status
        case Nature.BOUNCE:
            _bounced(session, row, mail, dispatch, now)
        case Nature.PERSON:
            _written(session, row, mail, dispatch, now)


def _answered(session: Session, ids: Sequence[str]) -> DispatchRow | None:
    """The mail of ours that is nearest."""
    if not ids:
        return None
    wanted = select(DispatchRow).where(col(DispatchRow.message_id).in_(ids))
    found = {one.message_id: one for one in session.exec(wanted)}
    return next((found[one] for one in ids if one in found), None)


def _bounced(
    session: Session, row: ReplyRow, mail: Incoming, dispatch: DispatchRow | None, now: datetime
) -> None:
    words = outbox.without_addresses(f"{mail.status} {mail.words}".strip())
    if dispatch is None:
        row.kind, row.reason, row.text = ReplyKind.COMMENT, "bounce_unknown", words
        return
    if mail.about and mail.about != dispatch.recipient.lower():
        # Forwarded from there to elsewhere: the address that we know took it.
        row.kind, row.reason, row.text = ReplyKind.COMMENT, "bounce_elsewhere", words
        return
    row.kind, row.reason, row.text = ReplyKind.BOUNCE, mail.status, words
    outbox.bounced(session, dispatch, words, now)
    person = session.get(PersonRow, dispatch.person_id)
    if person is not None and (person.mail or "").lower() == dispatch.recipient.lower():
        person.bounced_at, person.bounce = now, words
    session.flush()


def _written(
    session: Session, row: ReplyRow, mail: Incoming, dispatch: DispatchRow | None, now: datetime
) -> None:
    row.kind = ReplyKind.COMMENT
    if dispatch is None:
        row.reason = "no_match"
        return
    if mail.sender != dispatch.recipient.lower():
        row.reason, row.person_id = "other_sender", None
        return
    signs = WORDS.match(mail.text)
    if signs is None:
        row.reason = "says_more" if mail.text else "empty"
        return
    owed = _owed(session, dispatch)
    if not owed:
        row.reason = "nothing_to_sign"
    elif not _sign(session, dispatch, owed, mail, now):
        row.reason = "nothing_open"
    elif SAYS_DONE.fullmatch(signs["word"]):
        row.reason = "says_done"
    elif _says_more(signs["rest"], _names(session, dispatch, owed)):
        row.reason = "signed_and_more"
    else:
        row.kind, row.reason = ReplyKind.RECEIPT, "signed"


def _says_more(rest: str, names: Collection[str]) -> bool:
    """Whether there is anything beside thanks, names and what a mail program adds."""
    lines = (line.strip(" \t，,。.！!；;：:、|") for line in rest.splitlines())
    return any(line and line not in names and not _CIVIL.fullmatch(line) for line in lines)


def _names(
    session: Session, dispatch: DispatchRow, owed: Sequence[tuple[str, str, str]]
) -> set[str]:
    """What the writer and the units are called."""
    person = session.get(PersonRow, dispatch.person_id)
    names = set() if person is None else {person.name}
    for slug, key, _ in owed:
        unit = key.split("/")[2]
        names.add(programmes.current(session, slug).unit_names.get(unit, unit))
    return names


def _owed(session: Session, dispatch: DispatchRow) -> list[tuple[str, str, str]]:
    """What the mail asked of its reader: who reviews or coordinates was told, and owes nothing."""
    return [one for one in _carried(session, dispatch) if one[2] in LINE]


def _sign(
    session: Session,
    dispatch: DispatchRow,
    owed: Sequence[tuple[str, str, str]],
    mail: Incoming,
    now: datetime,
) -> int:
    """A receipt for each obligation of the mail that is still owed; how many."""
    signed = 0
    for slug, key, role in owed:
        mixed = hashlib.sha256(f"{mail.message_id or now.isoformat()}|{slug}|{key}".encode())
        try:
            reporting.sign_receipt(
                session, slug, key, now=now, by=f"person:{dispatch.person_id}", role=role,
                note="邮件回复", id_=f"m-{mixed.hexdigest()[:16]}",
            )  # fmt: skip
        except TrackerError:
            continue  # finished, moved or withdrawn since
        signed += 1
    return signed


def _carried(session: Session, dispatch: DispatchRow) -> list[tuple[str, str, str]]:
    """Programme, obligation and the role under which the person was told of it."""
    mine = select(NoticeRow.programme, NoticeRow.obligation_key, NoticeRow.role).where(
        NoticeRow.dispatch_id == dispatch.id, NoticeRow.state == NoticeState.SENT
    )
    return list(dict.fromkeys(session.exec(mine.order_by(col(NoticeRow.id)))))


# -- for people ----------------------------------------------------------------------------------


def _replies(session: Session, programme: str | None, *only: object) -> list[Reply]:
    wanted = select(ReplyRow).where(*only)  # type: ignore[arg-type]  # columns say so at run time
    if programme is not None:
        wanted = wanted.where(col(ReplyRow.programme).in_([programme, ""]))
    rows = session.exec(wanted.order_by(col(ReplyRow.id))).all()
    return [_reply(session, row) for row in rows]


def _reply(session: Session, row: ReplyRow) -> Reply:
    person = session.get(PersonRow, row.person_id) if row.person_id is not None else None
    dispatch = session.get(DispatchRow, row.dispatch_id) if row.dispatch_id is not None else None
    about = _carried(session, dispatch) if dispatch is not None else []
    assert row.id is not None
    return Reply(
        id=row.id, kind=row.kind, programme=row.programme,
        name=person.name if person is not None else "", subject=row.subject, text=row.text,
        reason=row.reason, received_at=row.received_at, settled_at=row.settled_at,
        obligations=tuple(dict.fromkeys((slug, key) for slug, key, _ in about)),
    )  # fmt: skip

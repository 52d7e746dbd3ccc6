"""即时催办, 重发: a person has a reminder sent now, or what a mail told sent once more.

Such a notice has a key of its own and goes out at once, outside of the window too but not into the
quiet hours. It says how things stand when it goes, so a resent mail never repeats what is past.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from notifiers.message import Address, message_id, one_line
from notifiers.mime import readdressed
from tracker.domain.dispatches import dispatch_key
from tracker.domain.errors import NotFound, Refused
from tracker.domain.policy import Role
from tracker.domain.reminders import Notice, awake, deadline_version, standing_reason
from tracker.domain.verdicts import NoticeKind
from tracker.services import planning, trail
from tracker.services.claims import letter_of
from tracker.services.fallback import way_of
from tracker.services.planning import Intent
from tracker.services.trail import traced
from tracker.store import queries
from tracker.store.tables import DispatchKind, DispatchRow, NoticeRow, PersonRow

SETTLED = {
    "done": "已办结 / it is done",
    "waived": "已豁免 / it is waived",
    "closed": "已销号 / it is closed out",
    "waiting": "已提交待审 / its report waits for review",
    "suspended": "挂账中 / it is suspended",
    "year_closed": "年度已收官 / the year is closed",
    "gone": "已不存在 / it no longer exists",
    "no_date": "还没有日期 / it has no date yet",
}


def send_now(
    session: Session,
    slug: str,
    key: str,
    *,
    role: str = Role.CONTACT,
    now: datetime,
    by: str,
    because: str = "",
    once: str = "",
) -> str:
    """The key of the notice, which the next look at the clock puts into a mail.

    The same `once` given twice makes one. Refused where nothing is left to remind of.
    """
    told = _told(role)
    ids = queries.obligation_ids(session, slug, [key])
    if key not in ids:
        raise NotFound(f"没有这个应办事项 / no obligation {key!r} in programme {slug}")
    reason = standing_reason(planning.view(session, slug), key, now)
    if reason:
        raise Refused(f"不用催：{SETTLED.get(reason, reason)}")
    notice = _notice(session, slug, key, told, once or secrets.token_hex(4), now)
    there = select(NoticeRow.id).where(NoticeRow.key == notice.key)
    if session.exec(there).first() is None:
        planning.keep(session, [Intent(notice, ids[key])], now)
        body = {"key": notice.key, "because": because.strip(), "by": traced(session, by)}
        trail.append(session, slug, "notice.asked", key, body, now=now)
    return notice.key


def resend(
    session: Session, slug: str, number: str, *, now: datetime, by: str, once: str = ""
) -> list[str]:
    """What a reminder told and is still open, told again to whoever has the role now; any other
    mail as it was, to its reader's present address. Returns the keys of the notices, or the mail's.

    NotFound for a mail that this programme did not send; Refused where all of it is settled, or its
    reader is gone or has left digests.
    """
    row = session.exec(select(DispatchRow).where(DispatchRow.message_id == number)).first()
    if row is None or row.frozen_at is None:
        raise NotFound(f"没有这封信 / no mail has the number {number}")
    if row.kind is not DispatchKind.REMINDER:
        if row.programme != slug:
            raise NotFound(f"方案 {slug} 没有这封信 / {slug} has sent no mail {number}")
        return [_again(session, row, once=once or secrets.token_hex(4), now=now, by=by)]
    told = select(NoticeRow).where(
        NoticeRow.dispatch_id == row.id, NoticeRow.programme == slug
    ).order_by(col(NoticeRow.id))  # fmt: skip
    wanted = {(one.obligation_key, one.role) for one in session.exec(told)}
    once = once or secrets.token_hex(4)
    sent: list[str] = []
    refusals: list[str] = []
    for key, role in sorted(wanted):
        try:
            sent.append(
                send_now(session, slug, key, role=role, now=now, by=by,
                         because=f"resend {number}", once=once)
            )  # fmt: skip
        except Refused as refusal:
            refusals.append(f"{key}: {refusal}")
    if not sent:
        raise Refused(_nothing_left(refusals))
    return sent


def _again(session: Session, row: DispatchRow, *, once: str, now: datetime, by: str) -> str:
    """The mail as it was issued, under a number and a date of its own."""
    person = session.get(PersonRow, row.person_id)
    key = dispatch_key(row.person_id, f"{row.window} again {once}", row.channel)
    if session.exec(select(DispatchRow.id).where(DispatchRow.key == key)).first() is not None:
        return key
    if person is None or person.erased_at is not None or not row.text:
        raise Refused("收信人已注销 / its reader was erased")
    if row.kind is DispatchKind.DIGEST and person.digests_left_at is not None:
        raise Refused(f"{person.name} 已退订周报 / {person.name} has left digests")
    new = DispatchRow(
        key=key, person_id=row.person_id, programme=row.programme, channel=row.channel,
        window=f"{row.window} again {once}", kind=row.kind, message_id=key, made_at=now,
        due_at=now, subject=row.subject, text=row.text, html=row.html,
    )  # fmt: skip
    if way_of(row).needs_address:
        _freeze(new, row, letter_of(session, row.id or 0) or b"", person, now)
    session.add(new)
    body = {"key": key, "because": f"resend {row.message_id}", "by": traced(session, by)}
    trail.append(session, row.programme, "dispatch.asked", key, body, now=now)
    return key


def _freeze(
    new: DispatchRow, row: DispatchRow, letter: bytes, person: PersonRow, now: datetime
) -> None:
    """With all that was enclosed in it: only number, date and address are others."""
    if not person.mail:
        raise Refused(f"{person.name} 没有邮箱 / {person.name} has no mail address")
    new.message_id = message_id(new.key, person.salt, domain=row.message_id.rpartition("@")[2])
    new.frozen_at, new.recipient = now, person.mail
    new.raw = readdressed(
        letter, message_id=new.message_id, to=Address(person.mail, one_line(person.name)),
        date=now,
    )  # fmt: skip


def _nothing_left(refusals: Sequence[str]) -> str:
    listed = "; ".join(refusals)
    return f"信里的事都不用再催 / nothing in it is left to remind of: {listed}"


def _told(role: str) -> Role:
    try:
        return Role(role)
    except ValueError as mistake:
        known = "、".join(Role)
        raise Refused(f"没有角色“{role}” / no role {role!r}; {known}") from mistake


def _notice(session: Session, slug: str, key: str, role: Role, once: str, now: datetime) -> Notice:
    seen = planning.view(session, slug)
    version = deadline_version(seen, key, now)
    rung = f"{NoticeKind.ASKED}:{once}"
    unit = key.split("/")[2]
    return Notice(
        f"{slug}|{key}|{version}|{rung}|{role}", slug, key, version, rung, role, unit, now,
        awake(now, seen),
    )  # fmt: skip

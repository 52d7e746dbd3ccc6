"""即时催办, 重发: a person has a reminder sent now, or what a mail told sent once more.

Such a notice has a key of its own and goes out at once, outside of the window too but not into the
quiet hours. It says how things stand when it goes, so a resent mail never repeats what is past.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from tracker.domain.errors import NotFound, Refused
from tracker.domain.policy import Role
from tracker.domain.reminders import Notice, awake, deadline_version, standing_reason
from tracker.domain.verdicts import NoticeKind
from tracker.services import planning, trail
from tracker.services.planning import Intent
from tracker.services.trail import traced
from tracker.store import queries
from tracker.store.tables import DispatchKind, DispatchRow, NoticeRow

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
    session: Session, slug: str, message_id: str, *, now: datetime, by: str, once: str = ""
) -> list[str]:
    """What the mail told and is still open, told again to whoever has the role now; the keys.

    NotFound for a mail that this programme did not send; Refused where all of it is settled.
    """
    row = session.exec(select(DispatchRow).where(DispatchRow.message_id == message_id)).first()
    if row is None or row.kind is not DispatchKind.REMINDER:
        raise NotFound(f"没有这封催办信 / no reminder has the number {message_id}")
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
                         because=f"resend {message_id}", once=once)
            )  # fmt: skip
        except Refused as refusal:
            refusals.append(f"{key}: {refusal}")
    if not sent:
        raise Refused(_nothing_left(refusals))
    return sent


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

"""推送地址: where events are told to other systems, and the secret with which they are signed.

The secret is derived from the service's own and a mark that changes when it is renewed, so that
none can be made from what the database holds.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from sqlmodel import Session, col, func, select

from notifiers.posting import Network, Place, is_public
from tracker.domain.errors import DefinitionError, NotFound, Problem
from tracker.services import postings, programmes, trail
from tracker.services.eventkinds import Group
from tracker.store.hooks import HookRow
from tracker.store.tables import EventRow


@dataclass(frozen=True)
class Hook:
    """`programme` is None for all of them and the house. `server` is the address without what may
    be a password in it."""

    id: int
    programme: str | None
    url: str
    server: str
    groups: tuple[Group, ...]
    mark: str
    made_at: datetime
    ended_at: datetime | None


def make(
    session: Session, *, programme: str | None, url: str, groups: Sequence[Group],
    allowed: tuple[Network, ...], now: datetime, by: str,
) -> Hook:  # fmt: skip
    """What happens from now on is told there. DefinitionError for an address that is none, or one
    of a private network that is not allowed."""
    if programme is not None:
        programmes.current(session, programme)
    check(url, allowed)
    row = HookRow(
        programme=programme, url=url, groups=sorted({one.value for one in groups}),
        mark=secrets.token_hex(8), made_at=now, made_by=trail.traced(session, by),
        after_event=session.exec(select(func.max(EventRow.id))).one() or 0,
    )  # fmt: skip
    session.add(row)
    session.flush()
    _trace(session, row, "hook.made", now, by)
    return _hook(row)


def check(url: str, allowed: tuple[Network, ...]) -> None:
    """What can be told of an address before anything is sent; the rest is seen when it is."""
    try:
        Place(url, "url")
    except ValueError as mistake:
        text = "请写 http:// 或 https:// 开头的地址 / write an address with http:// or https://"
        raise DefinitionError([Problem("url", text)]) from mistake
    host = urlsplit(url).hostname or ""
    try:
        address = ip_address(host)
    except ValueError:
        inside = host == "localhost"
    else:
        inside = not is_public(address) and not any(address in one for one in allowed)
    if inside:
        text = (f"{host} 在内网，管理员未放行 / {host} is private and not allowed "
                "(TRACKER_ALLOWED_NETWORKS)")  # fmt: skip
        raise DefinitionError([Problem("url", text)])


def renew(session: Session, id_: int, *, now: datetime, by: str) -> Hook:
    """Another secret, from the next attempt on."""
    row = _working(session, id_)
    row.mark = secrets.token_hex(8)
    session.flush()
    _trace(session, row, "hook.renewed", now, by)
    return _hook(row)


def end(session: Session, id_: int, *, now: datetime, by: str) -> None:
    """Nothing is told there any more, what waits neither."""
    row = _working(session, id_)
    row.ended_at = now
    session.flush()
    postings.suppress(session, id_, now=now)
    _trace(session, row, "hook.ended", now, by)


def hooks(session: Session) -> list[Hook]:
    """Those that work, oldest first."""
    wanted = select(HookRow).where(col(HookRow.ended_at).is_(None)).order_by(col(HookRow.id))
    return [_hook(row) for row in session.exec(wanted)]


def hook(session: Session, id_: int) -> Hook:
    """NotFound where there is none; one that has ended is still found."""
    row = session.get(HookRow, id_)
    if row is None:
        raise NotFound(f"没有这个推送地址 / no hook {id_}")
    return _hook(row)


def key_of(secret: str, one: Hook) -> bytes:
    """With what it is signed; `secret` is the service's."""
    return hmac.digest(secret.encode(), f"hook|{one.id}|{one.mark}".encode(), "sha256")


def secret_of(secret: str, one: Hook) -> str:
    """The same as receivers are given it, in the form of standardwebhooks.com."""
    return f"whsec_{b64encode(key_of(secret, one)).decode()}"


def _working(session: Session, id_: int) -> HookRow:
    row = session.get(HookRow, id_)
    if row is None or row.ended_at is not None:
        raise NotFound(f"没有这个推送地址，或已停用 / no hook {id_} that works")
    return row


def _hook(row: HookRow) -> Hook:
    return Hook(
        id=row.id or 0, programme=row.programme, url=row.url,
        server=urlsplit(row.url).netloc, groups=tuple(Group(one) for one in row.groups),
        mark=row.mark, made_at=row.made_at, ended_at=row.ended_at,
    )  # fmt: skip


def _trace(session: Session, row: HookRow, kind: str, now: datetime, by: str) -> None:
    body = {"hook": row.id, "groups": row.groups, "by": trail.traced(session, by)}
    trail.append(session, row.programme or trail.HOUSE, kind, str(row.id), body, now=now)

"""登录: a password for a session, a session for an account. The browser holds a random value, the
database its hash: who reads the database comes in nowhere."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from sqlmodel import Session, col, select

from tracker.domain.authority import Who
from tracker.domain.errors import NotFound, TrackerError
from tracker.services import accounts, passwords, tries
from tracker.services.accounts import Account
from tracker.store.accounts import AccountRow, SignInRow
from tracker.store.database import Database, StoreError

log = logging.getLogger("tracker.signins")

LASTS = timedelta(hours=12)
IDLE = timedelta(hours=2)
NOTED = timedelta(minutes=5)
"""How exactly is known when a session was last used: a write for each page would be too many."""


@dataclass(frozen=True)
class OpenSignIn:
    """会话 as its owner sees it."""

    id: int
    browser: str
    made_at: datetime
    seen_at: datetime


@dataclass(frozen=True)
class SignedIn:
    id: int
    account: Account
    who: Who
    provided: bool = False
    """The office's identity provider said who it is."""


def sign_in(
    database: Database,
    login: str,
    password: str,
    *,
    address: str,
    device: str,
    browser: str,
    now: datetime,
) -> tuple[str, int] | None:
    """The new session's value for the browser and the account; None for a wrong name or password.

    `device` is the account that signed in from this browser before, as our own signature says, or
    empty. The try is counted before the password is looked at, and no transaction is open while
    it is. TooOften where the tries are used up.
    """
    login = login.strip().lower()[:80]
    taken = [(f"address|{address}", tries.ADDRESS)]
    known = _device_of(database, login, device)
    taken.append((f"device|{device}", tries.DEVICE) if known else (f"login|{login}", tries.LOGIN))
    with database.write() as session:
        for name, allowance in taken:
            tries.take(session, name, allowance, now)
    with database.read() as session:
        row = session.exec(select(AccountRow).where(AccountRow.login == login)).first()
    right = passwords.matches(row.password_hash if row else "", password)
    if row is None or row.id is None or not right or row.disabled_at is not None:
        log.info("sign-in refused", extra={"account": row.id if row else None})
        return None
    with database.write() as session:
        for name, allowance in taken:
            tries.give_back(session, name, allowance)
        if passwords.outdated(row.password_hash):
            session.get_one(AccountRow, row.id).password_hash = passwords.hashed(password)
        value = begin(session, row.id, browser=browser, now=now)
    log.info("signed in", extra={"account": row.id})
    return value, row.id


class Unknown(TrackerError):
    """The identity provider vouches for somebody who has no account here, or a disabled one."""


def enter(
    database: Database,
    subject: str,
    issuer: str,
    mail: str,
    *,
    browser: str,
    now: datetime,
    on: date,
) -> tuple[str, int]:
    """The new session's value and the account of whom the office's identity provider vouches for.

    Whose subject at that issuer it is, else whose verified mail address it is, where no subject is
    entered at the account yet; that one is kept from then on. Nothing is made: Unknown where there
    is no account.
    """
    with database.write() as session:
        account = accounts.vouched(session, subject, issuer, mail, now=now, on=on)
        if account is None or account.disabled_at is not None:
            log.info("sign-in refused", extra={"account": account.id if account else None})
            raise Unknown("disabled" if account else "unknown")
        value = begin(session, account.id, browser=browser, now=now, provided=True)
    log.info("signed in by the provider", extra={"account": account.id})
    return value, account.id


def _device_of(database: Database, login: str, device: str) -> bool:
    """Whether this browser's earlier account is the one that is named now."""
    account, _, _ = device.partition("|")
    if not account.isdigit():
        return False
    with database.read() as session:
        row = session.get(AccountRow, int(account))
        return row is not None and row.login == login


def begin(
    session: Session, account: int, *, browser: str, now: datetime, provided: bool = False
) -> str:
    """A session for somebody whose identity is known; its value is told once."""
    value = secrets.token_urlsafe(32)
    session.add(
        SignInRow(
            mark=mark(value), account_id=account, made_at=now, seen_at=now, until_at=now + LASTS,
            browser=browser[:120], provided=provided,
        )
    )  # fmt: skip
    session.flush()
    return value


def find(session: Session, value: str, *, now: datetime, on: date) -> SignedIn | None:
    """None for a session that is not, that ended, that rested too long, or whose account is
    disabled."""
    row = session.exec(select(SignInRow).where(SignInRow.mark == mark(value))).first()
    if row is None or row.id is None or not _runs(row, now):
        return None
    account = accounts.account(session, row.account_id, on)
    if account.disabled_at is not None:
        return None
    return SignedIn(row.id, account, accounts.who(session, account, on), row.provided)


def note_use(database: Database, value: str, now: datetime) -> None:
    """That the session is in use, every few minutes. A database that is busy may miss one."""
    try:
        with database.read() as session:
            row = session.exec(select(SignInRow).where(SignInRow.mark == mark(value))).first()
        if row is None or now - row.seen_at < NOTED:
            return
        with database.write() as session:
            session.get_one(SignInRow, row.id).seen_at = now
    except StoreError:
        return


def rotate(session: Session, id_: int, *, now: datetime) -> str:
    """Another value for the same session: after a password change the old one opens nothing."""
    row = session.get_one(SignInRow, id_)
    value = secrets.token_urlsafe(32)
    row.mark, row.seen_at = mark(value), now
    session.flush()
    return value


def sessions(session: Session, account: int, *, now: datetime) -> list[OpenSignIn]:
    """Those that still run, the latest used first."""
    wanted = select(SignInRow).where(SignInRow.account_id == account)
    rows = session.exec(wanted.order_by(col(SignInRow.seen_at).desc())).all()
    return [
        OpenSignIn(row.id or 0, row.browser, row.made_at, row.seen_at)
        for row in rows if _runs(row, now)
    ]  # fmt: skip


def end(session: Session, account: int, id_: int, *, now: datetime) -> None:
    """One of the account's own; NotFound for any other."""
    row = session.get(SignInRow, id_)
    if row is None or row.account_id != account:
        raise NotFound(f"没有这个会话 / no session {id_}")
    row.ended_at = row.ended_at or now
    session.flush()


def end_value(session: Session, value: str, *, now: datetime) -> None:
    """Signing out."""
    row = session.exec(select(SignInRow).where(SignInRow.mark == mark(value))).first()
    if row is not None:
        row.ended_at = row.ended_at or now


def _runs(row: SignInRow, now: datetime) -> bool:
    return row.ended_at is None and now < row.until_at and now - row.seen_at < IDLE


def mark(value: str) -> str:
    return sha256(value.encode(errors="replace")).hexdigest()

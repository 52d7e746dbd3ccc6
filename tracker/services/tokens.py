"""令牌: what a program shows in place of a password; told once, kept as a hash, ended any time."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlmodel import Session, col, select

from tracker.domain.authority import Act, Who
from tracker.domain.errors import NotFound, Refused
from tracker.services import accounts, people, programmes, trail
from tracker.services.signins import mark
from tracker.services.trail import reference, traced
from tracker.store.accounts import TokenRow
from tracker.store.database import Database, StoreError

PREFIX = "trk_"
LONGEST = timedelta(days=366)
NOTED = timedelta(hours=1)


class Scope(StrEnum):
    """What a token is for. None gives more than its account may do."""

    READ = "read"
    REPORT = "report"
    REVIEW = "review"
    RUN = "run"
    ADMINISTER = "administer"


ACTS: dict[Scope, frozenset[Act]] = {
    Scope.READ: frozenset({Act.ENTER, Act.LOOK, Act.SEE, Act.TEND}),
    Scope.REPORT: frozenset({Act.ENTER, Act.SEE, Act.REPORT}),
    Scope.REVIEW: frozenset({Act.ENTER, Act.SEE, Act.REVIEW}),
    Scope.RUN: frozenset(
        {Act.ENTER, Act.LOOK, Act.SEE, Act.REPORT, Act.REVIEW, Act.INSTRUCT, Act.RUN}
    ),
    Scope.ADMINISTER: frozenset({Act.ENTER, Act.ADMINISTER}),
}


@dataclass(frozen=True)
class Token:
    """`hint` are its first characters: enough to tell tokens apart."""

    id: int
    account: int
    name: str
    hint: str
    scopes: tuple[Scope, ...]
    programme: str | None
    made_at: datetime
    until_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None

    def works(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.until_at


def make(
    session: Session,
    account: int,
    *,
    name: str,
    scopes: Iterable[str],
    days: int,
    programme: str | None = None,
    now: datetime,
    on: date,
    by: str,
) -> tuple[Token, str]:
    """The token and its value, which is told this once. Refused without a name or a scope, and for
    more than a year; NotFound for a programme that is not there."""
    one = accounts.account(session, account, on)
    wanted = _scopes(scopes)
    if not name.strip() or not wanted:
        raise Refused("令牌要有名称和至少一个权限 / a token needs a name and at least one scope")
    if not timedelta(0) < timedelta(days=days) <= LONGEST:
        raise Refused("令牌最长 366 天 / a token lasts between 1 and 366 days")
    if one.disabled_at is not None:
        raise Refused("账号已停用 / the account is disabled")
    if programme is not None:
        programmes.current(session, programme)
    value = PREFIX + secrets.token_urlsafe(32)
    row = TokenRow(
        mark=mark(value), account_id=account, name=name.strip()[:80], hint=value[:10],
        scopes=" ".join(wanted), programme=programme, made_at=now,
        until_at=now + timedelta(days=days),
    )  # fmt: skip
    session.add(row)
    session.flush()
    _told(session, one, "token.made", row, now, by)
    return _token(row), value


def _scopes(given: Iterable[str]) -> list[Scope]:
    strange = sorted(set(given) - set(Scope))
    if strange:
        raise Refused(f"没有权限 / no scope {', '.join(strange)}: {', '.join(Scope)}")
    return [scope for scope in Scope if scope in set(given)]


def find(session: Session, value: str, *, now: datetime, on: date) -> tuple[Token, Who] | None:
    """None for a token that is none of ours, ended, or whose account is disabled."""
    row = session.exec(select(TokenRow).where(TokenRow.mark == mark(value))).first()
    if row is None or not _token(row).works(now):
        return None
    one = accounts.account(session, row.account_id, on)
    if one.disabled_at is not None:
        return None
    found = _token(row)
    acts = frozenset[Act]().union(*(ACTS[scope] for scope in found.scopes))
    who = replace(accounts.who(session, one, on), scopes=acts, only=found.programme)
    return found, who


def note_use(database: Database, token: Token, now: datetime) -> None:
    """That it is in use, to the hour. A database that is busy may miss one."""
    if token.used_at is not None and now - token.used_at < NOTED:
        return
    try:
        with database.write() as session:
            session.get_one(TokenRow, token.id).used_at = now
    except StoreError:
        return


def tokens(session: Session, account: int | None = None) -> list[Token]:
    """Of one account or of all, the latest first, those that ended included."""
    wanted = select(TokenRow).order_by(col(TokenRow.id).desc())
    if account is not None:
        wanted = wanted.where(TokenRow.account_id == account)
    return [_token(row) for row in session.exec(wanted).all()]


def revoke(
    session: Session, id_: int, *, of: int | None = None, now: datetime, on: date, by: str
) -> None:
    """`of`: only one of this account's; NotFound for any other."""
    row = session.get(TokenRow, id_)
    if row is None or of not in (None, row.account_id):
        raise NotFound(f"没有这个令牌 / no token {id_}")
    row.revoked_at = row.revoked_at or now
    session.flush()
    _told(session, accounts.account(session, row.account_id, on), "token.revoked", row, now, by)


def _told(
    session: Session, one: accounts.Account, kind: str, row: TokenRow, now: datetime, by: str
) -> None:
    person = people.person(session, one.person_id)
    body = {"token": row.id, "scopes": row.scopes, "programme": row.programme or "",
            "by": traced(session, by)}  # fmt: skip
    trail.append(session, trail.HOUSE, kind, reference(person), body, now=now)


def _token(row: TokenRow) -> Token:
    return Token(
        id=row.id or 0, account=row.account_id, name=row.name, hint=row.hint,
        scopes=tuple(Scope(one) for one in row.scopes.split()), programme=row.programme,
        made_at=row.made_at, until_at=row.until_at, used_at=row.used_at,
        revoked_at=row.revoked_at,
    )  # fmt: skip

"""The tables behind the doors: accounts, sign-ins, tokens, tries. No secret lies in any of them in
a form that opens something: passwords are argon2 hashes, the others SHA-256 of random values."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import false, text
from sqlmodel import Field

from tracker.store.tables import Table


class AccountRow(Table, table=True):
    """账号: how a person signs in. What they may do follows from their memberships.

    No password hash: they sign in through the office's own identity provider, as `subject` of that
    `issuer` (empty until it is known).
    """

    __tablename__ = "account"

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", unique=True)
    login: str = Field(unique=True)
    password_hash: str = ""
    must_change: bool = False
    subject: str | None = Field(default=None, unique=True)
    issuer: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    made_at: datetime
    changed_at: datetime
    disabled_at: datetime | None = None


class SignInRow(Table, table=True):
    """会话: one browser in which somebody signed in, until it is ended or `until_at`."""

    __tablename__ = "sign_in"

    id: int | None = Field(default=None, primary_key=True)
    mark: str = Field(unique=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    made_at: datetime
    seen_at: datetime
    until_at: datetime
    ended_at: datetime | None = None
    browser: str = ""
    provided: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """The office's identity provider said who it is; no password of ours was asked for."""


class TokenRow(Table, table=True):
    """令牌: what a program shows in place of a password; worth no more than its account, its
    `scopes` (separated by blanks) and, where it names one, its programme."""

    __tablename__ = "token"

    id: int | None = Field(default=None, primary_key=True)
    mark: str = Field(unique=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    name: str
    hint: str
    scopes: str
    programme: str | None = None
    made_at: datetime
    until_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None


class TryRow(Table, table=True):
    """Tries at a password, by one address or for one login: when all of them will be forgotten.

    `key` is a hash, so that a flood of names fills no table with names.
    """

    __tablename__ = "try"

    key: str = Field(primary_key=True)
    free_at: datetime = Field(index=True)


class AnswerRow(Table, table=True):
    """What was answered to a write with an Idempotency-Key: the same again is told the same."""

    __tablename__ = "answer"

    key: str = Field(primary_key=True)
    asked: str
    status: int
    body: str
    made_at: datetime = Field(index=True)

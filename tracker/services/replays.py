"""Answers that are given again: a program that heard nothing may ask the same once more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete
from sqlmodel import Session, col

from tracker.domain.errors import Refused
from tracker.store import queries
from tracker.store.accounts import AnswerRow

KEPT = timedelta(days=2)


@dataclass(frozen=True)
class Given:
    status: int
    body: str


def find(session: Session, owner: str, key: str, asked: str) -> Given | None:
    """What was answered to the same request under this key; Refused for another request.

    Nobody else answers under it until the transaction ends.
    """
    name = _key(owner, key)
    queries.one_at_a_time(session, f"answer|{name}")
    row = session.get(AnswerRow, name)
    if row is None:
        return None
    if row.asked != asked:
        raise Refused(
            "这个 Idempotency-Key 已用过 / this Idempotency-Key was used for another request"
        )
    return Given(row.status, row.body)


def keep(
    session: Session, owner: str, key: str, asked: str, status: int, body: str, *, now: datetime
) -> None:
    name = _key(owner, key)
    session.add(AnswerRow(key=name, asked=asked, status=status, body=body, made_at=now))
    session.flush()


def tidy(session: Session, now: datetime) -> None:
    session.connection().execute(delete(AnswerRow).where(col(AnswerRow.made_at) < now - KEPT))


def _key(owner: str, key: str) -> str:
    return sha256(f"{owner}|{key}".encode()).hexdigest()

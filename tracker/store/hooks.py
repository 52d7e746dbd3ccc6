"""The tables of events that are told to other systems."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from tracker.store.tables import Table
from tracker.store.types import Body

OPEN_POSTING = text("state IN ('pending', 'sending')")


class HookRow(Table, table=True):
    """推送地址: where events of a programme (None: of all, and of the house) are posted. `mark`
    changes when its secret is renewed; `after_event` is the last one that there was before."""

    __tablename__ = "hook"

    id: int | None = Field(default=None, primary_key=True)
    programme: str | None = Field(default=None, index=True)
    url: str
    groups: list[str] = Field(default_factory=list, sa_type=Body)
    mark: str
    after_event: int = 0
    made_at: datetime
    made_by: str = ""
    ended_at: datetime | None = None


class PostingRow(Table, table=True):
    """推送: an event on its way to a hook, and what was answered. `due_at` is when a worker should
    next look at it: to post it, to try again, or because a lease has run out."""

    __tablename__ = "posting"
    __table_args__ = (
        UniqueConstraint("hook_id", "event_id"),
        Index(
            "ix_posting_open_due_at",
            "hook_id",
            "due_at",
            sqlite_where=OPEN_POSTING,
            postgresql_where=OPEN_POSTING,
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    hook_id: int = Field(foreign_key="hook.id")
    event_id: int = Field(foreign_key="event.id")
    state: str = "pending"
    made_at: datetime
    due_at: datetime
    worker: str = ""
    attempt: int = 0
    settled_at: datetime | None = None
    reply: str = ""

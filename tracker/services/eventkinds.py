"""Which events are told to which other systems: planned where they are sealed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import insert
from sqlmodel import Session, col, select

from tracker.store import queries
from tracker.store.hooks import HookRow, PostingRow


class Group(StrEnum):
    """What a hook asks for."""

    FACTS = "facts"
    NOTICES = "notices"
    SCORES = "scores"
    PROGRAMMES = "programmes"
    PEOPLE = "people"
    SERVICE = "service"


_OF: Mapping[str, Group] = {
    "fact": Group.FACTS,
    "notices": Group.NOTICES, "notice": Group.NOTICES, "dispatch": Group.NOTICES,
    "slip": Group.NOTICES, "call": Group.NOTICES, "mail": Group.NOTICES,
    "silence": Group.NOTICES, "digest": Group.NOTICES,
    "score": Group.SCORES,
    "programme": Group.PROGRAMMES, "clause": Group.PROGRAMMES, "draft": Group.PROGRAMMES,
    "contacts": Group.PEOPLE, "unit": Group.PEOPLE, "person": Group.PEOPLE, "role": Group.PEOPLE,
    "account": Group.PEOPLE, "absence": Group.PEOPLE, "links": Group.PEOPLE,
    "feed": Group.PEOPLE, "token": Group.PEOPLE,
}  # fmt: skip


def group_of(kind: str) -> Group:
    """By what stands before the dot; what is new there belongs to the service."""
    return _OF.get(kind.partition(".")[0], Group.SERVICE)


def plan(
    session: Session, programme: str, events: Sequence[tuple[int, str]], *, now: datetime
) -> None:
    """For every hook that asks for events of this programme and kind."""
    mine = (col(HookRow.programme) == programme) | col(HookRow.programme).is_(None)
    hooks = session.exec(select(HookRow).where(mine, col(HookRow.ended_at).is_(None))).all()
    rows = [
        {"hook_id": hook.id, "event_id": id_, "made_at": now, "due_at": now}
        for hook in hooks
        for id_, kind in events
        if id_ > hook.after_event and group_of(kind) in hook.groups
    ]
    for some in queries.chunks(rows):
        session.connection().execute(insert(PostingRow), some)

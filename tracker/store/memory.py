"""What a database's sessions remember between them, and may forget at any time.

Keys name exactly what a value was computed from. A session that has changed rows it may yet roll
back remembers on its own from then on, so that nobody sees what never happened.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import TypeVar, cast

from sqlalchemy import event
from sqlmodel import Session

Value = TypeVar("Value")

SIZE = 64
ALONE = "tracker_alone"


class Memory:
    """The values asked for last; computing one twice at once is allowed and harmless."""

    KEY = "tracker_memory"

    def __init__(self, size: int = SIZE, under: Memory | None = None) -> None:
        self._size = size
        self._under = under
        self._kept: OrderedDict[Hashable, object] = OrderedDict()
        self._hides = False
        self._lock = Lock()

    def get(self, key: Hashable) -> object | None:
        with self._lock:
            value = self._kept.get(key)  # keys can be long: each look reckons them anew
            if value is not None:
                self._kept.move_to_end(key)
                return value
        seen = self._under is not None and not self._hides
        return self._under.get(key) if self._under is not None and seen else None

    def put(self, key: Hashable, value: object) -> None:
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = value
            if len(self._kept) > self._size:
                self._kept.popitem(last=False)

    def forget(self) -> None:
        """All of it, of the database's sessions too."""
        with self._lock:
            self._kept.clear()
        if self._under is not None:
            self._under.forget()

    def hide(self) -> None:
        """Nothing that the database's sessions remember is seen from here on."""
        with self._lock:
            self._kept.clear()
        self._hides = True

    def shared(self) -> Memory:
        """That of the database's sessions."""
        return self if self._under is None else self._under.shared()

    def private(self) -> Memory:
        """One that begins with all of this and tells it nothing."""
        return Memory(self._size, under=self)


def memory(session: Session) -> Memory:
    """The memory of the session's database; of the session alone where it was made without one."""
    return cast(Memory, session.info.setdefault(Memory.KEY, Memory()))


def is_alone(session: Session) -> bool:
    return ALONE in session.info


def remember_alone(session: Session) -> None:
    """From here on what this session computes stays its own: it has changed what keys stand for."""
    if not is_alone(session):
        session.info[ALONE] = True
        session.info[Memory.KEY] = memory(session).private()


def forget_at_commit(session: Session) -> None:
    """What lies behind the keys is rewritten by this session: names are taken out of it."""
    remember_alone(session)
    memory(session).hide()
    event.listen(session, "after_commit", lambda done: memory(done).forget(), once=True)


def remembered(session: Session, key: Hashable, compute: Callable[[], Value]) -> Value:
    known = memory(session).get(key)
    if known is None:
        known = compute()
        memory(session).put(key, known)
    return cast(Value, known)


def remembered_by_all(session: Session, key: Hashable, compute: Callable[[], Value]) -> Value:
    """The same where the key alone settles the value, names nobody, and would be computed anew by
    every session that writes: it stays true whatever becomes of this session's changes."""
    known = memory(session).shared().get(key)
    if known is None:
        known = compute()
        memory(session).shared().put(key, known)
    return cast(Value, known)

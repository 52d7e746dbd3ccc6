"""The mails of dispatches as they went out. Part of `tables`, which stays the one place to import
from."""

from __future__ import annotations

from sqlmodel import Field

from tracker.store.tables import Table


class LetterRow(Table, table=True):
    """The bytes of a mail that was frozen when it was claimed.

    Apart from its dispatch, because SQLite writes a row anew, whole, whenever something in it
    changes: what became of a mail is a few words, the mail itself some ten thousand.
    """

    __tablename__ = "letter"

    dispatch_id: int = Field(foreign_key="dispatch.id", primary_key=True)
    raw: bytes

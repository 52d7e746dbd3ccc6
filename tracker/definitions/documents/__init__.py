"""An office's own document, read: sections, items, units, days and clauses, each with its place."""

from tracker.definitions.documents.headings import Role
from tracker.definitions.documents.programmes import told
from tracker.definitions.documents.reader import SUFFIXES, mapped, read_document
from tracker.definitions.documents.reading import (
    Check,
    Dirt,
    PlacedClause,
    ReadDocument,
    ReadItem,
    ReadSection,
    ReadTarget,
    Source,
    Unread,
    as_json,
)

__all__ = [
    "SUFFIXES",
    "Check",
    "Dirt",
    "PlacedClause",
    "ReadDocument",
    "ReadItem",
    "ReadSection",
    "ReadTarget",
    "Role",
    "Source",
    "Unread",
    "as_json",
    "mapped",
    "read_document",
    "told",
]

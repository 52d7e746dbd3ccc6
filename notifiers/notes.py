"""What goes to a person on a channel that is no mail: a few plain lines, frozen as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields

from notifiers.message import PermanentFailure, refuse_unprintable


@dataclass(frozen=True)
class Note:
    """`mobile` is how a group is told whom it concerns; `url` is where all of it can be read;
    `rest` stands in place of the lines that a channel has no room for.

    Raises ValueError where the subject holds a line end or another control character.
    """

    id: str
    person: str
    subject: str
    text: str
    made_at: str
    mail: str = ""
    mobile: str = ""
    url: str = ""
    rest: str = ""

    def __post_init__(self) -> None:
        refuse_unprintable("subject", self.subject)


def frozen(note: Note) -> bytes:
    """The same note always gives the same bytes."""
    return json.dumps(asdict(note), ensure_ascii=False, separators=(",", ":")).encode()


def thawed(raw: bytes) -> Note:
    """PermanentFailure for bytes that are no note: no attempt will make one of them."""
    try:
        told = json.loads(raw)
        return Note(**{field.name: str(told.get(field.name, "")) for field in fields(Note)})
    except (ValueError, AttributeError) as mistake:
        raise PermanentFailure(f"what was kept is no note: {mistake}") from mistake

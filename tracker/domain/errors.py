"""What can go wrong, and whose move is next.

TrackerError
  DefinitionError    a document is wrong: place, text, expectation -> whoever loads it corrects it
  Refused            not allowed now, or not to this person        -> the reason is shown
    Unfit            parts of what was given cannot be taken       -> each is shown with its reason
  NotFound           no such thing                                 -> the name asked for is shown
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class TrackerError(Exception):
    """Root of every error that a user can act on; its text is meant for that user."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a document.

    `place` names file, line, item and clause as far as they are known, outermost first:
    "programme.yaml line 214, item 20, clause 20.2".
    """

    place: str
    text: str
    advice: str = ""
    field: str = ""
    """Of a fact, where one field alone is wrong: whoever read it from a sheet knows the cell."""

    def __str__(self) -> str:
        advice = f" ({self.advice})" if self.advice else ""
        return f"{self.place}: {self.text}{advice}"


class DefinitionError(TrackerError):
    """A document cannot be taken as it stands; carries every problem found, not only the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Refused(TrackerError):
    """Not now, or not to this person; the text is the reason."""


class Misfit(StrEnum):
    """Why a part of what was given cannot be taken."""

    MISSING = "missing"
    REASON = "reason"
    CHOOSE = "choose"
    FUTURE = "future"
    BEFORE_START = "before_start"
    NOT_LATER = "not_later"
    ONE_LIMIT = "one_limit"
    NOT_OWING = "not_owing"
    NO_SLASH = "no_slash"
    CASE_KNOWN = "case_known"
    BEFORE_RECEIPT = "before_receipt"


class Unfit(Refused):
    """What was given cannot be taken as it is; `parts` has the reason for each part by its name."""

    def __init__(self, parts: Mapping[str, Misfit], text: str) -> None:
        self.parts = dict(parts)
        super().__init__(text)


class NotFound(TrackerError):
    """Nothing of that name."""

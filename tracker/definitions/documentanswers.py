"""What `--json` prints of documents: checked, compared, published, loaded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from tracker.definitions.answers import Answer, PointsText
from tracker.domain.errors import Problem
from tracker.domain.years import Stray


class ProblemAnswer(Answer):
    place: str
    text: str
    advice: str


class CheckAnswer(Answer):
    """What is wrong with a document; `ok` where nothing is."""

    file: str
    ok: bool
    programme: str
    hash: str
    items: int
    clauses: int
    rules: int
    readings: int
    problems: list[ProblemAnswer]
    notices: list[ProblemAnswer] = Field(description="No errors, but worth knowing.")


class DifferenceAnswer(Answer):
    what: str
    id: str
    change: Literal["added", "gone", "changed", "renumbered", "moved", "reworded"]
    field: str
    before: Any = None
    after: Any = None
    title: str
    says: str
    accept: str = Field(default="", description="What --accept takes, of a document's next issue.")
    together: list[str] = Field(
        default_factory=list, description="What is accepted with it, so that the points add up."
    )
    meaning: Literal["", "same", "other"] = Field(
        default="", description="Whether a reworded clause reads the same."
    )


class DiffAnswer(Answer):
    """What changed from one document to another."""

    before: str
    after: str
    same: bool
    differences: list[DifferenceAnswer]


class PublishedAnswer(Answer):
    id: str
    version: int
    hash: str
    title: str
    new: bool = Field(description="False where the same document was current already.")


class ProgrammesAnswer(Answer):
    """Programmes in the database, and those that are shipped."""

    programmes: list[PublishedAnswer]
    shipped: list[str]


class OtherYearAnswer(Answer):
    """A finding or recognition that is not of the programme's year."""

    id: str
    key: str
    occurred_at: datetime
    counts: bool = Field(description="Whether it counts in some clause all the same.")


class LoadedAnswer(Answer):
    """What loading a file did."""

    file: str
    what: Literal["contacts", "facts", "calendar"]
    rows: int
    added: int
    kept: int = Field(description="On file already.")
    ended: int = 0
    moved: PointsText | None = Field(
        default=None, description="What recorded facts did to the score as it stands now."
    )
    other_years: list[OtherYearAnswer] = Field(
        default_factory=list, description="Facts whose day may be wrong, or the programme."
    )


def other_year_answers(strays: Iterable[Stray]) -> list[OtherYearAnswer]:
    return [
        OtherYearAnswer(id=one.fact.id, key=one.key, occurred_at=one.fact.occurred_at,
                        counts=one.counts)
        for one in strays
    ]  # fmt: skip


def problem_answers(problems: Sequence[Problem]) -> list[ProblemAnswer]:
    return [ProblemAnswer(place=one.place, text=one.text, advice=one.advice) for one in problems]

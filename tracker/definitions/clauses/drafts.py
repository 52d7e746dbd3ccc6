"""A rule in the making: what stands in one place, before its neighbours have been looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from tracker.definitions.clauses.reading import Amount, Band, Kind, Quantity, ReadRule


class Act(StrEnum):
    """What a sanction does with points."""

    LOSE = "lose"
    GAIN = "gain"
    SCORE = "score"
    ZERO = "zero"
    FULL = "full"
    FREE = "free"
    OTHER = "other"


@dataclass(slots=True)
class Draft:
    """Places are those of the normalised text.

    `trigger` is the text that leads to the amount, `said` its part after the last comma; `sentence`
    and `part` number the sentences (。) and their parts (；). `place` is where the step stands,
    `measure` its measure word, `change` the word for a change (少, 降低, 逾期), `found` whether the
    things were found. `figure` is the unit of a bound that names a number. `aside`: in brackets.
    `kept`: a score that is no mere worth; `weak`: left to an assessor only by its wording; `worth`:
    nothing but a worth.
    """

    act: Act
    kind: Kind | None
    start: int
    end: int
    trigger: str = ""
    said: str = ""
    amount: Amount | None = None
    step: Quantity | None = None
    measure: str = ""
    place: tuple[int, int] | None = None
    cap: Amount | None = None
    base: Amount | None = None
    tiers: list[Band] = field(default_factory=list)
    sentence: int = 0
    part: int = 0
    aside: bool = False
    bound: bool = False
    figure: str = ""
    kept: bool = False
    weak: bool = False
    rank: bool = False
    grade: bool = False
    late: bool = False
    counted: bool = False
    change: str = ""
    found: bool = False
    worth: bool = False

    def rule(self, span: tuple[int, int]) -> ReadRule:
        gains = self.act in (Act.GAIN, Act.SCORE, Act.FULL)
        return ReadRule(
            kind=self.kind or Kind.ALL_OR_NOTHING,
            span=span,
            base=self.base,
            deduct=None if gains else self.amount,
            award=self.amount if gains else None,
            step=self.step,
            cap=self.cap,
            tiers=tuple(self.tiers) or None,
        )

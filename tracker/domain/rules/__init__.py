"""The kinds of scoring rule: a closed, typed union.

Adding a kind: its class in the module of its family, with the four last lines of its docstring
(`guide.py`), and one line here; its words in `tracker.wording` (its sentence, its steps, its name).
The type checker and the tests name what is still missing; schemas, `tracker rules` and the pages
follow. Reading it from a document's text takes two places more: `tracker.definitions.clauses` finds
it, `tracker.definitions.drafting` makes it.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tracker.domain.rules.base import Charge, RuleBase, Scene, Status, Step, When, step
from tracker.domain.rules.counts import PerIncident
from tracker.domain.rules.duties import (
    AllOrNothing,
    DutyOnly,
    Every,
    Lateness,
    PerMissing,
    Piece,
)
from tracker.domain.rules.gains import Bonus, Discretionary, External
from tracker.domain.rules.measures import (
    Linear,
    Measured,
    PerStep,
    RankRule,
    Ratio,
    Threshold,
    Tier,
    Tiered,
)
from tracker.domain.rules.relations import (
    Cap,
    Exemption,
    Multiplier,
    NoDouble,
    Relation,
    Veto,
)

Rule = Annotated[
    DutyOnly
    | AllOrNothing
    | PerMissing
    | PerIncident
    | PerStep
    | Threshold
    | Tiered
    | Ratio
    | Linear
    | Lateness
    | RankRule
    | Bonus
    | Discretionary
    | Multiplier
    | Veto
    | NoDouble
    | Cap
    | Exemption
    | External,
    Field(discriminator="kind"),
]

__all__ = [
    "AllOrNothing",
    "Bonus",
    "Cap",
    "Charge",
    "Discretionary",
    "DutyOnly",
    "Every",
    "Exemption",
    "External",
    "Lateness",
    "Linear",
    "Measured",
    "Multiplier",
    "NoDouble",
    "PerIncident",
    "PerMissing",
    "PerStep",
    "Piece",
    "RankRule",
    "Ratio",
    "Relation",
    "Rule",
    "RuleBase",
    "Scene",
    "Status",
    "Step",
    "Threshold",
    "Tier",
    "Tiered",
    "Veto",
    "When",
    "step",
]

"""What a later result would take back: 年均值达标的，追溯免扣.

A rule that waives or scales what others charged, on a result that may come or change until the
cut-off (a measured value, a recognition, a rank), makes the score provisional until then: it is
told without that rule, as it stands, and as it would be if the result were reached.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tracker.domain.ledger import Entry, Ledger
from tracker.domain.points import ZERO, Units
from tracker.domain.programme import Clause, Programme
from tracker.domain.readings import changed
from tracker.domain.record import Record
from tracker.domain.rules import Exemption, Multiplier, Rule
from tracker.domain.rules.base import When
from tracker.domain.scoring import Context, score_filed

NOTHING = "nothing-of-this-name"
"""No fact has this key: `without` it always holds, `recognition` of it never does."""

ALWAYS = {"without": NOTHING}
NEVER = {"recognition": NOTHING}


@dataclass(frozen=True)
class Retroaction:
    """One such rule that has something to act on. `without` and `reached` are the whole score
    without it and with it; `applies` where it has acted by now."""

    rule: str
    clause: str
    without: Units
    reached: Units
    applies: bool

    @property
    def takes_back(self) -> Units:
        """Positive: better if the result is reached."""
        return Units(self.reached - self.without)


@dataclass(frozen=True)
class Settling:
    """One entry that waits for a result: its points without these rules, as it stands, and with all
    results reached."""

    entry: str
    clause: str
    rule: str
    occurrence: str
    provisional: Units
    standing: Units
    reached: Units


@dataclass(frozen=True)
class Retroactive:
    """`provisional` is the score with none of these rules, `standing` the ledger's, `reached` that
    with all of them; `settles_at` is the cut-off, from which the standing score is final."""

    provisional: Units
    standing: Units
    reached: Units
    settles_at: datetime
    final: bool
    rules: tuple[Retroaction, ...]
    entries: tuple[Settling, ...] = ()


def retroaction(
    programme: Programme, context: Context, filed: Record, ledger: Ledger, *, settles_at: datetime
) -> Retroactive | None:
    """None where no such rule has anything to act on."""
    ids = [name for name, clause, rule in programme.rules() if _acts(name, clause, rule, ledger)]
    if not ids:
        return None

    def with_(condition: dict[str, str], *names: str) -> Ledger:
        values = {f"{name}.when": condition for name in _asking_alike(programme, names)}
        return score_filed(changed(programme, values), context, filed)

    found = [
        Retroaction(name, name.partition("#")[0], without, reached, ledger.score == reached)
        for name in ids
        if (without := with_(NEVER, name).score) != (reached := with_(ALWAYS, name).score)
    ]
    if not found:
        return None
    names = [one.rule for one in found]
    never, always = with_(NEVER, *names), with_(ALWAYS, *names)
    return Retroactive(
        never.score, ledger.score, always.score, settles_at, ledger.as_of >= settles_at,
        tuple(found), tuple(_settling(never, ledger, always)),
    )  # fmt: skip


def _settling(never: Ledger, ledger: Ledger, always: Ledger) -> Iterator[Settling]:
    """The entries that the results decide, in the ledger's order."""
    stands = {one.id: one.points for one in ledger.entries}
    reached = {one.id: one.points for one in always.entries}
    for one in never.entries:
        last = reached.get(one.id, ZERO)
        if one.points != last:
            yield Settling(
                one.id, one.clause, one.rule, one.occurrence or one.subject, one.points,
                stands.get(one.id, ZERO), last,
            )  # fmt: skip


def _asking_alike(programme: Programme, names: Sequence[str]) -> Iterator[str]:
    """These and the rules that ask for the very same result: it comes for all of them or none."""
    whens = {name: getattr(rule, "when", None) for name, _, rule in programme.rules()}
    asked = [whens[name] for name in names]
    yield from (name for name, when in whens.items() if when is not None and when in asked)


def _acts(name: str, clause: Clause, rule: Rule, ledger: Ledger) -> bool:
    """Whether it waits for a result and something that it would change was charged."""
    if not isinstance(rule, Exemption | Multiplier) or rule.same_problem:
        return False
    if not any(_is_result(part) for part in rule.when.parts):
        return False
    named = rule.rules or (clause.id,)
    return any(entry.raw and entry.rule != name for entry in _under(ledger, named))


def _is_result(part: When) -> bool:
    return any((part.measure, part.recognition, part.without, part.rank, part.risen))


def _under(ledger: Ledger, names: tuple[str, ...]) -> Iterator[Entry]:
    """By rule, clause, or what lies above it."""
    for entry in ledger.entries:
        if any(
            name in (entry.rule, entry.clause) or entry.clause.startswith(f"{name}.")
            for name in names
        ):
            yield entry

"""What letters, slips and calls say of an obligation as of an instant: its cost, and what acting
now keeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from functools import cached_property

from sqlmodel import Session

from tracker.domain import facts as f
from tracker.domain.forecast import Prices, Saving, end_of_working_week
from tracker.domain.ledger import Entry
from tracker.domain.obligations import Standing
from tracker.domain.points import Units
from tracker.services import scoreboard
from tracker.services.scoreboard import Board
from tracker.store.memory import remembered


class Figures:
    """A programme's board as of one instant, looked up by obligation, and prices as asked for."""

    def __init__(self, board: Board) -> None:
        self.board = board
        calendar_, zone = board.context.calendar, board.programme.tz
        self.until = end_of_working_week(board.as_of, calendar_, zone)
        self.standings = {one.obligation.key: one for one in board.ledger.standings}
        self._savings: dict[str, Saving | None] = {}

    @cached_property
    def facts(self) -> dict[str, f.AnyFact]:
        return {fact.id: fact for fact in self.board.facts}

    def returned(self, one: Standing) -> f.Review | None:
        """The review that sent the last report back, where the unit has to hand in again."""
        if not one.returned:
            return None
        seen = (self.facts.get(id_) for id_ in reversed(one.facts))
        return next((fact for fact in seen if isinstance(fact, f.Review)), None)

    def lost(self, one: Standing) -> Units:
        """What the obligation has cost so far; what several units cost together, each is told."""
        owed = one.obligation
        shared, own = self._charges
        place = (owed.clause, owed.duty, owed.occurrence, owed.unit)
        return Units(shared[place] + own[owed.clause, owed.key])

    @cached_property
    def _charges(self) -> tuple[Counter[tuple[str, str, str, str]], Counter[tuple[str, str]]]:
        """What was charged by clause, duty, occurrence and unit; and to an obligation whose unit is
        not among those that the entry names. Looked through once for all letters."""
        shared: Counter[tuple[str, str, str, str]] = Counter()
        own: Counter[tuple[str, str]] = Counter()
        for entry in self.board.ledger.entries:
            if entry.part == "bonus" or not entry.obligation:
                continue
            duty = entry.obligation.split("/")[1]
            for unit in dict.fromkeys(entry.units):
                shared[entry.clause, duty, entry.occurrence, unit] -= entry.points
            if not self._is_among(entry):
                own[entry.clause, entry.obligation] -= entry.points
        return shared, own

    def _is_among(self, entry: Entry) -> bool:
        standing = self.standings.get(entry.obligation)
        if standing is None:
            return True
        owed = standing.obligation
        return owed.occurrence == entry.occurrence and owed.unit in entry.units

    def price(self, keys: Iterable[str]) -> None:
        """Reckon what acting now keeps, of all these at once."""
        new = {key for key in keys if key not in self._savings}
        if new:
            found = self._prices.savings(new)
            self._savings |= {key: found.get(key) for key in new}

    @cached_property
    def _prices(self) -> Prices:
        board = self.board
        return Prices(board.programme, board.context, board.facts, board.ledger, until=self.until)

    def saving(self, key: str) -> Saving | None:
        """None where acting keeps nothing."""
        self.price([key])
        return self._savings[key]


def figures(session: Session, slug: str, as_of: datetime) -> Figures:
    """Reckoned once for all letters that say how things stand at `as_of`."""
    board = scoreboard.board(session, slug, as_of=as_of)
    key = ("figures", slug, board.version, board.context.calendar.version, len(board.facts), as_of)
    return remembered(session, key, lambda: Figures(board))

"""A programme of one item in one line, facts in one line, and its score."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from schedules.workdays import china
from tracker.domain import facts as f
from tracker.domain.ledger import Ledger
from tracker.domain.obligations import Standing
from tracker.domain.points import points
from tracker.domain.programme import Programme
from tracker.domain.scoring import Context, score

SHANGHAI = ZoneInfo("Asia/Shanghai")
CONTEXT = Context(china())
BRANCH, HOUSING = "env_branch", "housing"


def at(text: str) -> datetime:
    """ "2021-09-30 24:00" and the like, in Shanghai."""
    day, _, clock = text.partition(" ")
    hour, _, minute = (clock or "00:00").partition(":")
    midnight = datetime.fromisoformat(day).replace(tzinfo=SHANGHAI)
    return midnight + timedelta(hours=int(hour), minutes=int(minute))


def clause(**parts: Any) -> dict[str, Any]:
    return {"id": "1", "title": "计分句", "text": "一句计分的话", **parts}


def a_programme(
    *clauses: dict[str, Any], worth: str = "5", year: int = 2021, **parts: Any
) -> Programme:
    """One section, one item worth `worth` points, owed by 生态分局."""
    item = {
        "id": "1",
        "title": "任务",
        "points": worth,
        "responsible_units": [BRANCH],
        "clauses": list(clauses),
        **parts.pop("item", {}),
    }
    return Programme.model_validate(
        {
            "id": "small",
            "title": "小方案",
            "year": year,
            "points": worth,
            "units": [
                {"id": BRANCH, "name": "市生态环境局中方分局", "short": "生态分局"},
                {"id": HOUSING, "name": "县住建局", "short": "住建局"},
            ],
            "sections": [{"id": "1", "title": "板块", "points": worth, "items": [item]}],
            **parts,
        }
    )


class History:
    """Facts in order of entry; each is recorded when it happened unless told otherwise."""

    def __init__(self) -> None:
        self.facts: list[f.AnyFact] = []

    def add(self, fact: str, when: str, *, recorded: str | None = None, **parts: Any) -> f.FactId:
        identity = f.FactId(f"f{len(self.facts) + 1:03d}")
        body = {
            "fact": fact,
            "id": identity,
            "occurred_at": at(when),
            "recorded_at": at(recorded or when),
            **parts,
        }
        self.facts.append(f.FACT.validate_python(body))
        return identity

    def report(self, when: str, *, clause: str = "1", unit: str = BRANCH, **parts: Any) -> f.FactId:
        said = parts if {"done", "count", "share"} & set(parts) else {"done": True, **parts}
        return self.add("report", when, clause=clause, unit=unit, **said)

    def accept(self, report: f.FactId, when: str) -> f.FactId:
        return self.add("review", when, report=report, outcome="accepted")

    def sent_back(self, report: f.FactId, when: str) -> f.FactId:
        return self.add("review", when, report=report, outcome="returned", reason="材料不全")

    def done(self, when: str, **parts: Any) -> None:
        """Reported and accepted at once."""
        self.accept(self.report(when, **parts), when)

    def case(self, name: str, when: str, kind: str = "supervised", unit: str = BRANCH) -> None:
        self.add("case", when, case=name, kind=kind, event="opened", unit=unit, title=name)

    def ledger(self, programme: Programme, as_of: str, **context: Any) -> Ledger:
        instant = at(as_of)
        known = at(context.pop("known", as_of))
        chosen = Context(CONTEXT.calendar, context.get("readings", {}))
        return score(programme, chosen, self.facts, as_of=instant, known_at=known)

    def lost(self, programme: Programme, as_of: str, **context: Any) -> str:
        return str(points(self.ledger(programme, as_of, **context).lost))

    def standing(self, programme: Programme, as_of: str, key: str = "") -> Standing:
        standings = self.ledger(programme, as_of).standings
        return next(one for one in standings if key in one.obligation.key)

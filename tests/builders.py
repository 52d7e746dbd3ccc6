"""Valid things in one line each, and the cast: 县委组织部 leads, 市生态环境局 reviews, 住建局 and
生态分局 owe, a stranger may do nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tracker.definitions.sheets import Contact
from tracker.domain import facts as f
from tracker.domain.programme import Programme
from tracker.store.database import Database, migrate

SHANGHAI = ZoneInfo("Asia/Shanghai")

县委组织部 = "organisation"
市生态环境局 = "env_bureau"
生态分局 = "env_branch"
住建局 = "housing"
STRANGER = "stranger"

UNITS: dict[str, tuple[str, str]] = {
    县委组织部: ("县委组织部", "组织部"),
    市生态环境局: ("市生态环境局", "市局"),
    生态分局: ("市生态环境局中方分局", "生态分局"),
    住建局: ("县住房和城乡建设局", "住建局"),
}


def at(text: str) -> datetime:
    """An instant in UTC from Shanghai's wall clock: "2021-09-30", "2021-09-30 24:00"."""
    day, _, clock = text.partition(" ")
    hour, _, minute = (clock or "00:00").partition(":")
    midnight = datetime.fromisoformat(day).replace(tzinfo=SHANGHAI)
    return (midnight + timedelta(hours=int(hour), minutes=int(minute))).astimezone(UTC)


def clause(name: str = "1", **parts: Any) -> dict[str, Any]:
    """A clause; without duties and rules: due on 30 September, all or nothing."""
    if "duties" not in parts and "rules" not in parts:
        parts["duties"] = [{"kind": "milestone", "id": "done", "on": "2021-09-30"}]
        parts["rules"] = [
            {"kind": "lateness", "duty": "done", "each": "0.1", "every": {"n": 1, "unit": "day"}}
        ]
    return {"id": name, "title": f"任务{name}", "text": f"计分细则{name}", **parts}


def item(
    name: str = "1",
    *clauses: dict[str, Any],
    points: str = "5",
    due_on: str = "",
    responsible: Sequence[str] = (住建局,),
    lead: str = 县委组织部,
    **parts: Any,
) -> dict[str, Any]:
    """An item that 县委组织部 leads, 住建局 owes and 市生态环境局 reviews."""
    if due_on:
        duty = {"kind": "milestone", "id": "done", "on": due_on}
        rule = {"kind": "lateness", "duty": "done", "each": "0.1", "every": {"n": 1, "unit": "day"}}
        clauses = (clause(name, duties=[duty], rules=[rule]), *clauses)
    return {
        "id": name,
        "title": f"任务{name}",
        "points": points,
        "lead_units": [lead],
        "responsible_units": list(responsible),
        "reviewing_units": [市生态环境局],
        "clauses": list(clauses) or [clause(name)],
        **parts,
    }


def a_programme(*items: dict[str, Any], **parts: Any) -> Programme:
    """One section with these items (default: one, due on 30 September 2021)."""
    those = list(items) or [item()]
    total = str(sum(Decimal(one["points"]) for one in those))
    body = {
        "id": "small",
        "title": "小方案",
        "year": 2021,
        "points": total,
        "units": [
            {"id": id_, "name": name, "short": short} for id_, (name, short) in UNITS.items()
        ],
        "sections": [{"id": "1", "title": "板块", "points": total, "items": those}],
    }
    return Programme.model_validate({**body, **parts})


def a_case_item(name: str = "2", *, hours: int = 72, **parts: Any) -> dict[str, Any]:
    """交办件 within so many hours: 0.01, and 0.01 more for each 12 hours, at most 0.3."""
    duty = {"kind": "case", "id": "case", "case": "handed", "within": {"n": hours, "unit": "hour"}}
    rule = {
        "kind": "lateness",
        "duty": "case",
        "base": "0.01",
        "each": "0.01",
        "every": {"n": 12, "unit": "hour"},
        "cap": "0.3",
    }
    return item(name, clause(name, duties=[duty], rules=[rule]), **parts)


def a_monthly_item(name: str = "3", **parts: Any) -> dict[str, Any]:
    """每月25日前 a bulletin; 0.1 for each that is missing."""
    duty = {"kind": "recurring", "id": "bulletin", "freq": "monthly", "due_day": 25}
    rule = {"kind": "per_missing", "duty": "bulletin", "each": "0.1"}
    return item(name, clause(name, duties=[duty], rules=[rule]), **parts)


def a_report(clause: str = "1", *, on: str, unit: str = 住建局, **parts: Any) -> f.Report:
    """Done, submitted and entered at the same instant."""
    given = {"done": True, **parts}
    instant = at(on)
    return f.Report(
        **{"clause": clause, "unit": unit, "occurred_at": instant, "recorded_at": instant, **given}
    )


def an_acceptance(report: str, *, on: str, **parts: Any) -> f.Review:
    instant = at(on)
    return f.Review(
        **{
            "report": report,
            "outcome": "accepted",
            "occurred_at": instant,
            "recorded_at": instant,
            **parts,
        }
    )


def a_contact(unit: str = 住建局, role: str = "contact", **parts: str) -> Contact:
    name = f"{UNITS.get(unit, (unit, unit))[1]}的{role}"
    given = {
        "unit": unit,
        "name": name,
        "role": role,
        "mail": f"{role}@{unit.replace('_', '-')}.example.gov.cn",
        "mobile": "13800000000",
        "place": f"contacts.xlsx {unit} {role}",
        **parts,
    }
    return Contact(**given)


def the_cast(*roles: str) -> list[Contact]:
    """A contact, a head and a leader (or these roles) for every unit of `a_programme`."""
    return [
        a_contact(unit, role) for unit in UNITS for role in roles or ("contact", "head", "leader")
    ]


def migrated(url: str) -> None:
    """For `database_like`: a database with our tables and nothing in them."""
    migrate(url)


def a_database(url: str) -> Database:
    """A simulation's database on a URL that is migrated already: it need not survive power cuts."""
    return Database(url, synchronous="off", busy_seconds=5)


JANUARY = at("2021-01-04 09:00")
NEW_YEAR = date(2021, 1, 1)

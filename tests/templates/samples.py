"""Letters and audits to render; what people typed is as nasty as they can type it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from schedules.deadlines import Deadline, within_days, within_hours, within_workdays
from schedules.workdays import china
from tests.builders import a_case_item, a_monthly_item, a_programme, at, item, 住建局, 生态分局
from tracker.domain import facts as f
from tracker.domain.dispatches import (
    AcceptedLine,
    Links,
    ReminderLine,
    ReminderMail,
    ReviewLine,
    Why,
)
from tracker.domain.obligations import Light
from tracker.domain.points import Units
from tracker.domain.programme import Programme
from tracker.services import readings, weekly
from tracker.services.audit import Audit, Chain, Evidence, NoticeLine, audit
from tracker.services.digest import Audience, Digest, Health
from tracker.services.digest_desk import Acting
from tracker.services.digest_parts import build
from tracker.services.scoreboard import of_documents

SHANGHAI = ZoneInfo("Asia/Shanghai")
NASTY = "<script>alert(1)</script> {{7*7}} {% raw %} {0} \"'\r\nBcc: x@example.org"
NOW = at("2021-10-18 08:30")
PROGRAMME = "2021 年责任清单"


def line(key: str, deadline: Deadline | None, **parts: Any) -> ReminderLine:
    due_at = None if deadline is None else deadline.due_at
    given: dict[str, Any] = {
        "programme": PROGRAMME, "item": "31", "clause": "31.2", "title": f"督办件 {key}",
        "unit": "生态分局", "light": Light.OK, "original_due_at": due_at, "days_late": 0,
        "workdays_late": 0, "returned": False, "lost": Units(0), "keeps": Units(0),
        "why": (Why("0", "contact", NOW),),
        "links": Links(*(f"https://tracker.example/{act}/{key}" for act in "rsevu")),
    }  # fmt: skip
    return ReminderLine(key=key, deadline=deadline, due_at=due_at, **{**given, **parts})


def hours(start: str = "2021-10-12 11:30") -> Deadline:
    return within_hours(at(start), 72, zone=SHANGHAI)


def workdays() -> Deadline:
    return within_workdays(at("2021-09-28 09:00"), 10, zone=SHANGHAI, calendar=china())


def days() -> Deadline:
    return within_days(at("2021-10-14 09:00"), 7, zone=SHANGHAI, calendar=china())


def late(key: str = "09", **parts: Any) -> ReminderLine:
    given: dict[str, Any] = {
        "light": Light.LATE, "days_late": 3, "workdays_late": 1, "lost": Units(600),
        "keeps": Units(1000), "elapsed_late": timedelta(hours=68, minutes=30),
        "why": (Why("step+5", "contact", NOW), Why("+3", "head", NOW)),
        "next_at": at("2021-10-20 08:30"), "next_role": "head",
    }  # fmt: skip
    return line(key, hours(), **{**given, **parts})


def a_mail(*lines: ReminderLine, **parts: Any) -> ReminderMail:
    given: dict[str, Any] = {
        "person": "张工", "unit": "生态分局", "programme": PROGRAMME, "version": 2,
        "zone": SHANGHAI, "as_of": NOW, "window": "2021-10-18", "until": at("2021-10-22 24:00"),
        "message_id": "<d20211018@tracker.example>", "expires_at": at("2021-10-20 24:00"),
        "home": "https://tracker.example/m/1", "attachment": "tracker-20211018.ics",
        "roles": ("contact",),
    }  # fmt: skip
    return ReminderMail(lines=lines, **{**given, **parts})


def a_full_mail() -> ReminderMail:
    return a_mail(
        late(title=NASTY),
        line("07", workdays(), light=Light.DUE, keeps=Units(1000), returned=True),
        line("0231", days(), keeps=Units(500), unit=NASTY, programme=NASTY),
        line("x", None, light=Light.NONE),
        person=NASTY, programme=NASTY, accepted=(accepted(title=NASTY, programme=NASTY),),
        reviews=(to_review(title=NASTY, unit=NASTY, programme=NASTY),), caught_up=3,
    )  # fmt: skip


def sent_back(key: str = "07", **parts: Any) -> ReminderLine:
    given: dict[str, Any] = {
        "returned": True, "returned_at": at("2021-10-17 10:00"), "returned_because": NASTY,
        "why": (Why("returned:f-17", "contact", at("2021-10-17 10:00")),),
    }  # fmt: skip
    return line(key, workdays(), **{**given, **parts})


def accepted(**parts: Any) -> AcceptedLine:
    given: dict[str, Any] = {
        "key": "k", "programme": PROGRAMME, "clause": "20.5", "title": "信息稿", "unit": "生态分局",
        "accepted_at": at("2021-10-16 09:00"), "submitted_at": at("2021-10-15 16:00"),
    }  # fmt: skip
    return AcceptedLine(**{**given, **parts})


def to_review(key: str = "05", **parts: Any) -> ReviewLine:
    given: dict[str, Any] = {
        "programme": PROGRAMME, "clause": "20.5", "title": f"信息稿 {key}", "unit": "生态分局",
        "submitted_at": at("2021-09-28 09:00"), "deadline": workdays(), "workdays_late": 2,
        "why": (Why(f"waiting:f-{key}:+1", "reviewer", NOW),),
        "link": f"https://tracker.example/p/small/obligation?key={key}",
    }  # fmt: skip
    return ReviewLine(key=key, **{**given, **parts})


def a_review_mail(**parts: Any) -> ReminderMail:
    """To somebody who reviews, and owes nothing themselves."""
    given: dict[str, Any] = {
        "unit": "", "roles": ("reviewer",), "attachment": "",
        "reviews": (to_review(), to_review("06", workdays_late=0)),
    }  # fmt: skip
    return a_mail(**{**given, **parts})


def a_list() -> Programme:
    nasty = item("4", due_on="2021-10-20")
    nasty["clauses"][0]["title"] = NASTY
    reading = {
        "id": "steps", "clause": "2", "question": NASTY, "default": "completed",
        "alternatives": [
            {"id": "completed", "says": "满"},
            {"id": "started", "says": "起", "set": {"2#1.steps": "started"}},
        ],
    }  # fmt: skip
    return a_programme(
        item("1", due_on="2021-10-15", responsible=[住建局, 生态分局]),
        a_case_item("2", responsible=[生态分局]),
        a_monthly_item("3"),
        nasty,
        title=NASTY,
        readings=[reading],
    )


def some_facts() -> list[f.AnyFact]:
    opened = f.CaseEvent(
        id=f.FactId("o"), case="09", kind="handed", unit=生态分局, event="opened", title=NASTY,
        occurred_at=at("2021-10-12 11:30"), recorded_at=at("2021-10-12 11:30"),
    )  # fmt: skip
    asked = f.Extension(
        id=f.FactId("e"), clause="4", duty="done", unit=住建局, outcome="requested",
        until=date(2021, 10, 27), reason=NASTY, occurred_at=NOW, recorded_at=NOW,
    )  # fmt: skip
    refused = asked.model_copy(update={"id": f.FactId("n"), "clause": "1", "outcome": "refused"})
    return [opened, asked, refused]


def a_digest(audience: Audience = Audience.LEADER, unit: str = "") -> Digest:
    programme, facts = a_list(), some_facts()
    now = of_documents(programme, facts, china(), as_of=NOW)
    before = of_documents(programme, facts, china(), as_of=NOW - timedelta(days=7))
    return build(
        now, before, weekly.outlook_of(now), audience=audience, unit=unit,
        who={住建局: Acting(NASTY)}, register=readings.of_board(now),
        health=[Health("tick", False, NASTY)],
    )  # fmt: skip


def a_quiet_digest() -> Digest:
    """January: nothing lost, nothing due, nothing to decide."""
    programme = a_programme(item("1", due_on="2021-12-31"))
    at_ = at("2021-01-04 08:30")
    now = of_documents(programme, [], china(), as_of=at_)
    before = of_documents(programme, [], china(), as_of=at_ - timedelta(days=7))
    return build(now, before, weekly.outlook_of(now), audience=Audience.LEADER)


def an_audit() -> Audit:
    board = of_documents(a_list(), some_facts(), china(), as_of=NOW)
    told = tuple(
        NoticeLine("1/done/housing", rung, role, NOW, NOW, state, reason, f"<{rung}@x.example>")
        for rung, role, state, reason in [
            ("0", "contact", "sent", ""), ("+1", "contact", "suppressed", "receipt"),
            ("+3", "head", "bounced", NASTY),
        ]
    )  # fmt: skip
    evidence = Evidence(told, Chain(12, "a" * 64, True, 3), {"1/done/housing": 7})
    return audit(board, first=date(2021, 1, 1), last=date(2021, 12, 31), evidence=evidence)

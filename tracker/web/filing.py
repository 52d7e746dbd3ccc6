"""From a form to facts: checked field by field, once however often it is sent."""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from tracker.domain import facts as f
from tracker.domain.errors import Refused
from tracker.domain.programme import CaseDuty, Clause, Programme, owing
from tracker.services import readings, reporting
from tracker.web.asking import Asked, Desk, day, fact_named, instant
from tracker.web.evidence import folder_of, keep
from tracker.web.intake import Form, Unclear
from tracker.web.matter import Matter

MOST_NOTE = 2000


class Wrong(Exception):
    """Fields that cannot be taken, each with the key of the sentence that says why."""

    def __init__(self, fields: dict[str, str]) -> None:
        self.fields = fields
        super().__init__(", ".join(fields))


def fact_id(asked: Asked, once: str) -> f.FactId:
    """The id that one filling-in of a form always gets."""
    if not 8 <= len(once) <= 64:
        raise Unclear("form")
    mixed = hmac.new(asked.runtime.secret.encode(), f"fact|{once}".encode(), "sha256")
    return f.FactId(f"w-{mixed.hexdigest()[:16]}")


def receipt_number(fact: str) -> str:
    """What a person can read out on the telephone."""
    short = fact.removeprefix("w-").upper()
    return "-".join(short[at : at + 4] for at in range(0, min(len(short), 12), 4))


def file(
    asked: Asked, slug: str, id_: f.FactId, make: Callable[[Session], Sequence[f.AnyFact]], by: str
) -> f.FactId:
    """Record what `make` gives, whose first fact has this id, unless it is on file already."""
    try:
        with asked.runtime.database.write() as session:
            if fact_named(reporting.facts(session, slug), id_) is None:
                reporting.record_facts(session, slug, make(session), now=asked.now, by=by)
    except Refused:
        # The same form at the same moment: the other one was first.
        with asked.runtime.database.read() as session:
            if fact_named(reporting.facts(session, slug), id_) is None:
                raise
    return id_


def about(it: Matter) -> dict[str, Any]:
    owed = it.obligation
    return {
        "clause": owed.clause,
        "duty": owed.duty,
        "unit": owed.unit,
        "occurrence": owed.occurrence,
    }


# -- a report ------------------------------------------------------------------------------------


def report(
    asked: Asked, desk: Desk, it: Matter, form: Form, *, by: str, backdated: bool
) -> f.FactId:
    """填报. `backdated`: the office may enter what reached it earlier; a unit submits now."""
    id_ = fact_id(asked, form.text("once"))
    said = progress(it, form)
    note = form.text("note", most=MOST_NOTE)
    if backdated:
        at = submitted_at(asked, desk, it, form)
    else:
        at, note = asked.now, _with_completion(desk, form, note)
    with asked.runtime.database.read() as session:
        if fact_named(reporting.facts(session, desk.slug), id_) is not None:
            return id_
    evidence = keep(folder_of(asked.runtime.settings.data), form.uploads)
    made = f.Report(
        id=id_, occurred_at=at, recorded_at=asked.now, note=note, evidence=evidence,
        **about(it), **said,
    )  # fmt: skip
    return file(asked, desk.slug, id_, lambda _: [made], by)


def progress(it: Matter, form: Form) -> dict[str, Any]:
    """What the form says about how far it is, in the report's own terms."""
    state = form.text("state")
    if state not in ("done", "going"):
        raise Wrong({"state": "choose"})
    if it.asks_for == "done":
        return {"done": state == "done"}
    if state == "done":
        return {"done": True}
    number = _number(form.text("amount"))
    if number is None:
        raise Wrong({"amount": "number"})
    if it.asks_for == "count":
        return {"count": number}
    if number > 100:
        raise Wrong({"amount": "percent"})
    return {"share": number / 100}


def _number(text: str) -> Decimal | None:
    """A plain number as people write it, full-width digits, commas and a per cent sign included."""
    plain = unicodedata.normalize("NFKC", text).replace(",", "").removesuffix("%").strip()
    return Decimal(plain) if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", plain) else None


def submitted_at(asked: Asked, desk: Desk, it: Matter, form: Form) -> datetime:
    """Empty, or the minute that runs: now."""
    at = moment(form.text("at"), desk, "at")
    if at is None or at >= asked.now.replace(second=0, microsecond=0):
        if at is not None and at > asked.now:
            raise Wrong({"at": "future"})
        return asked.now
    if at < it.obligation.starts_at:
        raise Wrong({"at": "before_start"})
    return at


def moment(text: str, desk: Desk, name: str) -> datetime | None:
    if not text:
        return None
    try:
        return instant(text, desk.zone)
    except Unclear as mistake:
        raise Wrong({name: "instant"}) from mistake


def _with_completion(desk: Desk, form: Form, note: str) -> str:
    """What a unit says about when it was done is for the reviewer: it moves no submission."""
    done_at = moment(form.text("at"), desk, "at")
    if done_at is None:
        return note
    told = done_at.astimezone(desk.zone).strftime("%Y-%m-%d %H:%M")
    return f"{note}\n完成于 / done at {told}".strip()[:MOST_NOTE]


# -- the office ----------------------------------------------------------------------------------


def review(asked: Asked, desk: Desk, form: Form, *, by: str) -> f.FactId:
    outcome, reason = form.text("outcome"), form.text("reason")
    if outcome not in ("accepted", "returned"):
        raise Wrong({"outcome": "choose"})
    if outcome == "returned" and not reason:
        raise Wrong({"reason": "reason"})
    id_ = fact_id(asked, form.text("once"))
    made = f.Review(
        id=id_, occurred_at=asked.now, recorded_at=asked.now, report=f.FactId(form.text("report")),
        outcome="accepted" if outcome == "accepted" else "returned", reason=reason,
    )  # fmt: skip

    def first(session: Session) -> list[f.AnyFact]:
        _refuse_second_review(reporting.facts(session, desk.slug), made)
        return [made]

    return file(asked, desk.slug, id_, first, by)


def _refuse_second_review(known: Iterable[f.AnyFact], made: f.Review) -> None:
    for fact in known:
        if isinstance(fact, f.Review) and fact.report == made.report:
            raise Refused(f"这次填报已经审核 / report {made.report} was reviewed: {fact.outcome}")


def extension(asked: Asked, desk: Desk, it: Matter, form: Form, *, by: str) -> f.FactId:
    """延期: asked for by the unit, or approved or refused by the office."""
    outcome, reason = form.text("outcome") or "requested", form.text("reason")
    wrong: dict[str, str] = {}
    if outcome not in ("requested", "approved", "refused"):
        raise Wrong({"outcome": "choose"})
    if not reason:
        wrong["reason"] = "reason"
    until, until_at = _new_limit(desk, it, form)
    if outcome != "refused":
        wrong |= _limit_mistakes(desk, it, until, until_at)
    if wrong:
        raise Wrong(wrong)
    id_ = fact_id(asked, form.text("once"))
    made = f.Extension(
        id=id_, occurred_at=asked.now, recorded_at=asked.now, reason=reason, **about(it),
        outcome=outcome,  # type: ignore[arg-type]  # one of the three, as checked above
        until=None if until_at else until, until_at=until_at,
    )  # fmt: skip
    return file(asked, desk.slug, id_, lambda _: [made], by)


def _new_limit(desk: Desk, it: Matter, form: Form) -> tuple[Any, datetime | None]:
    if hourly(it):
        return None, moment(form.text("until_at"), desk, "until_at")
    try:
        text = form.text("until")
        return (day(text, desk.programme.closes_on) if text else None), None
    except Unclear as mistake:
        raise Wrong({"until": "day"}) from mistake


def hourly(it: Matter) -> bool:
    deadline = it.obligation.deadline
    return deadline is not None and deadline.kind == "hours"


def _limit_mistakes(
    desk: Desk, it: Matter, until: Any, until_at: datetime | None
) -> dict[str, str]:
    deadline = it.obligation.deadline
    if until is None and until_at is None:
        return {"until_at" if hourly(it) else "until": "missing"}
    if deadline is None:
        return {}
    if until_at is not None and until_at <= deadline.due_at:
        return {"until_at": "not_later"}
    if until is not None and until <= deadline.on:
        return {"until": "not_later"}
    return {}


def open_case(asked: Asked, desk: Desk, form: Form, *, by: str) -> str:
    """交办件登记; returns the case's id."""
    kind, case = form.text("kind", most=60), form.text("case", most=60)
    unit, title = form.text("unit", most=60), form.text("title", most=200)
    given = {"kind": kind, "case": case, "unit": unit, "title": title}
    wrong = {name: "missing" for name, text in given.items() if not text}
    if "/" in case:
        wrong["case"] = "no_slash"
    known = case_kinds(desk.programme).get(kind)
    units = known.units if known else []
    if kind and not units:
        wrong["kind"] = "choose"
    if unit and units and unit not in units:
        wrong["unit"] = "not_owing"
    received_at = moment(form.text("at"), desk, "at") or asked.now
    if received_at > asked.now:
        wrong["at"] = "future"
    if wrong:
        raise Wrong(wrong)
    with asked.runtime.database.write() as session:
        id_ = fact_id(asked, form.text("once"))
        if fact_named(reporting.facts(session, desk.slug), id_) is None:
            _refuse_known_case(session, desk.slug, case)
            made = f.CaseEvent(
                id=id_, case=case, kind=kind, unit=unit, title=title, event="opened",
                occurred_at=received_at, recorded_at=asked.now,
            )  # fmt: skip
            reporting.record_facts(session, desk.slug, [made], now=asked.now, by=by)
    return case


def _refuse_known_case(session: Session, slug: str, case: str) -> None:
    if any(isinstance(one, f.CaseEvent) and one.case == case
           for one in reporting.facts(session, slug)):  # fmt: skip
        raise Wrong({"case": "case_known"})


def close_case(asked: Asked, desk: Desk, form: Form, *, by: str) -> str:
    case = form.text("case", most=60)
    id_ = fact_id(asked, form.text("once"))
    at = moment(form.text("at"), desk, "at") or asked.now
    if at > asked.now:
        raise Wrong({"at": "future"})
    made = f.CaseEvent(
        id=id_, case=case, event="closed", duty=form.text("duty"), note=form.text("note"),
        occurred_at=at, recorded_at=asked.now,
    )  # fmt: skip
    file(asked, desk.slug, id_, lambda _: [made], by)
    return case


@dataclass
class Kind:
    """A kind of case: the units that may get one, the clauses whose clocks it starts."""

    units: list[str]
    clauses: list[Clause]


def case_kinds(programme: Programme) -> dict[str, Kind]:
    """In the programme's order."""
    found: dict[str, Kind] = {}
    for _, item, clause in programme.clauses.values():
        for duty in clause.duties:
            if isinstance(duty, CaseDuty):
                kind = found.setdefault(duty.case, Kind([], []))
                kind.units += [unit for unit in owing(item, clause) if unit not in kind.units]
                kind.clauses += [clause] if clause not in kind.clauses else []
    return found


def receipt(asked: Asked, desk: Desk, it: Matter, form: Form, *, by: str, role: str) -> f.FactId:
    """签收, once for each filling-in."""
    id_ = fact_id(asked, form.text("once"))
    made = f.Receipt(
        id=id_, occurred_at=asked.now, recorded_at=asked.now, role=role, note=form.text("note"),
        **about(it),
    )  # fmt: skip
    return file(asked, desk.slug, id_, lambda _: [made], by)


def decided(asked: Asked, desk: Desk, form: Form, *, by: str) -> str:
    """A reading is decided by a named person with a reason."""
    name, choice = form.text("reading"), form.text("choice")
    person, reason = form.text("person", most=60), form.text("reason", most=500)
    wrong = {field: "missing" for field, text in {"choice": choice, "person": person,
             "reason": reason}.items() if not text}  # fmt: skip
    if wrong:
        raise Wrong(wrong)
    with asked.runtime.database.write() as session:
        readings.decide(session, desk.slug, name, choice, person=person, reason=reason,
                        now=asked.now, by=by)  # fmt: skip
    return name

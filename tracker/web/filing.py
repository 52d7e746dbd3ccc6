"""From a form to facts: checked field by field, once however often it is sent."""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from schedules.deadlines import closes_at
from tracker.domain import facts as f
from tracker.domain.errors import Unfit
from tracker.services import cases, readings, reporting
from tracker.web.asking import Asked, Desk, day, fact_named, instant
from tracker.web.evidence import Strange, folder_of, keep
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


def file(asked: Asked, act: Callable[[Session], f.AnyFact]) -> f.FactId:
    """What the use case records, in a transaction; Wrong where a part of it does not fit."""
    try:
        with asked.runtime.database.write() as session:
            return act(session).id
    except Unfit as unfit:
        raise Wrong({part: misfit.value for part, misfit in unfit.parts.items()}) from unfit


# -- a report ------------------------------------------------------------------------------------


def report(
    asked: Asked, desk: Desk, it: Matter, form: Form, *, by: str, backdated: bool
) -> f.FactId:
    """填报. `backdated`: the office may enter what reached it earlier; a unit submits now."""
    id_ = fact_id(asked, form.text("once"))
    said = progress(it, form)
    note = form.text("note", most=MOST_NOTE)
    at: datetime | None = None
    if backdated:
        at = submitted_at(asked, desk, form)
    else:
        note = _with_completion(desk, form, note)
    with asked.runtime.database.read() as session:
        if fact_named(reporting.facts(session, desk.slug), id_) is not None:
            return id_
    try:
        evidence = keep(folder_of(asked.runtime.settings.data), form.uploads)
    except Strange as strange:
        raise Wrong({"evidence": f"{strange.fault}|{strange.name}"}) from strange
    key = it.obligation.key
    return file(asked, lambda session: reporting.report_progress(
        session, desk.slug, key, now=asked.now, by=by, id_=id_, submitted_at=at, note=note,
        evidence=evidence, **said,
    ))  # fmt: skip


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


def submitted_at(asked: Asked, desk: Desk, form: Form) -> datetime | None:
    """None for now: where nothing is written, or the minute that runs."""
    at = moment(form.text("at"), desk, "at")
    this_minute = asked.now.replace(second=0, microsecond=0)
    return None if at is not None and this_minute <= at <= asked.now else at


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
    """审核, or taking one back (`taken_back`, of the `review` that the form names)."""
    outcome = form.text("outcome")
    if outcome == "taken_back":
        return file(asked, lambda session: reporting.take_back_review(
            session, desk.slug, form.text("review"), reason=form.text("reason"), now=asked.now,
            by=by, id_=fact_id(asked, form.text("once")),
        ))  # fmt: skip
    if outcome not in ("accepted", "returned"):
        raise Wrong({"outcome": "choose"})
    return file(asked, lambda session: reporting.review(
        session, desk.slug, form.text("report"), reason=form.text("reason"), now=asked.now, by=by,
        outcome="accepted" if outcome == "accepted" else "returned",
        id_=fact_id(asked, form.text("once")),
    ))  # fmt: skip


def extension(asked: Asked, desk: Desk, it: Matter, form: Form, *, by: str) -> f.FactId:
    """延期: asked for by the unit, or approved or refused by the office."""
    outcome, reason = form.text("outcome") or "requested", form.text("reason")
    said: dict[str, Any] = {
        "now": asked.now, "by": by, "reason": reason, "id_": fact_id(asked, form.text("once"))
    }  # fmt: skip
    key = it.obligation.key
    if outcome == "refused":
        return file(asked, lambda session: reporting.refuse_extension(
            session, desk.slug, key, **said))  # fmt: skip
    acts = {"requested": reporting.ask_extension, "approved": reporting.grant_extension}
    if outcome not in acts:
        raise Wrong({"outcome": "choose"})
    until, until_at = _new_limit(desk, it, form)
    if until is None and until_at is None:
        raise Wrong({"until_at" if hourly(it) else "until": "missing"})
    return file(asked, lambda session: acts[outcome](
        session, desk.slug, key, until=until, until_at=until_at, **said))  # fmt: skip


def only_asking(form: Form) -> Form:
    """A unit asks; whatever else its form may say, the office decides."""
    fields = dict(form.fields)
    fields["outcome"] = "requested"
    return Form(fields)


def supposed_extension(asked: Asked, desk: Desk, it: Matter, form: Form) -> f.Extension:
    """What granting it now would record; Wrong where it names no limit."""
    until, until_at = _new_limit(desk, it, form)
    if until is None and until_at is None:
        raise Wrong({"until_at" if hourly(it) else "until": "missing"})
    limit = until_at if until is None else closes_at(until, desk.zone)
    if limit is not None and it.obligation.due_at is not None and limit <= it.obligation.due_at:
        raise Wrong({"until_at" if hourly(it) else "until": "not_later"})
    return f.Extension(
        **reporting.names_of(it.obligation), occurred_at=asked.now, recorded_at=asked.now,
        outcome="approved", until=until, until_at=until_at,
    )  # fmt: skip


def as_granted(asked: Asked, desk: Desk, it: Matter) -> f.Extension | None:
    """What granting the open request now would record; None where there is none, or where its limit
    is not later than the one that holds."""
    if it.request is None:
        return None
    until, until_at = it.request.until, it.request.until_at
    wanted = until.isoformat() if until else ""
    local = until_at.astimezone(desk.zone).strftime("%Y-%m-%dT%H:%M") if until_at else ""
    try:
        return supposed_extension(asked, desk, it, Form({"until": wanted, "until_at": local}))
    except Wrong:
        return None


def _new_limit(desk: Desk, it: Matter, form: Form) -> tuple[Any, datetime | None]:
    if hourly(it):
        return None, moment(form.text("until_at"), desk, "until_at")
    return day_of(form, desk, "until"), None


def day_of(form: Form, desk: Desk, name: str) -> date | None:
    text = form.text(name)
    try:
        return day(text, desk.programme.closes_on) if text else None
    except Unclear as mistake:
        raise Wrong({name: "day"}) from mistake


def hourly(it: Matter) -> bool:
    deadline = it.obligation.deadline
    return deadline is not None and deadline.kind == "hours"


def open_case(asked: Asked, desk: Desk, form: Form, *, by: str) -> str:
    """交办件登记; returns the case's id, made where the form has none."""
    given = form.text("case", most=60)
    received_at = moment(form.text("at"), desk, "at") or asked.now
    due_on = day_of(form, desk, "due_on")
    with asked.runtime.database.read() as session:
        case = given or cases.free_number(session, desk.slug, received_at)
    file(asked, lambda session: cases.open_case(
        session, desk.slug, case, kind=form.text("kind", most=60),
        unit=form.text("unit", most=60), title=form.text("title", most=200),
        received_at=received_at, now=asked.now, by=by, id_=fact_id(asked, form.text("once")),
        due_on=due_on,
    ))  # fmt: skip
    return case


def close_case(asked: Asked, desk: Desk, form: Form, *, by: str) -> str:
    case, closed_at = form.text("case", most=60), moment(form.text("at"), desk, "at")
    file(asked, lambda session: cases.close_case(
        session, desk.slug, case, closed_at=closed_at, duty=form.text("duty"),
        note=form.text("note"), now=asked.now, by=by, id_=fact_id(asked, form.text("once")),
    ))  # fmt: skip
    return case


def receipt(asked: Asked, desk: Desk, it: Matter, form: Form, *, by: str, role: str) -> f.FactId:
    """签收, once for each filling-in."""
    return file(asked, lambda session: reporting.sign_receipt(
        session, desk.slug, it.obligation.key, now=asked.now, by=by, role=role,
        note=form.text("note"), id_=fact_id(asked, form.text("once")),
    ))  # fmt: skip


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

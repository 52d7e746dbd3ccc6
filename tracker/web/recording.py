"""From a form to a fact of any kind that a clause asks for: checked field by field, once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from tracker.domain import facts as f
from tracker.domain.asks import Ask
from tracker.services import reporting
from tracker.web.asking import Asked, Desk
from tracker.web.filing import MOST_NOTE, Wrong, fact_id, moment
from tracker.web.intake import Form, Unclear

ABOUT = ("suspension", "waiver", "close_out")
"""Facts about an obligation; the form names it by its key."""

_KEY = {
    "finding": "finding", "measurement": "measure", "target": "target", "rank": "rank",
    "decision": "rule", "recognition": "recognition", "activity": "activity",
}  # fmt: skip
_NUMBERS = frozenset(
    {"count", "value", "baseline", "place", "of", "best", "worst", "previous", "passed_over",
     "points"}
)  # fmt: skip
_TEXTS = {"class": 60, "subject": 200, "problem": 100, "grade": 20, "site": 100, "period": 40,
          "person": 60, "reason": 500}  # fmt: skip
_NEEDED = {
    "measurement": ("value",), "target": ("value",), "rank": ("place",),
    "decision": ("points", "person", "reason"), "external_date": ("on",),
    "suspension": ("reason",), "waiver": ("reason",), "close_out": ("reason",),
    "withdrawal": ("note",),
}  # fmt: skip

_FIELDS = {
    "finding": ("count", "class", "subject", "problem"),
    "measurement": ("value", "grade", "baseline", "site", "period"),
    "target": ("value",),
    "rank": ("place", "of", "value", "best", "worst", "previous", "passed_over"),
    "decision": ("points", "person", "reason"),
    "recognition": ("count", "class", "problem"),
    "external_date": ("on",),
    "activity": (),
    "suspension": ("reason", "ends_at"),
    "waiver": ("reason",),
    "close_out": ("reason",),
    "withdrawal": (),
}  # fmt: skip


KINDS = tuple(_FIELDS)


def fields_of(ask: Ask) -> tuple[str, ...]:
    """What the form of this ask shows: of a measurement the grade only where grades are told
    apart, and so on."""
    left_out = {
        "grade": not ask.grades,
        "value": bool(ask.grades) or (ask.kind == "rank" and "peers" not in ask.parts),
        "baseline": "baseline" not in ask.parts,
        "class": not ask.classes,
        "best": "peers" not in ask.parts,
        "worst": "peers" not in ask.parts,
        "of": ask.kind == "rank" and not ask.parts & {"of", "peers"},
        "previous": "previous" not in ask.parts,
        "passed_over": "passed_over" not in ask.parts,
    }
    return tuple(name for name in _FIELDS[ask.kind] if not left_out.get(name, False))


def record(asked: Asked, desk: Desk, clause: str, form: Form) -> f.FactId:
    """Wrong names the fields that cannot be taken; DefinitionError what does not fit the programme;
    nothing is recorded then."""
    fact = fact_of(asked, desk, clause, form)
    with asked.runtime.database.write() as session:
        if reporting.once(session, desk.slug, fact.id, type(fact)) is None:
            reporting.recorded(session, desk.slug, fact, now=asked.now, by=asked.by)
    return fact.id


def fact_of(asked: Asked, desk: Desk, clause: str, form: Form) -> f.AnyFact:
    """What the form would record; Wrong as above."""
    kind = form.text("kind")
    if kind not in _FIELDS:
        raise Unclear("form")
    id_ = fact_id(asked, form.text("once"))
    at = moment(form.text("at"), desk, "at") or asked.now
    if at > asked.now:
        raise Wrong({"at": "future"})
    body = _body(kind, clause, desk, form)
    fact: f.AnyFact = _valid(
        {"fact": kind, "id": id_, "occurred_at": at, "recorded_at": asked.now, **body}
    )
    return fact


def _body(kind: str, clause: str, desk: Desk, form: Form) -> dict[str, Any]:
    body: dict[str, Any] = {"note": form.text("note", most=MOST_NOTE)}
    if kind in _KEY:
        body[_KEY[kind]] = form.text("key", most=200)
    if unit := form.text("unit", most=60):
        body["unit"] = unit
    if kind == "external_date":
        body |= {"clause": clause, "duty": form.text("key", most=100)}
    if kind in ABOUT:
        body |= _obligation(desk, form)
    if replaced := form.text("supersedes", most=100):
        body["supersedes"] = replaced
    wrong: dict[str, str] = {}
    for name in _FIELDS[kind]:
        try:
            value = _value(name, desk, form)
        except ValueError:
            wrong[name] = "number" if name in _NUMBERS else "day"
            continue
        if value is not None:
            body[name] = value
    wrong |= {name: "missing" for name in _lacking(kind, body) if name not in wrong}
    if wrong:
        raise Wrong(wrong)
    return body


def _lacking(kind: str, body: dict[str, Any]) -> Iterable[str]:
    for name in _NEEDED.get(kind, ()):
        if not body.get(name) and not (name == "value" and body.get("grade")):
            yield name


def _obligation(desk: Desk, form: Form) -> dict[str, Any]:
    key = form.text("key", most=300)
    for one in desk.board.ledger.standings:
        if one.obligation.key == key:
            return reporting.names_of(one.obligation)
    raise Wrong({"key": "choose"})


def _value(name: str, desk: Desk, form: Form) -> object:
    """None where nothing is written. ValueError for what is no number or no day."""
    if name in _NUMBERS:
        return _number(form.text(name))
    if name == "ends_at":
        return moment(form.text(name), desk, name)
    if name == "on":
        text = form.text(name)
        if text and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            raise ValueError(text)
        return text or None
    return form.text(name, most=_TEXTS[name]) or None


def _number(text: str) -> str | None:
    """As people write it: full-width digits, commas, either minus sign."""
    plain = unicodedata.normalize("NFKC", text).replace(",", "").replace("−", "-").strip()
    if not plain:
        return None
    if not re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,6})?", plain):
        raise ValueError(text)
    return plain


def _valid(body: dict[str, Any]) -> Any:
    """The fact; Wrong where a figure is outside of what its kind allows."""
    try:
        return f.FACT.validate_python(body)
    except ValidationError as error:
        named = {str(one["loc"][-1]) for one in error.errors() if one["loc"]}
        wrong = {
            name: "day" if name == "on" else "number" for name in named & set(_FIELDS[body["fact"]])
        }
        raise Wrong(wrong or {"kind": "choose"}) from error


def written(fact: f.AnyFact, desk: Desk) -> dict[str, str]:
    """A fact as the fields of its form: what a correction begins with."""
    body = fact.model_dump(mode="json", by_alias=True, exclude_none=True)
    fields = {name: str(value) for name, value in body.items() if not isinstance(value, list)}
    fields["key"] = fields.get(_KEY.get(fact.fact, "duty"), "")
    fields["at"] = _local(fact.occurred_at, desk)
    if isinstance(fact, f.Suspension) and fact.ends_at is not None:
        fields["ends_at"] = _local(fact.ends_at, desk)
    return fields


def _local(at: datetime, desk: Desk) -> str:
    return at.astimezone(desk.zone).strftime("%Y-%m-%dT%H:%M")

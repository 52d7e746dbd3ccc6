"""Names of people in a signed ledger: what is sealed holds references, the names stand beside it.

So a person can be forgotten without breaking the seal. A ledger that was signed before names stood
apart is rewritten once when somebody in it is forgotten, and the trail says so; as it does of the
decisions on record that name who made them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from tracker.domain.ledger import Entry, Ledger
from tracker.domain.rules.base import Step
from tracker.services import trail
from tracker.store.memory import forget_at_commit
from tracker.store.tables import FactRow, PersonRow, SignoffRow

FORGOTTEN = "已删除 / erased"

NAMES = "names"
"""The part of a signed body that is not sealed: names by reference, empty once forgotten."""


def referred(ledger: Ledger) -> tuple[Ledger, dict[str, str]]:
    """The ledger with a reference in place of every name, and the names by reference: ⟦1⟧, ⟦2⟧ in
    order of appearance, so that the same ledger is sealed alike."""
    references: dict[str, str] = {}
    entries = tuple(_entry(one, references) for one in ledger.entries)
    return replace(ledger, entries=entries), {ref: name for name, ref in references.items()}


def _entry(entry: Entry, references: dict[str, str]) -> Entry:
    if not any(_names_one(step) for step in entry.steps):
        return entry
    return entry._replace(told=tuple([_step(step, references) for step in entry.steps]))


def _names_one(step: Step) -> bool:
    return any(name == "person" for name, _ in step.values)


def _step(step: Step, references: dict[str, str]) -> Step:
    if not _names_one(step):
        return step
    values = dict(step.values)
    person = str(values["person"])
    values["person"] = references.setdefault(person, f"⟦{len(references) + 1}⟧")
    return Step(step.code, tuple(values.items()))


def sealed(body: Mapping[str, Any]) -> dict[str, Any]:
    """What the digest is of."""
    return {key: value for key, value in body.items() if key != NAMES}


def digest(body: Mapping[str, Any]) -> str:
    return trail.digest(sealed(body))


def named(body: Mapping[str, Any]) -> dict[str, Any]:
    """As people read it: with the names that are not forgotten."""
    text = json.dumps(sealed(body), ensure_ascii=False)
    for reference, name in body.get(NAMES, {}).items():
        if name:
            text = text.replace(reference, json.dumps(name, ensure_ascii=False)[1:-1])
    found: dict[str, Any] = json.loads(text)
    return found


def forget(session: Session, name: str, reference: str, *, now: datetime) -> None:
    """Takes a person's name out of every decision and signed score, unless somebody else on file
    has that name: then nobody knows whose it is."""
    others = select(PersonRow.id).where(PersonRow.name == name, col(PersonRow.erased_at).is_(None))
    if not name or session.exec(others).first() is not None:
        return
    _forget_decisions(session, name, reference, now)
    for row in session.exec(select(SignoffRow)):
        if row.person == name:
            row.person = ""
        if name in row.body.get(NAMES, {}).values():
            kept = {ref: "" if one == name else one for ref, one in row.body[NAMES].items()}
            row.body = {**row.body, NAMES: kept}
        elif NAMES not in row.body and _is_in(row.body, name):
            _rewrite(session, row, name, reference, now)


DECIDED = ("decision", "reading")
"""The kinds of fact that name a person; the rest of each stays as it was recorded."""


def _forget_decisions(session: Session, name: str, reference: str, now: datetime) -> None:
    wanted = select(FactRow).where(col(FactRow.kind).in_(DECIDED))
    mine = [row for row in session.exec(wanted) if row.body["person"] == name]
    for row in mine:
        was = trail.digest(row.body)
        row.body = {**row.body, "person": FORGOTTEN}
        body = {"fact": row.fact_id, "was": was, "sha256": trail.digest(row.body),
                "person": reference}  # fmt: skip
        trail.append(session, row.programme, "fact.forgot", row.fact_id, body, now=now)
    if mine:
        session.flush()
        forget_at_commit(session)


def _is_in(body: Mapping[str, Any], name: str) -> bool:
    return any(
        step["values"].get("person") == name
        for entry in body["ledger"]["entries"]
        for step in entry["steps"]
    )


def _rewrite(session: Session, row: SignoffRow, name: str, reference: str, now: datetime) -> None:
    was = row.sha256
    text = json.dumps(row.body, ensure_ascii=False)
    row.body = json.loads(text.replace(json.dumps(name, ensure_ascii=False)[1:-1], reference))
    row.sha256 = trail.digest(row.body)
    body = {"number": row.number, "was": was, "sha256": row.sha256, "person": reference}
    trail.append(session, row.programme, "score.forgot", str(row.number), body, now=now)

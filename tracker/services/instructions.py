"""批示: what a leader orders becomes a case of the programme with its own last day.

A case like any other: the unit is told at intake and reminded, it reports, the office reviews. It
costs no points: the programme's text gives it none.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlmodel import Session

from tracker.domain import facts as f
from tracker.domain.errors import Misfit
from tracker.domain.programme import CaseDuty, Clause, Item, Programme, Section
from tracker.domain.rules import DutyOnly
from tracker.services import cases, programmes, reporting
from tracker.services.reporting import fit

KIND = "instruction"
PLACE = "批示"
"""Id of the section and the item; the one clause is `批示.1`."""


def clause_of(programme: Programme) -> str:
    """The clause that instructions are cases of; "" where none was given yet."""
    return next(
        (clause.id for _, _, clause in programme.clauses.values()
         if any(isinstance(one, CaseDuty) and one.case == KIND for one in clause.duties)),
        "",
    )  # fmt: skip


def prepared(programme: Programme) -> Programme:
    """The programme with a place for instructions: every unit may get one."""
    if clause_of(programme):
        return programme
    units = tuple(one.id for one in programme.units if one.kind == "unit")
    duty = CaseDuty(id="case", title="落实批示", case=KIND, external="批示")
    clause = Clause(
        id=f"{PLACE}.1", title="落实批示",
        text="领导批示交办的事，按批示写明的期限办结并报告；本身不计分。",
        joins="each", duties=(duty,), rules=(DutyOnly(duty="case"),),
    )  # fmt: skip
    item = Item(id=PLACE, title="领导批示", responsible_units=units, clauses=(clause,))
    section = Section(id=PLACE, title="领导批示", part="penalty", items=(item,))
    # Made anew, not copied: a copy would keep what the old one has reckoned of itself, its hash.
    body = programme.model_dump(by_alias=True)
    return Programme.model_validate({**body, "sections": [*body["sections"], section.model_dump(
        by_alias=True)]})  # fmt: skip


def give(
    session: Session,
    slug: str,
    *,
    words: str,
    unit: str,
    due_on: date | None,
    person: str,
    now: datetime,
    by: str,
    id_: str = "",
) -> f.CaseEvent:
    """Recorded now, due by the end of `due_on`. `person` is the leader whose words they are. Unfit
    names the parts that are missing or wrong."""
    if known := reporting.once(session, slug, id_, f.CaseEvent):
        return known
    programme = programmes.current(session, slug)
    fit({
        "words": None if words else Misfit.MISSING,
        "unit": None if unit in programme.unit_names else Misfit.MISSING,
        "due_on": None if due_on else Misfit.MISSING,
        "person": None if person else Misfit.MISSING,
    })  # fmt: skip
    ready = prepared(programme)
    if ready is not programme:
        programmes.publish(session, ready, now=now, by=by)
    return cases.open_case(
        session, slug, cases.free_number(session, slug, now, PLACE), kind=KIND, unit=unit,
        title=words, received_at=now, now=now, by=by, id_=id_, due_on=due_on,
        note=person,
    )  # fmt: skip

"""Facts come in: checked against the programme, appended, traced, and the rows brought up to date.

All or nothing: what is refused leaves everything as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import insert
from sqlmodel import Session, func, select

from tracker.domain import facts as f
from tracker.domain.errors import DefinitionError, NotFound, Refused
from tracker.domain.programme import CaseDuty, Gap, Programme
from tracker.services import calendars, factbook, people, programmes, trail, vetting
from tracker.store import queries
from tracker.store.memory import remember_alone, remembered
from tracker.store.tables import FactRow

facts = factbook.facts


def record_facts(
    session: Session, slug: str, new: Sequence[f.AnyFact], *, now: datetime, by: str = ""
) -> list[f.AnyFact]:
    """Append facts that become known now: each gets `recorded_at` = now.

    Returns them as stored, in order, with their ids. A fact whose id is on file with the same
    content is not stored again. DefinitionError for names that the programme does not have,
    Refused for an id that is on file with other content.
    """
    return _append(session, slug, [_stamped(one, now, by) for one in new], now=now, known=False)


def load_facts(
    session: Session, slug: str, new: Sequence[f.AnyFact], *, now: datetime, by: str = ""
) -> list[f.AnyFact]:
    """The same for a history: each fact keeps the `recorded_at` that it came with."""
    return _append(session, slug, [_named(one, by) for one in new], now=now, known=True)


def report_progress(
    session: Session,
    slug: str,
    key: str,
    *,
    now: datetime,
    by: str,
    done: bool | None = None,
    count: Decimal | None = None,
    share: Decimal | None = None,
    note: str = "",
    evidence: Sequence[f.Evidence] = (),
) -> f.Report:
    """填报 about the obligation with this key, submitted now."""
    given: dict[str, Any] = {"done": done, "count": count, "share": share}
    report = f.Report(
        **_about(session, slug, key), occurred_at=now, recorded_at=now, note=note,
        evidence=tuple(evidence), **given,
    )  # fmt: skip
    [stored] = record_facts(session, slug, [report], now=now, by=by)
    assert isinstance(stored, f.Report)
    return stored


def review(
    session: Session,
    slug: str,
    report: str,
    *,
    outcome: Literal["accepted", "returned"],
    now: datetime,
    by: str,
    reason: str = "",
) -> f.Review:
    """审核: accept a report, or return it with a reason."""
    verdict = f.Review(
        report=f.FactId(report), outcome=outcome, reason=reason, occurred_at=now, recorded_at=now
    )
    [stored] = record_facts(session, slug, [verdict], now=now, by=by)
    assert isinstance(stored, f.Review)
    return stored


def open_case(
    session: Session,
    slug: str,
    case: str,
    *,
    kind: str,
    unit: str,
    title: str,
    received_at: datetime,
    now: datetime,
    by: str,
) -> f.CaseEvent:
    """交办: the clocks of the kind start at `received_at`. Refused where it is open already."""
    for one in facts(session, slug):
        if isinstance(one, f.CaseEvent) and (one.case, one.kind, one.unit) == (case, kind, unit):
            raise Refused(
                f"交办件已登记 / case {case!r} of {unit} is on file since {one.recorded_at}"
            )
    opened = f.CaseEvent(
        case=case, kind=kind, unit=unit, title=title, event="opened",
        occurred_at=received_at, recorded_at=now,
    )  # fmt: skip
    [stored] = record_facts(session, slug, [opened], now=now, by=by)
    assert isinstance(stored, f.CaseEvent)
    return stored


def close_case(
    session: Session,
    slug: str,
    case: str,
    *,
    now: datetime,
    by: str,
    duty: str = "",
    note: str = "",
) -> f.CaseEvent:
    """The office records that the case (its duty; empty: each) was met now."""
    closed = f.CaseEvent(
        case=case, event="closed", duty=duty, note=note, occurred_at=now, recorded_at=now
    )
    [stored] = record_facts(session, slug, [closed], now=now, by=by)
    assert isinstance(stored, f.CaseEvent)
    return stored


def grant_extension(
    session: Session,
    slug: str,
    key: str,
    *,
    now: datetime,
    by: str,
    reason: str,
    until: date | None = None,
    until_at: datetime | None = None,
) -> f.Extension:
    """延期: approved now, so it counts from now; `until` is the new last day."""
    granted = f.Extension(
        **_about(session, slug, key), outcome="approved", until=until, until_at=until_at,
        reason=reason, occurred_at=now, recorded_at=now,
    )  # fmt: skip
    [stored] = record_facts(session, slug, [granted], now=now, by=by)
    assert isinstance(stored, f.Extension)
    return stored


def ask_extension(
    session: Session,
    slug: str,
    key: str,
    *,
    now: datetime,
    by: str,
    reason: str,
    until: date | None = None,
) -> f.Extension:
    """延期申请: on file, and changes nothing until somebody grants it."""
    asked = f.Extension(
        **_about(session, slug, key), outcome="requested", until=until, reason=reason,
        occurred_at=now, recorded_at=now,
    )  # fmt: skip
    [stored] = record_facts(session, slug, [asked], now=now, by=by)
    assert isinstance(stored, f.Extension)
    return stored


def sign_receipt(
    session: Session, slug: str, key: str, *, now: datetime, by: str, role: str = "contact"
) -> f.Receipt:
    """签收: the signed acknowledgement of what was said about the obligation."""
    signed = f.Receipt(**_about(session, slug, key), role=role, occurred_at=now, recorded_at=now)
    [stored] = record_facts(session, slug, [signed], now=now, by=by)
    assert isinstance(stored, f.Receipt)
    return stored


def place_of(programme: Programme, key: str) -> dict[str, str]:
    """The clause, duty, unit and occurrence that an obligation's key names."""
    clause, _, rest = key.partition("/")
    parts = rest.split("/", 2)
    if clause not in programme.clauses or len(parts) < 2:
        raise NotFound(f"没有这个应办事项 / no obligation {key!r} in programme {programme.id}")
    occurrence = parts[2] if len(parts) > 2 else ""
    return {"clause": clause, "duty": parts[0], "unit": parts[1], "occurrence": occurrence}


def _about(session: Session, slug: str, key: str) -> dict[str, Any]:
    if not queries.obligation_ids(session, slug, [key]):
        raise NotFound(f"没有这个应办事项 / no obligation {key!r} in programme {slug}")
    return dict(place_of(programmes.current(session, slug), key))


def _append(
    session: Session, slug: str, new: Sequence[f.AnyFact], *, now: datetime, known: bool
) -> list[f.AnyFact]:
    queries.one_at_a_time(session, f"programme|{slug}")
    programme = programmes.current(session, slug)
    on_file = {one.id: one for one in facts(session, slug)}
    given = _with_ids(session, slug, new, set(on_file))
    stock = vetting.Stock.of(on_file.values(), given)
    places = [vetting.place(number, one) for number, one in enumerate(new, start=1)]
    placed = dict(zip(places, given, strict=True))
    mistakes = vetting.problems(placed, _vocabulary(session, programme), stock, now=now)
    if mistakes:
        raise DefinitionError(mistakes)
    fresh = [one for one in given if not _is_repeated(on_file.get(one.id), one, known)]
    if fresh:
        remember_alone(session)
        _store(session, slug, fresh, now)
        items = _touched(programme, fresh, stock)
        programmes.refresh_obligations(session, slug, now=now, items=items)
    return [on_file.get(one.id, one) for one in given]


def _stamped(fact: f.AnyFact, now: datetime, by: str) -> f.AnyFact:
    return fact.model_copy(update={"recorded_at": now, "by": fact.by or by})


def _named(fact: f.AnyFact, by: str) -> f.AnyFact:
    return fact.model_copy(update={"by": fact.by or by})


def _with_ids(
    session: Session, slug: str, new: Sequence[f.AnyFact], taken: set[f.FactId]
) -> list[f.AnyFact]:
    """Facts without an id get the next `f-0000001`, in order; Refused for an id given twice."""
    given = [one.id for one in new if one.id]
    twice = sorted({id_ for id_ in given if given.count(id_) > 1}) if given else []
    if twice:
        raise Refused(f"编号重复 / ids given twice in one load: {', '.join(twice)}")
    number = session.exec(
        select(func.count()).select_from(FactRow).where(FactRow.programme == slug)
    ).one()
    used, named = taken | set(given), []
    for one in new:
        if not one.id:
            number += 1
            while (name := f.FactId(f"f-{number:07d}")) in used:
                number += 1
            one = one.model_copy(update={"id": name})
        named.append(one)
    return named


def _is_repeated(there: f.AnyFact | None, one: f.AnyFact, known: bool) -> bool:
    """On file with the same content; when it was entered and by whom counts only in a history."""
    if there is None:
        return False
    beside = set() if known else {"recorded_at", "by"}
    if there.model_dump(exclude=beside) != one.model_dump(exclude=beside):
        raise Refused(
            f"编号已用 / fact {one.id} is on file with other content; "
            "a correction is a new fact that names it in `supersedes`"
        )
    return True


def _store(session: Session, slug: str, fresh: Sequence[f.AnyFact], now: datetime) -> None:
    for some in queries.chunks(_row(slug, one) for one in fresh):
        session.connection().execute(insert(FactRow), some)
    events = [
        trail.NewEvent(f"fact.{one.fact}", _subject(one), _traced(session, one)) for one in fresh
    ]
    trail.append_all(session, slug, events, now=now)


def _row(slug: str, one: f.AnyFact) -> dict[str, Any]:
    return {
        "fact_id": one.id,
        "programme": slug,
        "kind": one.fact,
        "clause": getattr(one, "clause", ""),
        "duty": getattr(one, "duty", ""),
        "unit": getattr(one, "unit", ""),
        "occurrence": getattr(one, "occurrence", ""),
        "occurred_at": one.occurred_at,
        "recorded_at": one.recorded_at,
        "by": one.by,
        "supersedes": one.supersedes,
        "body": one.model_dump(mode="json", by_alias=True),
    }


def _subject(one: f.AnyFact) -> str:
    if isinstance(one, f.About):
        tail = (one.duty, one.unit, one.occurrence)
        return "/".join(part for part in (one.clause, *tail) if part)
    if isinstance(one, f.CaseEvent):
        return one.case
    return one.report if isinstance(one, f.Review) else one.id


def _traced(session: Session, one: f.AnyFact) -> dict[str, Any]:
    """The fact's digest and what identifies it; never its free text, which may name a person."""
    body = one.model_dump(mode="json", by_alias=True)
    return {
        "fact": one.id,
        "sha256": trail.digest(body),
        "occurred_at": body["occurred_at"],
        "recorded_at": body["recorded_at"],
        "by": people.traced(session, one.by),
    }


def _touched(
    programme: Programme, fresh: Iterable[f.AnyFact], stock: vetting.Stock
) -> set[str] | None:
    """The items whose obligations these facts may move; None for all of them."""
    items: set[str] = set()
    for one in fresh:
        replaced = stock.facts[one.supersedes] if one.supersedes else one
        for moved in (_items_of(programme, one, stock), _items_of(programme, replaced, stock)):
            if moved is None:
                return None
            items |= moved
    return items


def _items_of(programme: Programme, one: f.AnyFact, stock: vetting.Stock) -> set[str] | None:
    places = programme.clauses.values()
    match one:
        case f.About():
            return {programme.clauses[one.clause][1].id}
        case f.Review():
            return _items_of(programme, stock.facts[one.report], stock)
        case f.CaseEvent():
            return {
                item.id for _, item, clause in places
                if any(isinstance(duty, CaseDuty) for duty in clause.duties)
            }  # fmt: skip
        case f.Activity():
            return {
                item.id for _, item, clause in places
                if any(isinstance(d, Gap) and d.activity == one.activity for d in clause.duties)
            }  # fmt: skip
        case f.Target() | f.ReadingDecision():
            return None
        case _:
            return set()


def _vocabulary(session: Session, programme: Programme) -> vetting.Vocabulary:
    calendar = calendars.calendar(session)
    return remembered(
        session,
        ("vocabulary", programme.id, programme.hash, calendar.version),
        lambda: vetting.Vocabulary(programme, calendar),
    )

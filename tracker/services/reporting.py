"""Facts come in: checked against the programme, appended, traced, and the rows brought up to date.

All or nothing: what is refused leaves everything as it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, TypeVar, cast

from sqlalchemy import insert
from sqlmodel import Session, func, select

from tracker.domain import facts as f
from tracker.domain.errors import DefinitionError, Misfit, NotFound, Problem, Refused, Unfit
from tracker.domain.obligations import Obligation
from tracker.domain.programme import CaseDuty, Gap, Programme
from tracker.domain.readings import applied
from tracker.domain.years import Stray, strays
from tracker.services import (
    calendars,
    factbook,
    handins,
    people,
    planning,
    programmes,
    trail,
    vetting,
)
from tracker.store import queries
from tracker.store.memory import remember_alone, remembered
from tracker.store.tables import FactRow
from tracker.wording import LANGUAGES, text

facts = factbook.facts

AFact = TypeVar("AFact", bound=f.Fact)


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


def of_other_years(
    session: Session, slug: str, stored: Sequence[f.AnyFact], *, now: datetime
) -> list[Stray]:
    """Those of these that are not of the programme's year: it may be a slip, and some count
    nowhere."""
    programme = programmes.current(session, slug)
    if not strays(programme, stored):
        return []
    return strays(applied(programme, programmes.choices(session, slug, now=now)), stored)


def report_progress(
    session: Session,
    slug: str,
    key: str,
    *,
    now: datetime,
    by: str,
    id_: str = "",
    submitted_at: datetime | None = None,
    done: bool | None = None,
    count: Decimal | None = None,
    share: Decimal | None = None,
    note: str = "",
    evidence: Sequence[f.Evidence] = (),
) -> f.Report:
    """填报 about the obligation with this key.

    Submitted now, or when it reached the office (`submitted_at`): not before the obligation began
    and not in the future, else Unfit.
    """
    if known := once(session, slug, id_, f.Report):
        return known
    owed = owing(session, slug, key, now=now)
    if submitted_at is not None:
        fit({"at": _misplaced(submitted_at, owed, now)})
    given: dict[str, Any] = {"done": done, "count": count, "share": share}
    report = f.Report(
        id=f.FactId(id_), **names_of(owed), occurred_at=submitted_at or now,
        recorded_at=now, note=note, evidence=tuple(evidence), **given,
    )  # fmt: skip
    return recorded(session, slug, report, now=now, by=by)


def _misplaced(submitted_at: datetime, owed: Obligation, now: datetime) -> Misfit | None:
    if submitted_at > now:
        return Misfit.FUTURE
    return Misfit.BEFORE_START if submitted_at < owed.starts_at else None


def review(
    session: Session,
    slug: str,
    report: str,
    *,
    outcome: Literal["accepted", "returned"],
    now: datetime,
    by: str,
    reason: str = "",
    id_: str = "",
) -> f.Review:
    """审核: accept a report, or return it, which takes a reason. A report is reviewed once."""
    if known := once(session, slug, id_, f.Review):
        return known
    fit({"reason": Misfit.REASON if outcome == "returned" and not reason.strip() else None})
    verdict = f.Review(
        id=f.FactId(id_), report=f.FactId(report), outcome=outcome, reason=reason,
        occurred_at=now, recorded_at=now,
    )  # fmt: skip
    on_file = _near(session, slug, [verdict])
    earlier = vetting.Stock.of(on_file.values()).review_of(report)
    if earlier is not None:
        raise Refused(f"这次填报已经审核 / report {report} was reviewed: {earlier.outcome}")
    return recorded(session, slug, verdict, now=now, by=by)


def take_back_review(
    session: Session, slug: str, review: str, *, reason: str, now: datetime, by: str, id_: str = ""
) -> f.Withdrawal:
    """撤回审核: the report waits for review again, as if the verdict had never been given; verdict
    and reason stay in the history. Refused for a review that does not stand."""
    if known := once(session, slug, id_, f.Withdrawal):
        return known
    fit({"reason": None if reason.strip() else Misfit.REASON})
    taken = f.Withdrawal(
        id=f.FactId(id_), supersedes=f.FactId(review), note=reason.strip(), occurred_at=now,
        recorded_at=now,
    )  # fmt: skip
    on_file = _near(session, slug, [taken])
    verdict = on_file.get(f.FactId(review))
    stands = isinstance(verdict, f.Review) and (
        vetting.Stock.of(on_file.values()).review_of(verdict.report) == verdict
    )
    if not stands:
        raise Refused(f"没有这次审核，或已撤回 / there is no review {review!r} that stands")
    return recorded(session, slug, taken, now=now, by=by)


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
    id_: str = "",
) -> f.Extension:
    """延期: approved now, so it counts from now; `until` is the new last day, or `until_at` the new
    limit of a clock of hours. Unfit where that is not later than the limit that holds."""
    return _extension(session, slug, key, "approved", until, until_at, reason=reason, now=now,
                      by=by, id_=id_)  # fmt: skip


def ask_extension(
    session: Session,
    slug: str,
    key: str,
    *,
    now: datetime,
    by: str,
    reason: str,
    until: date | None = None,
    until_at: datetime | None = None,
    id_: str = "",
) -> f.Extension:
    """延期申请: on file, and changes nothing until somebody grants it."""
    return _extension(session, slug, key, "requested", until, until_at, reason=reason, now=now,
                      by=by, id_=id_)  # fmt: skip


def refuse_extension(
    session: Session,
    slug: str,
    key: str,
    *,
    now: datetime,
    by: str,
    reason: str,
    id_: str = "",
) -> f.Extension:
    """不批延期: the deadline stays as it was."""
    return _extension(session, slug, key, "refused", None, None, reason=reason, now=now, by=by,
                      id_=id_)  # fmt: skip


def _extension(
    session: Session,
    slug: str,
    key: str,
    outcome: Literal["requested", "approved", "refused"],
    until: date | None,
    until_at: datetime | None,
    *,
    reason: str,
    now: datetime,
    by: str,
    id_: str,
) -> f.Extension:
    if known := once(session, slug, id_, f.Extension):
        return known
    owed = owing(session, slug, key, now=now)
    limits = {} if outcome == "refused" else _limits(owed, until, until_at, outcome == "approved")
    fit({"reason": None if reason.strip() else Misfit.REASON, **limits})
    extension = f.Extension(
        id=f.FactId(id_), **names_of(owed), outcome=outcome, until=until,
        until_at=until_at, reason=reason, occurred_at=now, recorded_at=now,
    )  # fmt: skip
    return recorded(session, slug, extension, now=now, by=by)


def _limits(
    owed: Obligation, until: date | None, until_at: datetime | None, needed: bool
) -> dict[str, Misfit | None]:
    """What is wrong with a new limit, under the name of the one that the obligation's clock has."""
    deadline = owed.deadline
    hourly = deadline is not None and deadline.kind == "hours"
    name = "until_at" if hourly else "until"
    if until is None and until_at is None:
        return {name: Misfit.MISSING if needed else None}
    if until is not None and until_at is not None:
        return {name: Misfit.ONE_LIMIT}
    if deadline is None:
        return {}
    later = until_at > deadline.due_at if until_at else until is not None and until > deadline.on
    return {"until_at" if until_at else "until": None if later else Misfit.NOT_LATER}


def sign_receipt(
    session: Session,
    slug: str,
    key: str,
    *,
    now: datetime,
    by: str,
    role: str = "contact",
    note: str = "",
    id_: str = "",
) -> f.Receipt:
    """签收: the signed acknowledgement of what was said about the obligation."""
    if known := once(session, slug, id_, f.Receipt):
        return known
    owed = owing(session, slug, key, now=now)
    signed = f.Receipt(
        id=f.FactId(id_), **names_of(owed), role=role, note=note, occurred_at=now,
        recorded_at=now,
    )  # fmt: skip
    return recorded(session, slug, signed, now=now, by=by)


def mistakes(
    session: Session,
    slug: str,
    new: Sequence[f.AnyFact],
    *,
    now: datetime,
    spoiled: frozenset[str] = frozenset(),
) -> list[Problem]:
    """What is wrong with facts that are not recorded, because others of the load are `spoiled`."""
    programme = programmes.current(session, slug)
    on_file = _near(session, slug, new)
    stock = vetting.Stock.of(on_file.values(), new, spoiled=spoiled)
    placed = {vetting.place(number, one): one for number, one in enumerate(new, start=1)}
    return vetting.problems(placed, _vocabulary(session, programme), stock, now=now)


# -- what every use case does --------------------------------------------------------------------


def once(session: Session, slug: str, id_: str, kind: type[AFact]) -> AFact | None:
    """The fact that an earlier call with this id has recorded: one act, however often it is sent.

    Nobody else records in the programme until the transaction ends.
    """
    programmes.alone(session, slug)
    known = factbook.named(session, slug, [id_]).get(id_) if id_ else None
    if known is not None and not isinstance(known, kind):
        raise Refused(f"编号已用 / fact {id_} is on file as a {known.fact}")
    return known


def fit(wrong: Mapping[str, Misfit | None], about: str = "") -> None:
    """Unfit where a part has a reason; its words are those of the pages."""
    parts = {part: misfit for part, misfit in wrong.items() if misfit is not None}
    if parts:
        told = (f"{part}: {_said(misfit)}" for part, misfit in parts.items())
        raise Unfit(parts, "; ".join([*([about] if about else []), *told]))


def _said(misfit: Misfit) -> str:
    zh, en = (text(f"acts.wrong_{misfit.value}", language=language) for language in LANGUAGES)
    return f"{zh} / {en}"


def recorded(session: Session, slug: str, fact: AFact, *, now: datetime, by: str) -> AFact:
    """The fact as stored."""
    [stored] = record_facts(session, slug, [cast(f.AnyFact, fact)], now=now, by=by)
    assert isinstance(stored, type(fact))
    return stored


def owing(session: Session, slug: str, key: str, *, now: datetime) -> Obligation:
    """The obligation as it is laid out now; NotFound where there is none."""
    programme = programmes.current(session, slug)
    clause = key.partition("/")[0]
    if clause in programme.clauses:
        items = frozenset({programme.clauses[clause][1].id})
        for one in programmes.standings(session, slug, now=now, only_items=items):
            if one.obligation.key == key:
                return one.obligation
    raise NotFound(f"没有这个应办事项 / no obligation {key!r} in programme {slug}")


def names_of(owed: Obligation) -> dict[str, Any]:
    """What a fact about it names."""
    return {
        "clause": owed.clause, "duty": owed.duty, "unit": owed.unit,
        "occurrence": owed.occurrence,
    }  # fmt: skip


# -- facts come in -------------------------------------------------------------------------------


def _append(
    session: Session, slug: str, new: Sequence[f.AnyFact], *, now: datetime, known: bool
) -> list[f.AnyFact]:
    programmes.alone(session, slug)
    programme = programmes.current(session, slug)
    given = _with_ids(session, slug, new)
    on_file = _near(session, slug, given)
    stock = vetting.Stock.of(on_file.values(), given)
    places = [vetting.place(number, one) for number, one in enumerate(new, start=1)]
    placed = dict(zip(places, given, strict=True))
    wrong = vetting.problems(placed, _vocabulary(session, programme), stock, now=now)
    if wrong:
        raise DefinitionError(wrong)
    fresh = [one for one in given if not _is_repeated(on_file.get(one.id), one, known)]
    if fresh:
        remember_alone(session)
        before = factbook.last_row(session, slug)
        _store(session, slug, fresh, stock, now)
        last = factbook.last_row(session, slug)
        handins.follow(
            session, slug, fresh, stock.facts, lambda: facts(session, slug), before=before,
            last=last,
        )  # fmt: skip
        items = _touched(programme, fresh, stock)
        since = planning.unheard_since(session, fresh, now)
        programmes.refresh_obligations(session, slug, now=now, items=items, since=since)
        looked_at = _reported(session, slug, fresh, stock)
        if any(_opens_the_year(one, stock) for one in fresh):
            looked_at = queries.open_keys(session, slug)
        planning.rearm(session, slug, looked_at, now, since=since)
    return [on_file.get(one.id, one) for one in given]


def _near(session: Session, slug: str, given: Sequence[f.AnyFact]) -> dict[f.FactId, f.AnyFact]:
    """What is on file and has to do with these facts, by id."""
    ids = {id_ for one in given for id_ in factbook.names(one)}
    named = factbook.named(session, slug, ids)
    ids |= {id_ for one in named.values() for id_ in factbook.names(one)}
    about = (*given, *factbook.named(session, slug, ids).values())
    clauses = {one.clause for one in about if isinstance(one, f.About)}
    return {one.id: one for one in factbook.near(session, slug, ids=ids, clauses=clauses)}


def _stamped(fact: f.AnyFact, now: datetime, by: str) -> f.AnyFact:
    return fact.model_copy(update={"recorded_at": now, "by": fact.by or by})


def _named(fact: f.AnyFact, by: str) -> f.AnyFact:
    return fact.model_copy(update={"by": fact.by or by})


def _with_ids(session: Session, slug: str, new: Sequence[f.AnyFact]) -> list[f.AnyFact]:
    """Facts without an id get the next `f-0000001`, in order; Refused for an id given twice."""
    given = [one.id for one in new if one.id]
    twice = sorted(id_ for id_, times in Counter(given).items() if times > 1)
    if twice:
        raise Refused(f"编号重复 / ids given twice in one load: {', '.join(twice)}")
    if len(given) == len(new):
        return list(new)
    names = _new_ids(session, slug, frozenset(given))
    return [one if one.id else one.model_copy(update={"id": next(names)}) for one in new]


def _new_ids(session: Session, slug: str, given: frozenset[str]) -> Iterator[f.FactId]:
    """Numbered on from how many facts there are; without those that are taken."""
    number = session.exec(
        select(func.count()).select_from(FactRow).where(FactRow.programme == slug)
    ).one()
    while True:
        names = [f"f-{number + more:07d}" for more in range(1, queries.CHUNK + 1)]
        taken = given | factbook.named(session, slug, names).keys()
        yield from (f.FactId(name) for name in names if name not in taken)
        number += queries.CHUNK


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


def _store(
    session: Session, slug: str, fresh: Sequence[f.AnyFact], stock: vetting.Stock, now: datetime
) -> None:
    for some in queries.chunks(factbook.row(slug, one, stock.facts) for one in fresh):
        session.connection().execute(insert(FactRow), some)
    events = [
        trail.NewEvent(f"fact.{one.fact}", _subject(one), _traced(session, one)) for one in fresh
    ]
    trail.append_all(session, slug, events, now=now)


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


def _reported(
    session: Session, slug: str, fresh: Iterable[f.AnyFact], stock: vetting.Stock
) -> list[str]:
    """The obligations of the clauses that something was reported or reviewed of: a report is told
    to who reviews, a review to who reported, whether it changed a row or not."""
    told = [*fresh]
    told += [stock.facts[one.supersedes] for one in told if one.supersedes]
    reports = (stock.facts[one.report] if isinstance(one, f.Review) else one for one in told)
    clauses = sorted({one.clause for one in reports if isinstance(one, f.Report)})
    return [row.key for row in queries.obligation_rows(session, slug, clauses)]


def _opens_the_year(one: f.AnyFact, stock: vetting.Stock) -> bool:
    """Whether it takes back what had ended every ladder."""
    return one.supersedes is not None and isinstance(stock.facts[one.supersedes], f.Closing)


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

"""录入事实: what each clause asks for, what is on file, and what recording it did to the score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.responses import Response

from tracker.domain import asks
from tracker.domain import facts as f
from tracker.domain.asks import Ask
from tracker.domain.authority import About, Act
from tracker.domain.comparison import Comparison, compare
from tracker.domain.errors import DefinitionError, NotFound, Refused
from tracker.domain.ledger import Entry
from tracker.domain.obligations import Standing
from tracker.domain.points import Units
from tracker.domain.programme import Clause, Item, Section
from tracker.domain.scoring import score
from tracker.domain.whatif import WhatIf
from tracker.domain.years import strays
from tracker.services.scoreboard import Board
from tracker.web import matter, recording
from tracker.web.asking import Asked, Desk, fact_named
from tracker.web.entry import Looking, Received, Reviewing, SeeingNow
from tracker.web.filing import Wrong, receipt_number
from tracker.web.intake import Form
from tracker.web.pages import opened
from tracker.web.pricing import LOOK, price_of
from tracker.web.rendering import go, page

router = APIRouter()

LATEST = 15
_KEYED = {
    "finding": "finding", "measurement": "measure", "target": "target", "rank": "rank",
    "decision": "rule", "recognition": "recognition", "activity": "activity",
}  # fmt: skip


@dataclass(frozen=True)
class Asking:
    """An ask with what is on file for it, the newest last."""

    ask: Ask
    fields: tuple[str, ...]
    facts: tuple[f.AnyFact, ...]


@dataclass(frozen=True)
class Awaited:
    """An amount that waits for a fact or a decision; `most` is what it may still take."""

    entry: Entry
    clause: Clause
    most: Units


@dataclass(frozen=True)
class ClauseAsks:
    clause: Clause
    asking: tuple[Asking, ...]

    @property
    def on_file(self) -> int:
        return sum(bool(one.facts) for one in self.asking)


FOUND_BY_REVIEWERS = ("finding", "measurement")
"""What a reviewing unit records itself; all else, and every correction, is the office's."""


@dataclass(frozen=True)
class SectionAsks:
    section: Section
    clauses: tuple[ClauseAsks, ...]


@router.get("/p/{slug}/facts")
def facts_page(asked: Looking, slug: str) -> Response:
    with opened(asked, slug) as (_, at):
        pass
    board = at.board
    return page(
        asked, "facts", desk=at, awaited=_awaited(board), sections=_sections(board),
        latest=_latest(board),
    )  # fmt: skip


@router.get("/p/{slug}/facts/{clause}")
def clause_page(
    asked: SeeingNow, slug: str, clause: str, fact: str = "", correct: str = ""
) -> Response:
    """`fact` was recorded just now: what it did to the score stands above; `correct` is one that
    the form begins with."""
    with opened(asked, slug) as (_, at):
        pass
    place_of(at, clause)
    asked.must(Act.SEE, About(slug, reviewers=at.reviewers(clause)))
    sent: Mapping[str, str] = {}
    if correct:
        given = fact_named(at.board.true, correct)
        if given is None:
            raise NotFound(f"没有这条事实 / no fact {correct[:40]!r} that stands")
        sent = {**recording.written(given, at), "kind": given.fact, "supersedes": given.id}
    return _clause(asked, at, clause, sent=sent, fact=fact)


@router.post("/p/{slug}/facts/{clause}")
def record(asked: Reviewing, slug: str, clause: str, form: Received) -> Response:
    with opened(asked, slug) as (_, at):
        pass
    place_of(at, clause)
    asked.must(Act.REVIEW, About(slug, reviewers=at.reviewers(clause)))
    found = form.text("kind") in FOUND_BY_REVIEWERS and not form.text("supersedes")
    if not found:
        asked.must(Act.RUN, About(slug))
    try:
        if form.text("step") == LOOK:
            price = price_of(at, recording.fact_of(asked, at, clause, form))
            return _clause(asked, at, clause, sent=form.fields, form=form, price=price)
        id_ = recording.record(asked, at, clause, form)
    except Wrong as mistake:
        return _clause(asked, at, clause, sent=form.fields, wrong=mistake.fields, form=form)
    except DefinitionError as mistake:
        problems = [
            one.text + (f"（{one.advice}）" if one.advice else "") for one in mistake.problems
        ]
        return _clause(asked, at, clause, sent=form.fields, problems=problems, form=form)
    except Refused as refusal:
        return _clause(asked, at, clause, sent=form.fields, problems=[str(refusal)], form=form)
    return go(asked, at.path(f"facts/{clause}"), fact=id_)


def place_of(at: Desk, clause: str) -> tuple[Section, Item, Clause]:
    if clause not in at.programme.clauses:
        raise NotFound(
            f"没有这一计分句：{clause[:40]} / no clause {clause[:40]!r} in programme {at.slug}"
        )
    return at.programme.clauses[clause]


def _clause(
    asked: Asked, at: Desk, name: str, *, sent: Mapping[str, str], fact: str = "",
    wrong: Mapping[str, str] | None = None, problems: Sequence[str] = (), form: Form | None = None,
    price: WhatIf | None = None,
) -> Response:  # fmt: skip
    section, item, clause = place_of(at, name)
    board = at.board
    once = form.text("once") if form else ""
    new = fact_named(board.facts, fact) if fact else None
    asking = _asking(board, clause)
    shown = [*([new] if new else []), *(fact for one in asking for fact in one.facts)]
    return page(
        asked, "clause_facts", desk=at, price=price, section=section, item=item, clause=clause,
        asking=asking, entries=board.ledger.of_clause(name),
        outside={one.fact.id: one.counts for one in strays(board.read, shown)},
        standings=_standings(board, name), events=_events(board, name), sent=sent,
        wrong=wrong or {}, problems=problems, once=once or matter.fresh(),
        new=new, effect=None if new is None else _effect(board, new),
        number="" if new is None else receipt_number(new.id),
        recordable=_recordable(asked, at, name),
        status=422 if wrong or problems else 200,
    )  # fmt: skip


def _recordable(asked: Asked, at: Desk, clause: str) -> tuple[str, ...]:
    """The kinds of fact about the clause for which whoever asks gets a form."""
    if asked.may(Act.RUN, at):
        return (*recording.KINDS,)
    reviews = asked.who.may(Act.REVIEW, About(at.slug, reviewers=at.reviewers(clause)))
    return FOUND_BY_REVIEWERS if reviews else ()


def _effect(board: Board, new: f.AnyFact) -> Comparison:
    """What the fact does to the score: with it against without it."""
    without = [one for one in board.facts if one.id != new.id]
    before = score(
        board.programme, board.context, without, as_of=board.as_of, known_at=board.known_at
    )
    return compare(before, board.ledger)


# -- what is asked, what is on file --------------------------------------------------------------


def _awaited(board: Board) -> list[Awaited]:
    """By what it may still take or bring, the most first; what several rules of a clause wait for
    stands once."""
    found: dict[tuple[str, object], Awaited] = {}
    for one in (*board.ledger.pending, *board.ledger.unknown):
        most = Units(abs(one.worst))
        waits_for = (one.clause, one.steps[0] if one.steps else one.rule)
        if waits_for not in found or found[waits_for].most < most:
            found[waits_for] = Awaited(one, board.programme.clauses[one.clause][2], most)
    return sorted(found.values(), key=lambda one: (-one.most, one.entry.id))


def _sections(board: Board) -> list[SectionAsks]:
    found = []
    for section in board.programme.sections:
        clauses = tuple(
            ClauseAsks(clause, asking)
            for item in section.items
            for clause in item.clauses
            if (asking := _asking(board, clause)) or clause.duties
        )
        if clauses:
            found.append(SectionAsks(section, clauses))
    return found


def found_by(asked: Asked, at: Desk) -> list[tuple[Section, list[Clause]]]:
    """Clauses for which whoever asks reviews and may record what was found or measured, by
    section."""
    read = at.board.read

    def takes(clause: Clause) -> bool:
        about = About(at.slug, reviewers=at.reviewers(clause.id))
        return asked.who.may(Act.REVIEW, about) and any(
            one.kind in FOUND_BY_REVIEWERS for one in asks.asks(read, clause)
        )

    found = [
        (section, [one for item in section.items for one in item.clauses if takes(one)])
        for section in read.sections
    ]
    return [(section, clauses) for section, clauses in found if clauses]


def _asking(board: Board, clause: Clause) -> tuple[Asking, ...]:
    on_file: dict[tuple[str, str], list[f.AnyFact]] = {}
    for fact in board.true:
        if fact.fact in _KEYED:
            on_file.setdefault((fact.fact, getattr(fact, _KEYED[fact.fact])), []).append(fact)
        elif isinstance(fact, f.ExternalDate) and fact.clause == clause.id:
            on_file.setdefault((fact.fact, fact.duty), []).append(fact)
    return tuple(
        Asking(one, recording.fields_of(one), tuple(on_file.get((one.kind, one.key), ())))
        for one in asks.asks(board.read, board.read.clauses[clause.id][2])
    )


def _standings(board: Board, clause: str) -> list[Standing]:
    return [one for one in board.ledger.standings if one.obligation.clause == clause]


def _events(board: Board, clause: str) -> list[f.AnyFact]:
    """Suspensions, waivers and closings of the clause's obligations that stand."""
    return [
        one for one in board.true
        if isinstance(one, f.Suspension | f.Waiver | f.CloseOut) and one.clause == clause
    ]  # fmt: skip


def _latest(board: Board) -> list[tuple[f.AnyFact, str]]:
    """The facts of these kinds that were recorded last, each with a clause that asks for it."""
    places: dict[tuple[str, str], str] = {}
    for name, (_, _, clause) in board.read.clauses.items():
        for one in asks.asks(board.read, clause):
            places.setdefault((one.kind, one.key), name)
    kinds = (*_KEYED, "external_date", *recording.ABOUT)
    fresh = sorted(
        (one for one in board.true if one.fact in kinds),
        key=lambda one: (one.recorded_at, one.id), reverse=True,
    )  # fmt: skip
    return [(one, _clause_of(one, places)) for one in fresh[:LATEST]]


def _clause_of(fact: f.AnyFact, places: Mapping[tuple[str, str], str]) -> str:
    if isinstance(fact, f.About):
        return fact.clause
    return places.get((fact.fact, getattr(fact, _KEYED[fact.fact])), "")

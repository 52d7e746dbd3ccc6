"""Drafts (草稿): a document that was read, settled point by point, published as a programme.

What was read never changes; decisions lie beside it. Where the programme is published already, the
document is its next issue: only accepted differences come in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy.orm import load_only
from sqlmodel import Session, col, func, select

from tracker.definitions import documents, drafting, nextyear, openpoints, yamlform
from tracker.definitions.documents import ReadDocument
from tracker.definitions.drafting.issues import Compared, Revision, compare
from tracker.definitions.drafting.merging import merged
from tracker.definitions.drafting.precedents import precedents
from tracker.definitions.drafting.prices import Price, of_point, of_reading
from tracker.definitions.drafting.summary import Summary, summary
from tracker.definitions.openpoints import Draft
from tracker.definitions.words import Language
from tracker.domain.errors import DefinitionError, NotFound, Problem, Refused
from tracker.domain.points import Units
from tracker.domain.programme import Programme, Reading
from tracker.services import calendars, factbook, pastdue, programmes, scoreboard, trail
from tracker.store.memory import remembered
from tracker.store.tables import DraftRow


@dataclass(frozen=True)
class Line:
    """One clause beside its source: pieces of the text with the numbers of their rules."""

    clause: str
    text: str
    place: str
    spans: tuple[tuple[int, int], ...]
    made_of: tuple[tuple[int, ...], ...]
    """For each span the rules (from 0) of the drafted clause that were made of it."""
    unread: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """One row of the table as it stands there."""

    item: str
    title: str
    place: str
    section: str
    cells: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Decided:
    """`carried` are the answers taken over from the last issue, with when and by whom they were
    published."""

    answers: Mapping[str, str] = field(default_factory=dict)
    readings: Mapping[str, str] = field(default_factory=dict)
    accepted: tuple[str, ...] = ()
    carried: Mapping[str, tuple[datetime, str]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        carried = {name: [at.isoformat(), by] for name, (at, by) in self.carried.items()}
        return {"answers": dict(self.answers), "readings": dict(self.readings),
                "accepted": list(self.accepted), "carried": carried}  # fmt: skip

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Decided:
        carried = {
            name: (datetime.fromisoformat(at), by)
            for name, (at, by) in body.get("carried", {}).items()
        }
        return cls(body["answers"], body["readings"], tuple(body["accepted"]), carried)


def slug_of(session: Session, id_: int) -> str:
    """The programme of a draft, which may not be there yet."""
    return _row_of(session, id_).slug


@dataclass(frozen=True)
class Kept:
    """A draft as it is kept. `current` is the programme in force that it is the next issue of."""

    id: int
    slug: str
    file: str
    title: str
    uploaded_at: datetime
    changed_at: datetime
    published_at: datetime | None
    version: int | None
    dropped_at: datetime | None
    rows: tuple[Row, ...]
    told: Summary
    document: Draft
    decided: Decided
    current: Programme | None
    recorded: bool = False
    """Whether anything is recorded of the programme in force: then its numbers are kept, so that
    nothing that was recorded counts for another item."""

    @property
    def revisions(self) -> tuple[Revision, ...]:
        """The differences that may be accepted."""
        found = () if self.compared is None else self.compared.revisions
        return tuple(one for one in found if not (self.recorded and one.change == "renumbered"))

    @property
    def bundled(self) -> tuple[tuple[Revision, ...], ...]:
        """The differences as they may be accepted: those that hang together as one."""
        known = {one.id: one for one in self.revisions}
        found: dict[tuple[str, ...], tuple[Revision, ...]] = {}
        for name in known:
            names = (name,) if self.compared is None else self.compared.together(name)
            found.setdefault(names, tuple(known[one] for one in names if one in known))
        return tuple(found.values())

    @property
    def keeps_numbers(self) -> tuple[Revision, ...]:
        """Items that the new document numbers otherwise, and that keep the number that they had."""
        found = () if self.compared is None else self.compared.revisions
        return tuple(one for one in found if self.recorded and one.change == "renumbered")

    @property
    def ended(self) -> bool:
        return self.published_at is not None or self.dropped_at is not None

    @cached_property
    def compared(self) -> Compared | None:
        return None if self.current is None else compare(self.current, self.document)

    @cached_property
    def result(self) -> Draft:
        """What would be published: the differences that were accepted, the points as answered, the
        readings as chosen."""
        made = self.document
        if self.current is not None and self.compared is not None:
            acceptable = {one.id for one in self.revisions}
            accepted = [name for name in self.decided.accepted if name in acceptable]
            made = merged(self.current, self.document, self.compared, accepted)
        known = {point.id: point for point in made.open_points}
        answers = {
            name: choice
            for name, choice in self.decided.answers.items()
            if choice != openpoints.BY_HAND and name in known and known[name].takes(choice)
        }
        made = openpoints.settle(made, answers)
        readings = tuple(self._chosen(reading) for reading in made.readings)
        return made.model_copy(update={"readings": readings})

    def _chosen(self, reading: Reading) -> Reading:
        choice = self.decided.readings.get(reading.id)
        if choice in {one.id for one in reading.alternatives}:
            return reading.model_copy(update={"default": choice})
        return reading


MOST_ID = 2**31 - 1
"""Of a whole number that both databases hold."""

MOST_OPEN = 50
"""Drafts that wait to be published or dropped: each holds a whole document."""


def receive(
    session: Session, read: ReadDocument, name: str, *, slug: str, new: bool, now: datetime,
    by: str,
) -> int:  # fmt: skip
    """Keep the draft of a document that was read; the id of the draft. Reading takes too long to be
    done within a transaction: nobody else could write meanwhile.

    `slug` is the programme that it is the next issue of, or (`new`) the id of one that there is
    not yet; "" takes one from the file's name. Refused while too many drafts are open.
    """
    _must_have_room(session)
    wanted = drafting.slug_of(slug, Path(name).stem, year=read.year)
    known = wanted in programmes.slugs(session)
    if known and new:
        raise Refused(
            f"方案 {wanted} 已有，请选它作为新一版，或另起标识 / programme {wanted!r} exists: "
            "choose it, or another id"
        )
    current = programmes.current(session, wanted) if known else None
    units = {} if current is None else {unit.name: unit.id for unit in current.units}
    made = drafting.drafted(read, programme=wanted, known_units=units)
    decided = Decided() if current is None else _carried_over(session, current, made.draft)
    return _keep(session, read, made, name, wanted, decided, now=now, by=by)


def begin_next(session: Session, slug: str, year: int, *, now: datetime, by: str) -> int:
    """The draft of another year of this programme: its own rules and the readings that hold, with
    every date moved; the id of the draft. Refused where that year is a programme already, or the
    year is not a later one."""
    _must_have_room(session)
    current = programmes.current(session, slug)
    if not current.year < year <= current.year + 10:
        raise Refused(f"年份要晚于 {current.year} 年 / the year has to be after {current.year}")
    made = nextyear.successor(current, year, programmes.choices(session, slug, now=now))
    if made.id in programmes.slugs(session):
        raise Refused(f"方案 {made.id} 已有 / programme {made.id!r} exists already")
    name = f"{current.title} → {year}"
    return _keep(session, documents.told(made, year=year), drafting.Drafted(made, {}),
                 name, made.id, Decided(), now=now, by=by)  # fmt: skip


def _keep(
    session: Session, read: ReadDocument, made: drafting.Drafted, name: str, slug: str,
    decided: Decided, *, now: datetime, by: str,
) -> int:  # fmt: skip
    row = DraftRow(
        slug=slug,
        file=name,
        title=made.draft.title,
        reading=_kept(read, made),
        document=made.draft.model_dump(mode="json", by_alias=True),
        decided=decided.as_json(),
        uploaded_at=now,
        uploaded_by=by,
        changed_at=now,
    )
    session.add(row)
    session.flush()
    assert row.id is not None
    body = {"draft": row.id, "by": trail.traced(session, by)}
    trail.append(session, slug, "draft.received", slug, body, now=now)
    return row.id


def _carried_over(session: Session, current: Programme, new: Draft) -> Decided:
    """What the last issue that came as a document had decided of the questions asked again."""
    newest = col(DraftRow.published_at).desc()
    published = col(DraftRow.published_at).is_not(None)
    of_slug = select(DraftRow).where(col(DraftRow.slug) == current.id, published)
    last = session.exec(of_slug.order_by(newest).limit(1)).first()
    if last is None or last.published_at is None:
        return Decided()
    given = Decided.of(last.decided)
    found = precedents(
        Draft.model_validate(last.document), given.answers, new, compare(current, new)
    )
    when = (last.published_at, last.uploaded_by)
    carried = {name: given.carried.get(name, when) for name in found}
    return Decided(answers=found, carried=carried)


def _must_have_room(session: Session) -> None:
    ended = col(DraftRow.published_at).is_not(None) | col(DraftRow.dropped_at).is_not(None)
    waiting = session.exec(select(func.count()).select_from(DraftRow).where(~ended)).one()
    if waiting >= MOST_OPEN:
        raise Refused(
            f"已有 {waiting} 份草稿未定，请先发布或放弃一些 / {waiting} drafts are open: "
            "publish or drop some first"
        )


def _kept(read: ReadDocument, made: drafting.Drafted) -> dict[str, Any]:
    told = asdict(summary(read, made.draft)) | {"points": str(made.draft.points)}
    rows = [
        {
            "item": item.id,
            "title": item.title,
            "place": item.place,
            "section": item.section,
            "cells": [[head, text] for head, text in item.raw.items()],
            "lines": [_line(one, made) for one in item.clauses],
        }
        for item in read.items
    ]
    return {"summary": told, "rows": rows}


def _line(one: documents.PlacedClause, made: drafting.Drafted) -> dict[str, Any]:
    of = made.made_of.get(one.id, {})
    return {
        "clause": one.id,
        "text": one.text,
        "place": one.source.place,
        "spans": [list(rule.span) for rule in one.reading.rules],
        "made_of": [list(of.get(n, ())) for n in range(len(one.reading.rules))],
        "unread": [piece.text for piece in one.reading.unread],
    }


def kept(session: Session, id_: int) -> Kept:
    return _of(session, _row_of(session, id_))


def locked(session: Session, id_: int) -> Kept:
    """The same; until the transaction ends nobody else changes it."""
    return _of(session, _row_of(session, id_, locked=True))


def _row_of(session: Session, id_: int, *, locked: bool = False) -> DraftRow:
    row = session.get(DraftRow, id_, with_for_update=locked) if 0 < id_ <= MOST_ID else None
    if row is None:
        raise NotFound(f"没有这份草稿 / no draft {str(id_)[:20]}")
    return row


def latest(session: Session, *, limit: int = 50) -> list[DraftLine]:
    """Without the documents, which may be many megabytes."""
    shown = load_only(*(getattr(DraftRow, one.name) for one in fields(DraftLine)))
    newest = select(DraftRow).order_by(col(DraftRow.id).desc()).limit(limit)
    return [
        DraftLine(row.id or 0, row.slug, row.file, row.title, row.uploaded_at, row.published_at,
                  row.version, row.dropped_at)
        for row in session.exec(newest.options(shown)).all()
    ]  # fmt: skip


@dataclass(frozen=True)
class DraftLine:
    id: int
    slug: str
    file: str
    title: str
    uploaded_at: datetime
    published_at: datetime | None
    version: int | None
    dropped_at: datetime | None


def _of(session: Session, row: DraftRow) -> Kept:
    current = None
    if row.slug in programmes.slugs(session) and row.published_at is None:
        current = programmes.current(session, row.slug)
    return Kept(
        id=row.id or 0,
        slug=row.slug,
        file=row.file,
        title=row.title,
        uploaded_at=row.uploaded_at,
        changed_at=row.changed_at,
        published_at=row.published_at,
        version=row.version,
        dropped_at=row.dropped_at,
        rows=tuple(_row(one) for one in row.reading["rows"]),
        told=Summary(**row.reading["summary"]),
        document=_document(row),
        decided=Decided.of(row.decided),
        current=current,
        recorded=current is not None and factbook.last_row(session, row.slug) > 0,
    )


def _row(body: Mapping[str, Any]) -> Row:
    lines = tuple(
        Line(
            one["clause"], one["text"], one["place"],
            tuple((start, end) for start, end in one["spans"]),
            tuple(tuple(numbers) for numbers in one["made_of"]), tuple(one["unread"]),
        )
        for one in body["lines"]
    )  # fmt: skip
    cells = tuple((head, text) for head, text in body["cells"])
    return Row(body["item"], body["title"], body["place"], body["section"], cells, lines)


# -- deciding --------------------------------------------------------------------------------------


def decide(
    session: Session, id_: int, *, now: datetime,
    answers: Mapping[str, str] | None = None, readings: Mapping[str, str] | None = None,
    accepted: Sequence[str] | None = None,
) -> None:  # fmt: skip
    """Keep what was decided; what is not given stays. Refused for a draft that has ended."""
    row, one = _open(session, id_)
    was = one.decided
    if answers or readings:
        made = one.result
        answers = _of_known(answers, {point.id for point in made.open_points})
        readings = _of_known(readings, {reading.id for reading in made.readings})
    if accepted is not None:
        known = {revision.id for revision in one.revisions}
        wanted = {name for name in accepted if name in known}
        bundles = [[revision.id for revision in bundle] for bundle in one.bundled]
        accepted = [name for bundle in bundles if wanted & set(bundle) for name in bundle]
    decided = Decided(
        {**was.answers, **(answers or {})},
        {**was.readings, **(readings or {})},
        was.accepted if accepted is None else tuple(accepted),
        {
            name: one
            for name, one in was.carried.items()
            if (answers or {}).get(name, was.answers[name]) == was.answers[name]
        },
    )
    row.decided = decided.as_json()
    row.changed_at = now


def _of_known(given: Mapping[str, str] | None, known: Set[str]) -> dict[str, str]:
    """A form made by hand may name anything; none of that is kept."""
    return {name: choice for name, choice in (given or {}).items() if name in known}


def drop(session: Session, id_: int, *, now: datetime, by: str) -> None:
    row, _ = _open(session, id_)
    row.dropped_at = row.changed_at = now
    body = {"draft": id_, "by": trail.traced(session, by)}
    trail.append(session, row.slug, "draft.dropped", row.slug, body, now=now)


def _open(session: Session, id_: int) -> tuple[DraftRow, Kept]:
    row = _row_of(session, id_, locked=True)
    if row.published_at is not None or row.dropped_at is not None:
        raise Refused("这份草稿已经发布或放弃 / this draft has been published or dropped")
    return row, _of(session, row)


def problems(one: Kept, language: Language) -> tuple[Problem, ...]:
    """What stands against publishing: open points, and whatever else is unsound."""
    try:
        made = one.result
    except DefinitionError as error:
        return error.problems
    if made.still_open:
        return tuple(
            Problem(point.clause or point.place, point.question) for point in made.still_open
        )
    try:
        yamlform.loads(yamlform.dump(made), one.slug, language)
    except DefinitionError as error:
        return error.problems
    return ()


def publish(
    session: Session, id_: int, *, language: Language, now: datetime, by: str,
    past: pastdue.Past = "owed",
) -> programmes.Published:  # fmt: skip
    """Refused while a point is open; DefinitionError where the result is unsound. `past` says what
    became of the duties whose day lies before this one."""
    row, one = _open(session, id_)
    left = one.result.still_open
    if left:
        raise Refused(f"还有 {len(left)} 处要人定 / {len(left)} points are still open")
    programme = yamlform.loads(yamlform.dump(one.result), one.slug, language)
    over = pastdue.before(session, programme, now=now)
    done = programmes.publish(session, programme, now=now, by=by)
    pastdue.settle(session, programme, over, past, now=now, by=by)
    row.published_at = row.changed_at = now
    row.version = done.version
    return done


# -- prices ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Prices:
    """By point and reading; `facts` is how many recorded ones they are on, 0 the worst case."""

    points: Mapping[str, tuple[Price, ...]]
    readings: Mapping[str, tuple[Price, ...]]
    facts: int


def prices(session: Session, one: Kept) -> Prices:
    """Of the result's open points and readings; they change only with the draft and the facts."""
    recorded = tuple(factbook.facts(session, one.slug)) if one.current is not None else ()
    calendar = calendars.calendar(session)
    key = ("draft prices", one.id, one.changed_at, calendar.version, len(recorded))

    def compute() -> Prices:
        made = one.result
        return Prices(
            {p.id: of_point(made, p, calendar, facts=recorded) for p in made.open_points},
            {r.id: of_reading(made, r, calendar, facts=recorded) for r in made.readings},
            len(recorded),
        )

    return remembered(session, key, compute)


# -- what publishing would do ----------------------------------------------------------------------


@dataclass(frozen=True)
class Effect:
    """Points lost on the recorded facts before and after; obligations that come and go."""

    lost_before: Units
    lost_after: Units
    added: int
    withdrawn: int


def effect(session: Session, one: Kept, *, now: datetime) -> Effect | None:
    """None where nothing is in force yet, or a point is still open."""
    if one.current is None or problems(one, "zh"):
        return None
    calendar = calendars.calendar(session)
    facts = factbook.facts(session, one.slug)
    key = ("draft effect", one.id, one.changed_at, calendar.version, len(facts), now.date())

    def compute() -> Effect:
        after = openpoints.settled(one.result)
        assert one.current is not None
        boards = [
            scoreboard.of_documents(document, facts, calendar, as_of=now, known_at=now)
            for document in (one.current, after)
        ]
        owed = [{s.obligation.key for s in board.ledger.standings} for board in boards]
        return Effect(boards[0].ledger.lost, boards[1].ledger.lost,
                      len(owed[1] - owed[0]), len(owed[0] - owed[1]))  # fmt: skip

    return remembered(session, key, compute)


def past(session: Session, one: Kept, *, now: datetime) -> int:
    """How many duties of the draft are past their day already, of which publishing asks what became
    of them; 0 while a point is open."""
    if one.ended or problems(one, "zh"):
        return 0
    key = ("draft past", one.id, one.changed_at, calendars.calendar(session).version, now.date())
    return remembered(
        session, key, lambda: len(pastdue.before(session, openpoints.settled(one.result), now=now))
    )


# -- how long they are kept ------------------------------------------------------------------------

KEPT_FOR = timedelta(days=180)
"""After a draft has ended, its document is kept so long: for questions about what was read."""


def kept_until(one: Kept) -> datetime | None:
    """When the document goes; None while the draft is open."""
    ended = one.published_at or one.dropped_at
    return None if ended is None else ended + KEPT_FOR


def tidy(session: Session, *, now: datetime) -> int:
    """Empties the documents of drafts that ended long ago; how many. What was decided stays, and of
    each programme the issue that was published last, by whose answers the next one goes."""
    light = load_only(
        *(getattr(DraftRow, name) for name in ("id", "slug", "decided", "published_at"))
    )
    ended = func.coalesce(col(DraftRow.published_at), col(DraftRow.dropped_at))
    old = session.exec(select(DraftRow).where(ended <= now - KEPT_FOR).options(light)).all()
    newest = select(func.max(col(DraftRow.id))).where(col(DraftRow.published_at).is_not(None))
    last = set(session.exec(newest.group_by(col(DraftRow.slug))).all())
    gone = [row for row in old if row.id not in last and not row.decided.get("emptied")]
    for row in gone:
        row.reading = {"summary": row.reading["summary"], "rows": []}
        row.document = {}
        row.decided = {**row.decided, "emptied": True}
    return len(gone)


def _document(row: DraftRow) -> Draft:
    """One without any section, which no document has, where it has been emptied."""
    if row.document:
        return Draft.model_validate(row.document)
    return Draft.model_construct(
        id=row.slug, title=row.title, year=0, points=Decimal(0), units=(), sections=()
    )

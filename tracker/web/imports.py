"""导入: a document is uploaded, looked at beside its source, settled and published."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import Response

from tracker.definitions import documents
from tracker.definitions.documents import SUFFIXES
from tracker.definitions.drafting.prices import Price
from tracker.definitions.openpoints import OpenPoint
from tracker.domain.authority import About, Act
from tracker.domain.errors import DefinitionError, Problem, Refused
from tracker.domain.programme import Clause, Programme, Reading
from tracker.services import drafts, programmes
from tracker.services.drafts import Kept, Line, Prices, Row
from tracker.services.remarks import remarks
from tracker.web.asking import Asked
from tracker.web.entry import Importing, Received
from tracker.web.evidence import shown_name
from tracker.web.intake import FILE_LIMIT, Form
from tracker.web.rendering import go, page
from tracker.wording import Language
from tracker.wording.drafts import DraftWords
from tracker.wording.rules import describe_rule

router = APIRouter()

UNPROCESSABLE = 422
KINDS = tuple(suffix for suffix in SUFFIXES if suffix not in (".yaml", ".yml"))
_NUMBER = re.compile(r"[0-9]{1,4}(?:[.][0-9]{1,4})?")
AT_ONCE = 60
"""Questions or differences of one form: a form has a limit of fields."""


# -- the list and the upload -----------------------------------------------------------------------


@router.get("/import")
def imports_page(asked: Importing) -> Response:
    return _imports(asked)


def _imports(
    asked: Asked, form: Form | None = None, problems: Sequence[Problem] = (),
    wrong: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    with asked.runtime.database.read() as session:
        slugs = programmes.slugs(session)
        mine = [slug for slug in slugs if asked.who.ever(Act.RUN, slug)]
        known = [(slug, programmes.current(session, slug).title) for slug in mine]
        found = [one for one in drafts.latest(session) if asked.who.ever(Act.RUN, one.slug)]
    return page(
        asked, "imports", anew=asked.who.everywhere(Act.RUN), known=known, drafts=found,
        problems=problems, wrong=wrong or {},
        sent=form.fields if form else {}, kinds=KINDS, limit=FILE_LIMIT // 1024 // 1024,
        status=UNPROCESSABLE if problems or wrong else 200,
    )  # fmt: skip


@router.post("/import")
def upload(asked: Importing, form: Received) -> Response:
    wrong = _wrong(form)
    if wrong:
        return _imports(asked, form, wrong=wrong)
    asked.must(Act.RUN, About(form.text("programme") or None))
    try:
        given = form.uploads[0]
        given.file.seek(0)
        keep = read_in(
            asked, given.name, given.file.read(FILE_LIMIT + 1),
            slug=form.text("programme") or form.text("id"), new=not form.text("programme"),
            year=int(form.text("year")) if form.text("year") else None,
        )  # fmt: skip
        with asked.runtime.database.write() as session:
            id_ = keep(session)
    except DefinitionError as error:
        return _imports(asked, form, error.problems)
    except Refused as refused:
        return _imports(asked, form, [Problem(form.text("id"), str(refused))])
    return go(asked, f"/import/{id_}")


def _wrong(form: Form) -> dict[str, str]:
    """Field by field what cannot be taken; the file's own faults are told by the reader."""
    wrong: dict[str, str] = {}
    if len(form.uploads) != 1:
        wrong["file"] = "one_file"
    elif suffix_of(form.uploads[0].name) not in KINDS:
        wrong["file"] = "file_kind"
    if form.text("year") and not re.fullmatch(r"(19|20)\d\d", form.text("year")):
        wrong["year"] = "year"
    if form.text("id") and not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,60}", form.text("id")):
        wrong["id"] = "slug"
    return wrong


def suffix_of(name: str) -> str:
    return Path(shown_name(name)).suffix.lower()


def read_in(
    asked: Asked, given: str, content: bytes, *, slug: str, new: bool, year: int | None
) -> Callable[[Session], int]:
    """Reads the document, which takes too long for a transaction; what is returned keeps the draft
    and says its id. The file lies on disk only while it is read, under a name of ours."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"document{suffix_of(given)}"
        path.write_bytes(content)
        try:
            found = documents.read_document(path, year=year, language=asked.language)
        except DefinitionError as error:
            named = (replace(one, place=one.place.replace(path.name, shown_name(given)))
                     for one in error.problems)  # fmt: skip
            raise DefinitionError(list(named)) from error
    return lambda session: drafts.receive(
        session, found, shown_name(given), slug=slug, new=new, now=asked.now, by=asked.by,
    )  # fmt: skip


# -- one draft -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Piece:
    """A stretch of a clause's text; `numbers` of the rules that were read in it."""

    text: str
    numbers: str = ""
    doubt: str = ""
    """"" | "unread" | "asked"."""


@dataclass(frozen=True)
class Told:
    """A rule in words beside its text: `light` how sure it is."""

    number: str
    words: str
    light: str


@dataclass(frozen=True)
class Beside:
    """A clause: its text in pieces, and what was read."""

    line: Line
    pieces: tuple[Piece, ...]
    told: tuple[Told, ...]
    light: str


@dataclass(frozen=True)
class Choice:
    id: str
    says: str
    price: str


@dataclass(frozen=True)
class Question:
    """An open point or a reading as a question with choices; `chosen` "" for none yet."""

    field: str
    about: str
    where: str
    asks: str
    text: str
    choices: tuple[Choice, ...]
    chosen: str
    numeric: bool = False
    carried: tuple[datetime, str] | None = None
    """When and by whom the answer was given for the last issue."""


@router.get("/import/{id_}")
def import_page(asked: Importing, id_: int) -> Response:
    own(asked, id_)
    return _import(asked, id_)


def _import(
    asked: Asked, id_: int, problems: Sequence[Problem] = (),
    numbers: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    """`numbers` are those typed that are none, by the question's id."""
    with asked.runtime.database.read() as session:
        one = drafts.kept(session, id_)
        priced = None if one.ended else drafts.prices(session, one)
        effect = None if one.ended else drafts.effect(session, one, now=asked.now)
        past = drafts.past(session, one, now=asked.now)
    say = DraftWords(asked.language)
    head, *summary = say.summary(one.told)
    points, readings = ([], []) if priced is None else questions(say, one, priced)
    revisions = () if one.ended else one.bundled
    return page(
        asked, "import", one=one, head=head, summary=summary, say=say,
        rows=_rows(one, asked.language), points=_chunks(points), readings=_chunks(readings),
        bundles=_chunks(revisions), accepted=set(one.decided.accepted),
        open=sum(not point.chosen for point in points), n_readings=len(readings),
        only_choices=len(_only_choices(one)),
        n_revisions=len(revisions), facts=priced.facts if priced else 0,
        problems=[_at_source(problem, one, say) for problem in problems],
        remarks=[] if one.ended else remarks(one),
        effect=effect, past=past, at_once=AT_ONCE, until=drafts.kept_until(one),
        numbers=numbers or {}, status=UNPROCESSABLE if problems or numbers else 200,
    )  # fmt: skip


def questions(say: DraftWords, one: Kept, priced: Prices) -> tuple[list[Question], list[Question]]:
    """The open points and the readings of a draft that has not ended."""
    made = one.result
    points = [_point(say, one, p, priced.points.get(p.id, ())) for p in made.open_points]
    readings = [_reading(say, made, r, priced.readings.get(r.id, ())) for r in made.readings]
    return points, readings


def _at_source(problem: Problem, one: Kept, say: DraftWords) -> Problem:
    """Where the fault stands in the source, for a clerk who has never seen the draft's lines."""
    line = re.match(re.escape(one.slug) + r" (?:第 \d+ 行|line \d+)(?:，|, )?", problem.place)
    if line is None:
        return problem
    things = problem.place[line.end() :]
    place = ""
    for name in re.findall(r"[^\s，,#]+", things):
        clause = one.document.clauses.get(name)
        rows = (row.place for row in one.rows if row.item == name)
        place = clause[2].source.place if clause is not None else next(rows, place)
    told = [part for part in (things, say.where(place)) if part]
    return replace(problem, place=" · ".join(told) or one.title)


def _chunks(things: Sequence[object]) -> list[Sequence[object]]:
    return [things[at : at + AT_ONCE] for at in range(0, len(things), AT_ONCE)]


def _point(say: DraftWords, one: Kept, point: OpenPoint, prices: Sequence[Price]) -> Question:
    kept = one.decided.carried.get(point.id) if point.chosen else None
    return Question(
        f"p-{point.id}", point.clause, say.where(point.place), say.question(point), point.text,
        _choices(say, prices, known=True), point.chosen or "", point.numeric, kept,
    )  # fmt: skip


def _reading(
    say: DraftWords, made: Programme, reading: Reading, prices: Sequence[Price]
) -> Question:
    body = made.clauses.get(reading.clause)
    place = body[2].source.place if body is not None else ""
    return Question(
        f"r-{reading.id}", reading.clause, say.where(place), say.said(reading.question), "",
        _choices(say, prices, known=False), reading.default,
    )  # fmt: skip


def _choices(say: DraftWords, prices: Sequence[Price], *, known: bool) -> tuple[Choice, ...]:
    """`known` choices have words of ours; an open point without any price shows none."""
    priced = not known or any(price.lost is not None for price in prices)
    return tuple(
        Choice(
            price.choice,
            say.choice(price.choice, price.says) if known else say.said(price.says),
            say.price(price) if priced else "",
        )
        for price in prices
    )


# -- the text beside its rules ---------------------------------------------------------------------


def _rows(one: Kept, language: Language) -> list[tuple[str, list[tuple[Row, list[Beside]]]]]:
    """Rows by section, in the order of the document."""
    titles = {section.id: section.title for section in one.document.sections}
    asked = {reading.clause for reading in one.document.readings}
    asked |= {path.partition("#")[0].removesuffix(".rules").partition("/")[0]
              for reading in one.document.readings
              for choice in reading.alternatives for path in choice.set}  # fmt: skip
    sections: dict[str, list[tuple[Row, list[Beside]]]] = {}
    for row in one.rows:
        lines = [_beside(one, line, asked, language) for line in row.lines]
        sections.setdefault(titles.get(row.section, row.title), []).append((row, lines))
    return list(sections.items())


def _beside(one: Kept, line: Line, asked: set[str], language: Language) -> Beside:
    body = one.document.clauses.get(line.clause)
    clause = body[2] if body is not None else None
    light = "late" if line.unread else "slow" if line.clause in asked else "ok"
    told = tuple(_told(one, line, clause, light, language)) if clause is not None else ()
    return Beside(line, tuple(_pieces(line)), told, light)


def _told(one: Kept, line: Line, clause: Clause, light: str, language: Language) -> Iterator[Told]:
    numbers: dict[int, list[str]] = {}
    for number, rules in enumerate(line.made_of, start=1):
        for rule in rules:
            numbers.setdefault(rule, []).append(str(number))
    for place, rule_ in enumerate(clause.rules):
        words = describe_rule(rule_, language, clause=clause, programme=one.document)
        yield Told("、".join(numbers.get(place, ())), words, light)


def _pieces(line: Line) -> Iterator[Piece]:
    """The text cut at the spans of its rules; spans that overlap share one piece."""
    at = 0
    for start, end, numbers in _stretches(line):
        if start > at:
            yield from _plain(line, at, start)
        yield Piece(line.text[start:end], numbers)
        at = end
    yield from _plain(line, at, len(line.text))


def _stretches(line: Line) -> list[tuple[int, int, str]]:
    found: list[tuple[int, int, list[str]]] = []
    order = sorted(range(len(line.spans)), key=lambda n: line.spans[n])
    for n in order:
        start, end = line.spans[n]
        while start < end and line.text[start] in "，,；;。、 \n":
            start += 1
        if found and start < found[-1][1]:
            first, last, numbers = found[-1]
            found[-1] = (first, max(last, end), [*numbers, str(n + 1)])
        elif end > start:
            found.append((start, end, [str(n + 1)]))
    return [(start, end, "、".join(numbers)) for start, end, numbers in found]


def _plain(line: Line, start: int, end: int) -> Iterator[Piece]:
    """Text of no rule; what was not understood in it is marked."""
    rest = line.text[start:end]
    for piece in line.unread:
        before, found, after = rest.partition(piece)
        if found:
            yield Piece(before)
            yield Piece(piece, doubt="unread")
            rest = after
    if rest:
        yield Piece(rest)


def own(asked: Asked, id_: int) -> None:
    """Forbidden for a draft of a programme that is not theirs."""
    with asked.runtime.database.read() as session:
        asked.must(Act.RUN, About(drafts.slug_of(session, id_)))


# -- deciding --------------------------------------------------------------------------------------


@router.post("/import/{id_}/settle")
def settle(asked: Importing, id_: int, form: Received) -> Response:
    """What this form changed: an answer that stood there as the page was opened is left to whoever
    changed it meanwhile."""
    answers = {name[2:]: one for name, one in _changed(form) if name.startswith("p-")}
    typed = {name[2:]: one for name in form.fields
             if name.startswith("n-") and (one := form.text(name, most=20))
             and one != form.fields.get(f"was-p-{name[2:]}")}  # fmt: skip
    numbers = {name: one for name, one in typed.items() if not _NUMBER.fullmatch(one)}
    answers |= {name: one for name, one in typed.items() if name not in numbers}
    readings = {name[2:]: one for name, one in _changed(form) if name.startswith("r-")}
    own(asked, id_)
    with asked.runtime.database.write() as session:
        if form.text("do") == "only_choices":
            answers = {**_only_choices(drafts.kept(session, id_)), **answers}
        drafts.decide(session, id_, answers=answers, readings=readings, now=asked.now)
    if numbers:
        return _import(asked, id_, numbers=numbers)
    return go(asked, f"/import/{id_}#{form.text('to') or 'points'}")


def _changed(form: Form) -> Iterator[tuple[str, str]]:
    """Choices other than those that the page showed, where it says what it showed."""
    return ((name, one) for name, one in form.fields.items()
            if one != form.fields.get(f"was-{name}"))  # fmt: skip


def _only_choices(one: Kept) -> dict[str, str]:
    """Open points that can only be taken note of: slips of the source, text beside the table."""
    open_ = () if one.ended else one.result.still_open
    alone = (one for one in open_ if len(one.choices) == 1 and not one.numeric)
    return {point.id: point.choices[0].id for point in alone}


@router.post("/import/{id_}/accept")
def accept(asked: Importing, id_: int, form: Received) -> Response:
    """The differences of one form; those of the other forms stay as they were."""
    own(asked, id_)
    with asked.runtime.database.write() as session:
        one = drafts.kept(session, id_)
        drafts.decide(session, id_, accepted=_accepted(form, one), now=asked.now)
    return go(asked, f"/import/{id_}#revisions")


def _accepted(form: Form, one: Kept) -> list[str]:
    """Differences that hang together stand for the first of them."""
    known = [bundle[0].id for bundle in one.bundled]
    match form.text("do"):
        case "all":
            return known
        case "none":
            return []
    first = int(form.text("from")) if form.text("from").isdigit() else 0
    shown = set(known[first : first + AT_ONCE])
    ticked = {value for name, value in form.fields.items() if name.startswith("a-")}
    before = set(one.decided.accepted)
    return [name for name in known if name in (ticked if name in shown else before)]


@router.post("/import/{id_}/publish")
def publish(asked: Importing, id_: int, form: Received) -> Response:
    own(asked, id_)
    try:
        with asked.runtime.database.write() as session:
            done = drafts.publish(
                session, id_, language=asked.language, now=asked.now, by=asked.by,
                past="done" if form.text("past") == "done" else "owed",
            )  # fmt: skip
    except DefinitionError as error:
        return _import(asked, id_, error.problems)
    return go(asked, f"/p/{done.slug}/")


@router.post("/import/{id_}/drop")
def drop(asked: Importing, id_: int, form: Received) -> Response:
    own(asked, id_)
    with asked.runtime.database.write() as session:
        drafts.drop(session, id_, now=asked.now, by=asked.by)
    return go(asked, "/import")

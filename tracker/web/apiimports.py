"""Importing through the interface: a document becomes a draft, its questions are answered, it is
published; and the notices of working days, priced before they are loaded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import ConfigDict, Field
from sqlmodel import Session
from starlette.responses import Response

from tracker.definitions.answers import Answer
from tracker.definitions.documentanswers import PublishedAnswer
from tracker.domain.authority import About, Act
from tracker.domain.errors import DefinitionError, Problem
from tracker.services import calendars, drafts, programmes
from tracker.services.drafts import DraftLine, Kept
from tracker.web.asking import Asked
from tracker.web.entry import Importing
from tracker.web.imports import KINDS, Question, own, questions, read_in, suffix_of
from tracker.web.intake import FILE_LIMIT, Number, TooLarge
from tracker.web.interface import (
    NOTHING,
    PER_PAGE,
    RESPONSES,
    UNCHANGED,
    Bare,
    Body,
    Cursor,
    DoneAnswer,
    Id,
    Limit,
    Sent,
    check_sender,
    content_of,
    done,
    example,
    must_match,
    part,
    read,
    tagged,
    takes,
    told,
    version,
    write,
)
from tracker.web.workcalendar import Calendaring, LoadingDays, approve, years
from tracker.wording.drafts import DraftWords

router = APIRouter(prefix="/api/v1", tags=["importing"], responses=RESPONSES)

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,60}$")]


# -- drafts --------------------------------------------------------------------------------------


class DraftLineAnswer(Answer):
    id: int
    programme: str
    title: str
    file: str
    uploaded_at: datetime
    published_at: datetime | None
    version: int | None
    dropped_at: datetime | None


class DraftsAnswer(Answer):
    drafts: list[DraftLineAnswer] = Field(description="The newest first.")


class PricedChoiceAnswer(Answer):
    id: str
    says: str
    price: str = Field(description="In words.")


class QuestionAnswer(Answer):
    """An open point or a reading; `chosen` is empty while nobody has answered."""

    id: str
    about: str
    where: str = Field(description="In the source.")
    question: str
    text: str
    choices: list[PricedChoiceAnswer]
    chosen: str
    numeric: bool = Field(description="A number answers it too.")


class ChangeAnswer(Answer):
    """A difference to the programme in force that may be accepted; `with_it` go along."""

    id: str
    says: str
    with_it: list[str]
    accepted: bool


class DraftAnswer(DraftLineAnswer):
    summary: list[str]
    open: int = Field(description="Points that have to be answered before it can be published.")
    points: list[QuestionAnswer]
    readings: list[QuestionAnswer]
    changes: list[ChangeAnswer]
    problems: list[str] = Field(description="What stands against publishing.")
    past: int = Field(description="Duties whose day is over: publishing asks what became of them.")


class DocumentBody(Body):
    """`programme` for the next issue of one that is there, else `id` for a new one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "清单.txt", "content": "6L+Z5piv5LiA5Lu9", "id": "flood-2026",
                          "year": 2026}]
        }
    )  # fmt: skip
    name: Id
    content: str = Field(description=f"The file in base64; one of {', '.join(KINDS)}.")
    programme: Slug | None = None
    id: Slug | None = None
    year: Annotated[int, Field(ge=1990, le=2100)] | None = None


class DecisionsBody(Body):
    """What is not named stays as it was decided before."""

    model_config = example(answers={"dirt-1": "noted"}, readings={"r1": "as_read"}, accepted=[])
    answers: dict[str, str] = Field(default={}, description="By point: a choice, or a number.")
    readings: dict[str, str] = Field(default={}, description="By reading: a choice.")
    accepted: tuple[Id, ...] | None = Field(
        default=None, description="All the differences that are accepted; none told: as before."
    )


class PublishBody(Body):
    model_config = example(past="owed")
    past: Literal["owed", "done"] = Field(
        default="owed", description="What became of the duties whose day is over."
    )


def drafting(asked: Importing, number: Number) -> Asked:
    """Whose draft it is comes before what is said about it."""
    check_sender(asked.request)
    own(asked, number)
    return asked


Drafting = Annotated[Asked, Depends(drafting)]


@router.get("/imports", response_model=DraftsAnswer)
def draft_list(asked: Importing, limit: Limit = PER_PAGE, cursor: Cursor = "") -> Response:
    with asked.runtime.database.read() as session:
        every = [one for one in drafts.latest(session) if asked.who.ever(Act.RUN, one.slug)]
    found, headers = part(asked, every, limit=limit, cursor=cursor, name=lambda one: str(one.id))
    return told(DraftsAnswer(drafts=[DraftLineAnswer(**_line(one)) for one in found]), headers)


def _line(one: DraftLine | Kept) -> dict[str, Any]:
    return {"id": one.id, "programme": one.slug, "title": one.title, "file": one.file,
            "uploaded_at": one.uploaded_at, "published_at": one.published_at,
            "version": one.version, "dropped_at": one.dropped_at}  # fmt: skip


@router.post("/imports", status_code=201, response_model=DraftAnswer,
             openapi_extra=takes(DocumentBody))  # fmt: skip
def receive(asked: Importing, sent: Sent) -> Response:
    """导入. Reading takes longer than a write may: with the same Idempotency-Key the draft of
    before is told and no other one is made."""
    body = read(sent, DocumentBody)
    asked.must(Act.RUN, About(body.programme))
    content = content_of(body.content, "content")
    if len(content) > FILE_LIMIT:
        raise TooLarge
    if suffix_of(body.name) not in KINDS:
        known = ", ".join(KINDS)
        raise DefinitionError([Problem("name", f"不是这些文件 / none of these: {known}")])
    if (body.programme is None) == (body.id is None):
        raise DefinitionError([Problem("id", "id 与 programme 二选一 / either id or programme")])
    keep = read_in(asked, body.name, content, slug=body.programme or body.id or "",
                   new=body.programme is None, year=body.year)  # fmt: skip
    return write(asked, sent, lambda session: _told(asked, session, keep(session)))


@router.get("/imports/{number}", response_model=DraftAnswer, responses=UNCHANGED)
def draft(asked: Drafting, number: Number) -> Response:
    """With the ETag that If-Match takes when it is decided, published or dropped."""
    with asked.runtime.database.read() as session:
        answer, tag = _told(asked, session, number), _version(drafts.kept(session, number))
    return tagged(answer, tag, asked)


def _version(one: Kept) -> str:
    said = one.decided
    return version(one.id, sorted(said.answers.items()), sorted(said.readings.items()),
                   sorted(said.accepted), one.published_at, one.dropped_at)  # fmt: skip


def _must_be_same(asked: Asked, session: Session, number: int) -> None:
    """412 where somebody else was quicker; nobody is any more until the transaction ends."""
    must_match(asked, _version(drafts.locked(session, number)))


def _told(asked: Asked, session: Session, id_: int) -> DraftAnswer:
    one, say = drafts.kept(session, id_), DraftWords(asked.language)
    if one.ended:
        return DraftAnswer(**_line(one), summary=[], open=0, points=[], readings=[], changes=[],
                           problems=[], past=0)  # fmt: skip
    points, readings = questions(say, one, drafts.prices(session, one))
    return DraftAnswer(
        **_line(one), summary=list(say.summary(one.told)),
        open=sum(not point.chosen for point in points),
        points=[_question(point) for point in points],
        readings=[_question(reading) for reading in readings],
        changes=[
            ChangeAnswer(id=first.id, says=say.revision(first), with_it=[it.id for it in rest],
                         accepted=first.id in one.decided.accepted)
            for first, *rest in one.bundled
        ],
        problems=[str(it) for it in drafts.problems(one, asked.language)],
        past=drafts.past(session, one, now=asked.now),
    )  # fmt: skip


def _question(one: Question) -> QuestionAnswer:
    return QuestionAnswer(
        id=one.field[2:], about=one.about, where=one.where, question=one.asks, text=one.text,
        choices=[PricedChoiceAnswer(id=it.id, says=it.says, price=it.price) for it in one.choices],
        chosen=one.chosen, numeric=one.numeric,
    )  # fmt: skip


@router.post("/imports/{number}/decisions", status_code=201, response_model=DraftAnswer,
             openapi_extra=takes(DecisionsBody))  # fmt: skip
def decide(asked: Drafting, number: Number, sent: Sent) -> Response:
    """Refused whole where a point, a reading, a difference or a choice is not the draft's."""
    body = read(sent, DecisionsBody)

    def act(session: Session) -> DraftAnswer:
        _must_be_same(asked, session, number)
        one = drafts.kept(session, number)
        _check(one, body)
        drafts.decide(session, number, answers=body.answers, readings=body.readings,
                      accepted=body.accepted, now=asked.now)  # fmt: skip
        return _told(asked, session, number)

    return write(asked, sent, act)


def _check(one: Kept, body: DecisionsBody) -> None:
    """A page offers nothing else; a program could send anything."""
    made = one.result
    points = {it.id: it for it in made.open_points}
    choices = {it.id: {choice.id for choice in it.alternatives} for it in made.readings}
    wrong = [f"answers.{name}" for name, said in body.answers.items()
             if name not in points or not points[name].takes(said)]  # fmt: skip
    wrong += [f"readings.{name}" for name, said in body.readings.items()
              if said not in choices.get(name, ())]  # fmt: skip
    known = {bundle[0].id for bundle in one.bundled}
    wrong += [f"accepted.{name}" for name in body.accepted or () if name not in known]
    if wrong:
        raise DefinitionError(
            [Problem(place, "草稿里没有这一项 / not one of the draft's") for place in wrong]
        )


@router.post("/imports/{number}/publish", status_code=201, response_model=PublishedAnswer,
             openapi_extra=takes(PublishBody))  # fmt: skip
def publish(asked: Drafting, number: Number, sent: Sent) -> Response:
    body = read(sent, PublishBody)

    def act(session: Session) -> PublishedAnswer:
        _must_be_same(asked, session, number)
        one = drafts.publish(session, number, language=asked.language, now=asked.now, by=asked.by,
                             past=body.past)  # fmt: skip
        return PublishedAnswer(id=one.slug, version=one.version, hash=one.hash, title=one.title,
                               new=one.new)  # fmt: skip

    return write(asked, sent, act)


@router.post("/imports/{number}/drop", status_code=201, response_model=DoneAnswer,
             openapi_extra=NOTHING)  # fmt: skip
def drop(asked: Drafting, number: Number, sent: Bare) -> Response:
    def act(session: Session) -> None:
        _must_be_same(asked, session, number)
        drafts.drop(session, number, now=asked.now, by=asked.by)

    return done(asked, sent, number, act)


# -- the working calendar ------------------------------------------------------------------------


class NoticeBody(Body):
    """A year's notice of days off and make-up days, as an office receives it."""

    model_config = example(
        year=2027, number="国办发明电〔2026〕1号", off_days={"2027-01-01": "元旦"}, make_up_days=[]
    )
    year: Annotated[int, Field(ge=1990, le=2100)]
    number: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
    off_days: Annotated[dict[str, str], Field(max_length=366)]
    make_up_days: Annotated[tuple[str, ...], Field(max_length=366)] = ()

    @property
    def document(self) -> Mapping[str, Any]:
        return self.model_dump() | {"make_up_days": list(self.make_up_days)}


class YearAnswer(Answer):
    year: int
    known: bool = Field(description="Without its notice, dates that depend on it are provisional.")
    number: str
    off: list[date]
    made_up: list[date]


class CalendarAnswer(Answer):
    version: str
    years: list[YearAnswer]


class MoveAnswer(Answer):
    programme: str
    obligation: str
    before: datetime
    after: datetime


class MovesAnswer(Answer):
    moves: list[MoveAnswer] = Field(description="Open obligations whose date the notice moves.")
    loaded: bool = Field(description="False: nothing was changed.")


@router.get("/calendar")
def calendar(asked: Calendaring, first: int = 2020, last: int = 2030) -> CalendarAnswer:
    with asked.runtime.database.read() as session:
        known = calendars.calendar(session)
    of = range(max(first, 1992), min(last, 2100) + 1)
    return CalendarAnswer(
        version=known.version,
        years=[
            YearAnswer(year=one.year, known=one.known, number=one.number,
                       off=[day.on for day in one.off], made_up=[day.on for day in one.made_up])
            for one in years(known, of)
        ],
    )  # fmt: skip


def _moves(session: Session, body: NoticeBody, now: datetime, *, loaded: bool) -> MovesAnswer:
    found = programmes.would_move(session, body.document, now=now)
    return MovesAnswer(loaded=loaded, moves=[
        MoveAnswer(programme=one.programme, obligation=one.key, before=one.before, after=one.after)
        for one in found
    ])  # fmt: skip


@router.post("/calendar/price", status_code=200, response_model=MovesAnswer,
             openapi_extra=takes(NoticeBody))  # fmt: skip
def price_notice(asked: LoadingDays, sent: Sent) -> Response:
    """Which dates would move; nothing is loaded."""
    body = read(sent, NoticeBody)
    with asked.runtime.database.read() as session:
        return told(_moves(session, body, asked.now, loaded=False))


@router.post("/calendar", status_code=201, response_model=MovesAnswer,
             openapi_extra=takes(NoticeBody))  # fmt: skip
def load_notice(asked: LoadingDays, sent: Sent) -> Response:
    """In all programmes, so that whoever runs only one may not."""
    body = read(sent, NoticeBody)

    def act(session: Session) -> MovesAnswer:
        moves = _moves(session, body, asked.now, loaded=True)
        loaded = approve(asked, session, body.document)
        return moves.model_copy(update={"loaded": loaded})

    return write(asked, sent, act)

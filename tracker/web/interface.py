"""What the routes of the interface have in common: strict bodies, answers that are given again,
versions of what is changed, pages of a list."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from fastapi import Depends, Query, Request, Response, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic_core import ErrorDetails, from_json
from sqlmodel import Session
from starlette.responses import JSONResponse

from schedules.instants import local_instant
from tracker.definitions import telling
from tracker.definitions.answers import Answer
from tracker.definitions.complaints import fault_of
from tracker.domain.errors import DefinitionError, Problem, TrackerError
from tracker.services import programmes, replays
from tracker.web.access import Forbidden
from tracker.web.asking import EARLIEST, LATEST, Asked
from tracker.web.intake import TooLarge
from tracker.wording import LANGUAGES

MOST_BYTES = 16 * 1024 * 1024
"""A file of the size that a page takes, in base64, and what is said about it."""
PER_PAGE, MOST_PER_PAGE = 100, 1000

Model = TypeVar("Model", bound="Body")
Thing = TypeVar("Thing")
Listed = TypeVar("Listed", bound=BaseModel)


class Body(BaseModel):
    """What a program sends: nothing that is not asked for, nothing that has to be guessed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


Key = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00]*$",
                           description="The obligation's key.")]  # fmt: skip
Id = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
Text = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]
Reason = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]
Person = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00]*$")]


class DoneAnswer(Answer):
    done: str


class ProblemAnswer(BaseModel):
    """RFC 9457: what is wrong, in words, and where."""

    type: str = Field(examples=["about:blank#not_found"])
    title: str = Field(examples=["not found"])
    status: int = Field(examples=[404])
    detail: str = ""
    problems: list[str] = Field(default=[], description="Each with the place it is about.")


STATUSES = {
    400: "The request does not say what it has to.",
    401: "No token, or one that opens nothing.",
    403: "Not from here, or not yours to do.",
    404: "No such thing.",
    409: "Refused as things stand; the detail says why.",
    412: "It was changed meanwhile: read it again.",
    413: "Too large.",
    422: "The content is wrong; the problems name the places.",
    428: "If-Match is needed for this.",
    429: "Too often; wait for Retry-After seconds.",
    503: "The database cannot serve now.",
}
RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {
        "description": text,
        "content": {"application/problem+json": {
            "schema": {"$ref": "#/components/schemas/ProblemAnswer"}}},
    }
    for status, text in STATUSES.items()
}  # fmt: skip
"""Every operation may answer so."""


UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "Unchanged."}}


class Changed(TrackerError):
    """What was read is no longer what is there."""


class MatchNeeded(TrackerError):
    """An update without the version that it is of."""


class Unread(TrackerError):
    """What stands at a place outside of the body is not what belongs there."""

    def __init__(self, place: str, text: str) -> None:
        super().__init__(f"{place}: {text}")


# -- bodies --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Posted:
    raw: bytes

    @property
    def content(self) -> Any:
        try:
            content = from_json(self.raw, allow_inf_nan=False)
        except ValueError as error:
            raise DefinitionError([Problem("body", f"不是 JSON / not JSON: {error}")]) from error
        if b"\\u0000" in self.raw:
            _refuse_nul(content, "")
        return content


def _refuse_nul(content: object, place: str) -> None:
    """DefinitionError with the place of a text that PostgreSQL neither keeps nor looks for."""
    match content:
        case str() if "\0" in content:
            text = "文字里有空字符 / a NUL character in the text"
            raise DefinitionError([Problem(place.lstrip(".") or "body", text)])
        case dict():
            for name, value in content.items():
                _refuse_nul(name, place)
                _refuse_nul(value, f"{place}.{name}")
        case list():
            for n, value in enumerate(content):
                _refuse_nul(value, f"{place}.{n}")


def check_sender(request: Request) -> None:
    """Forbidden for what a form of another site could send."""
    if request.method in ("GET", "HEAD"):
        return
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" or not request.app.state.web.gate.same_origin(request):
        raise Forbidden("origin")


async def posted(request: Request) -> Posted:
    """Forbidden for what a form of another site could send, TooLarge above the limit."""
    check_sender(request)
    body = bytearray()  # bytes would be copied whole for each piece of a body in small ones
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise TooLarge
    return Posted(bytes(body))


Sent = Annotated[Posted, Depends(posted)]


def read(sent: Posted, model: type[Model]) -> Model:
    """DefinitionError names every member that is wrong."""
    _ = sent.content  # what is no JSON at all is told in its own words
    try:
        return model.model_validate_json(sent.raw)
    except ValidationError as error:
        raise DefinitionError(
            [problem_of(one, model) for one in error.errors(include_url=False)]
        ) from error


def problem_of(error: ErrorDetails, model: type[BaseModel] = BaseModel) -> Problem:
    """With the place in a body of this model, or in what stands around it: `query.limit`."""
    place = ".".join(map(str, error["loc"])) or "body"
    return telling.in_both(fault_of(error, model), place=place)


def example(**body: JsonValue) -> ConfigDict:
    """What the document shows for a body; it is one that is taken."""
    return ConfigDict(json_schema_extra={"examples": [body]})


def zone_of(asked: Asked, slug: str) -> ZoneInfo:
    """By whose clocks a time without an offset is read."""
    with asked.runtime.database.read() as session:
        return programmes.current(session, slug).tz


def on_the_clock(at: datetime, zone: ZoneInfo, place: str) -> datetime:
    """By the clocks of the zone where it says no offset; DefinitionError with the place for a year
    that no page takes."""
    if not EARLIEST <= at.year <= LATEST:
        text = f"年份应在 {EARLIEST} 至 {LATEST} 之间 / not a year from {EARLIEST} to {LATEST}"
        raise DefinitionError([Problem(place, text)])
    return at if at.tzinfo is not None else local_instant(at.date(), at.time(), zone=zone)


def takes(model: type[Body]) -> dict[str, Any]:
    """For `openapi_extra`: the body, which is read here and not by the framework, because that
    takes "1" for 1. Its parts are found among the document's components."""
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": model.model_json_schema(ref_template="#/components/schemas/{model}")
                }
            },
        }
    }


class Nothing(Body):
    """An act that says all in its address: an empty object."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})


NOTHING = takes(Nothing)


def bare(sent: Sent) -> Posted:
    read(sent, Nothing)
    return sent


Bare = Annotated[Posted, Depends(bare)]


def content_of(given: str, place: str) -> bytes:
    """A file in base64; DefinitionError with the place for what is none."""
    try:
        return base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError) as error:
        raise DefinitionError([Problem(place, "不是 base64 / not base64")]) from error


# -- writing -------------------------------------------------------------------------------------


def write(
    asked: Asked, sent: Posted, act: Callable[[Session], BaseModel], *, status: int = 201,
    secret: str = "",
) -> Response:  # fmt: skip
    """The act in one transaction. With an Idempotency-Key the same request is told the same again
    and does nothing; another request under the same key is refused. `secret` is a member of the
    answer that is told once and not kept."""
    request = asked.request
    key = request.headers.get("idempotency-key", "")
    if not key:
        with asked.runtime.database.write() as session:
            return _json(act(session).model_dump_json(by_alias=True), status)
    if not re.fullmatch(r"[\x21-\x7e]{1,200}", key):
        raise Unread("Idempotency-Key", "1 至 200 个可见的 ASCII 字符 / 1 to 200 visible ASCII")
    same = sha256(f"{request.method} {request.url.path}?{request.url.query}|".encode() + sent.raw)
    with asked.runtime.database.write() as session:
        known = replays.find(session, asked.who.owner, key, same.hexdigest())
        if known is not None:
            again = _json(known.body, known.status)
            again.headers["idempotency-replayed"] = "true"
            return again
        answer = act(session)
        kept = answer.model_copy(update={secret: ""}) if secret else answer
        replays.keep(session, asked.who.owner, key, same.hexdigest(), status,
                     kept.model_dump_json(by_alias=True), now=asked.now)  # fmt: skip
    return _json(answer.model_dump_json(by_alias=True), status)


def done(asked: Asked, sent: Posted, what: object, act: Callable[[Session], object]) -> Response:
    """`write` for an act whose outcome needs no more words than its name."""

    def acted(session: Session) -> DoneAnswer:
        act(session)
        return DoneAnswer(done=str(what))

    return write(asked, sent, acted)


def told(
    answer: BaseModel, headers: dict[str, str] | None = None, *, status: int = 200
) -> Response:
    return JSONResponse(answer.model_dump(mode="json", by_alias=True), status, headers)


def _json(body: str, status: int) -> Response:
    return Response(body, status, media_type="application/json")


def version(*parts: object) -> str:
    """An ETag for what these parts determine."""
    return f'"{sha256("|".join(map(str, parts)).encode()).hexdigest()[:24]}"'


def must_match(asked: Asked, current: str, *, needed: bool = False) -> None:
    """Changed where If-Match names another version, MatchNeeded where there has to be one."""
    given = asked.request.headers.get("if-match", "").strip()
    if not given:
        if needed:
            raise MatchNeeded
        return
    if given != "*" and current not in {one.strip() for one in given.split(",")}:
        raise Changed


def tagged(answer: BaseModel, tag: str, asked: Asked) -> Response:
    """With its version; 304 for whoever has it."""
    known = {one.strip() for one in asked.request.headers.get("if-none-match", "").split(",")}
    headers = {"etag": tag}
    if tag in known:
        return Response(status_code=304, headers=headers)
    return JSONResponse(answer.model_dump(mode="json", by_alias=True), headers=headers)


# -- questions in the address --------------------------------------------------------------------

LANGUAGE = "lang"
INSTANTS = ("as_of", "known_at")


def instants(method: str, path: str) -> tuple[str, ...]:
    """What a route that looks at a programme takes besides what it says itself."""
    looks = method == "GET" or path.endswith("/what-if")
    return INSTANTS if "{slug}" in path and looks else ()


def _known(route: APIRoute, method: str) -> tuple[str, ...]:
    own = [one.alias for one in get_flat_params(route.dependant)
           if isinstance(one.field_info, params.Query)]  # fmt: skip
    return (*own, *instants(method, route.path), LANGUAGE)


def only_what_is_known(request: Request) -> None:
    """Unread names what the operation does not take, or was told twice: a filter that was mistyped
    would answer with everything."""
    route = request.scope.get("route")
    if not request.query_params or not isinstance(route, APIRoute):
        return
    if not (route.path.startswith("/api/") and route.include_in_schema):
        return
    taken = _known(route, request.method)
    names = [name for name, _ in request.query_params.multi_items()]
    for name in names:
        if name not in taken:
            there = ", ".join(taken)
            raise Unread(
                f"query.{name[:60]}", f"没有这个参数，可用的有 {there} / not one of {there}"
            )
        if names.count(name) > 1:
            raise Unread(f"query.{name}", "说了不止一次 / told more than once")
    language = request.query_params.get(LANGUAGE, LANGUAGES[0])
    if language not in LANGUAGES:
        raise Unread("query.lang", f"没有这种语言 / not one of {', '.join(LANGUAGES)}")


# -- lists ---------------------------------------------------------------------------------------

Limit = Annotated[int, Query(ge=1, le=MOST_PER_PAGE, description="How many at once.")]
Cursor = Annotated[
    str,
    Query(max_length=400, description="Where the last page ended: `next` of its Link header."),
]


def part(
    asked: Asked, things: Sequence[Thing], *, limit: int, cursor: str,
    name: Callable[[Thing], str],
) -> tuple[list[Thing], dict[str, str]]:  # fmt: skip
    """A page of a list, and the Link header (RFC 8288) to the next one. The cursor names the last
    thing that was told, so that what is added meanwhile shifts nothing; Unread for one of which
    nothing is left."""
    begin = 0
    if cursor:
        after = _name(cursor)
        begin = next((n + 1 for n, one in enumerate(things) if name(one) == after), -1)
        if begin < 0:
            raise Unread("cursor", _NO_CURSOR)
    found = list(things[begin : begin + limit])
    if begin + limit >= len(things):
        return found, {}
    token = base64.urlsafe_b64encode(name(found[-1]).encode()).decode().rstrip("=")
    following = asked.request.url.include_query_params(cursor=token, limit=limit)
    return found, {"link": f'<{following.path}?{following.query}>; rel="next"'}


def listed(
    asked: Asked, whole: Listed, member: str, *, limit: int, cursor: str,
    name: Callable[[Any], str],
) -> tuple[Listed, dict[str, str]]:  # fmt: skip
    """`part` of an answer that is made whole, in the member that holds its list."""
    found, headers = part(asked, getattr(whole, member), limit=limit, cursor=cursor, name=name)
    return whole.model_copy(update={member: found}), headers


_NO_CURSOR = "不是这个列表的续页 / not where a page of this list ended"


def _name(cursor: str) -> str:
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError) as error:
        raise Unread("cursor", _NO_CURSOR) from error

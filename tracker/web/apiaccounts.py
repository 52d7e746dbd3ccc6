"""Accounts, roles and tokens through the interface: an administrator's, and one's own tokens."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import ConfigDict, Field
from sqlmodel import Session
from starlette.responses import Response

from schedules.deadlines import local_day
from tracker.definitions.answers import Answer
from tracker.domain.authority import EVERY_UNIT, Post, Role
from tracker.domain.errors import Refused
from tracker.services import accounts, signins, tokens
from tracker.services.accounts import Account
from tracker.services.tokens import Scope, Token
from tracker.web.access import Forbidden
from tracker.web.asking import Asked
from tracker.web.entry import Administering, Bearer, Entering
from tracker.web.intake import Number
from tracker.web.interface import (
    PER_PAGE,
    RESPONSES,
    Body,
    Cursor,
    DoneAnswer,
    Limit,
    Sent,
    done,
    must_match,
    part,
    read,
    tagged,
    takes,
    told,
    version,
    write,
)
from tracker.wording import LANGUAGES

router = APIRouter(prefix="/api/v1", tags=["accounts"], responses=RESPONSES)

Name = Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")]
Subject = Annotated[str, Field(max_length=accounts.SUBJECT, pattern=r"^[^\x00]*$")]


class SeatAnswer(Answer):
    id: int = Field(description="By which the role is taken back.")
    role: Role
    programme: str | None = Field(description="None: all of them.")
    unit: str = Field(description="`*`: not of one unit.")
    from_on: date


class AccountAnswer(Answer):
    id: int
    login: str
    name: str
    mail: str
    language: str
    disabled: bool
    subject: str = Field(description="How the office's identity provider names them, if at all.")
    must_change: bool = Field(description="The password was invented and is not changed yet.")
    roles: list[SeatAnswer]
    password: str = Field(default="", description="Where one was just invented; told this once.")


class AccountsAnswer(Answer):
    accounts: list[AccountAnswer]


class TokenAnswer(Answer):
    id: int
    name: str
    hint: str = Field(description="Its first characters.")
    scopes: list[Scope]
    programme: str | None
    until_at: datetime
    used_at: datetime | None
    value: str = Field(default="", description="Where it was just made; told this once.")


class TokensAnswer(Answer):
    tokens: list[TokenAnswer]


class RoleBody(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"role": "contact", "programme": "small", "unit": "housing"}]
        }
    )
    role: Role
    programme: Name | None = None
    unit: Name = EVERY_UNIT

    @property
    def post(self) -> Post:
        return Post(self.role, self.programme, self.unit)


class AccountBody(Body):
    """Somebody on file with this mail address, else somebody new; the password is invented unless
    the office's identity provider knows them, as `subject`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"login": "zhang", "name": "张三", "role": {"role": "office"}}]
        }
    )
    login: Annotated[str, Field(min_length=2, max_length=80, pattern=r"^[a-z0-9][a-z0-9._@-]+$")]
    name: Name = ""
    mail: Name = ""
    subject: Subject = ""
    role: RoleBody | None = None


class ChangeBody(Body):
    """What is not named stays. `new_password`: an invented one, told once. `subject`: how the
    office's identity provider names them, empty for not at all."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"disabled": True}]})
    disabled: bool | None = None
    new_password: bool = False
    subject: Subject | None = None


class TokenBody(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "OA", "scopes": ["read"], "days": 90}]}
    )
    name: Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00]*$")]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))]
    days: Annotated[int, Field(ge=1, le=366)] = 90
    programme: Name | None = None


def _on(asked: Asked) -> date:
    return local_day(asked.now, asked.runtime.settings.tz)


def _told(one: Account, password: str = "") -> AccountAnswer:
    return AccountAnswer(
        id=one.id, login=one.login, name=one.name, mail=one.mail, language=one.language,
        subject=one.subject, disabled=one.disabled_at is not None, must_change=one.must_change,
        password=password,
        roles=[
            SeatAnswer(id=seat.id, role=seat.post.role, programme=seat.post.programme,
                       unit=seat.post.unit, from_on=seat.from_on)
            for seat in one.seats
        ],
    )  # fmt: skip


def _version(one: Account) -> str:
    return version(one)


@router.get("/accounts", response_model=AccountsAnswer)
def account_list(asked: Administering, limit: Limit = PER_PAGE, cursor: Cursor = "") -> Response:
    with asked.runtime.database.read() as session:
        every = accounts.accounts(session, _on(asked))
    found, headers = part(asked, every, limit=limit, cursor=cursor, name=lambda one: one.login)
    answer = AccountsAnswer(accounts=[_told(one) for one in found])
    return Response(answer.model_dump_json(), headers=headers, media_type="application/json")


@router.post("/accounts", status_code=201, response_model=AccountAnswer,
             openapi_extra=takes(AccountBody))  # fmt: skip
def add_account(asked: Administering, sent: Sent) -> Response:
    body = read(sent, AccountBody)

    def act(session: Session) -> AccountAnswer:
        made, password = accounts.add(
            session, body.login, name=body.name, mail=body.mail,
            post=body.role.post if body.role else None, subject=body.subject,
            issuer=asked.runtime.settings.oidc_issuer, now=asked.now, on=_on(asked), by=asked.by,
        )  # fmt: skip
        return _told(made, password)

    return write(asked, sent, act, secret="password")


@router.get("/accounts/{number}", response_model=AccountAnswer,
            responses={304: {"description": "Unchanged."}})  # fmt: skip
def account(asked: Administering, number: Number) -> Response:
    """With the ETag that a change needs."""
    with asked.runtime.database.read() as session:
        one = accounts.account(session, number, _on(asked))
    return tagged(_told(one), _version(one), asked)


@router.patch("/accounts/{number}", response_model=AccountAnswer, openapi_extra=takes(ChangeBody))
def change_account(asked: Administering, number: Number, sent: Sent) -> Response:
    """Needs If-Match: 428 without, 412 where it was changed meanwhile."""
    body, on = read(sent, ChangeBody), _on(asked)

    def act(session: Session) -> AccountAnswer:
        accounts.alone(session)
        must_match(asked, _version(accounts.account(session, number, on)), needed=True)
        switch = {True: accounts.disable, False: accounts.enable}
        if body.disabled is not None:
            switch[body.disabled](session, number, now=asked.now, on=on, by=asked.by)
        if body.subject is not None:
            accounts.set_subject(session, number, body.subject, asked.runtime.settings.oidc_issuer,
                                 now=asked.now, on=on, by=asked.by)  # fmt: skip
        password = ""
        if body.new_password:
            password = accounts.new_password(session, number, now=asked.now, on=on, by=asked.by)
        return _told(accounts.account(session, number, on), password)

    return write(asked, sent, act, status=200, secret="password")


@router.post("/accounts/{number}/roles", status_code=201, response_model=AccountAnswer,
             openapi_extra=takes(RoleBody))  # fmt: skip
def give_role(asked: Administering, number: Number, sent: Sent) -> Response:
    body, on = read(sent, RoleBody), _on(asked)

    def act(session: Session) -> AccountAnswer:
        accounts.give(session, number, body.post, now=asked.now, on=on, by=asked.by)
        return _told(accounts.account(session, number, on))

    return write(asked, sent, act)


@router.delete("/accounts/{number}/roles/{seat}", status_code=204)
def take_role(asked: Administering, number: Number, seat: Number) -> Response:
    asked.web.gate.check_origin(asked.request)
    with asked.runtime.database.write() as session:
        accounts.take(session, number, seat, now=asked.now, on=_on(asked), by=asked.by)
    return Response(status_code=204)


# -- one's own tokens ----------------------------------------------------------------------------


def _token(one: Token, value: str = "") -> TokenAnswer:
    return TokenAnswer(
        id=one.id, name=one.name, hint=one.hint, scopes=list(one.scopes), programme=one.programme,
        until_at=one.until_at, used_at=one.used_at, value=value,
    )  # fmt: skip


def _account(asked: Asked) -> int:
    """Refused for the office at the machine, which has none."""
    if asked.who.account is None:
        raise Refused("没有账号，没有令牌 / no account, no tokens")
    return asked.who.account


def _changing(asked: Asked) -> None:
    """Forbidden with a token that is for reading alone."""
    scopes = asked.who.scopes
    if scopes is not None and scopes <= tokens.ACTS[Scope.READ]:
        raise Forbidden("role")


def _shown(asked: Asked, session: Session) -> int | None:
    """The token with which it is asked."""
    value = asked.request.headers.get("authorization", "")[len(Bearer) :].strip()
    found = tokens.find(session, value, now=asked.now, on=_on(asked))
    return found[0].id if found else None


@router.get("/tokens", response_model=TokensAnswer)
def token_list(asked: Entering, limit: Limit = PER_PAGE, cursor: Cursor = "") -> Response:
    """One's own that work."""
    return _tokens(asked, _account(asked), limit, cursor)


def _tokens(asked: Asked, account: int, limit: int, cursor: str) -> Response:
    with asked.runtime.database.read() as session:
        every = [one for one in tokens.tokens(session, account) if one.works(asked.now)]
    found, headers = part(asked, every, limit=limit, cursor=cursor, name=lambda one: str(one.id))
    return told(TokensAnswer(tokens=[_token(one) for one in found]), headers)


@router.post("/tokens", status_code=201, response_model=TokenAnswer,
             openapi_extra=takes(TokenBody))  # fmt: skip
def make_token(asked: Entering, sent: Sent) -> Response:
    """One's own; a token makes no other token."""
    body, account = read(sent, TokenBody), _account(asked)
    if asked.signed_in is None:
        raise Refused("令牌不能再做令牌，请登录后做 / a token makes no token: sign in for that")

    def act(session: Session) -> TokenAnswer:
        made, value = tokens.make(
            session, account, name=body.name, scopes=[one.value for one in body.scopes],
            days=body.days, programme=body.programme, now=asked.now, on=_on(asked), by=asked.by,
        )  # fmt: skip
        return _token(made, value)

    return write(asked, sent, act, secret="value")


@router.delete("/tokens/{number}", status_code=204)
def revoke_token(asked: Entering, number: Number) -> Response:
    """One's own; also the one with which it is asked."""
    asked.web.gate.check_origin(asked.request)
    with asked.runtime.database.write() as session:
        if number != _shown(asked, session):
            _changing(asked)
        tokens.revoke(session, number, of=_account(asked), now=asked.now, on=_on(asked),
                      by=asked.by)  # fmt: skip
    return Response(status_code=204)


# -- sessions, and what an administrator ends for somebody else ----------------------------------


class OpenSignInAnswer(Answer):
    """会话: a browser in which somebody is signed in."""

    id: int
    browser: str
    made_at: datetime
    seen_at: datetime


class OpenSignInsAnswer(Answer):
    sessions: list[OpenSignInAnswer]


class MeAnswer(Answer):
    """Whose token or session this is."""

    by: str = Field(description="How facts and the trail name whoever asks.")
    account: AccountAnswer | None = Field(description="None for the office at the machine.")


class LanguageBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"language": "en"}]})
    language: Annotated[str, Field(pattern="^(" + "|".join(LANGUAGES) + ")$")]


def _sessions(asked: Asked, account: int, limit: int, cursor: str) -> Response:
    with asked.runtime.database.read() as session:
        every = signins.sessions(session, account, now=asked.now)
    found, headers = part(asked, every, limit=limit, cursor=cursor, name=lambda one: str(one.id))
    answer = OpenSignInsAnswer(
        sessions=[
            OpenSignInAnswer(id=one.id, browser=one.browser, made_at=one.made_at,
                             seen_at=one.seen_at)
            for one in found
        ]
    )  # fmt: skip
    return told(answer, headers)


def _end(asked: Asked, account: int, session_: int) -> Response:
    with asked.runtime.database.write() as session:
        signins.end(session, account, session_, now=asked.now)
    return Response(status_code=204)


@router.get("/accounts/{number}/sessions", response_model=OpenSignInsAnswer)
def sessions_of(
    asked: Administering, number: Number, limit: Limit = PER_PAGE, cursor: Cursor = ""
) -> Response:
    with asked.runtime.database.read() as session:
        accounts.account(session, number, _on(asked))
    return _sessions(asked, number, limit, cursor)


@router.delete("/accounts/{number}/sessions/{one}", status_code=204)
def end_session(asked: Administering, number: Number, one: Number) -> Response:
    asked.web.gate.check_origin(asked.request)
    return _end(asked, number, one)


@router.get("/accounts/{number}/tokens", response_model=TokensAnswer)
def tokens_of(
    asked: Administering, number: Number, limit: Limit = PER_PAGE, cursor: Cursor = ""
) -> Response:
    return _tokens(asked, number, limit, cursor)


@router.delete("/accounts/{number}/tokens/{one}", status_code=204)
def revoke_token_of(asked: Administering, number: Number, one: Number) -> Response:
    asked.web.gate.check_origin(asked.request)
    with asked.runtime.database.write() as session:
        tokens.revoke(session, one, of=number, now=asked.now, on=_on(asked), by=asked.by)
    return Response(status_code=204)


@router.get("/account")
def me(asked: Entering) -> MeAnswer:
    if asked.who.account is None:
        return MeAnswer(by=asked.by, account=None)
    with asked.runtime.database.read() as session:
        return MeAnswer(by=asked.by, account=_told(accounts.account(
            session, asked.who.account, _on(asked))))  # fmt: skip


@router.post("/account/language", status_code=201, response_model=DoneAnswer,
             openapi_extra=takes(LanguageBody))  # fmt: skip
def choose_language(asked: Entering, sent: Sent) -> Response:
    _changing(asked)
    body, account = read(sent, LanguageBody), _account(asked)
    return done(asked, sent, body.language, lambda session: accounts.set_language(
        session, account, body.language, on=_on(asked)))  # fmt: skip


@router.get("/account/sessions", response_model=OpenSignInsAnswer)
def own_sessions(asked: Entering, limit: Limit = PER_PAGE, cursor: Cursor = "") -> Response:
    return _sessions(asked, _account(asked), limit, cursor)


@router.delete("/account/sessions/{one}", status_code=204)
def end_own_session(asked: Entering, one: Number) -> Response:
    _changing(asked)
    asked.web.gate.check_origin(asked.request)
    return _end(asked, _account(asked), one)

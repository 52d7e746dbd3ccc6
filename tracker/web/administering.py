"""管理: accounts, their roles and tokens. An administrator reads no programme here and changes no
score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import Response

from schedules.deadlines import local_day
from tracker.domain.authority import EVERY_UNIT, Post, Role
from tracker.domain.errors import NotFound, Refused
from tracker.domain.programme import Unit
from tracker.services import accounts, programmes, signins, tokens
from tracker.web.asking import Asked
from tracker.web.entry import Administering, Received
from tracker.web.intake import Form, Number, Unclear, number_in
from tracker.web.rendering import go, page

router = APIRouter()

UNPROCESSABLE = 422


@dataclass(frozen=True)
class Place:
    """A programme in which roles are given, with its units."""

    slug: str
    title: str
    units: tuple[Unit, ...]

    def has(self, unit: str) -> bool:
        return any(one.id == unit for one in self.units)

    def unit(self, name: str) -> str:
        return next((one.name for one in self.units if one.id == name), name)


@router.get("/admin")
def accounts_page(asked: Administering) -> Response:
    return _list(asked)


def _list(asked: Asked, *, trouble: str = "", form: Form | None = None) -> Response:
    on = _on(asked)
    with asked.runtime.database.read() as session:
        return page(
            asked, "admin", accounts=accounts.accounts(session, on), places=places(session),
            tokens=accounts.token_counts(session, asked.now), roles=list(Role), every=EVERY_UNIT,
            provider=asked.web.provider.there, trouble=trouble, sent=form.fields if form else {},
            status=UNPROCESSABLE if trouble else 200,
        )  # fmt: skip


def places(session: Session) -> list[Place]:
    current = (programmes.current(session, slug) for slug in programmes.slugs(session))
    return [Place(one.id, one.title, one.units) for one in current]


@router.post("/admin")
def add(asked: Administering, form: Received) -> Response:
    """Shows the invented password this once."""
    on = _on(asked)
    try:
        with asked.runtime.database.write() as session:
            post = _post(form) if form.text("role") else None
            made, password = accounts.add(
                session, form.text("login", most=80), name=form.text("name", most=100),
                mail=form.text("mail", most=200), post=post,
                subject=form.text("subject", most=accounts.SUBJECT),
                issuer=asked.runtime.settings.oidc_issuer, now=asked.now, on=on, by=asked.by,
            )  # fmt: skip
    except (Refused, NotFound) as refusal:
        return _list(asked, trouble=str(refusal), form=form)
    return _one(asked, made.id, password=password)


def _post(form: Form) -> Post:
    """`where` is a programme, and a unit of it after a stroke; empty for all programmes."""
    role = form.text("role", most=20)
    if role not in set(Role):
        raise Unclear("form")
    programme, _, unit = form.text("where", most=200).partition("|")
    return Post(Role(role), programme or None, unit or EVERY_UNIT)


@router.get("/admin/{number}")
def account_page(asked: Administering, number: Number) -> Response:
    return _one(asked, number)


def _one(
    asked: Asked, number: int, *, trouble: str = "", password: str = "", form: Form | None = None
) -> Response:
    on = _on(asked)
    with asked.runtime.database.read() as session:
        return page(
            asked, "admin_account", account=accounts.account(session, number, on),
            sessions=signins.sessions(session, number, now=asked.now),
            tokens=[one for one in tokens.tokens(session, number) if one.works(asked.now)],
            places=places(session), roles=list(Role), every=EVERY_UNIT, trouble=trouble,
            provider=asked.web.provider.there, issuer=asked.runtime.settings.oidc_issuer,
            password=password, sent=form.fields if form else {},
            status=UNPROCESSABLE if trouble else 200,
        )  # fmt: skip


@router.post("/admin/{number}")
def act(asked: Administering, number: Number, form: Received) -> Response:
    wanted = _ACTS.get(form.text("act", most=20))
    if wanted is None:
        raise Unclear("form")
    try:
        with asked.runtime.database.write() as session:
            password = wanted(asked, session, number, form)
    except (Refused, NotFound) as refusal:
        return _one(asked, number, trouble=str(refusal), form=form)
    if password:
        return _one(asked, number, password=password)
    return go(asked, f"/admin/{number}")


def _on(asked: Asked) -> date:
    return local_day(asked.now, asked.runtime.settings.tz)


def _give(asked: Asked, session: Session, number: int, form: Form) -> str:
    accounts.give(session, number, _post(form), now=asked.now, on=_on(asked), by=asked.by)
    return ""


def _take(asked: Asked, session: Session, number: int, form: Form) -> str:
    seat = number_in(form, "seat")
    accounts.take(session, number, seat, now=asked.now, on=_on(asked), by=asked.by)
    return ""


def _password(asked: Asked, session: Session, number: int, form: Form) -> str:
    return accounts.new_password(session, number, now=asked.now, on=_on(asked), by=asked.by)


def _subject(asked: Asked, session: Session, number: int, form: Form) -> str:
    subject = form.text("subject", most=accounts.SUBJECT)
    accounts.set_subject(session, number, subject, asked.runtime.settings.oidc_issuer,
                         now=asked.now, on=_on(asked), by=asked.by)  # fmt: skip
    return ""


def _disable(asked: Asked, session: Session, number: int, form: Form) -> str:
    accounts.disable(session, number, now=asked.now, on=_on(asked), by=asked.by)
    return ""


def _enable(asked: Asked, session: Session, number: int, form: Form) -> str:
    accounts.enable(session, number, now=asked.now, on=_on(asked), by=asked.by)
    return ""


def _end(asked: Asked, session: Session, number: int, form: Form) -> str:
    signins.end(session, number, number_in(form, "session"), now=asked.now)
    return ""


def _revoke(asked: Asked, session: Session, number: int, form: Form) -> str:
    made = number_in(form, "made")
    tokens.revoke(session, made, of=number, now=asked.now, on=_on(asked), by=asked.by)
    return ""


_ACTS: dict[str, Callable[[Asked, Session, int, Form], str]] = {
    "give": _give,
    "take": _take,
    "password": _password,
    "subject": _subject,
    "disable": _disable,
    "enable": _enable,
    "end": _end,
    "revoke": _revoke,
}
"""Each answers with a new password, where it made one."""

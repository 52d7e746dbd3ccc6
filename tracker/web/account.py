"""我的账号: one's own password, language, sessions and tokens."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from schedules.deadlines import local_day
from tracker.domain.errors import Refused
from tracker.services import accounts, programmes, signins, tokens
from tracker.services.signins import SignedIn
from tracker.services.tokens import Scope
from tracker.web.access import SignInNeeded
from tracker.web.administering import places
from tracker.web.asking import Asked
from tracker.web.entry import Entering, Known, Received
from tracker.web.intake import Form, Unclear, number_in
from tracker.web.rendering import go, page
from tracker.wording import LANGUAGES

router = APIRouter()

UNPROCESSABLE = 422


def own(asked: Asked) -> SignedIn:
    """SignInNeeded for whoever is in without an account of their own."""
    if asked.signed_in is None:
        raise SignInNeeded
    return asked.signed_in


@router.get("/account")
def account_page(asked: Entering) -> Response:
    return _account(asked, own(asked))


def _account(
    asked: Asked, mine: SignedIn, *, trouble: str = "", made: str = "", form: Form | None = None
) -> Response:
    """`made` is the value of a new token, shown this once."""
    account = mine.account.id
    with asked.runtime.database.read() as session:
        return page(
            asked, "account", mine=mine, sessions=signins.sessions(session, account, now=asked.now),
            tokens=[one for one in tokens.tokens(session, account) if one.works(asked.now)],
            scopes=list(Scope), slugs=programmes.slugs(session), languages=LANGUAGES,
            places=places(session), trouble=trouble, made=made, sent=form.fields if form else {},
            status=UNPROCESSABLE if trouble else 200,
        )  # fmt: skip


@router.post("/account")
def act(asked: Entering, form: Received) -> Response:
    """`act`: language, end (a session), token, or revoke (a token)."""
    mine = own(asked)
    account, on = mine.account, local_day(asked.now, asked.runtime.settings.tz)
    try:
        with asked.runtime.database.write() as session:
            match form.text("act", most=20):
                case "language":
                    if form.text("language") not in LANGUAGES:
                        raise Unclear("form")
                    accounts.set_language(session, account.id, form.text("language"), on=on)
                case "end":
                    signins.end(session, account.id, number_in(form, "session"), now=asked.now)
                case "revoke":
                    tokens.revoke(session, number_in(form, "made"), of=account.id, now=asked.now,
                                  on=on, by=account.by)  # fmt: skip
                case "token":
                    _, value = tokens.make(
                        session, account.id, name=form.text("name", most=80),
                        scopes=[one.value for one in Scope if form.text(f"s-{one}")],
                        days=number_in(form, "days"), programme=form.text("programme") or None,
                        now=asked.now, on=on, by=account.by,
                    )  # fmt: skip
                    session.commit()
                    return _account(asked, mine, made=value)
                case _:
                    raise Unclear("form")
    except Refused as refusal:
        return _account(asked, mine, trouble=str(refusal), form=form)
    return RedirectResponse("/account", 303)


@router.get("/account/password")
def password_page(asked: Known) -> Response:
    return page(asked, "password", mine=own(asked), trouble="")


@router.post("/account/password")
def change_password(asked: Known, form: Received) -> Response:
    """The session goes on under another value; all others of the account end."""
    mine, gate = own(asked), asked.web.gate
    old, new = (form.fields.get(name, "")[:1000] for name in ("old", "new"))
    try:
        if new != form.fields.get("again", "")[:1000]:
            raise Refused("两次输入的新密码不一样 / the new password was typed in two ways")
        accounts.change_password(
            asked.runtime.database, mine.account, old, new, keep=mine.id, now=asked.now
        )
    except Refused as refusal:
        return page(asked, "password", mine=mine, trouble=str(refusal), status=UNPROCESSABLE)
    with asked.runtime.database.write() as session:
        value = signins.rotate(session, mine.id, now=asked.now)
    response = go(asked, "/account")
    gate.keep_sign_in(asked.request, response, value)
    return response

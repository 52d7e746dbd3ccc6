"""推送: where events are told to other systems, a test of each address, what was answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from notifiers.posting import networks
from tracker.domain.authority import About, Act
from tracker.domain.errors import DefinitionError
from tracker.services import hookpost, hooks, postings, programmes
from tracker.services.eventkinds import Group
from tracker.services.hookpost import Verdict
from tracker.services.hooks import Hook
from tracker.services.outbox import Ending
from tracker.services.postings import Posting
from tracker.web import matter
from tracker.web.access import Forbidden
from tracker.web.asking import Asked
from tracker.web.entry import Entering, Received
from tracker.web.intake import Form, Unclear, number_in
from tracker.web.rendering import go, page

router = APIRouter()

UNPROCESSABLE = 422
LATELY = 20
"""Postings of each hook that its page shows."""


def hooking(asked: Entering) -> Asked:
    """Whoever runs some programme, or the house."""
    if not (asked.who.somewhere(Act.RUN) or asked.who.somewhere(Act.ADMINISTER)):
        raise Forbidden("role")
    return asked


Hooking = Annotated[Asked, Depends(hooking)]


def may_tend(asked: Asked, programme: str | None) -> bool:
    """An administrator any of them, an office those of its programme."""
    if asked.who.may(Act.ADMINISTER, About(programme)):
        return True
    return programme is not None and asked.who.may(Act.RUN, About(programme))


def must_tend(asked: Asked, programme: str | None) -> None:
    if not may_tend(asked, programme):
        raise Forbidden("role")


def own(asked: Asked, session: Session, number: int) -> Hook:
    """Forbidden for a hook of a programme that is not theirs."""
    found = hooks.hook(session, number)
    must_tend(asked, found.programme)
    return found


def mine(asked: Asked, session: Session) -> list[Hook]:
    return [one for one in hooks.hooks(session) if may_tend(asked, one.programme)]


@dataclass(frozen=True)
class Told:
    """A hook as its page shows it."""

    hook: Hook
    counts: dict[str, int]
    lately: list[Posting]


@router.get("/hooks")
def hooks_page(asked: Hooking) -> Response:
    return _hooks(asked)


def _hooks(
    asked: Asked, *, shown: int = 0, tried: tuple[int, Verdict] | None = None,
    form: Form | None = None, trouble: str = "",
) -> Response:  # fmt: skip
    """`shown` is one whose secret is told, in the answer to its making or renewing and never
    again."""
    with asked.runtime.database.read() as session:
        counts = postings.counts(session)
        told = [
            Told(one, counts.get(one.id, {}), postings.of_hook(session, one.id, limit=LATELY))
            for one in mine(asked, session)
        ]
        titles = {one: programmes.current(session, one).title for one in programmes.slugs(session)}
    secrets = {one.hook.id: hooks.secret_of(asked.runtime.secret, one.hook)
               for one in told if one.hook.id == shown}  # fmt: skip
    bad = bool(trouble) or (tried is not None and tried[1].ending is not Ending.SENT)
    return page(
        asked, "hooks", hooks=told, titles=titles, secrets=secrets, tried=tried, trouble=trouble,
        offered={slug: title for slug, title in titles.items() if may_tend(asked, slug)},
        everything=may_tend(asked, None), groups=list(Group), once=matter.fresh(),
        sent=form.fields if form else {}, status=UNPROCESSABLE if bad else 200,
    )  # fmt: skip


@router.post("/hooks")
async def hooks_act(asked: Hooking, form: Received) -> Response:
    """`act` is make, renew, end, try or again; all but the first name a `hook`."""
    act = form.text("act", most=10)
    if act == "try":
        return await _try(asked, number_in(form, "hook"))
    return await run_in_threadpool(_act, asked, form, act)


async def _try(asked: Asked, number: int) -> Response:
    told = await try_now(asked, number)
    return await run_in_threadpool(_hooks, asked, tried=(number, told))


async def try_now(asked: Asked, number: int) -> Verdict:
    found = await run_in_threadpool(_found, asked, number)
    return await hookpost.try_out(hookpost.parts_of(asked.runtime), found, asked.now)


def _found(asked: Asked, number: int) -> Hook:
    with asked.runtime.database.read() as session:
        return own(asked, session, number)


def _act(asked: Asked, form: Form, act: str) -> Response:
    if act == "make":
        return _make(asked, form)
    number = number_in(form, "hook")
    with asked.runtime.database.write() as session:
        own(asked, session, number)
        match act:
            case "renew":
                hooks.renew(session, number, now=asked.now, by=asked.by)
            case "end":
                hooks.end(session, number, now=asked.now, by=asked.by)
            case "again":
                postings.again(session, number, number_in(form, "posting"), now=asked.now)
            case _:
                raise Unclear("form")
    return _hooks(asked, shown=number) if act == "renew" else go(asked, "/hooks")


def _make(asked: Asked, form: Form) -> Response:
    programme = form.text("programme", most=100) or None
    must_tend(asked, programme)
    groups = [one for one in Group if form.text(f"group-{one.value}")]
    if not groups:
        return _hooks(asked, form=form, trouble="hooks.no_group")
    try:
        with asked.runtime.database.write() as session:
            made = made_in(asked, session, programme, form.text("url", most=500), groups)
    except DefinitionError as mistake:
        return _hooks(asked, form=form, trouble="；".join(str(one) for one in mistake.problems))
    return _hooks(asked, shown=made.id)


def made_in(
    asked: Asked, session: Session, programme: str | None, url: str, groups: list[Group]
) -> Hook:
    allowed = networks(asked.runtime.settings.allowed_networks)
    return hooks.make(session, programme=programme, url=url, groups=groups, allowed=allowed,
                      now=asked.now, by=asked.by)  # fmt: skip

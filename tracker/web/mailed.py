"""Signed links of mails: GET shows what would be done and changes nothing, POST does it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from fastapi import APIRouter
from starlette.responses import Response

from tracker.domain.errors import Refused
from tracker.services import links, people
from tracker.services.links import Link, Purpose
from tracker.web import filing, items, matter
from tracker.web.acts import extension_form, receipt_of, report_form
from tracker.web.asking import Asked, Desk, desk
from tracker.web.entry import Asking
from tracker.web.filing import Wrong
from tracker.web.intake import FIELDS_LIMIT, WHOLE_LIMIT, Form, Unclear, reading
from tracker.web.outlook import Outlook, outlook
from tracker.web.rendering import go, page
from tracker.web.troubles import Trouble, answer_page

router = APIRouter()


@dataclass(frozen=True)
class Visitor:
    """Who the mail went to. `others` are the ways to the other things that it offered."""

    person_id: int
    name: str
    role: str
    expires_at: datetime
    others: dict[str, str]

    @property
    def account(self) -> str:
        return f"person:{self.person_id}"


@dataclass(frozen=True)
class Visit:
    asked: Asked
    token: str
    link: Link
    visitor: Visitor
    at: Desk
    it: matter.Matter
    look: Outlook

    def way(self, key: str) -> str:
        """The same person's link to look at another obligation."""
        there = replace(self.link, purpose=Purpose.VIEW, obligation=key)
        return f"/a/{links.make(self.asked.runtime.secret, there)}"

    @property
    def target(self) -> str:
        return f"/a/{self.token}"


class BadLink(Exception):
    """The link is not ours, has expired, or its person has gone; the text says which."""


@contextmanager
def _visit(asked: Asked, token: str) -> Iterator[Visit]:
    asked = replace(asked, as_of="", known_at="")
    secret, now = asked.runtime.secret, asked.now
    with asked.runtime.database.read() as session:
        try:
            link = links.check(session, secret, token, now)
        except Refused as refusal:
            raise BadLink(str(refusal)) from refusal
        person = people.person(session, link.person_id)
        role = links.role_of(session, link, now) or people.Role.CONTACT.value
        others = {
            purpose.value: f"/a/{links.make(secret, replace(link, purpose=purpose))}"
            for purpose in links.offered(role)
            if purpose is not link.purpose
        }
        visitor = Visitor(link.person_id, person.name, role, link.expires_at, others)
        at = desk(session, asked, link.programme)
        look = outlook(session, at.board)
        it = matter.matter(session, at.board, look, link.obligation)
    yield Visit(asked, token, link, visitor, at, it, look)


@router.get("/a/{token}")
def show(asked: Asking, token: str, receipt: str = "") -> Response:
    """A confirming page, or the receipt of what was confirmed."""
    try:
        with _visit(asked, token) as visit:
            if receipt:
                return receipt_of(visit.asked, visit.at, visit.it, receipt,
                                  visitor=visit.visitor)  # fmt: skip
            return _form(visit)
    except BadLink as bad:
        return _refused(asked, bad)


@router.post("/a/{token}")
async def act(asked: Asking, token: str) -> Response:
    """The link is looked at before a byte of the body; only a report may bring files."""
    try:
        purpose = await asyncio.to_thread(_purpose, asked, token)
    except BadLink as bad:
        return _refused(asked, bad)
    most = WHOLE_LIMIT if purpose is Purpose.REPORT else FIELDS_LIMIT
    async with reading(asked.request, most=most) as form:
        return await asyncio.to_thread(_act, asked, token, form)


def _purpose(asked: Asked, token: str) -> Purpose:
    """What the link is for; BadLink where it opens nothing."""
    with asked.runtime.database.read() as session:
        try:
            return links.check(session, asked.runtime.secret, token, asked.now).purpose
        except Refused as refusal:
            raise BadLink(str(refusal)) from refusal


def _act(asked: Asked, token: str, form: Form) -> Response:
    try:
        with _visit(asked, token) as visit:
            try:
                fact = _done(visit, form)
            except Wrong as mistake:
                return _form(visit, form, mistake.fields)
            with asked.runtime.database.write() as session:
                links.note_use(session, token, visit.link, asked.now)
            return go(visit.asked, visit.target, receipt=fact)
    except BadLink as bad:
        return _refused(asked, bad)


def _form(visit: Visit, form: Form | None = None, wrong: dict[str, str] | None = None) -> Response:
    asked, at, it, target = visit.asked, visit.at, visit.it, visit.target
    match visit.link.purpose:
        case Purpose.REPORT:
            return report_form(asked, at, it, target=target, backdated=False, form=form,
                               wrong=wrong, visitor=visit.visitor)  # fmt: skip
        case Purpose.EXTEND:
            return extension_form(asked, at, it, target=target, office=False, form=form,
                                  wrong=wrong, visitor=visit.visitor)  # fmt: skip
        case Purpose.SIGN:
            return page(asked, "sign", desk=at, it=it, target=target, visitor=visit.visitor,
                        once=matter.fresh(), bare=True)  # fmt: skip
        case Purpose.VIEW:
            return page(asked, "look", desk=at, it=it, visitor=visit.visitor, bare=True)
        case Purpose.UNIT:
            mine = items.mine(at.board, visit.look, visit.link.unit)
            return page(asked, "unit", desk=at, mine=mine, who="", outlook=visit.look,
                        reports=False, whole=False,
                        visitor=visit.visitor, way=visit.way, bare=True)  # fmt: skip


def _done(visit: Visit, form: Form) -> str:
    asked, at, it, by = visit.asked, visit.at, visit.it, visit.visitor.account
    match visit.link.purpose:
        case Purpose.REPORT:
            return filing.report(asked, at, it, form, by=by, backdated=False)
        case Purpose.EXTEND:
            return filing.extension(asked, at, it, filing.only_asking(form), by=by)
        case Purpose.SIGN:
            return filing.receipt(asked, at, it, form, by=by, role=visit.visitor.role)
        case Purpose.VIEW | Purpose.UNIT:
            raise Unclear("form")


def _refused(asked: Asked, bad: BadLink) -> Response:
    """Said politely, and counted, so that nobody tries tokens by the thousand."""
    asked.web.gate.links.take(asked.web.gate.address(asked.request), asked.now)
    return answer_page(asked.request, Trouble(403, "forbidden_link", reason=str(bad)))

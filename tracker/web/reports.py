"""The weekly page and the audit of late items, with its files."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter
from starlette.responses import Response

from schedules.deadlines import due_day
from tracker.domain.errors import NotFound
from tracker.services import audit as audits
from tracker.services import audit_files, digest_words, watch, weekly
from tracker.services.audit import Audit
from tracker.services.digest import Audience
from tracker.web.asking import Asked, Desk, day
from tracker.web.entry import Office
from tracker.web.evidence import disposition
from tracker.web.intake import Unclear
from tracker.web.pages import opened
from tracker.web.rendering import page
from tracker.wording import Language

router = APIRouter()

KINDS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "html": "application/octet-stream",
}


@router.get("/p/{slug}/digest")
def digest_page(asked: Office, slug: str, unit: str = "") -> Response:
    """The leader's page as of the instant; with `unit` that unit's."""
    with opened(asked, slug) as (session, at):
        if unit and unit not in at.programme.unit_names:
            raise NotFound(f"方案中没有这个单位 / no unit {unit!r} in programme {slug}")
        made = weekly.digest_of(
            session, slug, as_of=at.as_of, known_at=at.board.known_at,
            audience=Audience.HEAD if unit else Audience.LEADER, unit=unit,
            health=watch.weekly(session, slug, asked.now, asked.runtime.settings),
        )  # fmt: skip
    told = digest_words.values_of(made, asked.language)
    return page(asked, "digest", desk=at, digest=made, told=told)


@router.get("/p/{slug}/audit")
def audit_page(asked: Office, slug: str) -> Response:
    at, found = _audit(asked, slug)
    values = audit_files.page_values(found, asked.language)
    values = {name: value for name, value in values.items() if name not in ("language", "zone")}
    return page(asked, "audit", desk=at, kinds=KINDS, **values)


@router.get("/p/{slug}/audit.{kind}")
def audit_file(asked: Office, slug: str, kind: str) -> Response:
    """The same as a file to keep."""
    if kind not in KINDS:
        raise NotFound(f"没有这种文件 / no such kind of file: {kind}; {', '.join(KINDS)}")
    at, found = _audit(asked, slug)
    name = f"{audit_name(at, asked.language)} {found.first} {found.last}.{kind}"
    return Response(
        audit_files.content(
            found, kind, environment=asked.runtime.templates, language=asked.language
        ),
        media_type=KINDS[kind],
        headers={"content-disposition": disposition(name)},
    )


def audit_name(at: Desk, language: Language) -> str:
    return f"{'逾期台账' if language == 'zh' else 'late-items'} {at.slug}"


def _audit(asked: Asked, slug: str) -> tuple[Desk, Audit]:
    query = asked.request.query_params
    with opened(asked, slug) as (session, at):
        today = due_day(at.as_of, at.zone)
        first = day(query.get("from", ""), date(at.programme.year, 1, 1))
        last = day(query.get("to", ""), today)
        if last < first:
            raise Unclear("day")
        found = audits.of_period(session, slug, first=first, last=last, as_of=at.as_of,
                                 known_at=at.board.known_at)  # fmt: skip
    return at, found

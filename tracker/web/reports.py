"""The weekly page and the audit of late items, with its files."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from sqlmodel import Session
from starlette.responses import Response

from schedules.deadlines import due_day, local_day
from tracker.domain.errors import NotFound
from tracker.services import audit_evidence as audits
from tracker.services import (
    audit_files,
    bulletin_files,
    delivery,
    digest_files,
    digest_picture,
    digest_words,
    watch,
    weekly,
    weekpost,
)
from tracker.services import bulletin as bulletins
from tracker.services import dossier as dossiers
from tracker.services.audit import Audit
from tracker.services.digest import Audience, Digest
from tracker.web.asking import Asked, Desk, day
from tracker.web.entry import Looking, Received, Running
from tracker.web.evidence import disposition
from tracker.web.intake import Unclear
from tracker.web.pages import opened
from tracker.web.rendering import go, page
from tracker.wording import Language

router = APIRouter()

KINDS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "html": "application/octet-stream",
    "pdf": "application/pdf",
    "txt": "text/plain; charset=utf-8",
}
AUDITS = ("xlsx", "csv", "pdf", "json", "html")

First = Annotated[str, Query(alias="from")]
"""What an address calls `from`, a word that Python keeps for itself."""


@router.get("/p/{slug}/digest")
def digest_page(
    asked: Looking, slug: str, unit: str = "", week: str = "", audience: str = ""
) -> Response:
    """The leader's page as of the instant; with `unit` that unit's, with `week` and `audience` as
    it was issued."""
    at, made, weeks = _digest(asked, slug, unit=unit, week=week, audience=audience)
    told = digest_words.values_of(made, asked.language)
    picture = ""
    if made.picture is not None:
        picture = digest_picture.svg(asked.runtime.templates, made, asked.language)
    return page(
        asked, "digest", desk=at, digest=made, told=told, picture=picture, weeks=weeks,
        alt=digest_picture.alt(made, asked.language), missing=_missing(asked, at),
    )  # fmt: skip


def _missing(asked: Asked, at: Desk) -> str:
    """The week that who reads the page now may publish."""
    if asked.as_of or not asked.may("run", at):
        return ""
    with asked.runtime.database.read() as session:
        return weekly.missing(session, at.slug, asked.now)


@router.post("/p/{slug}/digest")
def publish_digest(asked: Running, slug: str, form: Received) -> Response:
    """The week's digests where the service has not come to them: on file, and sent."""
    with asked.runtime.database.write() as session:
        week = publish(asked, session, slug)
    return go(asked, f"/p/{slug}/digest", week=week)


def publish(asked: Asked, session: Session, slug: str) -> str:
    """The week that was published, on the page or through the interface."""
    week, runtime = weekly.to_publish(session, slug, asked.now), asked.runtime
    weekpost.issue_and_post(
        session, slug, now=asked.now, by=asked.by, templates=runtime.templates,
        stationery=delivery.parts_of(runtime).stationery,
        health=watch.weekly(session, slug, asked.now, runtime.settings),
    )  # fmt: skip
    return week


@router.get("/p/{slug}/digest.{kind}")
def digest_file(
    asked: Looking, slug: str, kind: str, unit: str = "", week: str = "", audience: str = ""
) -> Response:
    """The same as a file to keep."""
    if kind not in digest_files.KINDS:
        known = ", ".join(digest_files.KINDS)
        raise NotFound(f"没有这种文件：{kind}；有 {known} / no such kind of file: {kind}; {known}")
    at, made, _ = _digest(asked, slug, unit=unit, week=week, audience=audience)
    name = "周报" if asked.language == "zh" else "weekly"
    on = due_day(made.as_of, at.zone)
    content = digest_files.content(asked.runtime.templates, asked.language, made, kind)
    return Response(
        content, media_type=KINDS[kind],
        headers={"content-disposition": disposition(f"{name} {slug} {on}.{kind}")},
    )  # fmt: skip


def _digest(
    asked: Asked, slug: str, *, unit: str, week: str, audience: str
) -> tuple[Desk, Digest, list[tuple[str, list[str]]]]:
    with opened(asked, slug) as (session, at):
        weeks = weekly.on_file(session, slug)
        if week:
            made = weekly.archived(session, slug, week, audience or "leader")
            return at, made, weeks
        if unit and unit not in at.programme.unit_names:
            raise NotFound(f"方案中没有这个单位：{unit} / no unit {unit!r} in programme {slug}")
        made = weekly.digest_of(
            session, slug, as_of=at.as_of, known_at=at.board.known_at,
            audience=Audience.HEAD if unit else Audience.LEADER, unit=unit,
            health=watch.weekly(session, slug, asked.now, asked.runtime.settings),
        )  # fmt: skip
    return at, made, weeks


@router.get("/p/{slug}/audit")
def audit_page(
    asked: Looking, slug: str, from_: First = "", to: str = "", unit: str = ""
) -> Response:
    at, found = _audit(asked, slug, from_, to, unit=unit)
    values = audit_files.page_values(found, asked.language)
    values = {name: value for name, value in values.items() if name not in ("language", "zone")}
    return page(asked, "audit", desk=at, kinds=AUDITS, **values)


@router.get("/p/{slug}/dossier.pdf")
def dossier_file(asked: Looking, slug: str, key: str) -> Response:
    """卷宗: everything about one obligation."""
    with opened(asked, slug) as (session, at):
        found = dossiers.of_obligation(session, slug, key, as_of=at.as_of,
                                       known_at=at.board.known_at)  # fmt: skip
    name = f"{'卷宗' if asked.language == 'zh' else 'dossier'} {key.replace('/', '-')}.pdf"
    return Response(
        dossiers.pdf(found, asked.language), media_type=KINDS["pdf"],
        headers={"content-disposition": disposition(name)},
    )  # fmt: skip


@router.get("/p/{slug}/audit.{kind}")
def audit_file(
    asked: Looking, slug: str, kind: str, from_: First = "", to: str = "", unit: str = ""
) -> Response:
    """The same as a file to keep."""
    if kind not in AUDITS:
        known = ", ".join(AUDITS)
        raise NotFound(f"没有这种文件：{kind}；有 {known} / no such kind of file: {kind}; {known}")
    at, found = _audit(asked, slug, from_, to, unit=unit)
    name = f"{audit_name(at, asked.language)} {found.first} {found.last}.{kind}"
    return Response(
        audit_files.content(
            found, kind, environment=asked.runtime.templates, language=asked.language
        ),
        media_type=KINDS[kind],
        headers={"content-disposition": disposition(name)},
    )


@router.get("/p/{slug}/bulletin.{kind}")
def bulletin_file(asked: Looking, slug: str, kind: str, period: str = "", by: str = "") -> Response:
    """通报 of a month or a quarter, as a document; of the last month unless told otherwise."""
    if kind not in bulletin_files.KINDS:
        known = ", ".join(bulletin_files.KINDS)
        raise NotFound(f"没有这种文件：{kind}；有 {known} / no such kind of file: {kind}; {known}")
    if by not in ("", *bulletins.WAYS):
        raise Unclear("form")
    with opened(asked, slug) as (session, at):
        begins = local_day(at.as_of, at.zone).replace(day=1) - timedelta(days=1)
        first, last = bulletins.period(period or f"{begins:%Y-%m}")
        way = next((one for one in bulletins.WAYS if one == by), None)
        made = bulletins.of_period(
            session, slug, first=first, last=last, now=at.as_of, known_at=at.board.known_at, by=way
        )
    sender = asked.runtime.sender
    content = bulletin_files.content(
        asked.runtime.templates, asked.language, made, kind, office=sender.name or sender.mail
    )
    name = f"{'通报' if asked.language == 'zh' else 'bulletin'} {slug} {first} {last}.{kind}"
    return Response(
        content, media_type=KINDS[kind], headers={"content-disposition": disposition(name)}
    )


def audit_name(at: Desk, language: Language) -> str:
    return f"{'逾期台账' if language == 'zh' else 'late-items'} {at.slug}"


def _audit(asked: Asked, slug: str, from_: str, to: str, *, unit: str) -> tuple[Desk, Audit]:
    with opened(asked, slug) as (session, at):
        today = due_day(at.as_of, at.zone)
        last = day(to, today)
        first = day(from_, min(date(at.programme.year, 1, 1), last))
        if last < first:
            raise Unclear("day")
        if unit and unit not in at.programme.unit_names:
            raise NotFound(f"方案中没有这个单位：{unit} / no unit {unit!r} in programme {slug}")
        found = audits.of_board(session, slug, at.board, first=first, last=last, unit=unit)
    return at, found

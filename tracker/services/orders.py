"""An order slip that a person issues by hand; the ladder's own are made with their mail."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from tracker.domain.errors import NotFound, Refused
from tracker.domain.obligations import Light
from tracker.services import slips
from tracker.services.letterbox import figures
from tracker.services.slips import Kind, Slip
from tracker.wording import Language


def by_hand(
    session: Session,
    programme: str,
    key: str,
    kind: Kind,
    *,
    once: str,
    office: str,
    now: datetime,
    by: str,
    language: Language = "zh",
) -> Slip:
    """Refused for what is finished. `once` names the request: repeated, it gives the same slip."""
    told = figures(session, programme, now)
    standing = told.standings.get(key)
    if standing is None:
        raise NotFound(f"没有这件应办事项 / no obligation {key!r} in programme {programme}")
    if standing.light is Light.DONE:
        raise Refused(f"{key} 已办结，不必再发单 / {key} is finished: no slip is issued for it")
    return slips.issue(
        session, slips.matter_of(told, key), kind,
        cause=f"hand|{once}", office=office, now=now, by=by, language=language,
    )  # fmt: skip

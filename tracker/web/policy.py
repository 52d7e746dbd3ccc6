"""催办办法 on a page: what counts where, in words; a change is looked at before it is made."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import Response

from tracker.domain.errors import DefinitionError, Refused
from tracker.domain.policy import Policy, Role
from tracker.domain.programme import Programme
from tracker.services import policies
from tracker.services.policies import Foreseen, Kind, Place, Said
from tracker.web.asking import Asked, Desk
from tracker.web.entry import LookingNow, Received, Running
from tracker.web.intake import Unclear
from tracker.web.pages import opened
from tracker.web.rendering import go, page
from tracker.wording import Language, rung
from tracker.wording.catalogue import text
from tracker.wording.policies import GROUPS, NEVER, policy_lines

router = APIRouter()

UNPROCESSABLE = 422
SHOWN = 60
"""So many of those who are told more, or less, are listed."""
BLANK_RUNGS = 2
MOST_RUNGS = 12
JOINING = (Role.DEPUTY, Role.LEAD, Role.REVIEWER, Role.OFFICE)
LISTS = ("before", "case_hours_before", "channels")
_BETWEEN = re.compile(r"[\s,，、;；]+")


@dataclass(frozen=True)
class RungField:
    at: str
    tells: tuple[str, ...]


@router.get("/p/{slug}/policy")
def policy_page(asked: LookingNow, slug: str, at: str = "", see: str = "") -> Response:
    """With `at` the form of a place (`programme:`, `section:1`, `item:20`), with `see` what its
    fields would do; looking saves nothing."""
    fields = {name: value.strip()[:500] for name, value in asked.request.query_params.items()}
    with opened(asked, slug) as (session, desk):
        if not at:
            return _all(asked, desk)
        place = place_of(at)
        if not see:
            return _one(asked, session, desk, place, {}, seen=False)
        return _one(asked, session, desk, place, fields, seen=True)


@router.post("/p/{slug}/policy")
def change_policy(asked: Running, slug: str, form: Received) -> Response:
    fields = {name: value.strip()[:500] for name, value in form.fields.items()}
    place, reason = place_of(fields.get("at", "")), fields.get("reason", "")
    with opened(asked, slug) as (session, desk):
        if not reason:
            return _one(asked, session, desk, place, fields, seen=True, wrong={"reason": "reason"})
        try:
            with asked.runtime.database.write() as writing:
                policies.change(
                    writing, slug, place, said(fields), now=asked.now, by=asked.by, reason=reason
                )
        except (DefinitionError, Refused):
            return _one(asked, session, desk, place, fields, seen=True)
    return go(asked, desk.path("policy"))


def place_of(given: str) -> Place:
    kind, colon, id_ = given.partition(":")
    if kind not in ("programme", "section", "item") or not colon:
        raise Unclear("form")
    return Place(cast(Kind, kind), id_)


# -- pages -----------------------------------------------------------------------------------------


def _all(asked: Asked, desk: Desk) -> Response:
    programme = desk.programme
    stated = policies.stated(programme)
    told = [
        (one, where(one.place, asked.language), policy_lines(_everything(one.whole)
         if one.place == Place() else one.own, asked.language))
        for one in stated
    ]  # fmt: skip
    return page(asked, "policy", desk=desk, told=told, places=list(_places(programme, asked)))


def _one(
    asked: Asked, session: Session, desk: Desk, place: Place, fields: Mapping[str, str], *,
    seen: bool, wrong: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    programme = desk.programme
    now = policies.stands_at(programme, place)
    above = policies.above(programme, place)
    found: Foreseen | None = None
    problems: list[tuple[str, str]] = []
    changes: list[tuple[str, str, str]] = []
    if seen:
        try:
            found = policies.foresee(session, desk.slug, place, said(fields), now=asked.now)
            new = policies.changed(programme, place, said(fields))
            then = policies.stands_at(new, place).whole
            changes = _changes(now.whole, then, asked.language)
        except DefinitionError as error:
            problems = [(_label(one.place, asked.language), f"{one.text} {one.advice}".strip())
                        for one in error.problems]  # fmt: skip
        except Refused as refusal:
            problems = [("", str(refusal))]
    typed = fields if seen else typed_of(now.own, asked.language)
    return page(
        asked, "policy_one", desk=desk, place=place, where=where(place, asked.language),
        title=now.title, own=policy_lines(now.own, asked.language), found=found, changes=changes,
        problems=problems, sent=typed, wrong=wrong or {}, above=typed_of(_everything(above),
        asked.language), groups=_groups(place), lists=LISTS, joining=JOINING, roles=list(Role),
        rungs=list(_rung_fields(typed)), slip_options=_slip_options(asked.language), shown=SHOWN,
        titles=titles(desk) if found else {}, hidden=_carried(fields),
        status=UNPROCESSABLE if problems or wrong else 200,
    )  # fmt: skip


def where(place: Place, language: Language) -> str:
    key = "whole" if place == Place() else place.kind
    return text(f"policy.{key}", {"id": place.id}, language=language)


def _places(programme: Programme, asked: Asked) -> Iterator[tuple[str, str]]:
    for section in programme.sections:
        named = where(Place("section", section.id), asked.language)
        yield f"section:{section.id}", f"{named} {section.title}"
        for item in section.items:
            named = where(Place("item", item.id), asked.language)
            yield f"item:{item.id}", f"{named} {item.title}"


def _groups(place: Place) -> dict[str, tuple[str, ...]]:
    return {
        name: keys for name, keys in GROUPS.items() if place == Place() or name != "sending"
    }  # fmt: skip


def _slip_options(language: Language) -> list[tuple[str, str]]:
    """When an order slip may go out, but for a rung of one's own."""
    told = [
        ("never", text("policy.never", language=language)),
        ("intake", rung("intake", language)),
    ]
    for role in Role:
        named = {"role": text(f"role.{role}", language=language)}
        told.append((role.value, text("policy.slip_role", named, language=language)))
    return told


def _everything(policy: Policy) -> dict[str, Any]:
    return policy.model_dump(mode="json")


def _changes(was: Policy, then: Policy, language: Language) -> list[tuple[str, str, str]]:
    before = {key: told for key, _, told in policy_lines(_everything(was), language)}
    return [
        (label, before[key], told)
        for key, label, told in policy_lines(_everything(then), language) if told != before[key]
    ]  # fmt: skip


def _label(key: str, language: Language) -> str:
    name = key.partition(".")[0]
    known = any(name in keys for keys in GROUPS.values())
    return text(f"policy.key_{name}", language=language) if known else ""


def titles(desk: Desk) -> dict[str, str]:
    """What the obligations are called, by key."""
    return {one.obligation.key: one.obligation.title for one in desk.board.ledger.standings}


def _carried(fields: Mapping[str, str]) -> dict[str, str]:
    """What the form that saves brings along."""
    return {name: value for name, value in fields.items()
            if value and name not in ("see", "lang", "token", "reason")}  # fmt: skip


# -- from fields to a policy and back --------------------------------------------------------------


def said(fields: Mapping[str, str]) -> Said:
    """What the fields say, in the keys and values of the document, which is where they are
    checked; an empty field says nothing."""
    found: dict[str, Any] = {}
    for keys in GROUPS.values():
        for key in keys:
            value = _value(key, fields)
            if value is not None:
                found[key] = value
    return found


def _value(key: str, fields: Mapping[str, str]) -> Any:
    """None where nothing was said."""
    if key in ("joins", "case_joins"):
        return _joins(key, fields)
    if key == "rungs":
        return _rungs(fields)
    given = _word(fields.get(key, ""))
    if not given:
        return None
    if key not in LISTS:
        return given
    parts = [one for one in _BETWEEN.split(given) if one]
    if key == "before":  # "7" and "-7" are both seven working days before it
        return [int(f"-{digits}") if (digits := one.lstrip("-")).isdecimal() else one
                for one in parts]  # fmt: skip
    return parts


def _joins(key: str, fields: Mapping[str, str]) -> dict[str, str] | None:
    """Whoever never joins is left out; nobody at all, where each is said never to."""
    given = {role.value: _word(fields.get(f"{key}.{role}", "")) for role in JOINING}
    if not any(given.values()):
        return None
    return {role: n for role, n in given.items() if n and n != NEVER}


def _rungs(fields: Mapping[str, str]) -> list[dict[str, Any]] | None:
    if fields.get("rungs.none"):
        return []
    found = [{"at": one.at, "tells": list(one.tells)} for one in _rung_fields(fields) if one.at]
    return found or None


def _rung_fields(fields: Mapping[str, str]) -> Iterator[RungField]:
    """Those that were typed, and some blank ones."""
    blank = 0
    for n in range(MOST_RUNGS):
        at = fields.get(f"rungs.{n}.at", "")
        blank += not at
        if at or blank <= BLANK_RUNGS:
            told = (role.value for role in Role if fields.get(f"rungs.{n}.{role}"))
            yield RungField(at, tuple(told))


def _word(given: str) -> str:
    """The document's word for what people write in their own."""
    return _WORDS.get(given, given)


_WORDS = {
    text(f"policy.{word}", language=language): meant
    for language in ("zh", "en") for word, meant in (("never", NEVER), ("cutoff", "cutoff"))
}  # fmt: skip


def typed_of(policy: Mapping[str, Any], language: Language) -> dict[str, str]:
    """The fields as somebody would have typed this."""
    typed: dict[str, str] = {}
    for key, value in policy.items():
        match value:
            case dict():
                typed |= {f"{key}.{role}": str(n) for role, n in value.items()}
                if not value:
                    typed |= {f"{key}.{role}": _never(language) for role in JOINING}
            case list() if key == "rungs":
                typed |= _typed_rungs(value)
            case list():
                typed[key] = ", ".join(str(one).lstrip("-") for one in value)
            case "never" | "cutoff":
                typed[key] = text(f"policy.{value}", language=language)
            case _:
                clock = key in ("opens", "closes", "quiet_from", "quiet_until")
                typed[key] = str(value)[:5] if clock else str(value)
    return typed


def _typed_rungs(rungs: list[dict[str, Any]]) -> dict[str, str]:
    if not rungs:
        return {"rungs.none": "1"}
    typed = {}
    for n, one in enumerate(rungs):
        typed[f"rungs.{n}.at"] = one["at"]
        typed |= {f"rungs.{n}.{role}": "1" for role in one.get("tells", ())}
    return typed


def _never(language: Language) -> str:
    return text("policy.never", language=language)

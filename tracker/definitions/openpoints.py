"""待定问题: what a person must settle before a draft can be published.

A document that was read by machine carries them under `open_points`; a programme has none. Each
names its place and its choices; a choice changes fields by the paths of a reading
(`20.5.rules`, `31.2#1.steps`), or `sections/2.points`, `items/20.points`, `programme.points`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from tracker.domain import readings
from tracker.domain.errors import DefinitionError, NotFound, Problem
from tracker.domain.programme import Definition, Programme, Slug

BY_HAND = "by_hand"
"""The choice that every open point has: the document itself was put right."""

Why = Literal["unread", "rule", "dirt", "sum", "points", "date", "unit", "cell"]


_NUMBER = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4})?")
Answered = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$")]


class OpenChoice(Definition):
    """One way to settle a point; `set` is empty where the draft already stands so."""

    id: Slug
    says: str = ""
    set: dict[str, Any] = Field(default_factory=dict)


class OpenPoint(Definition):
    """One question to a person.

    unread: text that matters and was not understood. rule: a sanction that the engine has no rule
    for. dirt: a slip in the source. sum: points that do not add up. points, date, unit: a cell that
    is missing or says something else. cell: anything else that was left over.
    """

    id: Slug
    why: Why
    clause: str = Field(default="", description="Clause or item; empty for the whole document.")
    place: str = Field(default="", description="Where it stands in the source document.")
    text: str = Field(default="", description="The piece of the source that it is about.")
    question: str
    choices: tuple[OpenChoice, ...] = ()
    chosen: Answered | None = Field(
        default=None,
        description=f"The id of a choice, or {BY_HAND!r} where the document was put right; for "
        "points also the number itself.",
    )

    @model_validator(mode="after")
    def _chosen_exists(self) -> OpenPoint:
        if not (self.chosen is None or self.takes(self.chosen)):
            raise ValueError(f"the choice {self.chosen!r} is none of the open point's")
        return self

    @property
    def numeric(self) -> bool:
        """Whether a number is an answer: it goes where the choices write theirs."""
        return self.why == "points" and any(one.set for one in self.choices)

    def takes(self, answer: str) -> bool:
        known = {BY_HAND, *(one.id for one in self.choices)}
        return answer in known or (self.numeric and _NUMBER.fullmatch(answer) is not None)

    @property
    def changes(self) -> Mapping[str, Any]:
        if self.numeric and self.chosen and _NUMBER.fullmatch(self.chosen):
            return {path: self.chosen for one in self.choices for path in one.set}
        found = (one.set for one in self.choices if one.id == self.chosen)
        return next(found, {})


class Draft(Programme):
    """A programme's document as it may be written down: with points that are still open."""

    open_points: tuple[OpenPoint, ...] = ()

    @property
    def still_open(self) -> tuple[OpenPoint, ...]:
        return tuple(point for point in self.open_points if point.chosen is None)


def settle(draft: Draft, chosen: Mapping[str, str]) -> Draft:
    """The draft with these points answered, by point id. NotFound for a point that it has not."""
    known = {point.id for point in draft.open_points}
    for name in chosen:
        if name not in known:
            raise NotFound(f"没有待定问题 {name} / no open point {name!r}")
    points = [_answered(point, chosen.get(point.id, point.chosen)) for point in draft.open_points]
    return draft.model_copy(update={"open_points": tuple(points)})


def _answered(point: OpenPoint, choice: str | None) -> OpenPoint:
    if choice is not None and not point.takes(choice):
        listed = "、".join(sorted({BY_HAND, *(one.id for one in point.choices)}))
        listed += "、15" * point.numeric
        raise NotFound(
            f"待定问题 {point.id} 没有选项 {choice}，可选 {listed} / "
            f"open point {point.id!r} has no choice {choice!r}"
        )
    return point.model_copy(update={"chosen": choice})


def settled(draft: Draft) -> Programme:
    """The programme with every choice written in; what is still open stays as drafted.

    DefinitionError where a choice does not fit the document.
    """
    body = draft.model_dump(mode="json", by_alias=True, exclude={"open_points"})
    below: dict[str, Any] = {}
    for point in draft.open_points:
        for path, value in point.changes.items():
            if point.numeric:
                _grow(body, path, value)
            if not _set_above(body, path, value):
                below[path] = value
    try:
        body["readings"] = list(_left(body["readings"], below))
        programme = Programme.model_validate(body)
        return readings.changed(programme, below) if below else programme
    except (NotFound, ValidationError) as error:
        chosen = ", ".join(f"{point.id}={point.chosen}" for point in draft.open_points)
        raise DefinitionError([Problem(chosen, str(error))]) from error


def _left(asked: Sequence[dict[str, Any]], changes: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The readings without what they ask about rules that a choice put others in the place of."""
    replaced = [path.removesuffix(".rules") for path in changes if path.endswith(".rules")]
    heads = tuple(f"{clause}#" for clause in replaced)
    whole = {f"{clause}.rules" for clause in replaced}
    for reading in asked:
        gone = 0
        for one in reading["alternatives"]:
            kept = {
                p: v for p, v in one["set"].items() if p not in whole and not p.startswith(heads)
            }
            gone += len(one["set"]) - len(kept)
            one["set"] = kept
        if not gone or any(one["set"] for one in reading["alternatives"]):
            yield reading


def _grow(body: dict[str, Any], path: str, value: str) -> None:
    """Sums that were made of the known points alone grow with the points of an item that had
    none; one that the document states stays, and is checked against."""
    name = path.removeprefix("items/").rpartition(".")[0]
    base = [one for one in body["sections"] if one["part"] == "base"]
    for section in base:
        inside = [item for item in section["items"] if item["id"] == name]
        if not inside or inside[0]["points"] is not None:
            continue
        more = Decimal(value)
        whole = _added(base) == Decimal(body["points"])
        if _added(section["items"]) == Decimal(section["points"] or 0):
            section["points"] = str(Decimal(section["points"] or 0) + more)
            if whole:
                body["points"] = str(Decimal(body["points"]) + more)


def _added(parts: Sequence[Mapping[str, Any]]) -> Decimal:
    return sum((Decimal(one["points"]) for one in parts if one["points"] is not None), Decimal(0))


def _set_above(body: dict[str, Any], path: str, value: Any) -> bool:
    """Fields of the programme, its sections and items, which a reading has no path for."""
    owner, _, field = path.rpartition(".")
    if owner == "programme":
        body[field] = value
        return True
    head, _, name = owner.partition("/")
    things = {
        "sections": body["sections"],
        "items": [item for section in body["sections"] for item in section["items"]],
    }.get(head)
    for thing in things or ():
        if thing["id"] == name:
            thing[field] = value
    return things is not None

"""What pydantic finds wrong, as our own codes and values, and where it is in the document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from tracker.definitions.faults import Fault, near
from tracker.definitions.yamltext import Route

_NUMBERS = ("decimal_", "float_")
_TEXTS = {
    "string_type": "not_text",
    "int_type": "not_whole",
    "int_parsing": "not_whole",
    "int_from_float": "not_whole",
    "bool_type": "not_truth",
    "bool_parsing": "not_truth",
    "list_type": "not_list",
    "tuple_type": "not_list",
    "model_type": "not_mapping",
    "model_attributes_type": "not_mapping",
    "dict_type": "not_mapping",
    "date_type": "not_date",
    "date_parsing": "not_date",
    "date_from_datetime_parsing": "not_date",
    "date_from_datetime_inexact": "not_date",
    "time_type": "not_time",
    "time_parsing": "not_time",
    "datetime_type": "not_instant",
    "datetime_parsing": "not_instant",
    "datetime_from_date_parsing": "not_instant",
    "timezone_aware": "naive",
}
_BOUNDS = {
    "greater_than": ("gt", ">"),
    "greater_than_equal": ("ge", "≥"),
    "less_than": ("lt", "<"),
    "less_than_equal": ("le", "≤"),
}
# What only the pattern of an amount holds, and only that of a rung.
_PATTERNS = (("all|item", "not_amount"), ("never|intake", "not_slip"), ("half|limit", "not_rung"))


def fault_of(error: ErrorDetails, model: type[BaseModel]) -> Fault:
    """One complaint of pydantic about a document of `model`."""
    route, inside = located(model, error["loc"])
    code, values = _worded(error, route, inside)
    if code in ("missing", "unknown_key"):
        # The thing itself has no line; for a surplus key its own line is best.
        route = route if code == "unknown_key" else route[:-1]
    return Fault(route, code, values)


def _worded(
    error: ErrorDetails, route: Route, inside: Sequence[type[BaseModel]]
) -> tuple[str, dict[str, Any]]:
    kind, given = error["type"], shown(error["input"])
    context: dict[str, Any] = error.get("ctx") or {}
    key = str(route[-1]) if route else ""
    if kind == "missing":
        return "missing", {"key": key}
    if kind == "extra_forbidden":
        known = _keys(inside[0]) if len(inside) == 1 else []
        return "unknown_key", {"key": key, "known": known, "near": near(key, known)}
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _kind(error, route, inside)
    if kind == "string_pattern_mismatch":
        pattern = str(context.get("pattern"))
        holding = (code for mark, code in _PATTERNS if mark in pattern)
        return next(holding, "not_slug"), {"given": given}
    if kind in ("literal_error", "enum"):
        known = [one.strip().strip("'") for one in _listed(str(context.get("expected")))]
        return "not_one_of", {"given": given, "known": known}
    if kind in _BOUNDS:
        name, sign = _BOUNDS[kind]
        return "out_of_bounds", {"given": given, "bounds": f"{sign} {context[name]}"}
    if kind in ("too_short", "string_too_short"):
        return "too_few", {"least": context.get("min_length", 1)}
    if kind == "value_error":
        return "said", {"said": str(context.get("error") or error["msg"])}
    if kind.startswith(_NUMBERS):
        return "not_number", {"given": given}
    return _TEXTS.get(kind, "said"), {"given": given, "said": error["msg"]}


def _listed(expected: str) -> list[str]:
    return expected.replace(" or ", ", ").split(", ")


def _kind(
    error: ErrorDetails, route: Route, inside: Sequence[type[BaseModel]]
) -> tuple[str, dict[str, Any]]:
    known = sorted(tag for one in inside for tag in tags(one))
    what = {"rules": "rule", "duties": "duty"}.get(str(route[-2]) if len(route) > 1 else "", "fact")
    values: dict[str, Any] = {"what": what, "known": known}
    if error["type"] == "union_tag_not_found":
        return "kind_missing", values
    kind = str((error.get("ctx") or {}).get("tag", ""))
    return "unknown_kind", {**values, "kind": kind, "near": near(kind, known)}


def shown(value: object) -> str:
    """The value as somebody typed it, not a page of it."""
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


# -- from pydantic's location to the document's ---------------------------------------------------


def located(
    model: type[BaseModel] | Sequence[type[BaseModel]], loc: Sequence[str | int]
) -> tuple[Route, Sequence[type[BaseModel]]]:
    """The route without the tags of unions, and the model (or choice of models) that holds its
    last part."""
    holders: Sequence[type[BaseModel]] = (model,) if isinstance(model, type) else tuple(model)
    inside, route = holders, []
    for part in loc:
        if isinstance(part, str) and len(inside) > 1:
            inside = holders = [one for one in inside if part in tags(one)]
            continue
        route.append(part)
        holders = inside
        if isinstance(part, str):
            inside = list(_inside(inside[0], part)) if inside else ()
    return tuple(route), (inside if route and isinstance(route[-1], int) else holders)


def _inside(model: type[BaseModel], key: str) -> Iterator[type[BaseModel]]:
    for name, field in model.model_fields.items():
        if key in (name, field.alias):
            yield from _models(field.annotation)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def tags(model: type[BaseModel]) -> tuple[str, ...]:
    """The values of the field that tells the members of a union apart."""
    for name in ("kind", "fact"):
        field = model.model_fields.get(name)
        values = get_args(field.annotation) if field is not None else ()
        if values and all(isinstance(value, str) for value in values):
            return values
    return ()


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]

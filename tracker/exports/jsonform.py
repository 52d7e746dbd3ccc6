"""Computed values as JSON: points as decimal text, arithmetic as codes with their values."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, TypeVar

from pydantic import (
    BeforeValidator,
    PlainSerializer,
    SerializationInfo,
    SkipValidation,
    TypeAdapter,
    ValidationError,
)

from schedules.deadlines import Deadline
from tracker.domain.points import Units, points, units
from tracker.domain.rules.base import Step, Value
from tracker.wording import counting

Thing = TypeVar("Thing")


def _points(amount: int) -> str:
    return f"{points(amount):f}"


def _amount(value: Any) -> Any:
    return units(value) if isinstance(value, str) else value


def _step(step: Step, value_of: Callable[[Value], Any]) -> dict[str, Any]:
    return {"code": step.code, "values": {name: value_of(value) for name, value in step.values}}


def _value(value: Value) -> int | str:
    match value:
        case datetime():
            return value.isoformat()
        case Fraction() if value.denominator == 1:
            return str(value.numerator)
        case Fraction():
            return _decimal(value)
        case Decimal():
            return f"{value:f}"
        case _:
            return value


def _decimal(value: Fraction) -> str:
    """Exact where a short decimal is, else as a fraction: nothing is rounded here."""
    scaled = value * 10**6
    if scaled.denominator != 1:
        return str(value)
    return f"{Decimal(scaled.numerator).scaleb(-6).normalize():f}"


KEPT = {"kept": True}
"""The context in which values are written for us alone, so that they can be read again."""


def _steps(steps: tuple[Step, ...], told: SerializationInfo) -> list[dict[str, Any]]:
    value_of = _marked if told.context == KEPT else _value
    return [_step(step, value_of) for step in steps]


def _marked(value: Value) -> int | str | dict[str, str]:
    """With its type, where JSON has none for it."""
    match value:
        case datetime():
            return {"at": value.isoformat()}
        case Fraction():
            return {"fraction": str(value)}
        case Decimal():
            return {"decimal": f"{value:f}"}
        case _:
            return value


def _unmarked(value: Any) -> Value:
    match value:
        case {"at": text}:
            return datetime.fromisoformat(text)
        case {"fraction": text}:
            return Fraction(text)
        case {"decimal": text}:
            return Decimal(text)
        case int() | str():
            return value
        case other:
            raise ValueError(f"not a value of a step: {other!r}")


def _read_steps(told: Any) -> Any:
    if not isinstance(told, list):
        return told
    return tuple(
        Step(one["code"], tuple((name, _unmarked(value)) for name, value in one["values"].items()))
        for one in told
    )


Amount = Annotated[Units, BeforeValidator(_amount), PlainSerializer(_points, return_type=str)]
"""Ten-thousandths of a point inside, decimal text ("-0.0833") in JSON."""

Arithmetic = Annotated[
    tuple[SkipValidation[Step], ...],
    BeforeValidator(_read_steps),
    PlainSerializer(_steps, return_type=list[dict[str, Any]]),
]

Counted = Annotated[
    Deadline | None, PlainSerializer(lambda one: counting(one), return_type=str)
]  # fmt: skip
"""A deadline, in JSON the Chinese sentence that says how it was counted."""


_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}
"""Built once for each kind: that costs far more than using one."""


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def body(kind: type[Any], value: Any) -> dict[str, Any]:
    """A computed dataclass as JSON values."""
    dumped: dict[str, Any] = _adapter(kind).dump_python(value, mode="json")
    return dumped


def kept(kind: type[Any], value: Any) -> dict[str, Any]:
    """As JSON values from which `restored` makes an equal value again."""
    dumped: dict[str, Any] = _adapter(kind).dump_python(value, mode="json", context=KEPT)
    return dumped


def restored(kind: type[Thing], body: Mapping[str, Any]) -> Thing | None:
    """The value that was `kept`; None where another version kept it in another form."""
    try:
        found: Thing = _adapter(kind).validate_python(dict(body), context=KEPT)
    except ValidationError:
        return None
    return found


def schema(kind: type[Any]) -> dict[str, Any]:
    return _adapter(kind).json_schema(mode="serialization")


def json_bytes(kind: type[Any], value: Any) -> bytes:
    return (json.dumps(body(kind, value), ensure_ascii=False, indent=2) + "\n").encode()

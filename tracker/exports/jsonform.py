"""Computed values as JSON: points as decimal text, arithmetic as codes with their values."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any

from pydantic import PlainSerializer, TypeAdapter

from schedules.deadlines import Deadline
from tracker.domain.points import Units, points
from tracker.domain.rules.base import Step, Value
from tracker.wording import counting


def _points(amount: int) -> str:
    return f"{points(amount):f}"


def _step(step: Step) -> dict[str, Any]:
    return {"code": step.code, "values": {name: _value(value) for name, value in step.values}}


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


def _steps(steps: tuple[Step, ...]) -> list[dict[str, Any]]:
    return [_step(step) for step in steps]


Amount = Annotated[Units, PlainSerializer(_points, return_type=str)]
"""Ten-thousandths of a point inside, decimal text ("-0.0833") in JSON."""

Arithmetic = Annotated[tuple[Step, ...], PlainSerializer(_steps, return_type=list[dict[str, Any]])]

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


def schema(kind: type[Any]) -> dict[str, Any]:
    return _adapter(kind).json_schema(mode="serialization")


def json_bytes(kind: type[Any], value: Any) -> bytes:
    return (json.dumps(body(kind, value), ensure_ascii=False, indent=2) + "\n").encode()

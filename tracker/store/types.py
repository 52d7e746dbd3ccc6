"""Columns that mean the same on SQLite and PostgreSQL: points as scaled integers, enums as text."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import JSON, BigInteger, Dialect, String, types

from tracker.domain.points import points, units

Member = TypeVar("Member", bound=StrEnum)

ENUM_LENGTH = 16


class PointsColumn(types.TypeDecorator[Decimal]):
    """Points as an integer of 0.0001 point; a Decimal column would be a float on SQLite.

    ValueError for an amount with more digits than that: nothing is rounded on the way in.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        amount = units(value)
        if points(amount) != value:
            raise ValueError(f"{value} has more digits than 0.0001 point")
        return amount

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else points(value)


class EnumText(types.TypeDecorator[Member], Generic[Member]):
    """A closed set stored by its values, as text without a check in the database.

    A new member therefore needs no migration; a test sees that every member fits and comes back.
    """

    impl = String
    cache_ok = True

    def __init__(self, members: type[Member]) -> None:
        super().__init__(ENUM_LENGTH)
        self.members = members

    def process_bind_param(self, value: Member | None, dialect: Dialect) -> str | None:
        return None if value is None else self.members(value).value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Member | None:
        return None if value is None else self.members(value)


Body = JSON
"""A document; its keys stay in order on both databases. Changed in place it is not saved: assign a
new one."""

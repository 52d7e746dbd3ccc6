"""Many rows in one go, straight to the driver.

A batch of notices has the same few instants and much that all of its rows share: each distinct
value is made fit for the driver once, and PostgreSQL is given what all rows share only once.
SQLAlchemy takes longer over such rows than the database does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Column, Dialect
from sqlmodel import Session

from tracker.store.tables import Table

Row = Mapping[str, Any]


def insert_new(session: Session, table: type[Table], rows: Sequence[Row]) -> int:
    """Rows whose key is there already are left as they are; returns how many are new.

    Every row names the same columns.
    """
    if not rows:
        return 0
    connection = session.connection()
    dialect, columns = connection.dialect, table.metadata.tables[str(table.__tablename__)].c
    named = [columns[name] for name in rows[0]]
    quoted = ", ".join(dialect.identifier_preparer.quote(column.name) for column in named)
    source, values = _SOURCES[dialect.name](dialect, named, rows)
    statement = f"INSERT INTO {table.__tablename__} ({quoted}) {source} ON CONFLICT DO NOTHING"
    return connection.exec_driver_sql(statement, values).rowcount


def _by_rows(
    dialect: Dialect, columns: Sequence[Column[Any]], rows: Sequence[Row]
) -> tuple[str, list[tuple[Any, ...]]]:
    bound = [_bound(column, rows, column.type.bind_processor(dialect)) for column in columns]
    return f"VALUES ({', '.join('?' * len(columns))})", list(zip(*bound, strict=True))


def _by_arrays(
    dialect: Dialect, columns: Sequence[Column[Any]], rows: Sequence[Row]
) -> tuple[str, tuple[Any, ...]]:
    """One statement: an array for each column that differs from row to row."""
    shared: list[Any] = []
    arrays: list[list[Any]] = []
    wanted: list[str] = []
    given: list[str] = []
    names: list[str] = []
    for column in columns:
        kind = column.type.compile(dialect)
        bound = _bound(column, rows, column.type.bind_processor(dialect))
        if arrays and len(set(bound)) == 1:
            wanted.append(f"%s::{kind}")
            shared.append(bound[0])
            continue
        instants = kind.startswith("TIMESTAMP")
        name = f"c{len(names)}"
        names.append(name)
        wanted.append(f"{name}::{kind}")
        given.append("%s::TEXT[]" if instants else f"%s::{kind}[]")
        arrays.append(_told(bound) if instants else bound)
    source = f"unnest({', '.join(given)}) AS given ({', '.join(names)})"
    # Made of types and of names counted here; what is given stands in the parameters.
    return f"SELECT {', '.join(wanted)} FROM {source}", (*shared, *arrays)  # noqa: S608


def _told(instants: Sequence[datetime | None]) -> list[str | None]:
    """As text, each once: the driver takes six times as long over an array of instants."""
    tell = cache(datetime.isoformat)
    return [None if one is None else tell(one) for one in instants]


def _bound(column: Column[Any], rows: Sequence[Row], fit: Callable[[Any], Any] | None) -> list[Any]:
    if fit is None:
        return [row[column.name] for row in rows]
    once = cache(fit)
    return [once(row[column.name]) for row in rows]


_SOURCES: Mapping[str, Callable[..., tuple[str, Any]]] = {
    "sqlite": _by_rows,
    "postgresql": _by_arrays,
}

"""Runs migrations on the connection that `tracker.store.database.migrate` hands over, or, for a
developer's `alembic` command, on the database of the settings."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection
from sqlmodel import AutoString
from sqlmodel.sql.sqltypes import UTCDateTime

from tracker.store.tables import Table
from tracker.store.types import ENUM_LENGTH, EnumText, PointsColumn


def plain_types(kind: str, thing: Any, _: object) -> str | Literal[False]:
    """Our own column types as what they are in the database: a migration outlives our classes."""
    if kind != "type":
        return False
    if isinstance(thing, EnumText):
        return f"sa.String(length={ENUM_LENGTH})"
    if isinstance(thing, PointsColumn):
        return "sa.BigInteger()"
    if isinstance(thing, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(thing, AutoString):
        return "sa.String()"
    return False


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Table.metadata,
        render_as_batch=True,
        render_item=plain_types,
        transactional_ddl=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def developer() -> None:
    from tracker.settings import Settings
    from tracker.store.database import Database

    database = Database(Settings().database)
    with database.write() as session:
        run(session.connection())


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    developer()

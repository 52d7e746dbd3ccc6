"""The queue of a cluster: procrastinate's own tables, in a schema of their own.

They hold nothing that is not told anew at the next period, so another version of procrastinate
finds them dropped and made anew, and a backup leaves them out.
"""

from __future__ import annotations

from contextlib import closing
from importlib.metadata import version
from typing import Any

from sqlalchemy import Connection, text

from tracker.store.database import Database, Outdated

SCHEMA = "tracker_jobs"


def prepare(url: str) -> str:
    """Make them as this version of procrastinate wants them; returns that version."""
    wanted = version("procrastinate")
    with closing(Database(url, busy_seconds=60)) as database, database.write() as session:
        connection = session.connection()
        connection.execute(text("SELECT pg_advisory_xact_lock(73110002)"))
        if _made_by(connection) != wanted:
            _make(connection, wanted)
    return wanted


def require(database: Database) -> None:
    """Outdated unless they are there as this version of procrastinate wants them."""
    wanted = version("procrastinate")
    with database.read() as session:
        has = _made_by(session.connection())
    if has != wanted:
        raise Outdated(
            f"{database.place}: 多机运行的队列未建或已旧，请运行 tracker migrate / "
            f"the queue of the cluster is missing or of another version (has {has or 'none'}, "
            f"needs procrastinate {wanted}); run `tracker migrate`"
        )


def address(database: Database) -> str:
    """The database's URL as its own client library reads it, password included."""
    return database.url.set(drivername="postgresql").render_as_string(hide_password=False)


def _made_by(connection: Connection) -> str | None:
    """The version that made them; None where they are not there."""
    wanted = text("SELECT obj_description(oid) FROM pg_namespace WHERE nspname = :name")
    found: Any = connection.execute(wanted, {"name": SCHEMA}).scalar_one_or_none()
    return None if found is None else str(found)


def _make(connection: Connection, wanted: str) -> None:
    from procrastinate.schema import SchemaManager

    driver: Any = connection.connection.driver_connection
    driver.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    driver.execute(f"CREATE SCHEMA {SCHEMA}")
    driver.execute(f"SET LOCAL search_path TO {SCHEMA}")
    # Without parameters, so that its statements go over in one piece as they stand.
    driver.execute(SchemaManager.get_schema())
    driver.execute("SET LOCAL search_path TO DEFAULT")
    driver.execute(f"COMMENT ON SCHEMA {SCHEMA} IS '{wanted}'")

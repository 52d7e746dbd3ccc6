"""Whole copies of a database: SQLite's own online backup, PostgreSQL's own pg_dump."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, Connection, inspect, text
from sqlmodel import Session

from tracker.domain.errors import Refused
from tracker.store import jobs
from tracker.store.database import Database, Failing, file_of, parsed
from tracker.store.tables import Table

PAGES = 2000
"""SQLite copies so many at a time, and says how far it is."""

Progress = Callable[[int, int], None]

_ADVICE = (
    "安装与服务器同版或更新的 PostgreSQL 客户端",
    "install the PostgreSQL client, of the server's version or newer",
)


def copy_sqlite(source: Path, target: Path, progress: Progress) -> None:
    """One state of the database, whoever writes meanwhile; checked. `progress` hears of pages."""
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as one,
        closing(sqlite3.connect(target)) as other,
    ):
        # Held open, or every commit of another process would make it begin again.
        one.execute("BEGIN")
        one.execute("SELECT count(*) FROM sqlite_master").fetchone()
        one.backup(other, pages=PAGES, progress=lambda _, left, all_: progress(all_ - left, all_))
        other.execute("PRAGMA journal_mode = DELETE")
    check_sqlite(target)


def check_sqlite(path: Path) -> None:
    """Failing with what SQLite says, where the file is not whole."""
    with closing(sqlite3.connect(path)) as connection:
        try:
            said = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
        except sqlite3.DatabaseError as failure:
            said = [str(failure)]
    if said != ["ok"]:
        raise Failing(f"{path}: 数据库文件损坏 / the database is damaged: {'; '.join(said)}")


def dump_postgres(url: str, target: Path, snapshot: str) -> None:
    """The state that a transaction has exported as `snapshot`; without the cluster's queue, and
    without the revision: what comes out of it serves nobody before it is completed."""
    _run(
        "pg_dump",
        parsed(url),
        "--format=custom", "--no-owner", "--no-privileges", f"--exclude-schema={jobs.SCHEMA}",
        "--exclude-table-data=alembic_version", f"--snapshot={snapshot}", f"--file={target}",
    )  # fmt: skip


def load_postgres(url: str, source: Path) -> None:
    """All of it or nothing."""
    _run(
        "pg_restore",
        parsed(url),
        "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", str(source),
    )  # fmt: skip


def exported_snapshot(session: Session) -> str:
    return str(session.connection().execute(text("SELECT pg_export_snapshot()")).scalar_one())


def is_empty(url: str) -> bool:
    """Nothing of ours is there: for SQLite no file, for PostgreSQL no table of that name."""
    file = file_of(parsed(url))
    if file is not None:
        return not file.exists()
    with closing(Database(url)) as database, database.read() as session:
        there = inspect(session.connection()).get_table_names()
    return not {*Table.metadata.tables, "alembic_version"} & set(there)


def counts(connection: Connection) -> dict[str, int]:
    """Rows by table, of those that this version knows and that are there."""
    there = set(inspect(connection).get_table_names())
    return {
        # The names are our tables', no request's.
        name: int(connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one())  # noqa: S608
        for name in sorted(Table.metadata.tables)
        if name in there
    }


def _run(program: str, url: URL, *options: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise Refused(f"没有 {program}：{_ADVICE[0]} / {program} is not on the PATH: {_ADVICE[1]}")
    # The password goes through the environment: everybody on the machine sees a command line.
    bare = URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    secret = {"PGPASSWORD": str(url.password)} if url.password else {}
    environ = {**os.environ, **secret, "LC_ALL": "C"}  # in words that we know
    command = [found, *options, f"--dbname={bare.render_as_string(hide_password=False)}"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        said = f"{program}: {_last(done.stderr.splitlines())}"
        if "server version mismatch" in done.stderr:
            said = f"{program} 比服务器旧：{_ADVICE[0]} / {_ADVICE[1]} ({said})"
        raise Refused(said)


def _last(lines: Sequence[str]) -> str:
    return "; ".join(line.strip() for line in lines[-3:]) or "failed without a word"

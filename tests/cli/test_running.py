"""Running it: migrations, the clock, mail, the trail; errors leave everything as it was."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest
from typer.testing import CliRunner

from tests.cli.conftest import Installation, Told, small
from tests.sinks import SmtpSink, refusing_port
from tracker.cli import app
from tracker.cli.health import hidden_from
from tracker.definitions import yamlform

ROOT = Path(__file__).parents[2]
CONTACTS = "单位,姓名,角色,邮箱\n住建局,张三,联系人,zhang@example.cn\n"


# -- the database ----------------------------------------------------------------------------------


def test_migrating_makes_the_database_once(bare: Installation) -> None:
    first = bare.valid("migrate", "migrate")
    again = bare.valid("migrate", "migrate")
    assert (first["before"], first["after"]) == (None, again["after"])
    assert again["before"] == again["after"]
    assert "已是最新" in bare("migrate").text


@contextmanager
def written_by_another(path: Path) -> Iterator[None]:
    """Another process holds the write lock."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_a_locked_database_is_told_with_its_place_and_stays_as_it_was(
    loaded: Installation,
) -> None:
    path = loaded.write("contacts.csv", CONTACTS)
    before = loaded.content()
    with written_by_another(loaded.database):
        told = loaded("contacts", "load", path)
        assert loaded("due", "--as-of", "2021-10-01").code == 0  # readers do not wait
    assert (told.code, told.text) == (1, "")
    assert str(loaded.database) in told.error
    assert "数据库被占用" in told.error
    assert "Traceback" not in told.error
    assert loaded.content() == before


def test_a_read_only_database_is_told_with_its_place_and_stays_as_it_was(
    loaded: Installation,
) -> None:
    path = loaded.write("list.yaml", yamlform.dump(small().model_copy(update={"title": "新"})))
    before = loaded.content()
    read_only = f"sqlite:///file:{loaded.database}?mode=ro&uri=true"
    told = loaded("programme", "load", path, database_url=read_only)
    assert (told.code, told.text) == (1, "")
    assert str(loaded.database) in told.error
    assert "数据库只读" in told.error
    assert loaded.content() == before


def test_a_database_that_is_none_or_cannot_be_reached_is_told(bare: Installation) -> None:
    bare.database.write_text("no database", encoding="utf-8")
    assert "数据库打不开" in bare("score").error
    told = bare("score", database_url="postgresql://127.0.0.1:1/none")
    assert (told.code, "127.0.0.1" in told.error) == (1, True)
    told = bare("score", database_url="nonsense")
    assert (told.code, "数据库地址无法识别" in told.error) == (1, True)


def test_a_wrong_setting_is_named(bare: Installation) -> None:
    told = bare("score", zone="Mars/Olympus")
    assert told.code == 1
    assert "TRACKER_ZONE" in told.error
    told = bare("score", smpt_host="mail.example.cn")
    assert (told.code, "TRACKER_SMPT_HOST" in told.error) == (1, True)


def test_the_traceback_is_there_for_those_who_ask(loaded: Installation) -> None:
    environ = {f"TRACKER_{name}": text for name, text in loaded.settings.items()}
    words = ["score", "-p", "nothing"]
    done = CliRunner().invoke(app, words, env={**environ, "TRACKER_DEBUG": "1"})
    assert type(done.exception).__name__ == "NotFound"


# -- the clock and the mail ------------------------------------------------------------------------


def test_a_tick_may_be_repeated_and_seals_the_trail(loaded: Installation) -> None:
    assert loaded.valid("tick", "tick")["sealed"] > 0
    again = loaded.valid("tick", "tick")
    assert (again["made"], again["dispatched"], again["sealed"]) == (0, 0, 0)
    assert "封存 0 条留痕" in loaded("tick").text


@pytest.mark.parametrize("command", ["tick", "deliver"])
def test_who_runs_the_parts_by_hand_is_told_of_silence_too(
    loaded: Installation, command: str
) -> None:
    """By cron or timers nobody serves: each part looks after the others."""
    assert loaded("tick").code == 0
    with closing(sqlite3.connect(loaded.database)) as connection:
        connection.execute("UPDATE heartbeat SET at = '2021-01-05 03:00:00.000000'")
        connection.commit()
    assert loaded(command).code == 0
    with closing(sqlite3.connect(loaded.database)) as connection:
        [(body,)] = connection.execute("SELECT body FROM event WHERE kind = 'service.silent'")
    assert '"part":"watch"' in body.replace(" ", "")


def test_delivering_nothing_says_so(loaded: Installation) -> None:
    assert loaded.valid("deliver", "deliver")["sent"] == 0
    assert "发出 0" in loaded("deliver").text


def test_a_sound_trail_is_verified_and_a_changed_one_found(loaded: Installation) -> None:
    assert loaded("tick").code == 0
    found = loaded.valid("trail", "trail", "verify")
    assert found["ok"]
    assert "完好" in loaded("trail", "verify").text
    with closing(sqlite3.connect(loaded.database)) as connection:
        connection.execute("UPDATE event SET subject = 'other' WHERE seq = 1")
        connection.commit()
    told = loaded("trail", "verify", "--json")
    assert told.code == 1
    assert [one["first_bad"] for one in told.json["chains"]] == [1]
    assert "自第 1 条起不符" in loaded("trail", "verify").text


# -- the doctor ------------------------------------------------------------------------------------


def states(tracker: Installation, **settings: str) -> dict[str, tuple[str, str]]:
    told = tracker("doctor", "--json", **settings)
    found = {one["name"]: (one["state"], one["text"]) for one in told.json["findings"]}
    assert told.code == (0 if told.json["ok"] else 1)
    return found


def test_the_doctor_finds_what_is_missing_and_says_what_to_do(loaded: Installation) -> None:
    told = loaded("doctor")
    assert told.code == 1
    assert "small：1 个单位没有联系人：住建局" in told.text
    assert "→ tracker contacts load contacts.xlsx" in told.text
    assert loaded("contacts", "load", loaded.write("contacts.csv", CONTACTS)).code == 0
    assert states(loaded)["contacts"][0] == "ok"
    assert loaded.valid("doctor", "doctor", "--lang", "en")["findings"][0]["text"].startswith(
        "data folder"
    )


def test_the_doctor_says_how_the_service_is_doing(loaded: Installation) -> None:
    assert states(loaded)["service"][0] == "warning"
    assert loaded("tick").code == 0
    found = states(loaded)
    assert "service" not in found
    assert found["service.tick"][0] == "ok"
    assert found["service.deliver"][0] == "error"
    assert loaded("deliver").code == 0
    assert states(loaded)["service.deliver"][0] == "ok"


def test_a_heartbeat_of_the_future_shows_that_the_clock_went_back(loaded: Installation) -> None:
    assert loaded("tick").code == 0
    with closing(sqlite3.connect(loaded.database)) as connection:
        connection.execute("UPDATE heartbeat SET at = replace(at, '202', '212')")
        connection.commit()
    assert states(loaded)["clock"][0] == "error"


def test_the_doctor_makes_nothing(bare: Installation) -> None:
    folder = bare.folder / "none"
    found = states(bare, data=str(folder))
    assert found["database"][0] == "error"
    assert "tracker migrate" in found["database"][1]
    assert not folder.exists()


def test_the_doctor_tries_the_mail_server(loaded: Installation) -> None:
    assert states(loaded)["mail"][0] == "warning"
    with SmtpSink() as sink:
        there = {"smtp_host": sink.host, "smtp_port": str(sink.port), "smtp_tls": "none"}
        assert states(loaded, **there)["mail"][0] == "error"  # the sender is still the default
        found = states(loaded, sender="考核办 <office@example.gov.cn>", **there)
        assert found["mail"][0] == "ok"
    with refusing_port() as port:
        found = states(loaded, smtp_host="127.0.0.1", smtp_port=str(port), smtp_tls="none")
    assert found["mail"][0] == "error"
    assert f"127.0.0.1:{port}" in found["mail"][1]


def test_the_doctor_names_what_a_unit_of_systemd_will_not_see(
    bare: Installation, tmp_path: Path
) -> None:
    unit = tmp_path / "tracker.service"
    unit.write_text("[Service]\nProtectHome=yes\n")
    at_home, of_the_system = Path("/root/.pyenv/bin/python3.11"), Path("/usr/bin/python3.11")
    assert hidden_from(tmp_path, at_home) == "tracker.service"
    assert hidden_from(tmp_path, of_the_system) is None
    unit.write_text("[Service]\nProtectHome=no\n")
    assert hidden_from(tmp_path, at_home) is None
    assert hidden_from(tmp_path / "none", at_home) is None


def test_the_doctor_notices_a_clock_that_runs_behind(loaded: Installation) -> None:
    assert states(loaded)["clock"][0] == "ok"
    facts = "fact,clause,duty,unit,occurred_at,done\nreport,1,done,housing,2021-09-20T10:00Z,true\n"
    assert loaded("facts", "load", loaded.write("facts.csv", facts)).code == 0
    with closing(sqlite3.connect(loaded.database)) as connection:
        later = "UPDATE fact SET recorded_at = replace(recorded_at, '202', '212'), "
        connection.execute(later + "body = replace(body, '202', '212')")
        connection.commit()
    state, text = states(loaded)["clock"]
    assert state == "error"
    assert "时钟慢了" in text


def test_the_doctor_warns_of_a_secret_that_others_can_read(loaded: Installation) -> None:
    path = loaded.write("secret", "x" * 64)
    path.chmod(0o644)
    assert states(loaded)["secret"][0] == "warning"
    path.chmod(0o600)
    assert states(loaded)["secret"][0] == "ok"


def test_the_doctor_wants_an_access_code_where_others_reach_the_pages(loaded: Installation) -> None:
    assert states(loaded, host="0.0.0.0")["pages"][0] == "error"
    with_code = states(loaded, host="0.0.0.0", access_code="a long enough code")
    assert with_code["pages"][0] == "warning"


def test_the_same_commands_on_postgres(bare: Installation, postgres_url: str) -> None:
    def run(*words: str | Path) -> Told:
        told = bare(*words, database_url=postgres_url)
        assert (told.code, told.error) == (0, ""), words
        return told

    run("migrate")
    run("programme", "load", bare.write("small.yaml", yamlform.dump(small())))
    run("contacts", "load", bare.write("contacts.csv", CONTACTS))
    facts = "fact,clause,duty,unit,occurred_at,done\nreport,1,done,housing,2021-10-03T10:00Z,true\n"
    run("facts", "load", bare.write("facts.csv", facts))
    lights = run("due", "--as-of", "2021-10-02", "--json").json["lights"]
    assert lights["late"] == 10  # the item, and nine bulletins
    assert run("score", "--as-of", "2021-10-31", "--json").json["programme"]["version"] == 1
    for words in (("tick",), ("deliver",), ("trail", "verify"), ("readings",), ("doctor",)):
        run(*words)
    run("digest", "--as-of", "2021-10-18", "-o", bare.folder)
    run("audit", "--as-of", "2021-10-31", "-o", bare.folder / "audit.xlsx")
    assert not bare.database.exists()


# -- serving ---------------------------------------------------------------------------------------


@contextmanager
def serving(tracker: Installation) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`tracker serve` on a free port as a process of its own, whose interpreter would take a minute
    to end; and the address of its pages."""
    slow = "import atexit, time; atexit.register(time.sleep, 60); "
    begin = slow + "from tracker.cli import main; main()"
    command = [sys.executable, "-c", begin, "serve", "--port", "0"]
    environ = {**os.environ, "TRACKER_DATA": str(tracker.folder), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, env=environ, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert "http://" in line, line + (process.stderr.read() if process.stderr else "")
            yield process, line.split()[1]
        finally:
            process.kill()


def test_pages_and_clock_run_in_one_process_and_stop_when_told(loaded: Installation) -> None:
    with serving(loaded) as (process, address):
        with urlopen(f"{address}/") as page:
            assert page.status == 200
        with urlopen(f"{address}/service") as page:  # links in mails lead to where the pages are
            assert f">{address}<" in page.read().decode()
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 0, errors
    with closing(sqlite3.connect(loaded.database)) as connection:
        beats = dict(connection.execute("SELECT name, at FROM heartbeat").fetchall())
    assert {"tick", "deliver"} <= set(beats)


def test_serving_without_a_database_or_on_a_taken_port_is_refused(
    loaded: Installation, bare: Installation
) -> None:
    shutil.move(loaded.database, loaded.folder / "away.sqlite")
    told = bare("serve", "--port", "0")
    assert told.code == 1
    assert "tracker migrate" in told.error
    shutil.move(loaded.folder / "away.sqlite", loaded.database)
    logs_before = [*logging.getLogger().handlers]
    with SmtpSink() as taken:
        told = loaded("serve", "--port", str(taken.port))
    assert told.code == 1
    assert f"127.0.0.1:{taken.port}" in told.error
    assert logging.getLogger().handlers == logs_before  # the log is a running service's


def test_a_reader_that_stops_reading_is_no_error(loaded: Installation) -> None:
    command = f"{sys.executable} -c 'from tracker.cli import main; main()' due --schema | head -1"
    environ = {**os.environ, "TRACKER_DATA": str(loaded.folder)}
    done = subprocess.run(
        command, shell=True, env=environ, cwd=ROOT, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("{\n", "")

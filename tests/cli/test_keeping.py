"""Backups, restores and moves by command."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.cli.conftest import Installation


def there(folder: Path) -> Installation:
    folder.mkdir()
    return Installation(folder, {"DATA": str(folder)})


def test_a_backup_is_made_kept_and_restored_elsewhere(loaded: Installation, tmp_path: Path) -> None:
    made = loaded.valid("backup", "backup", "--keep", "1")
    assert (made["ok"], made["removed"]) == (True, 0)
    assert Path(made["file"]).parent == loaded.folder / "backups"
    other = there(tmp_path / "other")
    told = other.valid("restore", "restore", made["file"])
    assert told["rows"] == made["rows"]
    assert (
        other("score", "--as-of", "2021-10-31").text
        == loaded("score", "--as-of", "2021-10-31").text
    )
    assert "没有待定的邮件" in other("held").text or told["held"]
    again = other("restore", made["file"])
    assert (again.code, "不是空的" in again.error) == (1, True)


def test_a_file_that_is_no_backup_is_told_with_its_place(
    loaded: Installation, tmp_path: Path
) -> None:
    other = there(tmp_path / "other")
    told = other("restore", loaded.write("no.tar.gz", "no backup"))
    assert (told.code, "no.tar.gz" in told.error, "不是备份" in told.error) == (1, True, True)
    assert not other.database.exists()
    assert other("restore", other.folder / "none.tar.gz").code == 1


def test_a_broken_trail_is_backed_up_and_said(loaded: Installation) -> None:
    assert loaded("tick").code == 0
    with closing(sqlite3.connect(loaded.database)) as connection:
        connection.execute("UPDATE event SET subject = 'other' WHERE seq = 1")
        connection.commit()
    told = loaded("backup")
    assert (told.code, "已备份" in told.text, "不符" in told.error) == (1, True, True)


def test_an_office_is_exported_and_imported(loaded: Installation, tmp_path: Path) -> None:
    assert loaded("tick").code == 0
    file = tmp_path / "office.jsonl.gz"
    sent = loaded.valid("moved", "export", "-o", file)
    other = there(tmp_path / "other")
    taken = other.valid("moved", "import", file)
    assert taken == sent
    assert other("trail", "verify").text == loaded("trail", "verify").text
    assert other("due", "--as-of", "2021-10-01").text == loaded("due", "--as-of", "2021-10-01").text
    assert "不是空的" in loaded("import", file).error
    assert "already" in loaded("export", "-o", file).error


def test_what_a_restore_holds_is_listed_and_decided(loaded: Installation, tmp_path: Path) -> None:
    assert "没有待定的邮件" in loaded("held").text
    assert loaded("held", "release").code == 1
    with closing(sqlite3.connect(loaded.database)) as connection:
        connection.execute(
            "INSERT INTO person (id, name, mail, mobile, language, salt) "
            "VALUES (1, '张三', 'z@example.gov.cn', '', 'zh', 's')"
        )
        columns = (
            "key, person_id, programme, window, channel, kind, message_id, state, made_at, due_at, "
            "worker, attempt, recipient, subject, text, html, outcome, server_reply"
        )
        for number in range(3):
            connection.execute(
                f"INSERT INTO dispatch ({columns}) VALUES ('1|w{number}|mail', 1, 'small', "  # noqa: S608
                f"'w{number}', 'mail', 'reminder', 'm{number}', 'held', '2021-09-24 00:30:00', "
                "'2021-09-24 00:30:00', '', 0, '', '催办', '', '', 'restored', '')"
            )
        connection.commit()
    mails = loaded.valid("held", "held")["mails"]
    assert [(one["recipient"], one["window"]) for one in mails] == [
        ("张三", "w0"), ("张三", "w1"), ("张三", "w2"),
    ]  # fmt: skip
    assert "张三" in loaded("held").text
    number = mails[0]["number"]
    assert loaded.valid("held-done", "held", "sent", str(number)) == {"released": 0, "sent": 1}
    assert loaded("held", "sent", str(number)).code == 1
    folder = loaded.folder / "mails"
    shutil.rmtree(folder, ignore_errors=True)
    assert loaded.valid("held-done", "held", "sent", "--found-in", _empty(folder))["sent"] == 0
    assert loaded.valid("held-done", "held", "release", "--all") == {"released": 2, "sent": 0}
    assert loaded.valid("held", "held")["mails"] == []


def _empty(folder: Path) -> Path:
    folder.mkdir()
    return folder

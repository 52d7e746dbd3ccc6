import asyncio
import resource
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from notifiers.folder import FolderChannel
from notifiers.message import Accepted, Message, PermanentFailure, TransientFailure
from notifiers.mime import build
from tests.notifiers.letters import SENT_AT, a_letter


def send(folder: Path, message: Message) -> Accepted:
    return asyncio.run(FolderChannel(folder).send(message))


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_mail_becomes_a_file_with_its_bytes_in_a_folder_made_for_it(tmp_path: Path) -> None:
    letter = a_letter()
    accepted = send(tmp_path / "new" / "mails", letter)
    assert accepted.channel == "folder"
    assert Path(accepted.reply).read_bytes() == build(letter)


def test_the_files_sort_by_the_instant_of_sending_whatever_the_zone(tmp_path: Path) -> None:
    noon = datetime(2021, 9, 26, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
    for hours in (5, 1, 3):
        letter = a_letter(message_id=f"{hours}@x.cn", date=noon + timedelta(hours=hours))
        send(tmp_path, letter)
    assert [name.split("-")[1] for name in files(tmp_path)] == ["050000", "070000", "090000"]
    assert all(name.startswith("20210926-") and name.endswith(".eml") for name in files(tmp_path))


def test_a_second_attempt_replaces_the_file_of_the_first(tmp_path: Path) -> None:
    assert send(tmp_path, a_letter()) == send(tmp_path, a_letter())
    assert len(files(tmp_path)) == 1


def test_two_mails_of_one_instant_are_two_files(tmp_path: Path) -> None:
    send(tmp_path, a_letter(message_id="a@x.cn"))
    send(tmp_path, a_letter(message_id="b@x.cn"))
    assert len(files(tmp_path)) == 2


def test_an_id_from_elsewhere_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    sending = FolderChannel(tmp_path / "mails").send_raw(
        build(a_letter()), sender="a@x.cn", to="b@x.cn", message_id="../../etc/passwd@x.cn"
    )
    accepted = asyncio.run(sending)
    assert Path(accepted.reply).parent == tmp_path / "mails"


def test_a_folder_that_cannot_be_made_is_named_and_tried_again_later(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    with pytest.raises(TransientFailure, match=str(in_the_way)):
        send(in_the_way / "mails", a_letter())


def test_a_disk_that_takes_no_more_leaves_no_half_mail(tmp_path: Path) -> None:
    large = a_letter(text="逾" * 100_000)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(TransientFailure, match=str(tmp_path)):
            send(tmp_path, large)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert files(tmp_path) == []


def test_bytes_without_a_date_are_not_a_mail(tmp_path: Path) -> None:
    with pytest.raises(PermanentFailure, match="no readable Date"):
        asyncio.run(
            FolderChannel(tmp_path).send_raw(
                b"Subject: x\r\n\r\nDate: 1\r\n", sender="a@x.cn", to="b@x.cn", message_id="1@x.cn"
            )
        )


def test_the_date_in_the_name_is_the_one_of_the_mail(tmp_path: Path) -> None:
    send(tmp_path, a_letter())
    assert files(tmp_path)[0].startswith(f"{SENT_AT:%Y%m%d-%H%M%S}-")

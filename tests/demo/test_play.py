"""Two months of the county list, played for real: one database file, every mail written."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from schedules.clock import FakeClock
from tracker.definitions import yamlform
from tracker.demo import run
from tracker.demo.courses import course_of
from tracker.demo.play import Played, Player, player
from tracker.domain.errors import Refused
from tracker.programmes import path_of
from tracker.runtime import Runtime, build
from tracker.services import delivery, planning, trail, weekly, weekpost
from tracker.store.database import migrate

COUNTY = "zhongfang-2021"
ENDS = "2021-03-02 12:00"


class Play:
    def __init__(self, folder: Path) -> None:
        settings = run.prepare(folder, host="127.0.0.1", port=8000, language="zh")
        migrate(settings.database)
        self.clock = FakeClock(datetime(2020, 12, 31, tzinfo=UTC))
        self.runtime: Runtime = build(settings, self.clock)
        self.parts = delivery.parts_of(self.runtime)
        self.played: Played | None = None

    def through(self) -> Played:
        plain = player(
            self.runtime,
            self.clock,
            yamlform.load(path_of(COUNTY)),
            send=self._send,
            week=self._week,
        )
        course = course_of(COUNTY).model_copy(update={"ends": ENDS})
        actor = Player(plain.runtime, plain.clock, plain.programme, course, plain.calendar,
                       plain.send, plain.week)  # fmt: skip
        return actor.play(progress=lambda _: None)

    def _send(self, now: datetime) -> None:
        asyncio.run(delivery.deliver(self.parts, now))

    def _week(self, slug: str, now: datetime) -> None:
        with self.runtime.database.write() as session:
            issued = weekly.issue(session, slug, now=now)
            weekpost.post(session, slug, issued, now=now, stationery=self.parts.stationery,
                          templates=self.runtime.templates)  # fmt: skip

    def mails(self) -> list[EmailMessage]:
        return [
            message_from_bytes(path.read_bytes(), policy=policy.default)
            for path in sorted(self.runtime.settings.mails.glob("*.eml"))
        ]


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    play = Play(tmp_path_factory.mktemp("demo"))
    play.played = play.through()
    yield play
    play.runtime.database.close()


def test_nobody_gets_two_reminders_in_one_morning(play: Play) -> None:
    mornings = Counter(
        (mail["To"], mail["Date"].datetime.astimezone(play.runtime.settings.tz).date())
        for mail in play.mails()
        if "周报" not in mail["Subject"] and mail["Date"].datetime.minute == 30
        and mail["Date"].datetime.hour == 0
    )  # fmt: skip
    assert mornings
    assert max(mornings.values()) == 1


def test_the_leader_gets_one_digest_a_week(play: Play) -> None:
    digests = [m for m in play.mails() if "周报" in m["Subject"] and "leader.all" in m["To"]]
    days = [mail["Date"].datetime.astimezone(play.runtime.settings.tz).date() for mail in digests]
    assert play.played is not None
    assert len(digests) == play.played.weeks == len(set(days))
    assert all(mail["Message-ID"] for mail in digests)


def test_ticking_and_delivering_again_does_nothing(play: Play) -> None:
    now = play.clock.now()
    before = len(play.mails())
    again = planning.tick_all(play.runtime.database, now)
    asyncio.run(delivery.deliver(play.parts, now))
    assert (again.made, again.dispatched, len(play.mails())) == (0, 0, before)


def test_the_trail_of_the_play_verifies(play: Play) -> None:
    with play.runtime.database.write() as session:
        trail.seal_all(session, now=play.clock.now())
        verdict = trail.verify(session, COUNTY)
    assert verdict.ok
    assert verdict.count > 100


def test_a_folder_with_something_else_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").touch()
    with pytest.raises(Refused, match="--data"):
        run.prepare(tmp_path, host="127.0.0.1", port=8000, language="zh")
    assert (tmp_path / "thesis.docx").exists()


def test_a_demonstration_reaches_nobody_whatever_the_office_has_set_up(tmp_path: Path) -> None:
    office = {
        "TRACKER_SMTP_HOST": "mail.example.gov.cn",
        "TRACKER_WECOM_URL": "https://robot.example/send?key=1",
        "TRACKER_CHANNELS": "wecom mail",
    }
    program = (
        "import sys\nfrom pathlib import Path\nfrom tracker.demo import run\n"
        "from tracker.runtime import build\n"
        "found = run.prepare(Path(sys.argv[1]), host='127.0.0.1', port=8000, language='zh')\n"
        "made = build(found)\nprint(made.channel.name, made.fallbacks)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "demo")],
        env=os.environ | office, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "folder ()\n"

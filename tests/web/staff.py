"""Somebody in every role, of the own unit and programme and of others, and how each comes in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from starlette.testclient import TestClient

from notifiers.posting import networks
from schedules.deadlines import local_day
from tests.builders import (
    JANUARY,
    SHANGHAI,
    a_database,
    a_programme,
    at,
    item,
    住建局,
    县委组织部,
    市生态环境局,
    生态分局,
)
from tests.web.conftest import NOW, House, furnished
from tests.web.test_imports import document
from tracker.definitions.documents import read_document
from tracker.domain import facts as f
from tracker.domain.authority import Post, Role
from tracker.services import accounts, drafts, hooks, programmes, reporting, signins, trail
from tracker.services.eventkinds import Group

PASSWORD = "correct horse battery 7"

STAFF: dict[str, tuple[Post, ...]] = {
    "admin": (Post(Role.ADMINISTRATOR),),
    "contact": (Post(Role.CONTACT, "small", 住建局),),
    "deputy": (Post(Role.DEPUTY, "small", 住建局),),
    "head": (Post(Role.HEAD, "small", 住建局),),
    "neighbour": (Post(Role.CONTACT, "small", 生态分局),),
    "reviewer": (Post(Role.REVIEWER, "small", 市生态环境局),),
    "idle-reviewer": (Post(Role.REVIEWER, "small", 县委组织部),),
    "leader": (Post(Role.LEADER, "small"),),
    "auditor": (Post(Role.AUDITOR, "small"),),
    "office": (Post(Role.OFFICE, "small"),),
    "foreign": (
        Post(Role.OFFICE, "other"), Post(Role.LEADER, "other"), Post(Role.AUDITOR, "other"),
        Post(Role.CONTACT, "other", 住建局), Post(Role.REVIEWER, "other", 市生态环境局),
    ),
}  # fmt: skip
"""By login; `foreign` has every role in another programme."""

EVIDENCE = sha256(b"photo").hexdigest()
KEY = f"1/done/{住建局}"
REPORT = "r2"
FAR = ("203.0.113.9", 4711)


def staffed(url: str) -> None:
    """For `database_like`: the furnished programme, another one, and the staff."""
    furnished(url)
    database = a_database(url)
    on = local_day(NOW, SHANGHAI)
    handed_in = {"clause": "1", "duty": "done", "unit": 住建局, "by": 住建局, "done": True}
    report = f.Report(
        id=f.FactId(REPORT), **handed_in,
        evidence=(f.Evidence(name="photo.jpg", sha256=EVIDENCE, size=5),),
        occurred_at=at("2021-10-16 10:00"), recorded_at=at("2021-10-16 10:00"),
    )  # fmt: skip
    with TemporaryDirectory() as folder:
        read = read_document(document(Path(folder)), year=2023)
    with database.write() as session:
        drafts.receive(session, read, "flood.docx", slug="small", new=False, now=NOW, by="office")
        other = a_programme(item("1", due_on="2021-09-30"), id="other", title="另一份")
        programmes.publish(session, other, now=JANUARY, by="office")
        reporting.load_facts(session, "small", [report], now=NOW)
        hooks.make(session, programme="small", url="http://127.0.0.1:9/events", by="office",
                   groups=list(Group), allowed=networks("127.0.0.1"), now=NOW)  # fmt: skip
        for login, (first, *more) in STAFF.items():
            made, _ = accounts.add(
                session, login, name=f"某{login}", post=first, password=PASSWORD, now=NOW, on=on,
                by="cli",
            )  # fmt: skip
            for post in more:
                accounts.give(session, made.id, post, now=NOW, on=on, by="cli")
    with database.write() as session:
        while trail.seal_all(session, now=NOW):
            pass
    database.close()


def with_evidence(data: Path) -> None:
    place = data / "evidence" / EVIDENCE[:2] / EVIDENCE
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"photo")


@contextmanager
def come_in(house: House, login: str) -> Iterator[TestClient]:
    """A browser in which that account has signed in; none for an empty name."""
    with house.browser(client=FAR, host="tracker.example") as client:
        if login:
            now = house.clock.now()
            with house.runtime.database.write() as session:
                account = accounts.named(session, login, local_day(now, SHANGHAI))
                value = signins.begin(session, account.id, browser="a test", now=now)
            client.cookies.set("tracker_sign_in", value)
        yield client


def token_of(client: TestClient, house: House) -> str:
    """What a form of ours would bring back in this browser."""
    gate = client.app.state.web.gate  # type: ignore[attr-defined]
    value = client.cookies.get("tracker_sign_in", "")
    if value:
        return str(gate.token(signins.mark(value)))
    page = client.get("/sign-in")
    return page.text.partition('name="token" value="')[2].partition('"')[0]

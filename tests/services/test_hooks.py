"""Events told to other systems: signed, in order, at least once, with proof; to a real server."""

from __future__ import annotations

import asyncio
import hmac
from base64 import b64decode, b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from time import perf_counter
from typing import Any

import pytest

from notifiers.posting import networks
from schedules.clock import FakeClock
from tests.builders import JANUARY, a_database, a_programme, item, migrated, 住建局
from tests.hooks import DROP, SILENCE, Hook, Reply
from tracker.domain import facts as f
from tracker.domain.errors import DefinitionError, NotFound
from tracker.services import hookpost, hooks, postings, programmes, reporting, trail
from tracker.services.eventkinds import Group
from tracker.services.hookpost import Parts
from tracker.services.outbox import Ending
from tracker.store.database import Database

LOCAL = networks("127.0.0.1")
SECRET = "the service's own secret"


def prepared(url: str) -> None:
    migrated(url)
    database = a_database(url)
    with database.write() as session:
        programmes.publish(session, a_programme(item("1", due_on="2021-09-30")), now=JANUARY,
                           by="office")  # fmt: skip
    database.close()


class House:
    """A programme whose events are posted to `url`."""

    def __init__(self, database: Database, url: str, groups: list[Group] | None = None) -> None:
        self.database, self.clock = database, FakeClock(JANUARY + timedelta(days=1))
        self.parts = Parts(database, self.clock, SECRET, timeout=1, allowed=LOCAL)
        self._seal()
        with database.write() as session:
            self.hook = hooks.make(
                session, programme="small", url=url, groups=groups or [Group.FACTS], allowed=LOCAL,
                now=self.clock.now(), by="office",
            )  # fmt: skip

    def report(self, *names: str) -> None:
        """Facts, each of which is an event that is sealed."""
        with self.database.write() as session:
            new = [f.Report(id=f.FactId(name), clause="1", duty="done", unit=住建局, done=True,
                            occurred_at=self.clock.now(), recorded_at=self.clock.now())
                   for name in names]  # fmt: skip
            reporting.record_facts(session, "small", new, now=self.clock.now(), by="office")
        self._seal()

    def _seal(self) -> None:
        with self.database.write() as session:
            while trail.seal_all(session, now=self.clock.now()):
                pass

    def post(self) -> dict[Ending, int]:
        return dict(asyncio.run(hookpost.post(self.parts, self.clock.now())))

    def postings(self) -> list[postings.Posting]:
        with self.database.read() as session:
            return postings.of_hook(session, self.hook.id, limit=100)[::-1]


@pytest.fixture
def house(database_like: Callable[..., str]) -> Any:
    made: list[Database] = []

    def build(url: str, groups: list[Group] | None = None) -> House:
        made.append(a_database(database_like(prepared)))
        return House(made[-1], url, groups)

    yield build
    for one in made:
        one.close()


def test_an_event_arrives_signed_with_its_place_in_the_chain_and_the_answer_is_kept(
    house: Callable[..., House],
) -> None:
    with Hook(Reply('{"seen": true}')) as receiver:
        one = house(receiver.url)
        one.report("r1")
        assert one.post() == {Ending.SENT: 1}
        assert one.post() == {}
    [request] = receiver.requests
    told = request.json
    assert (told["type"], told["data"]["programme"]) == ("fact.report", "small")
    assert request.headers["webhook-id"] == f"evt_{told['data']['hash'][:40]}"
    secret = hooks.secret_of(SECRET, one.hook)
    key = b64decode(secret.removeprefix("whsec_"))  # as every library of standardwebhooks.com does
    signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}."
    digest = b64encode(hmac.digest(key, signed.encode() + request.body, "sha256")).decode()
    assert request.headers["webhook-signature"] == f"v1,{digest}"
    [kept] = one.postings()
    assert (kept.state, kept.attempt, kept.reply) == ("sent", 1, '200 {"seen": true}')


def test_only_what_was_asked_for_is_told_and_nothing_of_before(
    house: Callable[..., House],
) -> None:
    one = house("http://127.0.0.1:9/", [Group.SCORES])
    one.report("r1")
    assert one.postings() == []


def test_a_receiver_that_is_away_gets_everything_later_in_order_with_the_same_ids(
    house: Callable[..., House],
) -> None:
    with Hook(Reply("", 503), DROP, Reply("ok")) as receiver:
        one = house(receiver.url)
        one.report("r1", "r2", "r3")
        assert one.post() == {Ending.LATER: 1}
        assert one.post() == {}, "it is left alone for a while, with all that waits for it"
        one.clock.advance(timedelta(minutes=2))
        assert one.post() == {Ending.UNKNOWN: 1}
        one.clock.advance(timedelta(minutes=10))
        assert one.post() == {Ending.SENT: 3}
    ids = [request.headers["webhook-id"] for request in receiver.requests]
    assert ids[:3] == [ids[0]] * 3
    assert len(set(ids)) == 3
    assert len({request.body for request in receiver.requests}) == 3
    assert [it.attempt for it in one.postings()] == [3, 1, 1]
    assert [r.json["data"]["sequence"] for r in receiver.requests[2:]] == sorted(
        r.json["data"]["sequence"] for r in receiver.requests[2:])  # fmt: skip


def test_what_is_refused_is_kept_with_its_words_and_posted_again_when_asked(
    house: Callable[..., House],
) -> None:
    with Hook(Reply("no such field", 422), Reply("ok")) as receiver:
        one = house(receiver.url)
        one.report("r1")
        assert one.post() == {Ending.REFUSED: 1}
        [kept] = one.postings()
        assert (kept.state, "no such field" in kept.reply) == ("failed", True)
        with one.database.write() as session:
            postings.again(session, one.hook.id, kept.number, now=one.clock.now())
            with pytest.raises(NotFound):
                postings.again(session, 999, kept.number, now=one.clock.now())
        assert one.post() == {Ending.SENT: 1}
    first, second = receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


def test_a_worker_that_died_loses_nothing(house: Callable[..., House]) -> None:
    with Hook(Reply("ok")) as receiver:
        one = house(receiver.url)
        one.report("r1")
        with one.database.write() as session:
            [_] = postings.claim(session, one.hook.id, one.clock.now(), limit=9, worker="dead",
                                 leased_at=one.clock.now())  # fmt: skip
        assert one.post() == {}
        one.clock.advance(timedelta(minutes=16))
        assert one.post() == {Ending.SENT: 1}


def test_two_workers_at_once_post_each_event_once(house: Callable[..., House]) -> None:
    with Hook(Reply("ok")) as receiver:
        one = house(receiver.url)
        one.report(*(f"r{n}" for n in range(20)))
        with ThreadPoolExecutor(2) as both:
            counts = list(both.map(lambda _: one.post(), range(2)))
    assert sum(count.get(Ending.SENT, 0) for count in counts) == 20
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 20
    assert len(receiver.requests) == 20


def test_nothing_goes_to_a_hook_that_has_ended_and_a_new_secret_signs_at_once(
    house: Callable[..., House],
) -> None:
    with Hook(Reply("ok")) as receiver:
        one = house(receiver.url)
        one.report("r1")
        with one.database.write() as session:
            renewed = hooks.renew(session, one.hook.id, now=one.clock.now(), by="office")
            assert hooks.key_of(SECRET, renewed) != hooks.key_of(SECRET, one.hook)
            hooks.end(session, one.hook.id, now=one.clock.now(), by="office")
        one.report("r2")
        assert one.post() == {}
    assert receiver.requests == []
    assert [it.state for it in one.postings()] == ["suppressed"]


@pytest.mark.parametrize(
    "url", ["ftp://x.cn/", "nothing", "http://127.0.0.1/", "http://10.1.2.3/", "http://localhost/",
            "http://[::1]/", "http://me:pass@x.cn/"],
)  # fmt: skip
def test_an_address_that_is_none_or_private_is_not_taken(
    house: Callable[..., House], url: str
) -> None:
    one = house("http://127.0.0.1:9/")
    with one.database.write() as session, pytest.raises(DefinitionError):
        hooks.make(session, programme="small", url=url, groups=[Group.FACTS], allowed=(),
                   now=one.clock.now(), by="office")  # fmt: skip


def test_what_answers_with_malice_takes_nothing_and_holds_up_nobody(
    house: Callable[..., House],
) -> None:
    """A receiver that sends on to a machine inside, one that stays silent, one that talks without
    end, one that hangs up: each is another hook, and a good one is served meanwhile."""
    with Hook(Reply("ok")) as good, Hook(Reply("ok")) as inside, ExitStack() as stack:
        bad = {"redirect": Reply("", 307, {"Location": inside.url}), "silent": SILENCE,
               "huge": Reply("x" * 5_000_000), "hangs up": DROP}  # fmt: skip
        one = house(good.url)
        for answer in bad.values():
            url = stack.enter_context(Hook(answer)).url
            with one.database.write() as session:
                hooks.make(session, programme="small", url=url, groups=[Group.FACTS],
                           allowed=LOCAL, now=one.clock.now(), by="office")  # fmt: skip
        one.report("r1")
        begun = perf_counter()
        counts = one.post()
        took = perf_counter() - begun
        with one.database.read() as session:
            told = {name: postings.of_hook(session, number, limit=9)[0]
                    for number, name in enumerate(bad, start=one.hook.id + 1)}  # fmt: skip
    assert [it.state for it in one.postings()] == ["sent"]
    assert inside.connections == 0
    assert {name for name, it in told.items() if it.state == "sent"} == {"huge"}
    assert max(len(it.reply) for it in told.values()) <= 500
    print(f"\nFIGURE {len(bad)} receivers of malice: 0 connections inside, done in {took:.1f} s "
          f"of {one.parts.timeout} s each; {dict(counts)}")  # fmt: skip


def test_a_name_that_leads_to_a_private_network_gets_nothing(house: Callable[..., House]) -> None:
    with Hook(Reply("ok")) as receiver:
        one = house(receiver.url)
        one.report("r1")
        one.parts = Parts(one.database, one.clock, SECRET, timeout=1)
        assert one.post() == {Ending.LATER: 1}
    assert receiver.requests == []
    assert "no public address" in one.postings()[0].reply

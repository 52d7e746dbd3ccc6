"""What a monitor is told, and who is a monitor."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import httpx2 as httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from starlette.testclient import TestClient

from tests.faults.workshop import put_mails
from tests.web.conftest import House
from tracker.services import planning, trail
from tracker.store.tables import Table

TOKEN = "a token of the monitor that is long"


def figures(answer: httpx.Response) -> dict[str, dict[tuple[str, ...], float]]:
    assert answer.status_code == 200
    return {
        family.name: {tuple(one.labels.values()): one.value for one in family.samples}
        for family in text_string_to_metric_families(answer.text)
    }


def test_a_monitor_on_this_machine_reads_ages_counts_and_latencies(house: House) -> None:
    planning.tick_all(house.runtime.database, house.clock.now())
    put_mails(house.runtime.database, 2, due_at=house.clock.now() - timedelta(minutes=1))
    with house.runtime.database.write() as session:
        trail.append(session, "small", "test", "", {}, now=house.clock.now())
    house.runtime.sends["mail", "sent"] = 7
    with house.browser() as browser:
        assert browser.get("/p/small/").status_code == 200
        assert browser.get("/p/nothing-of-that-name/").status_code == 404
        assert browser.get("/no/such/place").status_code == 404
        found = figures(browser.get("/metrics"))
    assert found["tracker_beat_age_seconds"]["tick",] == 0
    assert found["tracker_database_up"][()] == 1
    assert found["tracker_outbox_mails"] == {("held",): 0, ("pending",): 2}
    assert found["tracker_outbox_oldest_seconds"][()] == 60
    assert found["tracker_trail_unsealed"][()] == 1
    assert found["tracker_trail_head_age_seconds"][()] >= 0
    assert found["tracker_sends"]["mail", "sent", "this"] == 7
    assert found["tracker_health"]["tick",] == 1
    routes = {labels[1] for labels in found["tracker_request_seconds"] if len(labels) >= 3}
    assert "/p/{slug}/" in routes
    assert not any("nothing" in route or "such" in route for route in routes)


def test_figures_name_nobody(house: House) -> None:
    planning.tick_all(house.runtime.database, house.clock.now())
    with house.browser() as browser:
        browser.get("/p/small")
        told = browser.get("/metrics").text
    columns = [column.name for column in Table.metadata.tables["person"].columns]
    persons = [dict(zip(columns, row, strict=True)) for row in house.everything()["person"]]
    assert persons
    assert [one["name"] for one in persons if one["name"] in told or one["mail"] in told] == []
    assert not re.search(r"@|[\u4e00-\u9fff]", told)


def test_others_need_the_token(house: House) -> None:
    with house.browser(client=("10.1.2.3", 5000)) as browser:
        assert browser.get("/metrics").status_code == 403
    with house.browser() as browser:
        through = browser.get("/metrics", headers={"x-forwarded-for": "10.1.2.3"})
        assert through.status_code == 403
    settings = house.runtime.settings.model_copy(update={"metrics_token": SecretStr(TOKEN)})
    guarded = House(replace(house.runtime, settings=settings), house.clock)
    with guarded.browser() as browser:
        assert browser.get("/metrics").status_code == 403
        wrong = browser.get("/metrics", headers={"authorization": "Bearer no"})
        assert wrong.status_code == 403
        right = browser.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
        assert right.status_code == 200


def test_a_database_that_is_away_is_a_figure(house: House) -> None:
    gone = House(
        replace(house.runtime, database=type(house.runtime.database)("postgresql://127.0.0.1:1/x")),
        house.clock,
    )
    with gone.browser() as browser:
        assert figures(browser.get("/metrics"))["tracker_database_up"][()] == 0


def test_a_database_that_is_away_is_told_to_monitors_and_where_it_is_to_no_visitor(
    house: House, visitor: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with house.runtime.database.write() as session:
        session.connection().exec_driver_sql("DROP TABLE heartbeat")
    place = house.runtime.database.place
    for path in ("/health.json", "/health"):
        answer = visitor.get(path, headers={"accept": "application/json"})
        body = answer.json()
        assert (answer.status_code, body["live"], body["ok"]) == (503, True, False)
        assert body["findings"] == [{"name": "database", "ok": False, "red": True}]
        assert place not in answer.text
    page = visitor.get("/p/small/")
    assert page.status_code == 503
    assert "tracker migrate" in page.text
    assert place not in page.text
    assert place in caplog.text  # whoever runs it learns more

"""/metrics for Prometheus: this machine may ask, or whoever has the token; and what each request
took, by the template of its route, never by its address."""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI
from prometheus_client import CollectorRegistry, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tracker.services.gauges import Gauges, gauges
from tracker.store.database import StoreError
from tracker.web.access import FORWARDED, Forbidden, is_loopback
from tracker.web.asking import Asked, asked

router = APIRouter()
log = logging.getLogger("tracker.web")

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
NO_ROUTE = "none"
"""Where no route fits: an address that was made up is no label."""


def install(app: FastAPI) -> Histogram:
    """What requests take, kept while the process runs."""
    app.state.measures = CollectorRegistry()
    ProcessCollector(registry=app.state.measures)
    PlatformCollector(registry=app.state.measures)
    return Histogram(
        "tracker_request_seconds",
        "What requests took, by the template of their route.",
        ("method", "route", "status"),
        registry=app.state.measures,
        buckets=BUCKETS,
    )


@router.get("/metrics")
def metrics(at: Annotated[Asked, Depends(asked)]) -> Response:
    _may_ask(at)
    body = generate_latest(at.request.app.state.measures)
    registry = CollectorRegistry()
    registry.register(_Service(at))
    return Response(body + generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _may_ask(at: Asked) -> None:
    """Forbidden to whoever neither has the token nor sits at this machine; a proxy on this machine
    speaks for others."""
    token = at.runtime.settings.secret_setting("metrics_token")
    headers = at.request.headers
    if token:
        given = headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            raise Forbidden("metrics")
        return
    client = at.request.client
    proxied = any(name in headers for name in FORWARDED)
    if client is None or not is_loopback(client.host) or proxied:
        raise Forbidden("metrics")


class _Service(Collector):
    def __init__(self, at: Asked) -> None:
        self._at = at

    def collect(self) -> Iterator[Metric]:
        runtime = self._at.runtime
        try:
            with runtime.database.read() as session:
                found = gauges(session, self._at.now, runtime.settings, runtime.sends)
        except StoreError:
            yield GaugeMetricFamily("tracker_database_up", "1 where the database answers.", 0)
            return
        yield GaugeMetricFamily("tracker_database_up", "1 where the database answers.", 1)
        yield from _told(found)


def _told(found: Gauges) -> Iterator[Metric]:
    def by(name: str, text: str, label: str, values: dict[str, float]) -> GaugeMetricFamily:
        family = GaugeMetricFamily(name, text, labels=[label])
        for key, value in values.items():
            family.add_metric([key], value)
        return family

    yield by("tracker_beat_age_seconds", "Since a part last worked.", "part", dict(found.beats))
    outbox = {state: float(n) for state, n in found.outbox.items()}
    yield by("tracker_outbox_mails", "Mails that have not ended.", "state", outbox)
    yield GaugeMetricFamily(
        "tracker_outbox_oldest_seconds", "How long the oldest due mail waits.", found.oldest_due
    )
    yield GaugeMetricFamily("tracker_trail_unsealed", "Events not chained yet.", found.unsealed)
    yield GaugeMetricFamily(
        "tracker_trail_unsealed_seconds", "How old the oldest of them is.", found.oldest_unsealed
    )
    if found.head_age is not None:
        yield GaugeMetricFamily(
            "tracker_trail_head_age_seconds", "Since a chain last grew.", found.head_age
        )
    well = {name: float(ok) for name, ok in found.findings.items()}
    yield by("tracker_health", "1 where what is watched is well.", "finding", well)
    yield by(
        "tracker_process_age_seconds", "Since a process of the cluster was heard of.", "process",
        dict(found.processes),
    )  # fmt: skip
    sends = CounterMetricFamily(
        "tracker_sends", "Mails by what became of a try.", labels=["process", "channel", "outcome"]
    )
    for labels, n in found.sends.items():
        sends.add_metric(labels, n)
    yield sends


class Measured:
    """Measures and logs every request: method, template of the route, status, milliseconds."""

    def __init__(self, app: ASGIApp, took: Histogram) -> None:
        self.app = app
        self._took = took

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, answer)
        finally:
            seconds = time.perf_counter() - begun
            route = getattr(scope.get("route"), "path", NO_ROUTE)
            method = scope["method"] if scope["method"] in _METHODS else NO_ROUTE
            self._took.labels(method, route, str(status)).observe(seconds)
            told = {"method": method, "route": route, "status": status}
            log.info("request", extra={**told, "ms": round(1000 * seconds, 1)})


_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))

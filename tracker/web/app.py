"""The application: parts put together, nothing kept but what `Web` holds.

`uvicorn tracker.web.app:create --factory` builds the runtime from the settings of the process.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp

from tracker import __version__, settings
from tracker.runtime import Runtime, build
from tracker.services import accounts
from tracker.web import (
    access,
    account,
    acts,
    administering,
    ahead,
    api,
    apiaccounts,
    apihooks,
    apiimports,
    apipapers,
    apipeople,
    apipolicy,
    apipost,
    apireads,
    apiservice,
    apisettling,
    apiwrites,
    assets,
    clauses,
    description,
    entry,
    factpages,
    feeds,
    hooks,
    house,
    imports,
    leading,
    leaving,
    lists,
    mailed,
    mails,
    metrics,
    noticing,
    pages,
    people,
    policy,
    post,
    reports,
    settling,
    timeline,
    troubles,
    vouching,
    workcalendar,
    years,
)
from tracker.web.asking import Web
from tracker.web.provider import Provider
from tracker.web.security import Patient, SafeAnswers

GIVES_WAY = 0.0005
"""Seconds after which a thread that only computes lets others on. A page changes threads a dozen
times, and beside an export or a document that is read it would wait Python's 5 ms each time."""


class _Pages(FastAPI):
    """Strict to the browser in every answer, those to faults of ours included."""

    def build_middleware_stack(self) -> ASGIApp:
        return metrics.Measured(
            SafeAnswers(Patient(super().build_middleware_stack())), self.state.took
        )


def _has_accounts(parts: Runtime) -> bool:
    if access.is_loopback(parts.settings.host):
        return False  # not asked where it does not matter: the database may not be there yet
    with parts.database.read() as session:
        return accounts.any_account(session)


ROOMS = (
    entry,
    vouching,
    account,
    administering,
    pages,
    timeline,
    lists,
    clauses,
    leading,
    years,
    workcalendar,
    house,
    hooks,
    ahead,
    factpages,
    reports,
    acts,
    settling,
    imports,
    post,
    people,
    mailed,
    metrics,
    leaving,
    feeds,
    noticing,
    policy,
    mails,
    api,
    apiwrites,
    apireads,
    apipost,
    apipolicy,
    apipeople,
    apisettling,
    apiimports,
    apipapers,
    apiaccounts,
    apiservice,
    apihooks,
    description,
)
"""Each with a router of its own."""


def create(runtime: Runtime | None = None) -> FastAPI:
    """Refused (access.check_binding) where strangers could reach the pages unasked.

    A runtime that is given stays its owner's to close.
    """
    sys.setswitchinterval(GIVES_WAY)
    own = runtime is None
    parts = runtime or build(settings.load())
    access.check_binding(parts.settings, accounts=_has_accounts(parts))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        if own:
            await parts.close()

    app = _Pages(
        title="tracker", version=__version__, lifespan=lifespan,
        docs_url=None, redoc_url=None, openapi_url=None,
    )  # fmt: skip
    app.state.web = Web(
        parts, access.Gate(parts.settings, parts.secret), assets.load(), Provider(parts.settings)
    )
    app.state.took = metrics.install(app)
    troubles.install(app)
    for module in ROOMS:
        app.include_router(module.router)
    return app

"""The pages and beside them one row read bare: what `test_pages` serves in a process of its own."""

from __future__ import annotations

import os
from datetime import datetime

from fastapi import FastAPI
from sqlmodel import Session, select
from starlette.responses import JSONResponse, Response

from schedules.clock import FakeClock
from tracker.runtime import build
from tracker.settings import load
from tracker.store.tables import ObligationRow
from tracker.web.app import create as pages
from tracker.web.entry import Entering

AT = "TRACKER_BENCH_AT"


def create() -> FastAPI:
    """The application with its clock at AT and the route /bare."""
    clock = FakeClock(datetime.fromisoformat(os.environ.pop(AT)))
    app = pages(build(load(), clock))

    @app.get("/bare/{number}")
    def bare(number: int, asked: Entering) -> Response:
        with asked.runtime.database.read() as session:
            return JSONResponse({"title": _title(session, number)})

    return app


def _title(session: Session, number: int) -> str:
    row = session.exec(select(ObligationRow).where(ObligationRow.id == number)).first()
    return "" if row is None else row.key

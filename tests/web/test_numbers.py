"""What the pages say in figures is what the ledger says, on every page in the same figures."""

from __future__ import annotations

import csv
import io
import re

import pytest
from starlette.testclient import TestClient

from tests.builders import at, 住建局
from tests.databases import SqliteModels
from tests.web.conftest import House, furnished, opened
from tracker.domain.ledger import Ledger
from tracker.domain.obligations import Light
from tracker.domain.points import Units
from tracker.services import planning, scoreboard
from tracker.services.scoreboard import Board
from tracker.web.outlook import Outlook, outlook
from tracker.web.overview import lost_by_unit

WEDNESDAY = at("2021-10-20 14:00")
"""Two days after the weekly page: the days since it and the last seven days are not the same."""


@pytest.fixture
def house(sqlite_models: SqliteModels, tmp_path_factory: pytest.TempPathFactory) -> House:
    folder = tmp_path_factory.mktemp("numbers")
    made = opened(sqlite_models.copy(furnished, folder / "web.sqlite"), folder / "data")
    made.clock.advance_to(WEDNESDAY)
    planning.tick_all(made.runtime.database, WEDNESDAY)
    return made


def seen(house: House) -> tuple[Board, Outlook]:
    with house.runtime.database.read() as session:
        board = scoreboard.board(session, "small", as_of=WEDNESDAY)
        return board, outlook(session, board)


def two(points: Units) -> str:
    """As pages write it: two places, half up, away from zero."""
    whole = (abs(points) + 50) // 100
    return f"{'−' if points < 0 else ''}{whole // 100}.{whole % 100:02d}"


def rows(visitor: TestClient, path: str) -> list[list[str]]:
    """A table as its page hands it out."""
    text = visitor.get(path, params={"file": "csv"}).content.decode("utf-8-sig")
    return [row for row in csv.reader(io.StringIO(text)) if len(row) > 3]


def column(table: list[list[str]], heading: str) -> list[str]:
    at_ = table[0].index(heading)
    return [row[at_] for row in table[1:]]


def total(cells: list[str]) -> int:
    return sum(round(float(cell.replace("−", "-")) * 10_000) for cell in cells if cell)


def plain(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html)


def test_every_page_says_the_ledgers_figures(house: House) -> None:
    board, look = seen(house)
    ledger, ahead = board.ledger, look.forecast
    with house.browser() as visitor:
        pages = {path: plain(visitor.get(f"/p/small/{path}").text)
                 for path in ("", "leader", "score", "year", "units/" + 住建局)}  # fmt: skip
        _alike(pages, ledger, look)
        assert f"失分 {two(lost_by_unit(ledger, 住建局))}" in pages["units/" + 住建局]
        assert two(ahead.lost_if_nothing) in pages[""]
        assert two(ahead.lost_if_nothing) in pages["leader"]
        _tables(visitor, ledger, look)
        body = visitor.get("/api/v1/programmes/small/score").json()
        told = [float(body[name]) for name in ("score", "lost", "bonus")]
        assert told == [points / 10_000 for points in (ledger.score, ledger.lost, ledger.bonus)]
    house.runtime.database.close()


def _alike(pages: dict[str, str], ledger: Ledger, look: Outlook) -> None:
    verdict = (
        f"失分 {two(ledger.lost)}，七天来新增 {two(look.added)}，"
        f"10-22 前还有 {two(look.forecast.recoverable)} 可挽回"
    )
    assert verdict in re.sub(r"\s*\n\s*", "", pages[""])
    assert verdict in re.sub(r"\s*\n\s*", "", pages["leader"])
    assert two(ledger.score) in pages["score"]
    assert f"暂定得分 {two(ledger.score)}" in pages["year"]
    late = sum(one.light is Light.LATE for one in ledger.standings)
    assert f"在逾 {late} 件" in pages["leader"]


def _tables(visitor: TestClient, ledger: Ledger, look: Outlook) -> None:
    named = {name: unit for unit, name in ledger.programme.unit_names.items()}
    ranked = rows(visitor, "/p/small/ranking")
    for unit, lost in zip(column(ranked, "单位"), column(ranked, "失分"), strict=True):
        assert total([lost]) == lost_by_unit(ledger, named[unit]), unit
    entries = rows(visitor, "/p/small/entries")
    assert total(column(entries, "得分")) == sum(one.points for one in ledger.entries)
    owed = rows(visitor, "/p/small/obligations")
    assert len(owed) - 1 == len(ledger.standings)
    assert total(column(owed, "可挽回")) == sum(one.keeps for one in look.forecast.savings)
    gone = -sum(one.points for one in ledger.entries if one.obligation and one.part != "bonus")
    assert total(column(owed, "已失")) == gone
    assert column(owed, "灯").count("逾期") == sum(
        one.light is Light.LATE for one in ledger.standings
    )

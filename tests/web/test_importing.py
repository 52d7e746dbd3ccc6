"""Importing in a real browser, on a desk and on a telephone: our own list and the county's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.databases import SqliteModels
from tests.web.conftest import House, furnished, opened
from tests.web.test_browser import _without_complaints, overhang, served
from tests.web.test_imports import document

SEEDS = Path(__file__).parents[3] / "shared" / "seeds"
needs_seeds = pytest.mark.skipif(not SEEDS.exists(), reason="the source documents are not here")


@pytest.fixture
def house(sqlite_models: SqliteModels, tmp_path: Path) -> Iterator[House]:
    made = opened(sqlite_models.copy(furnished, tmp_path / "web.sqlite"), tmp_path / "data")
    yield made
    made.runtime.database.close()


@pytest.fixture
def address(house: House) -> Iterator[str]:
    yield from served(house)


@pytest.fixture
def watched(page: Page) -> Iterator[Page]:
    yield from _without_complaints(page)


@pytest.fixture
def watched_phone(narrow_page: Page) -> Iterator[Page]:
    yield from _without_complaints(narrow_page)


def uploaded(page: Page, address: str, file: Path, name: str) -> None:
    page.goto(f"{address}/import")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_label("方案标识").fill(name)
    # A whole list is read, drafted and priced before the page answers.
    page.get_by_role("button", name="读取").click(timeout=60_000)


def settled(page: Page) -> None:
    """The first choice of every open point; then the button."""
    expect(page.locator("#points .ask").first).to_be_visible()  # `all` waits for no page
    for question in page.locator("#points .ask").all():
        question.locator("input[type=radio]").first.check()
    page.locator("#points").get_by_role("button", name="存下选择").first.click()
    expect(page.locator("h1")).to_contain_text("都定完了")


@pytest.mark.parametrize("kind", ["docx", "xlsx"])
def test_a_clerk_imports_a_list_and_publishes_it(
    watched: Page, address: str, tmp_path: Path, kind: str
) -> None:
    uploaded(watched, address, document(tmp_path, kind=kind), "flood")
    expect(watched.locator("h1")).to_contain_text("已读完：3 项、10 分")
    expect(watched.get_by_role("button", name="发布第 1 版")).to_be_disabled()
    settled(watched)
    watched.get_by_role("button", name="发布第 1 版").click()
    expect(watched).to_have_url(f"{address}/p/flood/")


def test_the_next_issue_is_ticked_difference_by_difference(
    watched: Page, address: str, tmp_path: Path
) -> None:
    uploaded(watched, address, document(tmp_path), "flood")
    settled(watched)
    watched.get_by_role("button", name="发布第 1 版").click()
    watched.goto(f"{address}/import")
    watched.locator("input[type=file]").set_input_files(
        document(tmp_path, (2, 4, "3月31日"), (2, 1, "修订预案"))
    )
    watched.get_by_label("是哪份方案").select_option("flood")
    watched.get_by_role("button", name="读取").click()
    watched.get_by_label("改期任务 1 时限").check()
    watched.get_by_role("button", name="存下勾选").click()
    expect(watched.get_by_label("改期任务 1 时限")).to_be_checked()
    expect(watched.get_by_label("修改任务 1 名称")).not_to_be_checked()
    watched.get_by_role("button", name="发布新的一版").click()
    expect(watched.get_by_text("方案第 2 版")).to_be_visible()


def test_the_pages_fit_a_telephone_and_a_finger(
    watched_phone: Page, address: str, tmp_path: Path
) -> None:
    uploaded(watched_phone, address, document(tmp_path), "flood")
    for place in (watched_phone.url, f"{address}/import"):
        watched_phone.goto(place)
        assert overhang(watched_phone) <= 0, place
        for button in watched_phone.locator(".btn:visible, .in:visible, .choices label").all():
            box = button.bounding_box()
            assert box is not None
            assert box["height"] >= 44, button.inner_text()


def test_the_pages_can_be_used_by_everybody(watched: Page, address: str, tmp_path: Path) -> None:
    uploaded(watched, address, document(tmp_path), "flood")
    for place in (watched.url, f"{address}/import"):
        watched.goto(place)
        found = Axe().run(watched)
        assert found.violations_count == 0, found.generate_report()


@needs_seeds
@pytest.mark.parametrize("name", ["zhongfang-2021.docx", "zhongfang-2021.xlsx"])
def test_the_county_list_is_imported_and_published(watched: Page, address: str, name: str) -> None:
    uploaded(watched, address, SEEDS / name, "county")
    expect(watched.locator("h1")).to_contain_text("已读完：39 项、100 分")
    assert overhang(watched) <= 0
    settled(watched)
    watched.get_by_role("button", name="发布第 1 版").click()
    expect(watched).to_have_url(f"{address}/p/county/")


@needs_seeds
def test_the_county_list_fits_a_telephone(watched_phone: Page, address: str) -> None:
    uploaded(watched_phone, address, SEEDS / "zhongfang-2021.docx", "county")
    expect(watched_phone.locator("h1")).to_contain_text("已读完")
    for part in watched_phone.locator("details.part").all():
        part.evaluate("element => { element.open = true }")
    assert overhang(watched_phone) <= 0

"""A day of each of them in a real browser, with the script of the house: clerk, contact, reviewer,
leader, auditor, administrator; on a desk and on a telephone, in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.builders import at, 住建局, 生态分局
from tests.databases import SqliteModels
from tests.web.conftest import House, furnished, opened
from tests.web.test_browser import served
from tracker.domain import facts as f

pytestmark = [pytest.mark.browser, pytest.mark.whole]

ITEM = f"1/done/{住建局}"


@pytest.fixture
def house(sqlite_models: SqliteModels, tmp_path: Path) -> Iterator[House]:
    made = opened(sqlite_models.copy(furnished, tmp_path / "web.sqlite"), tmp_path / "data")
    yield made
    made.runtime.database.close()


@pytest.fixture
def address(house: House) -> Iterator[str]:
    yield from served(house)


def to(address: str, path: str, language: str) -> str:
    return f"{address}{path}" + (f"{'&' if '?' in path else '?'}lang=en" if language else "")


def test_a_clerk_takes_in_a_case_by_one_line_and_sees_its_clock(
    screen: Page, address: str, house: House, language: str
) -> None:
    screen.clock.install()
    screen.goto(to(address, "/p/small/cases", language))
    form = screen.locator("form.one-line")
    form.locator('input[name="title"]').fill("夜间施工噪声")
    form.locator('select[name="unit"]').select_option(生态分局)
    form.locator('input[name="at"]').fill("2021-10-18T07:30")
    form.locator("button").click()
    clock = screen.locator("#clocks .clk", has_text="夜间施工噪声")
    expect(clock).to_be_visible()
    expect(clock).to_contain_text("71")
    screen.wait_for_load_state()  # the script that asks again has been started
    expect(screen.locator(".banner-done")).to_be_visible()
    expect(form.locator('input[name="title"]')).to_have_value("")
    house.clock.advance_to(at("2021-10-18 09:30"))
    screen.clock.run_for(31_000)
    expect(clock).to_contain_text("70")


def test_a_clerk_sees_the_price_before_an_extension_is_granted(
    screen: Page, address: str, house: House, language: str
) -> None:
    screen.goto(to(address, f"/p/small/extend?key={ITEM}", language))
    screen.locator('input[name="until"]').fill("2021-11-30")
    screen.locator('textarea[name="reason"]').fill("汛期")
    known = len(house.facts())
    screen.locator('button[value="look"]').click()
    expect(screen.locator("#price")).to_contain_text("+1.50")
    assert len(house.facts()) == known
    screen.locator('button[value="approved"]').click()
    expect(screen).to_have_url(re.compile("/obligation"))
    assert isinstance(house.last(), f.Extension)


def test_a_contact_reports_in_under_a_minute_with_a_file_that_was_dropped(
    screen: Page, address: str, house: House, language: str
) -> None:
    screen.goto(to(address, f"/p/small/report?key={ITEM}", language))
    screen.locator('input[value="done"]').check()
    screen.evaluate("""() => {
        const held = new DataTransfer();
        const photo = new Uint8Array([255, 216, 255, 224]);
        held.items.add(new File([photo], "现场.jpg", {type: "image/jpeg"}));
        document.querySelector("[data-drop]").dispatchEvent(
            new DragEvent("drop", {dataTransfer: held, bubbles: true, cancelable: true}));
    }""")
    expect(screen.locator("[data-chosen] li")).to_have_text("现场.jpg · 1 KB")
    screen.locator("main form button.btn-main").click()
    expect(screen.locator(".banner-done")).to_be_visible()
    filed = house.last()
    assert isinstance(filed, f.Report)
    assert [one.name for one in filed.evidence] == ["现场.jpg"]


def test_what_a_contact_had_typed_is_still_there_after_the_page_was_lost(
    screen: Page, address: str, language: str
) -> None:
    path = to(address, f"/p/small/report?key=4/s1/{住建局}", language)
    screen.goto(path)
    screen.locator('input[name="amount"]').fill("7")
    screen.locator('textarea[name="note"]').fill("第七个已验收")
    screen.goto(to(address, "/p/small/", language))
    screen.goto(path)
    expect(screen.locator('textarea[name="note"]')).to_have_value("第七个已验收")
    expect(screen.locator("[data-kept]")).to_be_visible()
    screen.locator('input[value="going"]').check()
    screen.locator("main form button.btn-main").click()
    expect(screen.locator(".banner-done")).to_be_visible()
    screen.wait_for_load_state()  # the script of the receipt has run
    screen.goto(path)
    expect(screen.locator('textarea[name="note"]')).to_have_value("")


def handed_in_again(house: House) -> None:
    """The late report of the year once more: it waits for review."""
    house.load(f.Report(
        id=f.FactId("again"), clause="1", duty="done", unit=住建局, done=True,
        occurred_at=at("2021-10-15 10:00"), recorded_at=at("2021-10-15 10:00"),
    ))  # fmt: skip


def test_a_reviewer_returns_one_with_a_reason_and_accepts_the_next(
    screen: Page, address: str, house: House, language: str
) -> None:
    handed_in_again(house)
    screen.goto(to(address, "/p/small/reviews", language))
    mine = screen.locator(".rv", has_text="任务1")
    mine.locator('[name="reason"]').fill("缺公章")
    mine.locator('button[value="returned"]').click()
    expect(screen.locator(".rv", has_text="任务1")).to_have_count(0)
    waiting = screen.locator(".rv").count()
    screen.locator('.rv button[value="accepted"]').first.click()
    expect(screen.locator(".rv")).to_have_count(waiting - 1)


def test_enter_in_the_reason_for_a_return_accepts_nothing(
    browser: Browser, address: str, house: House
) -> None:
    handed_in_again(house)
    context = browser.new_context(java_script_enabled=False)
    page: Page = context.new_page()
    page.goto(f"{address}/p/small/reviews")
    mine = page.locator(".rv", has_text="任务1")
    mine.locator('[name="reason"]').press_sequentially("缺公章")
    page.keyboard.press("Enter")
    mine.locator('button[value="returned"]').press("Enter")
    expect(mine).to_have_count(0)
    given = [one for one in house.facts() if isinstance(one, f.Review) and one.report == "again"]
    assert [one.outcome for one in given] == ["returned"]
    context.close()


def test_a_leader_reads_one_page_and_orders_with_a_day(
    screen: Page, address: str, house: House, language: str
) -> None:
    screen.goto(to(address, "/p/small/leader", language))
    expect(screen.locator("figure.chart svg").first).to_be_visible()
    screen.locator('a[href*="instruct?"][href*="about="]').first.click()
    screen.locator('input[name="person"]').fill("县长")
    screen.locator("main form button.btn-main").click()
    expect(screen.locator("#clocks")).to_contain_text("任务")
    given = house.last()
    assert isinstance(given, f.CaseEvent)
    assert given.note == "县长"


def test_an_auditor_narrows_sorts_and_takes_a_table_along_without_leaving_the_page(
    screen: Page, address: str, language: str
) -> None:
    screen.goto(to(address, "/p/small/obligations", language))
    rows = screen.locator("main tbody tr")
    every = rows.count()
    screen.keyboard.press("/")
    screen.keyboard.type("任务3")
    expect(rows).to_have_count(24)
    assert every > 24
    assert "q=" in screen.url
    with screen.expect_download() as taken:
        screen.locator('a[href*="file=xlsx"]').click()
    assert taken.value.suggested_filename.endswith(".xlsx")


def test_an_administrator_sees_what_a_notice_moves_before_it_is_loaded(
    screen: Page, address: str, language: str
) -> None:
    screen.goto(to(address, "/calendar", language))
    screen.locator('input[name="year"]').fill("2022")
    screen.locator('textarea[name="off_days"]').fill("10-01..10-07 国庆节")
    screen.locator('button[value="look"]').click()
    expect(screen.locator(".priced")).to_be_visible()
    screen.locator(".priced ~ .btns .btn-main").click()
    expect(screen.locator("main")).to_contain_text("2022")


def test_every_page_works_without_the_script(browser: Browser, address: str, house: House) -> None:
    context = browser.new_context(java_script_enabled=False)
    page: Page = context.new_page()
    page.goto(f"{address}/p/small/obligations")
    page.locator('select[name="light"]').select_option("late")
    page.locator("main form button").first.click()
    assert "light=late" in page.url
    page.locator("th a.sort").first.click()
    assert "sort=" in page.url
    page.goto(f"{address}/p/small/report?key={ITEM}")
    page.locator('input[value="done"]').check()
    page.locator("main form button.btn-main").click()
    expect(page.locator(".banner-done")).to_be_visible()
    assert isinstance(house.last(), f.Report)
    context.close()


def test_what_takes_something_away_is_pressed_twice_with_the_keyboard_and_without_the_script(
    browser: Browser, address: str, house: House
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page: Page = context.new_page()
    page.goto(f"{address}/p/small/people/1")
    before = house.everything()
    sure = page.get_by_role("button", name="确定：撤回全部链接")
    expect(sure).to_be_hidden()
    page.locator("summary", has_text="撤回全部链接").press("Enter")
    expect(sure).to_be_visible()
    assert house.everything() == before
    with page.expect_navigation():
        sure.press("Enter")
    assert house.everything() != before
    context.close()

"""Letters and the audit in a real browser: nothing scrolls sideways, nothing is fetched."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import Environment
from playwright.sync_api import Page

from tests.templates import samples
from tracker.services.audit_files import render_audit
from tracker.services.digest_words import render_digest
from tracker.services.letters import render_reminder


@pytest.fixture
def pages(environment: Environment, tmp_path: Path) -> dict[str, str]:
    found = {
        "reminder": render_reminder(environment, "zh", samples.a_full_mail()).html,
        "reminder-en": render_reminder(environment, "en", samples.a_full_mail()).html,
        "review": render_reminder(environment, "zh", samples.a_review_mail()).html,
        "review-en": render_reminder(environment, "en", samples.a_review_mail()).html,
        "digest": render_digest(environment, "zh", samples.a_digest()).html,
        "digest-en": render_digest(environment, "en", samples.a_digest()).html,
        "audit": render_audit(environment, "zh", samples.an_audit()),
        "audit-en": render_audit(environment, "en", samples.an_audit()),
    }
    for name, html in found.items():
        (tmp_path / f"{name}.html").write_text(html, encoding="utf-8")
    return {name: (tmp_path / f"{name}.html").as_uri() for name in found}


WIDTH = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def test_nothing_scrolls_sideways_on_a_desk(page: Page, pages: dict[str, str]) -> None:
    for name, address in pages.items():
        page.goto(address)
        assert page.evaluate(WIDTH) == 0, name


def test_nothing_scrolls_sideways_on_a_phone(narrow_page: Page, pages: dict[str, str]) -> None:
    for name, address in pages.items():
        narrow_page.goto(address)
        assert narrow_page.evaluate(WIDTH) == 0, name


def test_a_button_is_large_enough_for_a_finger(narrow_page: Page, pages: dict[str, str]) -> None:
    narrow_page.goto(pages["reminder"])
    for button in narrow_page.locator("a.main, a.side").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44


def test_dark_letters_have_light_text(page: Page, pages: dict[str, str]) -> None:
    page.emulate_media(color_scheme="dark")
    for name in ("reminder", "review", "digest"):
        page.goto(pages[name])
        dim = page.evaluate(
            """() => {
              const tone = c => c.match(/\\d+/g).slice(0, 3).map(Number).reduce((a, b) => a + b);
              return [...document.querySelectorAll('h1, p, td, span, b')]
                .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
                .filter(e => e.offsetParent && !e.closest('.main'))
                .filter(e => tone(getComputedStyle(e).color) < 300).map(e => e.textContent);
            }"""
        )
        assert dim == [], name


def test_on_paper_the_whole_history_is_there(page: Page, pages: dict[str, str]) -> None:
    page.emulate_media(media="print")
    page.goto(pages["audit"])
    assert page.locator("summary").first.is_hidden()
    assert page.get_by_text("不准延期").first.is_visible()

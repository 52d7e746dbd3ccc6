"""Letters and the audit in a real browser: nothing scrolls sideways, nothing is fetched."""

from __future__ import annotations

import re
import shutil
from base64 import b64encode
from pathlib import Path

import pytest
from jinja2 import Environment
from playwright.sync_api import Page

from tests.conftest import QUIET
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


@pytest.fixture
def mails(pages: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The letters in both languages; `-bare` without style sheet and declared colour schemes, as
    mail programs strip them."""
    names = [name for name in pages if not name.startswith("audit")]
    for name in names:
        html = (tmp_path / f"{name}.html").read_text(encoding="utf-8")
        html = re.sub(
            r"(?s)<style>.*?</style>|<meta name=\"[a-z-]*color-schemes?\"[^>]*>", "", html
        )
        (tmp_path / f"{name}-bare.html").write_text(html, encoding="utf-8")
        pages[f"{name}-bare"] = (tmp_path / f"{name}-bare.html").as_uri()
    return {name: address for name, address in pages.items() if not name.startswith("audit")}


def test_without_their_style_sheet_letters_still_fit_a_phone(
    narrow_page: Page, mails: dict[str, str]
) -> None:
    for name, address in mails.items():
        narrow_page.goto(address)
        assert narrow_page.evaluate("document.documentElement.scrollWidth") <= 390, name


TEXTS = """() => {
  const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walk.nextNode());) {
    if (!node.data.trim() || !node.parentElement.offsetParent) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const r of range.getClientRects())
      if (r.width > 8 && r.height > 8)
        found.push([r.x, r.y + scrollY, r.width, r.height, node.data.trim().slice(0, 30)]);
  }
  return found;
}"""
CONTRASTS = """async ([picture, texts, scale]) => {
  const image = new Image();
  image.src = 'data:image/png;base64,' + picture;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height), pen = canvas.getContext('2d');
  pen.drawImage(image, 0, 0);
  const linear = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  return texts.map(([x, y, width, height, told]) => {
    const box = [x, y, width, height].map(n => Math.round(n * scale));
    const { data } = pen.getImageData(...box);
    let least = 1, most = 0;
    for (let i = 0; i < data.length; i += 4) {
      const [r, g, b] = [data[i], data[i + 1], data[i + 2]].map(linear);
      const bright = 0.2126 * r + 0.7152 * g + 0.0722 * b;
      least = Math.min(least, bright);
      most = Math.max(most, bright);
    }
    return [(most + 0.05) / (least + 0.05), told];
  });
}"""
NO_IMAGES = "--blink-settings=imagesEnabled=false"
FORCED_DARK = ("--force-dark-mode", "--enable-features=WebContentsForceDark")


FEW = ("reminder", "digest-en")


@pytest.mark.parametrize("few", [True, pytest.param(False, marks=pytest.mark.full)])
@pytest.mark.parametrize("look", ["light", "dark", "forced"])
def test_every_word_of_a_letter_is_readable_with_images_off(
    page: Page, mails: dict[str, str], look: str, few: bool
) -> None:
    """Measured on the picture, WCAG's 4.5 to 1; `forced` is the browser's own darkening, which
    what declares no dark colours of its own is subject to."""
    kind = page.context.browser.browser_type if page.context.browser else None
    assert kind is not None
    args = [*QUIET, NO_IMAGES, *(FORCED_DARK if look == "forced" else ())]
    scheme = {"light": "light", "dark": "dark", "forced": None}[look]
    reader = kind.launch(executable_path=shutil.which("chromium"), args=args)
    measured, worst = 0, 21.0
    for width in (390,) if few else (1280, 390):
        context = reader.new_context(
            viewport={"width": width, "height": 900}, device_scale_factor=2, color_scheme=scheme
        )
        opened = context.new_page()
        for name, address in mails.items():
            if name.endswith("-bare") is not (look == "forced"):
                continue
            if few and name.removesuffix("-bare") not in FEW:
                continue
            opened.goto(address)
            texts = opened.evaluate(TEXTS)
            picture = b64encode(opened.screenshot(full_page=True)).decode()
            found = page.evaluate(CONTRASTS, [picture, texts, 2])
            measured, worst = measured + len(found), min([worst, *(ratio for ratio, _ in found)])
            assert [(ratio, told) for ratio, told in found if ratio < 4.5] == [], (name, width)
        context.close()
    reader.close()
    assert measured > 100
    print(f"\nFIGURE {look}: {measured} pieces of text, least contrast {worst:.1f} to 1")


def test_on_paper_the_whole_history_is_there(page: Page, pages: dict[str, str]) -> None:
    page.emulate_media(media="print")
    page.goto(pages["audit"])
    assert page.locator("summary").first.is_hidden()
    assert page.get_by_text("不准延期").first.is_visible()

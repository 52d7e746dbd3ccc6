"""What goes out: right sentences, nothing that runs, the text as good as the page."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import get_args

import pytest
from jinja2 import Environment, meta

from tests.builders import at, 生态分局
from tests.templates import samples
from tests.templates.samples import NASTY, a_mail, late, line, workdays
from tracker.domain.dispatches import Why
from tracker.domain.obligations import Light
from tracker.domain.points import Units
from tracker.services.audit_files import render_audit
from tracker.services.digest import Audience, Digest
from tracker.services.digest_words import render_digest, verdict_of
from tracker.services.letters import Rendered, render_reminder
from tracker.wording import Language

TEMPLATES = Path(__file__).parents[2] / "templates"
OURS = ("_macros", "notices", "digest", "audit")
BOTH = pytest.mark.parametrize("language", get_args(Language))


def letters(environment: Environment, language: Language) -> dict[str, Rendered]:
    links = {"overview": "https://tracker.example/", "leave": "https://tracker.example/u/1"}
    pages: dict[str, Digest] = {
        "leader": samples.a_digest(),
        "office": samples.a_digest(Audience.OFFICE),
        "unit": samples.a_digest(Audience.HEAD, 生态分局),
        "quiet": samples.a_quiet_digest(),
    }
    found = {
        name: render_digest(environment, language, page, **links) for name, page in pages.items()
    }
    found["reminder"] = render_reminder(environment, language, samples.a_full_mail())
    back = a_mail(samples.sent_back(), accepted=(samples.accepted(),))
    found["returned"] = render_reminder(environment, language, back)
    found["above"] = render_reminder(environment, language, a_mail(above(), roles=("leader",)))
    found["one"] = render_reminder(environment, language, a_mail(late(), home="", attachment=""))
    return found


def above() -> samples.ReminderLine:
    """A line that a leader is told of."""
    return late("31", why=(Why("+7", "leader", samples.NOW),))


class Seen(HTMLParser):
    """Tags, addresses and the text of a page; a tag left open is an error."""

    VOID = frozenset({"meta", "br", "wbr", "hr", "img", "link"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@BOTH
def test_every_letter_renders_and_is_well_formed(
    environment: Environment, language: Language
) -> None:
    for name, letter in letters(environment, language).items():
        seen = Seen(letter.html)
        assert not {"script", "img", "iframe", "form", "link"} & set(seen.tags), name
        assert all(address.startswith("https://tracker.example/") for address in seen.addresses)
        assert "url(" not in letter.html
        assert "@import" not in letter.html


@BOTH
def test_what_people_typed_is_shown_and_never_run(
    environment: Environment, language: Language
) -> None:
    pages = {name: letter.html for name, letter in letters(environment, language).items()}
    pages["audit"] = render_audit(environment, language, samples.an_audit())
    for name in ("reminder", "returned", "leader", "unit", "audit"):
        assert "<script>alert" not in pages[name], name
        assert "&lt;script&gt;alert(1)&lt;/script&gt; {{7*7}}" in pages[name], name
        assert "49" not in re.findall(r"\b49\b", "".join(Seen(pages[name]).text)), name


@BOTH
def test_a_subject_is_one_line(environment: Environment, language: Language) -> None:
    nasty = render_reminder(environment, language, a_mail(late(title=NASTY)))
    assert "\n" not in nasty.subject
    assert "\r" not in nasty.subject
    assert "Bcc" in nasty.subject


@BOTH
def test_the_text_of_a_reminder_stands_alone(environment: Environment, language: Language) -> None:
    letter = render_reminder(environment, language, samples.a_full_mail())
    assert "督办件 07" in letter.text
    for act in "rse":
        assert f"https://tracker.example/{act}/07" in letter.text
    assert "https://tracker.example/m/1" in letter.text
    assert "<d20211018@tracker.example>" in letter.text
    assert not re.search(r"\n\n\n", letter.text)
    assert "&lt;" not in letter.text


@BOTH
def test_the_text_of_a_digest_says_what_the_page_says(
    environment: Environment, language: Language
) -> None:
    page = samples.a_digest()
    letter = render_digest(environment, language, page, overview="https://tracker.example/")
    assert letter.text.startswith(verdict_of(page, language))
    shown = " ".join(Seen(letter.html).text)
    for figure in set(re.findall(r"\d+\.\d\d\b", letter.text)):
        assert figure in shown
    for one in page.lines:
        assert one.unit_name in letter.text
    assert "https://tracker.example/" in letter.text


def test_the_verdict_of_a_digest_is_one_sentence() -> None:
    page = samples.a_digest()
    assert re.fullmatch(
        r"失分 \d+\.\d\d，本周新增 \d+\.\d\d，周五前还有 \d+\.\d\d 可挽回。", verdict_of(page, "zh")
    )
    quiet = verdict_of(samples.a_quiet_digest(), "zh")
    assert quiet == "失分 0.00，本周没有新增，周五前没有可挽回的。"


def test_what_is_lost_whatever_is_done_is_said_so(environment: Environment) -> None:
    page = samples.a_quiet_digest()
    assert "失分不再增加" in render_digest(environment, "zh", page).text
    lost = replace(page.verdict, lost_if_nothing=Units(1000), lost_if_all_done=Units(1000))
    told = render_digest(environment, "zh", replace(page, verdict=lost)).text
    assert "失分 0.10，现在办也挽不回" in told
    assert "不再增加" not in told


TWO_DAYS = {"light": Light.LATE, "workdays_late": 2, "days_late": 4}


@pytest.mark.parametrize(
    ("lines", "zh", "en"),
    [
        (
            [*(line(str(n), workdays()) for n in range(3)), late()],
            "【催办】3 项将于 10 月 18 日到期，1 项已逾期 68 小时 30 分",
            "[Reminder] 3 due on 10-18, 1 late by 68 h 30 min",
        ),
        (
            [late(title="督办件 09", clause="31.2")],
            "【催办】31.2 督办件 09 已逾期 68 小时 30 分",
            "[Reminder] 31.2 督办件 09 is 68 h 30 min late",
        ),
        (
            [line("a", workdays(), elapsed_late=late().elapsed_late, **TWO_DAYS), late()],
            "【催办】2 项已逾期，最久 2 个工作日",
            "[Reminder] 2 late (up to 2 working days)",
        ),
        (
            [line("a", workdays()), line("b", samples.days()), line("c", None)],
            "【催办】2 项待办，最近的 10 月 18 日到期，1 项待定日期",
            "[Reminder] 2 open, the next due on 10-18, 1 without a date yet",
        ),
    ],
)
def test_a_subject_says_the_matter(
    environment: Environment, lines: list[samples.ReminderLine], zh: str, en: str
) -> None:
    assert render_reminder(environment, "zh", a_mail(*lines)).subject == zh
    assert render_reminder(environment, "en", a_mail(*lines)).subject == en


def test_a_reminder_says_what_acting_keeps_and_why_it_came(environment: Environment) -> None:
    lines = (late(), line("07", workdays(), light=Light.DUE, keeps=Units(1000)))
    told = render_reminder(environment, "zh", a_mail(*lines)).text
    assert told.startswith("2 件事，周五前办完可保 0.20；1 件已逾期。")
    assert "■ 逾期：10-15 周五 11:30 到期，已逾期 68 小时 30 分" in told
    assert "已失 0.06；现在都办，可保 0.20 = 0.10 + 0.10" in told
    assert "超限第 5 段（联络员）、逾期第 3 个工作日（单位负责人）" in told
    assert "您是生态分局的联络员" in told
    assert "到 10-20 周三 08:30 仍无签收、无进展的，通知升到单位负责人。" in told
    assert "10 个工作日：09-28 收到不计，跳过国庆节 7 天、周末 3 天" in told


def test_a_forecast_beyond_the_week_names_its_day(environment: Environment) -> None:
    mail = a_mail(late(), until=at("2021-10-29 24:00"))
    assert "10-29 周五前办完可保" in render_reminder(environment, "zh", mail).text


def test_every_template_of_ours_compiles_and_asks_for_known_words(
    environment: Environment,
) -> None:
    given = {"language", "zone", "t"}
    for folder in OURS:
        for path in sorted((TEMPLATES / folder).glob("*.j2")):
            source = path.read_text(encoding="utf-8")
            environment.get_template(path.relative_to(TEMPLATES).as_posix())
            asked = meta.find_undeclared_variables(environment.parse(source))
            assert given & asked <= given
            for key in re.findall(r'\bt\("([a-z_.]+)"[,)]', source):
                for language in get_args(Language):
                    assert key in samples_catalogue(language), f"{path}: {key}"


def samples_catalogue(language: Language) -> set[str]:
    from tracker.wording import catalogue

    return set(catalogue(language))


def test_a_mail_about_two_units_names_both_everywhere(environment: Environment) -> None:
    mail = a_mail(late(), late("11", unit="县水利局"), roles=("leader",))
    told = render_reminder(environment, "zh", mail).text
    assert "您是生态分局、县水利局的分管领导" in told
    assert "督办件 09（生态分局）" in told
    assert "督办件 11（县水利局）" in told


@BOTH
def test_a_mail_about_a_return_says_why_and_where_to_hand_in_again(
    environment: Environment, language: Language
) -> None:
    mail = a_mail(samples.sent_back(returned_because="缺签章", title="督办件 07"))
    letter = render_reminder(environment, language, mail)
    told, ways = {
        "zh": ("【退回】31.2 督办件 07 的填报被退回，须重报", "重新填报"),
        "en": ("[Returned] the report on 31.2 督办件 07 is to be handed in again", "Report again"),
    }[language]
    assert letter.subject == told
    for part in (letter.text, letter.html):
        assert "缺签章" in part
        assert ways in part
        assert "https://tracker.example/r/07" in part


def test_a_return_beside_other_matters_is_part_of_the_reminder(environment: Environment) -> None:
    told = render_reminder(environment, "zh", a_mail(samples.sent_back(), late()))
    assert told.subject == (
        "【催办】1 项将于 10 月 18 日到期，1 项已逾期 68 小时 30 分，1 件填报被退回"
    )


@BOTH
def test_what_was_accepted_is_told_at_the_end_of_a_mail(
    environment: Environment, language: Language
) -> None:
    letter = render_reminder(environment, language, a_mail(late(), accepted=(samples.accepted(),)))
    head = {"zh": "已接受", "en": "Accepted"}[language]
    for part in (letter.text, letter.html):
        assert part.index("督办件 09") < part.index(head) < part.index("20.5 信息稿")
    without = render_reminder(environment, language, a_mail(late()))
    assert head not in without.text


@BOTH
def test_who_is_over_the_unit_signs_and_looks_and_does_not_report(
    environment: Environment, language: Language
) -> None:
    mail = a_mail(above(), roles=("leader",))
    letter = render_reminder(environment, language, mail)
    for part in (letter.text, letter.html):
        ways = re.findall(r"https://tracker\.example/(\w)/31", part)
        assert ways == ["s", "v", "u"]
    both = (Why("+7", "head", samples.NOW), Why("+7", "contact", samples.NOW))
    mine = render_reminder(environment, language, a_mail(late("31", why=both)))
    assert re.findall(r"https://tracker\.example/(\w)/31", mine.text) == ["r", "s", "e"]


def test_who_reviews_is_told_what_waits_and_how_long_it_is_over(environment: Environment) -> None:
    letter = render_reminder(environment, "zh", samples.a_review_mail())
    assert letter.subject == "【催办】2 份填报待审核，1 份审核超期，最久 2 个工作日"
    assert "张工（审核人）" in letter.text
    assert "应在 10-18 周一 24:00 前审完，已超期 2 个工作日" in letter.text
    assert "去审核: https://tracker.example/p/small/obligation?key=05" in letter.text
    assert "申请延期" not in letter.text
    english = render_reminder(environment, "en", samples.a_review_mail())
    assert english.subject == "[Reminder] 2 reports to review, 1 overdue by up to 2 working days"


def test_a_mail_says_what_it_catches_up_with(environment: Environment) -> None:
    letter = render_reminder(environment, "zh", samples.a_mail(samples.late(), caught_up=3))
    assert "此前到点而未能发出的 3 次催办已并入本信" in letter.text
    assert "并入本信" in letter.html


def test_a_subject_counts_what_ends_and_what_is_late(environment: Environment) -> None:
    ends = [line(key, samples.days()) for key in ("1", "2", "3")]
    overdue = line("4", workdays(), light=Light.LATE, workdays_late=2, days_late=2,
                           elapsed_late=timedelta(days=2))  # fmt: skip
    letter = render_reminder(environment, "zh", samples.a_mail(*ends, overdue))
    assert letter.subject == "【催办】3 项将于 10 月 21 日到期，1 项已逾期 2 个工作日"


def test_a_mail_to_who_owes_and_reviews_says_both_at_once(environment: Environment) -> None:
    mail = a_mail(late(), reviews=(samples.to_review(),))
    letter = render_reminder(environment, "zh", mail)
    assert letter.text.startswith("1 件事，周五前办完可保 0.10；已逾期；1 份填报待审核。")
    assert "待您审核" in letter.text


def test_the_last_reminder_says_that_the_year_is_over(environment: Environment) -> None:
    ended = late(why=(Why("end", "contact", samples.NOW),), keeps=Units(0), next_at=None)
    letter = render_reminder(environment, "zh", a_mail(ended, replace(ended, key="10")))
    assert letter.subject == "【催办】考核期已过，2 项未办结"
    assert letter.text.startswith("考核期已过，2 件没有办结。")
    assert "可保" not in letter.text
    assert letter.text.count("考核期已过，按未完成计；这是最后一次催办。") == 2
    assert "考核期已过，最后一次催办（联络员）" in letter.html
    english = render_reminder(environment, "en", a_mail(ended))
    assert english.subject == "[Reminder] the year is over, 1 item is not done"


def test_a_heading_in_english_keeps_its_spaces_where_it_may_break(environment: Environment) -> None:
    """A space at the end of a part that does not break is not shown."""
    for name, letter in letters(environment, "en").items():
        [heading] = re.findall(r"(?s)<h1.*?</h1>", letter.html)
        assert " </span>" not in heading, name
        assert not re.search(r"[,;]</span>(?! )", heading), name

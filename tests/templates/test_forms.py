"""A letter that is filled in reads as one that is written for its reader alone."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from tests.templates import samples
from tracker.domain.dispatches import Links, ReminderMail
from tracker.runtime import environment
from tracker.services import forms, letters
from tracker.settings import Settings
from tracker.wording import LANGUAGES, Language

TEMPLATES = environment(Settings(secret="x" * 32))
NAMES = ["张三", "<b>O'Hara & Co.</b>", "{{ 7 * 7 }}", "\x02person\x03"]


def a_mail(name: str, lines: int = 2, unit: str = "县水利局") -> ReminderMail:
    told = [
        replace(samples.late(str(n)), key=f"{n}/1/{unit}/", unit=unit,
                links=Links(f"https://x/{name}/{n}?a&b", f"https://x/s{n}", f"https://x/e{n}"))
        for n in range(lines)
    ]  # fmt: skip
    mail = samples.a_mail(*told)
    return replace(
        mail, person=name, unit=unit, message_id=f"{lines}@x.cn", home=f"https://x/{unit}"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_whoever_reads_it_a_letter_is_the_one_written_for_them_alone(language: Language) -> None:
    readers = product(NAMES, (1, 2, 5), ("县水利局", "<i>城管局</i>", ""))
    for name, lines, unit in readers:
        mail = a_mail(name, lines, unit)
        alone = letters._reminder(TEMPLATES, language, mail)
        assert letters.render_reminder(TEMPLATES, language, mail) == alone


def test_another_unit_s_matter_and_a_link_that_is_not_offered_make_another_letter() -> None:
    mail = a_mail("张三")
    other = replace(mail, lines=(replace(mail.lines[0], unit="城管局"), mail.lines[1]))
    shut = replace(mail, lines=(replace(mail.lines[0], links=Links()), mail.lines[1]))
    homeless, later = replace(mail, home=""), replace(mail, caught_up=3)
    assert len({forms.alike(one) for one in (mail, other, shut, homeless, later)}) == 5
    assert forms.alike(mail) == forms.alike(a_mail("李四", unit="城管局"))
    for one in (mail, other, shut, homeless, later):
        alone = letters._reminder(TEMPLATES, "zh", one)
        assert letters.render_reminder(TEMPLATES, "zh", one) == alone

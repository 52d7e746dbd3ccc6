"""A reminder in a few plain lines, for channels with little room; no link in it acts for anyone."""

from __future__ import annotations

from collections.abc import Iterator

from tracker.domain.dispatches import ReminderMail
from tracker.services.letters import Rendered, one_line, words_of
from tracker.wording import Language, light_mark


def render_brief(language: Language, mail: ReminderMail) -> Rendered:
    """Who it is for, each matter dearest first with what it costs, and where to read the rest."""
    words = words_of(mail, language)
    return Rendered(one_line(words.subject()), "\n".join(_lines(mail, language)) + "\n", "")


def _lines(mail: ReminderMail, language: Language) -> Iterator[str]:
    words = words_of(mail, language)
    yield words.addressed()
    if mail.instead:
        yield words.instead()
    for number, line in enumerate(mail.lines, 1):
        entry = words.entry(line)
        yield f"{number}. {light_mark(line.light)} {entry.heading}"
        yield (
            f"   {entry.state}。{entry.price}"
            if language == "zh"
            else (f"   {entry.state}. {entry.price}")
        )
        if entry.returned:
            yield f"   {entry.returned}"
    for told in mail.accepted:
        yield words.accepted(told)
    if mail.home:
        yield words.say("brief_home", url=mail.home)
    yield words.say("number", id=mail.message_id)

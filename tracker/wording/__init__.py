"""Structured values to words, Chinese first, English by catalogue."""

from tracker.wording.ahead import cliff, supposition
from tracker.wording.catalogue import NoWords, catalogue, text
from tracker.wording.deadlines import counting
from tracker.wording.forms import LANGUAGES, Language
from tracker.wording.rules import describe_rule
from tracker.wording.steps import arithmetic, lines, named, say
from tracker.wording.templating import (
    install,
    light,
    light_mark,
    light_word,
    notice_reason,
    rung,
    score_word,
)

__all__ = [
    "LANGUAGES",
    "Language",
    "NoWords",
    "arithmetic",
    "catalogue",
    "cliff",
    "counting",
    "describe_rule",
    "install",
    "light",
    "light_mark",
    "light_word",
    "lines",
    "named",
    "notice_reason",
    "rung",
    "say",
    "score_word",
    "supposition",
    "text",
]

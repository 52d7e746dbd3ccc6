"""What lies ahead in words: a cliff, a supposition."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, assert_never
from zoneinfo import ZoneInfo

from tracker.domain.cliffs import Cliff
from tracker.domain.whatif import Altered, Chosen, Done, Extended, Filed, Moved, Supposed
from tracker.wording import forms
from tracker.wording.catalogue import SHANGHAI, text
from tracker.wording.forms import Language


def cliff(one: Cliff, language: Language = "zh", zone: ZoneInfo = SHANGHAI) -> str:
    values = {"at": one.at, "n": one.n, "takes": one.takes}
    return text(f"ahead.cliff_{one.kind}", values, language=language, zone=zone)


def supposition(one: Supposed, language: Language = "zh", zone: ZoneInfo = SHANGHAI) -> str:
    def said(sentence: str, **values: Any) -> str:
        return text(f"ahead.{sentence}", values, language=language, zone=zone)

    match one:
        case Moved():
            return said("moved", key=one.key, to=_date(one.to, language, zone))
        case Extended():
            return said("extended", key=one.key, to=_date(one.to, language, zone))
        case Done(count=None, share=None):
            return said("done", key=one.key)
        case Done(share=None):
            return said("done_count", key=one.key, count=one.count)
        case Done():
            return said("done_share", key=one.key, share=one.share)
        case Chosen():
            return said("chosen", reading=one.reading, choice=one.choice)
        case Altered():
            return said("altered", path=one.path, value=str(one.value))
        case Filed():
            return said("filed", what=text(f"facts.kind_{one.fact.fact}", language=language))
        case _:
            assert_never(one)


def _date(to: date | datetime, language: Language, zone: ZoneInfo) -> str:
    if isinstance(to, datetime):
        return forms.instant(to, language, zone, year=True)
    return forms.day(to, year=True)

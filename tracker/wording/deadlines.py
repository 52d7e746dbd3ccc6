"""Why a due date is what it is, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from schedules.deadlines import Deadline, closes_at
from tracker.wording.catalogue import has, text
from tracker.wording.forms import Language, day


def counting(deadline: Deadline | None, language: Language = "zh", *, needs: str = "") -> str:
    """How the deadline was counted, its moves included.

    "10 个工作日：09-28 收到不计，跳过国庆节 7 天，10-09 调休计入，止于 10-18 周一 24:00".
    `needs` names what a date that is not known waits for.
    """
    if deadline is None:
        key = "deadline.none" if needs else "deadline.none_plain"
        return text(key, {"needs": needs}, language=language)
    counted = _counted(deadline, language)
    if deadline.shift == "moved_by" and deadline.shifted_from is not None:
        values = {"counted": counted, "first": deadline.shifted_from, "due": deadline.due_at}
        counted = text("deadline.moved", values, language=language, zone=deadline.zone)
    if deadline.provisional:
        return text("deadline.provisional", {"counted": counted}, language=language)
    return counted


def _counted(deadline: Deadline, language: Language) -> str:
    values = {
        "wording": deadline.wording,
        "amount": deadline.amount,
        "start": deadline.start_at,
        "end": _first_end(deadline),
        "counts": text("deadline.joined", language=language).join(_counts(deadline, language)),
    }
    worded = "_wording" if deadline.kind == "fixed" and deadline.wording else ""
    key = f"deadline.{deadline.kind}{worded}"
    return text(key, values, language=language, zone=deadline.zone)


def _first_end(deadline: Deadline) -> datetime:
    """The end as first reckoned, before suspensions and extensions moved it."""
    if deadline.shift != "moved_by":
        return deadline.due_at
    if deadline.kind == "hours" and deadline.start_at is not None:
        return deadline.start_at + timedelta(hours=deadline.amount or 0)
    last = deadline.days[-1].on if deadline.days else deadline.shifted_from
    return closes_at(last or deadline.on, deadline.zone)


def _counts(deadline: Deadline, language: Language) -> Iterator[str]:
    if not deadline.days:
        return
    yield text("deadline.start", {"on": deadline.days[0].on}, language=language)
    yield from _skipped(deadline, language)
    made_up = [on.on for on in deadline.days if on.reason == "make_up" and on.counted]
    if made_up:
        listed = text("deadline.listed", language=language).join(day(on) for on in made_up)
        yield text("deadline.make_up", {"on": f"{listed} " if language == "zh" else listed},
                   language=language)  # fmt: skip
    if deadline.kind == "months" and deadline.shift == "rest_day_moved":
        yield text("deadline.rest_day_of_month", {"on": deadline.shifted_from}, language=language)
    last = next((on for on in deadline.days if on.counted == deadline.amount), None)
    if deadline.kind == "days" and last is not None and last is not deadline.days[-1]:
        values = {"amount": deadline.amount, "on": last.on}
        yield text("deadline.rest_day", values, language=language)


def _skipped(deadline: Deadline, language: Language) -> Iterator[str]:
    passed = [on for on in deadline.days if on.counted is None and on.reason != "start"]
    if not passed or deadline.kind != "workdays":
        return
    unnamed = text("deadline.unnamed", language=language)
    holidays = Counter(on.name or unnamed for on in passed if on.reason == "holiday")
    told = [
        text("deadline.holiday", {"name": _holiday(name, language), "n": n}, language=language)
        for name, n in holidays.items()
    ]
    weekend = sum(on.reason == "weekend" for on in passed)
    if weekend:
        told.append(text("deadline.weekend", {"n": weekend}, language=language))
    listed = text("deadline.listed", language=language).join(told)
    yield text("deadline.skipped", {"what": listed}, language=language)


def _holiday(name: str, language: Language) -> str:
    """A notice may name a holiday that no catalogue knows: its own name then."""
    return text(f"holiday.{name}", language=language) if has(f"holiday.{name}", language) else name

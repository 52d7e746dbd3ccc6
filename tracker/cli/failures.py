"""Failures that a user can act on, as one message."""

from __future__ import annotations

import os

from tracker.domain.errors import DefinitionError, Problem, TrackerError


def told(failure: Exception) -> str | None:
    """None for what is a mistake of ours: that keeps its traceback."""
    from notifiers.message import DeliveryError

    match failure:
        case DefinitionError():
            return "\n".join(problem_text(one) for one in failure.problems)
        case TrackerError() | DeliveryError():
            return str(failure)
        case OSError() if failure.filename is not None:
            return f"{failure.filename}: {failure.strerror or failure}"
        case OSError():
            return failure.strerror or str(failure)
        case _:
            return None


def problem_text(one: Problem, lang: str = "") -> str:
    """In Chinese with its own punctuation, whatever language the problem is told in."""
    chinese = (lang or os.environ.get("TRACKER_LANGUAGE") or "zh") == "zh"
    if not chinese:
        return str(one)
    advice = f"（{one.advice}）" if one.advice else ""
    return f"{one.place}：{one.text}{advice}"

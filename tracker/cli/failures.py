"""Failures that a user can act on, as one message."""

from __future__ import annotations

import re

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


def problem_text(one: Problem) -> str:
    """With the punctuation of the language in which it is told."""
    if not _HAN.search(one.text):
        return str(one)
    advice = f"（{one.advice}）" if one.advice else ""
    return f"{one.place}：{one.text}{advice}"


_HAN = re.compile(r"[\u4e00-\u9fff]")

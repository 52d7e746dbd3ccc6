"""A fault in words: in one language, or in both where nobody has said which they read."""

from __future__ import annotations

from pydantic import ValidationError

from tracker.definitions import words
from tracker.definitions.complaints import fault_of
from tracker.definitions.faults import Fault
from tracker.definitions.words import Language
from tracker.domain.errors import DefinitionError, Problem
from tracker.domain.programme import Programme

_OF_ITSELF = frozenset({"missing", "unknown_key", "unknown_kind", "fact_missing"})
"""They name the field themselves."""


def problem(fault: Fault, language: Language, *, place: str, name: str = "") -> Problem:
    """`name` is the field that the fault is in."""
    values = dict(fault.values)
    close = values.get("near")
    values["near"] = words.NEAR[language].format(name=close) if close else ""
    if isinstance(values.get("known"), list):
        values["known"] = ("、" if language == "zh" else ", ").join(values["known"])
    if "said" in values:
        values["said"] = words.translated(values["said"], language)
    if "what" in values:
        values["what"] = words.thing(values["what"], language)
    said = words.say(fault.code, language, values, place=place)
    if not name or fault.code in _OF_ITSELF:
        return said
    inside = {"key": name, "said": said.text, "advice": said.advice}
    return words.say("in_field", language, inside, place=place)


def in_both(fault: Fault, *, place: str, name: str = "") -> Problem:
    zh, en = (problem(fault, one, place=place, name=name) for one in ("zh", "en"))
    advice = " / ".join(one for one in (zh.advice, en.advice) if one)
    return Problem(place, f"{zh.text} / {en.text}", advice)


def of_changes(error: DefinitionError, paths: list[str]) -> DefinitionError:
    """What a programme that was changed at these paths cannot be, at the path that it concerns."""
    if not isinstance(error.__cause__, ValidationError):
        return error
    problems = []
    found = error.__cause__.errors(include_url=False)
    for one in found:
        at = one["loc"]
        if any(len(other["loc"]) > len(at) and other["loc"][: len(at)] == at for other in found):
            continue  # what holds a wrong thing lacks it: that is no fault of its own
        named = [path for path in paths if path.rpartition(".")[2] in one["loc"]] or paths
        problems.append(in_both(fault_of(one, Programme), place=", ".join(named)))
    return DefinitionError(problems)

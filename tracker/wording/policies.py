"""A policy in words: who is reminded when, key by key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from tracker.domain.policy import Role
from tracker.wording.catalogue import text
from tracker.wording.forms import Language, day
from tracker.wording.templating import rung

GROUPS: Mapping[str, tuple[str, ...]] = {
    "days": ("before", "overdue_first", "overdue_every", "overdue_last", "ends_on"),
    "joining": ("head_from", "leader_from", "joins"),
    "own": ("rungs",),
    "cases": ("case_hours_before", "case_head_from", "case_leader_from", "case_joins"),
    "peace": ("receipt_silences", "progress_silences", "request_silences"),
    "reviews": ("review_within", "review_every", "review_office_from"),
    "slips": ("assign_slip", "urge_slip", "supervise_slip"),
    "sending": (
        "opens", "closes", "days", "quiet_from", "quiet_until", "channels", "language",
    ),
}  # fmt: skip
"""The keys in the order in which people ask; `sending` is the programme's alone."""

NEVER = "never"


def policy_lines(said: Mapping[str, Any], language: Language) -> list[tuple[str, str, str]]:
    """Each key that is said, what it is called and its value in words; values as the document has
    them."""
    told = _Told(language)
    return [
        (key, told.say(f"key_{key}"), told.value(key, said[key]))
        for keys in GROUPS.values() for key in keys if key in said
    ]  # fmt: skip


class _Told:
    def __init__(self, language: Language) -> None:
        self._language = language

    def say(self, sentence: str, **values: Any) -> str:
        return text(f"policy.{sentence}", values, language=self._language)

    def value(self, key: str, given: Any) -> str:
        if given == NEVER:
            return self.say(f"never_{key}")
        match key:
            case "before":
                return self._listed(self._rung(str(offset)) for offset in given)
            case "overdue_first" | "overdue_last" | "head_from" | "leader_from":
                return self._rung(f"+{given}")
            case "case_head_from" | "case_leader_from":
                return self._step(given)
            case "joins":
                return self._joins(given, lambda n: self._rung(f"+{n}"))
            case "case_joins":
                return self._joins(given, self._step)
            case "rungs":
                return self._rungs(given)
            case "case_hours_before":
                return self._listed(self._rung(f"-{hours}h") for hours in given)
            case "ends_on":
                return self._ends(given)
            case "opens" | "closes" | "quiet_from" | "quiet_until":
                return str(given)[:5]
            case "channels":
                ways = (text(f"channel.{name}", language=self._language) for name in given)
                return self._listed(ways) if given else self.say("channels_own")
            case "days" | "language":
                return self.say(f"{key}_{given or 'own'}")
            case "assign_slip" | "urge_slip" | "supervise_slip":
                return self._slip(given)
            case "overdue_every" | "review_every":
                return self.say("every", n=given)
            case "review_within":
                return self.say("within", n=given)
            case "review_office_from":
                return self.say("late_review", n=given)
            case _:
                return self.say("workdays", n=given) if given else self.say("no_peace")

    def _listed(self, parts: Iterable[str]) -> str:
        return self.say("listed").join(parts) or self.say("none")

    def _rung(self, name: str) -> str:
        return rung(name, self._language)

    def _step(self, n: int) -> str:
        return self._rung(f"step+{n}" if n else "limit")

    def _role(self, role: str) -> str:
        return text(f"role.{role}", language=self._language)

    def _joins(self, given: Mapping[str, int], place: Any) -> str:
        return self._listed(
            self.say("joins", role=self._role(role), place=place(n)) for role, n in given.items()
        )

    def _rungs(self, given: Iterable[Mapping[str, Any]]) -> str:
        return self._listed(
            self.say("tells", place=self._rung(one["at"]),
                     roles=self.say("and").join(map(self._role, one["tells"])))
            if one.get("tells") else self._rung(one["at"])
            for one in given
        )  # fmt: skip

    def _ends(self, given: str) -> str:
        return (
            self.say("cutoff") if given == "cutoff" else day(date.fromisoformat(given), year=True)
        )

    def _slip(self, given: str) -> str:
        if given in set(Role):
            return self.say("slip_role", role=self._role(given))
        return self._rung(given)

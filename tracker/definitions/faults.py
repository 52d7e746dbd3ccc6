"""One thing wrong in a document, before it is put into words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from tracker.definitions.yamltext import Route


@dataclass(frozen=True)
class Fault:
    """`values` fill the words of `code`; `twin` is the route of the thing that it collides with,
    `inner` what somebody else said about it, which becomes its `said`."""

    route: Route
    code: str
    values: dict[str, Any] = field(default_factory=dict)
    twin: Route | None = None
    inner: Fault | None = None


def near(name: str, known: Iterable[str]) -> str:
    """The known name that was probably meant, or ""."""
    found = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return found[0] if found else ""

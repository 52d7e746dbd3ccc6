"""What a shipped programme has word for word from its document."""

from __future__ import annotations

import re

from tracker.domain.programme import Programme


def copied(programme: Programme, document: str) -> dict[str, set[str]]:
    """By clause, the runs of Chinese characters that its text or rules share with the document."""
    unit_names = [name for u in programme.units for name in (u.name, u.short) if name]
    source = set(_pieces(document, unit_names))
    found: dict[str, set[str]] = {}
    for _, _, clause in programme.clauses.values():
        for text in (clause.text, *(rule.says for rule in clause.rules)):
            if same := set(_pieces(text, unit_names)) & source:
                found.setdefault(clause.id, set()).update(same)
    return found


def _pieces(text: str, unit_names: list[str], length: int = 16) -> list[str]:
    """Every run of `length` Chinese characters, punctuation and figures left out, with unit names,
    document titles and lines as breaks."""
    text = re.sub(r"《[^》]*》", "\n", text)
    for name in sorted(unit_names, key=len, reverse=True):
        text = text.replace(name, "\n")
    runs = re.sub(r"[^\u4e00-\u9fff\n]", "", text).split("\n")
    return [run[i : i + length] for run in runs for i in range(len(run) - length + 1)]

"""The table of wordings: a sentence, and indented below it what it says, a line each.

`kind -0.1 per 1 day, most 2`: what is lost for each; `+` is won, `<` a first amount,
`[..]` bands. `due`, `stage`, `period`, `length` are times; `unread` is what was not understood.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tracker.definitions.clauses import ReadClause

TABLE = Path(__file__).with_name("wordings.txt")


def table() -> Iterator[tuple[str, list[str]]]:
    text, said = "", list[str]()
    for line in TABLE.read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        if line.startswith("    "):
            said.append(line.strip())
            continue
        if text:
            yield text, said
        text, said = line, []
    yield text, said


def told(reading: ReadClause) -> list[str]:
    rules = [_rule(one.form()) for one in reading.rules]
    dues = [f"due {one.form()}" for one in reading.deadlines]
    stages = [_joined("stage", one.form()) for one in reading.milestones]
    periods = [_joined("period", one.form()) for one in reading.recurrences]
    lengths = [_joined("length", one.form()) for one in reading.durations]
    return [
        *rules,
        *dues,
        *stages,
        *periods,
        *lengths,
        *(f"unread {u.text}" for u in reading.unread),
    ]


def _joined(word: str, form: dict[str, Any]) -> str:
    return " ".join([word, *(str(one) for one in form.values() if one is not None)])


def _rule(form: dict[str, Any]) -> str:
    parts = [form["kind"]]
    if form["base"]:
        parts.append(f"<{form['base']}")
    parts += [f"{sign}{_amount(form[name])}" for name, sign in SIGNS if form[name] is not None]
    if form["tiers"]:
        bands = (
            f"{sign}{_amount(band[name])}"
            for band in form["tiers"]
            for name, sign in SIGNS
            if band.get(name) is not None
        )
        parts.append(f"[{' '.join(bands)}]")
    if form["step"]:
        parts.append(f"per {form['step']['n']} {form['step']['unit']}")
    if form["cap"]:
        parts.append(f"most {form['cap']}")
    return " ".join(parts)


SIGNS = (("deduct", "-"), ("award", "+"))


def _amount(value: Any) -> str:
    return f"{value['min']}..{value['max']}" if isinstance(value, dict) else str(value)

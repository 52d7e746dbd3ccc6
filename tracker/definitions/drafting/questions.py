"""From the places that can be read in several ways to readings (口径) with their alternatives.

The reader's words are kept. Where the engine can compute an alternative, it gets the fields that it
sets; where it cannot, it stands without any, and nobody is told that it costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tracker.definitions.clauses import Ambiguity, ReadClause
from tracker.definitions.drafting import passages
from tracker.definitions.drafting.rules import Mapped
from tracker.domain.programme import Alternative, Duty, Milestone, Reading
from tracker.domain.rules import (
    AllOrNothing,
    Discretionary,
    Lateness,
    NoDouble,
    PerMissing,
    PerStep,
    Rule,
    Veto,
)

Setting = dict[str, Any]


def slug(clause: str) -> str:
    """A clause's id as the start of a slug: `20-5`, `b-1`."""
    return re.sub(r"[^0-9a-z]+", "-", clause.lower()).strip("-") or "x"


def readings(
    reading: ReadClause, mapped: Mapped, duties: Sequence[Duty], clause: str
) -> tuple[Reading, ...]:
    found = []
    for number, one in enumerate(reading.ambiguous, start=1):
        if len(one.readings) < 2:
            continue
        settings = _settings(one, reading, mapped, duties, clause)
        found.append(
            Reading(
                id=f"{slug(clause)}-q{number}",
                clause=clause,
                question=_question(reading.text, one),
                default="r1",
                alternatives=tuple(
                    Alternative(id=f"r{n}", says=says, set=setting)
                    for n, (says, setting) in enumerate(
                        zip(one.readings, settings, strict=True), start=1
                    )
                ),
            )
        )
    return tuple(found)


def _question(text: str, one: Ambiguity) -> str:
    piece = passages.shortened(text[slice(*one.span)].strip())
    return f"“{piece}”怎样理解？" if piece else "这一条怎样理解？"


def _settings(
    one: Ambiguity, reading: ReadClause, mapped: Mapped, duties: Sequence[Duty], clause: str
) -> list[Setting]:
    """What each alternative sets; nothing at all unless every one of them sets something."""
    rules = _touched(one, reading, mapped)
    for says_of in (_steps, _judged, _survives, _scope, _late, _bound):
        found = [says_of(says, rules, clause) for says in one.readings]
        if all(found) and len({str(setting) for setting in found}) == len(found):
            return found
    found = [_rounding(says, duties, clause) for says in one.readings]
    if all(found):
        return found
    return [{} for _ in one.readings]


def _touched(one: Ambiguity, reading: ReadClause, mapped: Mapped) -> list[tuple[int, Rule]]:
    """The rules, numbered from 1, whose sanction overlaps the place; else all of the clause."""
    start, end = one.span
    numbers = [
        n
        for read, made in mapped.of.items()
        if reading.rules[read].span[0] < end and start < reading.rules[read].span[1]
        for n in made
    ]
    numbers = numbers or list(range(len(mapped.rules)))
    return [(n + 1, mapped.rules[n]) for n in numbers]


def _each(
    rules: Sequence[tuple[int, Rule]], kinds: tuple[type[Any], ...], clause: str, field: str,
    value: str | None,
) -> Setting:  # fmt: skip
    if value is None:
        return {}
    return {f"{clause}#{n}.{field}": value for n, rule in rules if isinstance(rule, kinds)}


def _matching(says: str, patterns: Sequence[tuple[str, str]]) -> str | None:
    return next((value for pattern, value in patterns if re.search(pattern, says)), None)


def _steps(says: str, rules: Sequence[tuple[int, Rule]], clause: str) -> Setting:
    """满12小时才加扣, 不满12小时也算一段, 按比例."""
    value = _matching(
        says,
        [
            (r"比例", "pro_rata"),
            (r"不[满足][^，。；]*(?:也|就|按|算|计)(?!不)|进一|进位|开始|起算|一?进入", "started"),
            (r"满|整|不计|舍", "completed"),
        ],
    )
    kinds: tuple[type[Any], ...] = (PerStep,) if value == "pro_rata" else (Lateness, PerStep)
    stepped = [
        (n, rule)
        for n, rule in rules
        if isinstance(rule, PerStep) or (isinstance(rule, Lateness) and rule.every is not None)
    ]
    return _each(stepped, kinds, clause, "steps", value)


def _judged(says: str, rules: Sequence[tuple[int, Rule]], clause: str) -> Setting:
    """两个阶段各扣各的, 补齐就恢复."""
    value = _matching(
        says, [(r"恢复|退回|补[上齐].{0,4}不扣|不再扣|只扣一次|一次", "now"),
               (r"照扣|各扣|分别|两次|都扣|重复", "at_deadline")]
    )  # fmt: skip
    return _each(rules, (PerMissing,), clause, "judged", value)


def _survives(says: str, rules: Sequence[tuple[int, Rule]], clause: str) -> Setting:
    value = _matching(says, [(r"高|重|多|大", "highest"), (r"先|首|早", "first")])
    return _each(rules, (NoDouble,), clause, "survives", value)


def _scope(says: str, rules: Sequence[tuple[int, Rule]], clause: str) -> Setting:
    value = _matching(
        says,
        [
            (r"全部|整个|全年|年度|总分|总成绩|方案", "programme"),
            (r"本项|该项|本条|任务|指标", "item"),
        ],
    )
    return _each(rules, (Veto,), clause, "scope", value)


def _late(says: str, rules: Sequence[tuple[int, Rule]], clause: str) -> Setting:
    """补做以后恢复, 照扣."""
    tests = [(n, rule) for n, rule in rules if isinstance(rule, AllOrNothing) and rule.duty]
    value = _matching(says, [(r"恢复|补", "forgiven"), (r"照扣|失去|不得|全部|未完成", "fails")])
    return _each(tests, (AllOrNothing,), clause, "late", value)


def _bound(says: str, rules: Sequence[tuple[int, Rule]], clause: str) -> Setting:
    """酌情 without a bound: 以本条分值为限, 以本项分值为限."""
    value = _matching(says, [(r"本项|任务|该项", "item"), (r"本条|分值|本句|该条", "all")])
    return _each(rules, (Discretionary,), clause, "most", value)


def _rounding(says: str, duties: Sequence[Duty], clause: str) -> Setting:
    value = _matching(says, [(r"进|向上|入", "up"), (r"舍|向下|取整", "down")])
    shared = [
        duty
        for duty in duties
        if isinstance(duty, Milestone) and duty.need is not None and duty.need.share is not None
    ]
    if value is None:
        return {}
    return {f"{clause}/{duty.id}.need.rounding": value for duty in shared}

"""From the places that can be read in several ways to readings (口径) with their alternatives.

The reader's words are kept. Where the engine can compute an alternative, it gets the fields that it
sets; where it cannot, it stands without any, and nobody is told that it costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tracker.definitions.clauses import Ambiguity, ReadClause
from tracker.definitions.drafting import bands, passages
from tracker.definitions.drafting.doubts import Doubt, doubts
from tracker.definitions.drafting.duties import key_of as clause_key
from tracker.definitions.drafting.making import Choice, Mapped, Place
from tracker.domain.programme import Alternative, Duty, Milestone, Reading
from tracker.domain.rules import (
    AllOrNothing,
    Bonus,
    Discretionary,
    Lateness,
    NoDouble,
    PerMissing,
    PerStep,
    RankRule,
    Ratio,
    Rule,
    Tiered,
    Veto,
)

Setting = dict[str, Any]


def slug(clause: str) -> str:
    """A clause's id as the start of a slug: `20-5`, `b-1`."""
    return re.sub(r"[^0-9a-z]+", "-", clause.lower()).strip("-") or "x"


@dataclass(frozen=True)
class Asked:
    """A reading of one clause; `about` says what kind of question it is, "" for its own."""

    reading: Reading
    about: str


def asked(
    reading: ReadClause, mapped: Mapped, duties: Sequence[Duty], place: Place
) -> tuple[Asked, ...]:
    found: list[Asked] = []
    clause = place.clause
    for number, one in enumerate(reading.ambiguous, start=1):
        if len(one.readings) < 2 or _settled(one, mapped):
            continue
        about, settings = _settings(one, reading, mapped, duties, clause)
        made = Reading(
            id=f"{slug(clause)}-q{number}",
            clause=clause,
            question=_question(reading.text, one),
            default="r1",
            alternatives=tuple(_alternatives(one, settings, mapped, duties, clause)),
        )
        found.append(Asked(made, about))
    anew = f"{clause}.rules"
    for n, doubt in enumerate(doubts(reading, mapped, place, duties), start=1):
        taken = any(anew in _paths(one.reading) for one in found)
        # Two questions cannot both write the rules of a clause.
        choices = [one for one in doubt.choices if not (taken and anew in one[1])]
        if len(choices) > 1:
            found.append(_doubtful(replace(doubt, choices=tuple(choices)), clause, n))
    open_fields = [_choice(one, mapped, clause, n) for n, one in enumerate(mapped.choices, start=1)]
    return (*found, *open_fields)


def _paths(reading: Reading) -> set[str]:
    return {path for alternative in reading.alternatives for path in alternative.set}


def _doubtful(doubt: Doubt, clause: str, number: int) -> Asked:
    alternatives = tuple(
        Alternative(id=f"r{n}", says=says, set=setting)
        for n, (says, setting) in enumerate(doubt.choices, start=1)
    )
    made = Reading(
        id=f"{slug(clause)}-{doubt.about}{number}",
        clause=clause,
        question=doubt.asks,
        default="r1",
        alternatives=alternatives,
    )
    return Asked(made, doubt.about)


def _settled(one: Ambiguity, mapped: Mapped) -> bool:
    """不足1的按比例 was taken for the steps of another sanction: there is nothing left to ask."""
    of_ratio = all("按未完成比例乘以" in says for says in one.readings)
    return of_ratio and not any(isinstance(rule, Ratio) for rule in mapped.rules)


def _alternatives(
    one: Ambiguity, settings: Sequence[Setting], mapped: Mapped, duties: Sequence[Duty], clause: str
) -> Iterator[Alternative]:
    """What the engine cannot do is not offered beside what it can; where it can do none of them but
    the first, which is drafted, a person decides instead of the others."""
    told = list(zip(one.readings, settings, strict=True))
    if any(settings):
        for n, (says, setting) in enumerate(told, start=1):
            if setting:
                yield Alternative(id=f"r{n}", says=says, set=setting)
        return
    yield Alternative(id="r1", says=told[0][0])
    others = "；".join(says for says, _ in told[1:])
    gain = any(isinstance(rule, Bonus) for rule in mapped.rules)
    yield Alternative(id="assessed", says=f"{others}：由考核方在分值内认定",
                      set={f"{clause}.rules": _assessed(mapped, duties, gain=gain)})  # fmt: skip


def _assessed(mapped: Mapped, duties: Sequence[Duty], *, gain: bool) -> list[Setting]:
    """An amount that a person decides in place of the rules; what is owed is still tracked."""
    wins = [rule.award for rule in mapped.rules if isinstance(rule, Bonus) and rule.award]
    most = max(wins, key=lambda one: float(one.rstrip("%") or 0)) if gain and wins else "all"
    decided = {"kind": "discretionary", "most": most, "gain": gain}
    return [decided, *({"kind": "duty", "duty": duty.id} for duty in duties)]


def _choice(one: Choice, mapped: Mapped, clause: str, number: int) -> Asked:
    path = f"{clause}#{mapped.of[one.read][0] + 1}.{one.field}"
    alternatives = tuple(
        Alternative(id=f"r{n}", says=says, set={path: value})
        for n, (says, value) in enumerate(one.values, start=1)
    )
    id_ = f"{slug(clause)}-{one.field}{number}"
    reading = Reading(
        id=id_, clause=clause, question=one.asked, default="r1", alternatives=alternatives
    )
    return Asked(reading, one.field)


MANY = 3
TOGETHER = {
    "steps": "按步长扣分的条文，不足一个步长的怎样计？",
    "judged": "过了节点才补齐的，还扣不扣？",
    "survives": "写明不重复计的，同一问题保留哪一笔？",
    "scope": "一票否决管到哪里？",
    "against": "只写了每低多少扣分、没有写目标的率，从多少算起？",
    "late": "过了期限才补做的，还扣不扣？",
    "bound": "酌情扣分没有写上限的，以什么为限？",
    "of": "按比例扣分的，以哪个分值为准？",
    "lost": "只写了分值、没有写扣分办法的，没有完成怎样扣？",
    "inside": "任务条文里写的加分，算在本任务里，还是另外加？",
    "which": "减半、加倍的，只改对应问题的那一笔，还是本条全部扣分？",
    "stage": "节点没有写误了怎样扣的，怎样算？",
    "edge": "正好等于分档界限的，归哪一档？",
}


def together(found: Sequence[Asked]) -> tuple[Reading, ...]:
    """The same question with the same answers, asked of three clauses or more, is asked once."""
    groups: dict[tuple[str, ...], list[Asked]] = {}
    for one in found:
        says = tuple(alternative.says for alternative in one.reading.alternatives)
        groups.setdefault((one.about, *says), []).append(one)
    told: list[Reading] = []
    for key, alike in groups.items():
        if len(alike) < MANY or key[0] not in TOGETHER:
            told += [one.reading for one in alike]
        else:
            told.append(_joined(key[0], [one.reading for one in alike], told))
    return tuple(told)


def _joined(about: str, alike: Sequence[Reading], told: Sequence[Reading]) -> Reading:
    first = alike[0]
    clauses = list(dict.fromkeys(one.clause for one in alike))
    number = sum(1 for one in told if one.id.startswith(f"all-{about}")) + 1
    alternatives = []
    for at, alternative in enumerate(first.alternatives):
        setting: Setting = {}
        for one in alike:
            setting |= one.alternatives[at].set
        alternatives.append(alternative.model_copy(update={"set": setting}))
    return Reading(
        id=f"all-{about}" if number == 1 else f"all-{about}-{number}",
        clause=first.clause,
        question=f"{TOGETHER[about]}（{len(clauses)} 条：{'、'.join(clauses)}）",
        default=first.default,
        alternatives=tuple(alternatives),
    )


def _question(text: str, one: Ambiguity) -> str:
    piece = passages.shortened(text[slice(*one.span)].strip(" \n，,；;。、"))
    return f"“{piece}”怎样理解？" if piece else "这一条怎样理解？"


def _settings(
    one: Ambiguity, reading: ReadClause, mapped: Mapped, duties: Sequence[Duty], clause: str
) -> tuple[str, list[Setting]]:
    """What each alternative sets; nothing for one that cannot be computed beside the others, and
    nothing at all where no two of them can be told apart."""
    rules = _touched(one, reading, mapped)
    for about, says_of in _SETTERS.items():
        found = [says_of(says, rules, clause) for says in one.readings]
        told = [str(setting) for setting in found if setting]
        # 按比例 is no way to count a delay: the other two can be computed all the same.
        enough = len(told) == len(found) or (about == "steps" and len(told) > 1 and found[0])
        if enough and len(set(told)) == len(told):
            return about, found
    found = [_rounding(says, duties, clause) for says in one.readings]
    if all(found):
        return "rounding", found
    found = [_whole(says, rules, mapped, clause) for says in one.readings]
    if all(found) and len({str(setting) for setting in found}) == len(found):
        return ("lost" if "得分" in "".join(one.readings) else ""), found
    return "", [{} for _ in one.readings]


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
            (r"不计|才扣|舍", "completed"),
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


def _of(says: str, rules: Sequence[tuple[int, Rule]], clause: str) -> Setting:
    """按未完成比例乘以本条分值扣, 乘以本项分值扣."""
    value = _matching(says, [(r"本项", "item"), (r"本条|分值", "all")])
    return _each(rules, (Ratio,), clause, "of", value)


def _cap_per(says: str, rules: Sequence[tuple[int, Rule]], clause: str) -> Setting:
    """上限按全年累计, 上限按每件计算: of the latter only the item's points are a limit so far."""
    if "上限" not in says:
        return {}
    capped = [(n, rule) for n, rule in rules if rule.cap is not None]
    if re.search(r"全年|累计", says):
        return {f"{clause}#{n}.cap": rule.cap for n, rule in capped}
    return {f"{clause}#{n}.cap": "item" for n, _ in capped}


def _places(says: str, rules: Sequence[tuple[int, Rule]], clause: str) -> Setting:
    """名次越靠后扣得越多, 名次越靠前扣得越多."""
    if "名次" not in says:
        return {}
    told: Setting = {}
    for n, rule in rules:
        if isinstance(rule, RankRule) and len(set(rule.places.values())) > 1:
            turned = "靠前" in says
            amounts = [*rule.places.values()]
            places = dict(zip(rule.places, reversed(amounts) if turned else amounts, strict=True))
            told[f"{clause}#{n}.places"] = {str(place): one for place, one in places.items()}
    return told


def _stages(says: str, rules: Sequence[tuple[int, Rule]], clause: str) -> Setting:
    """同一缺口只在一个节点扣, 在每个节点各扣一次."""
    short = [(n, rule) for n, rule in rules if isinstance(rule, PerMissing)]
    if "节点" not in says or not short:
        return {}
    once = "只在" in says
    return {f"{clause}#{n}.each": "0" if once else rule.each for n, rule in short[:1]}


def _larger(says: str, rules: Sequence[tuple[int, Rule]], clause: str) -> Setting:
    """与分项扣分合并计, 取两者中较大的."""
    late = [n for n, rule in rules if isinstance(rule, Lateness)]
    if not late or not re.search(r"合并|较大", says):
        return {}
    others = [f"{clause}#{n}" for n in range(1, late[-1])]
    return {f"{clause}#{late[-1]}.absorbs": others if "较大" in says else []}


def _edge(says: str, rules: Sequence[tuple[int, Rule]], clause: str) -> Setting:
    """30归前一档, 30归后一档: a number that stands in two bands."""
    found = re.match(r"(\d+(?:\.\d+)?)[^\d归]{0,4}归([前后])一档", says)
    if found is None:
        return {}
    limit, former = Decimal(found[1]), found[2] == "前"
    for n, rule in rules:
        if isinstance(rule, Lateness) and rule.pieces:
            return {f"{clause}#{n}.pieces": _until(rule, int(limit), former=former)}
        if isinstance(rule, Tiered):
            return {f"{clause}#{n}.tiers": _bands(rule, limit, former=former)}
    return {}


def _until(rule: Lateness, limit: int, *, former: bool) -> list[Setting]:
    """The day itself belongs to the piece before it, or to the one behind."""
    told = []
    for piece in rule.pieces:
        body = piece.model_dump(mode="json", exclude_defaults=True)
        if piece.until == limit and not former and limit > 1:
            body["until"] = limit - 1
            if piece.rises_to is not None and piece.rises_to.rstrip("%").replace(".", "").isdigit():
                whole = Fraction(piece.rises_to.rstrip("%")) * (limit - 1) / limit
                body["rises_to"] = bands.decimal(whole) + "%" * piece.rises_to.endswith("%")
        told.append(body)
    return told


def _bands(rule: Tiered, limit: Decimal, *, former: bool) -> list[Setting]:
    """The number counts in one band only, of the two that include it."""
    told = [tier.model_dump(mode="json", exclude_defaults=True) for tier in rule.tiers]
    both = [n for n, one in enumerate(rule.tiers) if limit in (one.at_least, one.at_most)]
    for n in both[1:] if former else both[:1]:
        for side, other in (("at_least", "above"), ("at_most", "below")):
            if getattr(rule.tiers[n], side) == limit:
                told[n][other] = told[n].pop(side)
    return told


Setter = Callable[[str, Sequence[tuple[int, Rule]], str], Setting]
_SETTERS: dict[str, Setter] = {
    "steps": _steps,
    "stages": _stages,
    "cap": _cap_per,
    "places": _places,
    "larger": _larger,
    "of": _of,
    "judged": _judged,
    "survives": _survives,
    "scope": _scope,
    "late": _late,
    "bound": _bound,
    "edge": _edge,
}


def _whole(says: str, rules: Sequence[tuple[int, Rule]], mapped: Mapped, clause: str) -> Setting:
    """Alternatives that put other rules in the place of one: the clause's list is written anew."""
    if not rules:
        return {}
    place, rule = rules[-1]
    body = [one.model_dump(mode="json", exclude_defaults=True) | {"kind": one.kind}
            for one in mapped.rules]  # fmt: skip
    path = f"{clause}.rules"
    if isinstance(rule, AllOrNothing) and rule.duty is not None:
        return _lost(says, rule, place, body, path, mapped, clause)
    if re.search(r"之外再扣|并扣", says):
        return {path: body}
    if "代替前一笔" in says:
        return {path: [*body, {"kind": "no_double", "rules": [clause]}]}
    if "代替" in says and place > 1:
        before = [f"{clause}#{n}" for n in range(1, place)]
        instead = {"kind": "exemption", "when": {"charged": f"{clause}#{place}"}, "rules": before}
        return {path: [*body, instead]}
    return {}


def _lost(
    says: str, rule: AllOrNothing, place: int, body: list[Setting], path: str, mapped: Mapped,
    clause: str,
) -> Setting:  # fmt: skip
    """未完成的全扣, 按完成比例得分, 由审核单位酌情计分."""
    if "全扣" in says:
        return {path: body}
    tracked = {"kind": "duty", "duty": rule.duty}
    if "比例" in says:
        key = f"{clause_key(clause)}_{place}_done"
        mapped.names[key] = f"{passages.shortened(rule.says or clause, 24)}（完成率）"
        instead: Setting = {"kind": "ratio", "measure": key, "of": rule.lose}
    elif re.search(r"酌情|认定", says):
        instead = {"kind": "discretionary", "most": rule.lose}
    else:
        return {}
    return {path: [*body[: place - 1], instead, tracked, *body[place:]]}

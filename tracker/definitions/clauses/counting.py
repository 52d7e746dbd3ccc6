"""What an amount is charged for each of (计量单位)."""

from __future__ import annotations

import re

from tracker.definitions.clauses import triggers
from tracker.definitions.clauses.amounts import quantity_of, starts_with_number
from tracker.definitions.clauses.drafts import Draft
from tracker.definitions.clauses.grammar import Phrase
from tracker.definitions.clauses.leads import Lead
from tracker.definitions.clauses.reading import Quantity

SPECIFIC = frozenset({"project", "enterprise", "case", "person", "place", "household"})
MOVED = re.compile(r"前进|后退|倒退|跃升|后移|前移|下降|上升|降|升|退|进|提升")


def count(lead: Lead, draft: Draft, effect: Phrase) -> None:
    per = effect.of("PERHEAD")
    if per is not None:
        draft.step = quantity_of(per, lead.text[effect.end : effect.end + 8])
        draft.measure = per.text.lstrip("/")
        return
    steps = [one for one in lead.pending if one.kind in ("step", "short")]
    last = lead.pending[-1] if lead.pending else None
    if last is not None and _falls_short(lead, last):
        _counted_by(lead, draft, last)
        draft.change = "少"
        return
    if last is not None and _counts_alone(lead, last, effect):
        steps = []
    if last is not None and _is_rate(lead, last):
        return
    if not steps:
        _bare_count(lead, draft)
        return
    chosen = _chosen(lead, steps)
    if chosen.kind == "short" and chosen is not steps[-1]:
        return
    _counted_by(lead, draft, chosen)


def _is_rate(lead: Lead, last: Phrase) -> bool:
    """每亩300万元得5分: so much for each is the value that is measured."""
    at = len(lead.pending) - 2
    before = lead.pending[at] if at >= 0 else None
    if before is None or before.kind != "step" or before.end != last.start or last.kind != "bound":
        return False
    measured = lead.unit(last) in triggers.QUANTITATIVE and before.of("CHANGE", "COMPARE", "FOUND")
    return measured is None and len(last.tokens) == 1 and starts_with_number(last.tokens[0])


def _counts_alone(lead: Lead, one: Phrase, effect: Phrase) -> bool:
    """每次会议缺席1人扣0.1分: what stands right before the amount is what is counted."""
    plain = one.kind == "bound" and len(one.tokens) == 1 and one.end == effect.start
    plain = plain and starts_with_number(one.tokens[0])
    measured = triggers.CLOCK | triggers.QUANTITATIVE | {""}
    return plain and lead.unit(one) not in measured


def _falls_short(lead: Lead, one: Phrase) -> bool:
    """不足一个扣2.5分: counted, where 不足90% would be a bound."""
    compare = one.of("COMPARE") if one.kind == "bound" else None
    counts = compare is not None and compare.text in ("不足", "少于") and len(one.tokens) == 2
    return counts and lead.unit(one) not in triggers.CLOCK | triggers.QUANTITATIVE | {""}


def _chosen(lead: Lead, steps: list[Phrase]) -> Phrase:
    """每个园区每少完成1项 counts tasks; 每个项目每次 counts projects."""
    last = steps[-1]
    if len(steps) > 1:
        unit, before = lead.unit(last), lead.unit(steps[-2])
        if unit == "occurrence" and before in SPECIFIC and last.start - steps[-2].end <= 4:
            return steps[-2]
    return last


def _beyond(lead: Lead, one: Phrase) -> Quantity | None:
    """每低于98%一个百分点: the step follows the bound that it is measured from."""
    at = lead.pending.index(one)
    after = lead.pending[at + 1] if at + 1 < len(lead.pending) else None
    if after is None or one.of("COMPARE") is None or one.of("QUANTITY") is None:
        return None
    plain = after.kind == "bound" and len(after.tokens) == 1 and after.start == one.end
    return lead.quantity(after) if plain else None


def _counted_by(lead: Lead, draft: Draft, one: Phrase) -> None:
    quantity = _beyond(lead, one) or lead.quantity(one)
    if one.kind == "short" and one.of("BEYOND") is not None:
        return  # 发生4次以上: from how many on, not for how many
    if one.kind == "short" and quantity is not None and _is_length(lead, one, quantity):
        return
    draft.counted, draft.place = True, (one.start, one.end)
    token = one.of("QUANTITY")
    draft.measure = "" if token is None else token.text.lstrip("0123456789.一二两三十")
    draft.step = _with_subject(lead, quantity, draft)
    if draft.step is not None and draft.step.unit in ("quarter", "year"):
        draft.step = Quantity(draft.step.n, "occurrence")
    change = one.of("CHANGE", "COMPARE")
    draft.change = "" if change is None else change.text
    if not draft.change and one.kind == "step":
        draft.change = _change_in(lead, one)
    draft.found = one.of("FOUND") is not None
    if draft.step is not None and draft.step.unit == "person" and MOVED.match(draft.change):
        draft.step = Quantity(draft.step.n, "rank")


def _is_length(lead: Lead, one: Phrase, quantity: Quantity) -> bool:
    """降低20%的 is a condition; 上升1个百分点加0.5分 is a step."""
    if quantity.unit not in triggers.CLOCK | triggers.QUANTITATIVE:
        return False
    if quantity.unit in triggers.CLOCK and quantity.n == 1 and _is_absence(lead, one):
        return False
    stepped = quantity.n == 1 and one is lead.pending[-1] and one.of("BEYOND") is None
    change = one.of("CHANGE")
    late = change is not None and triggers.LATE_CHANGE.match(change.text) is not None
    return not stepped or (quantity.unit in triggers.CLOCK and not late)


def _is_absence(lead: Lead, one: Phrase) -> bool:
    """漏报一天: a day that is missing, no length of delay."""
    change = one.of("CHANGE")
    return change is not None and change.text[0] in "漏缺少"


def _change_in(lead: Lead, one: Phrase) -> str:
    """每迟报, 每漏统: the change as a word of prose."""
    prose = one.of("PROSE")
    if prose is None or prose.start != one.start + 1:
        return ""
    found = re.match(
        r"少|缺|漏|未|欠|迟|晚|逾|延|超|降|低|差|多|增|后移|上升|下降|推迟|推后|拖", prose.text
    )
    return found.group() if found else ""


def _with_subject(lead: Lead, quantity: Quantity | None, draft: Draft) -> Quantity | None:
    """项目……每个: the subject says what 个 counts."""
    if quantity is None or quantity.unit != "item" or not draft.measure.startswith("个"):
        return quantity
    if re.search(r"项目(?!标|组|部|负责|资料)", draft.trigger):
        return Quantity(quantity.n, "project")
    last = lead.made.drafts[-1] if lead.made.drafts else None
    alike = last is not None and last.part == draft.part and last.measure == draft.measure
    if alike and last is not None and last.step is not None:
        return Quantity(quantity.n, last.step.unit)
    return quantity


def _bare_count(lead: Lead, draft: Draft) -> None:
    """一次扣2分, 一项任务未达序时进度的扣1分: counted without 每."""
    while lead.pending and lead.pending[-1].kind == "COMMA":
        lead.pending.pop()
    last_comma = max(
        (at for at, one in enumerate(lead.pending) if one.kind in ("COMMA", "COLON")),
        default=-1,
    )
    said = lead.pending[last_comma + 1 :]
    if len(said) > 1 and lead.text[said[0].start : said[0].end] in ("其中", "其中有", "若", "如"):
        said = said[1:]
    counts = [one for one in said if one.kind == "bound" and len(one.tokens) == 1]
    for one in reversed(counts):
        quantity = lead.quantity(one)
        if re.match(r"[^，。；的]{0,6}?[均都皆]", lead.text[one.end : one.end + 8]):
            continue  # 两项均不达标: all of them, not each
        if quantity is None or quantity.unit in triggers.CLOCK | triggers.QUANTITATIVE:
            continue
        near = draft.end and not re.search(r"的", lead.text[one.end : said[-1].end])
        if one is said[0] or near or lead.text[one.start - 1 : one.start] == "有":
            _counted_by(lead, draft, one)
            return

"""What changed between two versions of a programme, thing by thing and field by field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from tracker.domain.programme import Clause, Item, Programme, Section

Change = Literal["added", "gone", "changed"]


@dataclass(frozen=True)
class Difference:
    """`what` is programme, unit, target, period, section, item, group, clause, duty, rule, reading
    or alternative; `field` is empty for what is added or gone as a whole. Values are JSON."""

    what: str
    id: str
    change: Change
    field: str = ""
    before: Any = None
    after: Any = None
    title: str = ""

    def as_json(self) -> dict[str, Any]:
        told = {
            "what": self.what,
            "id": self.id,
            "change": self.change,
            "field": self.field,
            "before": self.before,
            "after": self.after,
            "title": self.title,
        }
        return {key: value for key, value in told.items() if value not in ("", None)}


def diff(old: Programme, new: Programme) -> list[Difference]:
    """In the order of the new document; what is gone stands where its kind is told."""
    before, after = dict(_things(old)), dict(_things(new))
    gone = [
        Difference(what, name, "gone", title=_title(thing))
        for (what, name), thing in before.items()
        if (what, name) not in after
    ]
    found: list[Difference] = []
    for (what, name), thing in after.items():
        was = before.get((what, name))
        if was is None:
            found.append(Difference(what, name, "added", title=_title(thing)))
        else:
            found.extend(_changes(what, name, was, thing))
    return found + gone


_PARTS = {
    "Programme": {"units", "targets", "periods", "sections", "readings"},
    "Section": {"items"},
    "Item": {"groups", "clauses"},
    "Clause": {"duties", "rules"},
    "Reading": {"alternatives"},
}
"""Fields that hold things with ids of their own, told as things of their own."""


def _things(programme: Programme) -> Iterator[tuple[tuple[str, str], BaseModel]]:
    yield ("programme", programme.id), programme
    for unit in programme.units:
        yield ("unit", unit.id), unit
    for target in programme.targets:
        yield ("target", target.id), target
    for period in programme.periods:
        yield ("period", period.id), period
    for section in programme.sections:
        yield from _section(section)
    for reading in programme.readings:
        yield ("reading", reading.id), reading
        for one in reading.alternatives:
            yield ("alternative", f"{reading.id}/{one.id}"), one


def _section(section: Section) -> Iterator[tuple[tuple[str, str], BaseModel]]:
    yield ("section", section.id), section
    for item in section.items:
        yield from _item(item)


def _item(item: Item) -> Iterator[tuple[tuple[str, str], BaseModel]]:
    yield ("item", item.id), item
    for group in item.groups:
        yield ("group", group.id), group
    for clause in item.clauses:
        yield from _clause(clause)


def _clause(clause: Clause) -> Iterator[tuple[tuple[str, str], BaseModel]]:
    yield ("clause", clause.id), clause
    for duty in clause.duties:
        yield ("duty", f"{clause.id}/{duty.id}"), duty
    for number, rule in enumerate(clause.rules, start=1):
        yield ("rule", f"{clause.id}#{number}"), rule


def _title(thing: BaseModel) -> str:
    for name in ("title", "name", "question", "says", "kind"):
        text = getattr(thing, name, "")
        if text:
            return str(text)
    return ""


def _changes(what: str, name: str, was: BaseModel, now: BaseModel) -> Iterator[Difference]:
    if was == now:
        return
    apart = _PARTS.get(type(now).__name__, set())
    before = was.model_dump(mode="json", by_alias=True, exclude=apart)
    after = now.model_dump(mode="json", by_alias=True, exclude=apart)
    for field in [*after, *(key for key in before if key not in after)]:
        if before.get(field) != after.get(field):
            yield Difference(
                what, name, "changed", field, before.get(field), after.get(field), _title(now)
            )


# -- in words --------------------------------------------------------------------------------------

_WHAT = {
    "programme": "方案",
    "unit": "单位",
    "target": "目标",
    "period": "时段",
    "section": "板块",
    "item": "任务",
    "group": "分值池",
    "clause": "计分句",
    "duty": "事项",
    "rule": "规则",
    "reading": "口径",
    "alternative": "口径选项",
}
_CHANGE = {"added": "新增", "gone": "删去", "changed": "修改"}
_FIELDS = {
    "points": "分值",
    "on": "日期",
    "deadline": "时限",
    "first": "起始日",
    "last": "截止日",
    "starts": "开始日",
    "title": "名称",
    "text": "条文",
    "year": "年度",
    "cap": "上限",
    "responsible_units": "责任单位",
    "lead_units": "牵头单位",
    "reviewing_units": "审核单位",
    "evidence": "考核依据",
}


def told(one: Difference, language: str = "zh") -> str:
    """One line of text: "修改 事项 20.5/list 日期：2021-08-31 → 2021-09-30"."""
    zh = language == "zh"
    what = _WHAT[one.what] if zh else one.what
    head = f"{_CHANGE[one.change] if zh else one.change} {what} {one.id}"
    if one.change != "changed":
        return f"{head} {one.title}".rstrip()
    name = _FIELDS.get(one.field, one.field) if zh else one.field
    colon = "：" if zh else ": "
    return f"{head} {name}{colon}{_short(one.before)} → {_short(one.after)}"


def _short(value: Any) -> str:
    if value is None or value == "" or value == []:
        return "—"
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return str(value)

"""What a document as a whole leaves open: tasks without a word on their loss, units side by side,
points that no clause has, sums that are wrong as printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from tracker.definitions.drafting import questions
from tracker.definitions.faults import Fault
from tracker.definitions.openpoints import Draft, OpenChoice, OpenPoint, Why
from tracker.definitions.soundness import faults, text
from tracker.domain.programme import Alternative, Programme, Reading

ASSESSED: list[dict[str, Any]] = [{"kind": "discretionary", "most": "all"}]


def silent(clauses: Sequence[str], body: Programme) -> Reading:
    rules: dict[str, Any] = {}
    for name in clauses:
        duties = [{"kind": "duty", "duty": duty.id} for duty in body.clauses[name][2].duties]
        rules[f"{name}.rules"] = [*ASSESSED, *duties]
    return Reading(
        id="no-sanction",
        clause=clauses[0],
        question="只写了分值、没有写扣分办法的条文，没有完成怎样扣？",
        default="lost",
        because="分值跟着任务写，没有完成就拿不到这部分分。",
        alternatives=(
            Alternative(id="lost", says="到期没有完成，失去该条全部分值"),
            Alternative(id="assessed", says="由考核方认定，认定以前不扣", set=rules),
        ),
    )


def joint(clauses: Sequence[str]) -> Reading:
    return Reading(
        id="joint-units",
        clause=clauses[0],
        question="一条由几个单位共同承担而没有分工，一家完成算不算完成？",
        default="all",
        because="原文把责任单位并列，没有分到条。",
        alternatives=(
            Alternative(id="all", says="都完成才算，合扣一次"),
            Alternative(id="any", says="任何一家完成就算",
                        set={f"{name}.joins": "any" for name in clauses}),
        ),
    )  # fmt: skip


def unallocated(body: Programme) -> Iterator[Reading]:
    for fault in faults(body):
        if fault.code != "clauses_below_item":
            continue
        item = fault.values["item"]
        yield Reading(
            id=f"{questions.slug(item)}-unallocated",
            clause=item,
            question=f"任务 {item} 的各条合计 {fault.values['sum']} 分，"
            f"比任务的 {fault.values['points']} 分少 {fault.values['gap']} 分，怎样算？",
            default="kept",
            because="没有条文扣它。",
            alternatives=(
                Alternative(id="kept", says="保留"),
                Alternative(id="lost", says="拿不到", set={f"{item}.unallocated": "lost"}),
                Alternative(id="scaled", says="各条按比例放大",
                            set={f"{item}.unallocated": "scaled"}),
            ),
        )  # fmt: skip


# -- what does not add up ------------------------------------------------------------------------


def sums(body: Draft) -> Iterator[OpenPoint]:
    """An open point for each sum that is wrong as printed."""
    for number, fault in enumerate(faults(body), start=1):
        made = _sum_point(fault, number, body)
        if made is not None:
            yield made


def _sum_point(fault: Fault, number: int, body: Draft) -> OpenPoint | None:
    values = fault.values
    match fault.code:
        case "sections_do_not_add_up":
            question = f"各板块合计 {values['sum']} 分，全表写 {values['points']} 分，以哪个为准？"
            sets = {"programme.points": values["sum"]}
            choices = [OpenChoice(id="sum", says=f"以合计 {values['sum']} 分为准", set=sets)]
            return _sum_of(number, "", question, choices)
        case "items_do_not_add_up":
            name = values["section"]
            question = (
                f"板块 {name} 的任务合计 {values['sum']} 分，"
                f"板块写 {values['points']} 分，以哪个为准？"
            )
            others = sum(
                (one.points or Decimal(0) for one in body.sections
                 if one.part == "base" and one.id != name),
                Decimal(0),
            )  # fmt: skip
            sets = {f"sections/{name}.points": values["sum"],
                    "programme.points": str(others + Decimal(values["sum"]))}  # fmt: skip
            choices = [OpenChoice(id="sum", says=f"以合计 {values['sum']} 分为准", set=sets)]
            choices += _as_stated(name, values, body)
            return _sum_of(number, "", question, choices)
        case "clauses_above_item":
            name = values["item"]
            item = next(item for _, item in body.items() if item.id == name)
            question = (
                f"任务 {name} 的各条合计 {values['sum']} 分，任务写 {values['points']} 分，怎样算？"
            )
            none = {f"{clause.id}.points": None for clause in item.clauses}
            choices = [OpenChoice(id="shared", says="各条共用任务的分值，不各自计分", set=none)]
            return _sum_of(number, name, question, choices)
        case "item_without_points":
            question = f"任务 {values['item']} 没有分值，是几分？"
            zero = {f"items/{values['item']}.points": "0"}
            choices = [OpenChoice(id="none", says="没有分值", set=zero)]
            return _sum_of(number, values["item"], question, choices, why="points")
        case _:
            return None


_MOST_ITEMS = 8


def _as_stated(section: str, values: Mapping[str, str], body: Draft) -> Iterator[OpenChoice]:
    """The section's points as stated: one of its items is worth so much more or less. None of an
    item whose points are divided among clauses."""
    gap = Decimal(values["points"]) - Decimal(values["sum"])
    items = next(one.items for one in body.sections if one.id == section)
    for item in items if len(items) <= _MOST_ITEMS else ():
        worth = (item.points or Decimal(0)) + gap
        whole = [one for one in item.clauses if one.points is not None]
        if worth <= 0 or (whole and len(item.clauses) > 1):
            continue
        sets = {f"items/{item.id}.points": text(worth)}
        sets |= {f"{one.id}.points": text(worth) for one in whole}
        says = f"以板块写的 {values['points']} 分为准，任务 {item.id} 改为 {text(worth)} 分"
        yield OpenChoice(id=f"item-{questions.slug(item.id)}", says=says, set=sets)


def _sum_of(
    number: int, clause: str, question: str, choices: Sequence[OpenChoice], why: Why = "sum"
) -> OpenPoint:
    name = f"{why}-{questions.slug(clause)}-{number}" if clause else f"{why}-{number}"
    return OpenPoint(id=name, why=why, clause=clause, question=question, choices=tuple(choices))

"""What a clause leaves open becomes readings that can be computed, asked once where alike."""

from __future__ import annotations

import re
from typing import Any

import pytest

from schedules.workdays import china
from tests.definitions.drafting.reading import Text, clause, document, item
from tracker.definitions import yamlform
from tracker.definitions.clauses import ReadClause, read_clause
from tracker.definitions.drafting import draft
from tracker.definitions.drafting.prices import of_reading
from tracker.definitions.openpoints import Draft, settled
from tracker.domain.programme import Reading
from tracker.domain.readings import applied

STEPS = ("满一个步长才扣一次，不足的不计", "不足一个步长按一个步长计", "按比例折算")


def asked(*readings: ReadClause) -> tuple[Reading, ...]:
    """Of one item per clause; the document loads."""
    rows = [item(str(n), clause(str(n), one, "5")) for n, one in enumerate(readings, start=1)]
    made = draft(document(*rows), programme="list")
    return yamlform.loads(yamlform.dump(made), "draft.yaml").readings


def drafted_of(reading: ReadClause) -> Draft:
    return draft(document(item("1", clause("1", reading, "5"))), programme="list")


def settings(reading: Reading) -> list[dict[str, Any]]:
    return [dict(one.set) for one in reading.alternatives]


def test_what_remains_of_a_step_is_counted_or_not_or_in_proportion() -> None:
    text = Text("全部建成，完成率每低2%扣0.1分。")
    rule = text.rule("per_step", "完成率每低2%扣0.1分", deduct="0.1", step="2 percent")
    question = text.asks("每低2%", *STEPS)
    (found,) = asked(text.read(rule, question))
    assert settings(found) == [
        {"1#1.steps": "completed"}, {"1#1.steps": "started"}, {"1#1.steps": "pro_rata"},
    ]  # fmt: skip


def test_a_delay_in_proportion_cannot_be_computed_and_is_not_offered() -> None:
    text = Text("逾期每12小时扣0.1分。")
    rule = text.rule("lateness", text.text, deduct="0.1", step="12 hour")
    question = text.asks("每12小时", *STEPS)
    (found,) = asked(text.read(rule, question))
    assert settings(found) == [{"1#1.steps": "completed"}, {"1#1.steps": "started"}]


def test_a_task_without_a_word_on_its_loss_may_be_lost_whole_or_in_part() -> None:
    text = Text("建立共享平台，得5分。")
    rule = text.rule("all_or_nothing", "得5分", award="5")
    question = text.asks("得5分", "未完成的全扣", "按完成比例得分", "由审核单位酌情计分")
    (found,) = asked(text.read(rule, question))
    kinds = [[rule["kind"] for rule in one["1.rules"]] for one in settings(found)]
    assert kinds == [["all_or_nothing"], ["ratio", "duty"], ["discretionary", "duty"]]


def test_places_may_be_charged_from_either_end() -> None:
    text = Text("排名后2名的依次扣1-2分。")
    rule = text.rule("rank", text.text, deduct="1-2")
    question = text.asks("依次", "名次越靠后扣得越多", "名次越靠前扣得越多")
    (found,) = asked(text.read(rule, question))
    assert settings(found) == [
        {"1#1.places": {"1": "2", "2": "1"}}, {"1#1.places": {"1": "1", "2": "2"}},
    ]  # fmt: skip


def test_the_whole_may_take_the_place_of_its_stages() -> None:
    text = Text("阶段要求未完成一项扣0.5分，整体工作未按时完成扣2分。")
    stage = text.rule("per_incident", "未完成一项扣0.5分", deduct="0.5", step="1 item")
    whole = text.rule("lateness", "整体工作未按时完成扣2分", deduct="2")
    question = text.asks("整体工作", "与分项扣分合并计", "取两者中较大的")
    (found,) = asked(text.read(stage, whole, question))
    assert settings(found) == [{"1#2.absorbs": []}, {"1#2.absorbs": ["1#1"]}]


def test_the_same_question_of_three_clauses_is_asked_once_for_all() -> None:
    def one(words: str) -> ReadClause:
        text = Text(words)
        rule = text.rule("discretionary", words)
        return text.read(rule, text.asks("酌情", "以本条全部分值为限", "以本项全部分值为限"))

    (found,) = asked(one("甲项酌情扣分。"), one("乙项酌情扣分。"), one("丙项酌情扣分。"))
    assert found.question.endswith("（3 条：1、2、3）")
    assert settings(found)[1] == {"1#1.most": "item", "2#1.most": "item", "3#1.most": "item"}


def test_two_clauses_are_asked_each_for_itself() -> None:
    def one(words: str) -> ReadClause:
        text = Text(words)
        rule = text.rule("discretionary", words)
        return text.read(rule, text.asks("酌情", "以本条全部分值为限", "以本项全部分值为限"))

    assert [found.id for found in asked(one("甲项酌情扣分。"), one("乙项酌情扣分。"))] == [
        "1-q1", "2-q1",
    ]  # fmt: skip


def test_where_nothing_but_what_is_drafted_computes_a_person_decides_within_the_points() -> None:
    text = Text("甲、乙分别提高2%、3%，没达到扣1分。")
    rule = text.rule("threshold", "没达到扣1分", deduct="1")
    question = text.asks("分别", "按文中所列对象的先后对应", "各对象都适用两个数")
    (found,) = asked(text.read(rule, question))
    assert [one.id for one in found.alternatives] == ["r1", "assessed"]
    assert settings(found) == [
        {},
        {
            "1.rules": [
                {"kind": "discretionary", "most": "all", "gain": False},
                {"kind": "duty", "duty": "done"},
            ]
        },
    ]
    costs = of_reading(drafted_of(text.read(rule, question)), found, china())
    assert [one.most for one in costs] == [10_000, 50_000]


# What each alternative loses by one breach: 9 things wanted of which the day after brings the last,
# a value a step and a half off, a case a block and a half late.
PRICES = [
    ("全部建成，完成率每低2%扣0.1分。",
     lambda t: (t.rule("per_step", "完成率每低2%扣0.1分", deduct="0.1", step="2 percent"),
                t.asks("每低2%", *STEPS)),
     ["0.1", "0.2", "0.15"]),
    ("接件后24小时内办结，每延后6小时扣0.1分。",
     lambda t: (t.rule("lateness", "每延后6小时扣0.1分", deduct="0.1", step="6 hour"),
                t.lasts("24小时", "24 hour"),
                t.asks("每延后6小时", *STEPS[:2])),
     ["0.1", "0.2"]),
    ("6月底前完成80%，每少1个扣0.5分。",
     lambda t: (t.rule("per_missing", "每少1个扣0.5分", deduct="0.5", step="1 item"),
                t.due("6月底前", "2024-06-30"), t.part("80%", "2024-06-30", "0.8"),
                t.asks("80%", "应完成数有小数时进一", "应完成数有小数时舍去")),
     ["0.5", "0"]),
    ("视情扣分。",
     lambda t: (t.rule("discretionary", "视情扣分"),
                t.asks("视情", "以本条全部分值为限", "以本项全部分值为限")),
     ["0 5", "0 5"]),
]  # fmt: skip


@pytest.mark.parametrize(("words", "parts", "wanted"), PRICES, ids=[case[0] for case in PRICES])
def test_an_alternative_is_priced_by_the_worst_of_one_breach(
    words: str, parts: Any, wanted: list[str]
) -> None:
    text = Text(words)
    row = item("1", clause("1", text.read(*parts(text)), "5"))
    made = draft(document(row), programme="list")
    (reading,) = made.readings
    found = [(one.lost or 0, one.most or 0) for one in of_reading(made, reading, china())]
    told = [[f"{one / 10_000:g}" for one in dict.fromkeys(pair)] for pair in found]
    assert [" ".join(pair) for pair in told] == wanted


def test_a_rate_without_a_stated_goal_asks_what_it_is_measured_from() -> None:
    text = Text("建档率每低1个百分点扣0.1分。")
    rule = text.rule("per_step", text.text, deduct="0.1", step="1 percentage_point")
    (found,) = asked(text.read(rule))
    assert settings(found) == [{"1#1.against": "100"}, {"1#1.against": "target:c1_1_target"}]


def test_what_is_not_to_be_added_twice_is_asked_in_words_of_gain() -> None:
    text = "被省级推广的加1分，被国家级推广的加2分，同一经验不重复加分。"
    (found, inside) = asked(read_clause(text, year=2024))
    assert inside.id == "1-inside1"
    assert all("扣" not in one.says for one in found.alternatives)


# The words of a clause, whether it stands in the bonus part, the kind of question, and what each
# answer loses (-) or wins (+) by the facts beside it.
OPEN = [
    ("指数每恶化1个百分点扣0.2分，恶化幅度超过10%的，扣4分。", "", "instead"),
    ("发现一起垃圾越界倾倒的扣2分，跨省倾倒的扣4分。", "", "instead"),
    ("申报示范镇，加1分，获得命名，加2分。", "B", "instead"),
    ("录入不少于60件，每少20件扣0.1分，每多20件加0.1分，最多加0.3分。", "", "inside"),
    ("被通报一起扣1分，整改受到表扬的减半扣分。", "", "which"),
    ("各村未全面建立台账的，不足一个扣2分，扣完为止。", "", "once"),
    ("被省级推广的，每项加1分；同一经验只加一次。", "B", "once"),
    ("浓度低于目标值得5分，高于目标值不得分。", "", "equal"),
    ("比重同比增长5个百分点以内的，每增加1个点加0.5分，"
     "超出5个百分点的，每增加1个百分点加1分。", "B", "segments"),
    ("8月底前，建立台账；12月31日前，完成整治，每少完成1座扣0.1分。", "", "stage"),
    ("推迟30天扣50%分数，推迟1-30天按比例扣分，推迟30天以上扣80%分数。", "", "q"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "part", "about"), OPEN, ids=[case[0] for case in OPEN])
def test_what_the_words_leave_open_is_asked_and_every_answer_computes(
    words: str, part: str, about: str
) -> None:
    reading = read_clause(words, year=2024)
    rows = [item("1", clause("1", read_clause("未演练的扣5分。", year=2024), "5"))]
    whole = {"s1": "5", "s2": ""} if part else {"s1": "10"}
    name = "B.1" if part else "2"
    rows.append(item(name, clause(name, reading, "" if part else "5"), section="2" if part else "1",
                     points="" if part else "5"))  # fmt: skip
    made = draft(document(*rows, **whole), programme="list")
    yamlform.loads(yamlform.dump(made), "draft.yaml")
    (found,) = [one for one in made.readings if re.search(rf"-{about}\d$", one.id)]
    costs = [(one.lost, one.most) for one in of_reading(made, found, china())]
    assert len(costs) == (3 if about == "stage" else 2)
    assert None not in [cost for pair in costs for cost in pair]
    programme = settled(made)
    for one in found.alternatives:
        assert applied(programme, {found.id: one.id}).clauses[name][2].rules


def test_a_clause_as_a_whole_is_chosen_before_what_another_reading_says_of_a_rule() -> None:
    words = "指数每恶化2个百分点扣0.2分，恶化幅度超过10%的，扣4分。"
    made = drafted_of(read_clause(words, year=2024))
    assert {one.id for one in made.readings} == {"1-q1", "1-instead1"}
    read = applied(settled(made), {"1-q1": "r2", "1-instead1": "r2"})
    assert [rule.kind for rule in read.clauses["1"][2].rules] == [
        "per_step", "threshold", "duty", "exemption",
    ]  # fmt: skip
    assert read.clauses["1"][2].rules[0].model_dump()["steps"] == "started"


def test_two_questions_never_write_the_rules_of_one_clause() -> None:
    words = "申报示范镇，加1分，获得命名，加2分。申报示范村，加0.5分，获得命名，加1分。"
    rows = [item("B.1", clause("B.1", read_clause(words, year=2024)), points="", section="2")]
    base = item("1", clause("1", read_clause("未演练的扣5分。", year=2024), "5"))
    made = draft(document(base, *rows, s1="5", s2=""), programme="list")
    anew = [one.id for one in made.readings for a in one.alternatives if "B.1.rules" in a.set]
    assert anew == ["b-1-instead1"]

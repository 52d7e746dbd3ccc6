"""What a clause leaves open becomes readings that can be computed, asked once where alike."""

from __future__ import annotations

from typing import Any

import pytest

from schedules.workdays import china
from tests.definitions.drafting.reading import Text, clause, document, item
from tracker.definitions import yamlform
from tracker.definitions.clauses import ReadClause, read_clause
from tracker.definitions.drafting import draft
from tracker.definitions.drafting.prices import of_reading
from tracker.domain.programme import Reading

STEPS = ("满一个步长才扣一次，不足的不计", "不足一个步长按一个步长计", "按比例折算")


def asked(*readings: ReadClause) -> tuple[Reading, ...]:
    """Of one item per clause; the document loads."""
    rows = [item(str(n), clause(str(n), one, "5")) for n, one in enumerate(readings, start=1)]
    made = draft(document(*rows), programme="list")
    return yamlform.loads(yamlform.dump(made), "draft.yaml").readings


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


def test_an_alternative_that_nobody_can_compute_sets_nothing() -> None:
    text = Text("甲、乙分别提高2%、3%，没达到扣1分。")
    rule = text.rule("threshold", "没达到扣1分", deduct="1")
    question = text.asks("分别", "按文中所列对象的先后对应", "各对象都适用两个数")
    (found,) = asked(text.read(rule, question))
    assert settings(found) == [{}, {}]


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
    (found,) = asked(read_clause(text, year=2024))
    assert all("扣" not in one.says for one in found.alternatives)

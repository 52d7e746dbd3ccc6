"""From a document as read to a draft: sound but for what a person has to settle."""

from __future__ import annotations

from datetime import date

import pytest

from tests.definitions.drafting.reading import Text, clause, document, item
from tracker.definitions import yamlform
from tracker.definitions.clauses import ReadClause, read_clause
from tracker.definitions.documents import Dirt, ReadDocument, ReadTarget, Unread
from tracker.definitions.drafting.drafts import draft
from tracker.definitions.openpoints import Draft, settle
from tracker.domain.errors import DefinitionError
from tracker.domain.programme import Programme


def drafted(read: ReadDocument) -> Draft:
    return draft(read, programme="list-2024")


def loaded(made: Draft, **chosen: str) -> Programme:
    """The programme once every point has its first choice, or the one given."""
    answers = {point.id: point.choices[0].id for point in made.open_points}
    text = yamlform.dump(settle(made, answers | chosen))
    return yamlform.loads(text, "draft.yaml")


def plan(words: str = "编制方案，未编制的扣1分。") -> ReadClause:
    text = Text(words)
    return text.read(text.rule("all_or_nothing", "未编制的扣1分", deduct="1"))


def test_a_clean_list_is_a_sound_programme_with_nothing_open() -> None:
    made = drafted(document(item("1", clause("1", plan(), "5"))))
    assert made.open_points == ()
    programme = loaded(made)
    (duty,) = programme.clauses["1"][2].duties
    assert duty.model_dump()["on"] == date(2024, 12, 31)


def test_units_are_named_once_and_keep_their_ids() -> None:
    rows = (
        item("1", clause("1", plan()), units=("甲局", "乙局")),
        item("2", clause("2", plan()), units=("乙局", "各乡镇")),
    )
    made = drafted(document(*rows))
    assert [(unit.id, unit.name, unit.kind) for unit in made.units] == [
        ("u1", "甲局", "unit"), ("u2", "乙局", "unit"), ("u3", "市级部门", "unit"),
        ("u4", "各乡镇", "group"),
    ]  # fmt: skip
    again = draft(document(*rows), programme="list-2024", known_units={"乙局": "housing"})
    assert {unit.name: unit.id for unit in again.units}["乙局"] == "housing"


def test_rows_of_one_item_with_points_of_their_own_add_up() -> None:
    rows = (
        item("1", clause("1.1", plan(), "2"), points="2", units=("甲局",)),
        item("1", clause("1.2", plan(), "3"), points="3", units=("乙局",)),
    )
    (_, one), *rest = loaded(drafted(document(*rows, s1="5"))).items()
    assert rest == []
    assert (str(one.points), len(one.clauses), len(one.responsible_units)) == ("5", 2, 2)
    assert [len(body.responsible_units or ()) for body in one.clauses] == [1, 1]


def test_rows_of_one_item_may_share_its_points() -> None:
    rows = (
        item("1", clause("1.1", plan(), "2"), points="5"),
        item("1", clause("1.2", plan(), "3"), points="5", own_points=False, units=("乙局",)),
    )
    (_, one), *_ = loaded(drafted(document(*rows, s1="5"))).items()
    assert str(one.points) == "5"


def test_text_that_was_not_read_blocks_until_somebody_says_how_it_counts() -> None:
    text = Text("编制方案，未编制的扣1分，另按有关规定核减。")
    rule = text.rule("all_or_nothing", "未编制的扣1分", deduct="1")
    made = drafted(document(item("1", clause("1", text.read(rule, text.left("另按有关规定核减"))))))
    (point,) = made.open_points
    assert (point.why, point.clause, point.place) == ("unread", "1", "table 1 row 2 cell 4")
    with pytest.raises(DefinitionError, match="尚未确定"):
        yamlform.loads(yamlform.dump(made), "draft.yaml")
    assert [rule.kind for rule in loaded(made).clauses["1"][2].rules] == ["all_or_nothing"]
    assessed = loaded(made, **{point.id: "assessed"})
    assert [rule.kind for rule in assessed.clauses["1"][2].rules] == ["discretionary", "duty"]
    tracked = loaded(made, **{point.id: "tracked"})
    assert [rule.kind for rule in tracked.clauses["1"][2].rules] == ["duty"]


def test_dirt_stands_as_printed_and_is_asked_about() -> None:
    read = document(item("1", clause("1", plan())))
    slip = Dirt("bracket", "table 1 row 2 cell 4", "（一", "括号没有闭合", "请核对原文")
    stray = Unread("paragraph 9", "以上事项以本年度事实为准。")
    made = drafted(ReadDocument(**{**vars(read), "dirt": (slip,), "unread": (stray,)}))
    assert [(point.why, point.place) for point in made.open_points] == [
        ("dirt", "table 1 row 2 cell 4"), ("cell", "paragraph 9"),
    ]  # fmt: skip
    loaded(made)


def test_sums_that_do_not_add_up_are_asked_about_and_can_be_settled() -> None:
    rows = (item("1", clause("1", plan()), points="2"), item("2", clause("2", plan()), points="2"))
    made = drafted(document(*rows, points="5", s1="5"))
    assert [point.why for point in made.open_points] == ["sum"]
    programme = loaded(made)
    assert (str(programme.points), str(programme.sections[0].points)) == ("4", "4")


def test_clauses_worth_more_than_their_item_are_asked_about() -> None:
    row = item("1", clause("1.1", plan(), "2"), clause("1.2", plan(), "2"), points="3")
    made = drafted(document(row))
    assert [point.why for point in made.open_points] == ["sum"]
    assert [body.points for body in loaded(made).sections[0].items[0].clauses] == [None, None]


def test_points_that_no_clause_carries_are_a_reading_and_no_error() -> None:
    made = drafted(document(item("1", clause("1.1", plan(), "2"), points="3")))
    assert made.open_points == ()
    assert [reading.id for reading in loaded(made).readings] == ["1-unallocated"]


def test_a_task_with_points_and_no_sanction_is_lost_whole_and_asked_about() -> None:
    text = Text("加强队伍建设。")
    programme = loaded(drafted(document(item("1", clause("1", text.read(), "5")))))
    assert [rule.kind for rule in programme.clauses["1"][2].rules] == ["all_or_nothing"]
    (reading,) = programme.readings
    assert (reading.id, [one.id for one in reading.alternatives]) == (
        "no-sanction", ["lost", "assessed"],
    )  # fmt: skip


def test_several_units_without_division_are_one_reading_for_the_whole_list() -> None:
    rows = tuple(item(n, clause(n, plan()), units=("甲局", "乙局")) for n in ("1", "2"))
    (reading,) = loaded(drafted(document(*rows))).readings
    assert dict(reading.alternatives[1].set) == {"1.joins": "any", "2.joins": "any"}


def test_a_place_with_two_readings_computes_both() -> None:
    text = Text("逾期每12小时扣0.1分。")
    rule = text.rule("lateness", text.text, deduct="0.1", step="12 hour")
    asked = text.asks("每12小时", "满12小时才扣", "不满12小时也算")
    programme = loaded(drafted(document(item("1", clause("1", text.read(rule, asked))))))
    (reading,) = programme.readings
    assert [dict(one.set) for one in reading.alternatives] == [
        {"1#1.steps": "completed"}, {"1#1.steps": "started"},
    ]  # fmt: skip


def test_a_reading_about_rules_that_were_replaced_goes_with_them() -> None:
    text = Text("逾期每12小时扣0.1分，另行核减。")
    rule = text.rule("lateness", "逾期每12小时扣0.1分", deduct="0.1", step="12 hour")
    asked = text.asks("每12小时", "满12小时才扣", "不满12小时也算")
    reading = text.read(rule, asked, text.left("另行核减"))
    made = drafted(document(item("1", clause("1", reading))))
    assert loaded(made, **{made.open_points[0].id: "assessed"}).readings == ()


def test_bonus_and_penalty_stand_beside_the_points() -> None:
    text = Text("获得表彰的加1分。")
    won = text.read(text.rule("bonus", text.text, award="1"))
    lost = Text("被通报的，每次扣1分。")
    told = lost.read(lost.rule("per_incident", lost.text, deduct="1", step="1 occurrence"))
    rows = (
        item("1", clause("1", plan())),
        item("B", clause("B.1", won), section="2", points="", units=()),
        item("P", clause("P.1", told), section="3", points="", units=()),
    )
    programme = loaded(drafted(document(*rows, s1="5", s2="", s3="")))
    assert [section.part for section in programme.sections] == ["base", "bonus", "penalty"]


def test_an_item_that_names_no_unit_is_asked_about() -> None:
    made = drafted(document(item("1", clause("1", plan()), units=())))
    assert [point.why for point in made.open_points] == ["unit"]
    assert [unit.kind for unit in loaded(made).units] == ["group", "unit"]


def test_the_numbers_of_the_tables_at_the_end_are_targets() -> None:
    read = document(item("1", clause("1", plan())))
    table = ReadTarget("附表1", "某县", "火点", "2", "个", "table 2 row 2")
    made = drafted(ReadDocument(**{**vars(read), "targets": (table,)}))
    assert [(t.name, str(t.value), t.source, t.subject) for t in loaded(made).targets] == [
        ("火点", "2", "附表1", "某县"),
    ]  # fmt: skip


def test_a_number_printed_twice_is_renumbered_and_asked_about() -> None:
    made = drafted(document(item("1", clause("1.1", plan(), "2"), clause("1.1", plan(), "3"))))
    assert [point.why for point in made.open_points] == ["cell"]
    assert list(loaded(made).clauses) == ["1.1", "1.1-2"]


def test_drafting_twice_gives_the_same_document() -> None:
    read = document(item("1", clause("1", plan())), item("2", clause("2", plan())))
    assert yamlform.dump(drafted(read)) == yamlform.dump(drafted(read))


def test_a_sanction_for_each_of_the_works_above_is_charged_where_the_work_stands() -> None:
    first, second = (
        Text("建立值班制度；"),
        Text("配齐设备；上述工作未按要求完成的，每一项扣0.2分。"),
    )
    rule = second.rule("per_missing", "上述工作未按要求完成的，每一项扣0.2分", deduct="0.2",
                       step="1 item")  # fmt: skip
    row = item("1", clause("1.1", first.read()), clause("1.2", second.read(rule)), points="2")
    programme = loaded(drafted(document(row)))
    told = [
        (body.id, [rule.kind for rule in body.rules], body.duties[0].title)
        for body in programme.sections[0].items[0].clauses
    ]
    assert told == [
        ("1.1", ["all_or_nothing"], "建立值班制度"), ("1.2", ["all_or_nothing"], "配齐设备"),
    ]  # fmt: skip


def test_an_award_in_the_bonus_part_is_won_and_never_lost() -> None:
    text = Text("建立考核体系，得2.5分。")
    won = text.read(text.rule("all_or_nothing", "得2.5分", award="2.5"))
    rows = (
        item("1", clause("1", plan())),
        item("B", clause("B.1", won), section="2", points="", units=()),
    )
    (rule,) = loaded(drafted(document(*rows, s1="5", s2=""))).clauses["B.1"][2].rules
    assert rule.model_dump(include={"kind", "award"}) == {"kind": "bonus", "award": "2.5"}


def test_an_accident_that_is_charged_is_no_duty() -> None:
    reading = read_clause("出现失火每起扣2分。", year=2024)
    made = draft(document(item("1", clause("1", reading, "5"), deadline="")), programme="list")
    (only,) = made.sections[0].items[0].clauses
    assert (only.duties, [rule.kind for rule in only.rules]) == ((), ["per_incident"])

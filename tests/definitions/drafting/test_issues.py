"""The next issue of the same table: told as differences, accepted one by one."""

from __future__ import annotations

import pytest

from tests.definitions.drafting.reading import Text, clause, document, item
from tracker.definitions import yamlform
from tracker.definitions.clauses import ReadClause, read_clause
from tracker.definitions.documents import PlacedClause, ReadDocument, ReadItem
from tracker.definitions.drafting.drafts import draft
from tracker.definitions.drafting.issues import Compared, compare
from tracker.definitions.drafting.merging import merged
from tracker.definitions.openpoints import Draft
from tracker.domain.errors import DefinitionError, NotFound
from tracker.domain.programme import Programme
from tracker.domain.scopes import NAMING, texts

PLAN = "编制年度巡查方案，未编制方案的扣1分。"
PONDS = "完成病险水塘整治，每少完成1座扣0.5分。"
DRILL = "组织防汛应急演练，未组织演练的扣2分。"


def plan(words: str = PLAN) -> ReadClause:
    text = Text(words)
    piece = words.split("，")[-1].rstrip("。")
    return text.read(text.rule("all_or_nothing", piece, deduct=piece[-2]))


def ponds(words: str = PONDS, each: str = "0.5") -> ReadClause:
    text = Text(words)
    return text.read(text.rule("per_missing", f"每少完成1座扣{each}分", deduct=each, step="1 item"))


def issue(*items: ReadItem, programme: str = "list", **rest: str) -> Draft:
    return draft(document(*items, **rest), programme=programme)


def one(id_: str, reading: ReadClause, **rest: object) -> ReadItem:
    made: PlacedClause = clause(id_, reading, "5")
    return item(id_, made, **{"title": reading.text[:6], **rest})  # type: ignore[arg-type]


def first() -> Programme:
    text = yamlform.dump(issue(one("1", plan()), one("2", ponds())))
    return yamlform.loads(text, "old.yaml")


def told(compared: Compared) -> list[str]:
    return [one.id for one in compared.revisions]


def taken(new: Draft, *accepted: str) -> Programme:
    old = first()
    found = compare(old, new)
    text = yamlform.dump(merged(old, new, found, accepted))
    return yamlform.loads(text, "merged.yaml")


def test_the_same_table_again_has_no_differences() -> None:
    assert told(compare(first(), issue(one("1", plan()), one("2", ponds())))) == []


def test_a_text_with_other_width_and_blanks_is_the_same_text() -> None:
    words = PLAN.replace("，", ",").replace("1", " １ ")
    new = issue(one("1", plan().__class__(words, plan().rules)), one("2", ponds()))
    assert told(compare(first(), new)) == []


def test_an_item_that_came_in_between_renumbers_the_next_which_is_recognised_by_its_text() -> None:
    new = issue(one("1", plan()), one("2", plan(DRILL)), one("3", ponds()))
    found = compare(first(), new)
    assert told(found) == ["programme:list:points", "section:1:points", "item:2:added",
                           "item:3:renumbered"]  # fmt: skip
    assert found.items == {"1": "1", "3": "2"}
    programme = taken(new, *told(found))
    assert list(programme.clauses) == ["1", "2", "3"]
    kept, brought = programme.clauses["3"][2], programme.clauses["2"][2]
    assert kept.duties[0].model_dump()["need"]["of"] == "c2_1_target"
    assert brought.rules[0].kind == "all_or_nothing"


def test_what_was_recorded_under_an_old_number_never_counts_for_the_item_that_took_it() -> None:
    other = Text("完成渠道清淤，每少完成1座扣0.3分。")
    canals = other.read(
        other.rule("per_missing", "每少完成1座扣0.3分", deduct="0.3", step="1 item")
    )
    new = issue(one("1", plan()), one("2", canals), one("3", ponds()))
    programme = taken(new, *told(compare(first(), new)))
    of = [programme.clauses[name][2].duties[0].model_dump()["need"]["of"] for name in ("2", "3")]
    assert of == ["c2_1_target_2024b", "c2_1_target"]
    assert {target.id for target in programme.targets} == set(of)


def test_an_item_that_is_gone_leaves_with_its_clauses() -> None:
    new = issue(one("1", plan()))
    found = compare(first(), new)
    assert "item:2:gone" in told(found)
    assert list(taken(new, *told(found)).clauses) == ["1"]


def related() -> Programme:
    """A list whose first clause names the second in every way that there is."""
    body = first().model_dump(mode="json", by_alias=True)
    (section,) = body["sections"]
    clause = section["items"][0]["clauses"][0]
    clause["rules"] += [
        {"kind": "ratio", "finding": "found", "among": "looked", "excluding": ["1#1", "2#1"]},
        {"kind": "no_double", "rules": ["1#1", "2#1"], "besides": ["2#1"], "only": ["2", "1#1"]},
        {"kind": "exemption", "rules": ["1#1"], "when": {"charged": "2#1"}},
    ]
    body["readings"].append({
        "id": "both", "clause": "1", "question": "?", "default": "both", "alternatives": [
            {"id": "both", "says": "both", "set": {}},
            {"id": "one", "says": "one", "set": {"1#2.excluding": ["2#1"]}},
        ],
    })  # fmt: skip
    return Programme.model_validate(body)


def test_what_names_an_item_follows_its_new_number_in_rules_and_readings() -> None:
    old = related()
    new = issue(one("1", plan()), one("2", plan(DRILL)), one("3", ponds()))
    found = compare(old, new)
    body = merged(old, new, found, told(found)).model_dump(mode="json", by_alias=True)
    assert "2#1" not in set(texts(body["sections"], NAMING))
    (reading,) = [reading for reading in body["readings"] if reading["id"] == "both"]
    assert reading["alternatives"][1]["set"] == {"1#2.excluding": ["3#1"]}


def test_no_rule_and_no_reading_names_an_item_that_is_gone() -> None:
    old = related()
    new = issue(one("1", plan()))
    found = compare(old, new)
    body = merged(old, new, found, told(found)).model_dump(mode="json", by_alias=True)
    (item_,) = body["sections"][0]["items"]
    _, ratio, once, _ = item_["clauses"][0]["rules"]
    assert ratio["excluding"] == ["1#1"]
    assert (once["rules"], once["besides"], once["only"]) == (["1#1"], [], ["1#1"])
    (reading,) = [reading for reading in body["readings"] if reading["id"] == "both"]
    assert reading["alternatives"][1]["set"] == {"1#2.excluding": []}


def test_a_relation_to_nothing_but_an_item_that_is_gone_is_left_to_the_check() -> None:
    """Without names it would be one of the whole of its own item."""
    body = related().model_dump(mode="json", by_alias=True)
    rules = body["sections"][0]["items"][0]["clauses"][0]["rules"]
    rules[2] = {"kind": "exemption", "rules": ["2#1"], "when": {"charged": "1#1"}}
    old, new = Programme.model_validate(body), issue(one("1", plan()))
    found = compare(old, new)
    left = merged(old, new, found, told(found)).model_dump(mode="json", by_alias=True)
    assert left["sections"][0]["items"][0]["clauses"][0]["rules"][2]["rules"] == ["2#1"]
    with pytest.raises(DefinitionError, match="2#1"):
        yamlform.loads(yamlform.dump(merged(old, new, found, told(found))), "merged.yaml")


def test_a_moved_deadline_moves_the_days_that_stood_on_it() -> None:
    new = issue(one("1", plan(), deadline="2024-10-31"), one("2", ponds()))
    assert told(compare(first(), new)) == ["item:1:deadline"]
    duty = taken(new, "item:1:deadline").clauses["1"][2].duties[0]
    assert str(duty.model_dump()["on"]) == "2024-10-31"


def test_other_units_are_told_by_name_and_come_in_with_the_difference() -> None:
    new = issue(one("1", plan(), units=("丙局",)), one("2", ponds()))
    old = first()
    known = {unit.name: unit.id for unit in old.units}
    new = draft(
        document(one("1", plan(), units=("丙局",)), one("2", ponds())),
        programme="list", known_units=known,
    )  # fmt: skip
    (found,) = compare(old, new).revisions
    assert (found.id, found.before, found.after) == (
        "item:1:responsible_units", ["甲局"], ["丙局"],
    )  # fmt: skip
    programme = taken(new, found.id)
    named = programme.clauses["1"][1].responsible_units
    assert [programme.unit_names[unit] for unit in named] == ["丙局"]


def test_what_is_not_accepted_stays_as_it_was() -> None:
    new = issue(one("1", plan(), deadline="2024-10-31"), one("2", ponds(), title="新名称"))
    programme = taken(new, "item:2:title")
    assert programme.clauses["2"][1].title == "新名称"
    assert str(programme.clauses["1"][1].deadline) == "2024-12-31"


def test_a_difference_that_is_none_cannot_be_accepted() -> None:
    with pytest.raises(NotFound, match="item:9:added"):
        taken(issue(one("1", plan()), one("2", ponds())), "item:9:added")


def test_the_next_year_moves_every_day_by_a_year() -> None:
    rows = (one("1", plan(), deadline="2025-12-31"), one("2", ponds(), deadline="2025-12-31"))
    read = document(*rows)
    new = draft(ReadDocument(**{**vars(read), "year": 2025}), programme="list")
    found = compare(first(), new)
    assert told(found) == ["programme:list:year"]
    programme = taken(new, *told(found))
    days = {
        str(duty.model_dump()["on"]) for _, _, c in programme.clauses.values() for duty in c.duties
    }
    assert (programme.year, days) == (2025, {"2025-12-31"})


def test_without_the_renumbering_the_old_item_keeps_its_number_and_the_new_one_gets_another() -> (
    None
):
    new = issue(one("1", plan()), one("2", plan(DRILL)), one("3", ponds()))
    accepted = [name for name in told(compare(first(), new)) if name != "item:3:renumbered"]
    programme = taken(new, *accepted)
    assert {name: body.text for name, (_, _, body) in programme.clauses.items()} == {
        "1": PLAN, "2": PONDS, "2-2": DRILL,
    }  # fmt: skip


def test_a_question_asked_of_many_is_asked_of_a_new_clause_too() -> None:
    def review(words: str) -> ReadClause:
        text = Text(words)
        rule = text.rule("discretionary", words)
        return text.read(rule, text.asks("酌情", "以本条全部分值为限", "以本项全部分值为限"))

    words = ("会议记录酌情扣分。", "档案整理酌情扣分。", "宣传报道酌情扣分。", "队伍建设酌情扣分。")
    rows = [one(str(n), review(text)) for n, text in enumerate(words, start=1)]
    old = yamlform.loads(yamlform.dump(issue(*rows[:3])), "old.yaml")
    new = issue(*rows)
    found = compare(old, new)
    text = yamlform.dump(merged(old, new, found, told(found)))
    (reading,) = yamlform.loads(text, "merged.yaml").readings
    assert list(reading.alternatives[1].set) == [f"{n}#1.most" for n in range(1, 5)]


def worth(id_: str, reading: ReadClause, points: str, **rest: str) -> ReadItem:
    return item(id_, clause(id_, reading, points), points=points, title=reading.text[:6], **rest)


def test_points_that_only_add_up_together_are_one_difference() -> None:
    new = issue(worth("1", plan(), "6"), one("2", ponds()))
    found = compare(first(), new)
    whole = ("programme:list:points", "section:1:points", "item:1:points", "clause:1:points")
    assert found.bundles == (whole,)
    for name in whole:
        programme = taken(new, name)
        assert (programme.points, programme.sections[0].points) == (11, 11)
        assert programme.clauses["1"][1].points == 6
        assert programme.clauses["1"][2].points == 6


def test_points_that_move_within_a_section_are_one_difference() -> None:
    new = issue(worth("1", plan(), "6"), worth("2", ponds(), "4"))
    found = compare(first(), new)
    assert len(found.bundles) == 1
    programme = taken(new, "item:2:points")
    assert [item.points for _, item in programme.items()] == [6, 4]


def test_points_that_no_clause_has_are_asked_about_where_they_come_in() -> None:
    new = issue(one("1", plan(), points="6"), one("2", ponds()))
    programme = taken(new, "item:1:points")
    assert [reading.id for reading in programme.readings] == ["1-unallocated"]


def test_another_difference_stands_for_itself() -> None:
    new = issue(worth("1", plan(), "6", deadline="2024-06-30"), one("2", ponds()))
    found = compare(first(), new)
    assert "item:1:deadline" in told(found)
    assert found.together("item:1:deadline") == ("item:1:deadline",)
    assert taken(new, "item:1:deadline").clauses["1"][1].points == 5


STEPS = "建档率每低2%扣{}分。"


def rates(*each: str) -> Draft:
    rows = [one(str(n), read_clause(STEPS.format(one_), year=2024), title=f"建档{n}")
            for n, one_ in enumerate(each, start=1)]  # fmt: skip
    return draft(document(*rows), programme="list")


def decided(made: Draft, reading: str, choice: str) -> Programme:
    kept = [
        r.model_copy(update={"default": choice, "because": "会议定"}) if r.id == reading else r
        for r in made.readings
    ]
    text = yamlform.dump(made.model_copy(update={"readings": tuple(kept)}))
    return yamlform.loads(text, "old.yaml")


def test_a_reading_that_was_chosen_holds_for_the_same_question_of_the_reworded_clause() -> None:
    old = decided(rates("0.1", "0.2"), "1-q1", "r3")
    new = rates("0.3", "0.2")
    found = compare(old, new)
    made = merged(old, new, found, told(found))
    (reading,) = [one for one in made.readings if one.id == "1-q1"]
    assert (reading.default, reading.because) == ("r3", "会议定")


def test_a_question_of_many_outlives_the_new_rules_of_one() -> None:
    old = decided(rates("0.1", "0.2", "0.4"), "all-steps", "r3")
    new = rates("0.3", "0.2", "0.4")
    found = compare(old, new)
    made = merged(old, new, found, told(found))
    (reading,) = [one for one in made.readings if one.id == "all-steps"]
    assert reading.default == "r3"
    assert {path for a in reading.alternatives for path in a.set} == {
        "1#1.steps", "2#1.steps", "3#1.steps",
    }  # fmt: skip

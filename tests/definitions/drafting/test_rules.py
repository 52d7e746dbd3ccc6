"""From sanctions as read to rules that compute: the words around them decide what is asked for."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.definitions.drafting.reading import Text, clause, document, item
from tracker.definitions.clauses import ReadClause, read_clause
from tracker.definitions.drafting import draft, titles
from tracker.definitions.drafting.duties import Deadline, clocks
from tracker.definitions.drafting.making import Mapped, Place
from tracker.definitions.drafting.rules import mapped
from tracker.domain.programme import TargetValue
from tracker.domain.rules import Every, Lateness, PerStep, Rule

YEAR_END = Deadline(None, "")


def drafted(reading: ReadClause, *, before: tuple[str, ...] = ()) -> Mapped:
    time = clocks(reading, "2.3", YEAR_END, year=2024)
    return mapped(reading, time, Place("2.3", "2", before))


def only(reading: ReadClause) -> dict[str, object]:
    """The fields of the first rule that are not their defaults, without its words."""
    return fields(drafted(reading).rules[0])


def fields(rule: Rule) -> dict[str, object]:
    told = rule.model_dump(mode="json", exclude_defaults=True)
    return {"kind": rule.kind, **{key: one for key, one in told.items() if key != "says"}}


def test_what_is_not_done_is_a_duty_and_named_by_what_is_to_be_done() -> None:
    text = Text("编制应急预案，未编制应急预案的扣1分。")
    reading = text.read(text.rule("all_or_nothing", "未编制应急预案的扣1分", deduct="1"))
    time = clocks(reading, "2.3", Deadline(None, "以通知为准"), year=2024)
    assert fields(mapped(reading, time, Place("2.3", "2")).rules[0]) == {
        "kind": "all_or_nothing", "lose": "1", "duty": "done",
    }  # fmt: skip
    (duty,) = time.duties()
    assert (duty.title, getattr(duty, "external", "")) == ("编制应急预案", "以通知为准")


def test_what_happens_is_counted_by_findings_under_its_own_name() -> None:
    text = Text("安全检查1.每发现一起违规作业，扣0.2分，扣完1分为止。")
    rule = text.rule("per_incident", "每发现一起违规作业，扣0.2分", deduct="0.2",
                     step="1 occurrence", cap="1")  # fmt: skip
    made = drafted(text.read(rule))
    assert fields(made.rules[0]) == {
        "kind": "per_incident", "each": "0.2", "cap": "1", "finding": "c2_3_1",
    }  # fmt: skip
    assert made.names == {"c2_3_1": "违规作业"}


def test_a_quota_that_the_text_states_is_the_target() -> None:
    text = Text("全年刊发信息不少于12条，每少1条扣0.1分。")
    made = drafted(
        text.read(text.rule("per_missing", "每少1条扣0.1分", deduct="0.1", step="1 item"))
    )
    assert made.rules[0].kind == "per_missing"
    assert [str(target.value) for target in made.targets] == ["12"]


@pytest.mark.parametrize(
    "words",
    ["上报创新项目不少于三项，少一项扣3分。", "办案不少于3件。没有小组扣1分；每少办结一件扣3分。"],
)
def test_a_quota_may_be_a_numeral_or_stand_in_another_sentence(words: str) -> None:
    text = Text(words)
    piece = words[max(words.rfind("少一"), words.rfind("每少")) : -1]
    made = drafted(text.read(text.rule("per_missing", piece, deduct="3", step="1 item")))
    assert [str(target.value) for target in made.targets] == ["3"]


def test_a_quota_that_another_document_sets_waits_to_be_entered() -> None:
    text = Text("完成改造任务，每少完成1户扣0.1分。")
    made = drafted(
        text.read(text.rule("per_missing", "每少完成1户扣0.1分", deduct="0.1", step="1 item"))
    )
    (target,) = made.targets
    assert isinstance(target, TargetValue)
    assert target.value is None


def test_each_stage_has_its_own_duty_and_its_own_rule() -> None:
    text = Text("6月底前完成60%，11月底前全部完成，每阶段少完成1个项目扣0.5分。")
    reading = text.read(
        text.rule("per_missing", "每阶段少完成1个项目扣0.5分", deduct="0.5", step="1 project"),
        text.due("6月底前", "2024-06-30"),
        text.due("11月底前", "2024-11-30"),
        text.part("60%", "2024-06-30", "0.6"),
    )
    time = clocks(reading, "2.3", YEAR_END, year=2024)
    rules = mapped(reading, time, Place("2.3", "2")).rules
    assert [rule.kind for rule in rules] == ["per_missing", "per_missing"]
    told = [(str(d.on), d.need and d.need.share) for d in time.duties() if d.kind == "milestone"]
    assert [(day, None if share is None else str(share)) for day, share in told] == [
        ("2024-06-30", "0.6"), ("2024-11-30", None),
    ]  # fmt: skip


def test_a_case_clock_loses_at_its_limit_and_per_block() -> None:
    text = Text("交办件48小时内未办结的，每件扣0.1分，每延后6小时加扣0.1分，扣完0.5分为止。")
    rule = text.rule("lateness", "每件扣0.1分，每延后6小时加扣0.1分", base="0.1", deduct="0.1",
                     step="6 hour", cap="0.5")  # fmt: skip
    reading = text.read(rule, text.lasts("48小时", "48 hour"))
    time = clocks(reading, "2.3", YEAR_END, year=2024)
    assert fields(mapped(reading, time, Place("2.3", "2")).rules[0]) == {
        "kind": "lateness", "duty": "case", "base": "0.1", "each": "0.1", "cap": "0.5",
        "every": {"n": 6, "unit": "hour"},
    }  # fmt: skip
    assert time.duties()[0].model_dump(include={"within"}) == {"within": {"n": 48, "unit": "hour"}}


def test_a_pause_is_no_case() -> None:
    text = Text("连续两周未更新栏目的，每次扣0.1分。")
    rule = text.rule("per_incident", "连续两周未更新栏目的，每次扣0.1分", deduct="0.1",
                     step="1 occurrence")  # fmt: skip
    reading = text.read(rule, text.lasts("连续两周", "2 week"))
    time = clocks(reading, "2.3", YEAR_END, year=2024)
    assert fields(mapped(reading, time, Place("2.3", "2")).rules[0])["duty"] == "gap"
    assert [duty.kind for duty in time.duties()] == ["gap"]


def test_what_came_late_is_not_missing_as_well() -> None:
    text = Text("每月5日前报送月报，迟报一次扣0.2分，拒报一次扣1分。")
    reading = text.read(
        text.rule("lateness", "迟报一次扣0.2分", deduct="0.2", step="1 occurrence"),
        text.rule("per_missing", "拒报一次扣1分", deduct="1", step="1 occurrence"),
        text.every("每月5日前", "monthly", "2024-01-05"),
    )
    time = clocks(reading, "2.3", YEAR_END, year=2024)
    late, missing = mapped(reading, time, Place("2.3", "2")).rules
    assert fields(late) == {"kind": "lateness", "duty": "period", "base": "0.2"}
    assert fields(missing)["judged"] == "now"
    (period,) = time.duties()
    assert period.model_dump()["due_day"] == 5


@pytest.mark.parametrize(
    ("words", "step", "wanted"),
    [
        ("整治率达到90%，每低1个百分点扣0.1分。", "1 percentage_point",
         {"against": "90", "measured_in": "百分点"}),
        ("完成率每少5%扣0.1分。", "5 percent", {"against": "100", "per": "5", "measured_in": "%"}),
        ("信访量较上年每上升1%扣0.1分。", "1 percent",
         {"against": "baseline", "direction": "above", "relative": True, "measured_in": "%"}),
        ("造林任务每少0.1万亩扣0.1分。", "0.1 10k_mu",
         {"against": "target:c2_3_1_target", "per": "0.1", "measured_in": "万亩"}),
        ("增速每低于全省平均1个百分点扣0.1分。", "1 percentage_point",
         {"against": "target:c2_3_1_target", "measured_in": "百分点"}),
    ],
)  # fmt: skip
def test_a_gap_is_measured_from_what_the_text_names(
    words: str, step: str, wanted: dict[str, object]
) -> None:
    text = Text(words)
    piece = words[words.index("每") : -1]
    reading = text.read(text.rule("per_step", piece, deduct="0.1", step=step))
    common = {"kind": "per_step", "measure": "c2_3_1", "each": "0.1"}
    assert only(reading) == {**common, **wanted}


def test_a_goal_before_the_sanction_must_be_reached() -> None:
    text = Text("回收率提高2%以上，没达到比例扣0.3分。")
    reading = text.read(text.rule("threshold", "没达到比例扣0.3分", deduct="0.3"))
    assert only(reading) == {
        "kind": "all_or_nothing", "lose": "0.3", "must": {"measure": "c2_3_1", "at_least": "2"},
    }  # fmt: skip


def test_bands_include_what_their_words_include() -> None:
    text = Text("满意率95%以上得3分，80%-95%得2分，80%以下不得分。")
    tiers = (("95%以上", "+3"), ("80%-95%", "+2"), ("80%以下", "item"))
    reading = text.read(text.rule("tiered", text.text, tiers=tiers))
    assert only(reading)["tiers"] == [
        {"at_least": "95", "get": "3"},
        {"at_least": "80", "at_most": "95", "get": "2"},
        {"at_most": "80", "lose": "all"},
    ]


def test_bands_of_grades_are_named_by_the_grade() -> None:
    text = Text("评定为优秀等次的得3分，合格等次的得1分。")
    tiers = (("评定为优秀等次的", "+3"), ("合格等次的", "+1"))
    reading = text.read(text.rule("tiered", text.text, tiers=tiers))
    assert [tier["grade"] for tier in only(reading)["tiers"]] == ["优秀", "合格"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("words", "deduct", "places", "end"),
    [
        ("排名后3名的扣1分", "1", {1: "1", 2: "1", 3: "1"}, "bottom"),
        ("排名倒数第2名的扣1分", "1", {2: "1"}, "bottom"),
        ("排名第2-4名的扣0.5分", "0.5", {2: "0.5", 3: "0.5", 4: "0.5"}, "top"),
        ("排名末位的扣2分", "2", {1: "2"}, "bottom"),
        ("排名后3名的依次扣1-3分", "1-3", {1: "3", 2: "2", 3: "1"}, "bottom"),
    ],
)
def test_places_are_counted_from_the_end_that_is_named(
    words: str, deduct: str, places: dict[int, str], end: str
) -> None:
    text = Text(words)
    rule = drafted(text.read(text.rule("rank", words, deduct=deduct))).rules[0]
    told = rule.model_dump()
    assert (told["places"], told["from_end"]) == (places, end)


def test_a_delay_in_bands_becomes_a_curve() -> None:
    text = Text("推迟1-20天按比例扣分，推迟20天扣40%，推迟20天以上扣70%。")
    tiers = (("1-20天", ""), ("推迟20天", "40%"), ("推迟20天以上", "70%"))
    reading = text.read(text.rule("lateness", text.text, tiers=tiers))
    assert only(reading)["pieces"] == [{"until": 20, "rises_to": "40%"}, {"flat": "70%"}]


def test_a_modifier_changes_what_stands_before_it() -> None:
    text = Text("每发现一处扣1分，情节严重的加倍扣分。")
    reading = text.read(
        text.rule("per_incident", "每发现一处扣1分", deduct="1", step="1 place"),
        text.rule("multiplier", "情节严重的加倍扣分"),
    )
    rule = drafted(reading).rules[1].model_dump()
    assert (str(rule["factor"]), rule["rules"]) == ("2", ("2.3#1",))


def test_clauses_are_named_by_their_numbers_in_the_item() -> None:
    text = Text("1、2项不重复扣分。")
    reading = text.read(text.rule("no_double", "1、2项不重复扣分"))
    rule = drafted(reading, before=("2.1", "2.2")).rules[0]
    assert rule.model_dump()["rules"] == ("2.1", "2.2")


def test_a_cap_over_what_stands_above_covers_the_item() -> None:
    text = Text("上述扣分累计不超过2分。")
    reading = text.read(text.rule("cap", text.text, cap="2"))
    assert only(reading) == {"kind": "cap", "limit": "2"}


def test_a_task_set_elsewhere_beside_a_sanction_is_an_unknown_target_not_an_unknown_amount() -> (
    None
):
    text = Text("完成治理任务，每少1个扣0.5分，具体任务另行下达。")
    reading = text.read(
        text.rule("per_missing", "每少1个扣0.5分", deduct="0.5", step="1 item"),
        text.rule("external", "具体任务另行下达"),
    )
    assert [rule.kind for rule in drafted(reading).rules] == ["per_missing"]


def test_a_day_that_no_rule_looks_at_is_owed_all_the_same() -> None:
    text = Text("9月底前完成培训，参训率每低5%扣0.1分。")
    reading = text.read(
        text.rule("per_step", "参训率每低5%扣0.1分", deduct="0.1", step="5 percent"),
        text.due("9月底前", "2024-09-30"),
    )
    time = clocks(reading, "2.3", YEAR_END, year=2024)
    rules = mapped(reading, time, Place("2.3", "2")).rules
    assert [rule.kind for rule in rules] == ["per_step", "duty"]
    assert [str(getattr(duty, "on", "")) for duty in time.duties()] == ["2024-09-30"]


def test_what_no_rule_can_say_is_pending_and_told() -> None:
    text = Text("实际值在目标值与门槛值之间的，按公式计分。")
    made = drafted(text.read(text.rule("linear", text.text)))
    assert [rule.kind for rule in made.rules] == ["discretionary"]
    assert [read.kind for read in made.unsaid] == ["linear"]


def test_points_earned_one_by_one_fill_the_clause_from_nothing() -> None:
    text = Text("新建示范点每个得1分，最高得3分。")
    reading = text.read(
        text.rule(
            "per_incident", "新建示范点每个得1分，最高得3分", award="1", step="1 item", cap="3"
        )
    )
    made = drafted(reading)
    assert made.earned
    assert only(reading) == {
        "kind": "bonus", "recognition": "c2_3_1", "award": "1", "cap": "3",
    }  # fmt: skip


def test_targets_that_are_set_elsewhere_are_the_ends_of_a_line() -> None:
    text = Text("达到力争值得60分，达到确保值得54分，之间按比例得分。")
    tiers = (("达到力争值", "+60"), ("达到确保值", "+54"))
    made = drafted(text.read(text.rule("linear", text.text, tiers=tiers)))
    assert fields(made.rules[0])["ends"] == {"c2_3_1_target1": "60", "c2_3_1_target2": "54"}
    assert [(target.name, target.value) for target in made.targets] == [
        ("达到力争值", None), ("达到确保值", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "of", "worst"),
    [
        ("保护率最好的得满分，最差的得60%分数，介于其中按比例得分。", "all", "60%"),
        ("40%的分数根据排名赋分，最好的得满分，最差的得60%分数，其余按比例。", "40%", "24%"),
    ],
)
def test_points_between_the_best_and_the_worst_peer(words: str, of: str, worst: str) -> None:
    text = Text(words)
    rule = drafted(text.read(text.rule("rank", words))).rules[0].model_dump()
    assert (rule["kind"], rule["of"], rule["worst_gets"]) == ("rank", of, worst)


@pytest.mark.parametrize(
    ("words", "piece", "wanted"),
    [
        ("编制预案，未编制预案的扣1分。", "未编制预案的扣1分", "编制预案"),
        ("5月底前公布名单，未公布的扣1分。", "5月底前公布名单，未公布的扣1分", "公布名单"),
        ("完成规划编制，未按时完成的不得分。", "未按时完成的不得分", "完成规划编制"),
        ("方案和措施未落实的，扣0.5分。", "方案和措施未落实的，扣0.5分", "落实方案和措施"),
        (
            "9月30日前，未完成隐患整治的，扣1分。",
            "9月30日前，未完成隐患整治的，扣1分",
            "完成隐患整治",
        ),
    ],
)
def test_a_duty_is_called_by_what_is_to_be_done(words: str, piece: str, wanted: str) -> None:
    start = words.index(piece)
    assert titles.deed(words, (start, start + len(piece))) == wanted


def test_a_step_with_a_day_of_its_own_is_not_measured_from_the_goal_of_another_day() -> None:
    text = Text("隐患整改率3月底前未达到55%的扣2分，9月底前未完成的每少1个百分点扣0.4分。")
    first = text.rule("threshold", "隐患整改率3月底前未达到55%的扣2分", deduct="2")
    step = text.rule("per_step", "，9月底前未完成的每少1个百分点扣0.4分", deduct="0.4",
                     step="1 percentage_point")  # fmt: skip
    made = drafted(text.read(first, step, text.due("3月底前", "2024-03-31"),
                             text.due("9月底前", "2024-09-30")))  # fmt: skip
    assert getattr(made.rules[1], "against", "") == "100"
    assert made.names["c2_3_2"] == "隐患整改率（9月底前）"
    (choice,) = made.choices
    assert [value for _, value in choice.values] == ["100", "target:c2_3_2_target"]


def test_a_goal_that_says_all_of_it_is_not_asked_for() -> None:
    text = Text("全部建档，建档率每低1个百分点扣0.1分。")
    made = drafted(
        text.read(text.rule("per_step", text.text, deduct="0.1", step="1 percentage_point"))
    )
    assert (getattr(made.rules[0], "against", ""), made.choices) == ("100", [])


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("改造供水管道8公里，每少1公里扣0.5分。", "8"),
        ("清淤5.5公里，每少1公里扣0.5分。", "5.5"),
        ("河道5公里、沟渠3公里，每少1公里扣0.5分。", "None"),
        ("改造供水管道，每少1公里扣0.5分。", "None"),
    ],
)
def test_a_length_that_the_clause_states_is_what_a_shortfall_is_measured_from(
    words: str, wanted: str
) -> None:
    text = Text(words)
    made = drafted(text.read(text.rule("per_step", words[:-1], deduct="0.5", step="1 km")))
    assert [str(target.value) for target in made.targets] == [wanted]


def test_a_period_is_either_late_or_never_reported() -> None:
    text = Text("每月8日前报送月报，迟报一次扣0.2分，漏报一次扣0.6分。")
    reading = text.read(
        text.rule("lateness", "迟报一次扣0.2分", deduct="0.2", step="1 occurrence"),
        text.rule("per_missing", "漏报一次扣0.6分", deduct="0.6", step="1 occurrence"),
        text.every("每月8日前", "monthly"),
    )
    made = drafted(reading)
    assert [fields(rule) for rule in made.rules] == [
        {"kind": "lateness", "duty": "period", "base": "0.2", "never": "0.6"}
    ]
    assert made.of == {0: [0], 1: [0]}


def test_a_period_of_another_sentence_is_not_what_a_sanction_before_it_counts() -> None:
    text = Text("未组织夜查的，每次扣1分；每月8日前报送月报，迟报一次扣0.2分。")
    reading = text.read(
        text.rule("per_missing", "未组织夜查的，每次扣1分", deduct="1", step="1 occurrence"),
        text.rule("lateness", "迟报一次扣0.2分", deduct="0.2", step="1 occurrence"),
        text.every("每月8日前", "monthly"),
    )
    assert [fields(rule) for rule in drafted(reading).rules] == [
        {"kind": "per_missing", "each": "1", "finding": "c2_3_1"},
        {"kind": "lateness", "duty": "period", "base": "0.2"},
    ]


def test_a_number_and_a_delay_are_two_losses_and_a_month_of_delay_is_a_calendar_month() -> None:
    reading = read_clause("少开办一所扣2分；每延迟一个月扣0.5分。", year=2024)
    time = clocks(reading, "2.3", YEAR_END, year=2024)
    made = mapped(reading, time, Place("2.3", "2"))
    assert [rule.kind for rule in made.rules if rule.kind != "duty"] == ["per_missing", "lateness"]
    [late] = [rule for rule in made.rules if isinstance(rule, Lateness)]
    assert late.every == Every(n=1, unit="month")
    assert time.odd == []


def test_the_other_places_are_a_tier_of_the_rank() -> None:
    reading = read_clause("考评排名前二名不扣分，第三至第五名扣0.5分，其余扣1分。", year=2024)
    (rule,) = drafted(reading).rules
    assert fields(rule) == {
        "kind": "rank", "rank": "c2_3_1", "beyond": "1",
        "places": {"1": "0", "2": "0", "3": "0.5", "4": "0.5", "5": "0.5"},
    }  # fmt: skip


def test_a_title_that_is_lost_takes_no_points() -> None:
    reading = read_clause("出现谎报的扣2分，取消评先资格。", year=2024)
    made = drafted(reading)
    assert [rule.kind for rule in made.rules] == ["all_or_nothing"]
    assert [reading.text[slice(*one.span)].strip("，") for one in made.apart] == ["取消评先"]


@pytest.mark.parametrize(
    ("words", "asked"), [("瞒报事故的，一票否决。", 1), ("瞒报事故的，该项一票否决。", 0)]
)
def test_a_veto_that_names_no_scope_asks_for_it(words: str, asked: int) -> None:
    made = drafted(read_clause(words, year=2024))
    assert [one.field for one in made.choices] == ["scope"] * asked


@pytest.mark.parametrize(
    ("words", "piece", "title"),
    [
        ("未公示的，扣1分。", "未公示的，扣1分", "公示"),
        ("值守制度。未公示的，扣1分。", "未公示的，扣1分", "公示"),
        ("①未组织夜查的，扣1分。", "未组织夜查的，扣1分", "组织夜查"),
        ("少开办一所扣2分；每延迟一周扣1分。", "每延迟一周扣1分", ""),
    ],
)
def test_a_duty_is_named_by_what_is_to_be_done(words: str, piece: str, title: str) -> None:
    start = words.index(piece)
    assert titles.deed(words, (start, start + len(piece))) == title


def test_a_pause_is_named_as_what_must_not_happen() -> None:
    reading = read_clause("连续三周未登录的扣1分。", year=2024)
    time = clocks(reading, "2.3", YEAR_END, year=2024)
    mapped(reading, time, Place("2.3", "2"))
    assert [duty.title for duty in time.duties()] == ["防止连续三周未登录"]


def test_a_level_moves_both_ways_from_its_target_and_is_what_the_clause_begins_with() -> None:
    words = (
        "达到考核要求，得16分；在目标的基础上每改善1微克/立方米，加2分，加满为止；"
        "每增加1微克/立方米，扣3分，扣完为止（不足1微克/立方米的，按比例加扣分）。"
    )
    made = draft(document(item("1", clause("1", read_clause(words, year=2024)), points="20")),
                 programme="list")  # fmt: skip
    body = made.clauses["1"][2]
    better, worse = body.rules[:2]
    assert (body.points, body.base) == (Decimal(20), Decimal(16))
    assert isinstance(better, PerStep)
    assert isinstance(worse, PerStep)
    assert (better.measure, better.against) == (worse.measure, worse.against)
    assert [(r.direction, r.gain, r.steps) for r in (better, worse)] == [
        ("below", True, "pro_rata"), ("above", False, "pro_rata"),
    ]  # fmt: skip
    assert [one.id for one in made.targets] == [worse.against.partition(":")[2]]
    assert made.readings == ()


def test_a_gap_below_a_line_is_charged_in_segments_from_its_lower_end() -> None:
    words = (
        "达到力争目标值得60分；达到确保目标值得54分；在确保值和力争值之间的，按比例得分；未达到确保目标值的，"
        "每差1个百分点扣2分（其中比例≥90%的部分，每差1个百分点扣1分），扣完为止。"
    )
    made = draft(document(item("1", clause("1", read_clause(words, year=2024)), points="60")),
                 programme="list")  # fmt: skip
    line, low, high = made.clauses["1"][2].rules[:3]
    assert [rule.kind for rule in (line, low, high)] == ["linear", "per_step", "per_step"]
    told = [r.model_dump(mode="json", exclude_defaults=True) for r in (low, high)]
    assert {one["measure"] for one in told} == {line.model_dump()["measure"]}
    assert {one["against"] for one in told} == {"target:c1_1_target2"}
    assert [(one["each"], one.get("low"), one.get("high")) for one in told] == [
        ("2", None, "90"), ("1", "90", None),
    ]  # fmt: skip


def test_a_change_on_the_year_before_is_a_line_of_which_any_growth_loses_nothing() -> None:
    words = (
        "投入较上年有所增长得满分；和上年持平得80%分数；"
        "同比上年降低20%得零分，降低0%-20%按比例得分。"
    )
    made = draft(document(item("1", clause("1", read_clause(words, year=2024)), points="10")),
                 programme="list")  # fmt: skip
    line, growth = made.clauses["1"][2].rules[:2]
    assert line.model_dump(mode="json")["corners"] == [
        {"at": "0", "get": "80%"}, {"at": "-20", "get": "0"},
    ]  # fmt: skip
    assert growth.kind == "exemption"


def test_what_is_to_be_reached_scales_no_points() -> None:
    words = "收集率在2018年基础上提高15%，提高率每少1%扣0.1分。"
    made = draft(document(item("1", clause("1", read_clause(words, year=2024)))), programme="list")
    assert [rule.kind for rule in made.clauses["1"][2].rules] == ["per_step", "duty"]


@pytest.mark.parametrize(
    ("words", "scope"),
    [("发现造假的，该项总得分为零。", "item"), ("发现造假的，年度考核总得分记0分。", "programme")],
)
def test_a_veto_of_this_item_is_none_of_the_programme(words: str, scope: str) -> None:
    made = draft(document(item("1", clause("1", read_clause(words, year=2024)))), programme="list")
    (veto,) = [rule for rule in made.clauses["1"][2].rules if rule.kind == "veto"]
    assert veto.model_dump()["scope"] == scope

from typing import Any, get_args

import pytest
from pydantic import TypeAdapter

from tracker.domain.rules import Rule
from tracker.wording import describe_rule

RULE: TypeAdapter[Rule] = TypeAdapter(Rule)
NEVER_MET = {"finding": "faked_data"}

SAID: list[tuple[dict[str, Any], str]] = [
    ({"kind": "duty", "duty": "list"}, "「list」有时限，不扣分"),
    (
        {"kind": "all_or_nothing", "duty": "plan", "lose": "0.5"},
        "「plan」未按时完成，扣 0.5 分",
    ),
    (
        {"kind": "all_or_nothing", "duty": "plan", "late": "forgiven"},
        "「plan」未完成扣本条全部分值，补办后恢复",
    ),
    (
        {"kind": "all_or_nothing", "must": {"measure": "pm25", "at_most": "target"}},
        "须「pm25」不高于目标，否则扣本条全部分值",
    ),
    (
        {"kind": "per_missing", "duty": "s1", "each": "0.5", "judged": "now"},
        "「s1」每少一件扣 0.5 分，补齐后恢复",
    ),
    (
        {"kind": "per_incident", "finding": "fire", "each": "0.5", "allowance": "target:fires"},
        "「fire」超出目标「fires」的部分每一件扣 0.5 分",
    ),
    (
        {
            "kind": "per_incident",
            "finding": "arrest",
            "classes": {"行政拘留": "0.1", "刑事": "0.2"},
        },
        "「arrest」按类别扣分：行政拘留 0.1 分、刑事 0.2 分",
    ),
    (
        {
            "kind": "per_step",
            "measure": "rate",
            "each": "0.1",
            "measured_in": "个百分点",
            "steps": "pro_rata",
        },
        "「rate」比目标每低 1 个百分点扣 0.1 分，不足一档按比例",
    ),
    (
        {"kind": "threshold", "when": {"measure": "rate", "below": "80"}, "lose": "item"},
        "「rate」低于 80，扣本项全部分值",
    ),
    (
        {
            "kind": "tiered",
            "measure": "grade",
            "tiers": [
                {"grade": "优秀", "get": "60"},
                {"at_least": "80", "below": "90", "lose": "5"},
            ],
        },
        "「grade」分档：优秀得 60 分、不低于 80 且低于 90 扣 5 分",
    ),
    (
        {"kind": "ratio", "measure": "rate", "full_at": "80"},
        "按「rate」的比例得分，满值 100 得本条全部分值，达到 80 即得满分",
    ),
    (
        {
            "kind": "linear",
            "measure": "days",
            "corners": [{"at": "54", "get": "0"}, {"at": "60", "get": "all"}],
        },
        "「days」在各点之间按比例得分：54 得 0 分、60 得本条全部分值",
    ),
    (
        {
            "kind": "lateness",
            "duty": "case",
            "base": "0.01",
            "every": {"n": 12, "unit": "hour"},
            "each": "0.01",
            "cap": "0.3",
        },
        "「case」逾期扣 0.01 分、每满 12 小时再扣 0.01 分，至多 0.3 分",
    ),
    (
        {
            "kind": "lateness",
            "duty": "done",
            "pieces": [{"until": 30, "rises_to": "50%"}, {"flat": "80%"}],
            "never": "all",
        },
        "「done」逾期分段：1–30 天按比例扣至本条分值的 50%、31 天起扣本条分值的 80%，"
        "始终未办扣本条全部分值",
    ),
    (
        {"kind": "rank", "rank": "county", "places": {1: "5", 2: "3"}, "gain": True},
        "「county」按名次加分：第 1 名 5 分、第 2 名 3 分",
    ),
    (
        {"kind": "bonus", "recognition": "award", "award": "1", "from_nth": 2, "cap": "3"},
        "「award」每一件加 1 分，从第 2 个起计，至多 3 分",
    ),
    ({"kind": "discretionary", "most": "0.5"}, "由专人酌情扣分，至多 0.5 分"),
    (
        {"kind": "multiplier", "factor": "2", "when": {"missed": "20.5/list"}, "rules": ["20.1#1"]},
        "「list」未按时完成，20.1 第 1 句加倍",
    ),
    ({"kind": "veto", "when": NEVER_MET}, "出现「faked_data」，本项不得分"),
    ({"kind": "no_double", "rules": ["*"]}, "同一问题在全部条款之间只扣一次，取最高"),
    (
        {"kind": "no_double", "rules": ["*"], "besides": ["1.1#2"]},
        "同一问题在全部条款（1.1 第 2 句除外）之间只扣一次，取最高",
    ),
    (
        {"kind": "no_double", "rules": ["*"], "only": ["1.1"]},
        "同一问题在 1.1 彼此、及与全部条款之间只扣一次，取最高",
    ),
    ({"kind": "cap", "limit": "2"}, "本任务各句合计至多扣 2 分"),
    (
        {"kind": "exemption", "when": {"measure": "water", "grade": "Ⅱ类"}},
        "「water」为 Ⅱ类，本条其他扣分免计",
    ),
    (
        {"kind": "external", "measure": "lost", "document": "省考核通报", "factor": "2"},
        "按省考核通报的结果扣分，乘 2",
    ),
    (
        {"kind": "ratio", "finding": "untrue", "among": "checked", "excluding": ["P.1"]},
        "「untrue」（P.1 已扣的不计）占「checked」几成，就从本条全部分值中扣几成",
    ),
    (
        {"kind": "per_step", "measure": "days", "each": "1", "low": "90"},
        "「days」比目标每低 1 件扣 1 分，不足一档不计，只计 90 以上的部分",
    ),
    (
        {"kind": "rank", "rank": "index", "each_risen": "0.5", "gain": True,
         "when": {"rank": "index", "at_most": "10"}},
        "「index」比上年每升一名加 0.5 分（「index」的名次不高于 10 时）",
    ),
    (
        {"kind": "bonus", "duty": "entered", "award": "0.1", "per": 20},
        "「entered」超额的部分每 20 件加 0.1 分",
    ),
    (
        {"kind": "discretionary", "least": "2", "most": "5", "asked": "report", "per": "each"},
        "由专人逐件酌情扣分，2 分至 5 分",
    ),
    (
        {"kind": "lateness", "duty": "material", "base": "0.1", "after": "31.2/close",
         "cap_each": "0.3"},
        "「material」逾期扣 0.1 分（只限「31.2/close」也逾期的），每件至多 0.3 分",
    ),
    (
        {"kind": "no_double", "rules": ["1.1"], "same": "problem_and_month"},
        "同一月同一问题在 1.1 之间只扣一次，取最高",
    ),
    ({"kind": "veto", "when": NEVER_MET, "scope": "clause"}, "出现「faked_data」，本条不得分"),
    (
        {"kind": "exemption", "rules": ["9.2"], "when": {"all_of": [
            {"recognition": "class2"}, {"measure": "pm25", "change": True, "below": "7"}]}},
        "取得「class2」且「pm25」的同比变化（%）低于 7，9.2 免计",
    ),
    (
        {"kind": "cap", "limit": "1", "gain": True, "when": {"any_of": [
            {"without": "class2"}, {"risen": "index", "at_least": "5"}]}},
        "本任务各句合计至多加 1 分（没有「class2」或「index」比上年上升的名次不低于 5 时）",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "sentence"), SAID, ids=lambda value: str(value)[:40])
def test_a_rule_in_words(rule: dict[str, Any], sentence: str) -> None:
    assert describe_rule(RULE.validate_python(rule)) == sentence
    assert describe_rule(RULE.validate_python(rule), "en")


def test_every_kind_of_rule_is_said() -> None:
    union = get_args(get_args(Rule)[0])
    kinds = {get_args(kind.model_fields["kind"].annotation)[0] for kind in union}
    assert kinds == {rule["kind"] for rule, _ in SAID}

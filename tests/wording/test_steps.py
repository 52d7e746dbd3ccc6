import ast
import string
from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction as F
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tracker.domain.rules.base import Step, step
from tracker.wording import LANGUAGES, arithmetic, catalogue, named, say
from tracker.wording.catalogue import FORMS

DOMAIN = Path(__file__).parents[2] / "tracker" / "domain"
SHANGHAI = ZoneInfo("Asia/Shanghai")
CAPPING = {"limit", "net", "floor"}


def codes() -> Iterator[str]:
    """Every code that the domain's source makes a step of, `f"blocks_{...}"` spelled out."""
    for path in DOMAIN.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                yield from _codes_of(node)


def _codes_of(call: ast.Call) -> Iterator[str]:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    if name == "step" and isinstance(call.args[0], ast.JoinedStr):
        start = call.args[0].values[0]
        assert isinstance(start, ast.Constant)
        assert start.value == "blocks_", "a new code made of parts: spell it out here"
        yield from ("blocks_completed", "blocks_started")
    elif name == "step" and isinstance(call.args[0], ast.Constant):
        yield str(call.args[0].value)
    elif name in CAPPING:
        yield from (str(arg.value) for arg in call.args
                    if isinstance(arg, ast.Constant) and isinstance(arg.value, str))  # fmt: skip


def test_the_scan_finds_codes_of_every_kind() -> None:
    assert {"lose", "blocks_started", "item_cap", "veto", "share"} <= set(codes())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_of_the_domain_has_words(language: str) -> None:
    worded = {key.removeprefix("steps.") for key in catalogue(language) if key.startswith("steps.")}  # type: ignore[arg-type]
    wanted = set(codes())
    assert {code for code in wanted if not any(w.startswith(code) for w in worded)} == set()
    stale = {w for w in worded if not any(w == c or w.startswith(f"{c}_") for c in wanted)}
    assert stale == set(), "words for steps that nothing makes any more"


def test_both_languages_have_the_same_messages() -> None:
    assert set(catalogue("zh")) == set(catalogue("en"))


@pytest.mark.parametrize("key", sorted(catalogue("zh")))
def test_a_message_asks_for_the_same_values_in_both_languages(key: str) -> None:
    zh, en = (_placeholders(catalogue(language)[key]) for language in LANGUAGES)
    assert zh == en


def _placeholders(message: str) -> set[str]:
    found = list(string.Formatter().parse(message))
    assert all((spec or "").partition(" ")[0] in FORMS for _, _, spec, _ in found)
    return {name for _, name, _, _ in found if name}


DUE = datetime(2021, 10, 1, 9, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("told", "zh", "en"),
    [
        (
            step("blocks_completed", size=12, unit="hour", count=3, late=F(46)),
            "迟 46 小时 ÷ 12 = 3.8333，满 3 段",
            "46 hours late ÷ 12 = 3.8333, 3 full blocks",
        ),
        (
            step("blocks_completed", size=1, unit="workday", count=16, late=F(16)),
            "迟 16 个工作日",
            "16 working days late",
        ),
        (
            step("base_plus", base=F("0.01"), count=3, each=F("0.01"), amount=F("0.04")),
            "0.01 + 3 × 0.01 = 0.0400",
            "0.01 + 3 × 0.01 = 0.0400",
        ),
        (
            step("rule_cap", limit=F("0.3"), used=F("0.26"), amount=F("0.04")),
            "封顶 0.30，此前已用 0.2600，本条计 0.0400",
            "capped at 0.30, 0.2600 used before, counts 0.0400",
        ),
        (
            step("rounded", exact=F(1, 12), points=F("0.0833")),
            "0.083333… 四舍五入为 0.0833",
            "0.083333… rounds to 0.0833",
        ),
        (
            step(
                "done_late", due=DUE, done=DUE.replace(day=3, hour=7), hours=F(46), days=2
            ),
            "10-01 周五 09:00 止，10-03 周日 07:00 提交，用时超出 46 小时",
            "due Fri 10-01 09:00, handed in Sun 10-03 07:00, 46 h over",
        ),
        (
            step("group_cap", limit=F("1.3"), used=F("0.2"), own=F(1), won=F("0.3"),
                 amount=F("1.1")),
            "上限 1.00，加分抵回 0.3000，失分至多 1.3000，此前已用 0.2000，计 1.1000",
            "at most 1.00, 0.3000 won back, so at most 1.3000 lost, 0.2000 used before,"
            " counts 1.1000",
        ),
        (
            step("item_cap", limit=F("0.2"), used=F(0), lost=F("0.2"), over=F(0), amount=F("0.2")),
            "加分只抵失分 0.2000，此前已抵 0.0000，计 0.2000",
            "gains only offset the 0.2000 lost, 0.0000 offset before, counts 0.2000",
        ),
        (
            step("item_cap", limit=F("4.2"), used=F(0), lost=F("0.2"), over=F(4), amount=F(4)),
            "加分抵失分 0.2000 后至多再得 4.00，此前已用 0.0000，计 4.0000",
            "gains offset the 0.2000 lost and may go 4.00 above, 0.0000 used before,"
            " counts 4.0000",
        ),
        (
            step("paused", since=DUE, due=DUE.replace(day=8)),
            "10-01 周五 09:00 至 10-08 周五 09:00 没有记录",
            "nothing recorded from Fri 10-01 09:00 to Fri 10-08 09:00",
        ),
        (
            step("same_problem", problem="c1", rule="30.5#2"),
            "同一问题「c1」已在 30.5 第 2 句 计过，不重复",
            "the same problem “c1” counts under 30.5 sentence 2 already",
        ),
        (
            step("curve_rise", days=5, of=30, low=F(0), high=F("2.5"), amount=F(5, 12)),
            "5/30 × 2.50 = 0.4167",
            "5/30 × 2.50 = 0.4167",
        ),
        (
            step("from_nth", seen=5, first=4, count=2),
            "累计 5 件，从第 4 件起计，这一笔计 2 件",
            "5 in all, counted from no. 4 on, 2 of this fact",
        ),
        (
            step("rank", place=81, of=90, last=10, amount=F(5)),
            "第 81 名，共 90 名，倒数第 10 名，计 5.00",
            "place 81 of 90, no. 10 from the end, 5.00",
        ),
        (step("missing_class", given=""), "类别（未填）没有对应分值", "class (none given) has no amount"),  # noqa: E501
        (
            step("veto", scope="item", left=F("1.5")),
            "一票否决：本项不得分，余下的 1.50 也失去",
            "veto: the item scores nothing, the 1.50 left are lost too",
        ),
    ],
)  # fmt: skip
def test_a_step_in_words(told: Step, zh: str, en: str) -> None:
    assert say(told.code, told.values, "zh", SHANGHAI) == zh
    assert say(told.code, told.values, "en", SHANGHAI) == en


def test_a_block_that_is_nearly_full_does_not_look_full() -> None:
    late = F(12) - F(1, 3600)
    told = step("blocks_completed", size=12, unit="hour", count=0, late=late)
    assert say(told.code, told.values).startswith("迟 11.9997 小时 ÷ 12 = 0.9999，")


def test_a_shortfall_reads_as_one_sum() -> None:
    steps = [
        step("share", total=F(9), share=F("0.8"), exact=F("7.2"), needed=F(8)),
        step("short", needed=F(8), had=F(7), missing=F(1)),
        step("times", count=F(1), each=F("0.5"), amount=F("0.5")),
    ]
    assert arithmetic(steps, "zh", SHANGHAI) == "9 × 80% = 7.2 → 8，少 1 × 0.5"


def test_a_shortfall_that_is_charged_by_the_dozen_keeps_both_numbers() -> None:
    steps = [
        step("short", needed=F(60), had=F(13), missing=F(47)),
        step("times", count=F(2), each=F("0.1"), amount=F("0.2")),
    ]
    told = arithmetic(steps, "zh", SHANGHAI)
    assert told == "应有 60，计得 13，少 47，2 × 0.1 = 0.2000"


def test_what_happened_is_left_out_of_the_sum_unless_it_is_all_there_is() -> None:
    happened = step("still_open", due=DUE, as_of=DUE.replace(hour=10), hours=F(1), days=1)
    assert arithmetic([happened, step("lose", amount=F("0.1"))], "zh", SHANGHAI) == "扣 0.10"
    assert "未办" in arithmetic([happened], "zh", SHANGHAI)


def test_a_grade_and_what_is_waited_for_go_by_their_names() -> None:
    called = {"good": "良好", "pm25": "细颗粒物"}.get
    graded = step("tier", value="good", amount=F(15))
    waiting = step("missing", what="pm25")
    told = [named(one, lambda key: called(key, key)) for one in (graded, waiting)]
    assert arithmetic(told, "zh", SHANGHAI) == "结果 良好，所在档计 15.00，等待录入：细颗粒物"
    measured = step("tier", value=F(7), amount=F(1))
    assert named(measured, str.upper) == measured


def test_what_a_person_typed_is_a_value_and_never_a_message() -> None:
    typed = "{{7*7}} {amount.__class__} <script>"
    told = step("decided", person="张三", reason=typed, amount=F(1), most=F(2))
    assert say(told.code, told.values).endswith(f"：{typed}")

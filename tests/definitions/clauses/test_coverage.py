"""What decides an amount and is in no rule is said: a silent wrong answer is worse than none."""

from __future__ import annotations

import pytest

from tracker.definitions.clauses import read_clause

LEFT_OPEN = [
    "路灯不亮的每盏扣（ ）分。",
    "台账缺项的，每处扣__分，最多扣1分。",
    "资料不全的扣若干分。",
    "整改拖延的，每拖延一，扣0.1分。",
    "比照上一条款扣分。",
    "设备老化的，每台（此处字迹模糊）；标识不清的，每处扣0.1分。",
    "由主管局视情扣0.2分至1分，后果严重的不受前述幅度限制。",
    "培训每少□人次扣0.1分。",
    "合格率每低若干个百分点扣0.1分。",
    "全年活动不少于 次，每少1次扣0.1分。",
    "覆盖率低于百分之，扣1分。",
]
NO_NUMBERS = [
    "漏报一次扣O.5分。",
    "错报一次扣0.l分。",
    "缺报一次扣0..2分。",
    "迟报一次扣0.2？分。",
    "瞒报一次扣-0.5分。",
    "纪律松散的，扣0.3／0.6分。",
    "验收不合格的扣0．分。",
]
BROKEN_OFF = [
    "发现一次扣0.2分，再次发现扣",
    "未建台账的扣1分，（见后",
    "一般问题一次扣0.2分，严重问题一次",
    "甲类未达标的每个扣0.3分；乙类未达标的；丙类未达标的每个扣0.1分。",
    "完成率低于60%扣1分，60%至80%扣0.5分，80%以上时。",
]
WITHOUT_AMOUNT = [
    "一般差错每处扣0.1分，严重差错每处扣。",
    "每发现一起扣。",
    "每建成一个，得，最多2分。",
    "按时报送加分，未按时报送减分。",
    "管理混乱的，扣分从严。",
    "工作拖拉的，酌情处理。",
]
CONTRADICTING = [
    "检查未通过的，每次扣0.3分；检查未通过的，每次扣0.6分。",
    "整治应于9月20日前完成，9月5日前未完成的扣0.5分，9月底前未完成的扣1分。",
    "方案未印发的，扣1分，未印发的，扣2分。",
    "得分率每低1个百分点扣0.1分，每低1个百分点扣0.3分。",
    "补贴发放不到位，每户扣0.1分，发放到位，每户扣0.1分。",
    "演练不足4场，扣0.5分；超过4场，扣0.5分。",
    "错报、漏报、拒报的，每次分别扣0.1分、0.2分。",
]
ELSEWHERE = [
    "整改不力的，比照上条处理。",
    "整改不力的，扣分同上。",
    "指标权重待定。",
    "好的，收到请回复，明天报我。",
    "每年至少演练我跟处长问一下。他们都打过招呼一次。",
]
WITHOUT_A_DAY = [
    "汛期前完成清淤，未完成的每处扣0.2分。",
    "春节前慰问困难户，少一户扣0.1分。",
    "每学期末开展安全检查，缺一次扣0.2分。",
    "每旬逢5日观测，缺一次扣0.1分。",
]
LEFT_BESIDE = [
    "工作不力的，扣完为止。",
    "达标的得 分，未达标的扣1分。",
    "扣1分或2分。",
    "完成率90%以上得5分，95%以上得3分。",
    "扣分=（目标值-实际值）÷目标值×系数。",
    "未完成的扣2分，完成的扣1分。",
    "覆盖率80%得满分，其余按插值法计算。",
    "被上级扣分的，同步扣分。",
    "3月1日至4月30日为排查阶段。",
    "资料不全的扣0.5分起。",
]
PASSED_OVER = [
    "违规一次扣0.5分，年内再犯的扣分翻番。",
    "未整改的扣1分，虚假整改的该板块清零。",
    "每起扣0.5分，同一事由多次举报的按一起计。",
    "超标一次扣0.5分，全年扣分不突破2分。",
]


@pytest.mark.parametrize(
    "text",
    [
        *LEFT_OPEN,
        *NO_NUMBERS,
        *BROKEN_OFF,
        *WITHOUT_AMOUNT,
        *CONTRADICTING,
        *ELSEWHERE,
        *WITHOUT_A_DAY,
        *LEFT_BESIDE,
    ],
)
def test_a_clause_that_cannot_be_scored_as_it_stands_needs_a_person(text: str) -> None:
    reading = read_clause(text, year=2024)
    assert reading.needs_person
    assert all(text[slice(*one.span)] for one in reading.unread)


@pytest.mark.parametrize("text", PASSED_OVER)
def test_a_word_that_changes_an_amount_is_in_a_rule_or_said(text: str) -> None:
    reading = read_clause(text, year=2024)
    assert reading.needs_person or len(reading.rules) > 1 or reading.rules[0].cap is not None


@pytest.mark.parametrize(
    "text",
    [
        "未建台账的扣1分，台账不实的扣0.5分。",
        "每低于目标1个百分点扣0.2分，扣完为止。",
        "检查评分低于85分的扣1分，85分以上不扣分。",
        "计3分，未完成不得分。",
        "县、乡、村三级未巡河的，每次分别扣0.3分、0.2分、0.1分。",
        "情节较轻的扣0.5分，情节较重的扣1分。",
        "5月底前完成，逾期的扣0.5分，仍未完成的再扣1分。",
        "按完成比例扣减。",
        "整治应于12月底前完成，6月底前未完成50%的扣0.5分。",
        "未建账的每本扣0.1分（原件存档时缺漏的除外）。",
        "完成率每低5%，扣0.3分；办结率每低5%，扣0.6分。",
        "本项满分100分，由考核组酌情打分。",
        "同一问题按最高扣，不重复扣分。",
    ],
)
def test_what_is_read_whole_is_left_alone(text: str) -> None:
    assert read_clause(text, year=2024).unread == ()


def test_the_piece_of_the_sentence_is_shown_where_it_stands() -> None:
    text = "迟报一次扣０．１分， 漏报一次扣 O.5 分。"
    [missed] = read_clause(text, year=2024).unread
    assert text[slice(*missed.span)] == "漏报一次扣 O.5 分"

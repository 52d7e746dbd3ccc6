"""A notice of days off is typed in short, or copied from the paper as it stands."""

from __future__ import annotations

import pytest

from tracker.definitions import daysoff
from tracker.domain.errors import DefinitionError

PAPER = """一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。
2月14日（周六）、2月28日（周六）上班。
三、清明节：4月4日（周六）至6日（周一）放假，共3天。
四、劳动节：5月1日（周五）至5日（周二）放假调休，共5天。5月9日（周六）上班。
五、端午节：6月19日（周五）至21日（周日）放假，共3天。
六、中秋节：9月25日（周五）至27日（周日）放假，共3天。
七、国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。"""


def test_the_paper_s_own_lines_are_read() -> None:
    read = daysoff.notice(2026, "", off_days=PAPER, make_up_days="")
    assert len(read["off_days"]) == 33
    assert (read["off_days"]["2026-02-23"], read["off_days"]["2026-01-01"]) == ("春节", "元旦")
    assert read["make_up_days"] == [
        "2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "first", "last", "name"),
    [
        ("10-01..10-07 国庆节", "2027-10-01", "2027-10-07", "国庆节"),
        ("10月1日—7日 国庆节", "2027-10-01", "2027-10-07", "国庆节"),
        ("2027-05-01..05", "2027-05-01", "2027-05-05", ""),
        ("１-１ 元旦", "2027-01-01", "2027-01-01", "元旦"),
        ("2026-12-31..2027-1-2 元旦", "2026-12-31", "2027-01-02", "元旦"),
    ],
)
def test_a_run_of_days_is_read(typed: str, first: str, last: str, name: str) -> None:
    off = daysoff.notice(2027, "", off_days=typed, make_up_days="")["off_days"]
    assert (min(off), max(off), set(off.values())) == (first, last, {name})


def test_days_to_work_are_named_in_any_way() -> None:
    read = daysoff.notice(
        2027, "", off_days="1-1 元旦", make_up_days="2-20 10月9日、9-18（周六）上班"
    )
    assert read["make_up_days"] == ["2027-02-20", "2027-10-09", "2027-09-18"]


@pytest.mark.parametrize(
    ("off", "worked", "place", "said"),
    [
        ("1-1 元旦\n春节放假", "", "放假第 2 行", "“春节放假”看不出是哪天"),
        ("13-1", "", "放假第 1 行", "“13-1”看不出是哪天"),
        ("2-30 春节", "", "放假第 1 行", "看不出是哪天"),
        ("10-7..10-1 国庆节", "", "放假第 1 行", "先后颠倒"),
        ("12-31..1-2 元旦", "", "放假第 1 行", "先后颠倒"),
        ("1-1 元旦\n1-1 元旦", "", "放假第 2 行", "写了两遍"),
        ("2026-10-01 国庆节", "", "放假第 1 行", "不是 2027 年通知里的日子"),
        ("", "2-20", "放假第 1 行", "没有写哪几天放假"),
        ("1-1 元旦", "1-8", "调休上班", "不是周末"),
        ("1-1 元旦", "周六", "调休上班", "“周六”看不出是哪天"),
        ("1-2 元旦", "1-2", "调休上班", "写了两遍"),
    ],
)
def test_what_cannot_be_meant_is_told_by_its_line(
    off: str, worked: str, place: str, said: str
) -> None:
    with pytest.raises(DefinitionError) as caught:
        daysoff.notice(2027, "", off_days=off, make_up_days=worked)
    [problem] = caught.value.problems
    assert (problem.place, said in problem.text) == (place, True)

"""The district list of 2020 against expectations typed by hand from the document."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.domain.small import History
from tests.programmes.borrowed import copied
from tracker.definitions import yamlform
from tracker.domain import readings
from tracker.domain.points import points
from tracker.domain.programme import Milestone, Programme, Recurring, leading, owing
from tracker.domain.rules import Rule

CHECKOUT = Path(__file__).resolve().parents[2]
FILE = CHECKOUT / "tracker" / "programmes" / "xx-2020.yaml"
SEED = CHECKOUT.parent / "shared" / "seeds" / "000_90d5fdf41017c01e.txt"

SECTIONS = {
    "1": ("水环境质量", "base", "200"),
    "2": ("大气环境质量", "base", "200"),
    "3": ("美丽XX建设重点工作", "base", "600"),
    "4.1": ("加分项", "bonus", None),
    "4.2": ("扣分项", "penalty", None),
}

ITEMS = {
    "1": {"1.1": "100", "1.2": "60", "1.3": "20", "1.4": "20"},
    "2": {"2.1": "100", "2.2": "60", "2.3": "20", "2.4": "20"},
    "3": {
        "3.1": "50", "3.2": "50", "3.3": "20", "3.4": "30", "3.5": "25", "3.6": "20",
        "3.7": "35", "3.8": "20", "3.9": "20", "3.10": "10", "3.11": "27", "3.12": "20",
        "3.13": "30", "3.14": "10", "3.15": "45", "3.16": "110", "3.17": "20", "3.18": "25",
        "3.19": "33",
    },
}  # fmt: skip

GROUPS = {
    "3.5.2": "5", "3.7.3": "5", "3.7.4": "5", "3.9.1": "10", "3.11.2": "13", "3.13.4": "5",
    "3.15.1": "20", "3.15.2": "25", "3.16.1": "40", "3.16.3": "5", "3.16.4": "5",
    "3.16.7": "25", "3.16.8": "10", "3.16.9": "5", "3.17.1": "5", "3.17.2": "11", "3.17.3": "2",
}  # fmt: skip
"""Indicators with points of their own, 指标 inside an item."""

# clause, kind of its first rule, that rule's amount
MAIN = [
    ("1.1", "per_incident", "5"),
    ("1.2.1", "tiered", "60 45 30 10 0"),
    ("1.2.2", "tiered", "2 3 5"),
    ("1.2.3", "cap", "10"),
    ("1.2.4", "exemption", ""),
    ("1.3", "per_incident", "10"),
    ("1.4.1", "linear", "0 all"),
    ("1.4.2", "linear", "0 all"),
    ("2.1", "external", ""),
    ("2.2", "linear", "54 60"),
    ("2.3", "per_step", "2"),
    ("2.4", "threshold", "all"),
    ("3.1", "external", ""),
    ("3.2", "external", ""),
    ("3.3", "external", ""),
    ("3.4", "external", ""),
    ("3.5.1", "all_or_nothing", "all"),
    ("3.5.2.1", "all_or_nothing", "all"),
    ("3.5.2.2", "all_or_nothing", "all"),
    ("3.6.1", "all_or_nothing", "all"),
    ("3.6.2", "all_or_nothing", "all"),
    ("3.6.3", "per_incident", "2"),
    ("3.7.1", "all_or_nothing", "all"),
    ("3.7.2", "discretionary", "all"),
    ("3.7.3-1", "all_or_nothing", "5"),
    ("3.7.3-2", "per_missing", "2.5"),
    ("3.7.4.1", "all_or_nothing", "all"),
    ("3.7.4.2", "all_or_nothing", "1"),
    ("3.7.4.3", "all_or_nothing", "all"),
    ("3.7.5", "all_or_nothing", "all"),
    ("3.7.6", "all_or_nothing", "all"),
    ("3.7.7", "discretionary", "all"),
    ("3.8.1", "all_or_nothing", "all"),
    ("3.8.2", "all_or_nothing", "all"),
    ("3.8.3", "bonus", "4"),
    ("3.8.4", "all_or_nothing", "all"),
    ("3.9.1.1", "all_or_nothing", "all"),
    ("3.9.1.2", "per_incident", "2.5"),
    ("3.9.2", "all_or_nothing", "all"),
    ("3.10.1", "all_or_nothing", "all"),
    ("3.10.2", "all_or_nothing", "2.5"),
    ("3.10.3", "bonus", "4"),
    ("3.11.1", "discretionary", "all"),
    ("3.11.2.1", "all_or_nothing", "all"),
    ("3.11.2.2", "all_or_nothing", "all"),
    ("3.11.2.3", "all_or_nothing", "all"),
    ("3.11.2.4", "per_missing", "1"),
    ("3.11.2.5", "all_or_nothing", "all"),
    ("3.11.2.6", "all_or_nothing", "all"),
    ("3.11.2.7", "all_or_nothing", "all"),
    ("3.11.3", "per_missing", "3"),
    ("3.12.1", "linear", "0 all"),
    ("3.12.2", "linear", "0 80%"),
    ("3.13.1", "discretionary", "all"),
    ("3.13.2", "ratio", "60%"),
    ("3.13.3", "rank", "all 60%"),
    ("3.13.4-1", "ratio", "60%"),
    ("3.13.4-2", "ratio", "60%"),
    ("3.13.4-3", "ratio", "60%"),
    ("3.13.5", "per_step", "0.5"),
    ("3.13.6", "discretionary", "all"),
    ("3.14", "per_incident", "10"),
    ("3.15.1.1", "all_or_nothing", "1"),
    ("3.15.1.2", "per_incident", "1"),
    ("3.15.1.3", "per_incident", "0.5"),
    ("3.15.2.1", "lateness", "2"),
    ("3.15.2.2", "per_incident", "0.5"),
    ("3.15.2.3", "per_incident", "0.5"),
    ("3.15.2.4", "per_incident", "2 1 0.5"),
    ("3.16.1.1", "external", ""),
    ("3.16.1.2", "external", ""),
    ("3.16.2", "per_incident", "1"),
    ("3.16.3", "ratio", "all"),
    ("3.16.4.1", "per_incident", "0.5"),
    ("3.16.4.2", "per_incident", "0.5"),
    ("3.16.4.3", "per_incident", "0.1"),
    ("3.16.4.4", "bonus", "2"),
    ("3.16.5", "all_or_nothing", "all"),
    ("3.16.6", "ratio", "all"),
    ("3.16.7.1", "all_or_nothing", "all"),
    ("3.16.7.2", "all_or_nothing", "all"),
    ("3.16.7.3", "all_or_nothing", "all"),
    ("3.16.7.4", "lateness", "50% 80%"),
    ("3.16.7.5", "lateness", "50% 80%"),
    ("3.16.7.6", "discretionary", "all"),
    ("3.16.8.1", "all_or_nothing", "all"),
    ("3.16.8.2", "per_step", "1.5"),
    ("3.16.9-1", "lateness", "0.5"),
    ("3.16.9-2", "discretionary", "all"),
    ("3.17.1.1", "all_or_nothing", "all"),
    ("3.17.1.2", "all_or_nothing", "all"),
    ("3.17.2.1", "all_or_nothing", "all"),
    ("3.17.2.2", "all_or_nothing", "all"),
    ("3.17.2.3", "all_or_nothing", "all"),
    ("3.17.2.4", "all_or_nothing", "all"),
    ("3.17.2.5", "discretionary", "2"),
    ("3.17.3.1", "all_or_nothing", "all"),
    ("3.17.3.2", "all_or_nothing", "all"),
    ("3.17.4", "all_or_nothing", "all"),
    ("3.18.1", "per_incident", "10"),
    ("3.18.2", "per_missing", "5"),
    ("3.18.3", "per_missing", "5"),
    ("3.19", "discretionary", "all"),
    ("4.1.1-1", "bonus", "5 3 3 1.5"),
    ("4.1.1-2", "bonus", "0.2"),
    ("4.1.1-3", "bonus", "0.5"),
    ("4.1.1-4", "bonus", "0.5"),
    ("4.1.2", "bonus", "2.5"),
    ("4.1.3", "bonus", "5"),
    ("4.1.4", "per_step", "0.5"),
    ("4.1.5", "bonus", "2 3 1 2"),
    ("4.1.6.1", "bonus", "2 1"),
    ("4.1.6.2", "bonus", "5"),
    ("4.1.6.3", "cap", "20"),
    ("4.1.7", "discretionary", "5"),
    ("4.1.8", "discretionary", "0.5 2"),
    ("4.1.9", "bonus", "3"),
    ("4.1.10", "bonus", "3"),
    ("4.1.11", "bonus", "1"),
    ("4.1.12", "rank", "1 1 1 1 1 1 1 1 1 1"),
    ("4.1.13", "bonus", "2"),
    ("4.1.14", "bonus", "3"),
    ("4.1.15.1", "rank", "5 4 3"),
    ("4.1.15.2", "rank", "5 4 3"),
    ("4.1.15.3", "rank", "5 4 3"),
    ("4.1.16.1", "bonus", "2"),
    ("4.1.16.2", "bonus", "1"),
    ("4.1.16.3", "bonus", "0.5"),
    ("4.1.17", "bonus", "5"),
    ("4.2.1", "per_missing", "5"),
    ("4.2.2", "per_incident", "20 10 5"),
    ("4.2.3", "per_incident", "50 20 10"),
    ("4.2.4", "per_incident", "20"),
    ("4.2.5", "discretionary", "2 5"),
    ("4.2.6", "rank", "5 5 5 5 5 5 5 5 5 5"),
    ("4.2.7", "per_incident", "2 4"),
]

# the other sanctions of the clauses that have several, duties left out
FURTHER = {
    "1.1": [
        ("per_incident", "10"),
        ("multiplier", "0"),
        ("bonus", "5"),
        ("exemption", ""),
        ("cap", "all"),
    ],
    "1.2.2": [("bonus", "10"), ("exemption", "")],
    "1.3": [("per_incident", "5"), ("multiplier", "0.5")],
    "2.1": [("exemption", "")],
    "2.2": [("per_step", "2"), ("per_step", "1")],
    "2.3": [("per_step", "3")],
    "3.7.4.2": [("all_or_nothing", "2")],
    "3.7.6": [("discretionary", "all")],
    "3.9.1.2": [("discretionary", "all"), ("per_incident", "2.5")],
    "3.10.2": [("all_or_nothing", "2.5")],
    "3.12.1": [("per_step", "1")],
    "3.12.2": [("exemption", "")],
    "3.13.2": [("rank", "40% 24%")],
    "3.13.4-1": [("rank", "40% 24%")],
    "3.13.4-2": [("rank", "40% 24%")],
    "3.13.4-3": [("rank", "40% 24%")],
    "3.14": [("multiplier", "0.5")],
    "3.15.1.2": [("per_incident", "1"), ("no_double", "")],
    "3.15.2.1": [("per_incident", "1")],
    "3.16.2": [("per_incident", "5"), ("veto", "")],
    "3.16.3": [("bonus", "2")],
    "3.16.4.1": [("lateness", "2")],
    "3.16.4.2": [("lateness", "2")],
    "3.16.7.6": [("all_or_nothing", "all")],
    "3.16.8.1": [("discretionary", "all")],
    "3.16.9-1": [("lateness", "0.5")],
    "3.17.2.1": [("all_or_nothing", "all")],
    "3.17.2.2": [("all_or_nothing", "all")],
    "3.17.2.5": [("discretionary", "0.5"), ("discretionary", "2"), ("discretionary", "1")],
    "3.18.3": [("all_or_nothing", "10")],
    "4.1.1-3": [("no_double", "")],
    "4.1.1-4": [("no_double", "")],
    "4.1.2": [("bonus", "2.5")],
    "4.1.4": [("per_step", "1"), ("cap", "5")],
    "4.1.5": [("bonus", "3")],
    "4.1.6.1": [("discretionary", "20")],
    "4.1.6.2": [("bonus", "2")],
    "4.1.12": [("rank", "0.5"), ("threshold", "0.5")],
    "4.1.15.1": [("threshold", "1")],
    "4.1.15.2": [("threshold", "1")],
    "4.1.15.3": [("threshold", "1"), ("cap", "10")],
    "4.1.16.3": [("bonus", "0.2"), ("bonus", "0.1"), ("cap", "8")],
    "4.2.2": [("multiplier", "0.5"), ("multiplier", "2")],
}

# 扣完……为止, 不超过, 上限
CAPS = {
    "1.1#1": "all", "1.1#2": "all", "1.1#4": "20", "1.3#1": "all", "1.3#2": "all",
    "2.2#2": "all", "2.3#2": "all", "3.6.3#1": "all", "3.7.3-2#1": "all", "3.9.1.2#1": "all",
    "3.11.2.4#1": "all", "3.11.3#1": "all", "3.13.2#1": "60%", "3.13.5#1": "all",
    "3.14#1": "all", "3.16.1.2#1": "all", "3.16.2#1": "5", "3.16.3#2": "4", "3.16.4.3#1": "1",
    "3.16.8.2#1": "all", "3.18.1#1": "all", "3.18.2#1": "all", "3.18.3#1": "all",
    "4.1.9#1": "6", "4.1.11#1": "4", "4.1.14#1": "6", "4.1.4#1": "2.5",
}  # fmt: skip

# （20分） and the like behind a clause
CLAUSE_POINTS = {
    "1.4.1": "10", "1.4.2": "10", "3.5.1": "20", "3.5.2.1": "2", "3.5.2.2": "3", "3.6.1": "5",
    "3.6.2": "10", "3.6.3": "5", "3.7.1": "5", "3.7.2": "5", "3.7.4.1": "1", "3.7.4.2": "3",
    "3.7.4.3": "1", "3.7.5": "5", "3.7.6": "5", "3.7.7": "5", "3.8.1": "12", "3.8.2": "3",
    "3.8.4": "5", "3.9.1.1": "5", "3.9.1.2": "5", "3.9.2": "10", "3.10.1": "5", "3.10.2": "5",
    "3.11.1": "5", "3.11.2.1": "2", "3.11.2.2": "3", "3.11.2.3": "1", "3.11.2.4": "4",
    "3.11.2.5": "1", "3.11.2.6": "1", "3.11.2.7": "1", "3.11.3": "9", "3.12.1": "10",
    "3.12.2": "10", "3.13.1": "5", "3.13.2": "5", "3.13.3": "5", "3.13.4-1": "1.5",
    "3.13.4-2": "1.5", "3.13.4-3": "1.5", "3.13.5": "5", "3.13.6": "5", "3.15.1.1": "1",
    "3.15.1.2": "15", "3.15.1.3": "4", "3.15.2.1": "10", "3.15.2.2": "10", "3.15.2.3": "5",
    "3.15.2.4": None, "3.16.1.1": "20", "3.16.1.2": "20", "3.16.2": "5", "3.16.4.1": None,
    "3.16.5": "10", "3.16.6": "5", "3.16.7.1": "5", "3.16.7.2": "5", "3.16.7.3": "5",
    "3.16.7.4": "5", "3.16.7.5": "5", "3.16.7.6": None, "3.16.8.1": "5", "3.16.8.2": "5",
    "3.16.9-1": "3", "3.16.9-2": "2", "3.17.1.1": "3", "3.17.1.2": "2", "3.17.2.1": "2",
    "3.17.2.2": "1.5", "3.17.2.3": "1.5", "3.17.2.4": "0.5", "3.17.2.5": "5.5",
    "3.17.3.1": "1", "3.17.3.2": "1", "3.17.4": "2", "3.18.1": None, "3.18.2": None,
    "3.18.3": None,
}  # fmt: skip

ENV, PLANNING = "市生态环境局XX分局", "市规划和自然资源局XX分局"
WATER_OFFICE, AIR_OFFICE, SOIL_OFFICE = "区“五水共治”办", "区大气办", "区土壤办"
OFFICE, GROUP = "“美丽XX”办", "“美丽XX”建设领导小组各成员单位"
WATER_GROUP = "区“五水共治”领导小组各成员单位"
AIR_GROUP = "区大气和土壤污染防治领导小组成员单位"
FOREST, FARMS = "区林水局", "区农业农村局"
TOWNS, TOWNS_CONCERNED = "各镇街、平台", "各有关镇街、平台"
CONCERNED, RELATED = "各有关部门", "各相关部门"

# clause: 牵头单位, 责任单位 (none printed: the lead unit owes it)
UNITS = {
    "1.1": ([WATER_OFFICE], [WATER_GROUP]),
    "1.2.1": ([WATER_OFFICE], [WATER_GROUP]),
    "1.3": ([WATER_OFFICE], [WATER_GROUP]),
    "1.4.1": ([ENV], [ENV]),
    "1.4.2": ([ENV], [ENV]),
    "2.1": ([AIR_OFFICE], [AIR_GROUP]),
    "2.2": ([AIR_OFFICE], [AIR_GROUP]),
    "2.3": ([AIR_OFFICE], [AIR_GROUP]),
    "2.4": ([AIR_OFFICE], [AIR_GROUP]),
    "3.1": ([WATER_OFFICE], [WATER_GROUP]),
    "3.2": ([AIR_OFFICE], [AIR_GROUP]),
    "3.3": ([SOIL_OFFICE], [AIR_GROUP]),
    "3.4": ([SOIL_OFFICE], [AIR_GROUP]),
    "3.5.1": (["区减排办"], ["区减排领导小组各成员单位"]),
    "3.5.2.2": (["区减排办"], ["区减排领导小组各成员单位"]),
    "3.6.1": ([PLANNING], [FOREST, ENV, FARMS, TOWNS]),
    "3.6.3": ([PLANNING], [FOREST, ENV, FARMS, TOWNS]),
    "3.7.1": (["区委办（区效能考评办）"], ["区委办（区效能考评办）"]),
    "3.7.2": ([ENV], [ENV]),
    "3.7.3-2": ([ENV], [TOWNS]),
    "3.7.4.1": ([OFFICE], [ENV, "区财政局"]),
    "3.7.4.3": ([OFFICE], [ENV, "区财政局"]),
    "3.7.5": ([ENV], ["区委组织部", "区纪委（监委）"]),
    "3.7.6": (["区审计局"], ["区审计局"]),
    "3.7.7": ([OFFICE], [ENV, FOREST, FARMS, PLANNING, "区委政法委", RELATED]),
    "3.8.1": ([OFFICE], [CONCERNED, TOWNS]),
    "3.9.1.1": (
        [OFFICE],
        [ENV, FOREST, FARMS, PLANNING, "超山风景名胜区管委会", TOWNS_CONCERNED],
    ),
    "3.9.2": ([FOREST], [PLANNING, ENV, "超山风景名胜区管委会"]),
    "3.10.1": ([ENV], [FOREST, PLANNING, FARMS]),
    "3.10.2": ([ENV], [FOREST, FARMS]),
    "3.11.1": ([OFFICE], [GROUP]),
    "3.11.2.1": ([OFFICE], ["区委宣传部", ENV, RELATED, TOWNS]),
    "3.11.2.2": ([ENV], [RELATED, TOWNS]),
    "3.11.2.3": ([OFFICE], ["区委宣传部", ENV, RELATED, TOWNS]),
    "3.11.2.4": ([OFFICE], [ENV, RELATED, TOWNS]),
    "3.11.2.5": ([OFFICE], [ENV]),
    "3.11.2.6": ([ENV], [ENV]),
    "3.11.2.7": ([OFFICE], [ENV, "区教育局", "区妇联"]),
    "3.11.3": ([OFFICE], [GROUP]),
    "3.12.1": ([ENV], ["区发改局", "区农林集团", "区交通集团", TOWNS]),
    "3.12.2": (["区财政局"], ["区财政局"]),
    "3.13.1": ([WATER_OFFICE], [RELATED, "各有关镇街"]),
    "3.13.2": ([OFFICE], [FOREST, FARMS, ENV]),
    "3.13.3": ([FOREST], [FOREST]),
    "3.13.4-2": ([FARMS], [FARMS]),
    "3.13.5": ([FOREST], [FOREST]),
    "3.13.6": (["区住建局"], ["区住建局"]),
    "3.14": ([ENV], ["区环境（水务）控股集团", "仁和街道", CONCERNED, TOWNS]),
    "3.15.1.1": ([OFFICE], [CONCERNED, TOWNS]),
    "3.15.2.3": ([OFFICE], [CONCERNED, TOWNS]),
    "3.16.1.1": ([ENV], [ENV]),
    "3.16.2": ([ENV], [ENV]),
    "3.16.3": ([ENV], [TOWNS_CONCERNED]),
    "3.16.4.1": ([ENV], [TOWNS]),
    "3.16.5": ([ENV], [TOWNS]),
    "3.16.6": ([ENV], [TOWNS]),
    "3.16.7.4": ([ENV], [ENV]),
    "3.16.8.1": ([ENV], [ENV]),
    "3.16.9-1": ([ENV], [TOWNS]),
    "3.17.1.1": ([ENV], [ENV]),
    "3.17.2.1": ([ENV], ["区应急管理局"]),
    "3.17.3.1": ([ENV], [ENV]),
    "3.17.4": ([ENV], [ENV]),
    "3.18.3": ([OFFICE], [GROUP]),
    "3.19": ([OFFICE], [GROUP]),
    "4.1.1-1": ([OFFICE], [GROUP]),
    "4.1.2": ([OFFICE], [OFFICE]),
    "4.1.3": ([OFFICE], [OFFICE]),
    "4.1.4": (["区委办（区效能考评办）"], ["区委办（区效能考评办）"]),
    "4.1.5": ([OFFICE], [GROUP]),
    "4.1.6.1": ([OFFICE], [GROUP]),
    "4.1.7": ([ENV], ["区发改局", TOWNS]),
    "4.1.8": ([ENV], [ENV]),
    "4.1.9": ([ENV], [ENV]),
    "4.1.10": ([ENV], [ENV]),
    "4.1.11": ([ENV], [ENV]),
    "4.1.12": ([OFFICE], [GROUP]),
    "4.1.13": ([OFFICE], [FOREST, "区发改局", ENV]),
    "4.1.14": ([OFFICE], [GROUP]),
    "4.1.15.1": ([ENV], [ENV]),
    "4.1.16.1": ([OFFICE], [GROUP]),
    "4.1.17": ([OFFICE], ["各相关单位"]),
    "4.2.1": ([OFFICE], [GROUP]),
    "4.2.2": ([OFFICE], [GROUP]),
    "4.2.3": ([OFFICE], [GROUP]),
    "4.2.4": ([OFFICE], [GROUP]),
    "4.2.5": ([OFFICE], [GROUP]),
    "4.2.6": ([OFFICE], [GROUP]),
    "4.2.7": ([OFFICE], ["区城管局", ENV]),
}

TARGETS = {
    "chaired_meetings": "2", "county_news_reports": "50", "open_facilities": "4",
    "innovation_projects": "3", "eco_investment_growth": "10", "reform_platforms": "2",
    "insured_enterprises": "10", "greening_xx": "3700", "greening_jianggan": "400",
    "greening_gongshu": "200", "greening_xihu": "900", "greening_binjiang": "400",
    "greening_qiantang": "800", "greening_xiaoshan": "2400", "greening_fuyang": "7500",
    "greening_linan": "6900",
}  # fmt: skip

YEAR_END = date(2020, 12, 31)
# clause, duty, day, what it needs: a target, its share, a number of it
MILESTONES = [
    ("3.1", "done", YEAR_END, None),
    ("3.5.1", "done", YEAR_END, None),
    ("3.7.2", "chaired", YEAR_END, ("chaired_meetings", None, "2")),
    ("3.7.3-2", "reported", YEAR_END, ("reporting_towns", "1", None)),
    ("3.11.2.1", "reports", YEAR_END, ("county_news_reports", "1", None)),
    ("3.11.2.2", "environment_day", date(2020, 6, 5), None),
    ("3.11.2.4", "open", YEAR_END, ("open_facilities", "1", None)),
    ("3.11.3", "listed", YEAR_END, ("innovation_projects", "1", None)),
    ("3.13.5", "done", YEAR_END, ("greening_xx", "1", None)),
    ("3.16.3", "done", YEAR_END, ("reform_platforms", None, "2")),
    ("3.16.6", "done", YEAR_END, ("insured_enterprises", "1", None)),
    ("3.17.2.1", "checks", YEAR_END, ("hazard_checks", "1", None)),
    ("3.17.2.1", "hazards", YEAR_END, ("hazards_found", "1", None)),
    ("3.17.2.2", "drill", YEAR_END, None),
    ("3.18.2", "summaries", YEAR_END, ("stage_summaries", "1", None)),
    ("3.18.3", "accepted", YEAR_END, None),
]

# 时间节点, 规定时间, 按市级整改方案要求: dates that the document does not give
EXTERNAL = [
    "3.5.2.2/report", "3.6.2/done", "3.8.1/done", "3.11.2.2/ecology_day", "3.15.2.1/plan",
    "3.16.4.1/whole", "3.16.4.2/whole", "3.16.7.4/built", "3.16.7.5/built",
    "3.16.9-1/database", "3.16.9-1/analysis", "4.2.2/central_node",
]  # fmt: skip


@pytest.fixture(scope="module")
def programme() -> Programme:
    return yamlform.load(FILE)


def amount_of(rule: Rule) -> str:
    """What a rule costs or wins, as one text; empty where it makes no charge of its own."""
    body = rule.model_dump(mode="json")
    match rule.kind:
        case "tiered":
            return " ".join(tier["get"] for tier in body["tiers"])
        case "linear":
            gets = [corner["get"] for corner in body["corners"]]
            return " ".join([*gets, *body["ends"].values()])
        case "rank" if body["worst_gets"] is not None:
            return f"{body['of']} {body['worst_gets']}"
        case "rank":
            return " ".join(body["places"].values()) or body["each_risen"]
        case "lateness":
            pieces = [piece["flat"] or piece["rises_to"] for piece in body["pieces"]]
            return " ".join(pieces) or body["base"]
        case "discretionary":
            return " ".join(bound for bound in (body["least"], body["most"]) if bound)
    for name in ("lose", "win", "each", "award", "limit", "of", "factor"):
        if name in body and body[name] is not None and rule.kind != "external":
            return str(body[name])
    return " ".join((body.get("classes") or {}).values())


def names(programme: Programme, units: tuple[str, ...]) -> list[str]:
    return [programme.unit_names[unit] for unit in units]


# -- what stands in it ---------------------------------------------------------------------------


def test_the_programme_is_the_district_list_of_2020_and_worth_a_thousand_points(
    programme: Programme,
) -> None:
    assert (programme.id, programme.year, programme.zone) == ("xx-2020", 2020, "Asia/Shanghai")
    assert programme.points == Decimal(1000)


def test_the_sections_stand_in_order_with_their_parts_and_points(programme: Programme) -> None:
    found = {
        s.id: (s.title, s.part, None if s.points is None else str(s.points))
        for s in programme.sections
    }
    assert list(found.items()) == list(SECTIONS.items())


def test_the_items_stand_in_order_with_their_points(programme: Programme) -> None:
    for section in programme.sections:
        if section.part == "base":
            found = [(item.id, str(item.points)) for item in section.items]
            assert found == list(ITEMS[section.id].items())


def test_there_are_seventeen_bonus_and_seven_penalty_items_without_points(
    programme: Programme,
) -> None:
    beside = {s.id: s for s in programme.sections if s.part != "base"}
    assert [i.id for i in beside["4.1"].items] == [f"4.1.{n}" for n in range(1, 18)]
    assert [i.id for i in beside["4.2"].items] == [f"4.2.{n}" for n in range(1, 8)]
    assert {i.points for s in beside.values() for i in s.items} == {None}


def test_items_add_up_to_sections_and_sections_to_the_whole(programme: Programme) -> None:
    base = [section for section in programme.sections if section.part == "base"]
    assert sum((section.points or Decimal(0)) for section in base) == Decimal(1000)
    for section in base:
        assert sum((item.points or Decimal(0)) for item in section.items) == section.points


def test_indicators_have_their_own_points(programme: Programme) -> None:
    found = {g.id: str(g.points) for _, item in programme.items() for g in item.groups}
    assert found == GROUPS


def test_there_are_51_items_136_clauses_and_217_rules(programme: Programme) -> None:
    assert len(list(programme.items())) == 51
    assert len(programme.clauses) == 136
    kinds = [rule.kind for _, _, rule in programme.rules()]
    assert len(kinds) == 217
    assert kinds.count("duty") == 20


def test_every_clause_has_its_main_sanction_in_the_order_of_the_document(
    programme: Programme,
) -> None:
    found = [
        (clause.id, clause.rules[0].kind, amount_of(clause.rules[0]))
        for _, _, clause in programme.clauses.values()
    ]
    assert found == MAIN


def test_the_other_sanctions_follow_in_the_order_of_the_text(programme: Programme) -> None:
    found = {
        clause.id: [
            (rule.kind, amount_of(rule)) for rule in clause.rules[1:] if rule.kind != "duty"
        ]
        for _, _, clause in programme.clauses.values()
    }
    assert {name: rules for name, rules in found.items() if rules} == FURTHER


def test_caps_are_those_of_the_text(programme: Programme) -> None:
    rules = {name: rule for name, _, rule in programme.rules()}
    assert {name: rules[name].cap for name in CAPS} == CAPS


def test_clauses_carry_the_points_that_the_document_gives_them(programme: Programme) -> None:
    given = {name: programme.clauses[name][2].points for name in CLAUSE_POINTS}
    found = {name: None if one is None else str(one) for name, one in given.items()}
    assert found == CLAUSE_POINTS


def test_clauses_are_owed_and_led_by_the_units_of_their_row(programme: Programme) -> None:
    for clause_id, (lead, responsible) in UNITS.items():
        _, item, clause = programme.clauses[clause_id]
        assert names(programme, leading(item, clause)) == lead, clause_id
        assert names(programme, owing(item, clause)) == responsible, clause_id


def test_the_units_of_every_item_are_checked_and_nobody_reviews(programme: Programme) -> None:
    assert {item.id for _, item in programme.items()} == {
        programme.clauses[name][1].id for name in UNITS
    }
    assert not any(item.reviewing_units for _, item in programme.items())


def test_targets_have_the_documents_values_and_what_others_set_is_left_open(
    programme: Programme,
) -> None:
    values = {t.id: t.value for t in programme.targets}
    assert {name: str(value) for name, value in values.items() if value is not None} == TARGETS
    assert all(t.source for t in programme.targets if t.value is None)


def test_milestones_have_their_days_and_what_they_need(programme: Programme) -> None:
    for clause_id, name, day, need in MILESTONES:
        duty = programme.clauses[clause_id][2].duty(name)
        assert isinstance(duty, Milestone), clause_id
        assert duty.on == day, clause_id
        if need is None:
            assert duty.need is None, clause_id
            continue
        assert duty.need is not None, clause_id
        found = (duty.need.of, duty.need.share, duty.need.number)
        assert found == tuple(Decimal(n) if n and n.isdigit() else n for n in need), clause_id


def test_no_other_day_is_invented(programme: Programme) -> None:
    days = {
        (f"{clause.id}/{duty.id}", duty.on)
        for _, _, clause in programme.clauses.values()
        for duty in clause.duties
        if isinstance(duty, Milestone) and duty.on not in (None, YEAR_END)
    }
    assert days == {("3.11.2.2/environment_day", date(2020, 6, 5))}


def test_dates_of_other_documents_stay_external(programme: Programme) -> None:
    external = [
        f"{clause.id}/{duty.id}"
        for _, _, clause in programme.clauses.values()
        for duty in clause.duties
        if isinstance(duty, Milestone) and duty.external
    ]
    assert external == EXTERNAL


def test_leaders_study_every_quarter_and_a_bulletin_is_due_every_month(
    programme: Programme,
) -> None:
    found = {
        f"{clause.id}/{duty.id}": (duty.freq, duty.times, duty.due_day)
        for _, _, clause in programme.clauses.values()
        for duty in clause.duties
        if isinstance(duty, Recurring)
    }
    assert found == {
        "3.7.2/quarter": ("quarterly", 1, None),
        "3.18.3/bulletin": ("monthly", 1, None),
    }


def test_every_duty_is_named_by_a_rule_of_its_clause(programme: Programme) -> None:
    for _, _, clause in programme.clauses.values():
        bodies = [rule.model_dump() for rule in clause.rules]
        named = {body.get("duty") for body in bodies}
        named |= {(body.get("when") or {}).get("missed") for body in bodies}
        assert {duty.id for duty in clause.duties} <= named, clause.id


# -- readings ------------------------------------------------------------------------------------


def test_every_reading_asks_says_why_and_executes(programme: Programme) -> None:
    assert len(programme.readings) == 65
    known = set(programme.clauses) | {item.id for _, item in programme.items()}
    for reading in programme.readings:
        assert reading.clause in known
        assert reading.question.endswith("？")
        assert reading.because
        for alternative in reading.alternatives:
            name = (reading.id, alternative.id)
            if alternative.id == reading.default:
                assert alternative.set == {}, name
                continue
            changed = readings.changed(programme, alternative.set)
            assert changed.model_dump() != programme.model_dump(), name


def test_three_times_thirty_per_cent_leave_half_a_point_open(programme: Programme) -> None:
    _, item, _ = programme.clauses["3.13.1"]
    assert sum((c.points or Decimal(0)) for c in item.clauses) == Decimal("29.5")
    reading = next(r for r in programme.readings if r.id == "3-13-unallocated")
    assert [a.id for a in reading.alternatives] == ["kept", "lost", "scaled"]
    assert reading.default == "kept"
    lost = History().ledger(programme, "2020-02-01", readings={reading.id: "lost"})
    assert str(points(sum(e.points for e in lost.of_item("3.13")))) == "-0.5"


# -- whose words they are ------------------------------------------------------------------------


def test_no_sentence_of_the_document_is_copied(programme: Programme) -> None:
    if not SEED.exists():
        pytest.skip("seed absent")
    assert copied(programme, SEED.read_text(encoding="utf-8")) == {}

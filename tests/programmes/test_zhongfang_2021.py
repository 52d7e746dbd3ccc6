"""The county list of 2021 against expectations typed by hand from the document."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.programmes.borrowed import copied
from tracker.definitions import yamlform
from tracker.domain import readings
from tracker.domain.programme import (
    CaseDuty,
    Gap,
    Milestone,
    Programme,
    Recurring,
    owing,
    reviewing,
)
from tracker.domain.rules import Rule

CHECKOUT = Path(__file__).resolve().parents[2]
FILE = CHECKOUT / "tracker" / "programmes" / "zhongfang-2021.yaml"
SEED = CHECKOUT.parent / "shared" / "seeds" / "002_6033ced6d3235a21.txt"

SECTIONS = {
    "1": ("深入学习贯彻习近平生态文明思想", "3"),
    "2": ("深入打好污染防治攻坚战", "57"),
    "3": ("持续推进突出生态环境问题整改", "8"),
    "4": ("加强生态保护和修复", "4"),
    "5": ("实施碳排放达峰行动", "4"),
    "6": ("构建绿色生产生活方式", "4"),
    "7": ("严格生态环境监管执法", "5"),
    "8": ("防范化解生态环境风险", "3"),
    "9": ("服务高质量发展", "2"),
    "10": ("推进生态文明体系制度建设", "6"),
    "11": ("加强生态环境能力建设", "4"),
}

ITEMS = {
    "1": {"1": "1", "2": "1", "3": "1"},
    "2": {
        "4": "4", "5": "4", "6": "2", "7": "2", "8": "4", "9": "3", "10": "2", "11": "3",
        "12": "3", "13": "2", "14": "5", "15": "3", "16": "3", "17": "1", "18": "1", "19": "2",
        "20": "13",
    },
    "3": {"21": "8"},
    "4": {"22": "1", "23": "2", "24": "1"},
    "5": {"25": "1", "26": "2", "27": "1"},
    "6": {"28": "4"},
    "7": {"29": "1", "30": "4"},
    "8": {"31": "1", "32": "1", "33": "1"},
    "9": {"34": "2"},
    "10": {"35": "2", "36": "2", "37": "2"},
    "11": {"38": "2", "39": "2"},
}  # fmt: skip

CLAUSES = {
    "1": 2, "4": 3, "5": 4, "8": 9, "9": 4, "10": 3, "11": 3, "12": 3, "14": 7, "19": 5, "20": 10,
    "21": 2, "22": 2, "23": 4, "24": 3, "28": 8, "30": 7, "31": 4, "32": 5, "34": 3, "35": 2,
    "36": 3, "37": 8, "38": 7, "39": 3,
}  # fmt: skip
"""Clauses of the items that number them; every other item has one."""

ENV, HOUSING = "市生态环境局中方分局", "县住建局"
AIR = [ENV, "县城管执法局", HOUSING, "县交通局"]
CITY_ENV = "市生态环境局"

UNITS = {
    "1": (["县委组织部", "县委宣传部"], ["市委组织部", "市委宣传部", CITY_ENV]),
    "2": (["县委组织部", "县委宣传部"], [CITY_ENV]),
    "3": ([ENV], [CITY_ENV]),
    "4": ([ENV], [CITY_ENV]),
    "5": ([ENV], [CITY_ENV]),
    "6": ([ENV], [CITY_ENV]),
    "7": ([ENV], [CITY_ENV]),
    "8": (
        [ENV, "县发改局", "县城管执法局", HOUSING, "县交通局", "县水利局"],
        [CITY_ENV, "市发改委", "市城管执法局", "市住建局", "市交通局", "市水利局"],
    ),
    "9": (AIR, [CITY_ENV]),
    "10": (AIR, [CITY_ENV]),
    "11": (AIR, [CITY_ENV]),
    "12": (AIR, [CITY_ENV]),
    "13": ([ENV], [CITY_ENV]),
    "14": (
        [ENV, "县农业农村局", "县公安局", "县商科工信局", HOUSING],
        [CITY_ENV, "市农业农村局", "市公安局", "市工业信息化局", "市住建局"],
    ),
    "15": (["县农业农村局"], ["市农业农村局"]),
    "16": ([ENV], [CITY_ENV]),
    "17": ([ENV], [CITY_ENV]),
    "18": ([ENV], [CITY_ENV]),
    "19": (["县农业农村局", ENV, HOUSING], ["市农业农村局", CITY_ENV, "市住建局"]),
    "20": (
        [HOUSING, ENV, "县应急管理局", "县自然资源局", "县农业农村局", "“夏季攻势”牵头单位"],
        ["市住建局", CITY_ENV, "市自然资源和规划局", "市生态环境保护委员会办公室"],
    ),
    "21": (["县直整改牵头单位"], ["市突出环境问题整改工作领导小组办公室"]),
    "22": (["县农业农村局", "县公安局"], [CITY_ENV, "省农业农村局", "省公安局"]),
    "23": (["县林业局"], [CITY_ENV, "市林业局"]),
    "24": (["县林业局"], ["市林业局"]),
    "25": ([ENV], [CITY_ENV]),
    "26": ([ENV], [CITY_ENV]),
    "27": ([ENV], [CITY_ENV]),
    "28": (
        ["县发改局", "县商科工信局", ENV, HOUSING, "县城管执法局", "县水利局", "县机关事务中心"],
        ["市发改委", "市工业信息化局", CITY_ENV, "市住建局", "市城管执法局", "市水利局",
         "市机关事务局"],
    ),
    "29": ([ENV], [CITY_ENV]),
    "30": ([ENV, "县公安局"], [CITY_ENV, "市公安局"]),
    "31": ([ENV], [CITY_ENV]),
    "32": ([ENV], [CITY_ENV]),
    "33": ([ENV], [CITY_ENV]),
    "34": ([ENV], [CITY_ENV]),
    "35": ([ENV], [CITY_ENV]),
    "36": (["县人大环资委", ENV], ["市人大环资委", CITY_ENV]),
    "37": (["县统计局", ENV], ["市统计局", CITY_ENV]),
    "38": ([ENV], [CITY_ENV]),
    "39": (["县财政局", ENV], ["市财政局", CITY_ENV]),
}  # fmt: skip

ROWS = {
    "14.1": ([ENV, "县农业农村局"], [CITY_ENV, "市农业农村局"]),
    "14.4": ([ENV, "县农业农村局"], [CITY_ENV, "市农业农村局"]),
    "14.5": (["县公安局"], ["市公安局"]),
    "14.6": (["县商科工信局"], ["市工业信息化局"]),
    "14.7": ([HOUSING], ["市住建局"]),
    "19.1": (["县农业农村局"], ["市农业农村局"]),
    "19.3": (["县农业农村局"], ["市农业农村局"]),
    "19.4": ([ENV], [CITY_ENV]),
    "19.5": ([HOUSING], ["市住建局"]),
    "20.1": ([HOUSING], ["市住建局"]),
    "20.2": ([ENV], [CITY_ENV]),
    "20.3": ([ENV], [CITY_ENV]),
    "20.4": ([ENV], [CITY_ENV]),
    "20.5": (["县应急管理局"], [CITY_ENV]),
    "20.6": ([ENV], [CITY_ENV]),
    "20.7": (["县自然资源局"], ["市自然资源和规划局"]),
    "20.8": (["县农业农村局"], [CITY_ENV]),
    "20.9": ([ENV], [CITY_ENV]),
    "20.10": (["“夏季攻势”牵头单位"], ["市生态环境保护委员会办公室"]),
    "36.1": (["县人大环资委"], ["市人大环资委"]),
    "36.2": ([ENV], [CITY_ENV]),
    "36.3": ([ENV], [CITY_ENV]),
}

CLAUSE_POINTS = {
    "1.1": "0.5", "1.2": "0.5", "2": "1", "3": "1",
    "14.1": "1", "14.2": "1", "14.3": "0.5", "14.4": "1", "14.5": "0.5", "14.6": "0.5",
    "14.7": "0.5", "15": "3", "16": "3", "17": "1", "18": "1",
    "19.1": "0.4", "19.2": "0.4", "19.3": "0.4", "19.4": "0.4", "19.5": "0.4",
    "20.1": "1.5", "20.2": "1", "20.3": "1", "20.4": "1", "20.5": "1", "20.6": "1", "20.7": "1",
    "20.8": "1.5", "20.9": "1", "20.10": "3",
    "22.1": "0.5", "22.2": "0.5", "23.1": "0.5", "23.2": "0.2", "23.3": "0.8", "23.4": "0.5",
    "24.1": "0.4", "24.2": "0.4", "24.3": "0.2", "25": "1", "26": "2", "27": "1",
    "28.1": "0.5", "28.2": "0.5", "28.3": "0.5", "28.4": "0.5", "28.6": "0.5", "28.7": "0.5",
    "28.8": "0.5", "29": "1", "30.1": "1", "30.2": "1", "30.3": "1", "30.4": "1", "33": "1",
    "35.1": "0.5", "35.2": "1.5", "36.1": "0.5", "36.2": "0.5", "36.3": "0.9", "37.1": "1",
    "39.1": "0.3", "39.2": "0.3", "39.3": "0.4",
}  # fmt: skip

MAIN = [
    ("1.1", "all_or_nothing", "all"),
    ("1.2", "all_or_nothing", "all"),
    ("2", "all_or_nothing", "0.5"),
    ("3", "all_or_nothing", "all"),
    ("4.1", "per_missing", "2"),
    ("4.2", "per_incident", "1"),
    ("4.3", "per_incident", "0.2"),
    ("5.1", "per_step", "0.2"),
    ("5.2", "per_missing", "1"),
    ("5.3", "per_incident", "0.5"),
    ("5.4", "per_incident", "0.1"),
    ("6", "per_incident", "0.5"),
    ("7", "per_step", "0.1"),
    ("8.1", "per_incident", "0.2 0.1"),
    ("8.2", "per_missing", "0.2"),
    ("8.3", "all_or_nothing", "0.2"),
    ("8.4", "per_incident", "0.2"),
    ("8.5", "per_incident", "0.2"),
    ("8.6", "per_incident", "0.2"),
    ("8.7", "per_incident", "0.2"),
    ("8.8", "per_step", "0.1"),
    ("8.9", "per_incident", "0.2"),
    ("9.1", "exemption", ""),
    ("9.2", "per_step", "0.1"),
    ("9.3", "per_step", "0.2"),
    ("9.4", "per_step", "0.5"),
    ("10.1", "exemption", ""),
    ("10.2", "per_step", "0.2"),
    ("10.3", "rank", "1 0.9 0.8 0.7 0.6 0.5 0.4 0.3 0.2 0.1"),
    ("11.1", "per_step", "0.2"),
    ("11.2", "per_step", "0.2"),
    ("11.3", "per_step", "0.5"),
    ("12.1", "threshold", "3"),
    ("12.2", "per_step", "1"),
    ("12.3", "all_or_nothing", "1.5"),
    ("13", "per_step", "0.2"),
    ("14.1", "all_or_nothing", "all"),
    ("14.2", "per_incident", "0.5"),
    ("14.3", "all_or_nothing", "all"),
    ("14.4", "per_step", "0.1"),
    ("14.5", "per_step", "0.1"),
    ("14.6", "per_incident", "0.2"),
    ("14.7", "rank", "0.1 0.2 0.3 0.4 0.5"),
    ("15", "per_step", "0.3"),
    ("16", "per_missing", "0.5"),
    ("17", "per_missing", "0.1"),
    ("18", "per_missing", "0.1"),
    ("19.1", "threshold", "0.4"),
    ("19.2", "threshold", "0.2"),
    ("19.3", "per_step", "0.1"),
    ("19.4", "per_incident", "0.2"),
    ("19.5", "per_incident", "0.2"),
    ("20.1", "per_missing", "0.5"),
    ("20.2", "per_missing", "0.5"),
    ("20.3", "per_missing", "0.1"),
    ("20.4", "per_missing", "0.5"),
    ("20.5", "per_missing", "0.1"),
    ("20.6", "per_missing", "0.1"),
    ("20.7", "per_missing", "0.1"),
    ("20.8", "per_missing", "0.5"),
    ("20.9", "per_missing", "0.1"),
    ("20.10", "ratio", "all"),
    ("21.1", "per_incident", "1"),
    ("21.2", "per_incident", "0.5"),
    ("22.1", "per_incident", "0.2"),
    ("22.2", "per_incident", "0.1"),
    ("23.1", "all_or_nothing", "all"),
    ("23.2", "per_missing", "0.1"),
    ("23.3", "per_missing", "0.2"),
    ("23.4", "per_step", "0.1"),
    ("24.1", "per_step", "0.1"),
    ("24.2", "per_incident", "0.1"),
    ("24.3", "all_or_nothing", "all"),
    ("25", "all_or_nothing", "all"),
    ("26", "all_or_nothing", "all"),
    ("27", "all_or_nothing", "1"),
    ("28.1", "per_incident", "0.1"),
    ("28.2", "per_step", "0.1"),
    ("28.3", "discretionary", "all"),
    ("28.4", "discretionary", "all"),
    ("28.5", "per_missing", "50%"),
    ("28.6", "tiered", "0.5 0.3 0"),
    ("28.7", "threshold", "0.2"),
    ("28.8", "ratio", "all"),
    ("29", "per_incident", "0.2"),
    ("30.1", "per_incident", "0.1"),
    ("30.2", "per_incident", "0.1"),
    ("30.3", "per_step", "0.1"),
    ("30.4", "all_or_nothing", "all"),
    ("30.5", "bonus", "0.1"),
    ("30.6", "per_incident", "1"),
    ("30.7", "cap", "4"),
    ("31.1", "per_step", "0.01"),
    ("31.2", "lateness", "0.01"),
    ("31.3", "lateness", "0.1"),
    ("31.4", "per_incident", "0.02"),
    ("32.1", "per_incident", "0.1"),
    ("32.2", "all_or_nothing", "0.2"),
    ("32.3", "per_incident", "0.2 0.5 1"),
    ("32.4", "all_or_nothing", "0.2"),
    ("32.5", "per_incident", "0.5"),
    ("33", "all_or_nothing", "all"),
    ("34.1", "per_incident", "0.2"),
    ("34.2", "per_step", "0.1"),
    ("34.3", "per_incident", "0.2"),
    ("35.1", "lateness", "0.1"),
    ("35.2", "per_step", "0.1"),
    ("36.1", "all_or_nothing", "all"),
    ("36.2", "per_incident", "0.2"),
    ("36.3", "all_or_nothing", "0.1"),
    ("37.1", "ratio", "all"),
    ("37.2", "per_incident", "0.1"),
    ("37.3", "per_incident", "0.2 0.15 0.1"),
    ("37.4", "per_missing", "0.1"),
    ("37.5", "per_incident", "0.05"),
    ("37.6", "per_missing", "0.1"),
    ("37.7", "bonus", "0.1"),
    ("37.8", "cap", "1"),
    ("38.1", "all_or_nothing", "0.2"),
    ("38.2", "all_or_nothing", "0.2"),
    ("38.3", "per_missing", "0.2"),
    ("38.4", "all_or_nothing", "0.2"),
    ("38.5", "all_or_nothing", "0.2"),
    ("38.6", "all_or_nothing", "0.2"),
    ("38.7", "all_or_nothing", "0.2"),
    ("39.1", "ratio", "all"),
    ("39.2", "per_incident", "0.1"),
    ("39.3", "threshold", "0.2"),
    ("B.1", "threshold", "1"),
    ("B.2", "bonus", "1"),
    ("B.3", "bonus", "1 2"),
    ("P.1", "per_incident", "2"),
    ("P.2", "per_incident", "1"),
    ("P.3", "per_incident", "0.2"),
    ("P.4", "per_incident", "0.1"),
]
"""Each clause's first sanction: kind and amount; several amounts in the order of the text."""

FURTHER = {
    "2": [("all_or_nothing", "0.5")],
    "4.3": [("exemption", ""), ("no_double", ""), ("exemption", "")],
    "5.1": [("threshold", "4"), ("exemption", ""), ("per_step", "0.2"), ("exemption", "")],
    "5.4": [("no_double", "")],
    "8.1": [("per_incident", "0.2")],
    "8.7": [("per_incident", "0.2")],
    "12.3": [("per_incident", "0.5")],
    "13": [("per_step", "0.2"), ("per_step", "0.2"), ("per_incident", "1")],
    "20.2": [("per_missing", "0.5")],
    "20.3": [("all_or_nothing", "1")],
    "21.2": [("no_double", "")],
    "30.1": [("all_or_nothing", "0.1"), ("all_or_nothing", "0.1")],
    "30.2": [
        ("per_incident", "0.1"),
        ("all_or_nothing", "0.1"),
        ("per_incident", "0.1 0.2"),
        ("per_incident", "0.1 0.2"),
    ],
    "30.5": [("bonus", "0.2"), ("bonus", "0.1"), ("no_double", ""), ("cap", "1")],
    "30.6": [("veto", "")],
    "31.3": [("per_incident", "0.01")],
    "34.2": [("per_step", "0.1")],
    "34.3": [("cap", "2")],
    "36.3": [("all_or_nothing", "0.1"), ("per_missing", "0.35")],
    "37.2": [("per_incident", "0.1"), ("per_incident", "0.1"), ("no_double", "")],
    "37.4": [("bonus", "0.1"), ("exemption", "")],
    "B.3": [("bonus", "0.5 1")],
    "P.1": [
        ("per_incident", amount) for amount in ("1", "2", "1", "0.5", "1", "0.5", "0.5")
    ] + [("no_double", "")],
    "P.2": [
        ("per_incident", amount) for amount in ("0.5", "1", "0.5", "0.25", "0.5", "0.25", "0.25")
    ],
    "P.4": [("per_incident", "0.1"), ("per_incident", "0.2")],
}  # fmt: skip
"""The sanctions after the first, without the duties that cost nothing."""

CAPS = {
    "7#1": "1", "7#2": "1", "9.2#1": "1", "9.3#1": "1", "9.4#1": "all", "10.2#1": "1",
    "10.3#1": "1", "11.1#1": "1", "11.2#1": "1", "11.3#1": "all", "13#1": "1", "14.2#1": "all",
    "14.6#1": "all", "15#1": "all", "16#1": "all", "17#1": "all", "18#1": "all", "19.4#1": "all",
    "20.1#1": None, "20.5#1": "1", "20.6#1": "all", "20.7#1": "all", "20.8#1": "all",
    "20.9#1": "all", "22.1#1": "all", "23.4#1": "all", "29#1": "all", "30.3#1": "all",
    "31.1#1": "0.2", "31.2#1": "0.3", "31.3#2": "0.1", "31.4#1": "0.3", "35.2#1": "all",
    "37.4#2": "0.3", "37.7#1": "0.3", "39.2#1": "all",
}  # fmt: skip

TARGETS = {
    "pm25_annual": "32",
    "pm25_special_period": "42",
    "pm10_annual": "47",
    "pm10_special_period": "56",
    "good_days": "95",
    "good_days_special_period": "90",
    "heavy_pollution_days": "0",
    "straw_fires": "2",
    "demonstration_streets": "2",
    "damage_cases": "2",
    "phone_complaints": "60",
    "sewage_collection_gain_first": "15",
    "sewage_collection_gain_second": "12",
    "bod_inflow_gain": "30",
}

SEPTEMBER, YEAR_END = date(2021, 9, 30), date(2021, 12, 31)

MILESTONES = [
    ("3", "done", YEAR_END, None),
    ("14.1", "done", YEAR_END, None),
    ("16", "done", YEAR_END, None),
    ("20.2", "s1", SEPTEMBER, "0.8"),
    ("20.2", "s2", YEAR_END, None),
    ("20.3", "s1", SEPTEMBER, None),
    ("20.3", "s2", YEAR_END, None),
    ("20.5", "list", date(2021, 8, 31), None),
    ("20.5", "works", YEAR_END, None),
    ("20.6", "rectified", SEPTEMBER, None),
    ("28.5", "done", YEAR_END, None),
    ("35.1", "report", YEAR_END, None),
    ("36.3", "cases", YEAR_END, None),
    ("37.4", "recorded", YEAR_END, None),
]

EXTERNAL = ["8.6", "20.1", "20.4", "20.6", "20.7", "20.8", "20.9", "32.2", "39.1"]


@pytest.fixture(scope="module")
def programme() -> Programme:
    return yamlform.load(FILE)


def amount_of(rule: Rule) -> str:
    """What a rule costs or wins, as one text; empty where it makes no charge of its own."""
    body = rule.model_dump()
    if body.get("tiers"):
        return " ".join(tier["get"] for tier in body["tiers"])
    for name in ("lose", "win", "base", "each", "award", "limit", "of", "most"):
        if body.get(name) is not None and not body.get("places"):
            return str(body[name])
    amounts = list((body.get("places") or body.get("classes") or {}).values())
    return " ".join(amounts)


def names(programme: Programme, units: tuple[str, ...]) -> list[str]:
    return [programme.unit_names[unit] for unit in units]


def test_the_programme_is_the_county_list_of_2021_and_worth_a_hundred_points(
    programme: Programme,
) -> None:
    assert (programme.id, programme.year, programme.zone) == (
        "zhongfang-2021",
        2021,
        "Asia/Shanghai",
    )
    assert programme.points == Decimal(100)


def test_the_sections_stand_in_order_with_their_titles_and_points(programme: Programme) -> None:
    base = {s.id: (s.title, str(s.points)) for s in programme.sections if s.part == "base"}
    assert list(base.items()) == list(SECTIONS.items())
    assert sum(Decimal(points) for _, points in SECTIONS.values()) == programme.points


def test_bonus_and_penalties_stand_beside_the_base(programme: Programme) -> None:
    beside = {s.id: s for s in programme.sections if s.part != "base"}
    assert [(s.id, s.part, s.cap) for s in beside.values()] == [
        ("B", "bonus", Decimal(5)),
        ("P", "penalty", None),
    ]
    assert [item.id for item in beside["B"].items] == ["B.1", "B.2", "B.3"]
    assert [item.id for item in beside["P"].items] == ["P.1", "P.2", "P.3", "P.4"]


def test_the_items_stand_in_order_with_their_points(programme: Programme) -> None:
    for section in programme.sections:
        if section.part == "base":
            found = [(item.id, str(item.points)) for item in section.items]
            assert found == list(ITEMS[section.id].items())


def test_the_items_of_a_section_add_up_to_its_points(programme: Programme) -> None:
    for section in programme.sections:
        if section.part == "base":
            assert sum((item.points or Decimal(0)) for item in section.items) == section.points


def test_there_are_thirty_nine_items_and_a_hundred_and_thirty_five_clauses(
    programme: Programme,
) -> None:
    base = [item for section, item in programme.items() if section.part == "base"]
    assert len(base) == 39
    assert {item.id: len(item.clauses) for item in base} == {
        item.id: CLAUSES.get(item.id, 1) for item in base
    }
    assert len(programme.clauses) == 128 + 7


def test_clause_ids_follow_the_numbers_of_the_document(programme: Programme) -> None:
    for section, item in programme.items():
        ids = [clause.id for clause in item.clauses]
        count = CLAUSES.get(item.id)
        expected = [f"{item.id}.{n}" for n in range(1, count + 1)] if count else [item.id]
        assert ids == expected, section.id


def test_there_are_249_rules(programme: Programme) -> None:
    kinds = [rule.kind for _, _, rule in programme.rules()]
    assert len(kinds) == 249
    assert kinds.count("duty") == 38


def test_every_clause_has_its_main_sanction(programme: Programme) -> None:
    found = []
    for _, _, clause in programme.clauses.values():
        first = clause.rules[0]
        amount = amount_of(first)
        if clause.id == "14.7":  # from the fifth place on all is lost
            amount = " ".join(amount.split()[:5])
        found.append((clause.id, first.kind, amount))
    assert found == MAIN


def test_the_other_sanctions_follow_in_the_order_of_the_text(programme: Programme) -> None:
    for clause_id, expected in FURTHER.items():
        rules = programme.clauses[clause_id][2].rules[1:]
        found = [(rule.kind, amount_of(rule)) for rule in rules if rule.kind != "duty"]
        assert found == expected, clause_id


def test_no_other_clause_has_a_second_sanction_but_for_each_of_its_indicators(
    programme: Programme,
) -> None:
    indicators = {"7", "8.8", "19.1", "19.2", "28.2", "28.7", "39.3", "B.1", "B.2"}
    more = {
        clause.id
        for _, _, clause in programme.clauses.values()
        if len([rule for rule in clause.rules if rule.kind != "duty"]) > 1
    }
    assert more == set(FURTHER) | indicators


def test_caps_are_those_of_the_text(programme: Programme) -> None:
    rules = {name: rule for name, _, rule in programme.rules()}
    assert {name: rules[name].cap for name in CAPS} == CAPS


def test_clauses_carry_the_points_that_the_document_gives_them(programme: Programme) -> None:
    found = {c.id: str(c.points) for _, _, c in programme.clauses.values() if c.points is not None}
    assert {name: found.get(name) for name in CLAUSE_POINTS} == CLAUSE_POINTS


def test_every_item_names_its_responsible_and_reviewing_units(programme: Programme) -> None:
    found = {
        item.id: (names(programme, item.responsible_units), names(programme, item.reviewing_units))
        for section, item in programme.items()
        if section.part == "base"
    }
    assert found == UNITS


def test_rows_of_an_item_have_their_own_units(programme: Programme) -> None:
    for clause_id, (responsible, reviewers) in ROWS.items():
        _, item, clause = programme.clauses[clause_id]
        assert names(programme, owing(item, clause)) == responsible, clause_id
        assert names(programme, reviewing(item, clause)) == reviewers, clause_id


def test_every_clause_is_owed_by_somebody(programme: Programme) -> None:
    assert [c.id for _, item, c in programme.clauses.values() if not owing(item, c)] == []


def test_the_target_tables_are_kept_and_what_others_set_is_left_open(programme: Programme) -> None:
    values = {t.id: t.value for t in programme.targets}
    assert {name: str(values[name]) for name in TARGETS} == TARGETS
    opened = [t for t in programme.targets if t.value is None]
    assert {t.id for t in opened} == set(values) - set(TARGETS)
    assert all(t.source for t in opened)


def test_milestones_have_their_days_and_shares(programme: Programme) -> None:
    for clause_id, name, day, share in MILESTONES:
        duty = programme.clauses[clause_id][2].duty(name)
        assert isinstance(duty, Milestone), clause_id
        assert duty.on == day
        wanted = None if share is None else Decimal(share)
        assert (duty.need.share if duty.need else None) == wanted


def test_no_other_day_is_invented(programme: Programme) -> None:
    early = {
        (clause.id, duty.on)
        for _, _, clause in programme.clauses.values()
        for duty in clause.duties
        if isinstance(duty, Milestone) and duty.on not in (None, YEAR_END)
    }
    assert early == {
        ("20.2", SEPTEMBER),
        ("20.3", SEPTEMBER),
        ("20.5", date(2021, 8, 31)),
        ("20.6", SEPTEMBER),
    }


def test_dates_of_other_documents_stay_external(programme: Programme) -> None:
    external = [
        clause.id
        for _, _, clause in programme.clauses.values()
        if any(isinstance(duty, Milestone) and duty.external for duty in clause.duties)
    ]
    assert external == EXTERNAL


def test_all_items_but_the_campaign_and_the_funds_are_due_at_the_end_of_the_year(
    programme: Programme,
) -> None:
    without = [i.id for s, i in programme.items() if i.deadline is None and s.part == "base"]
    assert without == ["20", "39"]
    assert {i.deadline for _, i in programme.items() if i.deadline} == {YEAR_END}


def test_cases_periods_and_pauses_have_their_clocks(programme: Programme) -> None:
    others: dict[str, Any] = {
        f"{clause.id}/{duty.id}": duty
        for _, _, clause in programme.clauses.values()
        for duty in clause.duties
        if not isinstance(duty, Milestone)
    }
    assert list(others) == [
        "31.2/close", "31.3/material", "37.2/login", "37.2/accept", "37.2/close", "37.6/example",
    ]  # fmt: skip
    close, material, login, accept, settle, example = others.values()
    assert isinstance(close, CaseDuty)
    assert isinstance(material, CaseDuty)
    assert close.case == material.case == "supervised_message"
    assert (close.within.n, close.within.unit) == (72, "hour")
    assert (material.within.n, material.within.unit) == (10, "workday")
    assert accept.external
    assert settle.external
    assert isinstance(login, Gap)
    assert (login.within.n, login.within.unit) == (1, "week")
    assert isinstance(example, Recurring)
    assert (example.freq, example.times) == ("monthly", 1)


def test_a_supervised_message_costs_a_hundredth_and_more_every_twelve_hours(
    programme: Programme,
) -> None:
    rule = programme.clauses["31.2"][2].rules[0].model_dump()
    assert (rule["base"], rule["each"], rule["cap"]) == ("0.01", "0.01", "0.3")
    assert rule["every"] == {"n": 12, "unit": "hour"}
    assert rule["steps"] == "completed"


def test_a_report_that_never_came_costs_more_than_a_late_one(programme: Programme) -> None:
    rule = programme.clauses["35.1"][2].rules[0].model_dump()
    assert (rule["base"], rule["never"]) == ("0.1", "all")


def test_bonuses_inside_an_item_offset_its_losses_within_a_net_limit(programme: Programme) -> None:
    for bonus, cap, named in [("30.5", "30.7", 6), ("37.4", "37.8", 6), ("37.7", "37.8", 6)]:
        gains = [rule for rule in programme.clauses[bonus][2].rules if rule.kind == "bonus"]
        assert not any(gain.apart for gain in gains)
        limit = programme.clauses[cap][2].rules[0].model_dump()
        assert limit["net"]
        assert len(limit["rules"]) == named


def test_what_rules_name_exists(programme: Programme) -> None:
    known = {name for name, _, _ in programme.rules()} | set(programme.clauses)
    for name, clause, rule in programme.rules():
        body = rule.model_dump()
        assert set(body.get("rules") or ()) | set(body.get("absorbs") or ()) <= known, name
        if body.get("duty") is not None:
            assert clause.duty(body["duty"]) is not None, name


def test_every_duty_is_named_by_a_rule_of_its_clause(programme: Programme) -> None:
    for _, _, clause in programme.clauses.values():
        named = {rule.model_dump().get("duty") for rule in clause.rules}
        assert {duty.id for duty in clause.duties} <= named, clause.id


def test_what_duties_need_is_a_target(programme: Programme) -> None:
    for _, _, clause in programme.clauses.values():
        for duty in clause.duties:
            if isinstance(duty, Milestone) and duty.need is not None:
                assert duty.need.of in programme.target_values, clause.id


def test_items_whose_clauses_do_not_add_up_have_an_open_reading(programme: Programme) -> None:
    short = []
    for section, item in programme.items():
        worth = [clause.points for clause in item.clauses]
        given = sum((points for points in worth if points is not None), Decimal(0))
        whole = None not in worth or item.id == "38"  # its third clause counts without a share
        if section.part == "base" and whole and given != item.points:
            short.append(item.id)
    assert short == ["36", "38", "39"]
    for name in short:
        reading = next(r for r in programme.readings if r.id == f"{name}-unallocated")
        assert [a.id for a in reading.alternatives] == ["kept", "lost", "scaled"]
        assert reading.default == "kept"


def test_every_reading_can_be_applied_and_changes_something(programme: Programme) -> None:
    for reading in programme.readings:
        for alternative in reading.alternatives:
            name = (reading.id, alternative.id)
            if alternative.id == reading.default:
                assert alternative.set == {}, name
                continue
            changed = readings.changed(programme, alternative.set)
            assert changed.model_dump() != programme.model_dump(), name


def test_every_reading_asks_and_says_why(programme: Programme) -> None:
    assert len(programme.readings) == 98
    known = set(programme.clauses) | {item.id for _, item in programme.items()}
    for reading in programme.readings:
        assert reading.clause in known
        assert reading.question.endswith("？")
        assert reading.because


def test_no_sentence_of_the_document_is_copied(programme: Programme) -> None:
    if not SEED.exists():
        pytest.skip("seed absent")
    assert copied(programme, SEED.read_text(encoding="utf-8")) == {}

"""Measure words (量词) and the units that they count in, as the published answer names them."""

from __future__ import annotations

import re

TIME_WORDS = {
    "minute": "分钟",
    "hour": "小时 个小时",
    "workday": "工作日 个工作日",
    "day": "日 天 自然日 个自然日",
    "week": "周 星期 个星期",
    "month": "月 个月",
    "quarter": "季度 个季度",
    "year": "年",
}
WORDS = {
    **TIME_WORDS,
    "item": "单 个 项 条 座 块 份 篇 枚 台 辆 套 期 类 款 部 本 幅 只 艘 节 门 株 场 张 支 口 组 间"
    " 所 幢 栋 则 段 头 笔 卷 盏 根 册 种 盒",
    "occurrence": "次 起 旬 井次 车次 站次 班次 户次 家次 船次 项次 月次 件次 场次 批次 批",
    "case": "件 例 宗",
    "place": "处 点位 断面",
    "enterprise": "家",
    "household": "户",
    "person": "人 名 位 人次",
    "village": "村",
    "township": "镇 乡",
    "percentage_point": "个百分点 百分点 个点",
    "percent": "%",
    "permille": "‰ 个千分点 千分点",
    "tenth": "成",
    "times": "倍",
    "rank": "个名次 名次 个位次 位次",
    "grade": "个等级 等级 级 个等次 等次 个档次 档次 个类别 类别 个档 档",
    "ug_m3": "μg/m3 微克/立方米 微克每立方米",
    "mg_l": "mg/l 毫克/升",
    "decibel": "分贝",
    "mu": "亩",
    "10k_mu": "万亩",
    "hectare": "公顷",
    "gram": "克",
    "tonne": "吨",
    "kw": "千瓦",
    "10k_kw": "万千瓦",
    "10k_tonne": "万吨",
    "km": "公里 千米",
    "m": "米",
    "m2": "平方米",
    "km2": "平方公里",
    "m3": "立方米",
    "10k_m3": "万立方米",
    "yuan": "元",
    "10k_yuan": "万元",
    "100m_yuan": "亿元",
    "10k_person": "万人",
}
TIME_MEASURES = {word: unit for unit, words in TIME_WORDS.items() for word in words.split()}
MEASURES = {word: unit for unit, words in WORDS.items() for word in words.split()}

TIMES = frozenset({"minute", "hour", "day", "workday", "week", "month"})
"""Units of time of the published answer."""

NOUNS = (
    (re.compile(r"[^，。、；的]{0,4}?(?:案件?|[办诉报访]件|积案|工单)(?!例)"), "case"),
    (re.compile(r"(?:考核|监测|[国省市县]控|问题)?(?:断面|点位|站点|处)"), "place"),
    (re.compile(r"[^，。、；的]{0,4}?项目(?!部|负责|经理)"), "project"),
    (re.compile(r"[^，。、；的]{0,4}?企业"), "enterprise"),
)
GENERAL = frozenset({"item", "occurrence", "case"})


def unit_of(measure: str, after: str = "") -> str:
    """The unit of a measure word; a noun that follows it and says more wins (1个项目: project)."""
    unit = MEASURES[measure]
    if unit in GENERAL:
        for noun, name in NOUNS:
            if noun.match(after):
                return name
    return unit

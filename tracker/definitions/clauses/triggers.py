"""What the words before an amount say of its kind."""

from __future__ import annotations

import re

from tracker.definitions.clauses.reading import Kind

LATE = re.compile(
    r"未(?:能)?(?:按时|按期|及时|如期|准时|按序时|按规定(?:的)?(?:时间|时限|期限)|按时间|按时限|在[^，。；]{0,24}?(?:前|内|时限|期限|期间))"
    r"|未按[^，。；]{0,8}?(?:时限|期限|时间节点|时间要求|时间)"
    r"|不及时|不按时|不按期|不能按期|逾期(?!率)|超期(?!率)|超时(?!率)|迟(?![早疑钝]|到早退)|延迟|推迟|拖延|(?<!进度)滞后|超过[^，。；]{1,8}仍未|晚于|晚报|晚交|晚送|(?:处置|办理|办结|到场|响应|回复|答复|处理|反馈|整改|审批|受理)[^，。；]{0,4}超过[^，。；]{1,8}?(?:工作日|小时|天|日|分钟)|延误|误时|延期|延后"
    r"|没有按(?:时|期)|没按(?:时|期)|超过(?:规定|承诺|法定|办理)?(?:时限|期限|时间)"
    r"|(?:分钟|小时|天|日|工作日|周|月)(?:之内|以内|内)(?:仍)?(?:没有|未|没|不)(?!发生|出现|扣)"
    r"|工作日(?:没有|未|没)|否则每(?:件|次|项|个)"
)
MIXED = re.compile(r"早退|缺席|旷|拒绝|(?:[谎瞒漏错虚拒]报|缺报|不实|未报|错|漏)")
MISSING = re.compile(
    r"未(?!达|正常|有效|依法|经|及|如实|到位|遂|成年|通过|发现|发生|落实到位|造成|履行|清偿|清零|支付|解决)|没有(?!达|发生|出现)|没(?!有|达)|尚未|缺(?!席|失|陷)|漏|拒报|不报|不足一|少报|少于|应[^，。；]{1,4}未"
)
REACHED = re.compile(
    r"未[^，。；]{0,8}到位|未[^，。；]{0,6}采取|(?:[错漏迟瞒谎虚]报、?(?:或|和)?){2,}|连续[^，。；]{1,5}(?:未|不)|超过\d[^，。；]{1,4}(?:未|没)|未达|没有达|没达|不达标|不到位|不力|不实|不规范|超标|反弹|未正常|未有效"
)
EVENT = re.compile(r"发现|发生|出现|被|因|查实|造成|导致|引发|违|存在|受到|责令|撤销")
COMPARING = re.compile(
    r"(?:低于|高于|超过|不足|未达到?|达不到|没有达到|没达到|达到|小于|大于|≥|≤|[<>]|不到(?!位)|不降反升|少于|超出|降至|降到)"
    r"[^，。；]{0,12}?(?:\d|目标|指标|平均|标准|比例|水平|控制|全[省市县]|上年|的$|$)"
)
OWN = re.compile(
    r"未|没|不|被|发现|发生|出现|违|因|缺|漏|迟|逾|超|造成|导致|拒|弄虚|瞒|谎|错|低|高|少|排名|名"
)
LEVEL = re.compile(
    r"(?:被|获|受到|受|在|属于|属|为|凡|而|对)?(?:国家|中央|全国|部|省|市|厅|州|盟|县|区|旗|乡|镇|街道|村|社区|地|特等|一等|二等|三等|一般|较大|重大|特大|轻微|较轻|较重|严重)"
    r"(?:部委|级|委|厅|局|奖|性)?[^，。；、\d]{0,8}?"
)
"""省级, 市级通报的, 二等奖: another class of the same thing."""

LEVEL_IN = re.compile(
    r"国家|中央|全国|部级|省|市|厅|州|县|区|旗|乡|镇|街道|村|社区|等奖|一般|较大|重大|特大|轻微|较轻|较重|严重"
)

CLASSED = re.compile(r"(?:一般|较大|重大|特大)性?[^，。；]{0,10}(?:事件|事故)(?:及以上)?的?，?$")
QUANTITATIVE = frozenset(
    {
        "percent", "percentage_point", "permille", "grade", "ug_m3", "mg_l", "decibel", "mu",
        "10k_mu", "hectare", "tonne", "10k_tonne", "gram", "kw", "10k_kw", "km", "m", "m2",
        "km2", "m3", "10k_m3", "yuan",
        "10k_yuan", "100m_yuan", "10k_person", "times", "tenth", "point",
    }
)  # fmt: skip
CLOCK = frozenset({"minute", "hour", "day", "workday", "week", "month", "quarter", "year"})
PERIODS = frozenset({"月", "季度", "年", "周", "个月", "个季度"})
LATE_CHANGE = re.compile(r"^(?:迟|晚|逾期|延迟|延期|推迟|延后|超期|超时|拖延|推后|滞后|延)")
MISSING_CHANGE = re.compile(r"^(?:少|缺|漏|未|低|差|欠)")


def is_late(text: str) -> bool:
    """Triggered by being late; a list of several faults of reporting is no lateness."""
    found = LATE.search(text)
    if found is None:
        return False
    around = text[max(0, found.start() - 6) : found.end() + 12]
    return not ("、" in around and MIXED.search(around.replace("迟报", "")))


def counted_kind(*, unit: str, measure: str, change: str, found: bool, trigger: str) -> Kind:
    """The kind of an amount that is charged for each unit of something."""
    if unit == "rank":
        return Kind.RANK
    if unit in CLOCK and measure in PERIODS and not is_late(trigger) and not change:
        return _by_trigger(measure, "occurrence", trigger)
    if unit in CLOCK:
        if re.match("[少缺漏]", change) and not re.search("天数(?!据)", trigger):
            return Kind.PER_MISSING
        if re.search(r"较|同比|天数(?!据)", trigger) and not LATE_CHANGE.match(change):
            return Kind.PER_STEP
        return Kind.LATENESS
    if unit in QUANTITATIVE:
        return Kind.PER_STEP
    if LATE_CHANGE.match(change):
        return Kind.LATENESS
    if change:
        return Kind.PER_MISSING if MISSING_CHANGE.match(change) else Kind.PER_INCIDENT
    if found:
        return Kind.PER_INCIDENT
    return _by_trigger(measure, unit, trigger)


def _by_trigger(measure: str, unit: str, trigger: str) -> Kind:
    if is_late(trigger):
        return Kind.LATENESS
    if REACHED.search(trigger) or not MISSING.search(trigger):
        return Kind.PER_INCIDENT
    if unit == "occurrence" and re.search(r"未[^，。；]{0,6}落实", trigger):
        return Kind.PER_INCIDENT
    if measure in ("起", "宗"):
        return Kind.PER_INCIDENT
    return Kind.PER_MISSING


def flat_kind(trigger: str, *, bound: bool, rank: bool) -> Kind:
    """The kind of an amount that is charged once."""
    if rank:
        return Kind.RANK
    if is_late(trigger):
        return Kind.LATENESS
    if CLASSED.search(trigger):
        return Kind.PER_INCIDENT
    if bound or COMPARING.search(trigger):
        return Kind.THRESHOLD
    return Kind.ALL_OR_NOTHING

"""Words and names of units that were typed wrongly: told with what was probably meant."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# What an input method offers beside the word that was meant. None of them is a word, and none
# stands where two words meet (调整该, 储备按, 传达表扬 are no slips).
_STOCK = (
    "完城=完成 完承=完成 开站=开展 推近=推进 捡查=检查 报松=报送"
    " 责仁=责任 但位=单位 编置=编制 预按=预案 演炼=演练 宣穿=宣传"
    " 排察=排查 部暑=部署 布署=部署 汇抱=汇报 隐换=隐患 防讯=防汛"
    " 培圳=培训 监侧=监测 执发=执法 考刻=考核 任雾=任务 会义=会议"
    " 申抱=申报 信仿=信访 投述=投诉 网格圆=网格员 巡茶=巡查"
)
_NO_TOWN = "(?![区市镇乡中])"
_WORDS = [
    (re.compile(wrong + _NO_TOWN * (wrong == "完城")), meant)
    for wrong, meant in (one.split("=") for one in _STOCK.split())
]

OFFICES = frozenset(
    word
    for line in (
        "财政 民政 教育 体育 商务 税务 林业 农业 水利 水务 统计 审计 司法",
        "公安 信访 档案 气象 应急 医保 人社 住建 交通 文旅 卫健 工信 科技",
        "环保 城管 规划 国土 粮食 供销 市监 金融 招商 外事 民宗 扶贫 移民",
        "编办 发改 物价 经信 经贸 旅游 文化 广电 卫生 消防 交警 路政 园林",
        "林草 海洋 水文 数据 大数据 退役军人 乡村振兴 农业农村 生态环境 自然资源",
        "应急管理 市场监管 卫生健康 行政审批 机关事务 政务服务 住房城乡建设",
        "交通运输 文化旅游 发展改革 工业信息化 人力资源社会保障 医疗保障 营商环境",
    )
    for word in line.split()
)
_OFFICE = re.compile(
    r"^(?P<head>[\u4e00-\u9fa5]{0,4}?[省市县区州旗])?(?P<stem>[\u4e00-\u9fa5]{2,10})"
    r"(?P<tail>局|委|办|委员会|中心|大队|支队|厅)$"
)
_OFTEN = 3


@dataclass(frozen=True)
class Slip:
    """`start` and `end` of the word in the text that was looked at."""

    start: int
    end: int
    word: str
    meant: str


def words_in(text: str) -> Iterator[Slip]:
    for pattern, meant in _WORDS:
        for found in pattern.finditer(text):
            yield Slip(found.start(), found.end(), found[0], meant)


_HAN = re.compile(r"[\u4e00-\u9fa5]+")


class Turned:
    """Four characters of which two neighbours changed places (生环态境), where the document has
    them the right way round again and again."""

    def __init__(self, whole: str) -> None:
        self.counts: Counter[str] = Counter(
            run[n : n + 4] for run in _HAN.findall(whole) for n in range(len(run) - 3)
        )

    def slips(self, text: str) -> Iterator[Slip]:
        for run in _HAN.finditer(text):
            for at in range(len(run[0]) - 3):
                word = run[0][at : at + 4]
                if self.counts[word] > 1:
                    continue
                for n in range(3):
                    meant = word[:n] + word[n + 1] + word[n] + word[n + 2 :]
                    if meant != word and self.counts[meant] >= _OFTEN:
                        start = run.start() + at
                        yield Slip(start, start + 4, word, meant)
                        return


def units(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Names of units that stand once and are one stroke of a key away from an office that there is,
    or from a name that stands again and again; with what was probably meant."""
    counts = Counter(names)
    known = [name for name, count in counts.items() if count >= _OFTEN]
    for name, count in counts.items():
        if count > 1 or _is_office(name):
            continue
        near = [one for one in known if one != name and _one_off(name, one)]
        near += [] if near else list(_offices_near(name))
        if len(set(near)) == 1:
            yield name, near[0]


def _is_office(name: str) -> bool:
    found = _OFFICE.match(name)
    return found is not None and found["stem"] in OFFICES


def _offices_near(name: str) -> Iterator[str]:
    """县财正局 -> 县财政局: of stems long enough to be nothing else, and such as differ in one of
    two characters only where the other is no office either."""
    found = _OFFICE.match(name)
    if found is None or len(found["stem"]) < 3:
        return
    for stem in OFFICES:
        if len(stem) >= 3 and _one_off(found["stem"], stem, least=4):
            yield f"{found['head'] or ''}{stem}{found['tail']}"


_NUMBERS = re.compile(r"[^\d一二三四五六七八九十东南西北]")


def _one_off(one: str, other: str, *, least: int = 6) -> bool:
    """One character wrong (of `least` or more), missing or too many, or two neighbours that changed
    places; never the first, by which places are told apart, nor a number."""
    if one[:1] != other[:1] or _NUMBERS.sub("", one) != _NUMBERS.sub("", other):
        return False
    if len(one) == len(other):
        off = [n for n in range(len(one)) if one[n] != other[n]]
        turned = len(off) == 2 and off[1] == off[0] + 1 and one[off[0]] == other[off[1]]
        swapped = turned and one[off[1]] == other[off[0]]
        return swapped or (len(off) == 1 and len(one) >= least)
    short, long = sorted((one, other), key=len)
    return len(long) - len(short) == 1 and len(short) >= 4 and any(
        long[:n] + long[n + 1 :] == short for n in range(1, len(long))
    )  # fmt: skip

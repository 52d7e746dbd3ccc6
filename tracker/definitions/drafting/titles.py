"""What a duty is called: a verb and what it is done to, as a clerk would write it on a list.

No day stands in it (the duty has its own), no points, no "未": what was not done is what is to be
done. A text that only tells of an event or of a shortfall gives no title.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tracker.definitions.clauses import Span
from tracker.definitions.drafting.passages import (
    AMOUNT,
    EACH_TAIL,
    LONGEST,
    NUMBERING,
    bare,
    shortened,
    subject,
)

SHORT = 24
WHOLE = 60

_VERBS = (
    "完成|完善|建立|建成|建设|健全|制定|制订|编制|修订|出台|印发|开展|组织|召开|举办|推进|推动|推广|落实|执行|实施|加强|强化|加大"
    "|深化|提升|提高|优化|规范|严格|严守|保障|确保|保持|达到|达标|做好|做到|抓好|报送|上报|提交|填报|录入|公开|公布|公示|发布|刊登"
    "|报告|通报|反馈|办理|办结|受理|整改|整治|治理|销号|核查|核实|排查|检查|抽查|巡查|督查|督导|监督|监测|演练|培训|宣传|调整"
    "|成立|设立|组建|配备|配置|储备|安装|联网|运行|维护|更新|淘汰|改造|新建|新增|创建|申报|申请|验收|备案|登记|建档|归集|归档"
    "|划定|划分|勘界|清理|清缴|清退|清运|关停|退出|签订|签署|采购|使用|应用|纳入|安排|拨付|支付|投入|控制|减少|降低|压减|防止"
    "|杜绝|禁止|处置|处罚|查处|立案|移送|移交|约谈|问责|评估|考核|评价|审核|审批|审计|调度|统计|测试|应对|应急|响应|保护|修复|绿化"
    "|造林|种植|养护|回收|利用|回访|走访|接待|化解|调处|调解|解决|研究|学习|传达|部署|明确|拟定|起草|汇编|收集|整理|完备|实现"
    "|零增长|对接|衔接|配合|协调|参加|参与|出席|登录|签收|回复|答复|贯彻|坚持|招商|引进|开工|投产|竣工|交付|入库|签约|兑现|发放"
    "|救助|资助|帮扶|慰问|打击|取缔|拆除|疏导|维修|检测|检验|救援|值班|值守|巩固|扩大|培育|培养|选派|选拔|聘任|招聘|录用|统筹"
    "|打造|开通|上线|接入|共享|汇聚|更换|清查|普查|调查|启动|摸排|摸底|编写|撰写|张贴|悬挂|摆放|布置|保证|维持|遏制|防范|预防|消除|管控|配齐"
    "|配强|备齐|摸清|压实|理顺|畅通|整合|设置|设定|拓展|吸纳|动员|发动|选树|评选|表彰|评比|挂牌|更正|补齐|补充|补正|归还"
    "|清欠|化债|偿还|盘活|征收|征集|征订|订阅|组建|转办|分办|督促|约束|核发|换发|发证|确权|流转|复垦|复耕|保供|稳产|增产|增收"
)
_DEED = re.compile(_VERBS)
_ADVERB = re.compile(
    r"^(?:(?:及时|切实|认真|必须|应当?|须|要|需|已|仍|尚|均|能够)(?!求|急|对))+|^至少要?(?=将|建|开|组|召|完)"
)
_YEAR_AHEAD = re.compile(r"^(?:20)?\d\d年(?:度(?!工作))?(?=[^\d初上下底末前全之以内度])")
_DAY_NUMBERED = re.compile(r"^\d{1,2}[.．、](?=\d{1,2}月)")
_DAY = (
    r"(?:(?:20)?\d\d年)?(?:每年|全年|当年|今年|本年度?|年|上半年|下半年|[一二三四1-4]季度)?"
    r"(?:\d{1,2}月(?:份)?)?(?:\d{1,2}[日号]|[上中下]旬|底|末|初)?"
)
_DAY_AHEAD = re.compile(
    rf"^(?:在|于)?(?=[\d年上下当每全一二三四]){_DAY}(?:之?前|以前|内|底|末)[，,]?"
)
_LIMIT = re.compile(
    r"(?:在|于)?(?:收到[^，。；]{0,12}后)?的?[\d一二三四五六七八九十]{1,3}个?(?:小时|工作日|日|天|周|月)(?:之?内)?"
    r"(?=没有?|未|办结|上报|报送|完成|反馈|整改|回复|答复|处置)"
)
_NOT_YET = re.compile(
    r"(?:仍|均|尚)?(?:未能?|没有?(?!关)|不(?=按|及时|如期|开展|完成|落实|登录|上报|报送))"
    r"(?:按(?:照|时间节点|时限|时|期(?!限)|期限|规定时限|规定(?=[完开报建制])|要求(?=[完开报建制落]))"
    r"|及时|如期)?"
)
_AFTER = re.compile(
    r"^(?P<what>.{2,}?)(?P<all>全部|全面)?(?P<verb>落实|完成|执行|达标|办结|销号|整改完成)$"
)
_PREPOSITION = re.compile(
    r"^(?:针对[^，,]{1,60}?(?=启动|开展|组织|建立|制定))|^(?:根据|按照?|依据|依照|围绕|针对|为了?|鉴于|结合)(?!要求|规定|时|期)[^，,]{1,24}?(?:要求|部署|规定|安排|办法|意见|方案|规划|》)》?"
    r"(?:中?的)?(?=\S{4})"
)
_AHEAD = re.compile(r"^(?:根据|按照?|依据|依照|围绕|针对|由|鉴于|结合)(?!要求|规定|时|期)")
_BY_UNIT = re.compile(r"^以[^，,]{1,6}为单位[，,]?(?:全年)?")
_ALL_OF = re.compile(r"^(?:各(?:地区?|县|市|区|乡镇|街道|单位|部门|级)+)(?:应当?|要|须)")
_THOSE_WHO = re.compile(r"的(?:县市区|县|市|区|乡镇|街道|单位|部门|地区|企业)+$")
_OF_THEM = re.compile(r"(?:对|针对)[^，,]*的[^，,的]{1,6}$")
_LOST = re.compile(
    r"(?:而|且|并|或)?(?:影响|造成|导致)(?:了|到)?[^，,]*$|(?:则|一?的)$|[，,]?否则$"
)
_POINTS = re.compile(
    r"[（(]\s*(?:共?计?|合计|满分|分值)?\s*\d+(?:\.\d+)?\s*分?\s*(?:[)）]|$)|^\d+(?:\.\d+)?\s*分\s*[)）]?"
    r"|[，,]?(?:计|得|记|占|共)\s*\d+(?:\.\d+)?\s*分.*$|得(?:满分|分).*$|\s*(?:加扣|[扣减加])\s*\d.*$"
)
_EMPTY = re.compile(
    r"^(?:(?:按|及时|如期|全面|全部|已)*(?:时|期|要求|规定)?"
    r"(?:完成|开展|落实|上报|报送|达标|整改|执行|使用|建设|建立|实施)*"
    r"(?:相关|上述|年度|工作|任务|活动|目标|情况|要求|指标|整体|该项|的|所有|全部|全面)*)$"
)
_VAGUE = re.compile(r"^(?:达到|低于|高于|完成|实现)(?:市|省|国家|上级|县)?"
                    r"(?:下达|考核|力争|确保|年度)?的?(?:目标值?|指标|要求|任务)$")  # fmt: skip
_DEFINED = re.compile(r"^在[^，,]*(?:之间|基础上|以上|以下|范围内)"
                      r"|的[^，,的]{0,14}(?:情况|程度|幅度)$|详见"
                      r"|(?:要求|实施|进行)考核$|(?:原则|标准)确定$")  # fmt: skip
_TOLD = re.compile(r"^(?:上报|报送|报告|公开|公示|反馈|通报|提交|填报|汇总|定期|按|及时)")
_TAKES_VERB = re.compile(r"开展|完成|组织|实施|落实|加强|做好|推进|进行|参加|建立|健全")
_SUBJECTLESS = re.compile(
    r"^(?:开展|组织)?.{2,16}(?<!督)(?:调查|检查|排查|演练|培训|宣传|整治|监测|普查|巡查)$"
)
EVENT = re.compile(
    r"(?:每|凡|如)?(?:发生|发现|出现|被|经查|查实|瞒报|谎报|造成|导致|引发|推迟|影响|因)"
    r"|[^，。；]{0,24}(?:违法|不依法|反弹|被撤销|被通报|不实$|有扣分)"
)
_NO_DEED = re.compile(
    r"不(?!断|留|漏|发生|出现)|每[^，。；]{0,20}[少低缺超差]|[少缺漏]|(?:迟|瞒|谎)报|[\d.]+分?$"
)
_PAIRS = {"《": "》", "“": "”", "（": "）", "(": ")", "「": "」", "【": "】"}


def title_of(text: str) -> str:
    """A clause in a few words: its first part."""
    plain = NUMBERING.sub("", " ".join(text.split()))
    first = next(iter(_parts(plain, "，,。；;：:（(")), "")
    return shortened(first.strip() or plain, SHORT)


def duty_title(text: str) -> str:
    """The first thing to be done that a clause names; "" where it only tells of a shortfall or an
    event (少建一个, 发生事故)."""
    plain = NUMBERING.sub("", " ".join(text.split()))
    found = [title for part in _parts(plain, "，,。；;：:") if (title := _deed(part))]
    return next((title for title in found if not _VAGUE.match(title)), "")


def deed(text: str, span: Span) -> str:
    """What is to be done, of a sentence about what was not: 未制定方案的 -> 制定方案.

    The clause's own title where the sanction names nothing of its own.
    """
    head = duty_title(text)
    own = next((title for part in _parts(subject(text, span), "，,") if (title := _deed(part))), "")
    said = text[slice(*span)]
    tells = own and not _VAGUE.match(own) and (_NOT_YET.search(said) or not head)
    if not tells or (head and own.endswith("…")):
        return head
    return head if own in head or _within(own, head) else own


def _within(own: str, head: str) -> bool:
    """制定方案 within 制定并落实整改方案: the same said shorter."""
    if len(own) >= 6 or own[:2] != head[:2]:
        return False
    signs = iter(head)
    return all(sign in signs for sign in own)


def title_around(text: str, span: Span) -> str:
    """The part of a sentence that a time stands in; the next one too where it is only the time."""
    start = max(text.rfind(mark, 0, span[0]) for mark in "，,。；;\n") + 1
    ends = [found.start() for found in re.finditer(r"[，,。；;\n]|$", text[span[1] :])]
    for end in ends[:2]:
        title = _deed(NUMBERING.sub("", text[start : span[1] + end].strip()))
        if title:
            return title
    return duty_title(text)


def event(text: str) -> bool:
    """Whether a clause begins with what happens, not with something to do: 发生事故每起扣5分."""
    return bool(EVENT.match(title_of(text)))


# -- one part --------------------------------------------------------------------------------------


def _deed(part: str) -> str:
    """The part as a title; "" where it names nothing to do."""
    done = bare(_POINTS.sub("", NUMBERING.sub("", part)))
    done = bare(EACH_TAIL.sub("", done)) or done
    if _OF_THEM.fullmatch(done) or (EVENT.match(done) and _NOT_YET.search(done) is None):
        return ""
    for pattern in (_DAY_NUMBERED, _BY_UNIT, _DAY_AHEAD, _YEAR_AHEAD, _LIMIT):
        done = bare(pattern.sub("", done))
    done = bare(_LOST.sub("", done))
    done = _turned(bare(_NOT_YET.sub("", done)))
    done = bare(_DAY_AHEAD.sub("", _PREPOSITION.sub("", done)))
    done = bare(_THOSE_WHO.sub("", _ADVERB.sub("", _ALL_OF.sub("", done))))
    done = _closed(done).removesuffix("不")
    return _fit(done) if _names_a_deed(done) else ""


def _turned(done: str) -> str:
    """方案和措施落实 -> 落实方案和措施; 信息办理情况办结 -> 办结信息."""
    found = _AFTER.match(done)
    if found is None or re.match(_VERBS, done) or found["verb"] == "达标":
        return done
    what = re.sub(r"(?:办理|处理|处置)情况$", "", found["what"])
    return f"{found['all'] or ''}{found['verb']}{what}"


def _names_a_deed(done: str) -> bool:
    return bool(
        len(done) > 1
        and _DEED.search(done)
        and not _NO_DEED.match(done)
        and not _EMPTY.match(done)
        and not _AHEAD.match(done)
        and not (_DEFINED.search(done) and not _TOLD.match(done))
        and not AMOUNT.search(done)
        and _balanced(done)
    )


def _closed(text: str) -> str:
    """Without a bracket at the end of which the other half was lost."""
    open_ = max(text.rfind("（"), text.rfind("("))
    lost = text.count("（") + text.count("(") > text.count("）") + text.count(")")
    return bare(text[:open_]) if lost and open_ > 0 else text


def _balanced(text: str) -> bool:
    return all(text.count(opens) == text.count(closes) for opens, closes in _PAIRS.items())


def _fit(title: str) -> str:
    """A long title ends where a thing ends: 建立甲、乙和丙 -> 建立甲、乙等."""
    if _SUBJECTLESS.match(title) and not re.match(_VERBS, title) and not _TAKES_VERB.search(title):
        title = f"开展{title}"
    if len(title) <= LONGEST or (len(title) <= WHOLE and title.endswith("》")):
        return title
    cut = [
        found
        for found in re.finditer(r"、|并(?!网|联|购)|以及|和(?!谐)", title[:LONGEST])
        if found.start() >= 10 and _balanced(title[: found.start()])
    ]
    if not cut:
        return shortened(title)
    more = "等" if cut[-1][0] == "、" else ""
    return title[: cut[-1].start()] + more


def _parts(text: str, marks: str) -> Iterator[str]:
    """Cut at these marks, but not inside a title, a quotation or a bracket that is closed again."""
    at, depth, open_ = 0, 0, ""
    for place, sign in enumerate(text):
        if not depth and sign in marks:
            if place > at:
                yield text[at:place]
            at = place + 1
        elif not depth and sign in _PAIRS and _PAIRS[sign] in text[place:]:
            depth, open_ = 1, sign
        elif depth and sign in (open_, _PAIRS.get(open_, "")):
            depth += 1 if sign == open_ else -1
    if at < len(text):
        yield text[at:]

"""Units in a cell (牵头单位、责任单位、审核单位), parted as they are written."""

from __future__ import annotations

import re

_ENDS = (
    "局|委|办|部|厅|院|会|社|站|所|队|处|科|股|中心|公司|集团|分局|总队|支队|大队|政府|党委|街道|镇|乡|村|区|县|市|"
    "园区|开发区|管委会|办公室|委员会|领导小组|专班|指挥部|人大|政协|法院|检察院|工会|妇联|团委|共青团|学校|医院|大学|"
    "银行|单位|部门|平台|镇街|办事处|联社|供电|电信|移动|联通|烟草|气象|海关|税务|机关|科室|主体|企业|总站|工商联|科协|残联|文联|"
    "纪委|监委|组|馆|校|厂|场|库|台|室|协会|联合会|分公司|机构|行|属地"
)
_UNIT = re.compile(rf".*(?:{_ENDS})(?:[（(][^）)]*[）)])?[等]?$")
_LEVEL = re.compile(
    "[市县区省州盟旗乡镇]|各|国家|中央|有关|相关|其他|其它|本|全|“|《|[\u4e00-\u9fa5]{2,4}(?:市|县|区|镇|乡|街道)"
)
_INNER = re.compile(
    "组织部|宣传部|统战部|政法委|办公室|环资委|法工委|财经委|社建委|农委|研究室|编办|老干部局|直属机关|机关工委|督查室|网信办|巡察办|政研室|改革办|信访局"
)
_OUTER = re.compile(".*(?:人大|政协|委|政府|党委|政府办)$")
_GROUP = "(?:各|其他|其它|有关|相关|成员)+(?:部门|单位|镇街|乡镇|街道|成员)"
_AND = re.compile(rf"等(?={_GROUP})|(?<=部门|单位)[和及与](?=各|有关|相关|其他|其它)")
_PARTS = re.compile(r"[、,，;；/／\n\t]| {2,}")
_HEAD = re.compile(
    r"^(?:牵头单位|责任单位|配合单位|牵头|配合|责任部门|主办|协办|主办单位|协办单位|承办单位|参与单位|实施单位|审核单位|主体单位)\s*[:：]\s*"
)
_REST = re.compile(r"(?:等(?:有关|相关|各)?(?:单位|部门|成员单位|相关部门|有关部门)?|等)$")
_NONE = {"", "/", "／", "-", "—", "——", "无", "\\"}


def units(text: str) -> tuple[str, ...]:
    """Names in their order, each once: parted by 、 ， / and line breaks, but not inside brackets,
    and put together again where a line break or 、 cut one in two (市人大 ⏎ 环资委; 各镇街、平台).
    `/` alone is nobody. A trailing 等 is left out; ask `open_ended`."""
    found: list[str] = []
    for name, glue in _pieces(_in_lines(text)):
        name = _REST.sub("", name) if _REST.sub("", name) and not _is_group(name) else name
        if name in _NONE or _REST.fullmatch(name):
            continue
        if found and glue == "\n" and _cut_in_two(found[-1], name):
            found[-1] += name
        elif found and glue == "、" and _one_role(found[-1], name):
            found[-1] += f"、{name}"
        else:
            found.append(name)
    return tuple(dict.fromkeys(found))


def open_ended(text: str) -> bool:
    """Whether the cell names some of many (等): the others are for a person to name."""
    return any(_REST.search(name) and not _is_group(name) for name, _ in _pieces(_in_lines(text)))


def looks_like_units(text: str) -> bool:
    """Whether a piece of running text is nothing but names of units."""
    if text.strip() in ("/", "／"):
        return True
    if not text or len(text) > 120 or re.search("[。；;：:!？?《]|[0-9]分", text):
        return False
    names = units(text)
    return bool(names) and all(_UNIT.match(name) and len(name) <= 30 for name in names)


def is_unit(name: str) -> bool:
    return _UNIT.match(name) is not None


def _is_group(name: str) -> bool:
    return re.fullmatch("各?(?:相关|有关|成员)(?:单位|部门)", name) is not None


def _in_lines(text: str) -> str:
    lines = [_AND.sub("、", _HEAD.sub("", line.strip())) for line in text.split("\n")]
    return "\n".join(line for line in lines if line)


def _pieces(text: str) -> list[tuple[str, str]]:
    """Names with what stood before them; brackets are not opened."""
    found: list[tuple[str, str]] = []
    depth, begins, glue = 0, 0, ""
    for at, sign in enumerate(f"{text}、"):
        depth += (sign in "（(") - (sign in "）)")
        if (depth <= 0 and _PARTS.match(sign)) or at == len(text):
            name = re.sub(r"\s+", "", text[begins:at]).strip("。.:：")
            if name:
                found.append((name, glue))
                glue = ""
            glue = "\n" if sign == "\n" and not glue else ("、" if sign != "\n" else glue)
            begins = at + 1
            depth = max(0, depth)
    return found


def _cut_in_two(before: str, name: str) -> bool:
    """A line break inside a name: 市生态环 ⏎ 境局."""
    if not _UNIT.match(before):
        return is_unit(before + name)
    return _INNER.fullmatch(name) is not None and _OUTER.match(before) is not None


def _one_role(before: str, name: str) -> bool:
    """各镇街、平台: one word 各 for both."""
    return (
        re.match("各(?:有关|相关)?(?:镇街|镇|乡镇|乡镇街道|街道|镇乡)$", before) is not None
        and re.match("平台|党委政府|街道|园区|开发区|场|管委会|党委", name) is not None
    )


_LABELS = re.compile(
    r"(?P<lead>牵头(?:单位|部门)?|主办(?:单位|部门)?|主责(?:单位|部门)?|主要责任单位)\s*[:：]"
    r"|(?P<rest>(?:责任|配合|协办|承办|参与|协同|落实|实施)(?:单位|部门)?)\s*[:：]"
)


def labelled(text: str) -> tuple[str, str]:
    """A cell that says itself who leads (牵头单位：甲；配合单位：乙) as its leading and its other
    units; a cell without such words leads nobody."""
    marks = list(_LABELS.finditer(text))
    if not marks and _LEADING.search(text):
        return _behind(text)
    if not any(mark["lead"] for mark in marks):
        return "", text
    bounds = [mark.start() for mark in marks] + [len(text)]
    lead: list[str] = []
    rest = [text[: bounds[0]]]
    for mark, end in zip(marks, bounds[1:], strict=True):
        (lead if mark["lead"] else rest).append(text[mark.end() : end])
    return "\n".join(lead), "\n".join(part for part in rest if part.strip())


_LEADING = re.compile(r"[（(](?:牵头|主办|主责)(?:单位|部门)?[)）]")
_OTHER = re.compile(r"[（(](?:配合|协办|责任|参与)(?:单位|部门)?[)）]")


def _behind(text: str) -> tuple[str, str]:
    """县统计局（牵头），县发改局: who leads says so behind its name."""
    parts = [part for part in re.split(r"[，,、；;\n]", text) if part.strip()]
    lead = [_LEADING.sub("", part) for part in parts if _LEADING.search(part)]
    rest = [_OTHER.sub("", part) for part in parts if not _LEADING.search(part)]
    return "\n".join(lead), "\n".join(rest)

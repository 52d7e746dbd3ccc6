"""What a column holds, by its heading; the office may say it where the heading is unusual."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tracker.definitions.documents.cutting import SCORES
from tracker.definitions.documents.grid import Row, Table


class Role(StrEnum):
    """What a column is for; the values are the words of `--columns`."""

    NUMBER = "number"
    SECTION = "section"
    TITLE = "title"
    POINTS = "points"
    CLAUSE = "clause"
    DEADLINE = "deadline"
    EVIDENCE = "evidence"
    LEAD = "lead"
    RESPONSIBLE = "responsible"
    REVIEWING = "reviewing"
    PERSON = "person"
    GOAL = "goal"
    """What is to be reached (目标值), for clauses without a number of their own."""
    NOTE = "note"
    SCORE = "score"
    """Filled in later by the assessor (自评分, 得分); nothing is read from it."""


# Alternatives are parted by blanks, in the order in which they are tried.
_JUDGED = "(?:考核|考评|评分|评价|计分|记分|扣分|赋分|打分|得分|测评|评估|评定|评议|加分|量化)"
_OFFICE = "(?:单位|部门|科室|处室|机构|主体|组|股室)"
_PATTERNS: tuple[tuple[Role, str], ...] = (
    (Role.NUMBER, r"序号? (?:指标|项目|任务)?编号 顺序 项次 条目号 任务号 序列 no\.?"),
    (
        Role.SCORE,
        "(?:自评|自查|初评|复评|复核|实际|最终|考核|考评|核定|审核|评估|单位自评)?(?:得分|评分|打分|扣分|分数)"
        " (?:扣分|加分|得分)(?:原因|理由|情况|说明) (?:完成|自评|落实|进展)情况 (?:自评|考核)结果",
    ),
    (Role.PERSON, ".*(?:责任人|领导|负责人|联系人|联络员|电话|经办人|签字).*"),
    (
        Role.POINTS,
        ".*(?:分值|权重|基础分|标准分|基准分|基本分|满分|配分|总分)(?:值|数|[0-9]*分?)?"
        " 赋分 分数 分",
    ),
    (
        Role.RESPONSIBLE,
        f"(?:被|受)(?:考核|考评|评价|检查){_OFFICE}? (?:被|受)(?:考核|考评|评价)(?:对象|方)",
    ),
    (
        Role.REVIEWING,
        f".*(?:审核|审查|验收|督查|督办|督导|督促|数据(?:来源|提供|采集)|认定|考察|{_JUDGED})(?:责任)?{_OFFICE}",
    ),
    (Role.LEAD, ".*(?:牵头|主办|主责|主管|主要责任).*"),
    (
        Role.RESPONSIBLE,
        ".*(?:责任|承办|配合|协办|参与|实施|落实|完成|协同|协助|执行|承担|被考核|适用|报送|考核)"
        "(?:单位|部门|科室|处室|主体|对象|镇街|乡镇|股室|岗位|方)"
        " 配合 协办 单位 部门 责任分工 责任主体",
    ),
    (
        Role.DEADLINE,
        ".*(?:时限|节点|期限|截止|时间要求|时间安排|时间进度|工作进度|进度要求|进度安排).*"
        " .*(?:完成|报送|办结|计划)(?:时间|日期).* 时间 进度 完成时",
    ),
    (
        Role.CLAUSE,
        f".*{_JUDGED}的?(?:方法|办法|标准|规则|细则|方式|说明|要点|口径|原则|事项|规定|要求|(?:依据|标准)[及和与].*)"
        " .*(?:评分|计分|扣分)细则.* 评分 计分 扣分项 评价要点",
    ),
    (
        Role.EVIDENCE,
        ".*(?:依据|佐证|材料|资料|证明|来源|台账|支撑|印证|查看内容).*"
        " .*(?:考核|考评|检查|评价)(?:方式|方法).*",
    ),
    (
        Role.GOAL,
        "(?:年度|全年|任务|考核|工作|计划|指标|[0-9]{4}年)*(?:目标|指标|任务|计划)(?:值|数|量|数量|数值)",
    ),
    (Role.NOTE, "备注 说明 备考 附注 注"),
    (
        Role.SECTION,
        "板块 大?类别? 类型 分类 一级(?:指标)? 领域 方面 维度 模块 考核指标"
        " (?:项目|考核|指标|目标|任务|考核项目)类别",
    ),
    (
        Role.TITLE,
        ".*(?:任务|指标|项目|内容|事项|要求|目标|名称|要点|举措|措施|工作|职责|重点|考核点|评价点).*",
    ),
)
_KNOWN = [
    (role, re.compile("|".join(alternatives.split()), re.IGNORECASE))
    for role, alternatives in _PATTERNS
]
_BRACKETS = re.compile(r"[（(\[【].*?[）)\]】]|[\s　:：*＊、，,/／·.。]+")

TITLE_ROWS = 15
_LONG = 26  # no heading is longer


def role_of(heading: str) -> Role | None:
    """`工作目标/重点任务` is a title; None for what no list is known to have."""
    bare = _BRACKETS.sub("", heading)
    if not bare or len(bare) > _LONG:
        return None
    return next((role for role, pattern in _KNOWN if pattern.fullmatch(bare)), None)


@dataclass(frozen=True)
class Layout:
    """Where a list's columns are, counted from 0; its headings begin in the row with index `top`,
    its rows at `begins`. `groups` are the columns of wider headings over the title, the widest
    first; `scored` where a heading says that there is a scoring text."""

    names: tuple[str, ...]
    roles: Mapping[Role, tuple[int, ...]]
    top: int
    begins: int
    groups: tuple[int, ...] = ()
    scored: bool = True
    unused: tuple[str, ...] = ()
    """Headings of columns from which nothing is read."""
    inner: int | None = None
    """The column that names the rows of an item, where number and title are the item's."""

    def column(self, role: Role) -> int | None:
        return self.roles[role][0] if self.roles.get(role) else None

    def has(self, *roles: Role) -> bool:
        return all(self.roles.get(role) for role in roles)


def layout_of(table: Table, wanted: Mapping[str, Role]) -> Layout | None:
    """None for a table that is no list of tasks: one needs a scoring text, or a task with points,
    units or a deadline."""
    for at, row in enumerate(table.rows[:TITLE_ROWS]):
        found = _headed(table, at, row, wanted)
        if found is not None:
            return found
    return None


def _headed(table: Table, at: int, row: Row, wanted: Mapping[str, Role]) -> Layout | None:
    names, height = _names(table, at, row)
    roles = [wanted.get(_bare(name)) or role_of(name) for name in names]
    found = {role for role in roles if role is not None}
    if len(row.distinct) < 2 or len(found) < 2 or not _is_list(found):
        return None
    known = sum(role is not None for role in roles)
    if known * 2 < len([name for name in names if name]):
        return None
    return _arranged(table, (at, at + height), names, roles)


def _is_list(found: set[Role]) -> bool:
    tasks = {Role.TITLE, Role.SECTION} & found
    details = {Role.POINTS, Role.RESPONSIBLE, Role.LEAD, Role.DEADLINE} & found
    return (Role.CLAUSE in found and len(found) > 1) or (bool(tasks) and bool(details))


def _bare(name: str) -> str:
    return "".join(name.split())


def _names(table: Table, at: int, row: Row) -> tuple[list[str], int]:
    """Headings of a column, and over how many rows they go: a heading over several columns has
    narrower ones below it."""
    names = [_bare(cell.text) for cell in row.cells]
    below = table.rows[at + 1] if at + 1 < len(table.rows) else None
    if below is None or not _goes_below(row, below):
        return names, 1
    for column, cell in enumerate(below.cells[: len(names)]):
        if cell and cell is not row.cells[column]:
            under = _bare(cell.text)
            alone = role_of(under)
            names[column] = under if alone not in (None, Role.TITLE) else names[column] + under
    names += [_bare(cell.text) for cell in below.cells[len(names) :]]
    return names, 2


def _goes_below(row: Row, below: Row) -> bool:
    """Whether the second row still holds headings: some cell spans both, or some heading spans
    several columns, and what stands below is short and no number."""
    told = [cell for cell in below.distinct if all(cell is not one for one in row.cells)]
    if not told or any(len(cell.text) > 20 or cell.text[:1].isdigit() for cell in told):
        return False
    both = any(cell is other for cell, other in zip(row.cells, below.cells, strict=False) if cell)
    wide = len(row.distinct) < len([cell for cell in row.cells if cell])
    holes = any(
        not cell and below.cells[column]
        for column, cell in enumerate(row.cells[: len(below.cells)])
    )
    roles = [role_of(cell.text) for cell in told]
    return (both or wide or holes) and any(role is not None for role in roles)


def _arranged(
    table: Table, rows: tuple[int, int], names: Sequence[str], roles: Sequence[Role | None]
) -> Layout:
    top, begins = rows
    columns: dict[Role, list[int]] = {}
    for column, role in enumerate(roles):
        again = column > 0 and names[column] == names[column - 1]  # one heading over two columns
        if role is not None and not (again and role is not Role.TITLE):
            columns.setdefault(role, []).append(column)
    groups = list(columns.pop(Role.SECTION, []))
    scored = Role.CLAUSE in columns
    titles = columns.get(Role.TITLE, [])
    _settle_goal(table, begins, names, columns)
    _settle_clause(table, begins, names, columns)
    inner = titles[1] if len(titles) > 1 and _rows_of_items(table, begins, columns) else None
    while (
        inner is None
        and len(titles) > 1
        and _things(table, begins, titles[0]) < _things(table, begins, titles[1])
    ):
        groups.append(titles.pop(0))
    if not titles and groups:
        titles = columns[Role.TITLE] = [groups.pop()]
    if Role.CLAUSE not in columns and titles:
        columns[Role.CLAUSE] = [titles[-1]]
    told = {role: tuple(found) for role, found in columns.items()}
    used = {at for role, found in told.items() for at in _read_of(role, found)} | {*groups[:1]}
    used |= set() if inner is None else {inner}
    read = {names[at] for at in used}
    unused = dict.fromkeys(name for name in names if name and name not in read)
    return Layout(tuple(names), told, top, begins, tuple(groups), scored, tuple(unused),
                  inner)  # fmt: skip


def _rows_of_items(table: Table, begins: int, columns: Mapping[Role, Sequence[int]]) -> bool:
    """Whether numbers and titles go over the same rows, several of which the next column tells
    apart: then the title is the item's and no section's."""
    if Role.NUMBER not in columns:
        return False
    number, (wide, narrow) = columns[Role.NUMBER][0], columns[Role.TITLE][:2]
    rows = [row for row in table.rows[begins:] if not _whole(row)]
    own = {at: {row.number for row in rows if row.own(at) and row.cell(at)}
           for at in (number, wide, narrow)}  # fmt: skip
    return own[number] == own[wide] and own[wide] < own[narrow]


def _read_of(role: Role, columns: Sequence[int]) -> Sequence[int]:
    """Of several columns for one thing the first is read; those for people, notes and scores are
    known and left alone."""
    whole = (Role.RESPONSIBLE, Role.PERSON, Role.NOTE, Role.SCORE, Role.NUMBER)
    return columns if role in whole else columns[:1]


def _settle_clause(
    table: Table, begins: int, names: Sequence[str], columns: dict[Role, list[int]]
) -> None:
    """Of several columns for scoring the one that takes and gives most is meant; the others tell
    how it is proven. Where no heading says it, the last task column is."""
    found, titles = columns.get(Role.CLAUSE, []), columns.get(Role.TITLE, [])
    if not found and len(titles) > 1:
        columns[Role.CLAUSE] = [titles.pop()]
    if len(found) < 2:
        return
    counts = {at: _scoring(table, begins, at) for at in found}
    best = max(found, key=lambda at: (counts[at], -at))
    others = [at for at in found if at != best and "求" not in names[at]]
    columns[Role.CLAUSE] = [best]
    columns.setdefault(Role.EVIDENCE, []).extend(others)


_AMOUNT = re.compile(r"[^\d]{0,8}\d[\d.,]*\s*(?:%|％|[^\W\d]{0,5})|百分之[一-十百]+|[-—/]")
_GOAL = re.compile(r"目标|任务|指标|计划")


def _settle_goal(
    table: Table, begins: int, names: Sequence[str], columns: dict[Role, list[int]]
) -> None:
    """Of several columns for tasks one that holds hardly anything but amounts is the goal."""
    titles = columns.get(Role.TITLE, [])
    if Role.GOAL in columns or len(titles) < 2:
        return
    for at in titles:
        cells = [cell.text for row in table.rows[begins:]
                 if (cell := row.cell(at)) is not None and cell and not _whole(row)]  # fmt: skip
        amounts = sum(_AMOUNT.fullmatch(_bare(text)) is not None for text in cells)
        if _GOAL.search(names[at]) and len(cells) > 1 and amounts * 3 >= len(cells) * 2:
            titles.remove(at)
            columns[Role.GOAL] = [at]
            return


def _scoring(table: Table, begins: int, column: int) -> int:
    cells = (row.cell(column) for row in table.rows[begins:])
    return sum(cell is not None and SCORES.search(cell.text) is not None for cell in cells)


def _things(table: Table, begins: int, column: int) -> int:
    """How many different things a column names; fewer than the next column are wider ones."""
    cells = [row.cell(column) for row in table.rows[begins:]]
    rows = zip(table.rows[begins:], cells, strict=True)
    return len({cell.text for row, cell in rows if cell is not None and cell and not _whole(row)})


def _whole(row: Row) -> bool:
    """A row of one cell, or of a total: it names nothing in a column."""
    return len(row.distinct) == 1 or TOTAL.match(row.distinct[0].text) is not None


TOTAL = re.compile(
    r"(?:合\s*计|总\s*计|小\s*计|总\s*分|累\s*计|合计得分)\s*(?:[（(].*[)）])?\s*[:：]?$"
)

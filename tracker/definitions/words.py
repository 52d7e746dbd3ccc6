"""What is said about a document that is wrong: what, and what to do; Chinese and English.

Here and not in `tracker.wording`, because documents are read below it.
"""

from __future__ import annotations

from typing import Any, Literal

from tracker.definitions import yamlflaws
from tracker.domain.errors import Problem

Language = Literal["zh", "en"]

_Words = tuple[str, str, str, str]
"""What is wrong and what to do, in Chinese; the same in English."""

WORDS: dict[str, _Words] = {
    **yamlflaws.WORDS,
    # the file and its YAML
    "not_found": ("文件不存在", "请核对路径", "there is no such file", "check the path"),
    "not_readable": (
        "文件读不了：{said}",
        "请检查文件权限",
        "the file cannot be read: {said}",
        "check its permissions",
    ),
    "file_too_large": (
        "文件超过 {most} MB",
        "请核对文件，或分成几份",
        "the file is larger than {most} MB",
        "check that it is the right one, or split it",
    ),
    "encoding": (
        "既不是 UTF-8 也不是 GB18030 文本",
        "请另存为 UTF-8",
        "this is neither UTF-8 nor GB18030 text",
        "save it as UTF-8",
    ),
    "read_as_gb18030": (
        "不是 UTF-8，已按 GB18030 读取",
        "建议另存为 UTF-8",
        "this is not UTF-8 and was read as GB18030",
        "better save it as UTF-8",
    ),
    "empty": ("文件是空的", "请写入内容", "the file is empty", "write something into it"),
    "several_documents": (
        "文件里有两份文档（---）",
        "请一份文档一个文件",
        "there is a second document in the file (---)",
        "keep one document per file",
    ),
    "tagged": (
        "不接受 YAML 标签 {tag}",
        "请删去标签",
        "the YAML tag {tag} is not accepted",
        "remove the tag",
    ),
    "no_anchor": (
        "别名 *{name} 没有对应的锚点",
        "请先用 &{name} 标出所指内容",
        "the alias *{name} has no anchor",
        "mark what it stands for with &{name} first",
    ),
    "alias_of_itself": (
        "别名 *{name} 指向自身",
        "请把内容写全",
        "the alias *{name} contains itself",
        "write the content out",
    ),
    "key_not_text": (
        "键必须是文本",
        "请把键写成一个词",
        "a key must be text",
        "write the key as one word",
    ),
    "key_twice": (
        "键“{key}”重复，第 {first} 行已有",
        "请只留一处",
        'the key "{key}" stands here again, first on line {first}',
        "keep one of them",
    ),
    "too_deep": (
        "嵌套超过 {most} 层",
        "请检查缩进和括号",
        "more than {most} levels deep",
        "check indentation and brackets",
    ),
    "too_large": (
        "展开别名后超过 {most} 个值，或文字太长",
        "请减少别名",
        "more than {most} values, or as much text, once its aliases are written out",
        "use fewer aliases",
    ),
    # a draft
    "still_open": (
        "尚未确定：{question}{text}",
        "在 chosen 写一个选项：{known}；已改好本文件的写 by_hand",
        "still open: {question}{text}",
        "write one of these as chosen: {known}; by_hand where the document was put right",
    ),
    # the shape
    "not_mapping": (
        "此处应是“键: 值”的映射",
        "请写成 键: 值",
        "a mapping of keys to values belongs here",
        "write key: value",
    ),
    "not_list": (
        "此处应是列表",
        "请写成 [甲, 乙]，或每行以 - 开头",
        "a list belongs here",
        "write [a, b], or one line each with a leading -",
    ),
    "missing": ("缺少“{key}”", "请补上", '"{key}" is missing', "add it"),
    "unknown_key": (
        "不认识的键“{key}”",
        "{near}可用的键：{known}",
        'unknown key "{key}"',
        "{near}known keys: {known}",
    ),
    "unknown_kind": (
        "不认识的{what}类型“{kind}”",
        "{near}可用的类型：{known}",
        'unknown kind of {what} "{kind}"',
        "{near}known kinds: {known}",
    ),
    "fact_missing": (
        "没有写明是哪类事实",
        "表里要有一栏，表头写“类型”或 fact，每行填：{known}",
        "the kind of this fact is not stated",
        'the sheet needs a column headed "fact" (or 类型); known kinds: {known}',
    ),
    "kind_missing": (
        "没有写明{what}的类型（kind）",
        "可用的类型：{known}",
        "the kind of this {what} is not stated (kind)",
        "known kinds: {known}",
    ),
    "not_text": (
        "应是文本，而不是 {given}",
        "请加引号",
        "text is expected, not {given}",
        "put it in quotes",
    ),
    "not_whole": (
        "应是整数，而不是“{given}”",
        "请写整数",
        'a whole number is expected, not "{given}"',
        "write a whole number",
    ),
    "not_number": (
        "应是数字，而不是“{given}”",
        '请写成 "0.5" 这样的数字',
        'a number is expected, not "{given}"',
        'write a number such as "0.5"',
    ),
    "not_date": (
        "应是日期，而不是“{given}”",
        "请写成 2021-12-31",
        'a date is expected, not "{given}"',
        "write it like 2021-12-31",
    ),
    "not_time": (
        "应是钟点，而不是“{given}”",
        '请写成 "08:30"',
        'a time of day is expected, not "{given}"',
        'write it like "08:30"',
    ),
    "not_truth": (
        "应是 true 或 false，而不是“{given}”",
        "请改为 true 或 false",
        'true or false is expected, not "{given}"',
        "write true or false",
    ),
    "not_slug": (
        "“{given}”不能作标识",
        "标识只用小写字母、数字、- 和 _",
        '"{given}" cannot be an id here',
        "use lower-case letters, digits, - and _ only",
    ),
    "not_slip": (
        "“{given}”不是一个角色，也不是阶梯上的一档",
        "写随谁发（head、leader……）、随哪一档发（intake、+4、limit……），或写 never 不发",
        '"{given}" is neither a role nor a rung',
        "write whom it goes to (head, leader, ...), the rung (intake, +4, limit, ...) or never",
    ),
    "not_rung": (
        "“{given}”不是阶梯上的一档",
        "写成 -7（到期前 7 个工作日）、0、+4（逾期 4 个工作日）、50%（时间用去一半）、"
        "-4h（到期前 4 小时）；按小时计的还可以写 half、limit、step+2",
        '"{given}" is no rung',
        "write -7 (working days before it is due), 0, +4 (late), 50% (of the time used), "
        "-4h (hours before it is due); on a clock of hours also half, limit, step+2",
    ),
    "window_never_opens": (
        "发信时段 {opens} 到 {closes}，没有开的时候",
        "closes 要晚于 opens",
        "a window from {opens} to {closes} never opens",
        "closes has to be later than opens",
    ),
    "rung_twice": (
        "阶梯上的“{at}”写了两次（另一处在第 {first} 行）",
        "合成一条，tells 写全",
        'the rung "{at}" is given twice (the other in line {first})',
        "make them one, with everybody in tells",
    ),
    "ends_before_first_rung": (
        "逾期催办到第 {last} 个工作日为止，第一次却在第 {first} 个工作日",
        "overdue_last 不能小于 overdue_first",
        "reminders end {last} working days late, the first comes {first} working days late",
        "overdue_last must not be less than overdue_first",
    ),
    "no_lead_unit": (
        "催办要通知牵头单位，任务 {item} 没有牵头单位",
        "写上 lead_units，或去掉 lead",
        "reminders tell the lead unit, and item {item} has none",
        "add lead_units, or take lead out",
    ),
    "not_amount": (
        "“{given}”不是分数",
        '请写成 "0.5"、"50%"、all（本条全部分值）或 item（任务全部分值）',
        '"{given}" is no amount',
        'write "0.5", "50%", all (the clause\'s points) or item (the item\'s points)',
    ),
    "not_one_of": (
        "“{given}”不在可选值之内",
        "可选：{known}",
        '"{given}" is none of the choices',
        "choose from: {known}",
    ),
    "out_of_bounds": (
        "“{given}”超出范围：{bounds}",
        "请改为范围内的数",
        '"{given}" is out of range: {bounds}',
        "use a number within it",
    ),
    "too_few": (
        "至少要有 {least} 项",
        "请补上",
        "at least {least} are needed",
        "add what is missing",
    ),
    "said": ("{said}", "请按提示修改", "{said}", "correct it"),
    # sums
    "items_do_not_add_up": (
        "板块 {section} 的任务分值合计 {sum}，应为 {points}（差 {gap}）",
        "请核对各任务的 points",
        "the items of section {section} add up to {sum} instead of {points} (off by {gap})",
        "check the points of its items",
    ),
    "sections_do_not_add_up": (
        "各板块分值合计 {sum}，应为 {points}（差 {gap}）",
        "请核对各板块的 points；加分、扣分板块不计入",
        "the sections add up to {sum} instead of {points} (off by {gap})",
        "check the points of the sections; bonus and penalty parts do not count",
    ),
    "section_without_points": (
        "板块 {section} 没有分值",
        "请写 points；加分、扣分板块请写 part: bonus 或 penalty",
        "section {section} has no points",
        "state points, or part: bonus or penalty",
    ),
    "item_without_points": (
        "任务 {item} 没有分值",
        "请写 points",
        "item {item} has no points",
        "state points",
    ),
    "part_with_points": (
        "板块 {section} 是{part}部分，不应有分值",
        "请删去 points；上限请写 cap",
        "section {section} is a {part} part and has no points of its own",
        "remove points; a limit is written as cap",
    ),
    "clauses_above_item": (
        "计分句分值合计 {sum}，超过任务 {item} 的 {points}",
        "请核对计分句的 points",
        "the clauses carry {sum}, more than the {points} of item {item}",
        "check the points of the clauses",
    ),
    "clauses_above_group": (
        "分值池 {group} 内合计 {sum}，超过其 {points}",
        "请核对其中计分句的 points",
        "the clauses of pool {group} carry {sum}, more than its {points}",
        "check the points of its clauses",
    ),
    "clauses_below_item": (
        "计分句分值合计 {sum}，少于任务 {item} 的 {points}，余下 {gap} 分没有着落",
        "请补一条口径（readings），各选项以 set 把 {item}.unallocated 设为 kept、lost 或 scaled",
        "the clauses carry {sum} of the {points} of item {item}; {gap} are not allocated",
        "add a reading whose alternatives set {item}.unallocated to kept, lost or scaled",
    ),
    # ids, dates, references
    "id_twice": (
        "{what} {id} 重复，第 {first} 行已有",
        "请改用另一个编号",
        "{what} {id} stands here again, first on line {first}",
        "give it another id",
    ),
    "id_not_of_item": (
        "编号 {id} 不跟随任务 {item} 的编号",
        "应为 {item}，或以 {item}. 或 {item}- 开头",
        "the id {id} does not follow that of item {item}",
        "use {item}, or begin with {item}. or {item}-",
    ),
    "outside_year": (
        "{field}：{day} 不在 {year} 年内",
        "请改为该年的日期；由其他文件定的日期写 external",
        "{field}: {day} is not in {year}",
        "use a day of that year; a date that another document sets is written as external",
    ),
    "ends_before_it_begins": (
        "{last} 早于 {first}",
        "请核对起止日期",
        "{last} is before {first}",
        "check first and last day",
    ),
    "no_zone": (
        "没有名为“{zone}”的时区",
        "请写成 Asia/Shanghai 这样的名称",
        'there is no time zone "{zone}"',
        "write a name such as Asia/Shanghai",
    ),
    "no_rhythm": (
        "周期写法不成立：{said}",
        "请核对 freq、interval、due_day",
        "this period cannot be: {said}",
        "check freq, interval and due_day",
    ),
    "no_such_unit": (
        "{field} 中的单位“{name}”不在 units 里",
        "{near}请在 units 登记，或改用已有标识",
        'the unit "{name}" in {field} is not listed in units',
        "{near}list it in units, or use a listed id",
    ),
    "no_such_duty": (
        "计分句 {clause} 没有事项“{name}”",
        "{near}已有事项：{known}",
        'clause {clause} has no duty "{name}"',
        "{near}its duties: {known}",
    ),
    "no_such_target": (
        "目标“{name}”不在 targets 里",
        "{near}请在 targets 登记；数值未定的写 value: null 和 source",
        'the target "{name}" is not listed in targets',
        "{near}list it in targets; where another document sets it, with value: null and a source",
    ),
    "no_such_rule": (
        "没有规则或计分句“{name}”",
        "{near}规则写成“计分句编号#序号”，如 20.5#1",
        'there is no rule or clause "{name}"',
        "{near}a rule is named by its clause and number, such as 20.5#1",
    ),
    "no_such_clause": (
        "没有任务或计分句“{name}”",
        "{near}请用文中已有的编号",
        'there is no item or clause "{name}"',
        "{near}use an id of this document",
    ),
    "no_such_group": (
        "任务 {item} 没有分值池“{name}”",
        "{near}请在任务的 groups 登记",
        'item {item} has no pool "{name}"',
        "{near}list it in the item's groups",
    ),
    "group_in_itself": (
        "分值池 {name} 包含自身",
        "请改正 group",
        "the pool {name} lies in itself",
        "correct its group",
    ),
    "group_unused": (
        "分值池 {name} 没有计分句使用",
        "请删去，或在计分句写 group: {name}",
        "no clause uses the pool {name}",
        "remove it, or write group: {name} in its clauses",
    ),
    "owed_by_nobody": (
        "没有单位承担",
        "请写 responsible_units（任务或计分句）或 owed_by",
        "no unit owes this",
        "state responsible_units (of item or clause) or owed_by",
    ),
    "reading_does_not_apply": (
        "选项 {choice} 的 set 不成立：{said}",
        "路径写成 规则.字段、计分句/事项.字段 或 任务.字段，值须合规",
        "the set of alternative {choice} does not apply: {said}",
        "a path is RULE.field, CLAUSE/DUTY.field or ITEM.field, with a value that fits",
    ),
    # tables
    "not_a_table": (
        "不能从 {suffix} 文件读取表格",
        "可用：{known}",
        "no table can be read from {suffix}",
        "use one of {known}",
    ),
    "not_a_workbook": (
        "不是可读的 xlsx 文件：{said}",
        "请用表格软件打开后另存为 .xlsx",
        "this is no readable .xlsx file: {said}",
        "open it in a spreadsheet program and save it as .xlsx again",
    ),
    "not_a_word_file": (
        "不是可读的 docx 文件：{said}",
        "请用 Word 或 WPS 打开后另存为 .docx",
        "this is no readable .docx file: {said}",
        "open it in a word processor and save it as .docx again",
    ),
    "not_a_page": (
        "不是可读的网页文件：{said}",
        "请把表格复制到 Word 或 Excel 再保存",
        "this is no readable page: {said}",
        "copy the table into a word processor or a spreadsheet and save that",
    ),
    "encrypted": (
        "文件设有打开密码",
        "请去掉密码后再读",
        "the file opens with a password only",
        "save it without the password",
    ),
    "with_macros": (
        "文件带有宏（{said}）",
        "请另存为不带宏的 .docx 或 .xlsx",
        "the file brings macros along ({said})",
        "save it as .docx or .xlsx without macros",
    ),
    "old_word": (
        "这是旧版 .doc 文件，本机没有可用的 LibreOffice",
        "请用 Word 或 WPS 打开，选“另存为”，类型选 .docx",
        "this is an old .doc file, and there is no LibreOffice here to open it",
        "open it in a word processor and save it as .docx",
    ),
    "old_sheet": (
        "这是旧版 .xls 文件",
        "请用 Excel 或 WPS 打开，选“另存为”，类型选 .xlsx",
        "this is an old .xls file",
        "open it in a spreadsheet program and save it as .xlsx",
    ),
    "not_converted": (
        "LibreOffice 没能打开这个 .doc 文件：{said}",
        "请用 Word 或 WPS 另存为 .docx",
        "LibreOffice could not open this .doc file: {said}",
        "save it as .docx in a word processor",
    ),
    "not_a_document": (
        "不认识的文件类型 {suffix}",
        "请用 {known}",
        "unknown kind of file {suffix}",
        "use {known}",
    ),
    "off_place": ("放假第 {n} 行", "", "days off, line {n}", ""),
    "make_up_place": ("调休上班", "", "working days", ""),
    "off_none": (
        "没有写哪几天放假",
        "照通知一行一段，例 10-01..10-07 国庆节",
        "no day off is named",
        "one run of days a line, as in 10-01..10-07 National Day",
    ),
    "day_unread": (
        "“{text}”看不出是哪天",
        "写成 10-01..10-07 国庆节，或 10月1日至7日 国庆节",
        "“{text}” is no day that can be read",
        "write 10-01..10-07 National Day",
    ),
    "day_twice": ("{day} 写了两遍", "留一处", "{day} is named twice", "keep one"),
    "days_run": (
        "“{text}”先后颠倒，或者太长",
        "跨年的写全年份，例 {before}-12-31",
        "“{text}” ends before it begins, or is too long",
        "write the year where it crosses one, as in {before}-12-31",
    ),
    "other_year": (
        "“{text}”不是 {year} 年通知里的日子",
        "请核对年份",
        "“{text}” is no day of the notice of {year}",
        "check the year",
    ),
    "no_weekend": (
        "{day} 不是周末，本来就上班，不用调休",
        "请核对日期",
        "{day} is no weekend day, and worked anyway",
        "check the day",
    ),
    "no_list": (
        "没有找到考核表：需要一张带表头的表，至少有任务和计分两栏",
        "请核对文件；表头特殊的，在表里改成“任务”“计分办法”，或用命令行 --columns 得分办法=clause",
        "no list found: a table is needed whose headings name at least task and scoring",
        "check the file; head the columns 任务 and 计分办法, or use --columns 得分办法=clause",
    ),
    "no_year": (
        "标题里没有年份",
        "请用 --year 指明，如 --year 2021",
        "the title names no year",
        "state it, as in --year 2021",
    ),
    "unknown_role": (
        "--columns 里不认识“{given}”",
        "写成 表头=栏目，栏目可用：{known}",
        '--columns: "{given}" is not understood',
        "write heading=role; roles are {known}",
    ),
    "heading_absent": (
        "表里没有“{given}”这个表头",
        "现有表头：{known}",
        'no table has the heading "{given}"',
        "the headings are {known}",
    ),
    "not_csv": (
        "CSV 写法有误：{said}",
        "请检查引号是否成对",
        "this is not CSV: {said}",
        "check that quotes come in pairs",
    ),
    "too_many_cells": (
        "有 {cells} 个单元格，表头只有 {columns} 列",
        "请删去多余的单元格；CSV 中含逗号的内容要加引号",
        "{cells} cells under {columns} headings",
        "remove what is too much; in CSV, quote text that has commas",
    ),
    "unknown_column": (
        "不认识的表头“{key}”",
        "{near}可用的表头：{known}",
        'unknown heading "{key}"',
        "{near}known headings: {known}",
    ),
    "unknown_columns": ("不认识的表头“{key}”", "{near}", 'unknown heading "{key}"', "{near}"),
    "cell_unasked": (
        "这一类事实没有“{key}”一栏",
        "请清空这一格；它的栏：{known}",
        'this kind of fact has no column "{key}"',
        "leave it empty; its columns: {known}",
    ),
    "column_twice": ("表头“{key}”重复", "请只留一列", 'two columns are "{key}"', "keep one"),
    "column_missing": ("缺少“{key}”列", "请补上", 'there is no column "{key}"', "add it"),
    "cell_missing": ("缺少“{key}”", "请填上", '"{key}" is empty', "fill it in"),
    "naive": (
        "{key}：{given} 没有写几点几分，时限按小时算的从这一刻起算",
        "请写成 {given} 09:00",
        "{key}: {given} names no time of day, from which a limit in hours counts",
        "write {given} 09:00",
    ),
    "not_instant": (
        "{key}：“{given}”不是时刻",
        "请写成 2021-10-18 08:00（方案时区），或只写 2021-10-18（当日 24:00）",
        '{key}: "{given}" is no instant',
        "write 2021-10-18 08:00 (the programme's clock), or 2021-10-18 alone (its end)",
    ),
    "in_field": ("{key}：{said}", "{advice}", "{key}: {said}", "{advice}"),
}  # fmt: skip

NEAR = {"zh": "是否想写“{name}”？", "en": 'did you mean "{name}"? '}

THINGS: dict[str, tuple[str, str]] = {
    "rule": ("规则", "rule"),
    "duty": ("事项", "duty"),
    "fact": ("事实", "fact"),
    "unit": ("单位", "unit"),
    "target": ("目标", "target"),
    "period": ("时段", "period"),
    "open_point": ("待定问题", "open point"),
    "section": ("板块", "section"),
    "item": ("任务", "item"),
    "clause": ("计分句", "clause"),
    "group": ("分值池", "pool"),
    "reading": ("口径", "reading"),
    "alternative": ("选项", "alternative"),
    "bonus": ("加分", "bonus"),
    "penalty": ("扣分", "penalty"),
}

SAID = {
    "a milestone has either a day (on) or the document that sets it (external)": (
        "节点要么写日期（on），要么写定日期的文件（external），二者取一"
    ),
    "a report says done, count or share": (
        "填报须写 done（完成）、count（数量）或 share（比例）之一"
    ),
    "at most {} digits before and after the point": (
        "小数点前后各不超过 {} 位"
    ),
    "a returned report needs a reason": (
        "退回须写明理由（reason）"
    ),
    "an opened case names its kind and its unit": (
        "立案须写明类别（kind）和单位（unit）"
    ),
    "an approved extension has either until or until_at": (
        "批准延期须写 until 或 until_at 之一"
    ),
    "a measurement has a value or a grade": (
        "监测数据须有数值（value）或等级（grade）"
    ),
    "a withdrawal names the fact that it takes back (supersedes)": (
        "撤回须写明撤回哪一条（supersedes）"
    ),
    "a condition names one of missed, finding, recognition, without, charged, measure, rank, risen,"
    " all_of, any_of": (
        "条件须写 missed、finding、recognition、without、charged、measure、rank、risen、all_of、"
        "any_of 中的一个"
    ),
    "only a measured value has a grade": (
        "只有监测值（measure）有等级（grade）"
    ),
    "a ratio is of a measured rate or of findings": (
        "ratio 写 measure（比率）或 finding（发现的件数），二者取一"
    ),
    "findings are a share of the number that was looked at (among)": (
        "写了 finding 还须写 among（检查的总数）"
    ),
    "a bonus counts either a recognition or what is beyond a duty's quota": (
        "bonus 计认可事项（recognition）或超过定额的部分（duty），二者取一"
    ),
    "a decision for each thing asked about needs asked": (
        "逐件认定（per: each）须写 asked（问的是什么）"
    ),
    "a case duty has either a time limit (within) or the document that sets it (external)": (
        "交办件的时限要么写多长（within），要么写定时限的文件（external），二者取一"
    ),
    "passed_over counts some of those placed above": (
        "passed_over（递补时不计的）只能是排在前面的单位，须少于名次"
    ),
    "a measured value is compared by one of at_least, at_most, above, below, grade": (
        "监测值须用 at_least、at_most、above、below、grade 中的一个比较"
    ),
    "per_incident counts either a finding or a duty's misses": (
        "per_incident 计发现问题（finding）或事项逾期（duty），二者取一"
    ),
    "per_incident needs each or classes": (
        "per_incident 须写 each 或 classes"
    ),
    "all_or_nothing tests one of duty, finding, must": (
        "all_or_nothing 须写 duty、finding、must 中的一个"
    ),
    "per_missing counts either a duty or a finding": (
        "per_missing 计事项（duty）或发现问题（finding），二者取一"
    ),
    "neither a whole number in bounds nor never": (
        "须为范围内的整数，或写 never（永不）"
    ),
    "neither a day nor cutoff nor never": (
        "须为日期，或写 cutoff（考核截止日）、never（一直催）"
    ),
    "a piece is either flat or rises_to an amount": (
        "曲线的一段要么写 flat，要么写 rises_to"
    ),
    "a piece that rises ends somewhere (until)": (
        "递增的一段须写止点（until）"
    ),
    "a block (every) and its amount (each) go together": (
        "每段时长（every）与每段扣分（each）须同时写"
    ),
    "lateness needs base, every and each, or pieces": (
        "lateness 须写 base，或 every 与 each，或 pieces"
    ),
    "pieces already say everything: no base or each beside them": (
        "已写 pieces，不再写 base 或 each"
    ),
    "a bonus needs award or classes": (
        "bonus 须写 award 或 classes"
    ),
    "a threshold either loses or wins": (
        "threshold 写 lose 或 win，二者取一"
    ),
    "rank gives one of places, worst_gets, each_risen": (
        "rank 写 places、worst_gets、each_risen 中的一个"
    ),
    "the default reading {} is none of the alternatives": (
        "默认选项 {} 不在 alternatives 里"
    ),
    "the choice {} is none of the open point's": (
        "选项 {} 不在这个问题的 choices 里"
    ),
    "write the number as text, exactly: {} is a binary float": (
        "请把数字写成带引号的文本：{} 是二进制小数"
    ),
}  # fmt: skip
"""The domain's own refusals in Chinese; a test compares them with the source."""


def say(code: str, language: Language, values: dict[str, Any], *, place: str) -> Problem:
    """The problem in words; `values` fill the placeholders of both texts."""
    zh_text, zh_advice, en_text, en_advice = WORDS[code]
    text, advice = (zh_text, zh_advice) if language == "zh" else (en_text, en_advice)
    return Problem(place, text.format(**values), advice.format(**values))


def thing(name: str, language: Language) -> str:
    return THINGS[name][0 if language == "zh" else 1]


def translated(said: str, language: Language) -> str:
    """A refusal of the domain in `language`; as it is where nobody has translated it."""
    if language == "en":
        return said
    for english, chinese in SAID.items():
        head, hole, tail = english.partition("{}")
        if not hole and said == english:
            return chinese
        if hole and said.startswith(head) and said.endswith(tail):
            return chinese.format(said[len(head) : len(said) - len(tail)])
    return said

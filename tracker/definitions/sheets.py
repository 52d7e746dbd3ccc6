"""People and facts from sheets (.xlsx, .csv) and YAML; every row knows its place.

Whatever is wrong in any row is said at once. `contacts` and `placed` are all or nothing;
`read_contacts` and `read_facts` give what is right beside it, so that whoever knows the programme
can say what is wrong there as well, before anything is taken.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from schedules.instants import names_a_day_alone, typed_instant
from tracker.definitions import telling, words
from tracker.definitions.complaints import fault_of, tags
from tracker.definitions.faults import Fault, near
from tracker.definitions.rows import Columns, Row, Table, table
from tracker.definitions.words import Language
from tracker.domain import facts as f
from tracker.domain.errors import DefinitionError, Problem
from tracker.domain.programme import Programme

# -- people ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Contact:
    """One row of a list of contacts. `unit` is as written: a slug, a name or a short name;
    `role` is contact, deputy, head, leader, reviewer or office. `mail` may be empty."""

    unit: str
    name: str
    role: str
    mail: str
    mobile: str
    place: str


_PEOPLE = Columns(
    known={
        "单位": "unit", "单位名称": "unit", "责任单位": "unit", "unit": "unit",
        "姓名": "name", "name": "name",
        "角色": "role", "职责": "role", "role": "role",
        "邮箱": "mail", "电子邮箱": "mail", "邮件": "mail", "mail": "mail", "email": "mail",
        "e-mail": "mail",
        "手机": "mobile", "手机号": "mobile", "手机号码": "mobile", "电话": "mobile",
        "联系电话": "mobile", "mobile": "mobile", "phone": "mobile",
    },
    needed=("unit", "name", "role"),
    others_allowed=True,
)  # fmt: skip

_ROLES = {
    "联系人": "contact", "联络员": "contact", "经办人": "contact",
    "副联系人": "deputy", "副联络员": "deputy", "备用联系人": "deputy", "代理联系人": "deputy",
    "单位负责人": "head", "负责人": "head", "主要负责人": "head",
    "分管领导": "leader", "县领导": "leader", "牵头领导": "leader",
    "审核": "reviewer", "审核人": "reviewer", "审核员": "reviewer",
    "牵头办公室": "office", "考核办": "office", "统筹办": "office", "办公室": "office",
}  # fmt: skip


def _heading(name: str, language: Language) -> str:
    """As the column is most likely headed."""
    known = _PEOPLE.known.items()
    return next(told for told, own in known if own == name) if language == "zh" else name


def contacts(path: Path, language: Language = "zh") -> list[Contact]:
    """Unit, name, role, mail and mobile, columns in any order; other columns are passed over."""
    found, problems = read_contacts(path, language)
    if problems:
        raise DefinitionError(problems)
    return found


def read_contacts(path: Path, language: Language = "zh") -> tuple[list[Contact], list[Problem]]:
    """Every row, with empty cells where it has them, and what is wrong."""
    found: list[Contact] = []
    told = table(path, _PEOPLE, language)
    problems = list(told.problems)
    for row in told.rows:
        cells = {name: str(value).strip() for name, value in row.cells.items()}
        missing = [name for name in _PEOPLE.needed if not cells.get(name)]
        problems += [
            words.say(
                "cell_missing",
                language,
                {"key": _heading(name, language)},
                place=row.place_of(name),
            )
            for name in missing
        ]
        role = cells.get("role", "")
        found.append(
            Contact(
                unit=cells.get("unit", ""),
                name=cells.get("name", ""),
                role=_ROLES.get(role, role.lower()),
                mail=cells.get("mail", ""),
                mobile=cells.get("mobile", ""),
                place=row.place,
            )
        )
    if not found and not problems:
        raise DefinitionError([words.say("empty", language, {}, place=path.name)])
    return found, by_row(problems)


_ROW = re.compile(r"(?:第 |line )(\d+)")


def by_row(problems: Iterable[Problem]) -> list[Problem]:
    """In the order of the file, whoever found them."""

    def row(one: Problem) -> int:
        found = _ROW.search(one.place)
        return int(found[1]) if found else 0

    return sorted(problems, key=row)


# -- facts -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Placed:
    """`entered` is False where the file does not say when the fact became known."""

    row: Row
    fact: f.AnyFact
    entered: bool

    @property
    def place(self) -> str:
        return self.row.place


_KINDS: tuple[type[BaseModel], ...] = get_args(get_args(f.AnyFact)[0])
_FIELDS = {field.alias or name for kind in _KINDS for name, field in kind.model_fields.items()}

_CHINESE = {
    "类型": "fact", "事实": "fact", "编号": "id",
    "发生时间": "occurred_at", "时间": "occurred_at", "录入时间": "recorded_at",
    "录入人": "by", "备注": "note", "说明": "note", "更正": "supersedes", "取代": "supersedes",
    "计分句": "clause", "计分细则": "clause", "事项": "duty", "单位": "unit", "责任单位": "unit",
    "期次": "occurrence", "完成": "done", "是否完成": "done", "数量": "count",
    "件数": "count", "次数": "count", "个数": "count", "比例": "share",
    "填报编号": "report", "审核结果": "outcome", "结果": "outcome", "理由": "reason",
    "原因": "reason",
    "交办件": "case", "交办件类别": "kind", "事件": "event", "标题": "title",
    "延至": "until", "延至时刻": "until_at", "止于": "ends_at", "签收角色": "role",
    "发现问题": "finding", "类别": "class", "级别": "level", "对象": "subject", "问题": "problem",
    "指标": "measure", "监测指标": "measure", "监测": "measure", "数值": "value",
    "等级": "grade", "等次": "grade", "基数": "baseline",
    "点位": "site", "断面": "site",
    "周期": "period", "时期": "period", "期别": "period", "目标": "target",
    "排名": "rank", "名次": "place", "总数": "of",
    "最好": "best", "最差": "worst", "上年名次": "previous",
    "递补": "passed_over", "限期": "due_on", "规则": "rule", "认定人": "person",
    "分值": "points", "分数": "points",
    "口径": "reading", "选项": "choice", "认可": "recognition", "日期": "on", "活动": "activity",
}  # fmt: skip

_FACTS = Columns(
    known={**_CHINESE, **{name: name for name in sorted(_FIELDS)}},
    needed=("fact", "occurred_at"),
    others_allowed=False,
)

_VALUES: dict[str, dict[str, str]] = {
    "fact": {
        "填报": "report", "审核": "review", "交办": "case", "交办件": "case", "延期": "extension",
        "挂账": "suspension", "豁免": "waiver", "不涉及": "waiver", "销号": "close_out",
        "签收": "receipt", "发现问题": "finding", "监测": "measurement", "监测数据": "measurement",
        "目标": "target", "排名": "rank", "认定": "decision", "酌情认定": "decision",
        "口径": "reading", "认可": "recognition", "外部日期": "external_date",
        "活动": "activity", "收官": "closing", "撤回": "withdrawal",
    },
    "outcome": {
        "通过": "accepted", "退回": "returned", "申请": "requested", "批准": "approved",
        "同意": "approved", "不批准": "refused", "不同意": "refused",
    },
    "event": {
        "收到": "opened", "立案": "opened", "挂起": "suspended", "恢复": "resumed",
        "办结": "closed", "撤销": "withdrawn",
    },
    "done": {"是": "true", "否": "false", "完成": "true", "未完成": "false"},
}  # fmt: skip

_INSTANTS = frozenset({"occurred_at", "recorded_at", "until_at", "ends_at"})
_DAYS = frozenset({"until", "on", "due_on"})
_KEYED = frozenset(
    {"finding", "measure", "target", "rank", "recognition", "activity", "kind", "class", "level",
     "grade"}
)  # fmt: skip
"""Fields that hold a key of the programme, which people know by its name."""
_SERIAL = re.compile(r"\d{4,6}")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_FIRST_SERIAL = date(1899, 12, 30)


@dataclass(frozen=True)
class Terms:
    """How people write what a programme has: names of units and of keys to their ids; a time
    without an offset is read by the clocks of `zone`."""

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    units: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    duties: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Of each clause the titles of its duties."""

    @classmethod
    def of(cls, programme: Programme) -> Terms:
        """A name that two have names neither."""
        duties = {
            clause.id: _naming_one((duty.title, duty.id) for duty in clause.duties)
            for _, _, clause in programme.clauses.values()
        }
        units = [(name, one.id) for one in programme.units for name in {one.name, one.short} - {""}]
        keys = [(name, key) for key, name in programme.names.items()]
        keys += [(one.name, one.id) for one in programme.targets]
        return cls(programme.tz, _naming_one(units), _naming_one(keys), duties)


def _naming_one(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    named: dict[str, set[str]] = {}
    for name, id_ in pairs:
        named.setdefault(name, set()).add(id_)
    return {name: next(iter(ids)) for name, ids in named.items() if len(ids) == 1}


def facts(path: Path, language: Language = "zh", *, terms: Terms | None = None) -> list[f.AnyFact]:
    return [one.fact for one in placed(path, language, terms=terms)]


def placed(
    path: Path,
    language: Language = "zh",
    *,
    terms: Terms | None = None,
    entered_at: datetime | None = None,
) -> list[Placed]:
    """Facts with their places.

    A fact that does not say when it was entered was entered at `entered_at`, else as it happened.
    One without an id gets one made of its content, so that loading a file again adds nothing.
    """
    read = read_facts(path, language, terms=terms, entered_at=entered_at)
    if read.problems:
        raise DefinitionError(read.problems)
    return list(read.placed)


@dataclass(frozen=True)
class ReadFacts:
    """The facts of the rows that are right, what is wrong with the others, and what those would
    have named (facts, cases), which nobody should miss for it."""

    placed: tuple[Placed, ...]
    problems: tuple[Problem, ...]
    spoiled: frozenset[str]


def read_facts(
    path: Path,
    language: Language = "zh",
    *,
    terms: Terms | None = None,
    entered_at: datetime | None = None,
) -> ReadFacts:
    """As `placed`, with the problems beside the facts."""
    return _read(table(path, _FACTS, language), language, terms or Terms(), entered_at)


def typed(
    pairs: Sequence[tuple[str, str]],
    language: Language = "zh",
    *,
    terms: Terms,
    entered_at: datetime,
) -> Placed:
    """One fact from headings and cells as a person types them on one line."""
    cells: dict[str, object] = {}
    headed: dict[str, str] = {}
    problems: list[Problem] = []
    for heading, cell in pairs:
        own = _FACTS.of(heading)
        if own is None:
            close = near(heading, _FACTS.known)
            values = {
                "key": heading,
                "near": words.NEAR[language].format(name=close) if close else "",
                "known": ", ".join(_FACTS.headings(language)),
            }
            problems.append(words.say("unknown_column", language, values, place=heading))
        elif own in cells:
            problems.append(words.say("column_twice", language, {"key": heading}, place=heading))
        elif cell:
            cells[own] = cell
            headed |= {own: heading} if heading != own else {}
    if problems:
        raise DefinitionError(problems)
    cells.setdefault("occurred_at", entered_at.isoformat())
    place = " ".join(cell if heading == "fact" else f"{heading}={cell}" for heading, cell in pairs
                     if heading != "occurred_at")  # fmt: skip
    read = _read(Table((Row(place, cells, headed),), (), False), language, terms, entered_at)
    if read.problems:
        raise DefinitionError(read.problems)
    return read.placed[0]


def _read(told: Table, language: Language, terms: Terms, entered_at: datetime | None) -> ReadFacts:
    found: list[Placed] = []
    problems = list(told.problems)
    spoiled: set[str] = set()
    for row in told.rows:
        body = meant(row.cells, terms)
        entered = "recorded_at" in body
        if not entered and "occurred_at" in body:
            body["recorded_at"] = body["occurred_at"] if entered_at is None else entered_at
        wrong = list(_wrong(body, row, language, guessed=told.guessed))
        problems += wrong
        if wrong or not _is_fact(body):
            spoiled |= {str(body[name]) for name in ("id", "case") if name in body}
        else:
            found.append(Placed(row, f.FACT.validate_python(body), entered))
    return ReadFacts(tuple(_named(found)), tuple(by_row(problems)), frozenset(spoiled))


def _is_fact(body: Mapping[str, Any]) -> bool:
    try:
        f.FACT.validate_python(dict(body))
    except ValidationError:
        return False
    return True


def meant(told: Mapping[str, object], terms: Terms) -> dict[str, Any]:
    """The body of a fact that people wrote: what the programme has by the names that they use for
    it, kinds and outcomes in Chinese, times by the programme's clocks."""
    body = {
        name: _meant(name, value, terms) if isinstance(value, str) else value
        for name, value in told.items()
    }
    titles = terms.duties.get(str(body.get("clause", "")), {})
    if "duty" in body:
        body["duty"] = titles.get(str(body["duty"]), body["duty"])
    return with_offsets(body, terms.zone)


def _meant(name: str, value: str, terms: Terms) -> str:
    value = _VALUES.get(name, {}).get(value, value)
    if name == "unit":
        return terms.units.get(value, value)
    if name in _KEYED:
        return terms.keys.get(value, value)
    if name in _DAYS and _SERIAL.fullmatch(value):
        return str(_FIRST_SERIAL + timedelta(days=int(value)))
    return value


def with_offsets(body: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """The body of a fact, with the offset of `zone` where an instant was typed without one
    (`typed_instant`). The clock of a case may run in hours: a day alone stays, and is refused."""
    whole = dict(body)
    for name in sorted(_INSTANTS & body.keys()):
        told = body[name]
        a_case = body.get("fact") == "case" and name == "occurred_at"
        if not isinstance(told, str) or (a_case and names_a_day_alone(told)):
            continue
        with suppress(ValueError, OverflowError):
            at = typed_instant(told, zone).astimezone(zone)
            whole[name] = told if _has_offset(told) else at.isoformat()
    return whole


def _has_offset(text: str) -> bool:
    try:
        return datetime.fromisoformat(text.strip()).tzinfo is not None
    except ValueError:
        return False


def _wrong(
    body: Mapping[str, Any], row: Row, language: Language, *, guessed: bool
) -> Iterator[Problem]:
    """What is wrong with one row, in words; what it lacks only where every heading was known."""
    typed = sorted(_INSTANTS & row.cells.keys())
    serial = [name for name in typed if _NUMBER.fullmatch(str(body[name]))]
    for name in serial:
        label = _label(name, row, language)
        yield _instant("not_instant", label, str(body[name]), row.place_of(name), language)
    try:
        f.FACT.validate_python(dict(body))
    except ValidationError as error:
        for one in [*error.errors(), *_of_any_fact(body)]:
            fault = fault_in(one, body)
            if guessed and fault.code in ("missing", "said"):
                continue
            name = str(fault.route[0]) if fault.route else str(fault.values.get("key", ""))
            if name in serial or (name == "recorded_at" and name not in row.cells):
                continue
            yield _problem(fault, name, row, language)


def _of_any_fact(body: Mapping[str, Any]) -> list[ErrorDetails]:
    """What is wrong with the instants of a fact of no known kind."""
    if _kind_of(body) is not None:
        return []
    try:
        f.Fact.model_validate({name: body[name] for name in sorted(_SHARED & body.keys())})
    except ValidationError as error:
        return error.errors()
    return []


_SHARED = frozenset(f.Fact.model_fields)


def _kind_of(body: Mapping[str, Any]) -> type[BaseModel] | None:
    return next((one for one in _KINDS if body.get("fact") in tags(one)), None)


def fault_in(error: ErrorDetails, body: Mapping[str, Any]) -> Fault:
    """What pydantic complains of in a fact of this body; it begins the location with the kind."""
    kind = _kind_of(body)
    if kind is None and error["loc"]:
        return fault_of(error, f.Fact)
    if kind is None:
        known = sorted(tag for one in _KINDS for tag in tags(one))
        given = str(body.get("fact", ""))
        values = {"what": "fact", "kind": given, "known": known, "near": near(given, known)}
        return Fault(("fact",), "unknown_kind" if given else "fact_missing", values)
    error["loc"] = error["loc"][1:]
    return fault_of(error, kind)


def _problem(fault: Fault, name: str, row: Row, language: Language) -> Problem:
    label = _label(name, row, language)
    if fault.code in ("naive", "not_instant"):
        given = str(fault.values["given"])
        return _instant(fault.code, label, given, row.place_of(name), language)
    told = dict(fault.values)
    if fault.code == "missing":
        told["key"] = label
    if fault.code == "unknown_key" and name in _FIELDS:
        known = [_label(one, row, language) for one in told["known"] if one != "fact"]
        return telling.problem(
            Fault(fault.route, "cell_unasked", {"key": label, "known": known}), language,
            place=row.place_of(name),
        )  # fmt: skip
    values = _VALUES.get(name or "fact", {})
    if language == "zh" and "known" in told and fault.code != "unknown_key" and values:
        told["known"] = [said for said in _in_chinese(values) if values[said] in told["known"]]
        told["near"] = near(str(told.get("kind", "")), values) or told.get("near", "")
    return telling.problem(
        replace(fault, values=told), language, place=row.place_of(name), name=label
    )


def _in_chinese(values: Mapping[str, str]) -> list[str]:
    """One word for each value, the one that stands first."""
    first: dict[str, str] = {}
    for said, own in values.items():
        first.setdefault(own, said)
    return list(first.values())


def in_words(name: str, value: str, language: Language) -> str:
    """A value as a file of the reader's language has it: "accepted" is 通过."""
    values = _VALUES.get(name, {})
    if language != "zh":
        return value
    return next((said for said in _in_chinese(values) if values[said] == value), value)


def _label(name: str, row: Row, language: Language) -> str:
    """A field as the file heads it, else as a heading of the reader's language."""
    if name in row.headed or language == "en":
        return row.headed.get(name, name)
    return next((heading for heading, own in _CHINESE.items() if own == name), name)


def _instant(code: str, label: str, given: str, place: str, language: Language) -> Problem:
    return words.say(code, language, {"key": label, "given": given}, place=place)


def _named(found: Sequence[Placed]) -> list[Placed]:
    seen: Counter[str] = Counter()
    named: list[Placed] = []
    for one in found:
        if not one.fact.id:
            left_out = set() if one.entered else {"recorded_at"}
            content = one.fact.model_dump(mode="json", by_alias=True, exclude={"id", *left_out})
            digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
            seen[digest] += 1
            name = f"x-{digest}" if seen[digest] == 1 else f"x-{digest}-{seen[digest]}"
            fact = one.fact.model_copy(update={"id": f.FactId(name)})
            one = Placed(one.row, fact, one.entered)
        named.append(one)
    return named

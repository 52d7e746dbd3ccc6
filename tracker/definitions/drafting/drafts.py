"""From a document as read to a draft programme: sound but for what a person has to settle.

Nothing is repaired in silence: what does not add up, what was not read and what looks like a slip
stands in the draft as it was printed, and beside it an open point.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from tracker.definitions.clauses import read_clause
from tracker.definitions.documents.reading import (
    PlacedClause,
    ReadDocument,
    ReadItem,
    ReadSection,
)
from tracker.definitions.drafting import passages, questions, titles, wholes
from tracker.definitions.drafting.duties import Clock, Clocks, Deadline, clocks, same
from tracker.definitions.drafting.goals import goal_of
from tracker.definitions.drafting.making import Mapped, Place
from tracker.definitions.drafting.rules import mapped
from tracker.definitions.drafting.units import NOBODY, Units
from tracker.definitions.openpoints import Draft, OpenChoice, OpenPoint, Why
from tracker.definitions.soundness import text
from tracker.domain.programme import (
    Clause,
    Item,
    Milestone,
    Need,
    Programme,
    Reading,
    Section,
    Source,
    TargetValue,
)
from tracker.domain.rules import AllOrNothing, DutyOnly

Part = Literal["base", "bonus", "penalty"]


@dataclass(frozen=True)
class Drafted:
    """`made_of` leads from a sanction that was read (its number in the clause, from 0) to the rules
    that were made of it (their numbers in the drafted clause), by clause."""

    draft: Draft
    made_of: Mapping[str, Mapping[int, Sequence[int]]]


def draft(
    document: ReadDocument, *, programme: str, known_units: Mapping[str, str] | None = None
) -> Draft:
    """`programme` is the id; `known_units` keep their ids, by name."""
    return drafted(document, programme=programme, known_units=known_units).draft


def drafted(
    document: ReadDocument, *, programme: str, known_units: Mapping[str, str] | None = None
) -> Drafted:
    at_work = _Drafting(document, programme, Units(dict(known_units or {})))
    return Drafted(at_work.run(), at_work.made_of)


def slug_of(wanted: str, *names: str, year: int) -> str:
    """The id as given, else the first name that can be one, else `list-2021`."""
    plain = (name.lower() for name in names)
    found = (name for name in plain if re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name))
    return wanted or next(found, f"list-{year}")


@dataclass(frozen=True)
class _Started:
    """A clause of a row before it is known what the row's time leaves to be owed."""

    placed: PlacedClause
    place: Place
    points: Decimal | None
    time: Clocks
    rules: Mapped

    @property
    def parts(self) -> tuple[PlacedClause, Place, Decimal | None, Clocks, Mapped]:
        return self.placed, self.place, self.points, self.time, self.rules

    def owe(self, clock: Clock, title: str) -> None:
        """Tracked and reminded of, without a sanction."""
        duty = self.time.take(clock, title=title, need=self._need(clock))
        self.rules.rules.append(DutyOnly(duty=duty, says=title))

    def _need(self, clock: Clock) -> Need | None:
        """What a stage asks for, of the target that the clause's sanction counts by."""
        needs = [one.need for one in self.time.taken if isinstance(one, Milestone) and one.need]
        if not needs or (clock.share is None and clock.number is None):
            return None
        return Need(of=needs[0].of, share=clock.share or None, number=clock.number)


def _owed_by_row(row: ReadItem, started: Sequence[_Started]) -> None:
    """The row's own time is owed whatever its sanctions are about: once, where nothing took it."""
    if not started or (row.deadline is None and not row.deadline_text.strip()):
        return
    column = started[0].time.column
    for clock in column or (started[0].time.by_item,):
        if any(same(clock.duty, duty) for one in started for duty in one.time.taken):
            continue
        kind = clock.duty.kind
        free = [one for one in started if all(it.duty.kind != kind for it in one.time.found)]
        for one in free[:1]:
            title = row.title or titles.title_of(one.placed.text)
            one.owe(clock, clock.duty.wording if column and clock.duty.wording else title)


@dataclass
class _Drafting:
    document: ReadDocument
    programme: str
    units: Units
    names: dict[str, str] = field(default_factory=dict)
    targets: list[TargetValue] = field(default_factory=list)
    asked: list[questions.Asked] = field(default_factory=list)
    points: list[OpenPoint] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    """Clauses with points and no word on how they are lost."""
    joint: list[str] = field(default_factory=list)
    """Clauses that several units owe, with nobody in the lead."""
    clause_ids: set[str] = field(default_factory=set)
    made_of: dict[str, dict[int, list[int]]] = field(default_factory=dict)
    above: dict[str, str] = field(default_factory=dict)
    """What a clause says that each of those above it loses."""

    def run(self) -> Draft:
        self._tables()
        sections = tuple(self._sections())
        self._dirt()
        self._totals()
        self._leftovers()
        worth = [one.points for one in sections if one.part == "base"]
        total = self.document.points or sum((one or Decimal(0) for one in worth), Decimal(0))
        body = Draft(
            id=self.programme,
            title=self.document.title or self.programme,
            year=self.document.year,
            points=total,
            units=self.units.all,
            targets=tuple(self.targets),
            names=self.names,
            sections=sections,
        )
        order = {name: n for n, name in enumerate(body.clauses)}
        found = [*questions.together(self.asked), *self._across(body)]
        readings = tuple(sorted(found, key=lambda one: order.get(one.clause, len(order))))
        body = body.model_copy(update={"readings": readings})
        body = body.model_copy(update={"open_points": tuple(self.points)})
        return body.model_copy(update={"open_points": (*self.points, *wholes.sums(body))})

    # -- open points --------------------------------------------------------------------------

    def open(self, why: Why, clause: str, question: str, *choices: OpenChoice,
             place: str = "", text: str = "") -> None:  # fmt: skip
        head = f"{why}-{questions.slug(clause)}" if clause else why
        number = sum(1 for point in self.points if point.id.startswith(f"{head}-")) + 1
        self.points.append(
            OpenPoint(id=f"{head}-{number}", why=why, clause=clause, place=place,
                      text=passages.shortened(text, 200), question=question, choices=choices)
        )  # fmt: skip

    def _dirt(self) -> None:
        for one in self.document.dirt:
            if one.code == "sum":
                continue  # asked as a sum, with what each side comes to
            keep = OpenChoice(id="as_printed", says="照原文载入")
            asked = f"{one.problem}。{one.suggestion}" if one.suggestion else one.problem
            self.open("dirt", "", asked, keep, place=one.place, text=one.text)

    def _totals(self) -> None:
        """A stated total that the draft does not go by; stated sections are asked about with their
        items."""
        stated = {one.id for one in self.document.sections if one.stated}
        off = [one for one in self.document.checks if not one.ok and one.id not in stated]
        for number, one in enumerate(off, start=1):
            if not one.id and one.sum != self.document.points:
                continue
            whose = f"板块 {one.id} " if one.id else ""
            added, said = text(one.sum), text(one.stated)
            keep = OpenChoice(id="sum", says=f"以合计 {added} 分为准")
            question = f"{whose}各项合计 {added} 分，合计栏写 {said} 分，以哪个为准？"
            self.points.append(OpenPoint(id=f"total-{number}", why="sum", place=one.place,
                                         question=question, choices=(keep,)))  # fmt: skip

    def _leftovers(self) -> None:
        """One question about all that belongs to no item, with every piece and its place."""
        pieces = self.document.unread
        if not pieces:
            return
        keep = OpenChoice(id="left_out", says="与计分无关，不载入")
        said = "\n".join(passages.shortened(one.text, 120) for one in pieces)
        question = f"有 {len(pieces)} 段没有归到任何任务，是否与计分有关？"
        self.points.append(OpenPoint(id="left-over", why="cell", place=pieces[0].place, text=said,
                                     question=question, choices=(keep,)))  # fmt: skip

    def _tables(self) -> None:
        for number, one in enumerate(self.document.targets, start=1):
            self.targets.append(
                TargetValue(id=f"table_{number}", name=one.name, value=_number(one.value),
                            measure_unit=one.unit, source=one.table, subject=one.subject)
            )  # fmt: skip

    # -- sections and items -------------------------------------------------------------------

    def _sections(self) -> Iterator[Section]:
        rows: dict[tuple[str, Part], dict[str, list[ReadItem]]] = {}
        known = {one.id: one for one in self.document.sections}
        for item in self.document.items:
            part = _part(item, known.get(item.section))
            rows.setdefault((item.section, part), {}).setdefault(item.id, []).append(item)
        for (name, part), items in rows.items():
            head = known.get(name) or ReadSection(name, name, None, False, "")
            twin = sum(1 for other, _ in rows if other == name) > 1
            yield self._section(head, part, items, name=_name(name, part, twin=twin))

    def _section(
        self, head: ReadSection, part: Part, items: dict[str, list[ReadItem]], *, name: str
    ) -> Section:
        base = part == "base"
        made = tuple(
            self._item(rows, _worth(rows) if base else None, part) for rows in items.values()
        )
        points = head.points
        if base and points is None:
            points = sum((item.points or Decimal(0) for item in made), Decimal(0))
        title = head.title or {"base": "任务", "bonus": "加分项", "penalty": "扣分项"}[part]
        return Section(id=name, title=title, part=part, points=points if base else None, items=made)

    def _item(self, rows: list[ReadItem], points: Decimal | None, part: Part) -> Item:
        first = rows[0]
        lead = self.units.ids(name for row in rows for name in row.lead_units)
        owing = self.units.ids(name for row in rows for name in row.responsible_units)
        if not owing and not lead:
            owing = (self.units.id_of(NOBODY),)
            if part == "base":
                self.open("unit", first.id, "没有写责任单位，由谁承担？",
                          OpenChoice(id="unassigned", says="先不分工，由专人分派"))  # fmt: skip
        if part == "base" and any(row.open_units for row in rows):
            named = "、".join(dict.fromkeys(n for row in rows for n in row.responsible_units))
            self.open("unit", first.id, "“等”字后面还有哪些责任单位？",
                      OpenChoice(id="no_more", says="没有别的单位"),
                      place=first.place, text=f"{named}等")  # fmt: skip
        made: list[Clause] = []
        for row in rows:
            made += self._clauses(row, rows, made, part)
        made = _charged_from_below(made, self.above)
        return Item(
            id=first.id,
            title=first.title or made[0].title,
            points=points,
            lead_units=lead,
            responsible_units=owing,
            reviewing_units=self.units.ids(n for row in rows for n in row.reviewing_units),
            evidence=first.evidence,
            deadline=_in_year(first, self.document.year),
            deadline_text=first.deadline_text,
            clauses=tuple(made),
        )

    # -- clauses ------------------------------------------------------------------------------

    def _clauses(
        self, row: ReadItem, rows: list[ReadItem], before: list[Clause], part: Part
    ) -> list[Clause]:
        started: list[_Started] = []
        for one in row.clauses:
            points = one.points if part == "base" else None
            earlier = [clause.id for clause in before] + [it.place.clause for it in started]
            place = Place(
                clause=self._free_id(one, row),
                item=row.id,
                before=tuple(earlier),
                has_points=points is not None or len(rows) == len(row.clauses) == 1,
                beside=part != "base",
                bonus=part == "bonus",
                goal=goal_of(row.goal),
            )
            started.append(self._started(one, row, place, points, part))
        if part == "base":
            _owed_by_row(row, started)
        return [self._clause(one, row, rows, part) for one in started]

    def _started(
        self, one: PlacedClause, row: ReadItem, place: Place, points: Decimal | None, part: Part
    ) -> _Started:
        year = self.document.year
        deadline = Deadline(_in_year(row, year), row.deadline_text)
        column = read_clause(row.deadline_text, year=year) if row.deadline_text else None
        time = clocks(one.reading, place.clause, deadline, year=year, column=column)
        made = _Started(one, place, points, time, mapped(one.reading, time, place))
        if part == "base":
            self._owed(place, made.rules, time, one, points)
        return made

    def _free_id(self, one: PlacedClause, row: ReadItem) -> str:
        wanted = one.id if one.id.startswith(row.id) else f"{row.id}.{one.id}"
        name, n = wanted, 1
        while name in self.clause_ids:
            n += 1
            name = f"{wanted}-{n}"
        self.clause_ids.add(name)
        if name != one.id:
            question = f"条号“{one.id}”重复或不属于任务 {row.id}，载入为 {name}，对吗？"
            self.open("cell", row.id, question,
                      OpenChoice(id="renumbered", says="对"), place=one.source.place)  # fmt: skip
        return name

    def _clause(
        self, begun: _Started, row: ReadItem, siblings: list[ReadItem], part: Part
    ) -> Clause:
        one, place, points, time, rules = begun.parts
        title = titles.title_of(one.text)
        named = titles.duty_title(one.text) or row.heading or row.title or title
        duties = tuple(
            duty if duty.title else duty.model_copy(update={"title": named})
            for duty in time.duties()
        )
        self.made_of[place.clause] = rules.of
        if rules.above is not None:
            self.above[place.clause] = rules.above
        self.asked += questions.asked(one.reading, rules, duties, place)
        self.names |= rules.names
        self.targets += rules.targets
        self._ask(place, rules, time, one)
        own = self._own_units(row, siblings)
        units = own.get("responsible_units") or self.units.ids(row.responsible_units)
        if duties and len(units) > 1 and part == "base":
            self.joint.append(place.clause)
        clause = Clause(
            id=place.clause,
            title=title,
            text=one.text,
            points=points if rules.level is None else points or row.points,
            base=_begins(rules, points),
            duties=duties,
            rules=tuple(rules.rules),
            source=Source(place=one.source.place, span=one.source.span),
        )
        return clause.model_copy(update=own)

    def _owed(
        self, place: Place, rules: Mapped, time: Clocks, one: PlacedClause, points: Decimal | None
    ) -> None:
        """A task without any sanction is owed all the same; one with points loses them whole."""
        charging = [rule for rule in rules.rules if rule.kind != "duty"]
        worth = points is not None or (place.has_points and not place.before)
        title = titles.duty_title(one.text)
        if not charging and worth and not one.reading.unread:
            duty = time.duties()[0].id if time.duties() else time.take(time.by_item, title=title)
            rules.before(AllOrNothing(duty=duty, says="原文没有写怎样扣分，没有完成即失去"))
            self.silent.append(place.clause)
        elif not time.duties() and (points is not None or not charging):
            if charging and titles.event(one.text):
                return  # an accident is nothing that anybody has to do
            duty = time.take(time.by_item, title=title)
            rules.rules.append(DutyOnly(duty=duty, says=title or titles.title_of(one.text)))

    def _own_units(self, row: ReadItem, rows: list[ReadItem]) -> dict[str, Any]:
        """Units of this row where the item's rows have different ones."""
        if len(rows) == 1:
            return {}
        told: dict[str, Any] = {}
        for name in ("lead_units", "responsible_units", "reviewing_units"):
            own = self.units.ids(getattr(row, name))
            every = self.units.ids(unit for other in rows for unit in getattr(other, name))
            if own and own != every:
                told[name] = own
        if row.evidence and row.evidence != rows[0].evidence:
            told["evidence"] = row.evidence
        return told

    def _ask(self, place: Place, rules: Mapped, time: Clocks, one: PlacedClause) -> None:
        choices = [
            OpenChoice(id="assessed", says="由考核方认定扣多少",
                       set={f"{place.clause}.rules": [*wholes.ASSESSED, *_tracked(time)]}),
        ]  # fmt: skip
        if time.duties():
            tracked = OpenChoice(id="tracked", says="只跟踪时限，不扣分",
                                 set={f"{place.clause}.rules": _tracked(time)})  # fmt: skip
            choices.append(tracked)
        if one.reading.unread:
            as_read = OpenChoice(id="as_read", says="照读出的规则，这一段不影响计分")
            known = (as_read, *choices) if rules.rules else tuple(choices)
            left = "；".join(piece.text.strip() for piece in one.reading.unread)
            self.open("unread", place.clause, "这一段没有读懂，怎样计分？", *known,
                      place=one.source.place, text=left)  # fmt: skip
        elif rules.unsaid:
            pending = OpenChoice(id="pending", says="由考核方认定扣多少")
            pieces = dict.fromkeys(one.reading.text[slice(*read.span)] for read in rules.unsaid)
            self.open("rule", place.clause, "读出了扣分，但还没有这样的规则，怎样计分？",
                      pending, *choices[1:], place=one.source.place,
                      text="；".join(pieces))  # fmt: skip
        if rules.unread_goal and place.goal is not None:
            self.open("cell", place.clause, "目标值没有读成一个数，以多少为目标？",
                      OpenChoice(id="entered_later", says="先不定，到时录入目标"),
                      place=one.source.place, text=place.goal.wording)  # fmt: skip
        for read in rules.apart:
            seen = OpenChoice(id="apart", says="不扣分，由专人处理")
            self.open("rule", place.clause, "这一句说的不是扣多少分，由专人处理，对吗？", seen,
                      place=one.source.place, text=one.reading.text[slice(*read.span)])  # fmt: skip
        for span, unit in time.odd:
            asked, said = _ODD.get(unit, _ODD[""])
            self.open("date", place.clause, asked.format(year=self.document.year),
                      OpenChoice(id="as_drafted", says=said), place=one.source.place,
                      text=one.reading.text[slice(*span)])  # fmt: skip

    # -- readings across clauses --------------------------------------------------------------

    def _across(self, body: Programme) -> Iterator[Reading]:
        if self.silent:
            yield wholes.silent(self.silent, body)
        if self.joint:
            yield wholes.joint(self.joint)
        yield from wholes.unallocated(body)


def _begins(rules: Mapped, points: Decimal | None) -> Decimal | None:
    """What a clause has before anything is won or lost; None for all of its points."""
    if rules.level is not None:
        return Decimal(rules.level)
    return Decimal(0) if rules.earned and points is not None else None


def _charged_from_below(clauses: list[Clause], above: Mapping[str, str]) -> list[Clause]:
    """上述工作未按要求完成的，每一项扣0.2分: so much for each clause above that says nothing."""
    made = list(clauses)
    for at, clause in enumerate(clauses):
        each = above.get(clause.id)
        for n in range(at if each is not None else 0):
            rules = made[n].rules
            if rules and all(isinstance(rule, DutyOnly) for rule in rules):
                duty = made[n].duties[0].id
                charged = AllOrNothing(lose=each or "0", duty=duty, says=f"见 {clause.id}")
                made[n] = made[n].model_copy(update={"rules": (charged, *rules[1:])})
    return made


_ODD = {
    "month": ("这段间断按月计，怎样折算？", "月按30天折算"),
    "year": ("这个日期不在 {year} 年内，怎样记？", "先不定日期，到时录入"),
    "": ("这个时限不能按小时、日、工作日或周计，怎样计？", "这个时限不跟踪"),
}
"""Times that no duty can say: the question and what the draft does about it."""


def _tracked(time: Clocks) -> list[dict[str, Any]]:
    return [{"kind": "duty", "duty": duty.id} for duty in time.duties()]


def _in_year(row: ReadItem, year: int) -> Any:
    return row.deadline if row.deadline is not None and row.deadline.year == year else None


def _part(item: ReadItem, section: ReadSection | None) -> Part:
    if re.match(r"[BP](?:\.|$)", item.id):
        return "bonus" if item.id.startswith("B") else "penalty"
    if section is None or not section.bonus:
        return "base"
    penalty = re.search(r"扣分|减分", section.title) and "加分" not in section.title
    return "penalty" if penalty else "bonus"


def _name(name: str, part: Part, *, twin: bool) -> str:
    return f"{name}-{part}" if twin and part != "base" else name


def _worth(rows: Sequence[ReadItem]) -> Decimal | None:
    """What the item is worth: rows with points of their own add up, else its cell is shared."""
    own = [row.points for row in rows if row.points is not None and row.own_points]
    if own:
        return Decimal(text(sum(own, Decimal(0))))
    return next((row.points for row in rows if row.points is not None), None)


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None

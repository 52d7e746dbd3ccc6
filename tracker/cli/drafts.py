"""Reading a document into a draft: the report, the file, settling what is open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.cli import show
from tracker.cli.show import padded, width

if TYPE_CHECKING:
    from schedules.workdays import WorkCalendar
    from tracker.definitions.documents import ReadDocument
    from tracker.definitions.drafting.issues import Compared
    from tracker.definitions.drafting.prices import Price
    from tracker.definitions.openpoints import Draft, OpenPoint
    from tracker.definitions.words import Language as Spoken
    from tracker.domain.facts import AnyFact
    from tracker.domain.programme import Programme
    from tracker.wording.drafts import DraftWords

WIDE = 96


def report(
    document: ReadDocument,
    draft: Draft,
    *,
    language: str,
    calendar: WorkCalendar,
    facts: Sequence[AnyFact] = (),
    written: Path | None = None,
) -> Iterator[str]:
    """A screen of summary, then what needs a person, one by one, with places and prices."""
    from tracker.definitions.drafting.prices import of_point, of_reading
    from tracker.definitions.drafting.summary import summary
    from tracker.wording.drafts import DraftWords

    say = DraftWords("en" if language == "en" else "zh")
    head, *lines = say.summary(summary(document, draft))
    yield from (head, "─" * min(WIDE, width(head)), *lines, "")
    points, readings = draft.still_open, draft.readings
    kinds = say.whys(points)
    yield say("open_some", n=len(points), kinds=kinds) if points else say("open_none")
    if readings:
        yield say("readings_some", n=len(readings))
    if points or readings:
        priced = say("readings_priced_on_facts", n=len(facts)) if facts else say("readings_priced")
        yield priced
    yield ""
    yield from _next(say, written, bool(points))
    for point in points:
        yield ""
        yield from _point(say, point, of_point(draft, point, calendar, facts=facts))
    for reading in readings:
        prices = of_reading(draft, reading, calendar, facts=facts)
        where = say.where(draft.clauses[reading.clause][2].source.place) if (
            reading.clause in draft.clauses
        ) else ""  # fmt: skip
        yield ""
        yield _line(reading.id, reading.clause, where)
        yield f"  {say.said(reading.question)}"
        yield from _choices(say, prices, default=reading.default)


def _next(say: DraftWords, written: Path | None, still_open: bool) -> Iterator[str]:
    if written is None:
        yield say("next_write")
        return
    yield say("written", file=written)
    if still_open:
        yield say("next_settle", file=written)
    yield say("next_check", file=written)


def _point(say: DraftWords, point: OpenPoint, prices: Sequence[Price]) -> Iterator[str]:
    yield _line(point.id, point.clause, say.where(point.place))
    yield f"  {say.question(point)}"
    yield from (f"  “{line}”" for line in point.text.splitlines())
    yield from _choices(say, prices)


def _line(*parts: str) -> str:
    return "▸ " + " · ".join(part for part in parts if part)


def _choices(say: DraftWords, prices: Sequence[Price], default: str = "") -> Iterator[str]:
    names = max((width(price.choice) for price in prices), default=0)
    costs = [say.price(price) for price in prices]
    wide = max((width(cost) for cost in costs), default=0)
    priced = any(price.lost is not None for price in prices)
    for price, cost in zip(prices, costs, strict=True):
        told = f"{padded(cost, wide, right=True)}  " if priced else ""
        mark = say("reading_default") if price.choice == default else ""
        says = say.said(say.choice(price.choice, price.says))
        yield f"    {padded(price.choice, names)}  {told}{says}{mark}"


def write(file: Path, text: str, *, force: bool) -> None:
    """All or nothing; what is there already is not overwritten unasked."""
    from tracker.domain.errors import Refused

    if file.exists() and not force:
        raise Refused(f"{file} 已存在，覆盖请加 --force / {file} exists; --force to overwrite it")
    part = file.with_name(f"{file.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(file)


def answers(given: Sequence[str], draft: Draft, every: str) -> dict[str, str]:
    """`POINT=CHOICE` as given, and `every` for each other open point that has that choice."""
    from tracker.domain.errors import Refused

    chosen: dict[str, str] = {}
    for one in given:
        name, sign, choice = one.partition("=")
        if not sign:
            raise Refused(f"写成 问题=选项，而不是 {one} / write POINT=CHOICE, not {one!r}")
        chosen[name.strip()] = choice.strip()
    if every:
        for point in draft.still_open:
            if any(option.id == every for option in point.choices):
                chosen.setdefault(point.id, every)
    return chosen


def listed(draft: Draft, language: str, calendar: WorkCalendar) -> Iterator[str]:
    """What is still open, with the prices of its choices."""
    from tracker.definitions.drafting.prices import of_point
    from tracker.wording.drafts import DraftWords

    say = DraftWords("en" if language == "en" else "zh")
    for point in draft.still_open:
        yield ""
        yield from _point(say, point, of_point(draft, point, calendar))


def settled(file: Path, before: Draft, after: Draft, language: str) -> None:
    from tracker.wording.drafts import DraftWords

    say = DraftWords("en" if language == "en" else "zh")
    left = len(after.still_open)
    if left:
        show.echo(say("settled", file=file, n=len(before.still_open) - left, open=left))
    else:
        show.echo(say("settled_all", file=file))


def next_issue(
    old: Programme,
    file: Path,
    accepted: Sequence[str],
    output: Path | None,
    *,
    language: str,
    json: bool,
    force: bool,
    keep_numbers: bool = False,
) -> None:
    """The document's differences from the programme; the accepted ones written into it."""
    from tracker.definitions import documents, yamlform
    from tracker.definitions.documentanswers import DiffAnswer, DifferenceAnswer
    from tracker.definitions.drafting import draft
    from tracker.definitions.drafting.issues import compare
    from tracker.definitions.drafting.merging import merged
    from tracker.wording.drafts import DraftWords

    spoken: Spoken = "en" if language == "en" else "zh"
    say = DraftWords(spoken)
    read = documents.read_document(file, year=None, language=spoken)
    units = {unit.name: unit.id for unit in old.units}
    new = draft(read, programme=old.id, known_units=units)
    found = compare(old, new)
    if keep_numbers:
        found = found.with_numbers_kept()
    told = [one.id for one in found.revisions]
    chosen = told if "all" in accepted else _whole(found, accepted)
    result = merged(old, new, found, chosen) if chosen or output is not None else None
    if result is not None and output is not None:
        write(output, yamlform.dump(result), force=force)
    if json:
        listed = [
            DifferenceAnswer(
                what=one.what, id=one.new or one.old, change=one.change, field=one.field,
                before=one.before, after=one.after, title=one.title, says=say.revision(one),
                accept=one.id, meaning=one.meaning,
                together=[name for name in found.together(one.id) if name != one.id],
            )
            for one in found.revisions
        ]  # fmt: skip
        show.answer(
            DiffAnswer(before=old.hash, after=new.hash, same=not listed, differences=listed)
        )
        return
    show.echo(say.revisions(found.revisions))
    show.echo(*_revisions(say, found))
    if result is not None and output is not None:
        show.echo(say("accepted", n=len(chosen), file=output, open=len(result.still_open)))
    elif told:
        show.echo(say("accept_how"))


def _whole(found: Compared, accepted: Sequence[str]) -> list[str]:
    """With what hangs together with each."""
    return list(dict.fromkeys(other for name in accepted for other in found.together(name)))


def _revisions(say: DraftWords, found: Compared) -> Iterator[str]:
    for one in found.revisions:
        yield f"▸ {one.id}"
        yield f"    {say.revision(one)}"
        others = [name for name in found.together(one.id) if name != one.id]
        if others:
            yield f"    {say('together', names=say.joined(others))}"
        if one.change == "reworded":
            yield f"    - {' '.join(str(one.before).split())}"
            yield f"    + {' '.join(str(one.after).split())}"

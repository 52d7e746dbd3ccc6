"""Every obligation as one table, and the units side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from fastapi import APIRouter
from starlette.responses import Response

from tracker.domain import attribution
from tracker.domain.ledger import Entry
from tracker.domain.obligations import Light, Standing
from tracker.domain.points import ZERO, Units
from tracker.exports.sheet import Cell, Kind
from tracker.services import digest_desk, mailings, readings
from tracker.services.digest import UnitLights
from tracker.services.mailings import Mailing
from tracker.web import items as items_
from tracker.web import overview
from tracker.web.asking import Asked, Desk
from tracker.web.entry import Looking
from tracker.web.items import Wanted
from tracker.web.listing import Column, file_of, listing
from tracker.web.outlook import Outlook, outlook
from tracker.web.overview import lost_by_unit
from tracker.web.pages import opened
from tracker.web.rendering import page
from tracker.wording import arithmetic, light_word, notice_reason, rung, text
from tracker.wording.forms import wall_clock

router = APIRouter()


def points(amount: int) -> Decimal:
    return Decimal(amount).scaleb(-4)


@dataclass(frozen=True)
class Owed:
    """An obligation with its two prices: gone already, and kept by acting now."""

    standing: Standing
    lost: Units
    keeps: Units


def obligation_columns(asked: Asked, at: Desk) -> tuple[Column[Owed], ...]:
    def light(row: Owed) -> str:
        return light_word(row.standing.light, asked.language)

    def of(name: str) -> Callable[[Owed], Cell]:
        return lambda row: str(getattr(row.standing.obligation, name))

    def due(part: Literal[0, 1]) -> Callable[[Owed], Cell]:
        """Its day or its time: a day's end is that day's 24:00, as the audit's files have it."""

        def told(row: Owed) -> Cell:
            at_ = row.standing.obligation.due_at
            return None if at_ is None else wall_clock(at_, at.zone)[part]

        return told

    return (
        Column("light", "pages.light", light, width=8),
        Column("due", "pages.due", due(0), Kind.DAY, 11,
               sorts=lambda row: row.standing.obligation.due_at),
        Column("due_clock", "audit.due_clock", due(1), width=9),
        Column("clause", "facts.clause", of("clause"), width=9),
        Column("title", "pages.matter", of("title"), Kind.LONG, 40),
        Column("unit", "pages.unit", lambda row: at.unit(row.standing.obligation.unit), width=24),
        Column("done", "work.done_at", lambda row: row.standing.done_at, Kind.INSTANT, 17),
        Column("lost", "pages.lost_already", lambda row: points(row.lost), Kind.POINTS, 9),
        Column("keeps", "pages.keeps", lambda row: points(row.keeps), Kind.POINTS, 9),
    )  # fmt: skip


def owed_of(at: Desk, look: Outlook, wanted: Wanted) -> list[Owed]:
    """In the order of all lists."""
    gone = lost_by_key(at)
    chosen = [one for one in at.board.ledger.standings if wanted.takes(one, at.board)]
    return [
        Owed(one, gone.get(one.obligation.key, ZERO), look.kept.get(one.obligation.key, ZERO))
        for one in look.in_order(chosen)
    ]


def lost_by_key(at: Desk) -> Mapping[str, Units]:
    """What each obligation's own entries have cost."""
    found: dict[str, Units] = {}
    for entry in at.board.ledger.entries:
        if entry.obligation and entry.part != "bonus":
            found[entry.obligation] = Units(found.get(entry.obligation, 0) - entry.points)
    return found


@router.get("/p/{slug}/obligations")
def obligations_page(
    asked: Looking, slug: str, unit: str = "", light: str = "", section: str = "", month: str = "",
    clause: str = "", item: str = "",
) -> Response:  # fmt: skip
    wanted = Wanted(unit, light, section, month, clause, item)
    with opened(asked, slug) as (session, at):
        look = outlook(session, at.board)
    rows = owed_of(at, look, wanted)
    table = listing(asked, obligation_columns(asked, at), rows)
    name = text("work.obligations", language=asked.language)
    if (file := file_of(asked, at, table, name)) is not None:
        return file
    return page(asked, "obligations", desk=at, wanted=wanted, table=table,
                units=items_.owing_units(at.board),
                lights=overview.light_counts([row.standing for row in rows]))  # fmt: skip


# -- units side by side --------------------------------------------------------------------------


@dataclass(frozen=True)
class Placed:
    """A unit's line: its place as the weekly page has it; `alone` adds up, `joint` stands with each
    that shared it, `led` is what the items lost that it leads; `added` in the last seven days."""

    lights: UnitLights
    name: str
    alone: Units
    joint: Units
    led: Units
    added: Units
    keeps: Units

    @property
    def unit(self) -> str:
        return self.lights.unit

    @property
    def overdue(self) -> int:
        return self.lights.count(Light.LATE)

    @property
    def done(self) -> int:
        return self.lights.count(Light.DONE)


RANKING: tuple[Column[Placed], ...] = (
    Column("rank", "work.rank", lambda row: row.lights.rank, Kind.WHOLE, 7),
    Column("unit", "pages.unit", lambda row: row.name, width=26),
    Column("lost", "pages.lost", lambda row: points(row.lights.lost), Kind.POINTS, 9),
    Column("added", "pages.added", lambda row: points(row.added), Kind.POINTS, 10),
    Column("alone", "work.alone", lambda row: points(row.alone), Kind.POINTS, 10),
    Column("joint", "work.joint", lambda row: points(row.joint), Kind.POINTS, 10),
    Column("led", "work.led", lambda row: points(row.led), Kind.POINTS, 10),
    Column("late", "work.late", lambda row: row.overdue, Kind.WHOLE, 8),
    Column("done", "work.done", lambda row: row.done, Kind.WHOLE, 8),
    Column("total", "work.total", lambda row: row.lights.total, Kind.WHOLE, 8),
    Column("keeps", "pages.keeps", lambda row: points(row.keeps), Kind.POINTS, 10),
)


def ranking(at: Desk, look: Outlook) -> list[Placed]:
    """In the weekly page's own order and with its places."""
    ledger = at.board.ledger
    made = digest_desk.Desk(
        at.board, look.before, look.forecast, {}, (), readings.span_of(at.board, ())
    )
    shares = {one.unit: one for one in attribution.unit_losses(ledger)}
    nothing = attribution.UnitLoss("", ZERO, ZERO, ZERO)
    return [
        Placed(
            one, at.unit(one.unit), mine.alone, mine.joint, mine.led,
            Units(one.lost - lost_by_unit(look.before.ledger, one.unit)), look.keeps(one.unit),
        )
        for one in made.units.values()
        for mine in [shares.get(one.unit, nothing)]
    ]  # fmt: skip


@router.get("/p/{slug}/ranking")
def ranking_page(asked: Looking, slug: str) -> Response:
    with opened(asked, slug) as (session, at):
        look = outlook(session, at.board)
    rows = ranking(at, look)
    table = listing(asked, RANKING, rows)
    name = text("web.nav_ranking", language=asked.language)
    if (file := file_of(asked, at, table, name)) is not None:
        return file
    return page(asked, "ranking", desk=at, table=table, outlook=look,
                most=max((row.lights.lost for row in rows), default=0))  # fmt: skip


# -- the ledger as one table -----------------------------------------------------------------------


def entry_columns(asked: Asked, at: Desk) -> tuple[Column[Entry], ...]:
    def units(row: Entry) -> str:
        return "、".join(at.unit(unit) for unit in row.units)

    def status(row: Entry) -> str:
        return text(f"pages.entry_{row.status.value}", language=asked.language)

    def told(row: Entry) -> str:
        return arithmetic([at.named(one) for one in row.steps], asked.language, at.zone)

    return (
        Column("at", "pages.notice_at", lambda row: row.occurred_at, Kind.INSTANT, 17),
        Column("item", "pages.item", lambda row: row.item, width=8),
        Column("clause", "facts.clause", lambda row: row.clause, width=9),
        Column("unit", "pages.unit", units, width=24),
        Column("status", "admin.state", status, width=8),
        Column("points", "pages.score", lambda row: points(row.points), Kind.POINTS, 10),
        Column("worst", "pages.open_of", lambda row: points(row.worst) if row.open else None,
               Kind.POINTS, 10),
        Column("how", "work.arithmetic", told, Kind.LONG, 60),
    )  # fmt: skip


@router.get("/p/{slug}/entries")
def entries_page(asked: Looking, slug: str) -> Response:
    """Every point lost or won, and what may still be."""
    with opened(asked, slug) as (_, at):
        pass
    rows = [entry for entry in at.board.ledger.entries if entry.points or entry.open]
    table = listing(asked, entry_columns(asked, at), rows)
    name = text("pages.ledger_of", language=asked.language)
    if (file := file_of(asked, at, table, name)) is not None:
        return file
    return page(asked, "entries", desk=at, table=table)


# -- what went out, as one table -------------------------------------------------------------------

MOST_NOTICES = 20_000
"""The latest ones: enough for a year of a programme, small enough for one file."""


def notice_columns(asked: Asked, at: Desk) -> tuple[Column[Mailing], ...]:
    titles = {one.obligation.key: one.obligation for one in at.board.ledger.standings}

    def matter(row: Mailing) -> str:
        owed = titles.get(row.obligation)
        return row.obligation if owed is None else f"{owed.clause} {owed.title}"

    def to(row: Mailing) -> str:
        role = text(f"role.{row.role}", language=asked.language)
        return f"{role} {row.name}".strip()

    def outcome(row: Mailing) -> str:
        return text(f"pages.notice_{row.state}", language=asked.language)

    def reason(row: Mailing) -> str:
        return notice_reason(row.reason, asked.language) if row.reason else ""

    return (
        Column("at", "pages.notice_at", lambda row: row.at, Kind.INSTANT, 17),
        Column("matter", "pages.matter", matter, Kind.LONG, 40),
        Column("unit", "pages.unit", lambda row: at.unit(row.unit), width=24),
        Column("rung", "pages.notice_rung", lambda row: rung(row.rung, asked.language), width=18),
        Column("to", "pages.notice_to", to, width=16),
        Column("outcome", "pages.notice_outcome", outcome, width=14),
        Column("why", "acts.reason", reason, Kind.LONG, 24),
        Column("settled", "work.settled_at", lambda row: row.settled_at, Kind.INSTANT, 17),
        Column("reply", "work.reply", lambda row: row.reply, Kind.LONG, 30),
        Column("proof", "work.message_id", lambda row: row.message_id, width=36),
    )


@router.get("/p/{slug}/notices/table")
def notices_table(asked: Looking, slug: str) -> Response:
    """Every notice with its outcome and its proof, to sort, narrow and take along."""
    with opened(asked, slug) as (session, at):
        rows = mailings.latest(session, slug, known_at=at.posted_by, limit=MOST_NOTICES)
    table = listing(asked, notice_columns(asked, at), rows)
    name = text("web.nav_notices", language=asked.language)
    if (file := file_of(asked, at, table, name)) is not None:
        return file
    return page(asked, "notices_table", desk=at, table=table)

"""`tracker feed`: calendars at secret addresses, made, shown, renewed and ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.options import By, Json, Language, Slug, group, schema_of

if TYPE_CHECKING:
    from tracker.cli.house import House
    from tracker.services.feeds import Feed
    from tracker.services.feeds import House as Addresses

feed = group("feed", "日历订阅：个人或单位的期限，地址保密 / calendar feeds at secret addresses")

Number = Annotated[int, typer.Argument(metavar="ID", help="订阅的编号 / the feed's number")]


def add_to(tree: typer.Typer) -> None:
    tree.add_typer(feed)


@feed.command("list")
def list_(
    programme: Slug = "",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("feeds")] = False,
) -> None:
    """有哪些订阅、地址是什么 / the feeds and their addresses."""
    from tracker.cli.house import house
    from tracker.services import feeds

    with house(lang) as place:
        slug, addresses = _meant(place, programme)
        with place.reading() as session:
            found = feeds.feeds(session, slug, addresses)
        _show(place, addresses, found, as_json=json)


@feed.command("make")
def make(
    unit: Annotated[str, typer.Option("--unit", "-u", help="单位 / for this unit")] = "",
    person: Annotated[
        str, typer.Option("--person", metavar="MAIL", help="个人的邮箱 / for this person")
    ] = "",
    programme: Slug = "",
    by: By = "cli",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("feeds")] = False,
) -> None:
    """新建订阅，给单位或给个人 / make a feed for a unit or for a person."""
    from tracker.cli.boards import unit_of
    from tracker.cli.house import house
    from tracker.cli.words import say
    from tracker.domain.errors import NotFound, Refused
    from tracker.services import feeds, people, programmes

    with house(lang) as place:
        slug, addresses = _meant(place, programme)
        if bool(unit) == bool(person):
            raise Refused(say("feed.one", place.lang))
        with place.writing() as session:
            if unit:
                of = unit_of(programmes.current(session, slug), unit)
                made = feeds.make_for_unit(session, slug, of, addresses, now=place.now, by=by)
            else:
                row = people.by_mail(session, person)
                if row is None or row.id is None:
                    raise NotFound(say("feed.nobody", place.lang, mail=person))
                made = feeds.make_for_person(session, slug, row.id, addresses, now=place.now, by=by)
        _show(place, addresses, [made], as_json=json)


@feed.command("renew")
def renew(
    number: Number,
    programme: Slug = "",
    by: By = "cli",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("feeds")] = False,
) -> None:
    """换一个地址，旧的立即失效 / another address; the old one is dead at once."""
    from tracker.cli.house import house
    from tracker.services import feeds

    with house(lang) as place:
        slug, addresses = _meant(place, programme)
        with place.writing() as session:
            found = feeds.renew(session, slug, number, addresses, now=place.now, by=by)
        _show(place, addresses, [found], as_json=json)


@feed.command("revoke")
def revoke(number: Number, programme: Slug = "", by: By = "cli", lang: Language = None) -> None:
    """停用，地址立即失效 / end a feed; its address is dead at once."""
    from tracker.cli import show
    from tracker.cli.house import house
    from tracker.cli.words import say
    from tracker.services import feeds

    with house(lang) as place:
        slug, _ = _meant(place, programme)
        with place.writing() as session:
            feeds.revoke(session, slug, number, now=place.now, by=by)
        show.echo(say("feed.revoked", place.lang, n=number))


def _meant(place: House, programme: str) -> tuple[str, Addresses]:
    from tracker import runtime
    from tracker.cli.house import meant
    from tracker.services.feeds import House as Addresses

    settings = place.settings
    with place.reading() as session:
        slug = meant(session, programme, place.lang, year=place.now.year)
    secret = runtime.secret_of(settings)
    return slug, Addresses(secret, settings.base_url, settings.mail_domain)


def _show(place: House, addresses: Addresses, found: Sequence[Feed], *, as_json: bool) -> None:
    from tracker.cli import show
    from tracker.cli.words import heading, say
    from tracker.definitions.channelanswers import FeedsAnswer
    from tracker.services import answering

    told = [answering.feed_answer(one, addresses) for one in found]
    if as_json:
        show.answer(FeedsAnswer(feeds=told))
    elif told:
        keys = ("id", "whose", "address")
        rows = [(str(one.id), one.who, one.address) for one in told]
        show.echo(*show.table([heading(key, place.lang) for key in keys], rows))
    else:
        show.echo(say("feed.none", place.lang))

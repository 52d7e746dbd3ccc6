"""`tracker user` and `tracker token`: who can sign in, with which roles, and what programs show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.options import By, ForProgramme, Json, Language, group, schema_of

if TYPE_CHECKING:
    from datetime import date

    from sqlmodel import Session

    from tracker.cli.house import House
    from tracker.domain.authority import Post
    from tracker.services.accounts import Account
    from tracker.services.tokens import Token

user = group("user", "账号与角色：新建、重设密码、停用 / accounts and roles")
token = group("token", "令牌：给程序用，只显示一次 / tokens for programs")

Login = Annotated[str, typer.Argument(metavar="LOGIN", help="登录名 / the login")]
RoleName = Annotated[
    str,
    typer.Option(
        "--role", "-r",
        help="角色：administrator、office、leader、auditor、contact、deputy、head、reviewer / role",
    ),
]  # fmt: skip
UnitName = Annotated[
    str, typer.Option("--unit", "-u", help="单位，联络员等须指明 / unit, for a role in one")
]


def add_to(tree: typer.Typer) -> None:
    tree.add_typer(user)
    tree.add_typer(token)


@user.command("add")
def add(
    login: Login,
    name: Annotated[str, typer.Option("--name", "-n", help="姓名 / name")] = "",
    mail: Annotated[
        str, typer.Option("--mail", help="邮箱；已在联系人里的归到这个人 / mail address")
    ] = "",
    subject: Annotated[
        str,
        typer.Option(
            "--subject",
            help="统一身份认证怎么称呼这个人；有了就不设密码 / name at the OIDC provider",
        ),
    ] = "",
    role: RoleName = "",
    unit: UnitName = "",
    programme: ForProgramme = "",
    by: By = "cli",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("users")] = False,
) -> None:
    """新建账号，初始密码显示一次 / make an account; its first password is shown once.

    第一个账号须是管理员：tracker user add LOGIN --name NAME --role administrator
    """
    from tracker.cli.house import house
    from tracker.services import accounts

    with house(lang) as place:
        with place.writing() as session:
            post = _post(place, session, role, unit, programme) if role else None
            made, password = accounts.add(session, login, name=name, mail=mail, post=post,
                                          subject=subject, issuer=place.settings.oidc_issuer,
                                          now=place.now, on=_on(place), by=by)  # fmt: skip
        _show(place, [made], password=password, as_json=json)


@user.command("list")
def list_(
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("users")] = False,
) -> None:
    """有哪些账号、什么角色 / the accounts and their roles."""
    from tracker.cli.house import house
    from tracker.services import accounts

    with house(lang) as place:
        with place.reading() as session:
            found = accounts.accounts(session, _on(place))
        _show(place, found, as_json=json)


@user.command("password")
def password(
    login: Login,
    by: By = "cli",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("users")] = False,
) -> None:
    """重设密码，显示一次 / a new password, shown once; every sign-in ends."""
    from tracker.cli.house import house
    from tracker.services import accounts

    with house(lang) as place:
        with place.writing() as session:
            one = accounts.named(session, login, _on(place))
            new = accounts.new_password(session, one.id, now=place.now, on=_on(place), by=by)
        _show(place, [one], password=new, as_json=json)


@user.command("subject")
def subject(
    login: Login,
    name: Annotated[
        str,
        typer.Argument(metavar="SUBJECT", help="那边怎么称呼；空为不能那样登录 / empty for none"),
    ],
    by: By = "cli",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("users")] = False,
) -> None:
    """统一身份认证怎么称呼这个人 / the name at the OIDC provider; every sign-in ends."""
    from tracker.cli.house import house
    from tracker.services import accounts

    with house(lang) as place:
        with place.writing() as session:
            one = accounts.named(session, login, _on(place))
            accounts.set_subject(session, one.id, name, place.settings.oidc_issuer,
                                 now=place.now, on=_on(place), by=by)  # fmt: skip
        _show(place, [one], as_json=json)


@user.command("give")
def give(
    login: Login,
    role: RoleName,
    unit: UnitName = "",
    programme: ForProgramme = "",
    by: By = "cli",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("users")] = False,
) -> None:
    """给一个角色 / give a role."""
    from tracker.cli.house import house
    from tracker.services import accounts

    with house(lang) as place:
        on = _on(place)
        with place.writing() as session:
            one = accounts.named(session, login, on)
            post = _post(place, session, role, unit, programme)
            accounts.give(session, one.id, post, now=place.now, on=on, by=by)
            one = accounts.account(session, one.id, on)
        _show(place, [one], as_json=json)


@user.command("take")
def take(
    login: Login,
    role: RoleName,
    unit: UnitName = "",
    programme: ForProgramme = "",
    by: By = "cli",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("users")] = False,
) -> None:
    """收回一个角色 / take a role back."""
    from tracker.cli.house import house
    from tracker.cli.words import say
    from tracker.domain.errors import NotFound
    from tracker.services import accounts

    with house(lang) as place:
        on = _on(place)
        with place.writing() as session:
            post = _post(place, session, role, unit, programme)
            one = accounts.named(session, login, on)
            seats = [seat.id for seat in one.seats if seat.post == post]
            if not seats:
                raise NotFound(say("user.no_role", place.lang, role=role))
            accounts.take(session, one.id, seats[0], now=place.now, on=on, by=by)
            one = accounts.account(session, one.id, on)
        _show(place, [one], as_json=json)


@user.command("disable")
def disable(
    login: Login,
    by: By = "cli",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("users")] = False,
) -> None:
    """停用：登录和令牌立即失效 / disable: sign-ins and tokens end at once."""
    from tracker.services import accounts

    _switch(accounts.disable, login, by, lang, as_json=json)


@user.command("enable")
def enable(
    login: Login,
    by: By = "cli",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("users")] = False,
) -> None:
    """恢复 / enable again."""
    from tracker.services import accounts

    _switch(accounts.enable, login, by, lang, as_json=json)


def _switch(act: object, login: str, by: str, lang: Language, *, as_json: bool) -> None:
    from tracker.cli.house import house
    from tracker.services import accounts

    assert callable(act)
    with house(lang) as place:
        on = _on(place)
        with place.writing() as session:
            one = accounts.named(session, login, on)
            act(session, one.id, now=place.now, on=on, by=by)
            one = accounts.account(session, one.id, on)
        _show(place, [one], as_json=as_json)


@token.command("make")
def make(
    login: Login,
    name: Annotated[str, typer.Option("--name", "-n", help="给谁用 / who uses it")],
    scopes: Annotated[
        list[str],
        typer.Option("--scope", "-s", help="权限：read report review run administer / scope"),
    ],
    days: Annotated[int, typer.Option("--days", help="有效天数 / days it lasts")] = 90,
    programme: ForProgramme = "",
    by: By = "cli",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("tokens")] = False,
) -> None:
    """新建令牌，只显示一次 / make a token, shown once."""
    from tracker.cli.house import house
    from tracker.services import accounts, tokens

    with house(lang) as place:
        on = _on(place)
        with place.writing() as session:
            one = accounts.named(session, login, on)
            made, value = tokens.make(
                session, one.id, name=name, scopes=scopes, days=days, programme=programme or None,
                now=place.now, on=on, by=by,
            )  # fmt: skip
        _show_tokens(place, [made], value=value, as_json=json)


@token.command("list")
def list_tokens(
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("tokens")] = False,
) -> None:
    """有哪些令牌 / the tokens."""
    from tracker.cli.house import house
    from tracker.services import tokens

    with house(lang) as place:
        with place.reading() as session:
            found = [one for one in tokens.tokens(session) if one.works(place.now)]
        _show_tokens(place, found, as_json=json)


@token.command("revoke")
def revoke(
    number: Annotated[int, typer.Argument(metavar="ID", help="令牌的编号 / its number")],
    by: By = "cli",
    lang: Language = None,
) -> None:
    """停用令牌，立即失效 / revoke a token at once."""
    from tracker.cli import show
    from tracker.cli.house import house
    from tracker.cli.words import say
    from tracker.services import tokens

    with house(lang) as place:
        with place.writing() as session:
            tokens.revoke(session, number, now=place.now, on=_on(place), by=by)
        show.echo(say("user.revoked", place.lang, n=number))


def _on(place: House) -> date:
    from schedules.deadlines import local_day

    return local_day(place.now, place.settings.tz)


def _post(place: House, session: Session, role: str, unit: str, programme: str) -> Post:
    from tracker.cli.words import say
    from tracker.domain.authority import EVERY_UNIT, Post, Role
    from tracker.domain.errors import Refused
    from tracker.services import people

    if role not in set(Role):
        raise Refused(say("user.which_role", place.lang, role=role, known=", ".join(Role)))
    found = people.unit_of(session, unit, programme or None) if unit else EVERY_UNIT
    # One that no programme has any longer can still be taken back.
    return Post(Role(role), programme or None, found or unit)


def _show(place: House, found: Sequence[Account], *, password: str = "", as_json: bool) -> None:
    from tracker.cli import show
    from tracker.cli.words import heading, say
    from tracker.definitions.dooranswers import RoleAnswer, UserAnswer, UsersAnswer

    if as_json:
        told = [
            UserAnswer(
                login=one.login, name=one.name, mail=one.mail, disabled=one.disabled_at is not None,
                password=password,
                roles=[RoleAnswer(role=seat.post.role.value, programme=seat.post.programme,
                                  unit=seat.post.unit) for seat in one.seats],
            )
            for one in found
        ]  # fmt: skip
        show.answer(UsersAnswer(users=told))
        return
    if not found:
        show.echo(say("user.none", place.lang))
        return
    keys = ("login", "name", "roles")
    rows = [(one.login, one.name, _roles(one)) for one in found]
    show.echo(*show.table([heading(key, place.lang) for key in keys], rows))
    if password:
        show.echo(say("user.password", place.lang, password=password))


def _roles(one: Account) -> str:
    held = [
        " ".join((seat.post.role.value, seat.post.programme or "*", seat.post.unit))
        for seat in one.seats
    ]
    return ", ".join(held) + (" (disabled)" if one.disabled_at else "")


def _show_tokens(place: House, found: Sequence[Token], *, value: str = "", as_json: bool) -> None:
    from tracker.cli import show
    from tracker.cli.words import heading, say
    from tracker.definitions.answers import instant
    from tracker.definitions.dooranswers import TokenAnswer, TokensAnswer

    zone = place.settings.tz
    if as_json:
        told = [
            TokenAnswer(
                id=one.id, name=one.name, hint=one.hint, scopes=[s.value for s in one.scopes],
                programme=one.programme, until=instant(one.until_at, zone), value=value,
            )
            for one in found
        ]  # fmt: skip
        show.answer(TokensAnswer(tokens=told))
        return
    if not found:
        show.echo(say("user.no_tokens", place.lang))
        return
    keys = ("id", "name", "scopes", "until")
    rows = [
        (str(one.id), f"{one.name} {one.hint}…", " ".join(one.scopes),
         one.until_at.astimezone(zone).strftime("%Y-%m-%d"))
        for one in found
    ]  # fmt: skip
    show.echo(*show.table([heading(key, place.lang) for key in keys], rows))
    if value:
        show.echo(say("user.token", place.lang, value=value))

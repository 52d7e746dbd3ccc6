"""Accounts, sign-ins, tokens and the tries at a password."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlmodel import select

from tests.builders import JANUARY, a_contact, a_database, a_programme, migrated, 住建局, 生态分局
from tests.databases import Prepare
from tracker.domain.authority import About, Act, Post, Role
from tracker.domain.errors import NotFound, Refused
from tracker.services import accounts, passwords, people, programmes, signins, tokens, tries
from tracker.services.tries import Allowance, TooOften
from tracker.store.accounts import AccountRow, SignInRow, TokenRow, TryRow
from tracker.store.database import Database

ON = date(2021, 1, 4)
PASSWORD = "correct horse battery 7"
OTHER = "another battery 9 staple"


def prepared(url: str) -> None:
    migrated(url)
    database = a_database(url)
    with database.write() as session:
        programmes.publish(session, a_programme(), now=JANUARY, by="office")
        contacts = [a_contact(住建局), a_contact(生态分局)]
        people.load_contacts(session, contacts, now=JANUARY, on=ON, by="office")
        chief = Post(Role.ADMINISTRATOR)
        accounts.add(session, "chief", name="管理员甲", post=chief, password=PASSWORD, now=JANUARY,
                     on=ON, by="cli")  # fmt: skip
    database.close()


@pytest.fixture
def database(database_like: Callable[[Prepare], str]) -> Iterator[Database]:
    found = a_database(database_like(prepared))
    yield found
    found.close()


def added(database: Database, login: str, post: Post | None = None, **parts: str) -> int:
    given = {"name": f"某{login}", "password": PASSWORD, **parts}
    with database.write() as session:
        made, _ = accounts.add(session, login, post=post, now=JANUARY, on=ON, by="cli", **given)
    return made.id


def signed_in(
    database: Database, login: str, password: str = PASSWORD, address: str = "203.0.113.9",
    device: str = "", now: object = JANUARY,
) -> bool:  # fmt: skip
    return (
        signins.sign_in(database, login, password, address=address, device=device, browser="x",
                        now=now)  # type: ignore[arg-type]
        is not None
    )  # fmt: skip


def test_the_first_account_is_an_administrators(database_url: str) -> None:
    migrated(database_url)
    database = a_database(database_url)
    with database.write() as session, pytest.raises(Refused, match="administrator"):
        accounts.add(session, "clerk", name="甲", now=JANUARY, on=ON, by="cli")
    with database.read() as session:
        assert not accounts.any_account(session)
    database.close()


def test_an_account_has_a_mail_address_or_none(database: Database) -> None:
    with pytest.raises(Refused, match="邮箱地址有误：wang@@x"):
        added(database, "wang", mail="wang@@x")


def test_an_account_for_somebody_on_file_has_the_roles_they_have(database: Database) -> None:
    id_ = added(database, "zhang", mail=a_contact(住建局).mail)
    with database.read() as session:
        one = accounts.account(session, id_, ON)
        assert [seat.post for seat in one.seats] == [Post(Role.CONTACT, None, 住建局)]
        who = accounts.who(session, one, ON)
    assert who.may(Act.REPORT, About("small", 住建局))
    assert not who.may(Act.REPORT, About("small", 生态分局))


def test_a_handover_takes_the_rights_along(database: Database) -> None:
    old = added(database, "zhang", mail=a_contact(住建局).mail)
    new = added(database, "li", mail=a_contact(生态分局).mail)
    with database.write() as session:
        leaver, successor = (accounts.account(session, n, ON).person_id for n in (old, new))
        people.handover(session, leaver=leaver, successor=successor, on=ON, now=JANUARY, by="x")
        posts = [seat.post.unit for seat in accounts.account(session, new, ON).seats]
        assert accounts.account(session, old, ON).seats == ()
    assert set(posts) == {住建局, 生态分局}


def test_a_handover_never_moves_what_opens_doors(database: Database) -> None:
    """A clerk may hand over posts; an administrator's is none of the clerk's."""
    other = added(database, "li", mail=a_contact(生态分局).mail)
    with database.write() as session:
        chief = accounts.named(session, "chief", ON)
        with pytest.raises(Refused):
            people.handover(session, leaver=chief.person_id, now=JANUARY, on=ON, by="x",
                            successor=accounts.account(session, other, ON).person_id)  # fmt: skip


def test_a_list_of_contacts_opens_no_door(database: Database) -> None:
    with database.write() as session, pytest.raises(Exception, match="administrator"):
        people.load_contacts(session, [a_contact(住建局, "administrator")], now=JANUARY, on=ON,
                             by="office")  # fmt: skip


def test_somebody_erased_signs_in_no_more_and_the_login_is_free(database: Database) -> None:
    id_ = added(database, "zhang", mail=a_contact(住建局).mail)
    with database.write() as session:
        people.erase(session, accounts.account(session, id_, ON).person_id, on=ON, now=JANUARY,
                     by="x")  # fmt: skip
        assert "zhang" not in {one.login for one in accounts.accounts(session, ON)}
    assert not signed_in(database, "zhang")


def test_the_last_administrator_stays(database: Database) -> None:
    with database.write() as session:
        chief = accounts.named(session, "chief", ON)
        for act in (
            lambda: accounts.disable(session, chief.id, now=JANUARY, on=ON, by="x"),
            lambda: accounts.take(session, chief.id, chief.seats[0].id, now=JANUARY, on=ON, by="x"),
            lambda: people.erase(session, chief.person_id, on=ON, now=JANUARY, by="x"),
        ):
            with pytest.raises(Refused):
                act()


@pytest.mark.parametrize(
    "post",
    [Post(Role.CONTACT), Post(Role.OFFICE, "small", 住建局), Post(Role.ADMINISTRATOR, "small")],
)
def test_a_role_fits_its_place(database: Database, post: Post) -> None:
    with database.read() as session:
        chief = accounts.named(session, "chief", ON)
    with database.write() as session, pytest.raises(Refused):
        accounts.give(session, chief.id, post, now=JANUARY, on=ON, by="x")


# -- passwords -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad", ["short", "aaaaaaaaaaaaaaaa", "zhangsan-zhangsan", "我叫张三我叫张三我叫张三", "x" * 300]
)
def test_a_password_that_is_easily_guessed_is_refused(bad: str) -> None:
    with pytest.raises(Refused):
        passwords.check(bad, "zhangsan", "张三我")


def test_what_is_kept_of_a_password_or_a_value_opens_nothing(database: Database) -> None:
    with database.write() as session:
        chief = accounts.named(session, "chief", ON).id
        value = signins.begin(session, chief, browser="x", now=JANUARY)
        _, token = tokens.make(session, chief, name="oa", scopes=["read"], days=9, now=JANUARY,
                               on=ON, by="x")  # fmt: skip
    with database.read() as session:
        rows = [*session.exec(select(AccountRow)), *session.exec(select(SignInRow)),
                *session.exec(select(TokenRow))]  # fmt: skip
        kept = " ".join(str(row.model_dump()) for row in rows)
        assert "$argon2id$" in kept
        for secret in (PASSWORD, value, token):
            assert secret not in kept
        for row in rows[1:]:
            assert signins.find(session, row.mark, now=JANUARY, on=ON) is None  # type: ignore[union-attr]


def test_a_changed_password_ends_every_other_sign_in(database: Database) -> None:
    with database.write() as session:
        chief = accounts.named(session, "chief", ON)
        here, there = (signins.begin(session, chief.id, browser=b, now=JANUARY) for b in "ab")
        found = signins.find(session, here, now=JANUARY, on=ON)
    assert found is not None
    with pytest.raises(Refused, match="wrong"):
        accounts.change_password(database, chief, OTHER, OTHER, keep=found.id, now=JANUARY)
    accounts.change_password(database, chief, PASSWORD, OTHER, keep=found.id, now=JANUARY)
    with database.read() as session:
        assert signins.find(session, here, now=JANUARY, on=ON) is not None
        assert signins.find(session, there, now=JANUARY, on=ON) is None
    assert not signed_in(database, "chief")
    assert signed_in(database, "chief", OTHER)


def test_a_sign_in_ends_by_itself(database: Database) -> None:
    with database.write() as session:
        chief = accounts.named(session, "chief", ON)
        value = signins.begin(session, chief.id, browser="x", now=JANUARY)
    now = JANUARY
    for _ in range(6):
        now += timedelta(minutes=110)
        with database.read() as session:
            assert signins.find(session, value, now=now, on=ON) is not None
        signins.note_use(database, value, now)
    with database.read() as session:
        assert signins.find(session, value, now=now + timedelta(hours=1), on=ON) is None
        assert signins.find(session, value, now=now + timedelta(hours=2), on=ON) is None


def test_nobody_learns_which_logins_exist(database: Database) -> None:
    """A name that nobody has costs the same work, and meets the same words."""
    assert not signed_in(database, "nobody")
    assert passwords.matches("", PASSWORD) is False
    stored = passwords.nobody()
    assert stored.split("$")[:4] == passwords.hashed(PASSWORD).split("$")[:4]


# -- tries ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "guesses",
    [pytest.param(1_000, id="quick"), pytest.param(10_000, marks=pytest.mark.full, id="full")],
)
def test_a_crowd_of_guesses_reaches_the_password_twenty_times_an_hour(
    database: Database, guesses: int
) -> None:
    """So many guesses at one login from 500 addresses within an hour."""
    reached = 0
    for n in range(guesses):
        now = JANUARY + timedelta(hours=n / guesses)
        reached += _taken(database, f"10.0.{n % 500 // 250}.{n % 250}", now)
    print(
        f"\nFIGURE {guesses} guesses from 500 addresses in an hour: {reached} reached the password"
    )
    assert reached <= 20


def _taken(database: Database, address: str, now: object) -> bool:
    try:
        with database.write() as session:
            tries.take(session, "login|chief", tries.LOGIN, now)  # type: ignore[arg-type]
    except TooOften:
        return False
    return True


def test_guesses_at_the_same_moment_do_not_pass_the_limit_together(database: Database) -> None:
    with ThreadPoolExecutor(50) as many:
        reached = sum(many.map(lambda n: _taken(database, f"10.0.0.{n}", JANUARY), range(50)))
    assert reached == tries.LOGIN.burst


def test_the_owner_still_gets_in_from_a_known_browser(database: Database) -> None:
    with database.read() as session:
        chief = accounts.named(session, "chief", ON).id
    while _taken(database, "10.0.0.1", JANUARY):
        pass
    with pytest.raises(TooOften):
        signed_in(database, "chief")
    assert signed_in(database, "chief", device=f"{chief}|a-browser")
    with pytest.raises(TooOften):
        signed_in(database, "chief", device="99|a-browser")


def test_a_right_password_is_no_try(database: Database) -> None:
    assert all(signed_in(database, "chief") for _ in range(tries.LOGIN.burst + 2))


def test_tries_come_back_and_are_forgotten(database: Database) -> None:
    few = Allowance(burst=2, per_hour=2)
    with database.write() as session:
        tries.take(session, "x", few, JANUARY)
        tries.take(session, "x", few, JANUARY)
        with pytest.raises(TooOften) as often:
            tries.take(session, "x", few, JANUARY)
        assert 1790 <= often.value.seconds <= 1801
        tries.take(session, "x", few, JANUARY + timedelta(minutes=31))
        tries.tidy(session, JANUARY + timedelta(hours=3))
        assert session.exec(select(TryRow)).all() == []


# -- tokens --------------------------------------------------------------------------------------


def test_a_token_gives_no_more_than_its_account_and_its_scopes(database: Database) -> None:
    id_ = added(database, "zhang", mail=a_contact(住建局).mail)
    with database.write() as session:
        _, value = tokens.make(session, id_, name="oa", scopes=["read", "run"], days=9,
                               now=JANUARY, on=ON, by="x")  # fmt: skip
        found = tokens.find(session, value, now=JANUARY, on=ON)
        assert found is not None
        _, who = found
        assert who.may(Act.SEE, About("small", 住建局))
        assert not who.may(Act.RUN, About("small"))
        assert not who.may(Act.LOOK, About("small"))


def test_a_token_of_one_programme_opens_no_other_and_nothing_of_the_house(
    database: Database,
) -> None:
    id_ = added(database, "clerk", Post(Role.OFFICE))
    with database.write() as session:
        _, value = tokens.make(session, id_, name="oa", scopes=["run"], days=9, programme="small",
                               now=JANUARY, on=ON, by="x")  # fmt: skip
        found = tokens.find(session, value, now=JANUARY, on=ON)
    assert found is not None
    assert found[1].may(Act.RUN, About("small"))
    assert not found[1].may(Act.RUN, About("other"))
    assert not found[1].everywhere(Act.RUN)


def test_a_token_ends_by_day_by_hand_and_with_its_account(database: Database) -> None:
    id_ = added(database, "clerk", Post(Role.OFFICE))

    def works(value: str, days: int = 0) -> bool:
        with database.read() as session:
            at = JANUARY + timedelta(days=days)
            return tokens.find(session, value, now=at, on=ON) is not None

    with database.write() as session:
        made = [
            tokens.make(session, id_, name=n, scopes=["read"], days=9, now=JANUARY, on=ON, by="x")
            for n in ("a", "b")
        ]
    (first, one), (_, two) = made
    assert works(one, 8)
    assert not works(one, 9)
    with database.write() as session:
        with pytest.raises(NotFound):
            tokens.revoke(session, first.id, of=id_ + 1, now=JANUARY, on=ON, by="x")
        tokens.revoke(session, first.id, of=id_, now=JANUARY, on=ON, by="x")
    assert not works(one)
    assert works(two)
    with database.write() as session:
        accounts.disable(session, id_, now=JANUARY, on=ON, by="x")
    assert not works(two)

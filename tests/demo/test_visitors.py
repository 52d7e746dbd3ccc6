"""A visitor of the demonstration can sign in as everybody."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from tests.builders import JANUARY, a_database, migrated
from tracker.definitions import yamlform
from tracker.demo.cast import cast_of
from tracker.demo.visitors import invite
from tracker.domain.authority import Role
from tracker.programmes import path_of
from tracker.services import accounts, people, programmes, signins


def test_there_is_an_account_for_every_role_of_the_people_in_the_play(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/t.sqlite"
    migrated(url)
    database = a_database(url)
    programme = yamlform.load(path_of("zhongfang-2021"))
    with database.write() as session:
        programmes.publish(session, programme, now=JANUARY, by="demo")
        people.load_contacts(session, cast_of(programme), now=JANUARY, on=date(2021, 1, 4),
                             by="demo")  # fmt: skip
    visitors = invite(database, programme, JANUARY)
    assert {role for role, _ in visitors.logins} == set(Role) - {Role.DEPUTY}
    for role, _ in visitors.logins:
        signed_in = signins.sign_in(
            database, role.value, visitors.password, address="127.0.0.1", device="", browser="x",
            now=JANUARY,
        )  # fmt: skip
        assert signed_in is not None
        with database.read() as session:
            one = accounts.named(session, role.value, date(2021, 1, 4))
        assert role in {seat.post.role for seat in one.seats}
    database.close()

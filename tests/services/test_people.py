"""People and their dated roles: lists all or nothing, handovers, and being forgotten."""

from __future__ import annotations

from datetime import date

import pytest
from sqlmodel import Session, col, select

from tests.builders import (
    JANUARY,
    NEW_YEAR,
    a_contact,
    a_programme,
    clause,
    item,
    the_cast,
    住建局,
    县委组织部,
    生态分局,
)
from tracker.definitions.sheets import Contact
from tracker.domain import facts as f
from tracker.domain.errors import DefinitionError
from tracker.services import (
    claims,
    people,
    programmes,
    pseudonyms,
    reporting,
    scoreboard,
    trail,
    weekly,
)
from tracker.store.database import Database
from tracker.store.letters import LetterRow
from tracker.store.tables import DispatchRow, FactRow, PersonRow

JULY = date(2021, 7, 1)


@pytest.fixture
def published(database: Database) -> Database:
    with database.write() as session:
        programmes.publish(session, a_programme(), now=JANUARY, by="office")
    return database


def load(database: Database, *rows: Contact, on: date = NEW_YEAR) -> people.Loaded:
    with database.write() as session:
        return people.load_contacts(session, rows, now=JANUARY, on=on, by="office")


def who(
    database: Database, unit: str = 住建局, role: str = "contact", on: date = NEW_YEAR
) -> list[str]:
    with database.read() as session:
        return [row.name for row in people.resolve(session, "small", unit, role, on)]


def person_id(session: Session, name: str) -> int:
    return session.exec(select(PersonRow.id).where(PersonRow.name == name)).one() or 0


def test_a_role_resolves_to_its_people(published: Database) -> None:
    assert load(published, *the_cast()) == people.Loaded(added=12, kept=0, ended=0)
    assert who(published) == ["住建局的contact"]
    assert who(published, role="leader") == ["住建局的leader"]
    assert who(published, role="reviewer") == []


def test_a_name_with_what_nobody_can_see_is_refused_with_its_place(published: Database) -> None:
    with pytest.raises(DefinitionError, match=r"row 3.*看不见的字符"):
        load(published, a_contact(住建局, name="张\x00三", mail="z@x.cn", place="row 3"))
    assert who(published) == []


def test_units_may_be_written_by_name_or_short_name(published: Database) -> None:
    load(
        published,
        a_contact(unit="县住房和城乡建设局", name="甲", mail="a@example.gov.cn"),
        a_contact(unit="生态分局", name="乙", mail="b@example.gov.cn"),
    )
    assert (who(published), who(published, 生态分局)) == (["甲"], ["乙"])


def test_a_leader_may_be_in_charge_of_every_unit(published: Database) -> None:
    load(published, a_contact(unit="*", role="leader", name="甲", mail="a@example.gov.cn"))
    assert who(published, 住建局, "leader") == who(published, 生态分局, "leader") == ["甲"]


def test_the_office_is_the_same_for_every_unit(published: Database) -> None:
    load(published, a_contact(unit=县委组织部, role="office", name="甲", mail="a@example.gov.cn"))
    assert who(published, 住建局, "office") == ["甲"]


def test_a_deputy_stands_in_for_a_missing_contact(published: Database) -> None:
    load(published, a_contact(role="deputy", name="副手", mail="d@example.gov.cn"))
    assert who(published) == ["副手"]
    load(published, a_contact(role="contact", name="本人", mail="c@example.gov.cn"))
    assert who(published) == ["本人"]


def test_one_person_may_have_several_roles(published: Database) -> None:
    shared = {"name": "甲", "mail": "a@example.gov.cn"}
    load(published, a_contact(**shared), a_contact(role="head", **shared))
    with published.read() as session:
        assert len(session.exec(select(PersonRow)).all()) == 1
    assert who(published) == who(published, role="head") == ["甲"]


def test_a_list_is_the_whole_truth_for_the_roles_that_it_names(published: Database) -> None:
    load(published, *the_cast())
    done = load(published, a_contact(name="新人", mail="new@example.gov.cn"), on=JULY)
    assert done == people.Loaded(added=1, kept=0, ended=1)
    assert who(published, on=date(2021, 6, 30)) == ["住建局的contact"]
    assert who(published, on=JULY) == ["新人"]
    assert who(published, role="head", on=JULY) == ["住建局的head"]


def test_the_same_list_twice_changes_nothing(published: Database) -> None:
    load(published, *the_cast())
    assert load(published, *the_cast(), on=JULY) == people.Loaded(added=0, kept=12, ended=0)


def test_somebody_without_an_address_is_kept_for_the_call_list(published: Database) -> None:
    for _ in range(2):
        load(published, a_contact(mail="", mobile="13912345678"))
    with published.read() as session:
        [row] = people.resolve(session, "small", 住建局, "contact", NEW_YEAR)
    assert (row.mail, row.mobile) == (None, "13912345678")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (a_contact(unit="stranger"), "没有单位“stranger”.*请写方案里的名称"),
        (a_contact(role="boss"), "没有角色“boss”.*可用 / use: 联络员 contact"),
        (a_contact(name=""), "no name"),
        (a_contact(mail="not an address"), "not a mail address"),
    ],
)
def test_a_wrong_row_keeps_the_whole_list_out(
    published: Database, wrong: Contact, says: str
) -> None:
    with pytest.raises(DefinitionError, match=says) as trouble:
        load(published, a_contact(unit=生态分局), wrong)
    assert trouble.value.problems[0].place == wrong.place
    with published.read() as session:
        assert session.exec(select(PersonRow)).all() == []


def test_two_people_with_one_address_are_refused_with_both_places(published: Database) -> None:
    first = a_contact(name="甲", mail="a@example.gov.cn", place="row 2")
    second = a_contact(生态分局, name="乙", mail="A@example.gov.cn", place="row 3")
    with pytest.raises(DefinitionError) as trouble:
        load(published, first, second)
    [problem] = trouble.value.problems
    assert problem.place == "row 3"
    assert "甲 (row 2)" in problem.text


def test_an_address_on_file_for_somebody_else_is_refused(published: Database) -> None:
    load(published, a_contact(name="甲", mail="a@example.gov.cn"))
    with pytest.raises(DefinitionError, match="甲"):
        load(published, a_contact(name="乙", mail="a@example.gov.cn"))
    assert who(published) == ["甲"]


def test_a_handover_moves_every_role_and_keeps_the_history(published: Database) -> None:
    load(published, *the_cast())
    load(published, a_contact(生态分局, "deputy", name="新人", mail="new@example.gov.cn"))
    with published.write() as session:
        moved = people.handover(
            session, leaver=person_id(session, "住建局的contact"),
            successor=person_id(session, "新人"), on=JULY, now=JANUARY, by="office",
        )  # fmt: skip
    assert moved == 1
    assert who(published, on=date(2021, 6, 30)) == ["住建局的contact"]
    assert who(published, on=JULY) == ["新人"]


def test_units_in_which_nobody_has_a_role_are_named(published: Database) -> None:
    load(published, a_contact())
    with published.read() as session:
        missing = people.without(session, "small", "contact", NEW_YEAR)
    assert missing == ["organisation", "env_bureau", "env_branch"]


def test_everybody_with_a_role_can_be_listed(published: Database) -> None:
    load(published, *the_cast("contact"))
    with published.read() as session:
        found = people.holders(session, "small", NEW_YEAR)
    assert [(one.unit, one.role.value) for one in found] == [
        ("env_branch", "contact"), ("env_bureau", "contact"),
        ("housing", "contact"), ("organisation", "contact"),
    ]  # fmt: skip


def test_somebody_who_is_erased_is_gone_everywhere(published: Database) -> None:
    load(published, a_contact(name="张三", mail="zhang@example.gov.cn"))
    with published.write() as session:
        person = person_id(session, "张三")
        before = people.traced(session, f"person:{person}")
        session.add(
            DispatchRow(
                key="k", person_id=person, programme="small", window="2021-01-04", channel="mail",
                message_id="m", made_at=JANUARY, due_at=JANUARY, subject="【催办】1 项到期",
                recipient="zhang@example.gov.cn", text="张三同志：", raw=b"...",
            )
        )  # fmt: skip
        session.flush()
        session.add(LetterRow(dispatch_id=1, raw=b"..."))
    with published.write() as session:
        people.erase(session, person, on=NEW_YEAR, now=JANUARY, by="office")
    assert who(published) == []
    with published.read() as session:
        row = people.person(session, person)
        mail = session.exec(select(DispatchRow)).one()
        assert claims.letter_of(session, mail.id or 0) is None
        assert session.exec(select(LetterRow)).all() == []
        events = trail.events(session, trail.HOUSE)
        assert people.reference(row) != before
    assert (row.name, row.mail, row.mobile, row.erased_at) == ("", None, "", JANUARY)
    assert (mail.recipient, mail.text, mail.raw) == ("", "", None)
    assert mail.subject == "【催办】1 项到期"
    assert (events[0].kind, events[0].subject) == ("person.erased", before)


def test_their_name_is_gone_from_what_they_decided_and_the_trail_says_so(
    published: Database,
) -> None:
    """Everything else that was decided stands; who has another name keeps it."""
    load(published, a_contact(name="张三"))
    left_open = clause("1", rules=[{"kind": "discretionary", "most": "2"}])
    decided = [
        f.Decision(id=f.FactId(f"d-{number}"), occurred_at=JANUARY, recorded_at=JANUARY,
                   person=person, rule="1#1", points="0.5", reason="办公会纪要")
        for number, person in enumerate(("李四", "张三"))
    ]  # fmt: skip

    def told() -> str:
        with published.read() as session:
            board = scoreboard.board(session, "small", as_of=JANUARY)
            return str([entry.steps for entry in board.ledger.entries])

    with published.write() as session:
        programme = a_programme(item("1", left_open), item("2", points="9"))
        programmes.publish(session, programme, now=JANUARY, by="office")
        reporting.load_facts(session, "small", decided, now=JANUARY, by="office")
        before = people.reference(people.person(session, person_id(session, "张三")))
    assert "张三" in told()
    with published.write() as session:
        people.erase(session, person_id(session, "张三"), on=NEW_YEAR, now=JANUARY, by="office")
    assert "张三" not in told()
    assert "李四" in told()
    with published.read() as session:
        rows = session.exec(select(FactRow).order_by(col(FactRow.id))).all()
        [event] = [one for one in trail.events(session, "small") if one.kind == "fact.forgot"]
    assert [row.body["person"] for row in rows] == ["李四", pseudonyms.FORGOTTEN]
    assert event.subject == "d-1"
    assert event.body["sha256"] == trail.digest(rows[1].body)
    assert event.body["person"] == before


def test_their_address_may_be_used_again_after_that(published: Database) -> None:
    load(published, a_contact(name="张三", mail="a@example.gov.cn"))
    with published.write() as session:
        people.erase(session, person_id(session, "张三"), on=NEW_YEAR, now=JANUARY, by="office")
    load(published, a_contact(name="李四", mail="a@example.gov.cn"))
    assert who(published) == ["李四"]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("office", "office"),
        ("env_branch", "env_branch"),
        ("", ""),
        ("张三", ""),
        ("person:404", ""),
        ("nobody@example.gov.cn", ""),
    ],
)
def test_the_trail_knows_people_only_by_reference(
    published: Database, by: str, expected: str
) -> None:
    with published.read() as session:
        assert people.traced(session, by) == expected


def test_an_account_and_its_address_have_the_same_reference(published: Database) -> None:
    load(published, a_contact(name="张三", mail="zhang@example.gov.cn"))
    with published.read() as session:
        by_account = people.traced(session, f"person:{person_id(session, '张三')}")
        assert by_account == people.traced(session, "zhang@example.gov.cn")
        assert by_account.startswith("p-")


def test_a_deputy_is_named_as_the_one_who_acts_where_a_unit_has_no_contact(
    published: Database,
) -> None:
    load(published, a_contact(住建局, "deputy"))
    with published.read() as session:
        assert set(weekly.who_acts(session, "small", JANUARY)) == {住建局}

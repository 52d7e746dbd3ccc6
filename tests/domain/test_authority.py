"""Who may do what: every role, every act, to own and to foreign things."""

from __future__ import annotations

import pytest

from tracker.domain.authority import About, Act, Post, Role, Who

OWN = About("small", "housing", frozenset({"city_bureau"}))
FOREIGN_UNIT = About("small", "env_branch", frozenset({"org_department"}))
FOREIGN = About("other", "housing", frozenset({"city_bureau"}))

# role, and what it may do to its own, to another unit's of the programme, to another programme's
MAY = [
    (Role.CONTACT, "housing", "see report", "", ""),
    (Role.DEPUTY, "housing", "see report", "", ""),
    (Role.HEAD, "housing", "see", "", ""),
    (Role.REVIEWER, "city_bureau", "see review", "", ""),
    (Role.LEADER, "*", "look see instruct", "look see instruct", ""),
    (Role.AUDITOR, "*", "look see tend", "look see tend", ""),
    (
        Role.OFFICE,
        "*",
        "look see report review instruct run tend",
        "look see report review instruct run tend",
        "",
    ),
]


@pytest.mark.parametrize(("role", "unit", "own", "neighbour", "foreign"), MAY)
def test_a_role_may_this_and_nothing_else(
    role: Role, unit: str, own: str, neighbour: str, foreign: str
) -> None:
    who = Who("x", (Post(role, "small", unit),))
    for about, expected in ((OWN, own), (FOREIGN_UNIT, neighbour), (FOREIGN, foreign)):
        allowed = {act.value for act in Act if who.may(act, about)} - {"enter"}
        assert allowed == set(expected.split())


def test_an_administrator_manages_accounts_and_no_score() -> None:
    who = Who("x", (Post(Role.ADMINISTRATOR),))
    assert {act.value for act in Act if who.may(act, OWN)} == {"enter", "tend", "administer"}


def test_whoever_has_no_post_may_only_enter() -> None:
    assert {act for act in Act if Who("x", ()).may(act, OWN)} == {Act.ENTER}


@pytest.mark.parametrize("act", sorted(set(Act) - {Act.ENTER}))
def test_a_post_in_one_programme_is_none_in_the_house(act: Act) -> None:
    """A programme that is not there yet, a person of all programmes: only for posts in all."""
    every = tuple(Post(role, "small") for role in Role)
    assert not Who("x", every).may(act, About())
    assert not Who("x", every).everywhere(act)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("act", Act)
def test_a_token_never_adds_to_what_its_account_may(role: Role, act: Act) -> None:
    account = Who("x", (Post(role, "small", "housing"),))
    for about in (OWN, FOREIGN_UNIT, FOREIGN, About()):
        for scopes in (frozenset(Act), frozenset({act}), frozenset[Act]()):
            token = Who("x", account.posts, scopes=scopes, only="small")
            assert not token.may(act, about) or account.may(act, about)
            assert not token.may(act, about) or act in scopes


def test_where_something_may_be_allowed_is_never_less_than_where_it_is() -> None:
    for role in Role:
        who = Who("x", (Post(role, "small", "housing"),))
        for act in Act:
            for about in (OWN, FOREIGN_UNIT, FOREIGN):
                assert not who.may(act, about) or who.ever(act, about.programme)
                assert not who.may(act, about) or who.somewhere(act)

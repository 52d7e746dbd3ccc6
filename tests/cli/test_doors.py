"""`tracker user` and `tracker token`."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Installation


@pytest.fixture
def staffed(loaded: Installation) -> Installation:
    loaded("user", "add", "chief", "--name", "管理员甲", "--role", "administrator")
    return loaded


def test_the_first_administrator_is_made_and_its_password_told_once(loaded: Installation) -> None:
    before = loaded.content()
    refused = loaded("user", "add", "clerk", "--name", "甲", "--role", "office")
    assert refused.code == 1
    assert "administrator" in refused.error
    assert loaded.content() == before
    given = ("user", "add", "chief", "--name", "管理员甲", "--role", "administrator")
    [made] = loaded.valid("users", *given)["users"]
    assert len(made["password"]) == 23
    assert made["roles"] == [{"role": "administrator", "programme": None, "unit": "*"}]
    [listed] = loaded.valid("users", "user", "list")["users"]
    assert listed == made | {"password": ""}
    assert made["password"] not in loaded("user", "list").text


def test_roles_are_given_and_taken_back(staffed: Installation) -> None:
    staffed("user", "add", "clerk", "--name", "乙")
    told = staffed("user", "give", "clerk", "--role", "contact", "--programme", "small", "--unit",
                   "housing")  # fmt: skip
    assert "contact small housing" in told.text
    assert staffed("user", "give", "clerk", "--role", "contact", "-p", "small").code == 1
    assert staffed("user", "give", "clerk", "--role", "boss").code == 1
    told = staffed("user", "take", "clerk", "--role", "contact", "-p", "small", "-u", "housing")
    assert "contact" not in told.text
    assert staffed("user", "take", "clerk", "--role", "contact").code == 1


def test_a_role_in_a_unit_needs_a_unit_that_there_is_whichever_programme_it_is_for(
    staffed: Installation,
) -> None:
    staffed("user", "add", "clerk", "--name", "乙")
    before = staffed.content()
    for where in ((), ("-p", "small")):
        refused = staffed("user", "give", "clerk", "--role", "contact", "-u", "nowhere", *where)
        assert (refused.code, "nowhere" in refused.error) == (1, True)
    assert staffed.content() == before
    told = staffed("user", "give", "clerk", "--role", "contact", "-u", "县住房和城乡建设局")
    assert "contact * housing" in told.text
    told = staffed("user", "take", "clerk", "--role", "contact", "-u", "住建局")
    assert "contact" not in told.text


def test_whom_the_identity_provider_names_has_no_password(staffed: Installation) -> None:
    made = staffed("user", "add", "clerk", "--name", "乙", "--role", "office", "--subject", "u-1")
    assert "初始密码" not in made.text
    taken = staffed("user", "subject", "chief", "u-1")
    assert (taken.code, "clerk" in taken.error) == (1, True)
    assert staffed("user", "subject", "clerk", "").code == 0
    assert staffed("user", "subject", "chief", "u-1").code == 0


def test_accounts_are_disabled_and_have_new_passwords(staffed: Installation) -> None:
    staffed("user", "add", "clerk", "--name", "乙", "--role", "office")
    assert "(disabled)" in staffed("user", "disable", "clerk").text
    assert "(disabled)" not in staffed("user", "enable", "clerk").text
    assert "初始密码" in staffed("user", "password", "clerk").text
    assert staffed("user", "disable", "chief").code == 1, "the last administrator stays"
    assert staffed("user", "password", "nobody").code == 1


def test_tokens_are_made_listed_and_revoked(staffed: Installation) -> None:
    staffed("user", "add", "clerk", "--name", "乙", "--role", "office")
    given = ("token", "make", "clerk", "--name", "OA", "--scope", "read", "--scope", "report")
    [made] = staffed.valid("tokens", *given)["tokens"]
    assert made["value"].startswith(made["hint"])
    assert made["scopes"] == ["read", "report"]
    [listed] = staffed.valid("tokens", "token", "list")["tokens"]
    assert listed == made | {"value": ""}
    assert staffed("token", "make", "clerk", "--name", "x", "--scope", "all").code == 1
    assert staffed("token", "revoke", str(made["id"])).code == 0
    assert staffed.valid("tokens", "token", "list")["tokens"] == []
    assert staffed("token", "revoke", "99").code == 1

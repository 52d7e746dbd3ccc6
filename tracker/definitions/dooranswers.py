"""What `tracker user` and `tracker token` print with `--json`."""

from __future__ import annotations

from pydantic import Field

from tracker.definitions.answers import Answer


class RoleAnswer(Answer):
    role: str
    programme: str | None = Field(description="None: in all programmes.")
    unit: str = Field(description="`*`: not of one unit.")


class UserAnswer(Answer):
    login: str
    name: str
    mail: str
    disabled: bool
    password: str = Field(description="Where one was just invented; shown this once.")
    roles: list[RoleAnswer]


class UsersAnswer(Answer):
    users: list[UserAnswer]


class TokenAnswer(Answer):
    id: int
    name: str
    hint: str = Field(description="Its first characters.")
    scopes: list[str]
    programme: str | None = Field(description="The only one that it opens; None: all.")
    until: str
    value: str = Field(description="Where it was just made; shown this once.")


class TokensAnswer(Answer):
    tokens: list[TokenAnswer]

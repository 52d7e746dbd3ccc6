"""What `tracker rules --json` prints."""

from __future__ import annotations

from pydantic import Field

from tracker.definitions.answers import Answer


class ShownAnswer(Answer):
    """A sanction of a shipped programme that is of the kind."""

    programme: str
    rule: str
    says: str


class KindAnswer(Answer):
    """One kind of rule, as the engine documents it."""

    kind: str
    title: str
    does: str
    about: str = Field(description="The engine's own documentation, in English.")
    words: list[str] = Field(description="Wordings of a document that lead to it.")
    facts: list[str] = Field(description="Kinds of fact that it looks at, as in `facts schema`.")
    formula: str = Field(description="The raw amount, before caps.")
    fields: list[str] = Field(description="What a programme document may say of it.")
    examples: list[ShownAnswer]


class RulesAnswer(Answer):
    rules: list[KindAnswer]

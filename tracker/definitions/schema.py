"""The published JSON Schemas of what goes in and of what `--json` prints.

An editor completes a programme whose first line says
`# yaml-language-server: $schema=schemas/programme.json`.
"""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from tracker.definitions import (
    aheadanswers,
    answers,
    channelanswers,
    documentanswers,
    dooranswers,
    kindanswers,
    noticeanswers,
    postanswers,
    readanswers,
    runninganswers,
)
from tracker.definitions.openpoints import Draft
from tracker.domain.facts import AnyFact

DRAFT = "https://json-schema.org/draft/2020-12/schema"

ANSWERS: dict[str, type[answers.Answer]] = {
    "ledger": answers.LedgerAnswer,
    "due": answers.DueAnswer,
    "remind": answers.RemindAnswer,
    "check": documentanswers.CheckAnswer,
    "diff": documentanswers.DiffAnswer,
    "programmes": documentanswers.ProgrammesAnswer,
    "published": documentanswers.PublishedAnswer,
    "loaded": documentanswers.LoadedAnswer,
    "ahead": noticeanswers.AheadAnswer,
    "mail": noticeanswers.MailAnswer,
    "mails": noticeanswers.MailsAnswer,
    "letter": noticeanswers.LetterAnswer,
    "silence": noticeanswers.SilenceAnswer,
    "silences": noticeanswers.SilencesAnswer,
    "sent": noticeanswers.SentAnswer,
    "readings": answers.ReadingsAnswer,
    "rules": kindanswers.RulesAnswer,
    "forecast": aheadanswers.ForecastAnswer,
    "what-if": aheadanswers.WhatIfAnswer,
    "assign": aheadanswers.AssignAnswer,
    "signoffs": aheadanswers.SignoffsAnswer,
    "signoff": aheadanswers.SignoffSinceAnswer,
    "slips": postanswers.SlipsAnswer,
    "slip": postanswers.SlipAnswer,
    "poll": postanswers.PollAnswer,
    "replies": postanswers.RepliesAnswer,
    "calls": postanswers.CallListAnswer,
    "people": postanswers.PeopleAnswer,
    "trail": runninganswers.TrailAnswer,
    "tick": runninganswers.TickAnswer,
    "deliver": runninganswers.DeliverAnswer,
    "migrate": runninganswers.MigrateAnswer,
    "backup": runninganswers.BackupAnswer,
    "restore": runninganswers.RestoreAnswer,
    "held": runninganswers.HeldAnswer,
    "held-done": runninganswers.HeldDoneAnswer,
    "moved": runninganswers.MovedAnswer,
    "channels": channelanswers.ChannelsAnswer,
    "channel-test": channelanswers.ChannelTestAnswer,
    "feeds": channelanswers.FeedsAnswer,
    "users": dooranswers.UsersAnswer,
    "tokens": dooranswers.TokensAnswer,
    "doctor": runninganswers.DoctorAnswer,
    "clause": readanswers.ClauseAnswer,
    "read": readanswers.DocumentAnswer,
}


def schema(name: str) -> dict[str, Any]:
    """KeyError for a name that is not published."""
    if name == "programme":
        return titled(name, _telling_apart(Draft.model_json_schema()))
    if name == "facts":
        told = _telling_apart(TypeAdapter(list[AnyFact]).json_schema())
        return titled(name, {"description": FACTS, **_entered_when_loaded(told)})
    return titled(name, ANSWERS[name].model_json_schema(mode="serialization"))


FACTS = (
    "Facts as `tracker facts load` and the interface take them. A time without an offset "
    "(2021-10-18 08:00) is read on the programme's clock, a day alone (2021-10-18) means its end, "
    "which says too little of a case. What does not say when it was entered (recorded_at) is "
    "entered now."
)


def _entered_when_loaded(node: Any) -> Any:
    """What the reader of a file takes more than the model: instants as people type them, and none
    for when it was entered."""
    if isinstance(node, list):
        return [_entered_when_loaded(one) for one in node]
    if not isinstance(node, dict):
        return node
    told = {key: _entered_when_loaded(value) for key, value in node.items()}
    if "recorded_at" in node.get("required", ()):
        told["required"] = [one for one in node["required"] if one != "recorded_at"]
    if node.get("format") == "date-time":
        told.pop("format")
        told["examples"] = ["2021-10-18 08:00", "2021-10-18T08:00+08:00"]
    return told


def names() -> list[str]:
    return sorted(["programme", "facts", *ANSWERS])


def titled(name: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"$schema": DRAFT, "$id": f"urn:tracker:{name}", **body}


def _telling_apart(node: Any) -> Any:
    """Members of a union must say which they are: `kind` and `fact` have defaults in the code
    only, and an editor that may leave them out cannot tell what to complete."""
    if isinstance(node, list):
        return [_telling_apart(one) for one in node]
    if not isinstance(node, dict):
        return node
    told = {key: _telling_apart(value) for key, value in node.items()}
    properties = node.get("properties")
    tags = [name for name in ("kind", "fact") if "const" in (properties or {}).get(name, ())]
    if tags:
        told["required"] = [*tags, *(n for n in node.get("required", ()) if n not in tags)]
    return told

"""What services find, in the published form that the command line prints and the interface
answers: one way of telling for both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from tracker.definitions.aheadanswers import AssignAnswer, SignoffAnswer, SignoffSinceAnswer
from tracker.definitions.aheadforms import comparison_answer
from tracker.definitions.answers import (
    ChoiceAnswer,
    ReadingAnswer,
    ReadingsAnswer,
    about,
    amount,
)
from tracker.definitions.answers import instant as iso
from tracker.definitions.channelanswers import FeedAnswer
from tracker.definitions.noticeanswers import (
    ComingAnswer,
    MailAnswer,
    SilenceAnswer,
    ToldAnswer,
)
from tracker.definitions.postanswers import (
    CallAnswer,
    CallMatterAnswer,
    HolderAnswer,
    ReplyAnswer,
    SlipAnswer,
)
from tracker.domain.points import points
from tracker.domain.silences import Silence
from tracker.services import feeds, slips
from tracker.services.assignments import Priced
from tracker.services.calls import Call
from tracker.services.coming import Coming
from tracker.services.feeds import Feed
from tracker.services.people import Holder
from tracker.services.posted import Posted
from tracker.services.readings import Entry, Span
from tracker.services.replies import Reply
from tracker.services.scoreboard import Board
from tracker.services.signoffs import Signoff, Since
from tracker.services.slips import Slip
from tracker.wording import Language, rung

# -- what goes out and what comes back -----------------------------------------------------------


def slip_answer(one: Slip, zone: ZoneInfo) -> SlipAnswer:
    return SlipAnswer(
        id=one.id, number=one.number, kind=one.kind.value, obligation=one.obligation,
        unit=one.unit, rung=one.rung, made_at=iso(one.made_at, zone), by=one.by,
        sha256=one.sha256, intact=slips.is_intact(one), void=one.void_reason,
    )  # fmt: skip


def reply_answer(one: Reply, zone: ZoneInfo) -> ReplyAnswer:
    return ReplyAnswer(
        id=one.id, kind=one.kind.value, programme=one.programme, name=one.name,
        subject=one.subject, text=one.text, reason=one.reason,
        received_at=iso(one.received_at, zone), obligations=[key for _, key in one.obligations],
    )  # fmt: skip


def call_answer(one: Call) -> CallAnswer:
    return CallAnswer(
        person=one.person_id, name=one.name, mobile=one.mobile, units=list(one.units),
        bounced=one.bounced, tries=one.tries,
        matters=[
            CallMatterAnswer(obligation=matter.key, role=matter.role, subject=matter.subject,
                             light=matter.standing.light.value, lost=f"{points(matter.lost):f}",
                             keeps=f"{points(matter.keeps):f}")
            for matter in one.matters
        ],
    )  # fmt: skip


def coming_answer(
    one: Coming, zone: ZoneInfo, titles: Mapping[str, str], language: Language
) -> ComingAnswer:
    told = [
        ToldAnswer(
            obligation=it.obligation, title=titles.get(it.obligation, ""), unit=it.unit,
            role=it.role, rung=it.rung, why=rung(it.rung, language), why_not=it.why_not,
        )
        for it in one.told
    ]  # fmt: skip
    return ComingAnswer(
        key=one.key, at=iso(one.at, zone), person=one.person, name=one.name,
        mail=one.mail, channel=one.channel, told=told,
    )  # fmt: skip


def silence_answer(one: Silence, zone: ZoneInfo, now: datetime) -> SilenceAnswer:
    return SilenceAnswer(
        number=one.number, scope=one.scope.value, subject=one.subject, mode=one.mode.value,
        from_at=iso(one.from_at, zone), until_at=iso(one.until_at, zone),
        ended_at=None if one.ended_at is None else iso(one.ended_at, zone),
        in_force=one.holds(now), because=one.because, by=one.by,
    )  # fmt: skip


def mail_answer(one: Posted, zone: ZoneInfo, text: str = "") -> MailAnswer:
    return MailAnswer(
        number=one.number, kind=one.kind, name=one.name, channel=one.channel, subject=one.subject,
        at=iso(one.at, zone), state=one.state, outcome=one.outcome, attempts=one.attempts,
        reply=one.reply, message_id=one.message_id, text=text,
    )  # fmt: skip


def holder_answer(one: Holder, deputy: str) -> HolderAnswer:
    return HolderAnswer(
        person=one.person_id, name=one.name, unit=one.unit, role=one.role.value,
        mail=one.mail or "", mobile=one.mobile, from_on=one.from_on, until_on=one.until_on,
        bounced=one.bounced, deputy=deputy,
    )  # fmt: skip


def feed_answer(one: Feed, house: feeds.House) -> FeedAnswer:
    return FeedAnswer(id=one.id, programme=one.programme, who=one.who, unit=one.unit,
                      address=feeds.address(house, one))  # fmt: skip


# -- what a person settles -----------------------------------------------------------------------


def reading_answer(one: Entry) -> ReadingAnswer:
    decision = one.decision
    return ReadingAnswer(
        id=one.reading.id,
        clause=one.reading.clause,
        question=one.reading.question,
        open=one.open,
        holds=one.holds,
        decided_by="" if decision is None else decision.person,
        because=one.reading.because if decision is None else decision.reason,
        choices=[
            ChoiceAnswer(
                id=choice.id,
                says=choice.says,
                holds=choice.id == one.holds,
                score=amount(choice.score),
                difference=amount(choice.difference),
                executable=choice.executable,
            )
            for choice in one.choices
        ],
    )


def readings_answer(board: Board, register: Sequence[Entry], span: Span) -> ReadingsAnswer:
    return ReadingsAnswer(
        programme=about(board.programme, board.version),
        as_of=iso(board.as_of, board.programme.tz),
        open=span.open,
        score=amount(span.score),
        low=amount(span.low),
        high=amount(span.high),
        readings=[reading_answer(one) for one in register],
    )


def signoff_answer(one: Signoff, zone: ZoneInfo) -> SignoffAnswer:
    return SignoffAnswer(
        number=one.number,
        as_of=iso(one.as_of, zone),
        known_at=iso(one.known_at, zone),
        signed_at=iso(one.signed_at, zone),
        person=one.person,
        note=one.note,
        final=one.final,
        version=one.version,
        programme_hash=one.programme_hash,
        calendar=one.calendar,
        engine=one.engine,
        readings=dict(one.readings),
        score=amount(one.score),
        lost=amount(one.lost),
        worst_score=amount(one.worst_score),
        pending=one.pending,
        unknown=one.unknown,
        sha256=one.sha256,
        intact=one.intact,
    )


def since_answer(one: Signoff, since: Since, board: Board) -> SignoffSinceAnswer:
    zone = board.programme.tz
    return SignoffSinceAnswer(
        programme=about(board.programme, board.version),
        signoff=signoff_answer(one, zone),
        known_at=iso(board.known_at, zone),
        recorded=[fact.id for fact in since.recorded],
        facts=comparison_answer(since.facts, board.programme),
        whole=comparison_answer(since.whole, board.programme),
        ledger=dict(one.ledger),
    )


def assign_answer(board: Board, priced: Priced, version: int | None) -> AssignAnswer:
    """`version` is the new one; None while nothing was saved."""
    return AssignAnswer(
        programme=about(board.programme, board.version),
        clause=priced.after.clause,
        units_before=list(priced.before.units),
        joins_before=priced.before.joins,
        units=list(priced.after.units),
        joins=priced.after.joins,
        now=comparison_answer(priced.price.now, board.programme),
        at_cut_off=comparison_answer(priced.price.later, board.programme),
        version=version,
    )

"""The audit's rows in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from tracker.services.audit import (
    CHARGED,
    Audit,
    Deduction,
    Happening,
    NoticeLine,
    Row,
    SlipLine,
    Sum,
)
from tracker.wording import Language, arithmetic, counting, notice_reason, text
from tracker.wording.forms import span

HOUR_CLOCK = "hours"
GAP = "gap"
RANK = ("contact", "deputy", "head", "leader")


@dataclass(frozen=True)
class Told:
    """The sentences of one row."""

    counted: str
    done: str
    delay: tuple[str, str]
    arithmetic: tuple[str, ...]
    history: tuple[str, ...]
    notices: tuple[str, ...]
    slips: tuple[str, ...]
    last: NoticeLine | None


@dataclass(frozen=True)
class Words:
    audit: Audit
    language: Language

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.audit.zone)

    def say(self, key: str, **values: Any) -> str:
        return text(f"audit.{key}", values, language=self.language, zone=self.zone)

    def verdict(self) -> str:
        totals = self.audit.totals
        if not totals.late:
            return self.say("none")
        key = "verdict"
        if not totals.finished:
            key = "verdict_all_open"
        elif not totals.unfinished:
            key = "verdict_all_done"
        return self.say(key, n=totals.late, lost=totals.lost, open=totals.unfinished,
                        done=totals.finished)  # fmt: skip

    def scope(self) -> Iterator[str]:
        audit, totals = self.audit, self.audit.totals
        yield self.say("scope", first=audit.first.isoformat(), last=audit.last.isoformat(),
                       as_of=audit.as_of)  # fmt: skip
        if audit.known_at != audit.as_of:
            yield self.say("known", known_at=audit.known_at)
        if totals.other_lost:
            yield self.say("other", other=totals.other_lost, whole=totals.programme_lost)

    def chain(self) -> str:
        chain = self.audit.chain
        if chain is None:
            return self.say("proof_chain_none")
        told = self.say("proof_chain_ok" if chain.ok else "proof_chain_bad",
                        count=chain.count, head=chain.head)  # fmt: skip
        if chain.unsealed:
            told += self.say("proof_chain_unsealed", unsealed=chain.unsealed)
        return told

    # -- one row -----------------------------------------------------------------------------

    def told(self, row: Row) -> Told:
        deadline = row.counted
        return Told(
            counted=counting(deadline, self.language),
            done=self.say("state_gap" if row.kind == GAP else f"state_{row.state}"),
            delay=self.delay(row),
            arithmetic=tuple(self.arithmetic(row)),
            history=tuple(self.happened(one) for one in row.history),
            notices=tuple(self.notified(row)),
            slips=tuple(map(self.slip, row.slips)),
            last=_last(row.notices),
        )

    def delay(self, row: Row) -> tuple[str, str]:
        """Calendar and working days; a case by its own hours; a pause that is over has none."""
        if row.kind == GAP or not row.late:
            return "—", "—"
        if row.counted is not None and row.counted.kind == HOUR_CLOCK:
            return span(row.late, self.language), "—"
        return str(row.days), str(row.workdays)

    def arithmetic(self, row: Row) -> Iterator[str]:
        for one in row.deductions:
            if one.points or not row.why_free:
                yield self.deduction(one)
        if row.why_free:
            yield self.say("free", why=self.why(row))

    def deduction(self, one: Deduction) -> str:
        told = arithmetic(one.steps, self.language, self.zone)
        notes = [self.say("provisional")] if one.status.value == "provisional" else []
        notes += [self.say("shared", owed=one.obligation)] if one.shared else []
        return self.say("comma").join([told, *notes])

    def why(self, row: Row) -> str:
        return self.say(f"why_{row.why_free}") if row.why_free else ""

    def happened(self, one: Happening) -> str:
        until = self.say("happened_until", until=one.until) if one.until is not None else ""
        reason = self.say("happened_reason", reason=one.reason) if one.reason else ""
        files = self.say("happened_files", n=len(one.files)) if one.files else ""
        return self.say("happened", at=one.at, what=self.say(f"kind_{one.kind}"), until=until,
                        reason=reason) + files  # fmt: skip

    def slip(self, one: SlipLine) -> str:
        key = "slip_void" if one.void_reason else "slip"
        return self.say(key, number=one.number, at=one.made_at, reason=one.void_reason)

    def files(self, one: Happening) -> str:
        """The evidence of a report, with the beginning of each file's hash."""
        return self.say("separator").join(f"{file.name} {file.sha256[:16]}" for file in one.files)

    def sum_name(self, one: Sum) -> str:
        """What a sum is of; a reason stands as a key of the catalogue."""
        if one.name:
            return f"{one.id} {one.name}" if one.id and one.id[0].isdigit() else one.name
        return self.say("charged" if one.id == CHARGED else f"why_{one.id}")

    def outcome(self, notice: NoticeLine) -> str:
        state = self.say(f"notice_{notice.state}")
        return f"{state}（{self.reason(notice)}）" if notice.reason else state

    def reason(self, notice: NoticeLine) -> str:
        return notice_reason(notice.reason, self.language)

    def notified(self, row: Row) -> Iterator[str]:
        if not row.notices:
            yield self.say("told_none")
        else:
            counts = Counter(self.say(f"notice_{one.state}") for one in row.notices)
            states = self.say("comma").join(
                self.say("told_state", state=state, n=n) for state, n in counts.items()
            )
            yield self.say("told_counts", n=len(row.notices), states=states)
        climbed = self.climbed(row)
        if climbed is not None:
            role = text(f"role.{climbed.role}", language=self.language)
            yield self.say("told_climbed", role=role, at=climbed.nominal_at)
        if row.receipts:
            yield self.say("told_signed", at=row.receipts[-1])
        elif row.notices:
            yield self.say("told_unsigned")

    def climbed(self, row: Row) -> NoticeLine | None:
        """The first notice to the highest role beyond the contact."""
        above = [one for one in row.notices if one.role in RANK[2:]]
        if not above:
            return None
        highest = max(RANK.index(one.role) for one in above)
        return next(one for one in above if one.role == RANK[highest])


def _last(notices: Sequence[NoticeLine]) -> NoticeLine | None:
    """The last letter that can be proved by its number, else the last notice."""
    numbered = [one for one in notices if one.message_id]
    return next(iter([*numbered[-1:], *notices[-1:]]), None)

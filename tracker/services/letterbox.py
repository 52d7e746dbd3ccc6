"""A claimed dispatch becomes a letter: looked at again, written with today's figures, frozen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Protocol
from urllib.parse import urlencode

from jinja2 import Environment
from sqlmodel import Session

from notifiers import calendar
from notifiers.message import Address, Attachment, Message, message_id, one_line
from notifiers.mime import build
from notifiers.notes import Note, frozen
from schedules.deadlines import closes_at, local_day
from tracker.domain import facts as f
from tracker.domain.dispatches import (
    AcceptedLine,
    Links,
    ReminderLine,
    ReminderMail,
    ReviewLine,
    Waiting,
    Why,
    by_cost,
    leading,
)
from tracker.domain.points import ZERO
from tracker.domain.policy import LINE, RANKS, sent_as
from tracker.domain.programme import Programme
from tracker.domain.reminders import lapsed, next_step, review_deadline
from tracker.domain.silences import Silence, over
from tracker.domain.turns import View
from tracker.domain.verdicts import NoticeKind, kind_of, review_of, waiting_for
from tracker.services import links, outbox, planning, silences, slips, subscriptions
from tracker.services.briefs import render_brief
from tracker.services.claims import (
    Addressee,
    Claim,
    Draft,
    HeldNotice,
    addressees,
    keep_letters,
    keep_notices,
    notices_of,
)
from tracker.services.datebook import Datebook
from tracker.services.directory import Directory, is_copy
from tracker.services.dispatching import hush
from tracker.services.fallback import way_of
from tracker.services.figures import Figures, figures
from tracker.services.links import Link, Purpose
from tracker.services.slips import Slip
from tracker.store.tables import (
    DispatchKind,
    DispatchRow,
    NoticeState,
)
from tracker.wording import Language, text

LINKS_LIVE = timedelta(days=14)

MOST_SLIPS = 10
"""Order slips in one mail; the others are on their page."""


class Letter(Protocol):
    """What a renderer makes of a mail's value."""

    @property
    def subject(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def html(self) -> str: ...


Render = Callable[[Language, ReminderMail], Letter]


@dataclass(frozen=True)
class Stationery:
    """What every letter needs beside its content."""

    sender: Address
    domain: str
    base_url: str
    secret: str
    render: Render
    language: Language = "zh"
    brief: Render = render_brief
    answers: bool = False
    """Whether the mailbox is read, so that an answer signs."""


@dataclass(frozen=True)
class Ready:
    """Bytes to send, the same at every attempt."""

    claim: Claim
    raw: bytes
    sender: str
    to: str
    message_id: str


def rendered_by(templates: Environment) -> Render:
    """Letters by our own templates."""
    from tracker.services.letters import render_reminder

    return lambda language, mail: render_reminder(templates, language, mail)


class Desk:
    """Where the letters of one batch are written; `suppressed` counts those not worth sending."""

    def __init__(
        self, session: Session, stationery: Stationery, now: datetime, as_of: datetime
    ) -> None:
        self._session = session
        self._stationery = stationery
        self._now = now
        self._as_of = as_of
        self._directory = Directory(session, now)
        # Not a method of ours: what holds us in turn would keep a batch of letters until the
        # collector comes by.
        self._view: Callable[[str], View] = cache(lambda slug: planning.view(session, slug))
        self._silences: dict[str, list[Silence]] = {}
        self._told_figures: dict[str, Figures] = {}
        self._people: dict[int, Addressee] = {}
        self._notices: dict[int, list[HeldNotice]] = {}
        self._frozen: list[Draft] = []
        self._datebook = Datebook(session, stationery.domain, now, self._view)
        self._expires: dict[str, datetime] = {}
        self.suppressed = 0

    def gather(self, rows: Sequence[Draft]) -> None:
        """Look up at once what the letters of all these need."""
        persons = {row.person_id for row in rows}
        self._people = addressees(self._session, persons)
        self._notices = {row.id: [] for row in rows}
        notices = notices_of(self._session, self._notices)
        for notice in notices:
            self._notices[notice.dispatch_id or 0].append(notice)
        self._directory.gather(
            (one.programme, one.unit, one.role, one.obligation_key) for one in notices
        )
        self._datebook.gather(persons, (one.obligation_id for one in notices))

    def keep(self) -> None:
        """What has become of the notices, and the letters that were frozen."""
        keep_notices(self._session, (one for mine in self._notices.values() for one in mine))
        keep_letters(self._session, self._frozen)

    def discard(self, row: Draft) -> None:
        """A letter that could not be written: its notices are as they were."""
        for notice in self._notices[row.id]:
            notice.restore()

    def ready(self, row: Draft, claimed: Claim) -> Ready | None:
        """None where nothing is left to say, or nobody to say it to; the rows tell which."""
        person = self._people.get(row.person_id)
        if row.kind is not DispatchKind.REMINDER:
            return self._as_issued(row, person, claimed)
        alive = self._worth_a_mail(self._still_meant(row))
        reached = _reaches(row, person)
        if alive and not reached:
            self._forget(alive, "no_address")
            alive = []
        if not alive or person is None:
            self._suppress(row, "lapsed" if reached else "no_address")
            return None
        if row.frozen_at is None:
            self._freeze(row, person, alive)
        assert row.raw is not None  # only erasing empties it, and then nobody is reached
        return Ready(claimed, row.raw, self._stationery.sender.mail, row.recipient, row.message_id)

    def _as_issued(self, row: Draft, person: Addressee | None, claimed: Claim) -> Ready | None:
        """A digest, or what the office is told, was written when it was issued; only its reader may
        be gone since. What another channel could not deliver is frozen for this one."""
        if person is None or not _reaches(row, person) or not row.text:
            self._suppress(row, "no_address")
            return None
        if row.frozen_at is None:
            self._freeze_digest(row, person)
        assert row.raw is not None
        return Ready(claimed, row.raw, self._stationery.sender.mail, row.recipient, row.message_id)

    # -- is it still true? -------------------------------------------------------------------------

    def _still_meant(self, row: Draft) -> list[HeldNotice]:
        """The notices that are to be sent; the others are given their reason."""
        mine = self._notices.get(row.id, ())
        leads = [one for one in mine if one.state is NoticeState.DISPATCHED]
        alive = [one for one in leads if self._is_meant(one, row)]
        led = {(one.programme, one.obligation_key) for one in alive}
        return alive + [
            one for one in mine
            if one.state is NoticeState.MERGED and (one.programme, one.obligation_key) not in led
            and self._stands_alone(one, row)
        ]  # fmt: skip

    def _stands_alone(self, notice: HeldNotice, row: Draft) -> bool:
        """A rung that a letter had merged into one that it does not carry any more."""
        notice.state, notice.reason = NoticeState.DISPATCHED, ""
        return self._is_meant(notice, row)

    def _is_meant(self, notice: HeldNotice, row: Draft) -> bool:
        reason = self._lapsed(notice)
        silence = self._silence(notice, row)
        if reason:
            notice.state, notice.reason = NoticeState.SUPPRESSED, reason
        elif silence is not None:
            hush(notice, silence)
        elif not self._is_for(notice, row.person_id):
            self._readdress(notice)
        else:
            return True
        return False

    def _worth_a_mail(self, alive: list[HeldNotice]) -> list[HeldNotice]:
        """None of them where only acceptances are left: those wait for another mail."""
        if any(kind_of(one.rung) is not NoticeKind.ACCEPTED for one in alive):
            return alive
        for notice in alive:
            notice.state, notice.dispatch_id, notice.send_at = NoticeState.WANTED, None, self._now
        return []

    def _lapsed(self, notice: HeldNotice) -> str:
        return lapsed(
            self._view(notice.programme), notice.obligation_key,
            rung=notice.rung, version=notice.deadline_version, role=notice.role, at=self._now,
        )  # fmt: skip

    def _silence(self, notice: HeldNotice, row: Draft) -> Silence | None:
        """What was said since it was planned. A mail that may have gone out already stays whole."""
        if row.frozen_at is not None:
            return None
        if notice.programme not in self._silences:
            found = silences.of_programme(self._session, notice.programme)
            self._silences[notice.programme] = found
        mine = self._silences[notice.programme]
        return over(mine, _waiting(notice), row.person_id, self._now) if mine else None

    def _is_for(self, notice: HeldNotice, person: int) -> bool:
        holders = self._directory.having(
            notice.programme, notice.unit, notice.role, notice.obligation_key
        )
        return any(who.person == person for who in holders)

    def _readdress(self, notice: HeldNotice) -> None:
        """The role has passed to somebody else: it goes to them, under the same key."""
        if is_copy(notice.key):
            notice.state, notice.reason = NoticeState.SUPPRESSED, "person_changed"
            return
        notice.state, notice.dispatch_id, notice.send_at = NoticeState.WANTED, None, self._now

    def _forget(self, notices: Iterable[HeldNotice], reason: str) -> None:
        for notice in notices:
            notice.state, notice.reason = NoticeState.NOBODY, reason

    def _suppress(self, row: Draft, reason: str) -> None:
        self.suppressed += 1
        keep_notices(self._session, self._notices[row.id])
        outbox.suppress(self._session, row, reason, self._now)

    # -- the letter --------------------------------------------------------------------------------

    def _freeze(self, row: Draft, person: Addressee, alive: Sequence[HeldNotice]) -> None:
        made_as = self._made_as(row, person)
        mail = self._mail(row, person, alive, made_as)
        orders = self._orders(alive)
        if orders:
            mail = replace(
                mail,
                slips=tuple(slip.number for slip in orders[:MOST_SLIPS]),
                more_slips=len(orders[MOST_SLIPS:]),
                sent_as=sent_as([slip.kind for slip in orders], matters=len(mail.lines)),
            )
        letter = self._rendered(row, person, mail)
        row.subject = one_line(letter.subject)
        if way_of(row).needs_address:
            enclosed = (*self._dates(row, mail), *map(_enclosed, orders[:MOST_SLIPS]))
            self._seal(row, person, made_as, letter, enclosed)
        else:
            self._note(row, person, made_as, letter, mail.home)

    def _freeze_digest(self, row: Draft, person: Addressee) -> None:
        made_as = self._made_as(row, person)
        if way_of(row).needs_address:
            self._seal(row, person, made_as, row, ())
        else:
            overview = f"{self._stationery.base_url}/p/{row.programme}/"
            self._note(row, person, made_as, row, overview)

    def _seal(
        self,
        row: Draft,
        person: Addressee,
        made_as: str,
        letter: Letter,
        enclosed: tuple[Attachment, ...],
    ) -> None:
        """The bytes hold all that a reminder says: its text is not kept beside them."""
        assert person.mail is not None
        thread = self._thread(row.programme, person)
        message = Message(
            message_id=made_as,
            sender=self._stationery.sender,
            to=Address(person.mail, one_line(person.name)),
            subject=row.subject,
            text=letter.text,
            html=letter.html,
            date=self._now,
            attachments=enclosed,
            in_reply_to=thread,
            references=(thread,),
            headers=self._ways_out(row, person),
        )
        row.raw = build(message)
        row.message_id, row.frozen_at, row.recipient = made_as, self._now, person.mail
        self._frozen.append(row)

    def _dates(self, row: Draft, mail: ReminderMail) -> tuple[Attachment, ...]:
        if not mail.attachment:
            return ()
        content = self._datebook.file(mail, row.person_id)
        return (Attachment(mail.attachment, calendar.CONTENT_TYPE, content),)

    def _ways_out(self, row: Draft, person: Addressee) -> tuple[tuple[str, str], ...]:
        """A digest can be left, a reminder cannot."""
        if row.kind is not DispatchKind.DIGEST:
            return ()
        stationery = self._stationery
        return subscriptions.headers(
            subscriptions.address(stationery.base_url, stationery.secret, person)
        )

    def _note(self, row: Draft, person: Addressee, made_as: str, letter: Letter, url: str) -> None:
        language = self._language(row, person)
        private = not way_of(row).public
        note = Note(
            id=made_as,
            person=one_line(person.name),
            subject=row.subject,
            text=letter.text,
            made_at=self._now.isoformat(),
            mail=(person.mail or "") if private else "",
            mobile=person.mobile,
            url=url,
            rest=text("channel.rest", language=language),
        )
        row.raw = frozen(note)
        row.message_id, row.frozen_at = made_as, self._now
        self._frozen.append(row)

    def written(self, row: Draft, person: Addressee, notices: Sequence[HeldNotice]) -> Letter:
        """How the mail would read with these notices; nothing is kept."""
        return self._rendered(
            row, person, self._mail(row, person, notices, self._made_as(row, person))
        )

    def _rendered(self, row: Draft, person: Addressee, mail: ReminderMail) -> Letter:
        render = self._stationery.brief if way_of(row).public else self._stationery.render
        return render(self._language(row, person), mail)

    def _made_as(self, row: Draft, person: Addressee) -> str:
        return message_id(row.key, person.salt, domain=self._stationery.domain)

    def _language(self, row: Draft, person: Addressee) -> Language:
        """The programme's, where it asks for one; else the reader's."""
        asked = self._view(row.programme).programme.policy.language
        return "en" if (asked or person.language) == "en" else "zh"

    def _thread(self, slug: str, person: Addressee) -> str:
        """What all mails to one person about one programme answer to."""
        domain = self._stationery.domain
        return message_id("thread", slug, str(person.id), person.salt, domain=domain)

    def _mail(
        self, row: Draft, person: Addressee, alive: Sequence[HeldNotice], made_as: str
    ) -> ReminderMail:
        rungs: dict[tuple[str, str], list[HeldNotice]] = {}
        leads = self._merged(alive)
        accepted = [one for one in leads if kind_of(one.rung) is NoticeKind.ACCEPTED]
        reviews = [one for one in leads if kind_of(one.rung) is NoticeKind.WAITING]
        for notice in (one for one in leads if one not in (*accepted, *reviews)):
            rungs.setdefault((notice.programme, notice.obligation_key), []).append(notice)
        for slug in {slug for slug, _ in rungs}:
            self._figures(slug).price(key for other, key in rungs if other == slug)
        written = [(self._line(slug, mine, person), mine) for (slug, _), mine in rungs.items()]
        written.sort(key=lambda one: by_cost(one[0]))
        first = written[0][1][0] if written else leads[0]
        told = self._figures(first.programme)
        programme = told.board.programme
        return ReminderMail(
            person=person.name,
            unit=_unit_of(alive, programme),
            programme=programme.title,
            version=told.board.version,
            zone=programme.tz,
            as_of=self._as_of,
            window=row.window,
            until=told.until,
            lines=tuple(line for line, _ in written),
            message_id=made_as,
            expires_at=self._expires_at(first.programme),
            instead=self._instead(row),
            answers=self._stationery.answers and way_of(row).needs_address,
            caught_up=len(alive) - len(leads),
            home=self._home(first, leads),
            attachment=self._enclosed(row, written),
            roles=tuple(sorted({one.role for one in alive}, key=lambda role: (RANKS[role], role))),
            accepted=tuple(
                told_of for one in accepted if (told_of := self._accepted(one)) is not None
            ),
            reviews=tuple(due for one in reviews if (due := self._review(one)) is not None),
            stands_in_for=self._directory.stands_in_for(
                row.person_id, sorted({(one.programme, one.unit, one.role) for one in alive})
            ),
        )

    def _review(self, notice: HeldNotice) -> ReviewLine | None:
        """None where the report is no longer what waits: it was looked at a moment ago."""
        told = self._figures(notice.programme)
        report = told.facts.get(waiting_for(notice.rung)[0])
        standing = told.standings.get(notice.obligation_key)
        deadline = review_deadline(self._view(notice.programme), notice.obligation_key, self._now)
        if report is None or standing is None or deadline is None:
            return None
        owed, programme = standing.obligation, told.board.programme
        late = told.board.context.calendar.workdays_between(
            deadline.on, local_day(self._as_of, programme.tz)
        )
        return ReviewLine(
            key=notice.obligation_key,
            programme=programme.title,
            clause=owed.clause,
            title=owed.title,
            unit=programme.unit_names.get(owed.unit, owed.unit),
            submitted_at=report.occurred_at,
            deadline=deadline,
            workdays_late=late if deadline.passed(self._as_of) else 0,
            why=(Why(notice.rung, notice.role, notice.nominal_at),),
            link=f"{self._stationery.base_url}/p/{notice.programme}/obligation"
            f"?{urlencode({'key': notice.obligation_key})}",
        )

    def _instead(self, row: Draft) -> str:
        if row.follows_id is None:
            return ""
        before = self._session.get(DispatchRow, row.follows_id)
        return "" if before is None else way_of(before).name

    def _accepted(self, notice: HeldNotice) -> AcceptedLine | None:
        told = self._figures(notice.programme)
        review = told.facts.get(review_of(notice.rung))
        report = told.facts.get(review.report) if isinstance(review, f.Review) else None
        standing = told.standings.get(notice.obligation_key)
        if review is None or report is None or standing is None:
            return None
        owed, programme = standing.obligation, told.board.programme
        return AcceptedLine(
            notice.obligation_key, programme.title, owed.clause, owed.title,
            programme.unit_names.get(owed.unit, owed.unit), review.occurred_at, report.occurred_at,
        )  # fmt: skip

    def _home(self, first: HeldNotice, told: Sequence[HeldNotice]) -> str:
        """The page of the one unit that it is about; the overview where there are several, and what
        waits for review where nothing else is told."""
        home = f"{self._stationery.base_url}/p/{first.programme}/"
        if all(kind_of(notice.rung) is NoticeKind.WAITING for notice in told):
            return f"{home}reviews"
        units = {(notice.programme, notice.unit) for notice in told}
        return f"{home}units/{first.unit}" if len(units) == 1 else home

    def _enclosed(
        self, row: Draft, written: Sequence[tuple[ReminderLine, list[HeldNotice]]]
    ) -> str:
        """The name of the calendar file, where there is a date and a channel that takes files."""
        dated = any(line.due_at is not None for line, _ in written)
        return f"tracker-{row.window[:10]}.ics" if dated and way_of(row).needs_address else ""

    def _merged(self, alive: Sequence[HeldNotice]) -> list[HeldNotice]:
        """The last rung of each obligation; earlier ones that waited are merged into it."""
        told = {(one.programme, one.obligation_key, kind_of(one.rung)) for one in alive}
        if len(told) == len(alive):
            return sorted(alive, key=lambda one: (one.nominal_at, one.key))
        rows = {notice.key: notice for notice in alive}
        leads, taken_in = leading(_waiting(notice) for notice in alive)
        for key, rung in taken_in.items():
            rows[key].state, rows[key].reason = NoticeState.MERGED, rung
        return [rows[one.key] for one in leads]

    def _line(self, slug: str, mine: Sequence[HeldNotice], person: Addressee) -> ReminderLine:
        told = self._figures(slug)
        key = mine[0].obligation_key
        standing = told.standings[key]
        owed = standing.obligation
        saving = told.saving(key)
        role = max((notice.role for notice in mine), key=lambda role: RANKS[role])
        sent_back = told.returned(standing)
        climbs = next_step(self._view(slug), key, role=role, after=self._now)
        return ReminderLine(
            key=key,
            slug=slug,
            programme=told.board.programme.title,
            item=owed.item,
            clause=owed.clause,
            title=owed.title,
            unit=told.board.programme.unit_names.get(owed.unit, owed.unit),
            light=standing.light,
            deadline=owed.deadline,
            due_at=owed.due_at,
            original_due_at=None if owed.original is None else owed.original.due_at,
            days_late=standing.lateness.days,
            workdays_late=standing.lateness.workdays,
            returned=standing.returned,
            lost=told.lost(standing),
            keeps=ZERO if saving is None else saving.keeps,
            why=tuple(Why(one.rung, one.role, one.nominal_at) for one in mine),
            links=self._links(slug, key, person, links.offered_to(n.role for n in mine)),
            kind=owed.kind,
            occurrence=owed.occurrence,
            deadline_version=owed.version,
            elapsed_late=standing.lateness.elapsed,
            lost_if_nothing=ZERO if saving is None else saving.lost_if_nothing,
            next_at=None if climbs is None else climbs[0],
            next_role="" if climbs is None else climbs[1],
            returned_at=None if sent_back is None else sent_back.occurred_at,
            returned_because="" if sent_back is None else sent_back.reason,
        )

    def _figures(self, slug: str) -> Figures:
        if slug not in self._told_figures:
            self._told_figures[slug] = figures(self._session, slug, self._as_of)
        return self._told_figures[slug]

    def _links(self, slug: str, key: str, person: Addressee, purposes: Iterable[Purpose]) -> Links:
        base_url, secret = self._stationery.base_url, self._stationery.secret
        link = Link(
            Purpose.VIEW, person.id, slug, key, self._expires_at(slug), person.links_series or 0
        )
        made = links.make_each(secret, link, purposes)
        return Links(**{to.value: links.address(base_url, token) for to, token in made.items()})

    def _expires_at(self, slug: str) -> datetime:
        if slug not in self._expires:
            zone = self._view(slug).programme.tz
            self._expires[slug] = closes_at(local_day(self._as_of, zone) + LINKS_LIVE, zone)
        return self._expires[slug]

    def _orders(self, alive: Sequence[HeldNotice]) -> list[Slip]:
        """The order slips of those that are told by this mail."""
        stationery = self._stationery
        return slips.along(
            self._session,
            [one for one in alive if one.state is NoticeState.DISPATCHED],
            self._figures,
            office=stationery.sender.name or stationery.sender.mail,
            now=self._now,
            language=stationery.language,
        )


def _reaches(row: Draft, person: Addressee | None) -> bool:
    """Whether the dispatch's channel still reaches the person."""
    if person is None or person.erased_at is not None:
        return False
    return bool(person.mail) or not way_of(row).needs_address


def _unit_of(alive: Sequence[HeldNotice], programme: Programme) -> str:
    """The reader's unit; empty for who is told from beside it: who leads, who reviews, the
    office."""
    own = [one.unit for one in alive if one.role in LINE]
    return programme.unit_names.get(own[0], own[0]) if own else ""


def _enclosed(slip: Slip) -> Attachment:
    return Attachment(slip.filename, "application/pdf", slips.document(slip))


def _waiting(notice: HeldNotice) -> Waiting:
    return Waiting(
        notice.key, notice.programme, notice.obligation_key, notice.unit, notice.role,
        notice.rung, notice.nominal_at, notice.send_at,
    )  # fmt: skip

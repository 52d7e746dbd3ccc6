"""Letters: values to subject, text and HTML, through the templates of their kind.

What a sentence says is decided here, how it reads in the catalogues, how it looks in the templates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from jinja2 import Environment
from markupsafe import Markup

from schedules.deadlines import due_day, local_day
from tracker.domain.dispatches import (
    ABOVE,
    AcceptedLine,
    ReminderLine,
    ReminderMail,
    ReviewLine,
)
from tracker.domain.policy import LINE
from tracker.domain.verdicts import NoticeKind
from tracker.services import forms
from tracker.services.forms import Form
from tracker.store.memory import Memory
from tracker.wording import Language, counting, light_word, rung, text
from tracker.wording.forms import day, points, span, weekday
from tracker.wording.templating import words


@dataclass(frozen=True)
class Rendered:
    """A letter as it goes out. `subject` is one line; `text` says everything that `html` says."""

    subject: str
    text: str
    html: str


def rendered(environment: Environment, name: str, values: dict[str, Any]) -> Rendered:
    """The three templates `name.{subject,txt,html}.j2` with the same values."""
    values["t"] = words(values["language"], values["zone"])
    subject = environment.get_template(f"{name}.subject.j2").render(values)
    return written(environment, name, subject, values)


def written(environment: Environment, name: str, subject: str, values: dict[str, Any]) -> Rendered:
    """The templates `name.{txt,html}.j2` under a subject, whose words are `values["verdict"]`."""
    subject = one_line(subject)
    values |= {"verdict_parts": _clauses(values["verdict"]), "subject": subject}
    plain, html = (
        environment.get_template(f"{name}.{part}.j2").render(values) for part in ("txt", "html")
    )
    return Rendered(subject, _tidy(plain), html)


def one_line(subject: str) -> str:
    """Whatever a title had in it: a header never gets a second line."""
    return re.sub(r"\s+", " ", subject).strip()


def _clauses(verdict: str) -> list[str]:
    """The verdict between its commas, so that a narrow heading breaks there."""
    return re.findall(r"[^，；,;]+[，；]?(?:[,;] ?)?", verdict)


def _tidy(plain: str) -> str:
    lines = [line.rstrip() for line in plain.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


# -- the reminder --------------------------------------------------------------------------------


UNITS_NAMED = 3


@dataclass(frozen=True)
class _Entry:
    """A line of the mail with its sentences."""

    line: ReminderLine
    state: str
    heading: str
    price: str
    counted: str
    why: str
    returned: str


@dataclass(frozen=True)
class _Written:
    """An entry as both parts of a mail have it; `acts` are what its reader can do about it."""

    heading: str
    state: str
    html: Markup
    text: str
    acts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _ReviewEntry:
    """A report that waits for the reader, with its sentences."""

    line: ReviewLine
    state: str
    heading: str
    counted: str
    why: str


_FORMS = Memory(64)


def render_reminder(environment: Environment, language: Language, mail: ReminderMail) -> Rendered:
    """By the templates and in the words of the mail's kind."""
    if mail.stands_in_for:  # a name, which is kept nowhere: people can be erased
        return _reminder(environment, language, mail)
    key = (environment, language, forms.alike(mail))
    known = cast(tuple[Form, Form, Form] | None, _FORMS.get(key))
    if known is None:
        letter = _reminder(environment, language, forms.with_blanks(mail))
        known = Form.of(letter.subject), Form.of(letter.text), Form.of(letter.html)
        _FORMS.put(key, known)
    subject, plain, html = known
    values = forms.of_reader(mail)
    return Rendered(
        one_line(subject.filled(values)), plain.filled(values),
        html.filled(forms.escaped(values, html)),
    )  # fmt: skip


def _reminder(environment: Environment, language: Language, mail: ReminderMail) -> Rendered:
    kind = mail.kind
    told = words_of(mail, language)
    entries = [_written(environment, told, line) for line in mail.lines]
    subject = told.subject()
    values = {
        "language": language,
        "zone": mail.zone,
        "mail": mail,
        "subject": subject,
        "preview": "；".join(f"{one.heading}，{one.state}" for one in entries[:3]),
        "verdict": told.verdict(),
        "addressed": told.addressed(),
        "entries": entries,
        "reviews": [told.review(line) for line in mail.reviews],
        "total": told.total(),
        "accepted": [told.accepted(line) for line in mail.accepted],
        "reasons": list(told.reasons()),
        "colophon": list(told.colophon()),
    }
    return rendered(environment, f"notices/{kind.value}", values)


_TOLD = Memory(512)
"""A morning's mails say the same of an item to many units."""

_OF_THE_READER = {
    "key": "", "slug": "", "item": "", "programme": "", "unit": "", "links": None, "next_at": None,
    "next_role": "", "lost_if_nothing": 0,
}  # fmt: skip
"""Of a line: what its entry does not say, or says in its heading."""


def _written(environment: Environment, told: _Reminder, line: ReminderLine) -> _Written:
    heading, mail = told.heading(line), told.mail
    said = (vars(line) | _OF_THE_READER).values()
    key = (environment, type(told), told.language, mail.zone.key, mail.until, heading, *said)
    known = cast(_Written | None, _TOLD.get(key))
    if known is None:
        known = _write(environment, told.entry(line), told.language, mail.zone)
        _TOLD.put(key, known)
    return replace(known, acts=line.acts)


def _write(environment: Environment, entry: _Entry, language: Language, zone: ZoneInfo) -> _Written:
    values = {"entry": entry, "language": language, "zone": zone, "t": words(language, zone)}
    html, plain = (
        environment.get_template(f"notices/_entry.{part}.j2").render(values)
        for part in ("html", "txt")
    )
    return _Written(entry.heading, entry.state, Markup(html), plain.rstrip("\n"))


def words_of(mail: ReminderMail, language: Language) -> _Reminder:
    """The sentences of the mail's kind."""
    kinds = {NoticeKind.RETURNED: _Returned}
    return kinds.get(mail.kind, _Reminder)(mail, language)


@dataclass(frozen=True)
class _Reminder:
    mail: ReminderMail
    language: Language

    def say(self, key: str, **values: Any) -> str:
        return text(f"reminder.{key}", values, language=self.language, zone=self.mail.zone)

    def listed(self, parts: Iterator[str] | Sequence[str]) -> str:
        return self.say("listed").join(parts)

    # -- what it is about --------------------------------------------------------------------

    def subject(self) -> str:
        matters = self.say("joined").join(
            [*self._ahead(), *self._late(), *self._sent_back(), *self._reviews()]
        )
        return self.say(f"subject_{self.mail.sent_as.value}", matters=matters)

    def _sent_back(self) -> Iterator[str]:
        n = sum(line.sent_back for line in self.mail.lines)
        if n:
            yield self.say("sent_back", n=n)

    def _reviews(self) -> Iterator[str]:
        waiting = self.mail.reviews
        if not waiting:
            return
        yield self.say("reviews", n=len(waiting))
        late = max(line.workdays_late for line in waiting)
        if late:
            n = sum(line.workdays_late > 0 for line in waiting)
            yield self.say("reviews_late", n=n, span=self.say("workdays", n=late))

    def _ahead(self) -> Iterator[str]:
        dated = [line for line in self.mail.ahead if line.due_at is not None]
        undated = len(self.mail.ahead) - len(dated)
        if dated:
            days = sorted({due_day(line.due_at, self.mail.zone) for line in dated if line.due_at})
            alone = len(self.mail.lines) == 1
            key = "ahead_one" if alone else "ahead" if len(days) == 1 else "ahead_next"
            yield self.say(key, n=len(dated), on=self._on(days[0]), title=self.named(dated[0]))
        if undated:
            yield self.say("ahead_undated", n=undated)

    def _late(self) -> Iterator[str]:
        late = self.mail.late
        if not late:
            return
        worst = max(late, key=lambda line: line.elapsed_late)
        if all(line.ended for line in self.mail.lines):
            yield self.say("late_ended", n=len(late))
            return
        if len(self.mail.lines) == 1:
            yield self.say("late_one", title=self.named(worst), longest=self.delay(worst))
            return
        key = "late_same" if len(late) == 1 else "late_longest"
        yield self.say("late", n=len(late), longest=self.say(key, span=self.delay(worst)))

    def _on(self, on: date) -> str:
        return self.say("on", month=on.month, day=on.day)

    def delay(self, line: ReminderLine) -> str:
        """By the clock that the obligation runs on: hours of a case, else working days."""
        if line.deadline is not None and line.deadline.kind == "hours":
            return span(line.elapsed_late, self.language)
        if line.workdays_late:
            return self.say("workdays", n=line.workdays_late)
        return self.say("days", n=line.days_late)

    def verdict(self) -> str:
        mail, late = self.mail, len(self.mail.late)
        if not mail.lines:
            return self.say("verdict_reviews", told=self.say("joined").join(self._reviews()))
        review = self.say("verdict_to_review", n=len(mail.reviews)) if mail.reviews else ""
        if all(line.ended for line in mail.lines):
            return self.say("verdict_ended", n=late, review=review)
        keeps = self._keeps()
        key = "verdict_late"
        if late == len(mail.lines):
            key = "verdict_one_late" if late == 1 else "verdict_all_late"
        told = (self.say(key, n=late) if late else "") + review
        return self.say("verdict", n=len(mail.lines), keeps=keeps, late=told)

    def _keeps(self) -> str:
        mail = self.mail
        if mail.keeps <= 0:
            return ""
        by = by_when(mail.until, mail.as_of, mail.zone, self.language)
        return self.say("verdict_keeps", until=by, n=mail.keeps)

    def addressed(self) -> str:
        if not self.mail.unit:
            return self.say("addressed_beside", person=self.mail.person, roles=self.roles())
        key = "addressed_roles" if self.mail.roles else "addressed"
        return self.say(key, unit=self.units(), person=self.mail.person, roles=self.roles())

    def units(self) -> str:
        """Whose matters these are: a leader hears of several units in one mail."""
        owing = self._owing()
        if len(owing) < 2 or not self.mail.unit:
            return self.mail.unit
        if len(owing) <= UNITS_NAMED:
            return self.listed(owing)
        return self.say("units_more", first=owing[0], n=len(owing))

    def _owing(self) -> list[str]:
        return list(dict.fromkeys(line.unit for line in self.mail.lines))

    def roles(self) -> str:
        told = self.listed([text(f"role.{role}", language=self.language)
                            for role in self.mail.roles])  # fmt: skip
        if not self.mail.stands_in_for:
            return told
        return self.say("roles_instead", roles=told, names=self.listed(self.mail.stands_in_for))

    # -- one line ----------------------------------------------------------------------------

    def entry(self, line: ReminderLine) -> _Entry:
        """Its heading, the mail's instants and language, and the line decide what it says."""
        return _Entry(
            line=line,
            state=self.state(line),
            heading=self.heading(line),
            price=self.price(line),
            counted=counting(line.deadline, self.language),
            why=self.say("why", rungs=self.why(line)),
            returned=self.returned(line),
        )

    def review(self, line: ReviewLine) -> _ReviewEntry:
        late = line.workdays_late
        key = "review_late" if late else "review_due"
        heading = self.say("heading_unit", clause=line.clause, title=line.title, unit=line.unit)
        if line.programme != self.mail.programme:
            heading = self.say("heading_programme", programme=line.programme, heading=heading)
        state = self.say(
            key, submitted=line.submitted_at, due=line.deadline.due_at,
            span=self.say("workdays", n=late),
        )  # fmt: skip
        counted = counting(line.deadline, self.language)
        return _ReviewEntry(line, state, heading, counted, self.say("why", rungs=self.why(line)))

    def returned(self, line: ReminderLine) -> str:
        """When and why the report was sent back; empty where it was not."""
        if line.returned_at is None:
            return ""
        return self.say("returned_because", at=line.returned_at, reason=line.returned_because)

    def accepted(self, line: AcceptedLine) -> str:
        title = self.say("heading_unit", clause=line.clause, title=line.title, unit=line.unit)
        if line.programme != self.mail.programme:
            title = self.say("heading_programme", programme=line.programme, heading=title)
        return self.say(
            "accepted_line", title=title, at=line.accepted_at, submitted=line.submitted_at
        )

    def named(self, line: ReminderLine) -> str:
        """The title as it stands; its clause's number comes first where it has no own."""
        return self.say("heading", clause=line.clause, title=line.title)

    def heading(self, line: ReminderLine) -> str:
        alone = {line.unit, self.mail.unit, *self._owing()} == {self.mail.unit}
        key = "heading" if alone else "heading_unit"
        heading = self.say(key, clause=line.clause, title=line.title, unit=line.unit)
        if line.programme == self.mail.programme:
            return heading
        return self.say("heading_programme", programme=line.programme, heading=heading)

    def state(self, line: ReminderLine) -> str:
        word = light_word(line.light, self.language)
        returned = self.say("returned") if line.returned else ""
        if line.due_at is None:
            return self.say("undated", word=word) + returned
        if not line.late:
            return self.say("ends", word=word, due=line.due_at) + returned
        return self.say("ended", word=word, due=line.due_at, span=self.delay(line)) + returned

    def price(self, line: ReminderLine) -> str:
        parts = [name for name in ("lost", "keeps") if getattr(line, name) > 0]
        key = "_".join(["price", *(parts or ["none"])])
        price = self.say(key, lost=line.lost, keeps=line.keeps, until=self.mail.until)
        return (
            self.say("sentences", first=price, then=self.say("price_ended"))
            if line.ended
            else price
        )

    def why(self, line: ReminderLine | ReviewLine) -> str:
        return self.listed(
            [
                self.say("why_rung", rung=rung(why.rung, self.language),
                         role=text(f"role.{why.role}", language=self.language))
                for why in line.why
            ]
        )  # fmt: skip

    # -- the end -----------------------------------------------------------------------------

    def total(self) -> str:
        """The sum over the lines; empty where one line has said it all."""
        kept = [line.keeps for line in self.mail.lines if line.keeps > 0]
        if len(self.mail.lines) < 2:
            return ""
        key = "total_sum" if len(kept) > 1 else "total_plain" if kept else "total_lost"
        parts = " + ".join(points(keeps) for keeps in kept)
        return self.say(key, lost=self.mail.lost, keeps=self.mail.keeps, parts=parts)

    def instead(self) -> str:
        return self.say("instead", channel=text(f"channel.{self.mail.instead}",
                                                language=self.language))  # fmt: skip

    def reasons(self) -> Iterator[str]:
        key = "why_roles" if self.mail.roles else "why_plain"
        if self.mail.instead:
            yield self.instead()
        if not self.mail.unit:
            key = "why_beside"
        yield self.say(key, unit=self.units(), roles=self.roles())
        if self.mail.caught_up:
            yield self.say("caught_up", n=self.mail.caught_up)
        line = self.mail.next_line
        if line is not None:
            role = text(f"role.{line.next_role}", language=self.language)
            key = "repeats" if line.next_role in self.mail.roles else "escalates"
            yield self.say(key, title=self.named(line), at=line.next_at, role=role)

    def colophon(self) -> Iterator[str]:
        yield self.say("number", id=self.mail.message_id)
        if self.mail.attachment:
            yield self.say("attachment", name=self.mail.attachment)
        if self.mail.slips:
            more = self.mail.more_slips
            key = "slips_more" if more else "slips"
            yield self.say(key, numbers=self.listed(self.mail.slips), n=more)
        answering = [role for role in self.mail.roles if role in LINE]
        if self.mail.answers and answering:
            looks = all(role in ABOVE for role in answering)
            yield self.say("answers_above" if looks else "answers")
        yield self.say("version", version=self.mail.version, as_of=self.mail.as_of)


class _Returned(_Reminder):
    """A mail about nothing but reports that were sent back."""

    def tell(self, key: str, **values: Any) -> str:
        return text(f"returned.{key}", values, language=self.language, zone=self.mail.zone)

    def subject(self) -> str:
        lines = self.mail.lines
        key = "subject_one" if len(lines) == 1 else "subject"
        return self.tell(key, n=len(lines), title=self.named(lines[0]))

    def verdict(self) -> str:
        return self.tell("verdict", n=len(self.mail.lines), keeps=self._keeps())

    def reasons(self) -> Iterator[str]:
        yield self.tell("why", unit=self.units(), roles=self.roles())
        yield from list(super().reasons())[1:]


def by_when(until: datetime, as_of: datetime, zone: ZoneInfo, language: Language) -> str:
    """周五 where that is clear within the week, else with its date."""
    last, today = due_day(until, zone), local_day(as_of, zone)
    name = weekday(last, language)
    if last.isocalendar()[:2] == today.isocalendar()[:2]:
        return name
    return f"{day(last)} {name}" if language == "zh" else f"{name} {day(last)}"

"""权限: who may do what to which programme, unit and obligation. The one place that says so.

An account has no rights of its own: they follow from the posts that its person holds today, the
same dated memberships by which people are told things, so that a handover moves both at once.

- 考核办 office, the clerk: everything in the programme, nothing about accounts;
- 联络员 contact and 副联络员 deputy: see their own units' obligations and report on them;
- 单位负责人 head: sees what the unit owes;
- 审核人 reviewer: sees and reviews what the own unit reviews, records findings there;
- 分管领导 leader: reads all of the programme and gives instructions (批示), nothing else;
- 审计 auditor: reads all of the programme and changes nothing;
- 管理员 administrator: accounts, roles and tokens, and no score.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

EVERY_UNIT = "*"
"""A membership for every unit of the programme: the coordinating office, a leader in charge."""


class Role(StrEnum):
    CONTACT = "contact"
    DEPUTY = "deputy"
    HEAD = "head"
    LEADER = "leader"
    REVIEWER = "reviewer"
    OFFICE = "office"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


TOLD = tuple(Role)[:6]
"""The roles that a list of contacts can give; the others only open doors, and accounts have them
from an administrator alone."""


class Act(StrEnum):
    """What somebody wants to do. `LOOK` is at the whole programme, `SEE` at one unit's matter."""

    ENTER = "enter"
    LOOK = "look"
    SEE = "see"
    REPORT = "report"
    REVIEW = "review"
    INSTRUCT = "instruct"
    RUN = "run"
    TEND = "tend"
    ADMINISTER = "administer"


@dataclass(frozen=True)
class Post:
    """任职: a role in a unit of a programme; no programme means all of them."""

    role: Role
    programme: str | None = None
    unit: str = EVERY_UNIT


@dataclass(frozen=True)
class About:
    """What an act is about: the unit that owes it, the units that review it."""

    programme: str | None = None
    unit: str = ""
    reviewers: frozenset[str] = frozenset()


_READERS = frozenset({Role.OFFICE, Role.LEADER, Role.AUDITOR})
_CLERK = frozenset({Role.OFFICE})

WHOLE: Mapping[Act, frozenset[Role]] = {
    Act.LOOK: _READERS,
    Act.SEE: _READERS,
    Act.REPORT: _CLERK,
    Act.REVIEW: _CLERK,
    Act.INSTRUCT: frozenset({Role.OFFICE, Role.LEADER}),
    Act.RUN: _CLERK,
    Act.TEND: frozenset({Role.OFFICE, Role.AUDITOR, Role.ADMINISTRATOR}),
    Act.ADMINISTER: frozenset({Role.ADMINISTRATOR}),
}
"""Who may do it to anything in the programme."""

OF_UNIT: Mapping[Act, frozenset[Role]] = {
    Act.SEE: frozenset({Role.CONTACT, Role.DEPUTY, Role.HEAD}),
    Act.REPORT: frozenset({Role.CONTACT, Role.DEPUTY}),
}
"""Who may do it to what the own unit owes."""

OF_REVIEWER: Mapping[Act, frozenset[Role]] = {
    Act.SEE: frozenset({Role.REVIEWER}),
    Act.REVIEW: frozenset({Role.REVIEWER}),
}
"""Who may do it to what the own unit reviews."""

NOBODY: frozenset[Role] = frozenset()


@dataclass(frozen=True)
class Who:
    """Somebody who asks. `by` is how facts and the trail name them; a token is worth no more than
    its `scopes` (None: all that its account may) and, where it names one, its own programme."""

    by: str
    posts: tuple[Post, ...]
    name: str = ""
    account: int | None = None
    scopes: frozenset[Act] | None = None
    only: str | None = None

    @property
    def owner(self) -> str:
        """Whose an answer is that is kept for a while."""
        return self.by if self.account is None else f"account:{self.account}"

    def may(self, act: Act, about: About) -> bool:
        if not self._within(act, about.programme) or self._outside(act, about):
            return False
        return act is Act.ENTER or any(_allows(post, act, about) for post in self.posts)

    def ever(self, act: Act, programme: str | None = None) -> bool:
        """Whether there can be anything in the programme that they may do it to."""
        if not self._within(act, programme):
            return False
        able = _able(act)
        return act is Act.ENTER or any(
            post.role in able and _covers(post, programme) for post in self.posts
        )

    def somewhere(self, act: Act) -> bool:
        """Whether there is any programme, or all of the house, in which they may do it."""
        scoped = self.scopes is None or act in self.scopes
        return scoped and (act is Act.ENTER or any(p.role in _able(act) for p in self.posts))

    def everywhere(self, act: Act) -> bool:
        """In every programme, those to come included."""
        return self.only is None and self.may(act, About())

    def units(self, act: Act, programme: str) -> tuple[str, ...]:
        """The units for which they may do it because they answer for them; `*` for all."""
        able = OF_UNIT.get(act, NOBODY)
        mine = (p.unit for p in self.posts if p.role in able and _covers(p, programme))
        return tuple(dict.fromkeys(mine))

    def _outside(self, act: Act, about: About) -> bool:
        """What is of no programme is of the house, and a token for one programme ends before it."""
        return self.only is not None and about.programme is None and act is not Act.ENTER

    def _within(self, act: Act, programme: str | None) -> bool:
        scoped = self.scopes is None or act in self.scopes
        return scoped and (self.only is None or programme in (None, self.only))


def _able(act: Act) -> frozenset[Role]:
    return WHOLE.get(act, NOBODY) | OF_UNIT.get(act, NOBODY) | OF_REVIEWER.get(act, NOBODY)


def _allows(post: Post, act: Act, about: About) -> bool:
    if not _covers(post, about.programme):
        return False
    if post.role in WHOLE.get(act, NOBODY):
        return True
    if post.role in OF_UNIT.get(act, NOBODY):
        return post.unit in (about.unit, EVERY_UNIT) and bool(about.unit)
    if post.role in OF_REVIEWER.get(act, NOBODY):
        return bool(about.reviewers) and (post.unit == EVERY_UNIT or post.unit in about.reviewers)
    return False


def _covers(post: Post, programme: str | None) -> bool:
    """A post in one programme covers nothing outside of it: no other, and nothing of the house."""
    return post.programme is None or post.programme == programme

"""A draft in words: what was read, what a person has to settle, what each choice costs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from tracker.definitions.drafting.issues import Revision
from tracker.definitions.drafting.prices import Price
from tracker.definitions.drafting.summary import Summary
from tracker.definitions.openpoints import OpenPoint
from tracker.wording.catalogue import catalogue, text
from tracker.wording.forms import Language

MOST_KINDS = 8


class DraftWords:
    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, key: str, **values: Any) -> str:
        return text(f"draft.{key}", values, language=self.language)

    # -- the summary --------------------------------------------------------------------------

    def summary(self, told: Summary) -> Iterator[str]:
        """One line for each thing that a clerk checks first."""
        yield self("head", title=told.title, year=told.year, points=told.points)
        sums = "sections_off" if told.off else "sections_part" if told.unvalued else "sections_ok"
        yield self(sums, n=told.sections, points=told.points, off=told.off, without=told.unvalued)
        beside = self("beside", n=told.beside) if told.beside else ""
        yield self("items", items=told.items, rows=told.rows, beside=beside)
        groups = self("groups", n=told.groups) if told.groups else ""
        yield self("units", owing=told.owing, leading=told.leading, reviewing=told.reviewing,
                   groups=groups)  # fmt: skip
        external = self("external", n=told.external) if told.external else ""
        yield self("days", duties=told.duties, on=told.dated, recurring=told.recurring,
                   clocks=told.clocks, external=external)  # fmt: skip
        yield self("clauses", clauses=told.clauses, rules=told.rules, kinds=self.kinds(told.kinds))
        if told.targets_given or told.targets_open:
            yield self("targets", given=told.targets_given, open=told.targets_open)
        if told.unused:
            yield self("unused", names=self.joined(told.unused))
        if told.absent:
            yield self("absent", names=self.joined(told.absent))

    def kinds(self, kinds: dict[str, int]) -> str:
        """The commonest by name, the rest as a number."""
        told = [(self(f"kind_{kind}"), n) for kind, n in kinds.items()]
        rest = sum(n for _, n in told[MOST_KINDS:])
        more = [(self("kind_rest"), rest)] if rest else []
        return self.joined(self("times", name=name, n=n) for name, n in told[:MOST_KINDS] + more)

    def whys(self, points: Iterable[OpenPoint]) -> str:
        counted = Counter(point.why for point in points)
        return self.joined(
            self("times", name=self(f"why_{why}"), n=n) for why, n in counted.items()
        )

    def joined(self, parts: Iterable[str]) -> str:
        return self("joined").join(parts)

    # -- one point ----------------------------------------------------------------------------

    def where(self, place: str) -> str:
        """ "table 1 row 32 cell 4" as people say it; any other place as it is."""
        parts = re.findall(r"(table|row|cell|paragraph|sheet|line|at) (\S+)", place)
        if not parts or " ".join(f"{name} {n}" for name, n in parts) != place:
            return place
        said = [self(f"place_{name}", n=n) for name, n in parts]
        return " ".join(said)

    def question(self, point: OpenPoint) -> str:
        units = any(one.id == "no_more" for one in point.choices)
        asked = self.said(point.question)
        return self("asked_units" if units else f"asked_{point.why}", question=asked)

    def choice(self, name: str, says: str) -> str:
        return self(f"choice_{name}", says=says) if name in _CHOICES else self.said(says)

    def said(self, words: str) -> str:
        """What a reading asks or offers, as it is drafted, in the reader's language; words of the
        document's own stay as they are."""
        if both := _BOTH.fullmatch(words):
            return both[1 if self.language == "zh" else 2]
        if self.language == "zh":
            return words
        others, decided, end = words.partition(_DECIDED)
        if decided and not end:
            parts = "; ".join(self.said(one) for one in others.split("；"))
            return self("said_decided", others=parts)
        if edge := _EDGE.fullmatch(words):
            return self("edge_before" if edge[2] == "前" else "edge_behind", n=edge[1])
        if listed := _LISTED.fullmatch(words):
            clauses = listed[2].replace("、", ", ")
            return f"{self.said(listed[1])} ({clauses})"
        key = _said().get(words)
        return words if key is None else text(key, {}, language=self.language)

    def price(self, price: Price) -> str:
        if price.lost is None or price.most is None:
            return self("price_unknown")
        if price.lost == price.most:
            if price.lost == 0:
                return self("price_none")
            won = price.lost < 0
            return (
                self("price_won", won=-price.lost) if won else self("price_lost", lost=price.lost)
            )
        return self("price_range", low=price.lost, high=price.most)

    # -- the next issue -----------------------------------------------------------------------

    def revision(self, one: Revision) -> str:
        """One line; both texts of a reworded clause are the caller's to show."""
        head = {"change": self(f"change_{one.change}"), "what": self(f"what_{one.what}"),
                "name": one.new or one.old}  # fmt: skip
        if one.change in ("added", "gone"):
            return self("revision_whole", title=one.title, **head)
        if one.change == "reworded":
            return self("revision_text", meaning=self(f"meaning_{one.meaning}"), **head)
        before, after = self._short(one.before), self._short(one.after)
        return self(
            "revision", field=self(f"field_{one.field}"), before=before, after=after, **head
        )

    def revisions(self, found: Sequence[Revision]) -> str:
        if not found:
            return self("revisions_none")
        counted = Counter(self(f"change_{one.change}") for one in found)
        kinds = self.joined(self("times", name=name, n=n) for name, n in counted.items())
        return self("revisions", n=len(found), kinds=kinds)

    def _short(self, value: object) -> str:
        if value in (None, "", []):
            return self("nothing")
        said = self.joined(map(str, value)) if isinstance(value, list) else str(value)
        return " ".join(said.split())


_BOTH = re.compile(r"([^/]*[\u4e00-\u9fa5][^/]*?) / ([ -~]+)")
"""What we ask in both languages at once."""
_DECIDED = "：由考核方在分值内认定"
_EDGE = re.compile(r"(\d[\d.]*)[^\d归]{0,4}归([前后])一档")
_LISTED = re.compile(r"(.+)（\d+ 条：([^）]+)）")


@cache
def _said() -> dict[str, str]:
    """Keys by the words in which a draft says them."""
    return {words: key for key, words in catalogue("zh").items() if key.startswith("said.")}


_CHOICES = frozenset(
    ["as_read", "assessed", "tracked", "pending", "as_printed", "left_out", "as_drafted",
     "renumbered", "unassigned", "entered_later", "no_more", "sum", "shared", "none"]
)  # fmt: skip
"""Choices that a draft words in Chinese; the alternatives of readings are the document's own."""

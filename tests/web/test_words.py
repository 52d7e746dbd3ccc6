"""Whatever a page may have to say has words in both languages; no words are left over."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path
from typing import get_args

import pytest
from markupsafe import Markup

from tracker.domain import facts as f
from tracker.domain.errors import Misfit
from tracker.domain.obligations import Light
from tracker.domain.rules.base import Status
from tracker.store.tables import DispatchState, NoticeState
from tracker.web.filekinds import Fault
from tracker.wording import LANGUAGES, Language
from tracker.wording.catalogue import catalogue, text
from tracker.wording.templating import code, whole_dates

ROOT = Path(__file__).parents[2]
CODE = {path: path.read_text() for path in (ROOT / "tracker/web").glob("*.py")}
SOURCE = "".join(
    path.read_text()
    for path in chain((ROOT / "templates").rglob("*.j2"), (ROOT / "tracker").rglob("*.py"))
)

CHOSEN = {
    "pages.event_": [
        *(f"review_{name}" for name in ("accepted", "returned")),
        *(f"extension_{name}" for name in ("requested", "approved", "refused")),
        *(f"case_{name}" for name in get_args(f.CaseEvent.model_fields["event"].annotation)),
        "report", "withdrawal", "suspension", "waiver", "close_out", "receipt", "external_date",
        "target", "missed", "now",
    ],
    "pages.entry_": [status.value for status in Status],
    "pages.notice_": [state.value for state in (*NoticeState, *DispatchState)],
    "pages.light_": [
        "accepted", "waived", "closed_out", "no_date", "not_begun", "late", "waiting", "suspended",
        *(f"{kind}_{light}" for kind in ("pace", "share") for light in ("ok", "slow", "due")),
    ],
    "light.": [light.value for light in Light],
    "acts.wrong_": sorted(
        set(re.findall(r'"(?:\w+)": "(\w+)"', CODE[ROOT / "tracker/web/filing.py"]))
        | {misfit.value for misfit in Misfit}
        | {fault.value for fault in Fault}
    ),
    "errors.": [
        f"{kind}_{part}"
        for kind in ("no_page", "not_found", "method", "refused", "definition", "store", "internal",
                     "too_large", "too_often", "too_slow", "http",
                     *(f"unclear_{name}" for name in ("as_of", "day", "light", "form")),
                     *(f"forbidden_{name}"
                       for name in ("no_code", "origin", "token", "link", "role", "metrics")))
        for part in ("what", "why", "next")
    ],
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_chosen_by_its_kind_has_words(language: Language) -> None:
    known = catalogue(language)
    for area, kinds in CHOSEN.items():
        assert [kind for kind in kinds if area + kind not in known] == [], area
    assert len(CHOSEN["acts.wrong_"]) > 8


COUNTED = [
    *("facts.n_times", "facts.n_clauses", "facts.v_waiting", "account.admin_n", "calendar.off_n"),
    *("pages.settled_what", "pages.provisional_what", "pages.sum_of", "import.rows", "import.past"),
    *("web.programmes_n", "notices.mail_attempts", "digest.others", "settle.v_undivided"),
]


@pytest.mark.parametrize("key", COUNTED)
def test_one_thing_is_told_in_the_singular(key: str) -> None:
    one, two = (text(key, {"n": n}, language="en") for n in (1, 2))
    assert one.replace("1", "2") != two


def test_a_date_stays_in_one_piece_and_what_was_typed_stays_text() -> None:
    told = whole_dates("<b> by 10-22 24:00, or 2021-10-15T09:00; 1-2")
    kept = '<span class="keep">10-22 24:00</span>, or <span class="keep">2021-10-15T09:00</span>'
    assert told == Markup(f"&lt;b&gt; by {kept}; 1-2")
    assert code("costs `lose` & more") == Markup("costs <code>lose</code> &amp; more")


def test_no_words_of_the_pages_are_left_over() -> None:
    chosen = {area + kind for area, kinds in CHOSEN.items() for kind in kinds}
    begun = re.findall(r'"((?:web|pages|acts|work|year|calendar|admin)\.\w+_)" ~', SOURCE)
    unused = [
        key
        for key in catalogue("zh")
        if key.startswith(("web.", "pages.", "acts.", "errors.", "work.", "year.", "admin."))
        and key not in chosen
        and key not in SOURCE
        and not key.startswith(tuple(begun))
    ]
    assert unused == []

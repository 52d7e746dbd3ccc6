"""Properties of every score: bounds, sums, order of arrival, and that being later never helps."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.small import CONTEXT, History, a_programme, at, clause
from tracker.domain import facts as f
from tracker.domain.ledger import Ledger
from tracker.domain.points import units
from tracker.domain.scoring import score

PROGRAMME = a_programme(
    clause(
        id="1.1",
        points="1.5",
        duties=[
            {"kind": "milestone", "id": "s1", "on": "2021-06-30",
             "need": {"of": "projects", "share": "0.8"}},
            {"kind": "milestone", "id": "s2", "on": "2021-10-31", "need": {"of": "projects"}},
        ],
        rules=[
            {"kind": "per_missing", "duty": "s1", "each": "0.5"},
            {"kind": "per_missing", "duty": "s2", "each": "0.3", "judged": "now"},
        ],
    ),
    clause(
        id="1.2",
        points="0.3",
        duties=[
            {"kind": "case", "id": "closed", "case": "supervised",
             "within": {"n": 72, "unit": "hour"}}
        ],
        rules=[
            {"kind": "lateness", "duty": "closed", "base": "0.01",
             "every": {"n": 12, "unit": "hour"}, "each": "0.01", "cap": "0.3"}
        ],
    ),
    clause(
        id="1.3",
        points="2",
        duties=[{"kind": "milestone", "id": "done", "on": "2021-08-31"}],
        rules=[
            {"kind": "lateness", "duty": "done", "never": "all",
             "pieces": [{"until": 30, "rises_to": "50%"}, {"flat": "80%"}]}
        ],
    ),
    clause(
        id="1.4",
        points="1.2",
        duties=[{"kind": "recurring", "id": "monthly", "freq": "monthly"}],
        rules=[
            {"kind": "per_missing", "duty": "monthly", "each": "0.1"},
            {"kind": "per_incident", "finding": "sloppy", "each": "0.05"},
            {"kind": "bonus", "recognition": "praised", "award": "0.1", "cap": "0.3"},
        ],
    ),
    targets=[{"id": "projects", "name": "项目", "value": "9"}],
)  # fmt: skip

minutes = st.integers(min_value=0, max_value=365 * 24 * 60)


@st.composite
def histories(draw: st.DrawFn) -> History:
    history = History()
    start = at("2021-01-01")

    def when() -> str:
        instant = start + timedelta(minutes=draw(minutes))
        return instant.strftime("%Y-%m-%d %H:%M")

    for number in range(draw(st.integers(0, 3))):
        history.case(f"z{number}", when())
    for _ in range(draw(st.integers(0, 12))):
        what = draw(st.sampled_from(["count", "done", "month", "case", "finding", "praise"]))
        match what:
            case "count":
                report = history.report(when(), clause="1.1", count=draw(st.integers(0, 9)))
            case "done":
                report = history.report(when(), clause="1.3", duty="done")
            case "month":
                month = f"2021-{draw(st.integers(1, 12)):02d}"
                report = history.report(when(), clause="1.4", duty="monthly", occurrence=month)
            case "case":
                case = f"z{draw(st.integers(0, 2))}"
                report = history.report(when(), clause="1.2", duty="closed", occurrence=case)
            case "finding":
                history.add("finding", when(), finding="sloppy")
                continue
            case _:
                history.add("recognition", when(), recognition="praised")
                continue
        outcome = draw(st.sampled_from(["accept", "return", "wait"]))
        reviewed = when()
        if outcome == "accept":
            history.accept(report, reviewed)
        elif outcome == "return":
            history.sent_back(report, reviewed)
    return history


instants = st.sampled_from(
    ["2021-02-01", "2021-06-30 24:00", "2021-07-01", "2021-09-30", "2021-12-31 24:00", "2022-03-01"]
)


@given(history=histories(), as_of=instants)
def test_no_clause_leaves_its_points_and_the_item_stays_between_nothing_and_its_worth(
    history: History, as_of: str
) -> None:
    ledger = history.ledger(PROGRAMME, as_of, known="2023-01-01")
    for _, item, one in PROGRAMME.clauses.values():
        lost = -sum(entry.points for entry in ledger.of_clause(one.id))
        assert 0 <= lost <= units(one.points or item.points or 0)
    assert 0 <= ledger.score <= ledger.base_points


@given(history=histories(), as_of=instants)
def test_the_ledger_sums_to_its_score(history: History, as_of: str) -> None:
    ledger = history.ledger(PROGRAMME, as_of, known="2023-01-01")
    assert ledger.score == ledger.base_points + sum(entry.points for entry in ledger.entries)
    assert ledger.lost == ledger.settled_lost + ledger.provisional_lost
    assert ledger.worst_score <= ledger.score


@given(history=histories(), as_of=instants, shuffled=st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(
    history: History, as_of: str, shuffled: object
) -> None:
    straight = history.ledger(PROGRAMME, as_of, known="2023-01-01")
    shuffled.shuffle(history.facts)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert _same(straight, history.ledger(PROGRAMME, as_of, known="2023-01-01"))


def _same(one: Ledger, other: Ledger) -> bool:
    return (one.entries, one.standings) == (other.entries, other.standings)


@given(
    history=histories(),
    which=st.sampled_from([("1.1", ""), ("1.3", "done"), ("1.4", "monthly")]),
    first=minutes,
    second=minutes,
    count=st.integers(0, 9),
)
def test_with_all_other_facts_fixed_a_later_submission_never_scores_higher(
    history: History, which: tuple[str, str], first: int, second: int, count: int
) -> None:
    early, late = sorted((first, second))
    name, duty = which

    def scored(at_minute: int) -> int:
        instant = at("2021-01-01") + timedelta(minutes=at_minute)
        body: dict[str, object] = {
            "fact": "report", "id": "zz", "clause": name, "duty": duty, "unit": "env_branch",
            "occurred_at": instant, "recorded_at": at("2021-01-01"),
            "occurrence": "2021-05" if name == "1.4" else "",
        }  # fmt: skip
        body |= {"count": count} if name == "1.1" else {"done": True}
        review = {
            "fact": "review", "id": "zzr", "report": "zz", "outcome": "accepted",
            "occurred_at": at("2022-06-01"), "recorded_at": at("2021-01-01"),
        }  # fmt: skip
        others = [fact for fact in history.facts if not _about(fact, name)]
        facts = [*others, f.FACT.validate_python(body), f.FACT.validate_python(review)]
        instant_of_score = at("2022-07-01")
        return score(PROGRAMME, CONTEXT, facts, as_of=instant_of_score,
                     known_at=instant_of_score).score  # fmt: skip

    assert scored(late) <= scored(early)


@given(
    told=st.lists(st.tuples(minutes, st.integers(0, 10)), min_size=1, max_size=5),
    which=st.integers(0, 4),
    part=st.floats(0, 1),
    waits=st.booleans(),
)
def test_neither_does_a_total_that_is_handed_in_later_be_it_more_or_less_than_those_around_it(
    told: list[tuple[int, int]], which: int, part: float, waits: bool
) -> None:
    told.sort()
    which %= len(told)
    minute, count = told[which]
    until = told[which + 1][0] - 1 if which + 1 < len(told) else minute + 400 * 24 * 60
    later = [
        *told[:which],
        (minute + int(max(0, until - minute) * part), count),
        *told[which + 1 :],
    ]

    def scored(said: list[tuple[int, int]]) -> int:
        history = History()
        for number, (when, value) in enumerate(said):
            instant = at("2021-01-01") + timedelta(minutes=when)
            report = history.report(instant.strftime("%Y-%m-%d %H:%M"), clause="1.1", count=value)
            if not waits or number != which:
                history.accept(report, "2022-11-01")
        return history.ledger(PROGRAMME, "2022-12-01").score

    assert scored(later) <= scored(told)


def _about(fact: f.AnyFact, name: str) -> bool:
    return isinstance(fact, f.About) and fact.clause == name

"""Who owes a clause, on the command line: the price first; and who lost what, on the score."""

from __future__ import annotations

import pytest

from tests.builders import a_programme, clause, item
from tests.cli.conftest import Installation
from tracker.definitions import yamlform

AT = ("--as-of", "2021-10-04 08:00", "--known-at", "2021-10-04 08:00")


@pytest.fixture
def shared(tracker: Installation) -> Installation:
    """One clause that two units owe, due on 30 September."""
    both = item(due_on="2021-09-30", responsible=["housing", "env_branch"])
    path = tracker.write("shared.yaml", yamlform.dump(a_programme(both)))
    assert tracker("programme", "load", path).code == 0
    return tracker


def test_without_confirming_it_only_says_the_price(shared: Installation) -> None:
    before = shared.content()
    told = shared("assign", "1", "--units", "住建局", "--joins", "each")
    assert (told.code, "尚未保存" in told.text) == (0, True)
    assert "改后：县住房和城乡建设局  [each]" in told.text
    found = shared.valid("assign", "assign", "1", "--units", "housing")
    assert (found["units_before"], found["units"]) == (["housing", "env_branch"], ["housing"])
    assert found["version"] is None
    assert [one["id"] for one in found["now"]["units"]] == ["env_branch"]
    assert shared.content() == before


def test_confirmed_it_is_a_new_version(shared: Installation) -> None:
    told = shared("assign", "1", "--units", "住建局", "--confirm", "--reason", "分工会议")
    assert (told.code, "已成为方案第 2 版" in told.text) == (0, True)
    found = shared.valid("ledger", "score", *AT)
    assert [(one["unit"], one["alone"], one["joint"]) for one in found["unit_losses"]][:1] == [
        ("housing", "0.4", "0")
    ]


def test_what_cannot_be_assigned_is_refused(shared: Installation) -> None:
    before = shared.content()
    for words, says in (
        (("1", "--units", "县交通局"), "没有这个单位"),
        (("9", "--units", "住建局"), "没有这一计分句"),
        (("1", "--joins", "some"), "没有这种合并方式"),
        (("1", "--units", "住建局", "--confirm"), "理由"),
    ):
        told = shared("assign", *words)
        assert (told.code, says in told.error) == (1, True), words
    assert shared.content() == before


def test_the_score_says_who_leads_and_who_caused_it(shared: Installation) -> None:
    text = shared("score", *AT).text
    assert "按任务：牵头单位与致失单位" in text
    assert "生态分局 共同 0.40、住建局 共同 0.40" in text
    found = shared.valid("ledger", "score", *AT)
    [one] = found["item_losses"]
    assert (one["lead_units"], one["lost"]) == (["organisation"], "0.4")
    assert {cause["unit"]: cause["joint"] for cause in one["causes"]} == {
        "housing": "0.4", "env_branch": "0.4",
    }  # fmt: skip
    led = {one["unit"]: one["led"] for one in found["unit_losses"]}
    assert led["organisation"] == "0.4"


def test_the_score_tells_the_provisional_and_the_final_one(tracker: Installation) -> None:
    monthly = {"kind": "per_incident", "finding": "month_over", "each": "0.5"}
    annual = {"kind": "exemption", "rules": ["1"], "when": {"measure": "mean", "at_most": "35"}}
    programme = a_programme(item("1", clause("1", rules=[monthly]), clause("1.2", rules=[annual])))
    path = tracker.write("annual.yaml", yamlform.dump(programme))
    assert tracker("programme", "load", path).code == 0
    assert (
        tracker("facts", "add", "发现问题", "发现问题=month_over", "--at", "2021-08-31").code == 0
    )
    told = tracker("score", "--as-of", "2021-10-18")
    assert "追溯：不计追溯 4.50，现计 4.50，结果全部达到则 5.00" in told.text
    assert tracker("facts", "add", "监测", "指标=mean", "数值=34", "--at", "2022-01-05").code == 0
    told = tracker("score", "--as-of", "2022-01-10")
    assert "追溯：暂计 4.50，终局 5.00" in told.text
    assert "1#1：暂计 −0.50，终局 0.00（结果达到则 0.00）" in told.text
    found = tracker.valid("ledger", "score", "--as-of", "2022-01-10")["retroactive"]
    assert (found["provisional"], found["final"]) == ("4.5", True)
    assert [(one["rule"], one["applies"]) for one in found["rules"]] == [("1.2#1", True)]
    assert [(one["provisional"], one["standing"]) for one in found["entries"]] == [("-0.5", "0")]

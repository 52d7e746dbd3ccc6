"""What is wrong in a policy is said with its place; what is right comes back from its YAML."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.definitions.documents import SOUND, problems
from tracker.definitions import yamlform
from tracker.domain.policy import Policy, PolicyChange

PLACES = {
    "programme": ("sections:\n", "policy: {%s}\nsections:\n"),
    "section": ("    title: 板块\n", "    title: 板块\n    policy: {%s}\n"),
    "item": (
        "        title: 尾矿库整治\n        points",
        "        title: 尾矿库整治\n        policy: {%s}\n        points",
    ),
}


def with_policy(where: str, said: str) -> str:
    before, after = PLACES[where]
    return SOUND.replace(before, after % said, 1)


CASES = [
    ("programme", "head_from: -1", "须为范围内的整数，或写 never"),
    ("programme", "leader_from: sometimes", "须为范围内的整数，或写 never"),
    ("programme", "before: [3]", "“3”超出范围：≤ 0"),
    ("programme", "rungs: [{at: tomorrow}]", "“tomorrow”不是阶梯上的一档"),
    ("programme", "rungs: [{at: '-7', tells: [boss]}]", "“boss”不在可选值之内"),
    ("programme", "rungs: [{at: '-7'}, {at: '-7'}]", "阶梯上的“-7”写了两次"),
    ("programme", "opens: '18:00'", "发信时段 18:00 到 17:30，没有开的时候"),
    ("programme", "overdue_first: 5, overdue_last: 2", "为止，第一次却在第 5 个工作日"),
    ("programme", "channels: [mail, pigeon]", "“pigeon”不在可选值之内"),
    ("programme", "ends_on: someday", "须为日期，或写 cutoff"),
    ("programme", "urge_slip: boss", "“boss”不是一个角色，也不是阶梯上的一档"),
    ("section", "overdue_first: 5, overdue_last: 2", "为止，第一次却在第 5 个工作日"),
    ("item", "joins: {head: 3}", "“head”不在可选值之内"),
    ("item", "joins: {lead: 3}", "任务 20 没有牵头单位"),
    ("item", "opens: '09:00'", "不认识的键“opens”"),
]
LINES = {
    "programme": "第 10 行:",
    "section": "第 13 行，板块 1:",
    "item": "第 17 行，任务 20:",
}


@pytest.mark.parametrize(("where", "said", "complaint"), CASES, ids=[case[1] for case in CASES])
def test_what_is_wrong_is_said_with_its_place(where: str, said: str, complaint: str) -> None:
    [problem] = problems(with_policy(where, said))
    assert problem.startswith(f"list.yaml {LINES[where]}")
    assert complaint in problem


def test_a_policy_comes_back_from_its_yaml() -> None:
    text = with_policy(
        "programme",
        "before: [-14, -1], head_from: never, joins: {lead: 4}, days: daily, opens: '09:00', "
        "rungs: [{at: 50%, tells: [contact, deputy]}]",
    )
    before, after = PLACES["item"]
    text = text.replace(before, after % "receipt_silences: 0, review_within: never", 1)
    programme = yamlform.loads(text, "list.yaml")
    assert programme.policies["20.1"].review_within == "never"
    assert programme.policies["20.1"].joins == {"lead": 4}
    again = yamlform.loads(yamlform.dump(programme), "list.yaml")
    assert again == programme
    assert again.hash == programme.hash


def test_a_reading_that_changes_an_item_leaves_its_policy_alone() -> None:
    """A document with readings is rebuilt to see whether they hold."""
    said = "before: [-5]"
    programme = yamlform.loads(with_policy("section", said), "list.yaml")
    assert programme.policies["20.2"].before == (-5,)
    assert programme.policies["20.2"].overdue_every == 3


def test_the_documented_policy_is_one() -> None:
    page = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")
    body = yaml.safe_load(page.partition("```yaml")[2].partition("```")[0])
    policy = Policy.model_validate(body["policy"])
    assert policy.changed() is policy
    [section] = body["sections"]
    assert PolicyChange.model_validate(section["policy"]).leader_from == "never"
    [item] = section["items"]
    nearest = policy.changed(
        PolicyChange.model_validate(section["policy"]), PolicyChange.model_validate(item["policy"])
    )
    assert (nearest.before, nearest.leader_from) == ((-7, -1), "never")
    assert set(Policy.model_fields) <= set(body["policy"]), "every part of a policy is documented"

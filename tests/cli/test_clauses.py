"""`tracker clause`: one sentence, or many as JSON Lines; a wrong line leaves nothing half done."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from tests.cli.conftest import Installation
from tracker.cli import app
from tracker.cli.schemas import of

LATE = "每延后12小时加扣0.01分，扣完0.3分为止"


def piped(lines: str, *arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["clause", *arguments], input=lines)
    return done.exit_code, done.stdout, done.stderr


def test_one_sentence_is_answered_in_the_published_form(bare: Installation) -> None:
    answer = json.loads(bare("clause", LATE, "--year", "2021", "--json").text)
    Draft202012Validator(of("clause")).validate(answer)
    [rule] = answer["rules"]
    assert (rule["kind"], rule["deduct"], rule["cap"]) == ("lateness", "0.01", "0.3")
    assert (rule["step"], rule["span"]) == ({"n": "12", "unit": "hour"}, [0, 23])


def test_one_sentence_is_told_to_a_person(bare: Installation) -> None:
    told = bare("clause", "9月底前建成，每少一座扣0.5分，最多扣2分", "--year", "2024").text
    for part in ("per_missing", "-0.5", "1 item", "期限：2024-09-30"):
        assert part in told


def test_many_are_answered_one_a_line_in_their_order() -> None:
    texts = ["每少一次扣1分", "每月5日前报送", ""]
    lines = "".join(json.dumps({"text": one, "year": 2022}) + "\n" for one in texts)
    code, out, _ = piped(lines)
    assert code == 0
    answers = [json.loads(line) for line in out.splitlines()]
    assert [one["text"] for one in answers] == texts
    assert answers[1]["recurrences"][0]["first"] == "2022-01-05"


def test_an_answer_to_half_a_surrogate_pair_is_still_text() -> None:
    code, out, _ = piped('{"text": "\\ud800每次扣1分", "year": 2021}\n')
    assert (code, json.loads(out)["text"][1:]) == (0, "每次扣1分")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "第 2 行：JSON"),
        ("[]", "第 2 行：JSON: not an object"),
        ('{"text": "每次扣1分"}', "year"),
        ('{"text": "每次扣1分", "year": 2021, "zone": "Mars/Olympus"}', "zone"),
        ('{"text": 5, "year": 2021}', "text"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_answered(line: str, said: str) -> None:
    code, out, error = piped('{"text": "每次扣1分", "year": 2021}\n' + line + "\n")
    assert (code, out) == (1, "")
    assert said in error


def test_a_notice_on_days_off_moves_a_working_day() -> None:
    asked = {"text": "每月3个工作日内报送", "year": 2030}
    notice = {
        "year": 2030, "off_days": {"2030-01-01": "元旦", "2030-01-02": "元旦"}, "make_up_days": []
    }  # fmt: skip
    lines = "\n".join(json.dumps(one) for one in (asked, {**asked, "calendar": notice}))
    plain, moved = (json.loads(one) for one in piped(lines)[1].splitlines())
    assert plain["recurrences"][0]["first"] == "2030-01-03"
    assert moved["recurrences"][0]["first"] == "2030-01-07"

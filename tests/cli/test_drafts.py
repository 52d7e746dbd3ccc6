"""From an office's own table to a published programme: read, settle, load; then its next issue."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Installation
from tests.definitions.lists import written
from tests.definitions.lists.written import HEADINGS

FLOOD = (
    HEADINGS,
    ("一、组织领导（5分）", "<", "<", "<", "<", "<"),
    ("1", "修订防汛预案", "2", "未修订预案的扣1分。", "4月30日", "县水利局"),
    ("2", "责任人公布", "3", "5月底前公布名单，未公布的扣1分；附件第3号公式0.7分。", "5月31日",
     "县水利局\n县应急局"),
    ("二、值守响应（5分）", "<", "<", "<", "<", "<"),
    ("3", "汛期值班", "5", "发现脱岗的，每次扣0.5分，扣完为止。", "9月30日", "县水利局"),
)  # fmt: skip


def document(place: Installation, rows: written.Cells = FLOOD, name: str = "flood.docx") -> Path:
    return written.word(place.folder / name, rows, title="青溪县2023年防汛工作考核细则")


def changed(*changes: tuple[int, int, str]) -> written.Cells:
    rows = [list(row) for row in FLOOD]
    for at, column, text in changes:
        rows[at][column] = text
    return rows


def test_a_table_is_read_into_a_draft_with_a_report_that_fits_a_screen(bare: Installation) -> None:
    told = bare("programme", "read", document(bare), "-o", bare.folder / "draft.yaml")
    assert (told.code, told.error) == (0, "")
    summary, _, rest = told.text.partition("草稿写入")
    assert len(summary.splitlines()) < 24
    assert "青溪县2023年防汛工作考核细则（2023 年，10 分）" in summary
    assert "2 个，合计 10 分，各项相加相符" in summary
    assert "要人定 1 处" in summary
    assert "▸ unread-2-1 · 2 · 表 1 第 4 行 第 4 格" in rest
    assert "“附件第3号公式0.7分”" in rest


def test_the_report_is_told_in_english_too(bare: Installation) -> None:
    told = bare("programme", "read", document(bare), "--lang", "en")
    assert "1 points need a person" in told.text
    assert "▸ unread-2-1 · 2 · table 1 row 4 cell 4" in told.text
    assert "write the draft with -o draft.yaml" in told.text


def test_a_draft_is_published_once_its_points_are_settled(loaded: Installation) -> None:
    draft = loaded.folder / "flood-2023.yaml"
    loaded("programme", "read", document(loaded), "-o", draft)
    refused = loaded("programme", "load", draft)
    assert (refused.code, "待定问题 unread-2-1：尚未确定" in refused.error) == (1, True)
    settled = loaded("programme", "settle", draft, "unread-2-1=as_read")
    assert (settled.code, "全部定完" in settled.text) == (0, True)
    done = loaded("programme", "load", draft)
    assert (done.code, "已发布 flood-2023 第 1 版" in done.text) == (0, True)


def test_what_is_open_is_listed_with_the_price_of_each_choice(bare: Installation) -> None:
    draft = bare.folder / "draft.yaml"
    bare("programme", "read", document(bare), "-o", draft)
    before = draft.read_text(encoding="utf-8")
    told = bare("programme", "settle", draft)
    assert "还有 1 处待定" in told.text
    assert "失 1.00  照读出的规则" in told.text
    assert "失 0.00 至 3.00  由考核方认定扣多少" in told.text
    assert draft.read_text(encoding="utf-8") == before


def test_every_point_with_one_answer_is_settled_at_once(bare: Installation) -> None:
    draft = bare.folder / "draft.yaml"
    bare("programme", "read", document(bare), "-o", draft)
    bare("programme", "settle", draft, "--all", "assessed")
    assert bare("programme", "check", draft).code == 0


@pytest.mark.parametrize("answer", ["unread-2-1=nothing", "nothing=as_read", "unread-2-1"])
def test_an_answer_to_nothing_changes_nothing(bare: Installation, answer: str) -> None:
    draft = bare.folder / "draft.yaml"
    bare("programme", "read", document(bare), "-o", draft)
    before = draft.read_text(encoding="utf-8")
    told = bare("programme", "settle", draft, answer)
    assert told.code == 1
    assert draft.read_text(encoding="utf-8") == before


def test_a_draft_is_not_written_over_what_is_there(bare: Installation) -> None:
    draft = bare.write("draft.yaml", "settled by hand")
    told = bare("programme", "read", document(bare), "-o", draft)
    assert (told.code, "已存在" in told.error) == (1, True)
    assert draft.read_text(encoding="utf-8") == "settled by hand"
    assert bare("programme", "read", document(bare), "-o", draft, "--force").code == 0


def test_the_next_issue_is_told_as_differences_and_accepted_one_by_one(bare: Installation) -> None:
    old = bare.folder / "flood-2023.yaml"
    bare("programme", "read", document(bare), "-o", old)
    bare("programme", "settle", old, "--all", "as_read")
    next_issue = document(
        bare,
        changed(
            (2, 4, "3月31日"),
            (2, 3, "未修订预案的， 扣1分。"),
            (5, 3, "发现脱岗的，每次扣1分，扣完为止。"),
        ),
        "second.docx",
    )
    found = bare.valid("diff", "programme", "diff", old, next_issue)
    told = {one["accept"]: one for one in found["differences"]}
    assert set(told) == {"item:1:deadline", "clause:1:reworded", "clause:3:reworded"}
    assert (told["item:1:deadline"]["before"], told["item:1:deadline"]["after"]) == (
        "2023-04-30", "2023-03-31",
    )  # fmt: skip
    assert [told[f"clause:{n}:reworded"]["meaning"] for n in "13"] == ["same", "other"]
    merged = bare.folder / "merged.yaml"
    bare("programme", "diff", old, next_issue, "--accept", "item:1:deadline", "-o", merged)
    assert bare("programme", "check", merged).code == 0
    left = bare.valid("diff", "programme", "diff", merged, next_issue)
    assert [one["accept"] for one in left["differences"]] == [
        "clause:1:reworded", "clause:3:reworded",
    ]  # fmt: skip


def test_the_same_table_again_has_no_differences(bare: Installation) -> None:
    old = bare.folder / "flood-2023.yaml"
    bare("programme", "read", document(bare), "-o", old)
    bare("programme", "settle", old, "--all", "as_read")
    told = bare("programme", "diff", old, document(bare, name="again.docx"))
    assert told.text.strip() == "没有不同"


def test_readings_are_priced_on_recorded_facts_where_there_are_some(bare: Installation) -> None:
    facts = bare.write(
        "facts.yaml",
        "- {fact: report, clause: '2', duty: done, unit: 县水利局, done: true, "
        "occurred_at: 2023-05-20T08:00:00Z, recorded_at: 2023-06-30T08:00:00Z}\n",
    )
    told = bare("programme", "read", document(bare), "--facts", facts)
    assert "价钱按已录入的事实算（1 条）" in told.text
    reading = told.text.partition("▸ joint-units")[2]
    assert "失 1.00  都完成才算" in reading
    assert "不扣不加  任何一家完成就算" in reading


def test_records_stay_with_their_matter_where_a_task_comes_in_between(loaded: Installation) -> None:
    old = loaded.folder / "flood-2023.yaml"
    loaded("programme", "read", document(loaded), "-o", old)
    loaded("programme", "settle", old, "--all", "as_read")
    assert loaded("programme", "load", old).code == 0
    facts = loaded.write(
        "facts.yaml",
        "- {fact: report, clause: '2', duty: done, unit: 县水利局, done: true, "
        "occurred_at: 2023-05-20T08:00:00Z, recorded_at: 2023-06-30T08:00:00Z}\n",
    )
    told = loaded("facts", "load", facts, "--programme", "flood-2023")
    assert told.code == 0, told.error
    rows = changed((3, 0, "3"), (5, 0, "4"), (3, 2, "2"))
    rows = [
        *rows[:3],
        ["2", "组织防汛演练", "1", "未组织演练的扣1分。", "4月30日", "县水利局"],
        *rows[3:],
    ]
    next_issue = document(loaded, rows, "second.docx")
    moved, kept = loaded.folder / "moved.yaml", loaded.folder / "kept.yaml"
    loaded("programme", "diff", old, next_issue, "--accept", "all", "-o", moved)
    loaded("programme", "settle", moved, "--all", "as_read")
    refused = loaded("programme", "load", moved)
    assert (refused.code, "2 → 3" in refused.error, "--keep-numbers" in refused.error) == (
        1, True, True,
    )  # fmt: skip
    loaded("programme", "diff", old, next_issue, "--accept", "all", "--keep-numbers", "-o", kept)
    loaded("programme", "settle", kept, "--all", "as_read")
    done = loaded("programme", "load", kept)
    assert done.code == 0, done.error
    due = loaded.valid("due", "due", "--programme", "flood-2023", "--as-of", "2023-07-01")
    assert [one["clause"] for one in due["obligations"] if one["submitted_at"]] == ["2"]

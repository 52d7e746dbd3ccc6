"""Due, score, reminders, digest and audit: as text, as JSON of the published shape, as files."""

from __future__ import annotations

import csv as csvfile
from pathlib import Path

import openpyxl
import pytest

from tests.cli.conftest import Installation, small
from tests.exports.test_pdf import text_of
from tracker.definitions import yamlform

FACTS = (
    "类型,编号,计分句,事项,单位,发生时间,完成,填报编号,结果\n"
    "填报,r1,1,done,住建局,2021-10-03T10:00+08:00,是,,\n"
    "审核,,,,,2021-10-08T10:00+08:00,,r1,通过\n"
)


@pytest.fixture
def late(loaded: Installation) -> Installation:
    """The item due on 30 September was handed in on 3 October: three started days late."""
    assert loaded("facts", "load", loaded.write("facts.csv", FACTS)).code == 0
    return loaded


def test_obligations_are_listed_the_worst_first(late: Installation) -> None:
    told = late("due", "--as-of", "2021-10-02", "--open")
    lines = told.text.splitlines()
    assert lines[0] == "小方案  截至 2021-10-02 周六 24:00"
    assert lines[3].startswith("■ 逾期")
    assert "  250 天  " in lines[3]
    assert lines[-1].startswith("共 ")
    found = late.valid("due", "due", "--as-of", "2021-10-31")
    [one] = [one for one in found["obligations"] if one["clause"] == "1"]
    assert (one["light"], one["late_days"], one["due_at"]) == (
        "done", 3, "2021-10-01T00:00:00+08:00",
    )  # fmt: skip
    assert one["lost"] == "0.3"
    assert "09-30" in one["counted"]


def test_obligations_of_a_unit_and_of_some_lights(late: Installation) -> None:
    found = late.valid("due", "due", "--as-of", "2021-10-31", "--unit", "住建局", "--light", "late")
    assert {one["light"] for one in found["obligations"]} == {"late"}
    assert "没有符合条件" in late("due", "--as-of", "2021-10-31", "--unit", "env_branch").text
    told = late("due", "--unit", "县交通局")
    assert (told.code, "housing 住建局" in told.error) == (1, True)


def test_the_score_says_why(late: Installation) -> None:
    told = late("score", "--as-of", "2021-10-31", "--explain")
    assert "小方案  截至 2021-10-31 周日 24:00" in told.text
    assert "−0.3000  1#1 住建局" in told.text
    assert "3 × 0.1" in told.text
    assert "09-30 周四 24:00 止，10-03 周日 10:00 提交，用时超出 58 小时" in told.text
    assert (
        "依据 2021-10-03 周日 10:00 填报 是（r1）；2021-10-08 周五 10:00 审核 通过（" in told.text
    )
    english = late("score", "--as-of", "2021-10-31", "--explain", "--lang", "en").text
    assert "from Sun 2021-10-03 10:00 report true (r1); Fri 2021-10-08 10:00 review" in english
    found = late.valid("ledger", "score", "--as-of", "2021-10-31")
    [entry] = [one for one in found["entries"] if one["clause"] == "1"]
    assert (entry["points"], entry["status"], entry["units"]) == ("-0.3", "settled", ["housing"])
    assert entry["steps"][0]["code"] == "done_late"
    assert entry["says"]
    lost = sum(float(one["points"]) for one in found["entries"])
    assert float(found["score"]) == pytest.approx(float(found["points"]) + lost)


def test_the_score_in_tables_and_in_english(late: Installation) -> None:
    told = late("score", "--as-of", "2021-10-31", "--lang", "en")
    assert "score " in told.text
    assert "as of Sun 2021-10-31 24:00" in told.text


def test_what_was_known_then_is_another_score(late: Installation) -> None:
    now = late.valid("ledger", "score", "--as-of", "2021-10-31")
    then = late.valid("ledger", "score", "--as-of", "2021-10-31", "--known-at", "2021-10-31")
    assert float(then["lost"]) > float(now["lost"])
    for paper, lost in (
        ("digest", lambda told: told["verdict"]["lost"]),
        ("audit", lambda told: float(told["totals"]["lost"]) + float(told["totals"]["other_lost"])),
    ):
        for known, ledger in ((("--known-at", "2021-10-31"), then), ((), now)):
            found = late.valid(paper, paper, "--as-of", "2021-10-31", *known)
            assert float(lost(found)) == float(ledger["lost"]), paper


def test_a_dossier_is_made_as_known_then(late: Installation) -> None:
    words = ("audit", "dossier", "1/done/housing", "--as-of", "2021-10-31")
    texts = []
    for known in (("--known-at", "2021-10-31"), ()):
        path = late.folder / "dossier.pdf"
        late(*words, *known, "-o", path)
        texts.append(text_of(path.read_bytes()).replace("\n", ""))
    assert ["审核通过" in one for one in texts] == [False, True]


def test_files_alone_need_no_database(bare: Installation) -> None:
    programme = bare.write("small.yaml", yamlform.dump(small()))
    facts = bare.write("facts.csv", FACTS)
    files = ("--programme", programme, "--facts", facts, "--as-of", "2021-10-31")
    found = bare.valid("ledger", "score", *files)
    assert found["programme"]["version"] == 0
    assert found["lost"] == "1.3"
    assert "■ 逾期" in bare("due", *files).text
    assert not bare.database.exists()


def test_wrong_facts_beside_a_programme_file_are_refused(bare: Installation) -> None:
    programme = bare.write("small.yaml", yamlform.dump(small()))
    facts = bare.write("facts.csv", FACTS.replace("2021-10-03T10:00+08:00", "十月"))
    told = bare("score", "--programme", programme, "--facts", facts)
    assert told.code == 1
    assert "facts.csv 第 2 行：发生时间" in told.error


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2021-10-18", "2021-10-19T00:00:00+08:00"),
        ("2021-10-18 08:00", "2021-10-18T08:00:00+08:00"),
        ("2021-10-18 24:00", "2021-10-19T00:00:00+08:00"),
        ("2021-10-18T08:00:30", "2021-10-18T08:00:30+08:00"),
        ("2021-10-18T00:00Z", "2021-10-18T08:00:00+08:00"),
        ("2021-10-18T08:00+09:00", "2021-10-18T07:00:00+08:00"),
    ],
)
def test_an_instant_is_typed_as_people_write_it(
    loaded: Installation, typed: str, meant: str
) -> None:
    assert loaded.valid("due", "due", "--as-of", typed)["as_of"] == meant


def test_of_several_programmes_the_one_of_that_year_is_meant(loaded: Installation) -> None:
    other = small().model_copy(update={"id": "later", "year": 2021})
    assert loaded("programme", "load", loaded.write("o.yaml", yamlform.dump(other))).code == 0
    told = loaded("score", "--as-of", "2021-10-31")
    assert told.code == 1
    assert "--programme" in told.error
    assert "later、small" in told.error
    assert loaded("score", "--as-of", "2021-10-31", "-p", "later").code == 0
    told = loaded("score", "-p", "nothing")
    assert (told.code, "later, small" in told.error) == (1, True)


def test_without_a_programme_it_says_what_to_do(tracker: Installation) -> None:
    told = tracker("score")
    assert told.code == 1
    assert "tracker programme load" in told.error


def test_reminders_are_looked_at_and_nothing_is_written(late: Installation) -> None:
    contacts = "单位,姓名,角色,邮箱\n住建局,张三,联系人,zhang@example.cn\n"
    assert late("contacts", "load", late.write("contacts.csv", contacts)).code == 0
    before = late.content()
    told = late("remind", "--as-of", "2021-09-30", "--dry-run")
    assert "到期当日" in told.text
    found = late.valid("remind", "remind", "--as-of", "2021-09-30", "--dry-run")
    rungs = {(one["obligation"], one["rung"], one["role"]) for one in found["notices"]}
    assert ("1/done/housing", "0", "contact") in rungs
    assert all(one["send_at"].startswith("2021-09-30") for one in found["notices"])
    quiet = late.valid("remind", "remind", "--as-of", "2021-09-25 12:00", "--dry-run",
                       "--since", "2021-09-25 11:00")  # fmt: skip
    assert quiet["notices"] == []
    assert late.content() == before


def test_the_weekly_page_as_text_json_and_files(late: Installation) -> None:
    words = ("digest", "--as-of", "2021-10-18 09:00")
    assert "失分" in late(*words).text.splitlines()[0]
    page = late.valid("digest", *words)
    assert page["verdict"]["lost"]
    told = late(*words, "-o", late.folder / "out", "--audience", "head", "--unit", "住建局")
    written = [Path(line.strip()) for line in told.text.splitlines()[1:]]
    assert [path.suffix for path in written] == [".txt", ".html", ".pdf", ".json"]
    assert all(path.stat().st_size for path in written)


@pytest.mark.parametrize("suffix", [".xlsx", ".csv", ".html", ".json"])
def test_the_audit_as_a_file(late: Installation, suffix: str) -> None:
    path = late.folder / f"audit{suffix}"
    told = late("audit", "--from", "2021-09-01", "--to", "2021-09-30", "--as-of", "2021-10-31",
                "-o", path)  # fmt: skip
    assert told.code == 0
    assert str(path) in told.text
    assert path.stat().st_size > 0
    if suffix == ".xlsx":
        openpyxl.load_workbook(path)
    if suffix == ".csv":
        assert list(csvfile.reader(path.read_text(encoding="utf-8-sig").splitlines()))


def test_the_audit_as_text_and_json(late: Installation) -> None:
    words = ("audit", "--as-of", "2021-10-31")
    assert "逾期 " in late(*words).text
    found = late.valid("audit", *words)
    assert "1/done/housing" in [row["key"] for row in found["rows"]]
    told = late("audit", "--from", "2021-01-01", "--to", "2021-01-02", "--as-of", "2021-10-31")
    assert "没有逾期" in told.text


def test_an_audit_of_another_kind_of_file_is_refused(late: Installation) -> None:
    told = late("audit", "--as-of", "2021-10-31", "-o", late.folder / "audit.docx")
    assert told.code == 1
    assert ".xlsx" in told.error
    assert not (late.folder / "audit.docx").exists()


def test_a_period_that_ends_before_it_begins_is_wrong_usage(late: Installation) -> None:
    assert late("audit", "--from", "2021-10-02", "--to", "2021-10-01").code == 2

"""Tables sort, narrow and are taken along as they are shown; the year as strips of marks."""

from __future__ import annotations

import csv
import re
from html import unescape
from io import BytesIO, StringIO

import httpx2 as httpx
from openpyxl import load_workbook
from starlette.testclient import TestClient

from tests.builders import at, 住建局, 生态分局
from tests.web.conftest import HOSTILE, House
from tracker.domain import facts as f

LIST = "/p/small/obligations"


def rows_of(page: httpx.Response) -> list[str]:
    """The obligations of the table, by the key that their link names."""
    body = page.text.partition("<tbody>")[2].partition("</tbody>")[0]
    return [unescape(key) for key in re.findall(r'obligation\?key=([^"&]+)"', body)]


def lines(answer: httpx.Response) -> list[list[str]]:
    return list(csv.reader(StringIO(answer.content.decode("utf-8-sig"))))


def test_a_column_sorts_both_ways_and_what_is_empty_comes_last(visitor: TestClient) -> None:
    up = lines(visitor.get(f"{LIST}?sort=due&file=csv"))
    down = lines(visitor.get(f"{LIST}?sort=-due&file=csv"))
    dated = [row[1] for row in up[1:] if row[1]]
    assert len(dated) > 10
    assert dated == sorted(dated)
    assert [row[1] for row in down[1:] if row[1]] == dated[::-1]
    assert up[-1][1] == down[-1][1] == ""


def test_a_file_tells_a_day_s_end_as_its_24_o_clock_as_pages_and_audit_do(
    visitor: TestClient,
) -> None:
    head, *rows = lines(visitor.get(f"{LIST}?q=任务1&file=csv"))
    due = {tuple(row[head.index(name)] for name in ("期限", "到期时刻")) for row in rows}
    assert ("2021-09-30", "24:00") in due


def test_the_heading_says_which_way_the_rows_go(visitor: TestClient) -> None:
    page = visitor.get(f"{LIST}?sort=-lost")
    assert (
        'aria-sort="descending"><a class="sort" href="/p/small/obligations?sort=lost"' in page.text
    )
    assert page.text.count('aria-sort="none"') == 5


def test_the_search_wants_every_word_and_tells_how_many_of_how_many(visitor: TestClient) -> None:
    found = visitor.get(f"{LIST}?q=城乡建设局 任务3")
    assert rows_of(found)
    assert all(key.startswith("3%2Fbulletin") for key in rows_of(found))
    none = visitor.get(f"{LIST}?q=没有的")
    assert rows_of(none) == []
    assert "没有符合条件的" in none.text


def test_a_file_holds_what_the_page_shows_and_says_as_of_when_in_which_zone(
    visitor: TestClient,
) -> None:
    query = f"{LIST}?unit={生态分局}&sort=due"
    shown = rows_of(visitor.get(query))
    answer = visitor.get(f"{query}&file=xlsx")
    assert answer.headers["content-disposition"].startswith("attachment")
    [sheet] = load_workbook(BytesIO(answer.content)).worksheets
    table = [row for row in sheet.iter_rows(values_only=True) if row[2] is not None]
    assert len(table) - 1 == len(shown)
    assert "截至 2021-10-18 周一 08:00（Asia/Shanghai 时间）" in str(sheet.cell(2, 1).value)


def test_what_people_typed_is_no_formula_in_a_file(visitor: TestClient, house: House) -> None:
    house.load(f.CaseEvent(
        id=f.FactId("c-x"), case="09", kind="handed", event="opened", unit=生态分局,
        title="=1+1", occurred_at=at("2021-10-17 09:00"), recorded_at=at("2021-10-17 09:00"),
    ))  # fmt: skip
    told = [cell for row in lines(visitor.get(f"{LIST}?file=csv")) for cell in row]
    assert any("1+1" in cell for cell in told)
    assert not any(cell.startswith("=") for cell in told)


def test_a_sort_by_no_column_and_an_unknown_file_are_refused(visitor: TestClient) -> None:
    assert visitor.get(f"{LIST}?sort=colour").status_code == 400
    assert visitor.get(f"{LIST}?skip=-1").status_code == 400
    assert visitor.get(f"{LIST}?file=exe").status_code == 404


def test_what_came_from_a_document_is_never_markup(visitor: TestClient) -> None:
    for path in ("timeline", "obligations", "items/5", "clauses/5", "clauses/1"):
        page = visitor.get(f"/p/small/{path}")
        assert page.status_code == 200, path
        assert "<script>alert" not in page.text, path
    assert "&lt;script&gt;" in visitor.get("/p/small/clauses/5").text
    assert HOSTILE not in visitor.get("/p/small/clauses/1").text


def test_the_ranking_has_the_places_of_the_weekly_page(visitor: TestClient) -> None:
    ranked = lines(visitor.get("/p/small/ranking?file=csv"))[1:]
    digest = visitor.get("/p/small/digest").text
    places = re.findall(r'<td class="num">(\d+|—)</td><td><a class="plain"[^>]*>([^<]+)', digest)
    assert [row[0] or "—" for row in ranked] == [place for place, _ in places]
    assert len(ranked) == 2


def test_a_strip_has_a_mark_for_each_day_that_something_is_due(visitor: TestClient) -> None:
    page = visitor.get(f"/p/small/timeline?unit={住建局}").text
    strip = re.search(r'aria-label="3 [^"]*">(.*?)</div>', page, re.S)
    assert strip is not None
    assert strip[1].count("<a href") == 12
    assert "01-25 周一 24:00 正常" in strip[1]
    assert 'class="today"' in page
    year = visitor.get("/p/small/timeline?as_of=2023-01-01").text
    assert 'class="today"' not in year


def test_a_clause_shows_rule_reading_source_facts_and_entries(visitor: TestClient) -> None:
    page = visitor.get("/p/small/clauses/1").text
    for part in ("退回", "缺签章", "填报", "−"):
        assert part in page, part
    reading = visitor.get("/p/small/clauses/4").text
    assert "9 个的 80% 取几个？" in reading
    assert visitor.get("/p/small/clauses/nothing").status_code == 404
    assert visitor.get("/p/small/items/nothing").status_code == 404


def test_the_notices_are_taken_along_with_outcome_and_proof(visitor: TestClient) -> None:
    rows = lines(visitor.get("/p/small/notices/table?file=csv&sort=at"))
    shown = visitor.get("/p/small/notices/table").text
    assert shown.partition("<tbody>")[2].count("<tr>") == 200
    assert f"{len(rows) - 1} / {len(rows) - 1}" in shown
    assert 'rel="next"' in shown
    sent = [row for row in rows if "已被服务器接收" in row]
    assert sent
    assert all("@" in row[-1] for row in sent)

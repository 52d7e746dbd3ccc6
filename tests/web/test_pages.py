"""What the pages show, and that showing changes nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from schedules.workdays import china
from tests.builders import at, 住建局, 生态分局
from tests.web.conftest import HOSTILE, House
from tracker.definitions.yamlform import load
from tracker.domain.obligations import RED
from tracker.domain.points import shown
from tracker.programmes import path_of
from tracker.services import scoreboard
from tracker.web import clauses

CASE = f"2/case/{生态分局}/07"
LATE = f"1/done/{住建局}"
PATHS = [
    "/p/small/",
    "/p/small/items",
    f"/p/small/items?unit={住建局}&light=slow&section=1&month=2021-09",
    "/p/small/items?month=none",
    f"/p/small/units/{住建局}",
    "/p/small/units/env_bureau",
    f"/p/small/obligation?key={LATE}",
    f"/p/small/obligation?key={CASE}",
    f"/p/small/obligation?key=4/s1/{住建局}",
    f"/p/small/obligation?key=5/done/{住建局}",
    f"/p/small/obligation?key=3/bulletin/{生态分局}/2021-02",
    "/p/small/?by=items",
    "/p/small/leader",
    "/p/small/timeline",
    "/p/small/obligations?sort=-lost",
    "/p/small/ranking",
    "/p/small/notices/table",
    "/p/small/mails",
    "/p/small/mails/1",
    "/p/small/entries",
    "/p/small/items/4",
    "/p/small/clauses/1",
    "/p/small/clauses/5",
    "/p/small/reviews",
    "/p/small/year",
    "/p/small/score",
    "/p/small/signoffs",
    "/p/small/policy",
    "/p/small/policy?at=item:1&see=1&before=5&head_from=never&rungs.0.at=50%25&rungs.0.deputy=1",
    "/p/small/assign",
    "/p/small/assign/3",
    f"/p/small/assign/3?joins=each&u={住建局}",
    "/p/small/forecast",
    "/p/small/facts",
    "/p/small/facts/3",
    "/p/small/facts/5",
    f"/p/small/forecast?s=move 1=2021-10-15&kind=done&key=4/s1/{住建局}&value=7&until=2021-10-31",
    "/p/small/cases",
    "/p/small/readings",
    "/p/small/notices",
    "/p/small/digest",
    f"/p/small/digest?unit={住建局}",
    "/p/small/audit",
    "/p/small/audit?from=2021-01-01&to=2021-06-30",
    f"/p/small/report?key={LATE}",
    f"/p/small/report?key=4/s1/{住建局}",
    f"/p/small/extend?key={LATE}",
    f"/p/small/extend?key={CASE}",
    "/health",
    "/rules",
    "/sign-out",
]


OUR_SCRIPT = r'<script src="/static/tracker-[0-9a-f]{12}\.js" defer></script>'
VIEWS = [("zh", ""), ("en", ""), ("zh", "2022-01-10"), ("en", "2021-03-01T08:00")]


def test_every_page_opens_as_of_any_instant_obeys_nothing_that_was_typed_and_changes_nothing(
    house: House, visitor: TestClient
) -> None:
    before = house.everything()
    for language, as_of in VIEWS:
        for path in PATHS:
            if as_of == "2021-03-01T08:00" and (CASE in path or "/mails/" in path):
                continue  # neither the case nor the mail was there yet
            answer = visitor.get(path, params=_query(path) | {"lang": language, "as_of": as_of})
            assert answer.status_code == 200, path
            assert "text/html" in answer.headers["content-type"]
            assert len(re.findall(OUR_SCRIPT, answer.text)) == 1, path
            inline = re.findall(
                r"<style|\sstyle=|\son\w+=\"|javascript:|<script",
                re.sub(OUR_SCRIPT, "", answer.text),
            )
            assert inline == [], path
            assert "49" not in re.findall(r"alert\(1\).{0,40}?(\d+)", answer.text), path
    assert house.everything() == before


def test_a_browser_runs_our_script_and_no_other(visitor: TestClient) -> None:
    page = visitor.get("/p/small/")
    policy = page.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    name = re.findall(r"/static/tracker-\w+\.js", page.text)[0]
    assert visitor.get(name).headers["content-type"] == "text/javascript; charset=utf-8"


def _query(path: str) -> dict[str, str]:
    pairs = re.findall(r"[?&](\w+)=([^&]*)", path)
    return dict(pairs)


def test_the_only_programme_is_where_the_first_page_leads(visitor: TestClient) -> None:
    answer = visitor.get("/", params={"as_of": "2021-10-01"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/p/small/?as_of=2021-10-01"


def test_the_overview_says_the_ledger_s_figures(house: House, visitor: TestClient) -> None:
    with house.runtime.database.read() as session:
        board = scoreboard.board(session, "small", as_of=at("2021-10-18 08:00"))
    page = visitor.get("/p/small/").text
    assert f"失分 {shown(board.ledger.lost)}" in page
    assert f"<b>{shown(board.ledger.score)}</b>" in page


def test_the_one_who_acts_is_named(visitor: TestClient) -> None:
    """By name and nothing else that is known of them."""
    for path in ("/p/small/", f"/p/small/units/{住建局}"):
        page = visitor.get(path).text
        assert "住建局的contact" in page, path
        assert "Acting(" not in page, path


def test_no_two_pages_disagree_about_what_is_lost(house: House, visitor: TestClient) -> None:
    with house.runtime.database.read() as session:
        board = scoreboard.board(session, "small", as_of=at("2021-10-18 08:00"))
    lost = shown(board.ledger.lost)
    for path in ("/p/small/", "/p/small/score", "/p/small/digest"):
        assert lost in visitor.get(path).text, path
    answer = visitor.get("/api/v1/programmes/small/score").json()
    assert shown(round(float(answer["lost"]) * 10_000)) == lost


def test_the_instant_that_is_looked_at_stands_on_the_page_and_stays_in_its_links(
    visitor: TestClient,
) -> None:
    page = visitor.get("/p/small/", params={"as_of": "2021-09-30T08:00"}).text
    assert "2021-09-30 周四 08:00" in page
    assert "/p/small/score?as_of=2021-09-30T08%3A00" in page


def test_a_day_alone_means_its_end_and_an_offset_is_kept(visitor: TestClient) -> None:
    assert "2021-09-30 周四 24:00" in visitor.get("/p/small/?as_of=2021-09-30").text
    page = visitor.get("/p/small/", params={"as_of": "2021-09-30T00:00:00+00:00"}).text
    assert "2021-09-30 周四 08:00" in page


def test_an_instant_that_is_none_is_explained(visitor: TestClient) -> None:
    for as_of in ("soon", "2021-13-40", "9999-99", "0001-01-01", "2021-10-18T25"):
        answer = visitor.get("/p/small/", params={"as_of": as_of})
        assert answer.status_code == 400, as_of
        assert "2021-10-18T08:00" in answer.text


def test_one_instant_serves_all_who_look_in_the_same_minutes(
    house: House, visitor: TestClient
) -> None:
    house.clock.advance_to(at("2021-10-18 08:03"))
    assert "2021-10-18 周一 08:00" in visitor.get("/p/small/").text
    house.clock.advance_to(at("2021-10-18 08:05"))
    assert "2021-10-18 周一 08:05" in visitor.get("/p/small/").text


def test_what_is_not_there_is_a_page_that_says_what_to_do(visitor: TestClient) -> None:
    for path in [
        "/nowhere", "/p/other/", "/p/small/obligation?key=9/x/y", "/p/small/obligation",
        "/p/small/units/nobody", "/p/small/audit.exe", "/static/tracker-0.css",
        "/p/%00/", "/p/..%2f..%2fetc/", f"/p/small/evidence/{'a' * 64}",
        "/p/small/evidence/..%2f..%2fsecret",
    ]:  # fmt: skip
        answer = visitor.get(path)
        assert answer.status_code == 404, path
        assert "怎么办" in answer.text


def test_stored_text_is_shown_as_it_was_typed(visitor: TestClient) -> None:
    page = visitor.get(f"/p/small/obligation?key=5/done/{住建局}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}" in page
    assert HOSTILE not in page


def test_the_history_keeps_when_it_happened_and_when_it_was_entered(
    house: House, visitor: TestClient
) -> None:
    page = visitor.get(f"/p/small/obligation?key={LATE}").text
    assert "审核退回" in page
    assert "缺签章" in page
    assert "期限届满，未办结" in page
    assert page.index("10-02 周六 10:00") < page.index("10-05 周二 10:00")


def test_what_has_no_history_says_the_day_from_which_it_runs(visitor: TestClient) -> None:
    """Not the 24:00 of the day before."""
    page = visitor.get(f"/p/small/obligation?key=3/bulletin/{住建局}/2021-12").text
    assert "2021-12-01 起算" in page


def test_what_went_out_stands_with_its_proof(visitor: TestClient) -> None:
    for path in ("/p/small/notices", f"/p/small/obligation?key={LATE}"):
        page = visitor.get(path).text
        assert "已被服务器接收" in page, path
        assert "@localhost" in page, "the Message-ID"
    assert visitor.get("/p/small/notices?state=nobody").status_code in (200, 400)


def test_a_service_that_works_is_well_and_one_that_stands_still_is_not(
    house: House, visitor: TestClient
) -> None:
    assert visitor.get("/health.json").json()["ok"] is True
    assert "服务正常" in visitor.get("/health").text
    house.clock.advance_to(at("2021-10-18 09:00"))
    answer = visitor.get("/health.json")
    assert answer.status_code == 503
    silent = {one["name"]: one for one in answer.json()["findings"]}["tick"]
    assert (silent["ok"], silent["minutes"]) == (False, 60)
    page = visitor.get("/health")
    assert page.status_code == 503
    assert "时钟停了 60 分钟" in page.text
    assert "时钟停了 60 分钟" in visitor.get("/p/small/").text


@pytest.mark.parametrize("path", ["items/1", "items/4", "clauses/4"])
def test_what_is_lost_and_what_acting_keeps_are_one_sentence(
    visitor: TestClient, path: str
) -> None:
    page = visitor.get(f"/p/small/{path}?lang=en&as_of=2021-10-10")
    head = re.sub(r"<[^>]*>", "", page.text.partition("<h1>")[2].partition("</h1>")[0])
    assert re.search(r"\.[A-Za-z]", head) is None, head
    assert head.count(".") - len(re.findall(r"\d\.\d", head)) == 1, head


def test_a_score_line_opens_down_to_its_arithmetic(visitor: TestClient) -> None:
    page = visitor.get("/p/small/score").text
    assert "0.01 + 5 × 0.01 = 0.0600" in page
    assert 'id="c-2"' in page


def test_the_matrix_shows_the_worst_light_with_its_count(visitor: TestClient) -> None:
    page = visitor.get("/p/small/").text
    cell = re.search(
        rf'href="/p/small/items\?unit={住建局}&amp;month=2021-09"[^>]*title="([^"]*)"', page
    )
    assert cell is not None
    assert cell[1].startswith("县住房和城乡建设局：逾期")


def test_the_unit_s_page_begins_with_what_is_red_and_then_with_what_costs_most(
    house: House, visitor: TestClient
) -> None:
    page = visitor.get(f"/p/small/units/{住建局}").text
    with house.runtime.database.read() as session:
        board = scoreboard.board(session, "small", as_of=house.clock.now())
    lights = {one.obligation.title: one.light for one in board.ledger.standings
              if one.obligation.unit == 住建局 and one.open}  # fmt: skip
    shown = sorted((title for title in lights if f"{title}</a>" in page),
                   key=lambda title: page.index(f"{title}</a>"))  # fmt: skip
    red = [lights[title] in RED for title in shown]
    assert red == sorted(red, reverse=True)
    assert {True, False} == set(red)
    assert "可保" in page


def test_a_unit_reads_how_its_loss_comes_about_and_what_was_sent_back(
    house: House, visitor: TestClient
) -> None:
    page = visitor.get(f"/p/small/units/{住建局}").text
    with house.runtime.database.read() as session:
        ledger = scoreboard.board(session, "small", as_of=house.clock.now()).ledger
    sums = page[page.index('id="sums"') :].partition("</section>")[0]
    told = re.findall(r'class="res">.*?</span><span>(−?)(\d+)\.(\d{4})</span></li>', sums)
    points = [int(f"{'-' if sign else ''}{whole}{rest}") for sign, whole, rest in told]
    assert points
    assert points == sorted(one.points for one in ledger.of_unit(住建局) if one.points)
    assert "已退回，待重报" in page


def test_the_audit_is_also_a_file(visitor: TestClient) -> None:
    begins = {"xlsx": b"PK", "csv": b"\xef\xbb\xbf", "json": b"{", "html": b"<!"}
    for kind, first in begins.items():
        answer = visitor.get(f"/p/small/audit.{kind}?from=2021-01-01&to=2021-10-17")
        assert answer.status_code == 200
        assert answer.content.lstrip().startswith(first)
        said = answer.headers["content-disposition"]
        assert said.startswith("attachment; ")
        assert "filename*=UTF-8''%E9%80%BE" in said


def test_a_question_out_of_all_bounds_is_refused(visitor: TestClient) -> None:
    for path in (
        "/p/small/notices?skip=99999999999999999999999", "/p/small/notices?skip=-1",
        "/p/small/notices?skip=x", "/p/small/notices?state=%00", "/p/small/items?light=pink",
        "/p/small/audit?from=soon",
    ):  # fmt: skip
        assert visitor.get(path).status_code == 400, path


def test_an_audit_that_ends_before_it_begins_is_refused(visitor: TestClient) -> None:
    answer = visitor.get("/p/small/audit?from=2021-10-01&to=2021-01-01")
    assert answer.status_code == 400


def test_the_audit_of_a_year_that_has_not_begun_is_empty(house: House, visitor: TestClient) -> None:
    house.clock.step_to(at("2020-12-01 08:00"))
    answer = visitor.get("/p/small/audit")
    assert answer.status_code == 200


def test_the_style_sheet_is_ours_for_ever_under_its_hash(visitor: TestClient) -> None:
    page = visitor.get("/p/small/").text
    path = re.search(r'href="(/static/tracker-[0-9a-f]{12}\.css)"', page)
    assert path is not None
    answer = visitor.get(path[1])
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert not re.findall(r"https?://|@import|url\(", answer.text)


def test_no_template_is_unused() -> None:
    folder = Path(__file__).parents[2] / "templates" / "web"
    code = "".join(path.read_text() for path in (folder.parents[1] / "tracker/web").glob("*.py"))
    for template in folder.glob("*.html.j2"):
        name = template.name.removesuffix(".html.j2")
        assert name == "base" or f'"{name}"' in code, name


def test_the_kinds_of_rule_are_explained_as_the_command_line_does(visitor: TestClient) -> None:
    page = visitor.get("/rules").text
    for told in ('id="lateness"', "逾期扣分", "每延后12小时加扣", "先扣 base + 段数 × 每段 each",
                 "交办件、填报", "zhongfang-2021 31.2#1"):  # fmt: skip
        assert told in page, told
    english = visitor.get("/rules", params={"lang": "en"}).text
    assert "Exactly at the limit is in time." in english
    assert "base + blocks × each, or along pieces" in english
    assert "/rules" in visitor.get("/p/small/").text


def test_a_clause_shows_the_questions_of_others_that_change_it() -> None:
    """The district's rank by value or by place is asked of 3.13.2 and decides 3.13.3 as well."""
    programme = load(path_of("xx-2020"))
    board = scoreboard.of_documents(programme, [], china(), as_of=at("2020-06-30"))
    held = [one.reading.id for one in clauses.readings_of(board, "3.13.3")]
    assert held == ["3-13-2-by"]


def test_why_something_is_not_found_is_said_whole(visitor: TestClient) -> None:
    page = visitor.get("/p/nowhere/").text
    assert "没有这个方案：nowhere / no programme" in page
    assert "loaded: " in page

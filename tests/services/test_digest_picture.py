"""The digest's picture: the figures of the digest, drawn with the font of the lock file."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import get_args

import pytest
from jinja2 import Environment
from sqlmodel import select

from notifiers.message import Attachment
from notifiers.mime import build as build_mail
from schedules.workdays import china
from tests.builders import a_contact, a_programme, at, item, 住建局
from tests.notifiers.letters import a_letter
from tests.notifiers.test_mime import read
from tests.stories.post import stationery
from tests.templates import samples
from tracker.definitions import yamlform
from tracker.demo.courses import course_of, facts_of
from tracker.domain.pace import pace
from tracker.domain.points import shown
from tracker.exports.pdf import png_bytes
from tracker.programmes import SHIPPED, path_of
from tracker.runtime import environment as compiled
from tracker.services import digest_picture, people, programmes, readings, weekly, weekpost
from tracker.services.digest import Audience, Event, EventKind
from tracker.services.digest_parts import build
from tracker.services.digest_words import render_digest
from tracker.services.scoreboard import of_documents
from tracker.settings import Settings
from tracker.store.database import Database
from tracker.store.tables import DispatchRow
from tracker.wording import Language

WIDTH, HEIGHT = 60, 30


@pytest.fixture(scope="module")
def environment() -> Environment:
    return compiled(Settings(secret="x" * 32))


def ink(character: str) -> bytes:
    """The pixels of one character in the font that the picture names."""
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}"><text x="4" y="24" font-family="Noto Sans SC" '
        f'font-size="24">{character}</text></svg>'
    )
    return png_bytes("picture", {"svg": svg}, ppi=96)


NOTHING, NO_GLYPH = " ", "\U0001f9a0"


@pytest.mark.parametrize(
    "characters", ["逾期将逾滞后正常办结未启得分走势序时进度住建局生态分局单位"]
)
def test_a_chinese_character_is_drawn_as_itself_and_not_as_a_box(characters: str) -> None:
    drawn = {one: ink(one) for one in sorted(set(characters))}
    assert ink(NOTHING) not in drawn.values()
    assert ink(NO_GLYPH) not in drawn.values()
    assert len(set(drawn.values())) == len(drawn)


@pytest.mark.parametrize("language", get_args(Language))
def test_the_words_instead_of_the_picture_say_its_figures(language: Language) -> None:
    digest = samples.a_digest()
    told, verdict = digest_picture.alt(digest, language), digest.verdict
    nothing = verdict.score - verdict.lost_if_nothing + verdict.lost
    assert all(figure in told for figure in (shown(verdict.score), shown(nothing)))
    assert digest.picture is not None
    assert str(digest.whole.total) in told


@pytest.mark.parametrize("language", get_args(Language))
def test_what_a_unit_is_called_is_drawn_and_never_markup(
    environment: Environment, language: Language
) -> None:
    digest = samples.a_digest()
    assert digest.picture is not None
    rows = tuple(replace(row, name="<b>&\"' 局") for row in digest.picture.units)
    nasty = replace(digest, picture=replace(digest.picture, units=rows))
    drawn = digest_picture.svg(environment, nasty, language)
    assert "&lt;b&gt;&amp;" in drawn
    assert digest_picture.png(environment, nasty, language).startswith(b"\x89PNG")


def test_the_picture_counts_what_was_due_and_done_by_month() -> None:
    picture = samples.a_digest().picture
    assert picture is not None
    assert picture.months[0] == "2021-01"
    # Twelve bulletins, two single duties and a case; nothing was done.
    assert (picture.due[-1], picture.done) == (16, (0,) * 10)
    cells = {row.name: row.cells for row in picture.units}
    assert cells["生态分局"][9] is not None
    assert cells["生态分局"][8] is None


def test_the_picture_counts_as_done_what_the_leaders_page_does() -> None:
    """What was done before it had a date is done as well."""
    programme = yamlform.load(path_of("zhongfang-2021"))
    facts = facts_of(course_of(programme.id), programme, china())
    board = of_documents(programme, facts, china(), as_of=at("2021-10-31 24:00"))
    drawn, [*_, last] = digest_picture.picture_of(board, (), ()), pace(board.ledger).steps
    assert any(not one.open and one.obligation.due_at is None for one in board.ledger.standings)
    assert (drawn.due[9], drawn.done[-1]) == (last.due, last.done)


@pytest.mark.parametrize("language", get_args(Language))
@pytest.mark.parametrize(
    ("due", "done"),
    [((0,) * 8 + (2, 3, 5, 147), (0,) * 10), ((9,) * 12, (0,)), ((1, 9, 9) + (12,) * 9, (0, 1)),
     (tuple(range(2, 26, 2)), tuple(range(2, 14))), (tuple(range(12)), tuple(range(12)))],
)  # fmt: skip
def test_what_was_done_is_said_above_the_lines_of_what_was_due_and_done(
    environment: Environment, language: Language, due: tuple[int, ...], done: tuple[int, ...]
) -> None:
    digest = samples.a_digest()
    assert digest.picture is not None
    digest = replace(digest, picture=replace(digest.picture, due=due, done=done))
    drawn = digest_picture.svg(environment, digest, language)
    [(end, foot, words)] = re.findall(
        r'<text x="([\d.]+)" y="([\d.]+)" text-anchor="end" fill="#1f5c9e">(.*?)</text>', drawn
    )
    begin = float(end) - 6 * len(words)
    assert str(done[-1]) in words
    for line in re.findall(r'<path d="(M[^"]*H[^"]*V[^"]*)"', drawn):
        steps = [tuple(map(float, step)) for step in re.findall(r"([\d.]+)[V ]([\d.]+)", line)]
        for (x, y), (until, _) in pairwise(steps):
            if x < float(end) and until > begin:
                assert y > float(foot), (x, y)


def test_a_unit_has_no_picture() -> None:
    assert samples.a_digest(Audience.HEAD, 住建局).picture is None


# -- in the mail -----------------------------------------------------------------------------------

HUNDRED_KB = 100_000


@pytest.mark.parametrize("name", SHIPPED)
def test_a_leaders_mail_has_its_picture_inside_and_stays_under_100_kb(
    database: Database, environment: Environment, name: str
) -> None:
    programme = yamlform.load(path_of(name))
    now = at(f"{programme.year}-10-19 08:30")
    with database.write() as session:
        programmes.publish(session, programme, now=at(f"{programme.year}-01-04"), by="office")
        above = [a_contact(people.EVERY_UNIT, role, mail=f"{role}@county.example")
                 for role in ("leader", "office")]  # fmt: skip
        people.load_contacts(session, above, now=now, on=date(programme.year, 1, 1), by="office")
    with database.write() as session:
        weekpost.issue_and_post(
            session, programme.id, now=now, stationery=stationery(), templates=environment
        )
    with database.read() as session:
        rows = session.exec(select(DispatchRow)).all()
    assert rows
    for row in rows:
        assert row.raw is not None
        assert len(row.raw) < HUNDRED_KB, f"{len(row.raw):,} bytes"
        mail = read(row.raw)
        page = mail.get_body(("html",))
        assert page is not None
        [picture] = [part for part in mail.walk() if part.get_content_type() == "image/png"]
        assert f"cid:{picture['Content-ID'].strip('<>')}" in page.get_content()
        assert picture.get_payload(decode=True).startswith(b"\x89PNG")
        assert "http" not in "".join(re.findall(r'<img[^>]*src="([^"]*)"', page.get_content()))


LONG_NAME = (
    "国家级经济技术开发区管理委员会暨高新技术产业园区"
    "与生态环境保护综合行政执法大队联合办公室及其派出机构"
)
LONG_TITLE = "开展入河排污口排查、监测、溯源与整治并按月报送进展情况" * 2


@pytest.mark.parametrize("posts", [(), ("head", "reviewer")])
def test_a_mail_about_sixty_units_with_long_names_stays_under_100_kb_and_counts_what_it_leaves_out(
    database: Database, environment: Environment, posts: tuple[str, ...]
) -> None:
    """Also for somebody who leads, answers for two of the units and reviews for one."""
    programme = a_programme(
        *(item(f"{unit}.{n}", title=LONG_TITLE, responsible=[f"u{unit}"], reviewing_units=["u0"],
               lead=f"u{unit}", due_on=f"2021-{9 + n:02}-{1 + unit % 28:02}", points="1")
          for unit in range(60) for n in range(2)),
        units=[{"id": f"u{unit}", "name": f"第{unit}号{LONG_NAME}"} for unit in range(60)],
    )  # fmt: skip
    now = at("2021-10-18 08:30")
    with database.write() as session:
        programmes.publish(session, programme, now=at("2021-01-04"), by="office")
        held = [a_contact(people.EVERY_UNIT, "leader"),
                *(a_contact(unit, post) for post in posts for unit in ("u1", "u2"))]  # fmt: skip
        one = [replace(post, name="张三", mail="zhang@county.example") for post in held]
        people.load_contacts(session, one, now=now, on=date(2021, 1, 1), by="office")
    with database.write() as session:
        weekpost.issue_and_post(
            session, programme.id, now=now, stationery=stationery(), templates=environment
        )
    with database.read() as session:
        [row] = session.exec(select(DispatchRow)).all()
    assert row.raw is not None
    assert len(row.raw) < HUNDRED_KB, f"{len(row.raw):,} bytes"
    assert "其余 " in row.text


@pytest.mark.parametrize("language", get_args(Language))
def test_a_digest_with_more_than_it_lists_stays_under_100_kb_too(
    environment: Environment, language: Language
) -> None:
    programme = yamlform.load(path_of("zhongfang-2021"))
    now, before = (
        of_documents(programme, [], china(), as_of=at(f"2021-10-{day} 08:30")) for day in (18, 11)
    )
    told = build(now, before, weekly.outlook_of(now), audience=Audience.LEADER,
                 register=readings.of_board(now))  # fmt: skip
    event = Event(
        EventKind.EXTENDED, "20.3/first/env_branch", "env_branch", "市生态环境局中方分局",
        "20", "20.3", "千人以上水源问题整治：问题整治第一节点", now.as_of, 3, now.as_of,
        "雨季停工，需要延期两周完成",
    )  # fmt: skip
    full = replace(told, events=(event,) * 30, changes=told.changes * 30, soon=told.soon * 9)
    picture = digest_picture.png(environment, full, language)
    alt = digest_picture.alt(full, language)
    letter = render_digest(environment, language, full, alt=alt, picture="cid:a@b.cn",
                           overview="https://tracker.example.gov.cn/p/zhongfang-2021/",
                           leave="https://tracker.example.gov.cn/leave/" + "a" * 180)  # fmt: skip
    raw = build_mail(
        a_letter(subject=letter.subject, text=letter.text, html=letter.html,
                 attachments=(Attachment("digest.png", "image/png", picture, "a@b.cn"),))
    )  # fmt: skip
    assert len(raw) < HUNDRED_KB, f"{len(raw):,} bytes"

"""The list of contacts on the page: people entered one by one, or a table of them taken over."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from starlette.testclient import TestClient

from tests.builders import 住建局
from tests.web.conftest import House, form_of
from tracker.services import people

PAGE = "/p/small/people"
DAY = date(2021, 10, 18)


def sent(visitor: TestClient, file: Path | None = None, **fields: str) -> tuple[int, str]:
    """Filled in and sent; the page that is shown then."""
    files = None if file is None else {"file": (file.name, file.read_bytes())}
    data = {**form_of(visitor.get(PAGE), action=PAGE), **fields}
    answer = visitor.post(PAGE, data=data, files=files)
    if answer.status_code == 303:
        answer = visitor.get(answer.headers["location"])
    return answer.status_code, answer.text


def names(house: House, role: str) -> list[str]:
    with house.runtime.database.read() as session:
        return [one.name for one in people.resolve(session, "small", 住建局, role, DAY)]


NEW = {"act": "appoint", "unit": 住建局, "role": "contact", "name": "赵六",
       "mail": "zhao@housing.example"}  # fmt: skip


def test_a_contact_is_entered_beside_those_who_have_the_role(
    house: House, visitor: TestClient
) -> None:
    before = names(house, "contact")
    status, page = sent(visitor, **NEW)
    assert (status, "新任 1 项，照旧 1 项" in page) == (200, True)
    assert names(house, "contact") == [*before, "赵六"]
    assert "新任 0 项，照旧 2 项" in sent(visitor, **NEW)[1]


def test_what_is_wrong_with_a_contact_is_said_and_what_was_typed_stays(
    house: House, visitor: TestClient
) -> None:
    before = house.everything()
    status, page = sent(visitor, **{**NEW, "mail": "zhao@@housing"})
    assert (status, "邮箱地址有误" in page, 'value="赵六"' in page) == (422, True, True)
    for missing, said in (("name", "没有姓名"), ("unit", "没有单位"), ("role", "没有角色")):
        status, page = sent(visitor, **{**NEW, missing: ""})
        assert (status, said in page) == (422, True), missing
    assert house.everything() == before


def test_a_list_of_contacts_is_the_whole_truth_for_what_it_names(
    house: House, visitor: TestClient, tmp_path: Path
) -> None:
    [everywhere], heads = names(house, "contact"), names(house, "head")
    sent(visitor, **{**NEW, "name": "孙七", "mail": "sun@housing.example"})
    table = tmp_path / "联系人.csv"
    table.write_text(f"单位,姓名,角色,邮箱,手机\n{住建局},赵六,联络员,zhao@housing.example,\n")
    status, page = sent(visitor, table, act="load")
    assert (status, "新任 1 项，照旧 0 项，不再担任 1 项" in page) == (200, True)
    assert (names(house, "contact"), names(house, "head")) == ([everywhere, "赵六"], heads)


def test_a_wrong_row_of_a_list_is_told_by_the_file_s_own_name_and_line(
    house: House, visitor: TestClient, tmp_path: Path
) -> None:
    before = house.everything()
    table = tmp_path / "联系人.csv"
    table.write_text(f"单位,姓名,角色\n{住建局},赵六,联络员\n县外星局,钱七,联络员\n")
    status, page = sent(visitor, table, act="load")
    assert (status, "县外星局" in page, "联系人.csv" in page, "第 3 行" in page) == (
        422, True, True, True,
    )  # fmt: skip
    assert sent(visitor, act="load")[0] == 422
    table = tmp_path / "联系人.png"
    table.write_bytes(b"\x89PNG")
    assert sent(visitor, table, act="load")[0] == 422
    assert house.everything() == before


def test_a_list_that_would_keep_everybody_waiting_is_refused_at_once(
    house: House, visitor: TestClient, tmp_path: Path
) -> None:
    """A hundred thousand rows took two minutes, in which nobody else could write."""
    before = house.everything()
    for n in (5001, 200_000):
        table = tmp_path / "联系人.csv"
        table.write_text("单位,姓名,角色,邮箱,手机\n" + "x,y,z,w@v.example,1\n" * n)
        status, page = sent(visitor, table, act="load")
        assert (status, "最多 5000 行" in page) == (422, True)
    assert house.everything() == before

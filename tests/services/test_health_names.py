"""What the health page says of people is said in names, not in ids."""

from __future__ import annotations

from tests.builders import JANUARY, NEW_YEAR, a_contact, a_programme, at, 住建局
from tracker.services import health, people, planning, programmes
from tracker.settings import Settings
from tracker.store.database import Database
from tracker.wording.catalogue import text


def test_a_post_that_nobody_holds_is_named_in_words(database: Database) -> None:
    with database.write() as session:
        programmes.publish(session, a_programme(), now=JANUARY, by="office")
        lone = [a_contact(住建局, mail="")]
        people.load_contacts(session, lone, now=JANUARY, on=NEW_YEAR, by="")
    planning.tick_all(database, at("2021-09-30 08:30"))
    with database.read() as session:
        found = health.health(session, at("2021-09-30 09:00"), Settings())
    [one] = [one for one in found if one.name == "people"]
    told = text(one.text_code, dict(one.values))
    assert "县住房和城乡建设局（联络员）" in told
    assert "housing" not in told
    assert "contact" not in told

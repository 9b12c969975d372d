"""Incidents: what is said once, what may be said anew, and a history that is only appended to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from alpines_privacy.breach.amendment import what_differs
from alpines_privacy.breach.database import Database
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.incident import times_of
from alpines_privacy.breach.incidents import Incidents
from alpines_privacy.policy import Calendar, PolicyError
from tests.breach.support import draft, fast_folder, opened_ledger


@pytest.fixture
def database() -> Iterator[Database]:
    with fast_folder() as folder:
        database = Database(f"sqlite:///{folder / 'ledger.db'}", create=True)
        yield database
        database.close()


def test_an_incident_is_kept_as_it_was_said(database: Database) -> None:
    opened = Incidents(database).open(draft(confirmed="2026-11-27 20:00"), [Calendar(country="PK")])
    kept = Incidents(database).get("lost-laptop")
    assert kept == opened
    assert kept.discovered.isoformat() == "2026-11-27T18:40:00+05:00"
    assert kept.deadline.isoformat() == "2026-11-30T23:59:59+05:00"
    assert (kept.calendar, kept.domain) == ("PK", "example.com")
    assert kept.texts["confirmed"] == "2026-11-27T20:00:00+05:00"
    assert kept.texts["kinds"] == ["EMAIL", "names of schools"]


def test_a_message_id_is_the_same_each_time_and_another_for_each_incident(
    database: Database,
) -> None:
    incidents = Incidents(database)
    one, other = incidents.open(draft()), incidents.open(draft(name="other"))
    assert one.message_id("0a" * 12) == incidents.get("lost-laptop").message_id("0a" * 12)
    assert one.message_id("0a" * 12) != other.message_id("0a" * 12)
    assert one.message_id("0a" * 12).endswith("@example.com>")


def test_a_name_is_taken_once(database: Database) -> None:
    Incidents(database).open(draft())
    with pytest.raises(BreachError, match="open already"):
        Incidents(database).open(draft())


def test_what_is_said_anew_is_appended(database: Database) -> None:
    incidents = Incidents(database)
    incidents.open(draft())
    amended = incidents.amend("lost-laptop", {"what_happened": "Two laptops were stolen."})
    assert amended.texts["what_happened"] == "Two laptops were stolen."
    assert amended.texts["contact"] == draft().contact
    entries = incidents.history("lost-laptop")
    assert [entry.what for entry in entries] == ["opened", "amended"]
    assert entries[0].body["what_happened"] == "A laptop was stolen."
    assert entries[1].body == {"what_happened": "Two laptops were stolen."}


@pytest.mark.parametrize(("changes", "problem"), [
    ({"discovered": "2026-11-27 18:00"}, "discovered: never changes"), ({"zone": "UTC"}, "zone: never changes"),
    ({"name": "other"}, "name: never changes"), ({"confirmed": "2026-11-27 18:00"}, "before it was discovered"),
])  # fmt: skip
def test_what_is_final_stays(database: Database, changes: dict[str, Any], problem: str) -> None:
    incidents = Incidents(database)
    before = incidents.open(draft())
    with pytest.raises(BreachError, match=problem):
        incidents.amend("lost-laptop", changes)
    assert incidents.get("lost-laptop") == before
    assert len(incidents.history("lost-laptop")) == 1


def test_a_confirmation_is_said_once(database: Database) -> None:
    incidents = Incidents(database)
    incidents.open(draft())
    incidents.amend("lost-laptop", {"confirmed": "2026-11-27 19:00"})
    with pytest.raises(BreachError, match="never changes"):
        incidents.amend("lost-laptop", {"confirmed": "2026-11-27 20:00"})
    assert incidents.get("lost-laptop").texts["confirmed"] == "2026-11-27T19:00:00+05:00"


def test_a_history_that_was_changed_behind_the_ledger_s_back_is_told(database: Database) -> None:
    incidents = Incidents(database)
    incidents.open(draft())
    incidents.amend("lost-laptop", {"contact": "Somebody else"})
    with database.write() as connection:
        connection.execute(text("DROP TRIGGER breach_history_update"))
        connection.execute(text("UPDATE breach_history SET at = at - 1 WHERE number = 2"))
    with pytest.raises(BreachError, match="entry 2"):
        incidents.history("lost-laptop")


def test_an_unknown_incident_is_told_with_the_nearest(database: Database) -> None:
    Incidents(database).open(draft())
    with pytest.raises(BreachError, match='did you mean "lost-laptop"'):
        Incidents(database).get("lost-labtop")


NOW = datetime(2026, 11, 28, 10, tzinfo=UTC)


def test_times_of_an_hour_that_came_twice_are_compared_as_moments() -> None:
    place = "America/Los_Angeles"
    later = times_of("2026-11-01 01:30-07:00", "2026-11-01 01:10-08:00", place, NOW)
    assert later.confirmed is not None
    with pytest.raises(BreachError, match="before it was discovered"):
        times_of("2026-11-01 01:10-08:00", "2026-11-01 01:30-07:00", place, NOW)


def test_the_other_hour_of_two_is_another_time(tmp_path: Path) -> None:
    moment = "2026-11-01 01:30"
    with opened_ledger(
        f"sqlite:///{tmp_path / 'l.db'}", zone="America/Los_Angeles", discovered=f"{moment}-07:00"
    ) as (_, incident):
        assert what_differs(incident, {"discovered": f"{moment}-07:00"}) == {}
        assert what_differs(incident, {"discovered": f"{moment}-08:00"}) != {}


@pytest.mark.parametrize(("discovered", "confirmed", "zone", "problem"), [
    ("2026-11-28 15:01", None, "Asia/Karachi", "discovered: .* is in the future; it is 2026-11-28 15:00"),
    ("2026-11-27 10:00", "2026-11-28 15:01", "Asia/Karachi", "confirmed: .* in the future"),
    ("2026-11-27 10:00", "2026-11-27 09:59", "Asia/Karachi", "before it was discovered"),
    ("2026-03-08 02:30", None, "America/Los_Angeles", "discovered: .* never was"),
    ("2026-11-01 01:30", None, "America/Los_Angeles", "happened twice"),
    ("tomorrow", None, "UTC", "discovered: .* is no date and time"), ("2026-11-27 10:00", None, "PKT", "no time zone"),
])  # fmt: skip
def test_wrong_times_are_refused(
    discovered: str, confirmed: str | None, zone: str, problem: str
) -> None:
    with pytest.raises(BreachError, match=problem):
        times_of(discovered, confirmed, zone, NOW)


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "a name of words": ({"name": "Lost laptop"}, "name", "small letters"),
    "no kind": ({"kinds": []}, "kinds", "at least one"),
    "an unknown kind": ({"kinds": ["NAME", "EMIAL"]}, "kinds[1]", "no kind of data"),
    "a blank text": ({"what_we_do": " \n"}, "what_we_do", "is blank"),
    "a control": ({"contact": "a\0b"}, "contact", "control character"),
    "two lines where one is": ({"occurred": "a\r\nBcc: b"}, "occurred", "second line"),
    "no address": ({"email": "privacy"}, "email", "no mail address"),
    "an address of two lines": ({"email": "a@x.com\nBcc: b@x.com"}, "email", "second line"),
    "no domain": ({"leaked_mailboxes": ["a@x.com"]}, "leaked_mailboxes[0]", "no domain"),
    "an unknown key": ({"what_hapened": "x"}, "what_hapened", 'did you mean "what_happened"?'),
    "half a character": ({"what_we_do": "\ud800"}, "what_we_do", "control character"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_draft_is_one_error_with_its_key(case: str) -> None:
    changes, key, problem = WRONG[case]
    with pytest.raises(PolicyError) as raised:
        draft(**changes)
    assert raised.value.key == key
    assert problem in raised.value.problem


@pytest.mark.parametrize(
    "url", ["mysql://x/y", "sqlite://", "sqlite:///:memory:", "nonsense", "sqlite:////absent/x.db"]
)
def test_a_ledger_is_where_it_can_stay(url: str) -> None:
    with pytest.raises(BreachError):
        Database(url, create=True)


def test_a_ledger_that_is_not_there_is_not_made_by_accident() -> None:
    with fast_folder() as folder:
        with pytest.raises(BreachError, match="there is no ledger"):
            Database(f"sqlite:///{folder / 'ledger.db'}")
        assert list(folder.iterdir()) == []
        (folder / "ledger.db").touch()
        with pytest.raises(BreachError, match="holds no ledger"):
            Database(f"sqlite:///{folder / 'ledger.db'}")
        (folder / "ledger.db").write_bytes(b"no database" * 100)
        with pytest.raises(BreachError, match="is no database"):
            Database(f"sqlite:///{folder / 'ledger.db'}")


def test_a_ledger_of_another_version_is_refused(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE breach_version SET version = 99"))
    with pytest.raises(BreachError, match="version 99"):
        Database(database.engine.url.render_as_string())

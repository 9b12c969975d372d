"""`[breach]` of the policy: what it takes, and what a wrong one says."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from alpines_privacy.policy import Breach, Calendar, PolicyError, PrivacyPolicy

WHOLE = {
    "zone": "Asia/Karachi",
    "calendars": [{"country": "PK", "confirmed": [date(2027, 3, 10)]}, {"country": "US", "subdivision": "CA"}],
    "ledger": "postgresql://ledger@db.example/breach",
    "contact": "Data protection, 021 111 222 333",
    "email": "privacy@example.com",
}  # fmt: skip


def test_a_whole_table_is_read() -> None:
    breach = PrivacyPolicy.from_mapping({"breach": WHOLE}).breach
    assert breach is not None
    assert [calendar.name for calendar in breach.calendars] == ["PK", "US-CA"]
    assert breach.calendars[0].confirmed == (date(2027, 3, 10),)


def test_a_policy_without_the_table_promises_no_calendar() -> None:
    assert PrivacyPolicy().breach is None
    assert Breach(zone="UTC").ledger == "sqlite:///breach.db"


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "no zone": ({}, "breach.zone", "is missing"),
    "a zone misspelt": ({"zone": "Asia/Karachy"}, "breach.zone", 'did you mean "Asia/Karachi"?'),
    "a zone of folders": ({"zone": "a/" * 5000}, "breach.zone", "is no time zone"),
    "a country in small letters": ({"calendars": [{"country": "pk"}]}, "breach.calendars[0].country", "capitals"),
    "a date": ({"calendars": [{"country": "PK", "closed": ["2026-13-01"]}]}, "breach.calendars[0].closed[0]", "a date"),
    "a password": ({"ledger": "postgresql://a:hunter22@db/x"}, "breach.ledger", "holds a password"),
    "its query": ({"ledger": "postgresql://db/x?password=hunter22"}, "breach.ledger", "holds a password"),
    "another database": ({"ledger": "mysql://db/x"}, "breach.ledger", "names no database"),
    "a path": ({"ledger": "breach.db"}, "breach.ledger", "names no database"),
    "an unknown key": ({"calender": []}, "breach.calender", 'did you mean "calendars"?'),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_table_is_one_error_with_its_key(case: str) -> None:
    values, key, problem = WRONG[case]
    zone = {} if case == "no zone" else {"zone": "UTC"}
    with pytest.raises(PolicyError) as raised:
        PrivacyPolicy.from_mapping({"breach": zone | values})
    assert raised.value.key == key
    assert problem in raised.value.problem
    assert "hunter22" not in str(raised.value)


def test_calendars_are_parts_of_their_own() -> None:
    assert Calendar(country="SA").name == "SA"

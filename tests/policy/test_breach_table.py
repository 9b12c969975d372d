"""`[breach]` of the policy: what it takes, and what a wrong one says."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from alpines_privacy.policy import Breach, Calendar, PolicyError, PrivacyPolicy

DKIM = {"domain": "example.com", "selector": "mail2026", "key_file": "dkim.pem"}
WHOLE = {
    "zone": "Asia/Karachi",
    "calendars": [{"country": "PK", "confirmed": [date(2027, 3, 10)]}, {"country": "US", "subdivision": "CA"}],
    "ledger": "postgresql://ledger@db.example/breach",
    "contact": "Data protection, 021 111 222 333",
    "email": "privacy@example.com",
    "sender": "Alpines",
    "language": "ur",
    "templates": "notices",
    "bounces": "bounces+{key}@example.com",
    "dkim": DKIM,
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
    "a language in words": ({"language": "Urdu!"}, "breach.language", "no language tag"),
    "a sender of two lines": ({"sender": "A\r\nBcc: b"}, "breach.sender", "one line"),
    "bounces without a key": ({"bounces": "bounces@example.com"}, "breach.bounces", "takes no person's key"),
    "bounces with two": ({"bounces": "{key}+{key}@example.com"}, "breach.bounces", "takes no person's key"),
    "a key in the domain": ({"bounces": "b+{key}@{key}.com"}, "breach.bounces", "is no domain"),
    "bounces too long": ({"bounces": f"{'b' * 41}{{key}}@example.com"}, "breach.bounces", "takes no person's key"),
    "bounces of a forged head": ({"bounces": "b+{key}@x.com\r\nRCPT TO:<x@y.zz>"}, "breach.bounces", "takes no"),
    "bounces with a dot before the @": ({"bounces": "b+{key}.@example.com"}, "breach.bounces", "takes no person's key"),
    "another place in bounces": ({"bounces": "{b}+{key}@example.com"}, "breach.bounces", "takes no person's key"),
    "a DKIM domain": ({"dkim": DKIM | {"domain": "Example"}}, "breach.dkim.domain", "is no domain"),
    "a DKIM selector": ({"dkim": DKIM | {"selector": "a b"}}, "breach.dkim.selector", "is no selector"),
    "DKIM without a key": ({"dkim": {"domain": "x.com", "selector": "a"}}, "breach.dkim.key_file", "is missing"),
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


def test_files_are_relative_to_the_policy(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(
        '[breach]\nzone = "UTC"\ntemplates = "notices"\n'
        '[breach.dkim]\ndomain = "x.com"\nselector = "a"\nkey_file = "keys/dkim.pem"\n'
    )
    breach = PrivacyPolicy.load(policy).breach
    assert breach is not None
    assert breach.dkim is not None
    assert Path(str(breach.templates)) == tmp_path / "notices"
    assert Path(breach.dkim.key_file) == tmp_path / "keys" / "dkim.pem"
    policy.write_text('breach = "no table"\n')
    with pytest.raises(PolicyError, match="breach"):
        PrivacyPolicy.load(policy)


def test_calendars_are_parts_of_their_own() -> None:
    assert Calendar(country="SA").name == "SA"

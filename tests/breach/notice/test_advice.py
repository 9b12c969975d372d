"""What is told before notices go out: each warning where it is due, and none where it is not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from alpines_privacy.breach.incidents import Entry
from alpines_privacy.breach.notice.advice import advice
from alpines_privacy.policy import Breach, Dkim
from tests.breach.notice.keys import ED25519, pem
from tests.breach.notice.support import NOW, UR, incident, notices

WHOLE: dict[str, Any] = {
    "occurred": "2026-11-27",
    "consequences": "Mail in our name.",
    "sender": "Alpines",
    "kinds": ["EMAIL"],
    "translations": {
        "ur": {key: UR[key] for key in UR if key != "kinds"} | {"consequences": "ہمارے نام سے خط"}
    },
}


def told(
    tmp_path: Path,
    changes: dict[str, Any] | None = None,
    wanted: dict[str, int] | None = None,
    **settings: Any,
) -> list[str]:
    """The advice about an incident of which nothing is missing, but for what changes."""
    (tmp_path / "key.pem").write_bytes(pem(ED25519))
    signed = Dkim(domain="example.com", selector="a", key_file=str(tmp_path / "key.pem"))
    whole: dict[str, Any] = {"bounces": "b+{key}@example.com", "dkim": signed}
    said = Breach(zone="UTC", **whole | settings)
    meant = incident(**WHOLE | (changes or {}))
    made = notices(said, **WHOLE | (changes or {}))
    return advice(meant, made, said, [Entry(NOW, "opened", meant.texts)], wanted or {})


def test_nothing_is_told_where_nothing_is_missing(tmp_path: Path) -> None:
    assert told(tmp_path, wanted={"": 10, "en": 5, "ur-PK": 7, "en-GB": 1}) == []


CASES: dict[str, tuple[dict[str, Any], dict[str, int], dict[str, Any], str]] = {
    "no date": ({"occurred": None}, {}, {}, r"^No date of the breach \(occurred\): California"),
    "no consequences": ({"consequences": None}, {}, {}, r"^No likely consequences: the GDPR asks"),
    "no sender": ({"sender": None}, {}, {}, r"^No name of the sender"),
    "no signature": ({}, {}, {"dkim": None}, r"^No signature \(\[breach\.dkim\] is not set\)"),
    "no bounces": ({}, {}, {"bounces": None}, r"^Refused notices come back to Privacy@Example\.com"),
    "people who want another": ({}, {"de": 1200, "DE": 34, "ur": 3}, {}, r'^1,234 people want "de", and get "en"\.$'),
    "one who does": ({}, {"fr-CA": 1}, {}, r'^1 person wants "fr-ca", and get'),
    "a language that is not whole": (
        {"translations": {"ur": UR}}, {}, {}, r'^The texts in "ur" are not used; missing: kinds, consequences\.$',
    ),
    "no headings": (
        {"translations": {"sd": WHOLE["translations"]["ur"]}}, {}, {},
        r'^The texts in "sd" are not used: there are no headings',
    ),
    "a number of social security": ({"kinds": ["SSN"]}, {}, {}, r"California .*credit agencies \(Equifax, Ex"),
    "a licence": (
        {"kinds": ["driver's licence"], "translations": {}, "what_you_can_do": "Ask Equifax or Experian."}, {}, {},
        r"California .*credit agencies \(TransUnion not named\)",
    ),
    "an international sender": ({"email": "prüfung@example.com"}, {}, {}, r"^The sender's address is not ASCII"),
    "a long text": (
        dict.fromkeys(("what_happened", "what_we_do", "contact"), "é & " * 5000) | {"translations": {}}, {}, {}, "Gm",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_each_warning_is_told_where_it_is_due(case: str, tmp_path: Path) -> None:
    changes, wanted, settings, problem = CASES[case]
    found = told(tmp_path, changes, wanted, **settings)
    assert len([each for each in found if re.search(problem, each)]) == 1, found
    assert len(found) == 1, found


def test_agencies_that_are_named_are_not_asked_for(tmp_path: Path) -> None:
    named = {
        "kinds": ["SSN"],
        "what_you_can_do": "Ask Equifax (888-378-4329), Experian or TransUnion.",
    }
    assert told(tmp_path, named) == []


DOMAINS = {
    ("a@example.com", "example.com"): True,
    ("a@mail.example.com", "example.com"): True,
    ("a@example.com", "ample.com"): False,
    ("a@example.com", "mail.example.com"): False,
}


@pytest.mark.parametrize(("email", "domain"), DOMAINS)
def test_the_signature_is_of_the_sender_s_domain_or_of_one_above(
    email: str, domain: str, tmp_path: Path
) -> None:
    signed = Dkim(domain=domain, selector="a", key_file=str(tmp_path / "key.pem"))
    found = told(tmp_path, {"email": email}, dkim=signed)
    assert (found == []) is DOMAINS[email, domain]
    assert all("DMARC counts a signature of the same domain only" in each for each in found)

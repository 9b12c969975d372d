"""docs/keys.md says what the redactor does: it is written from the tables, and asked of the redactor."""

from __future__ import annotations

import re

import pytest

from alpines_privacy.http.key_names import KeyNames
from alpines_privacy.policy import Logs
from alpines_privacy.redaction import Redactor
from tests.support.key_table import PAGE, page

TEXT = PAGE.read_text("utf-8")
ROWS = re.findall(r"^\| `([A-Z_]+)` \| [^|]+ \| (.+) \|$", TEXT, re.MULTILINE)
ENDS = [(kind, end) for kind, ends in ROWS for end in re.findall(r"`(\w+)`", ends)]
# What a key has to have for a value, where that has a form.
VALUES = {
    "PHONE": "+92 300 1234567", "CNIC": "42101-1234567-1", "NTN": "1234567-8", "CARD": "4111111111111111",
    "SSN": "219-09-9999", "CVV": "123", "COORDINATES": "24.8607", "BIRTH_DATE": "1990-01-02",
    "IP": "203.0.113.7", "MAC": "00:1B:44:11:3A:B7", "IBAN": "DE89370400440532013000",
    "EMAIL": "zarqa@qutub.example", "PASSPORT": "AB1234567", "pin": "482913",
}  # fmt: skip


def test_the_page_is_what_the_tables_say() -> None:
    assert page() == TEXT, "docs/keys.md is not as the tables are; `make keys` writes it anew"


def test_the_page_has_every_kind() -> None:
    assert len(ENDS) > 250
    assert {kind for kind, _ in ROWS} == {
        name.upper() for name in Logs.__struct_fields__ if isinstance(getattr(Logs(), name), str)
    }


@pytest.mark.parametrize(("kind", "end"), ENDS, ids=[f"{kind}-{end}" for kind, end in ENDS])
def test_each_key_hides_its_value(kind: str, end: str) -> None:
    value = VALUES.get(end) or VALUES.get(kind, "Qa7xj9wk2")
    redacted = Redactor().redact_mapping({end: value, f"shop_{end}": value})
    assert value not in redacted.values()
    assert KeyNames(Logs()).kind(end) == kind


@pytest.mark.parametrize("section", ["begin with a question", "mean something else"])
def test_what_is_no_key_hides_nothing(section: str) -> None:
    (line,) = [line for line in TEXT.splitlines() if section in line]
    words = re.findall(r"`(\w+)`", line)
    assert len(words) > 20
    for word in words:
        key = f"{word}_password" if "begin" in section else word
        assert Redactor().redact_mapping({key: "Qa7xj9wk2"}) == {key: "Qa7xj9wk2"}, key

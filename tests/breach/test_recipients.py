"""A person of a row: what cells of any type say, and that no missing value joins two people into one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from alpines_privacy.breach.columns import FIELDS, Columns
from alpines_privacy.breach.recipients import Recipient, recipient_reader
from alpines_privacy.breach.sources.source import Row

NAMES = list(FIELDS)
UNREADABLE = "holds what cannot be read"


def read(**cells: Any) -> Recipient | str:
    columns = Columns({name: [place] for place, name in enumerate(NAMES)}, NAMES)
    return recipient_reader(columns, "00" * 16)(Row(1, [cells.get(name) for name in NAMES]))


def kept(field: str, cell: Any) -> str | None:
    person = read(**{"email": "a@example.com", field: cell})
    if isinstance(person, str):
        return person
    value: str | None = person.address if field == "email" else getattr(person, field)
    return value


CELLS: list[tuple[str, Any, str | None]] = [
    ("person", 12, "12"),
    ("person", 12.0, "12"),
    ("person", Decimal("12.00"), "12"),
    ("person", Decimal("1E+999999"), "inf"),
    ("person", 0.5, "0.5"),
    ("person", float("inf"), "inf"),
    ("person", float("nan"), None),
    ("person", Decimal("NaN"), None),
    ("person", Decimal("sNaN"), None),
    ("person", r"\N", None),
    ("person", True, "true"),
    ("person", UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ("person", UUID(int=255).bytes, "000000000000000000000000000000ff"),
    ("person", b"k-12", "k-12"),
    ("person", {"$oid": "5f43"}, "5f43"),
    ("name", {"first": "Jane", "middle": None, "last": "Doe"}, "Jane Doe"),
    ("name", date(2026, 11, 27), "2026-11-27"),
    ("name", datetime(2026, 11, 27, tzinfo=UTC), "2026-11-27 00:00:00+00:00"),
    ("name", b"M\xfcller", UNREADABLE),
    ("name", {"a": {"b": {"c": {"d": 1}}}}, UNREADABLE),
    ("name", object(), UNREADABLE),
    ("postal", {"street": "1 High St", "zip": 75500, "of": {"city": "Karachi"}}, "1 High St, 75500, Karachi"),
    ("phone", ["021", "022", ""], "021 022"),
    ("email", ["b@example.com"], "b@example.com"),
    ("email", ["b@example.com", "c@example.com"], UNREADABLE),
    ("email", {"address": "b@example.com"}, UNREADABLE),
]  # fmt: skip


@pytest.mark.parametrize("index", range(len(CELLS)))
def test_a_cell_of_any_type_says_what_it_says(index: int) -> None:
    field, cell, expected = CELLS[index]
    found = kept(field, cell)
    if expected == UNREADABLE:
        assert found == f"{field} holds what cannot be read in this encoding"
    else:
        assert found == expected


@pytest.mark.parametrize("missing", [None, "", " ", float("nan"), Decimal("NaN"), r"\N"])
def test_who_has_no_identifier_is_somebody_of_their_own(missing: Any) -> None:
    people = {read(name=name, person=missing, email=missing) for name in ("Ana", "Ben")}
    assert len({each.key for each in people if isinstance(each, Recipient)}) == 2


@pytest.mark.parametrize("yes", [True, 1, 1.0, Decimal(1), "Yes"])
def test_a_leak_is_told_by_any_type(yes: Any) -> None:
    person = read(email="a@example.com", leaked=yes)
    assert isinstance(person, Recipient)
    assert person.reason == "mailbox-leaked"

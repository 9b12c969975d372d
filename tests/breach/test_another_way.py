"""The list for letters and calls: all of it, or none."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from alpines_privacy.breach import another_way
from alpines_privacy.breach.another_way import write_another_way
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.ledger import Ledger, Outcome
from tests.breach.support import bring, fast_folder, opened_ledger


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), BreachError("lost")])
def test_a_list_that_cannot_be_written_whole_is_not_there(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[str] = set()

    def fails(text: str) -> str:
        seen.add(text)
        if {"Jane", "John"} <= seen:  # the second of them
            raise error
        return text

    listed, letters = tmp_path / "list.csv", tmp_path / "letters.csv"
    listed.write_text("email,name\na@b@c,Jane\nd@e@f,John\ng@example.com,Ann\n", "utf-8")
    with fast_folder() as folder, opened_ledger(f"sqlite:///{folder}/l.db") as (database, incident):
        bring(database, incident, listed)
        with monkeypatch.context() as patched:
            patched.setattr(another_way, "spreadsheet_safe", fails)
            with pytest.raises(BreachError):
                write_another_way(database, incident.id, letters)
        assert not letters.exists()
        assert write_another_way(database, incident.id, letters) == 2
        with pytest.raises(BreachError, match="is there already"):
            write_another_way(database, incident.id, letters)
    with letters.open(encoding="utf-8") as file:
        assert {row["name"] for row in csv.DictReader(file)} == {"Jane", "John"}
    assert letters.stat().st_mode & 0o077 == 0


def test_another_address_of_the_same_identifier_is_told(url: str, tmp_path: Path) -> None:
    """A new address is imported; the old one stays in the list, since an identifier may be a household's."""
    listed, letters = tmp_path / "list.csv", tmp_path / "letters.csv"
    rows = ["1,none", "2,a@b@c", "3,", "4,x", "1,ana@example.com", "2,ben@example.com", ",y@z@w"]
    listed.write_text("\n".join(["id,email", *rows]), "utf-8")
    with opened_ledger(url) as (database, incident):
        bring(database, incident, listed)
        ledger = Ledger(database, incident.id)
        claims = [each for each in ledger.claim("worker", 9) if each.address == "ana@example.com"]
        ledger.finish([Outcome(claim, "accepted", 250) for claim in ledger.begin(claims)])
        assert write_another_way(database, incident.id, letters) == 5
    with letters.open(encoding="utf-8") as file:
        found = {(row["person"], row["elsewhere"]) for row in csv.DictReader(file)}
    assert found == {("1", "accepted"), ("2", "pending"), ("3", ""), ("4", ""), ("", "")}

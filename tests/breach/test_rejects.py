"""The rejects file: for its owner alone, and cut back to what the ledger knows of."""

from __future__ import annotations

from pathlib import Path

import pytest

from alpines_privacy.breach.rejects import Rejects, spreadsheet_safe


def test_what_the_ledger_does_not_know_of_is_cut_off(tmp_path: Path) -> None:
    """A killed import has written rejects of rows that it reads again."""
    path = tmp_path / "rejects.csv"
    with Rejects(path, ["email"]) as rejects:
        rejects.add(2, "first", ["a"])
        known = rejects.sync()
        rejects.add(3, "second", ["b"])
        assert rejects.sync() > known
    with Rejects(path, ["email"], keep=known) as rejects:
        rejects.add(3, "again", ["b"])
        rejects.sync()
    assert path.read_text("utf-8").splitlines() == ["line,reason,email", "2,first,a", "3,again,b"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_import_without_rejects_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    path.write_text("of an import before", "utf-8")
    with Rejects(path, ["email"]) as rejects:
        assert rejects.sync() == 0
    assert not path.exists()


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_no_spreadsheet_takes_a_cell_for_a_formula(cell: str) -> None:
    assert spreadsheet_safe(cell) == f"'{cell}"
    assert spreadsheet_safe("a@x.com") == "a@x.com"

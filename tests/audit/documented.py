"""The table of requirements as the docs show it: `python -m tests.audit.documented` writes it there."""

from __future__ import annotations

import re
from pathlib import Path

from alpines_privacy.audit.requirements import REQUIREMENTS

__all__ = ["PAGE", "table", "written"]

PAGE = Path(__file__).parents[2] / "docs" / "audit-checks.md"

_NEEDS = {"": "", "active": "`--active`", "browser": "`--browser`"}
_TABLE = re.compile(r"(?<=<!-- requirements -->\n).*?(?=<!-- /requirements -->)", re.DOTALL)


def table() -> str:
    """Return the table: each requirement by its id, what it says, and what it needs."""
    rows = [f"| `{each.id}` | {each.title} | {_NEEDS[each.needs]} |" for each in REQUIREMENTS]
    return "\n".join(["| Requirement | Kept if | Needs |", "|---|---|---|", *rows, ""])


def written() -> str:
    """Return the table that stands in the docs."""
    found = _TABLE.search(PAGE.read_text("utf-8"))
    assert found, f"{PAGE} has no place for the table"
    return found[0]


def main() -> None:
    """Write the table into the docs."""
    text = PAGE.read_text("utf-8")
    PAGE.write_text(_TABLE.sub(lambda _: table(), text), "utf-8")


if __name__ == "__main__":
    main()

"""The catalogues of the policy's page: `python -m tests.support.catalogues` writes them anew.

It reads the sentences out of the code into `alpines_privacy.pot`, adds new ones to each `.po`, and
compiles those to the `.mo` that the package reads.
"""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from alpines_privacy import policy_page
from alpines_privacy.policy.own import OWN_COOKIES
from alpines_privacy.policy_page.language import CATALOGUES

__all__ = ["TEMPLATE", "compiled", "extracted", "languages", "read", "written"]

_PACKAGE = Path(policy_page.__file__).parent
TEMPLATE = CATALOGUES / "alpines_privacy.pot"
_KEYWORDS = {"say": None, "paragraph": None, "word": None, "message": None, "plural": (1, 2)}
_DATED = datetime(2026, 11, 28, tzinfo=UTC)  # a date that changes would change the files
_NO_LINE: Any = None  # lines change too often to stand in the files
_NOTES = {
    "English": "The name of the language of this catalogue, in itself.",
    "{day} {month} {year}": "A date.",
    ", ": "Between the members of a list.",
}


def extracted() -> Catalog:
    """Return all sentences that the code can say."""
    catalog = Catalog(
        project="alpines-privacy",
        version="1",
        msgid_bugs_address="see CONTRIBUTING.md",
        charset="utf-8",
        fuzzy=False,
        creation_date=_DATED,
        header_comment="# The sentences of the policy's page.",
    )
    for file, _, text, comments, _ in sorted(
        extract_from_dir(_PACKAGE, [("**.py", "python")], keywords=_KEYWORDS), key=lambda e: e[:2]
    ):
        key = text[0] if isinstance(text, tuple) else text
        catalog.add(text, locations=[(file, _NO_LINE)], auto_comments=[*comments, *_noted(key)])
    for cookie in OWN_COOKIES:
        catalog.add(cookie.purpose, locations=[("sections/cookies.py", _NO_LINE)])
    return catalog


def _noted(key: str) -> list[str]:
    return [_NOTES[key]] if key in _NOTES else []


def languages() -> list[Path]:
    """Return the shipped translations."""
    return sorted(CATALOGUES.glob("*/LC_MESSAGES/alpines_privacy.po"))


def read(path: Path) -> Catalog:
    """Return a translation."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3])


def written(catalog: Catalog) -> bytes:
    """Return a catalogue as a file that people edit."""
    out = BytesIO()
    write_po(out, catalog, width=98, omit_header=False, ignore_obsolete=True)
    return out.getvalue()


def compiled(catalog: Catalog) -> bytes:
    """Return a catalogue as the package reads it."""
    out = BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def main() -> None:
    """Write the template, and bring each translation up to date."""
    template = extracted()
    TEMPLATE.write_bytes(written(template))
    for path in languages():
        catalog = read(path)
        catalog.update(template, no_fuzzy_matching=True)
        path.write_bytes(written(catalog))
        path.with_suffix(".mo").write_bytes(compiled(catalog))


if __name__ == "__main__":
    main()

"""The shipped catalogues: `python -m tests.support.catalogues` writes them anew.

It reads the sentences out of the code into a `.pot`, adds new ones to each `.po`, and compiles those
to the `.mo` that the package reads.
"""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from alpines_privacy import policy_page
from alpines_privacy.breach import notice
from alpines_privacy.policy import catalogue
from alpines_privacy.policy.own import OWN_COOKIES

__all__ = ["NOTICE", "PAGE", "Shipped", "compiled", "read", "written"]

_KEYWORDS = {"say": None, "paragraph": None, "word": None, "message": None, "plural": (1, 2)}
_DATED = datetime(2026, 11, 28, tzinfo=UTC)  # a date that changes would change the files
_NO_LINE: Any = None  # lines change too often to stand in the files
_NOTES = {
    "English": "The name of the language of this catalogue, in itself.",
    "{day} {month} {year}": "A date.",
    ", ": "Between the members of a list.",
}


class Shipped(NamedTuple):
    """The catalogues of a package: its folder, and their name."""

    package: Path
    name: str
    about: str
    others: tuple[str, ...] = ()  # sentences that stand elsewhere

    @property
    def template(self) -> Path:
        """The file that translators begin with."""
        return self.package / "catalogues" / f"{self.name}.pot"

    def extracted(self) -> Catalog:
        """Return all sentences that the code can say."""
        catalog = Catalog(
            project="alpines-privacy",
            version="1",
            msgid_bugs_address="see CONTRIBUTING.md",
            charset="utf-8",
            fuzzy=False,
            creation_date=_DATED,
            header_comment=f"# {self.about}",
        )
        for file, text, comments in self._found():
            key = text[0] if isinstance(text, tuple) else text
            notes = [*comments, *([_NOTES[key]] if key in _NOTES else [])]
            catalog.add(text, locations=[(file, _NO_LINE)], auto_comments=notes)
        for text in self.others:
            catalog.add(text, locations=[("sections/cookies.py", _NO_LINE)])
        return catalog

    def _found(self) -> list[tuple[str, Any, list[str]]]:
        common = extract_from_file("python", catalogue.__file__, keywords=_KEYWORDS)
        own = extract_from_dir(self.package, [("**.py", "python")], keywords=_KEYWORDS)
        return [
            *(("policy/catalogue.py", text, comments) for _, text, comments, _ in common),
            *((e[0], e[2], e[3]) for e in sorted(own, key=lambda e: e[:2])),
        ]

    def languages(self) -> list[Path]:
        """Return the shipped translations."""
        return sorted((self.package / "catalogues").glob(f"*/LC_MESSAGES/{self.name}.po"))


PAGE = Shipped(
    Path(policy_page.__file__).parent,
    "alpines_privacy",
    "The sentences of the policy's page.",
    tuple(cookie.purpose for cookie in OWN_COOKIES),
)
NOTICE = Shipped(
    Path(notice.__file__).parent,
    "alpines_privacy_notice",
    "The words of a notice of a data breach.",
)


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
    """Write the templates, and bring each translation up to date."""
    for shipped in (PAGE, NOTICE):
        template = shipped.extracted()
        shipped.template.write_bytes(written(template))
        for path in shipped.languages():
            catalog = read(path)
            catalog.update(template, no_fuzzy_matching=True)
            path.write_bytes(written(catalog))
            path.with_suffix(".mo").write_bytes(compiled(catalog))


if __name__ == "__main__":
    main()

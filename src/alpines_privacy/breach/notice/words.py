"""The fixed words of a notice, in the languages that have a catalogue of them.

The title and the five headings are those of California (Cal. Civ. Code §1798.82(d)(1)); under them
stand the date of the breach and of the notice (d)(2)(C), and what the GDPR asks for (Art. 34(2)).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Formatter
from types import MappingProxyType, SimpleNamespace

from alpines_privacy.policy.catalogue import DATE, Catalogue, direction_of, message, month_of
from alpines_privacy.policy.errors import PolicyError
from alpines_privacy.policy.kinds import Kind

__all__ = ["CATALOGUES", "KIND_WORDS", "WORDS", "Words"]

CATALOGUES = Path(__file__).with_name("catalogues")
_FILE = "alpines_privacy_notice.mo"

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "title": message("Notice of Data Breach"),
        "greeting": message("Dear {name},"),
        "greeting_without_name": message("Hello,"),
        "opening": message(
            "A data breach has affected your personal data. This notice says what happened, what we "
            "are doing, and what you can do."
        ),
        "occurred": message("Date of the breach: {date}"),
        "discovered": message("Discovered: {date}"),
        "dated": message("Date of this notice: {date}"),
        "what_happened": message("What Happened"),
        "what_information": message("What Information Was Involved"),
        "kinds": message("The breach involved this personal data:"),
        "consequences": message("Likely Consequences"),
        "what_we_do": message("What We Are Doing"),
        "what_you_can_do": message("What You Can Do"),
        "change_passwords": message(
            "Change your password now. Change it in all other accounts too in which you use the same "
            "password. Do the same with security questions and their answers."
        ),
        "more": message("For More Information"),
        "write_to": message("E-mail: {address}"),
    }
)
"""The words by the names that templates use; some have a place."""

KIND_WORDS: Mapping[Kind, str] = MappingProxyType(
    {
        "NAME": message("Name"),
        "EMAIL": message("E-mail address"),
        "ADDRESS": message("Postal address"),
        "PHONE": message("Phone number"),
        "CNIC": message("Number of the national identity card (CNIC)"),
        "NTN": message("National tax number (NTN)"),
        "USERNAME": message("User name"),
        "PASSWORD": message("Password"),
        "SECRET": message("Access codes or keys"),
        "IP": message("IP address"),
        "USER_AGENT": message("Browser and device that you use"),
        "CARD": message("Number of a payment card"),
        "CVV": message("Security code of a payment card"),
        "IBAN": message("Number of a bank account (IBAN)"),
        "SSN": message("Social security number"),
        "PASSPORT": message("Passport number"),
        "BIRTH_DATE": message("Date of birth"),
        "MAC": message("Hardware address of a device (MAC)"),
        "COORDINATES": message("Location"),
    }
)
"""What the kinds of personal data (policy §2) are called."""
_NAMED: Mapping[str, str] = {str(kind): word for kind, word in KIND_WORDS.items()}


class Words:
    """The fixed words in one language; `exist` tells whether it has any."""

    def __init__(self, tag: str, folder: Path | None = None) -> None:
        """Read the catalogues, that in the operator's folder first.

        Raises `PolicyError` for one that cannot be read, lacks a word or a place, or has one more:
        a notice has no words of two languages.
        """
        folders = [folder, CATALOGUES] if folder else [CATALOGUES]
        self._catalogue = Catalogue(tag, _FILE, folders, key="breach.templates")
        self.exist = self._catalogue.exists
        said = {text: self._catalogue(text) for text in (*WORDS.values(), *_NAMED.values(), DATE)}
        for month in range(1, 13):
            self._catalogue(month_of(dt.date(2000, month, 1)))
        if self.exist:
            self._check(tag, said)
        self.all = SimpleNamespace(**{name: said[text] for name, text in WORDS.items()})
        self.direction = direction_of(self.all.title)

    def _check(self, tag: str, said: Mapping[str, str]) -> None:
        wrong = [text for text, other in said.items() if _places(text) != _places(other)]
        for what, texts in (
            ("lacks", self._catalogue.untranslated),
            ("has other places in", wrong),
        ):
            if texts:
                raise PolicyError(
                    f'the catalogue of "{tag}" {what} {len(texts)} of its words, such as "{texts[0]}"',
                    key="breach.templates",
                )

    def kinds(self, kinds: Sequence[str]) -> list[str]:
        """Return the names of kinds of data in the language; words as they are."""
        return [self._catalogue(_NAMED[kind]) if kind in _NAMED else kind for kind in kinds]

    def day(self, day: dt.date) -> str:
        """Return a day as the language writes it."""
        month = self._catalogue(month_of(day))
        return self._catalogue(DATE).format(day=day.day, month=month, year=day.year)


def _places(text: str) -> set[str | None] | None:
    try:
        return {place for _, place, _, _ in Formatter().parse(text) if place is not None}
    except ValueError:
        return None

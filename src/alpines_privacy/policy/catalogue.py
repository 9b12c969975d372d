"""Translations: each text by its English one, from gettext catalogues.

A catalogue is `<language>/LC_MESSAGES/<name>.mo`, which translators make from `<name>.pot` with the
tools they know (Poedit, Weblate, msgfmt). The operator's folder goes before the shipped one; what
neither has is said in English.
"""

from __future__ import annotations

import datetime as dt
import struct
import unicodedata
from collections.abc import Iterator, Sequence
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from alpines_privacy.policy.bounds import read_bounded
from alpines_privacy.policy.errors import PolicyError

__all__ = ["DATE", "Catalogue", "direction_of", "message", "month_of"]

_LONGEST = 1 << 20  # bytes of a catalogue
_ENGLISH = "en"  # what the texts in the code are


def message(text: str) -> str:
    """Mark a text for translation that a `Catalogue` translates later."""
    return text


_MONTHS = (
    message("January"), message("February"), message("March"), message("April"), message("May"),
    message("June"), message("July"), message("August"), message("September"), message("October"),
    message("November"), message("December"),
)  # fmt: skip
DATE = message("{day} {month} {year}")
"""A date, with a place for each of its parts."""


def month_of(day: dt.date) -> str:
    """Return the English name of a day's month, by which a catalogue has it."""
    return _MONTHS[day.month - 1]


class _English(NullTranslations):
    """The end of each chain of catalogues: says a text in English and notes it."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: dict[str, None] = {}

    def gettext(self, message: str) -> str:
        self.noted[message] = None
        return message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        self.noted[msgid1] = None
        return msgid1 if n == 1 else msgid2


class Catalogue:
    """The texts of one language, from the catalogues of its tag in several folders, the nearest first."""

    def __init__(self, tag: str, name: str, folders: Sequence[Path], *, key: str) -> None:
        """Read the files `name`; raises `PolicyError` with `key` for one that cannot be read."""
        self._english = _English()
        self._texts: NullTranslations = self._english
        found = [_read(path, key) for path in _files(tag, name, folders)]
        for catalogue in reversed(found):
            catalogue.add_fallback(self._texts)
            self._texts = catalogue
        self._is_english = tag.lower().split("-")[0] == _ENGLISH
        self.exists = bool(found) or self._is_english
        """Whether the language has texts of its own."""

    @property
    def untranslated(self) -> list[str]:
        """The texts said so far that no catalogue has; none in English, which they are written in."""
        return [] if self._is_english else list(self._english.noted)

    def __call__(self, text: str) -> str:
        """Return a text in the language."""
        return self._texts.gettext(text)

    def counted(self, one: str, many: str, count: int) -> str:
        """Return the form of a text for a number."""
        return self._texts.ngettext(one, many, count)

    def own(self, text: str) -> str:
        """Return a text of the operator's, which need not be translated."""
        was_noted = text in self._english.noted
        said = self._texts.gettext(text)
        if not was_noted:
            self._english.noted.pop(text, None)
        return said


def direction_of(text: str) -> str:
    """Return whether a text's letters run "ltr" or "rtl", by the first strong one (UAX #9, P2)."""
    strong = (unicodedata.bidirectional(letter) for letter in text)
    return "rtl" if next((s for s in strong if s in {"L", "R", "AL"}), "L") != "L" else "ltr"


def _files(tag: str, name: str, folders: Sequence[Path]) -> Iterator[Path]:
    """Yield the catalogues of a tag, the nearest first: `pt_BR`, then `pt`."""
    parts = tag.split("-")
    for folder in folders:
        for length in range(len(parts), 0, -1):
            path = folder / "_".join(parts[:length]) / "LC_MESSAGES" / name
            if path.is_file():
                yield path


def _read(path: Path, key: str) -> GNUTranslations:
    """Read one catalogue; raises `PolicyError` naming it."""
    try:
        return GNUTranslations(BytesIO(read_bounded(path, _LONGEST, key=key)))
    except PolicyError:
        raise
    except (OSError, ValueError, LookupError, RecursionError, struct.error) as error:
        raise PolicyError(
            f"{path} is no gettext catalogue ({error}); expected what msgfmt writes", key=key
        ) from None

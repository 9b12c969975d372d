"""The page's languages: each sentence by its English text, from gettext catalogues.

A catalogue is `<language>/LC_MESSAGES/alpines_privacy.mo`, which translators make from
`alpines_privacy.pot` with the tools they know (Poedit, Weblate, msgfmt). The operator's folder goes
before the shipped one; what neither has is said in English.
"""

from __future__ import annotations

import datetime as dt
import struct
import unicodedata
from collections.abc import Iterator
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from string import Formatter

from alpines_privacy.policy import PolicyError
from alpines_privacy.policy.bounds import read_bounded
from alpines_privacy.policy_page.document import Code, Inline, Link, Own, Piece, Time

__all__ = ["CATALOGUES", "Language", "message"]

CATALOGUES = Path(__file__).with_name("catalogues")
_FILE = Path("LC_MESSAGES", "alpines_privacy.mo")
_LONGEST = 1 << 20  # bytes of a catalogue
_ENGLISH = "en"  # what the sentences in the code are


def message(text: str) -> str:
    """Mark a text for translation that `Language.word` translates later."""
    return text


_MONTHS = (
    message("January"), message("February"), message("March"), message("April"), message("May"),
    message("June"), message("July"), message("August"), message("September"), message("October"),
    message("November"), message("December"),
)  # fmt: skip

_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60  # seconds
_DATE = message("{day} {month} {year}")


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


class Language:
    """Says sentences in one language; calling it fills the places of a sentence with pieces."""

    def __init__(self, tag: str, catalogues: str | None = None) -> None:
        """Read the catalogues of a language tag.

        Raises `PolicyError` for a catalogue that cannot be read, and for a language without any.
        """
        self.tag = tag
        self._english = _English()
        self._texts: NullTranslations = self._english
        folders = [Path(catalogues)] if catalogues else []
        found = [_read(path) for path in _files(tag, [*folders, CATALOGUES])]
        for catalogue in reversed(found):
            catalogue.add_fallback(self._texts)
            self._texts = catalogue
        self._is_english = tag.lower().split("-")[0] == _ENGLISH
        if not (found or self._is_english):
            shipped = ", ".join(
                sorted({_ENGLISH, *(p.name for p in CATALOGUES.iterdir() if p.is_dir())})
            )
            raise PolicyError(
                f'"{tag}" has no catalogue; expected one of those shipped ({shipped}), or '
                f"{tag.replace('-', '_')}/{_FILE.as_posix()} in operator.catalogues",
                key="operator.languages",
            )

    @property
    def untranslated(self) -> list[str]:
        """The sentences said so far that no catalogue has; none in English, which they are written in."""
        return [] if self._is_english else list(self._english.noted)

    @property
    def direction(self) -> str:
        """Whether the language's letters run "ltr" or "rtl", by the first strong one (UAX #9, P2)."""
        strong = (unicodedata.bidirectional(letter) for letter in self.word("Privacy policy"))
        return "rtl" if next((s for s in strong if s in {"L", "R", "AL"}), "L") != "L" else "ltr"

    def __call__(self, text: str, **places: Piece | Inline) -> Inline:
        """Return a sentence, with a piece or several in each of its `{places}`."""
        return _filled(self._texts.gettext(text), text, places)

    def plural(self, one: str, many: str, count: int, **places: Piece | Inline) -> Inline:
        """Return the form of a sentence for a number, which it may name as `{count}`."""
        said = self._texts.ngettext(one, many, count)
        return _filled(said, many, {"count": str(count), **places}, optional={"count"})

    def word(self, text: str) -> str:
        """Return a text without places."""
        return self._texts.gettext(text)

    def own(self, text: str) -> Own:
        """Return words of the operator's, translated if a catalogue of theirs has them."""
        was_noted = text in self._english.noted
        said = self._texts.gettext(text)
        if not was_noted:
            self._english.noted.pop(text, None)
        return Own(said)

    def day(self, day: dt.date) -> Time:
        """Return a day as the language writes it."""
        places = {
            "day": str(day.day),
            "month": self.word(_MONTHS[day.month - 1]),
            "year": str(day.year),
        }
        return Time(day, "".join(map(str, self(_DATE, **places))))

    def span(self, seconds: int) -> Inline:
        """Return a length of time in the longest unit that divides it."""
        if seconds and seconds % _DAY == 0:
            return self.plural("{count} day", "{count} days", seconds // _DAY)
        if seconds and seconds % _HOUR == 0:
            return self.plural("{count} hour", "{count} hours", seconds // _HOUR)
        if seconds and seconds % _MINUTE == 0:
            return self.plural("{count} minute", "{count} minutes", seconds // _MINUTE)
        return self.plural("{count} second", "{count} seconds", seconds)

    def listed(self, words: list[Inline]) -> Inline:
        """Return several words in a row, as the language separates them."""
        comma = self.word(", ")
        return tuple(
            piece
            for index, word in enumerate(words)
            for piece in ((comma, *word) if index else word)
        )


def _files(tag: str, folders: list[Path]) -> Iterator[Path]:
    """Yield the catalogues of a tag, the nearest first: `pt_BR`, then `pt`."""
    parts = tag.split("-")
    for folder in folders:
        for length in range(len(parts), 0, -1):
            path = folder / "_".join(parts[:length]) / _FILE
            if path.is_file():
                yield path


def _read(path: Path) -> GNUTranslations:
    """Read one catalogue; raises `PolicyError` naming it."""
    key = "operator.catalogues"
    try:
        return GNUTranslations(BytesIO(read_bounded(path, _LONGEST, key=key)))
    except PolicyError:
        raise
    except (OSError, ValueError, LookupError, RecursionError, struct.error) as error:
        raise PolicyError(
            f"{path} is no gettext catalogue ({error}); expected what msgfmt writes", key=key
        ) from None


def _filled(
    said: str,
    text: str,
    places: dict[str, Piece | Inline],
    optional: frozenset[str] | set[str] = frozenset(),
) -> Inline:
    try:
        parts = [(before, place) for before, place, _, _ in Formatter().parse(said)]
    except ValueError:
        parts = [("", "")]
    named = {place for _, place in parts if place is not None}
    if not places.keys() - optional <= named <= places.keys():
        raise PolicyError(
            f"the translation {said[:80]!r} of {text[:80]!r} has other places; expected "
            f"{', '.join(f'{{{name}}}' for name in sorted(places)) or 'none'}",
            key="operator.catalogues",
        )
    pieces: list[Piece] = []
    for before, place in parts:
        if before:
            pieces.append(before)
        if place is not None:
            pieces += _as_inline(places[place])
    return tuple(pieces)


def _as_inline(given: Piece | Inline) -> Inline:
    return (given,) if isinstance(given, str | Code | Link | Time | Own) else given

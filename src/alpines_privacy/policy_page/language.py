"""The page's languages: each sentence by its English text, from gettext catalogues (`policy.catalogue`)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from string import Formatter

from alpines_privacy.policy import PolicyError
from alpines_privacy.policy.catalogue import DATE, Catalogue, direction_of, message, month_of
from alpines_privacy.policy_page.document import Code, Inline, Link, Own, Piece, Time

__all__ = ["CATALOGUES", "Language", "message"]

CATALOGUES = Path(__file__).with_name("catalogues")
_FILE = "alpines_privacy.mo"

_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60  # seconds


class Language:
    """Says sentences in one language; calling it fills the places of a sentence with pieces."""

    def __init__(self, tag: str, catalogues: str | None = None) -> None:
        """Read the catalogues of a language tag.

        Raises `PolicyError` for a catalogue that cannot be read, and for a language without any.
        """
        self.tag = tag
        folders = [Path(catalogues), CATALOGUES] if catalogues else [CATALOGUES]
        self._catalogue = Catalogue(tag, _FILE, folders, key="operator.catalogues")
        if not self._catalogue.exists:
            shipped = ", ".join(
                sorted({"en", *(p.name for p in CATALOGUES.iterdir() if p.is_dir())})
            )
            raise PolicyError(
                f'"{tag}" has no catalogue; expected one of those shipped ({shipped}), or '
                f"{tag.replace('-', '_')}/LC_MESSAGES/{_FILE} in operator.catalogues",
                key="operator.languages",
            )

    @property
    def untranslated(self) -> list[str]:
        """The sentences said so far that no catalogue has; none in English, which they are written in."""
        return self._catalogue.untranslated

    @property
    def direction(self) -> str:
        """Whether the language's letters run "ltr" or "rtl", by those of the page's title."""
        return direction_of(self._catalogue("Privacy policy"))

    def __call__(self, text: str, **places: Piece | Inline) -> Inline:
        """Return a sentence, with a piece or several in each of its `{places}`."""
        return _filled(self._catalogue(text), text, places)

    def plural(self, one: str, many: str, count: int, **places: Piece | Inline) -> Inline:
        """Return the form of a sentence for a number, which it may name as `{count}`."""
        said = self._catalogue.counted(one, many, count)
        return _filled(said, many, {"count": str(count), **places}, optional={"count"})

    def word(self, text: str) -> str:
        """Return a text without places."""
        return self._catalogue(text)

    def own(self, text: str) -> Own:
        """Return words of the operator's, translated if a catalogue of theirs has them."""
        return Own(self._catalogue.own(text))

    def day(self, day: dt.date) -> Time:
        """Return a day as the language writes it."""
        places = {
            "day": str(day.day),
            "month": self.word(month_of(day)),
            "year": str(day.year),
        }
        return Time(day, "".join(map(str, self(DATE, **places))))

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

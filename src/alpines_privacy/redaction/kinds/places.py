"""Places on earth: pairs of latitude and longitude, as decimals, in degrees and under their names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alpines_privacy.redaction.kinds.keywords import WORD
from alpines_privacy.redaction.kinds.shape import Bounds, Shape

__all__ = ["SHAPES"]

_DECIMAL = r"[+-]?[0-9]{1,3}\.[0-9]+"
_PAIR = re.compile(rf"({_DECIMAL})[ ]?[,;/ ][ ]?({_DECIMAL})", re.ASCII)
_MORE_BEFORE = re.compile(r"\.[0-9]+[ ]?[,;][ ]?\Z")
_MORE_AFTER = re.compile(r"[0-9]|\.[0-9]|[ ]?[,;][ ]?[+-]?[0-9]+\.[0-9]{3}")


def _find_pair(text: str, start: int, _end: int) -> Iterator[Bounds]:
    """Give a pair that is on earth and not part of a longer list of numbers.

    Two numbers below one are probabilities or losses more often than a place in the Gulf of Guinea.
    """
    if start and text[start - 1] in "+-":
        start -= 1
    match = _PAIR.match(text, start)
    if match is None or text[start - 1 : start] in WORD or text[start - 1 : start] in {".", "_"}:
        return
    if _MORE_AFTER.match(text, match.end()) or _MORE_BEFORE.search(text, max(0, start - 24), start):
        return
    latitude, longitude = abs(float(match[1])), abs(float(match[2]))
    if latitude <= 90 and longitude <= 180 and max(latitude, longitude) >= 1:
        yield match.span()


_NUMBER = re.compile(r"[+-]?[0-9]{1,3}\.[0-9]{2,20}(?![0-9A-Za-z])")


def _find_named(text: str, start: int, end: int) -> Iterator[Bounds]:
    """Give the number after `lat=` or `"longitude": `."""
    match = _NUMBER.search(text, start, end + 20)
    if match is not None and abs(float(match[0])) <= 180:
        yield match.span()


def _find_degrees(_text: str, start: int, end: int) -> Iterator[Bounds]:
    yield start, end


# Minutes and seconds are marked by primes, quotes or similar signs of keyboards.
_FRACTION = r"(?:\.[0-9]{1,10})?"
_SECONDS = f"(?: ?[0-9]{{1,2}}{_FRACTION} ?(?:[\"\u2033\u201d]|''))?"
_MINUTES = f"(?: ?[0-9]{{1,2}}{_FRACTION} ?['\u2032\u2019]{_SECONDS})?"
_DEGREES = f"[0-9]{{1,3}}{_FRACTION} ?[\u00b0\u00ba]{_MINUTES} ?"
_NAMES = r"(?i:\b(?:lat|latitude|lon|lng|longitude)|_lat|_lon|_lng)"
SHAPES = (
    Shape(
        "COORDINATES",
        r"[0-9]{1,2}\.[0-9]{4,20}[ ]?[,;][ ]?[+-]?[0-9]{1,3}\.[0-9]{4}",
        _find_pair,
        ("=0\\.0{4,20}[ ]?[,;][ ]?[+-]?0{1,3}\\.0000",),
    ),
    Shape(
        "COORDINATES",
        rf"{_NAMES}[\"']?[ ]?(?:[=:]|is|of)?[ ]?[\"']?[+-]?[0-9]{{1,3}}\.[0-9]{{2}}",
        _find_named,
        ("lat", "lon", "lng"),
    ),
    Shape(
        "COORDINATES", rf"{_DEGREES}[NS][,; ]{{0,3}}{_DEGREES}[EWO]", _find_degrees, ("!°", "!º")
    ),
)

"""Values known in advance, found literally in a text: in any case, plain and encoded.

No pattern is compiled from a value, because the pattern would stay in `re`'s cache after the request,
with the value in it.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import quote

from alpines_privacy.redaction.engine.one_line import one_line

__all__ = ["KnownValues", "Literal"]

_MOST_NEEDLES = (
    300  # spellings of a visitor's values that are looked for in each record of the request
)

# How often a value may occur inside words of one text before it counts there too. The visitor picks the
# values and much of the text, so without a limit they would choose how long the search takes.
_MOST_WITHIN = 64

# An escape: ends with a letter or digit, but is not part of the word after it.
_ESCAPE = re.compile(
    r"(?:%[0-9a-f]{2}|\\(?:[abfnrtv0]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})|\x1b\[[0-9;]*m)\Z",
    re.IGNORECASE,
)
_LONGEST_ESCAPE = 12  # characters


# Each byte percent-encoded, the slash too.
_QUOTED = [quote(bytes([byte]), safe="") for byte in range(256)]

_MAIL = re.compile(r"[\w.+\-]{0,64}(?:@|%40)")  # the rest of a local part, up to the @


class Literal(NamedTuple):
    """A value, its replacement, and whether it counts only as a whole word.

    A `part` of a value does not count inside a mail address either: the address is one value as a whole.
    """

    value: str
    mark: str
    word: bool
    part: bool = False


class KnownValues:
    """Replaces literal values; of two that overlap the longer is found, whatever their order.

    Values that count only as words are looked for in 300 spellings in total; the first ones given count.
    """

    __slots__ = ("_needles", "_values")

    def __init__(self, literals: Iterable[Literal]) -> None:
        needles: dict[str, Literal] = {}
        for literal in literals:
            if literal.word and len(needles) >= _MOST_NEEDLES:
                continue
            for form in _forms(literal.value):
                needles.setdefault(_folded(form), literal._replace(value=_folded(form)))
        self._needles = sorted(needles.values(), key=lambda needle: -len(needle.value))
        self._values = [needle.value for needle in self._needles]

    def redact(self, text: str) -> str:
        """Return the text without the values; the same object where there are none."""
        if not self._needles:
            return text
        folded = text.lower()
        if len(folded) != len(text):
            folded = _folded(text)
        for value in self._values:
            if value in folded:
                found = [needle for needle in self._needles if needle.value in folded]
                return _replaced(text, folded, found)
        return text


def _replaced(text: str, folded: str, found: list[Literal]) -> str:
    """Replace all places of one needle, then of the next; marks are never searched."""
    taken = bytearray(len(text))
    places = [
        (start, end, needle.mark)
        for needle in found
        for start, end in _places(needle, folded, taken)
    ]
    if not places:
        return text
    pieces: list[str] = []
    at = 0
    for start, end, mark in sorted(places):
        pieces += (text[at:start], mark)
        at = end
    return "".join([*pieces, text[at:]])


def _places(needle: Literal, folded: str, taken: bytearray) -> Iterator[tuple[int, int]]:
    """Yield the bounds of each place where a needle counts, outside longer needles, and mark them as taken."""
    value, size, within = needle.value, len(needle.value), 0
    mark, is_free = b"\1" * size, 1 not in taken
    counts_anywhere = not (needle.word or needle.part)
    start = folded.find(value)
    while start >= 0:
        end = start + size
        if not is_free and (last := taken.rfind(1, start, end)) >= 0:
            free = taken.find(0, last)
            start = folded.find(value, free) if free >= 0 else -1
        elif counts_anywhere or _counts(
            needle, folded, start, end, anywhere=within >= _MOST_WITHIN
        ):
            taken[start:end] = mark
            yield start, end
            start = folded.find(value, end)
        else:
            within += 1
            start = folded.find(value, start + 1)


def _counts(needle: Literal, text: str, start: int, end: int, *, anywhere: bool) -> bool:
    if needle.word and not (anywhere or _is_word(text, start, end)):
        return False
    return not (needle.part and _MAIL.match(text, end))


def _is_word(text: str, start: int, end: int) -> bool:
    """Whether the place begins and ends at word boundaries."""
    if end < len(text) and _joins(text[end - 1]) and _joins(text[end]):
        return False
    if not start or not (_joins(text[start]) and _joins(text[start - 1])):
        return True
    return _ESCAPE.search(text, max(0, start - _LONGEST_ESCAPE), start) is not None


def _joins(character: str) -> bool:
    return character.isalnum()


def _forms(value: str) -> set[str]:
    """Return a value as it is and as it looks in an address, a repr, JSON and markup."""
    forms = {value}
    if value.isalnum() and value.isascii():
        return forms
    encoded = value.encode("utf-8", "replace")
    quoted = "".join(map(_QUOTED.__getitem__, encoded))
    forms |= {quoted, quoted.replace("%2F", "/"), quoted.replace("%20", "+")}
    forms |= {repr(value)[1:-1], ascii(value)[1:-1], repr(encoded)[2:-1]}
    forms |= {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    forms |= {html.escape(value), html.escape(value, quote=False)}
    return forms | {one_line(form) for form in forms}


def _folded(text: str) -> str:
    """Return the text in lower case, character by character: offsets stay."""
    folded = text.lower()
    if len(folded) == len(text):
        return folded
    return "".join(low if len(low := c.lower()) == 1 else c for c in text)

"""A search of a page's bytes for the tags that tell whether one of its links says "Privacy".

Most links do not: their bytes lack the word's letters, so the tags in them are never read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from alpines_privacy.http.html.lexing import SPACE

__all__ = ["AROUND_LINKS", "WORD", "link_marks"]

WORD = "privacy"

AROUND_LINKS = frozenset({"area", "dialog", "details"})
"""Start tags to read for links, beside those that `link_marks` finds."""

_LETTERS = tuple(letter.encode() for letter in WORD)
_AFTER_NAME = len("<a")
_LINK = re.compile(rb"<(/?)a(?=[%b/>])" % SPACE).finditer
_HIDING = (b"hidden", b"display", b"visibility", b"opacity", b"font-size")


def link_marks(data: bytes) -> list[int]:
    """Return places in start tags, in order: of links that may say it, of attributes that may hide some."""
    lowered = data.lower()  # faster than searches that ignore case
    marks = [*_speaking(lowered)]
    for word in _HIDING:
        marks += _places(word, lowered)
    return sorted(marks)


def _speaking(lowered: bytes) -> Iterator[int]:
    """Yield the links that may say the word: up to the next link or end tag stand its letters.

    A number in a character reference may stand for one (no name does), and the last link of a chunk
    may go on in the next.
    """
    begun = -1
    for tag in _LINK(lowered):
        if begun >= 0 and _may_say(lowered, begun, tag.start()):
            yield begun + _AFTER_NAME
        begun = -1 if tag[1] else tag.start()
    if begun >= 0:
        yield begun + _AFTER_NAME


def _may_say(lowered: bytes, start: int, end: int) -> bool:
    at = start
    for letter in _LETTERS:
        at = lowered.find(letter, at, end) + 1
        if not at:
            return lowered.find(b"&#", start, end) >= 0
    return True


def _places(word: bytes, lowered: bytes) -> Iterator[int]:
    at = lowered.find(word)
    while at >= 0:
        yield at
        at = lowered.find(word, at + len(word))

"""The tags a consumer wants to see, compiled once into the patterns that find them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeAlias

from alpines_privacy.http.html.lexing import SPACE, letters

__all__ = ["EVERY_TAG", "RAW_TEXT", "STRUCTURE", "Marks", "Search", "Selection"]

Search: TypeAlias = "Callable[[bytes, int, int], re.Match[bytes] | None]"

Marks: TypeAlias = "Callable[[bytes], list[int]]"
"""Finds places in rising order. What it finds in a tag it also finds in that tag's bytes alone."""

RAW_TEXT = frozenset(
    b"script style textarea title xmp iframe noembed noframes plaintext noscript".split()
)
"""Elements of HTML whose content is not read as markup, and `noscript`."""

STRUCTURE = frozenset({b"svg", b"math", b"template", b"frameset"})
"""Elements that change how what follows is read."""

# Inside `svg`, `math` and enclosed elements every tag is read.
EVERY_TAG: Search = re.compile(
    rb"<(?:[!?]|/[^a-zA-Z>]|([a-zA-Z][^%b/>]*+)|/([a-zA-Z][^%b/>]*+))" % (SPACE, SPACE)
).search


class Selection:
    """The names of the start tags that are offered: ASCII, of any case, 64 letters at most.

    `marks` finds what makes the tag around it be offered too, whatever its name: an attribute
    that any tag may have. Most of a page's tags are read by nobody, so that is cheaper than
    offering all of them. A place in text or in a comment means nothing.

    `html` searches for them and for what else matters in HTML, `templated` also for the end of a
    template.
    """

    __slots__ = ("html", "marks", "offered", "templated")

    def __init__(self, names: Iterable[str], marks: Marks | None = None) -> None:
        self.marks = marks
        self.offered = {name.lower().encode("ascii"): name.lower() for name in names}
        states = RAW_TEXT | STRUCTURE | frozenset(self.offered)
        self.html = _search(states, frozenset())
        self.templated = _search(states, frozenset({b"template"}))


def _search(starts: frozenset[bytes], ends: frozenset[bytes]) -> Search:
    """Return what finds start and end tags of these names, and the openings of comments.

    First letters, then the rest of any name: `<a` and `</` are ruled out by their second byte,
    and what no name is (`<ityle>`) is read as any other tag. The first group is the name of a start
    tag, the second that of an end tag.
    """
    firsts = b"".join(sorted({letters(name[:1]).strip(b"[]") for name in starts}))
    branches = [
        rb"/[^a-zA-Z>]",
        rb"[!?]",
        rb"([%b]%b)(?=[%b/>])" % (firsts, _tails(starts), SPACE),
    ]
    if ends:
        branches.append(rb"/(%b)(?=[%b/>])" % (_words(ends), SPACE))
    return re.compile(rb"<(?:%b)" % b"|".join(branches)).search


def _tails(names: frozenset[bytes]) -> bytes:
    return _words({name[1:] for name in names})


def _words(words: Iterable[bytes]) -> bytes:
    """Return a pattern for any of the words that never tries one letter twice."""
    by_letter: dict[bytes, list[bytes]] = {}
    for word in sorted(words):
        by_letter.setdefault(word[:1], []).append(word[1:])
    branches = [letters(first) + _words(rest) for first, rest in by_letter.items() if first]
    ending = b"?" if b"" in by_letter else b""
    return b"(?:%b)%b" % (b"|".join(branches), ending) if branches else b""

"""The tags a consumer wants to see, compiled once into the patterns that find them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeAlias

from alpines_privacy.http.html.lexing import SPACE, letters

__all__ = ["EVERY_TAG", "RAW_TEXT", "STRUCTURE", "FindPositions", "Search", "Selection"]

Search: TypeAlias = "Callable[[bytes, int, int], re.Match[bytes] | None]"

FindPositions: TypeAlias = "Callable[[bytes], list[int]]"
"""Returns positions in ascending order. It finds the same in a tag's bytes alone as in the page."""

RAW_TEXT = frozenset(
    b"script style textarea title xmp iframe noembed noframes plaintext noscript".split()
)
"""Elements of HTML whose content is not read as markup, and `noscript`."""

STRUCTURE = frozenset({b"svg", b"math", b"template", b"frameset"})
"""Elements that change how what follows is read."""

# For `svg`, `math` and enclosed elements, in which every tag is read.
EVERY_TAG: Search = re.compile(
    rb"<(?:[!?]|/[^a-zA-Z>]|([a-zA-Z][^%b/>]*+)|/([a-zA-Z][^%b/>]*+))" % (SPACE, SPACE)
).search


class Selection:
    """The names of the start tags that are offered: ASCII, of any case, 64 letters at most.

    `positions` finds, in a buffer, text in tags of any name that makes the tag offered too, such as
    an attribute that any tag may have. That is cheaper than offering all tags. Positions in text or
    comments are ignored.

    Start tags of `along` and end tags of `ends` are found for an `Addition` alone: they are not offered.

    `html` searches for the names and for all that changes the state in HTML; `templated` also
    for the end of a template.
    """

    __slots__ = ("html", "offered", "positions", "templated")

    def __init__(
        self,
        names: Iterable[str],
        positions: FindPositions | None = None,
        *,
        along: Iterable[str] = (),
        ends: Iterable[str] = (),
    ) -> None:
        self.positions = positions
        self.offered = {name.lower().encode("ascii"): name.lower() for name in names}
        states = RAW_TEXT | STRUCTURE | frozenset(self.offered) | set(map(str.encode, along))
        closing = frozenset(map(str.encode, ends))
        self.html = _search(states, closing)
        self.templated = _search(states, closing | {b"template"})


def _search(starts: frozenset[bytes], ends: frozenset[bytes]) -> Search:
    """Return a search for start and end tags of these names, and for the openings of comments.

    The pattern combines first letters with the rest of any name: the second byte rules most tags
    out, and a false match (`<ityle>`) is read as any other tag. The first group is the name of a start
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
    """Return a pattern for any of the words that tries each letter once (a trie)."""
    by_letter: dict[bytes, list[bytes]] = {}
    for word in sorted(words):
        by_letter.setdefault(word[:1], []).append(word[1:])
    branches = [letters(first) + _words(rest) for first, rest in by_letter.items() if first]
    ending = b"?" if b"" in by_letter else b""
    return b"(?:%b)%b" % (b"|".join(branches), ending) if branches else b""

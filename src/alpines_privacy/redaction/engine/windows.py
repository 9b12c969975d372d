"""Windows in which a long text is read, so that nothing anybody sends is read in one piece.

Windows overlap. What begins between `first` and `last` counts as the window shows it, which has
`BEFORE` characters in front of it (a keyword, a key and its line stand nearer) and `AFTER` behind
it (a private key is shorter); a value that is still longer goes on to the end of its line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["LONGEST", "Window", "windows"]

LONGEST = 1 << 17  # characters read at once
BEFORE, AFTER = 1 << 12, 1 << 14


class Window(NamedTuple):
    """`text[start:end]` is read; what begins in `text[first:last]` counts."""

    start: int
    first: int
    last: int
    end: int


def windows(size: int) -> Iterator[Window]:
    """Give the windows of a text of `size` characters, in order."""
    first = last = 0
    while last < size:
        start = max(0, first - BEFORE)
        end = min(size, start + LONGEST)
        last = size if end == size else end - AFTER
        yield Window(start, first, last, end)
        first = last

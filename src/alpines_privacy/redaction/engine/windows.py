"""Windows in which a long text is read, so that the text read at once is bounded.

Windows overlap. A value that begins between `first` and `last` is judged in this window: it has `BEFORE`
characters before `first` (keywords, keys and their lines are nearer) and `AFTER` behind `last` (a private
key is shorter). A value that is longer still continues to the end of its line.
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

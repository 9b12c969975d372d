"""The text before a key on its line, and whether that line is source.

Signs of source are searched once in a text and looked up for each key: searching them before every key
reads the same characters over and over.
"""

from __future__ import annotations

import re
from bisect import bisect_left

__all__ = ["NO_LINE", "Line"]

_LINE_READ = 200  # characters before a key that tell what its line is
_SIGNS_OF_SOURCE = ("(", " = ", "def ", "return ", "await ", "self.")
_SOURCE = re.compile(r"\w\(|\bdef |\breturn |\bawait |\bself\.| = ")


class Line:
    """The line of a text before the key that is judged: its last 200 characters where it is longer.

    One object serves all keys of a text, as making one takes longer than reading most lines.
    """

    __slots__ = ("_end", "_ends", "_starts", "_whole", "text")

    def __init__(self, text: str) -> None:
        self._whole = text
        self._starts: list[int] | None = None  # of the signs of source, in order
        self._ends: list[int] = []
        self._end = 0
        self.text = ""

    def before(self, place: int) -> Line:
        """Move to the line before a place, and return this object."""
        before = self._whole[place - _LINE_READ if place > _LINE_READ else 0 : place]
        self.text = before.rpartition("\n")[2] if "\n" in before else before
        self._end = place
        return self

    def is_source(self) -> bool:
        """Tell whether the line is indented or holds signs of source."""
        text = self.text
        if text[:1] == "\t" or (len(text) > 1 and text[:2].isspace()):
            return True
        starts = self._starts
        if starts is None:
            starts = self._find_signs()
        index = bisect_left(starts, self._end - len(text))
        return index < len(starts) and self._ends[index] <= self._end

    def _find_signs(self) -> list[int]:
        whole = self._whole
        signs = any(sign in whole for sign in _SIGNS_OF_SOURCE) and _SOURCE.finditer(whole)
        places = [match.span() for match in signs or ()]
        self._starts = [start for start, _ in places]
        self._ends = [end for _, end in places]
        return self._starts


NO_LINE = Line("")

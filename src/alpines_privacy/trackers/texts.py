"""Filters for what a raw text element holds: nothing of it, or all of it edited at its end."""

from __future__ import annotations

from collections.abc import Callable

from alpines_privacy.http.html import HELD

__all__ = ["Whole", "emptied"]


def emptied(data: bytes, *, last: bool) -> bytes:
    """Let nothing of a text pass."""
    del data, last
    return b""


class Whole:
    """Holds a text until its end, which no browser uses before, and edits it as a whole.

    One longer than `HELD` bytes passes as it is.
    """

    __slots__ = ("_edit", "_parts", "_size")

    def __init__(self, edit: Callable[[bytes], bytes | None]) -> None:
        """Edit by `edit`, which returns what takes the text's place, None to keep it."""
        self._edit = edit
        self._parts: list[bytes] = []
        self._size = 0

    def __call__(self, data: bytes, *, last: bool) -> bytes:
        """Take the next bytes; return what can leave."""
        self._parts.append(data)
        self._size += len(data)
        if self._size > HELD:
            text, self._parts = b"".join(self._parts), []
            return text
        if not last:
            return b""
        text, self._parts, self._size = b"".join(self._parts), [], 0
        edited = self._edit(text)
        return text if edited is None else edited

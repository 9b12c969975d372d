"""Filters for the text of a raw text element: one empties it, one edits it as a whole."""

from __future__ import annotations

from collections.abc import Callable

from alpines_privacy.http.html import HELD

__all__ = ["Whole", "emptied"]


def emptied(data: bytes, *, last: bool) -> bytes:
    """Remove all of a text."""
    del data, last
    return b""


class Whole:
    """Holds a text until its end and edits it as a whole; no browser uses it before its end.

    A text longer than `HELD` bytes passes unchanged.
    """

    __slots__ = ("_edit", "_parts", "_size")

    def __init__(self, edit: Callable[[bytes], bytes | None]) -> None:
        """Edit by `edit`, which returns a replacement, or None to keep the text."""
        self._edit = edit
        self._parts: list[bytes] = []
        self._size = 0

    def __call__(self, data: bytes, *, last: bool) -> bytes:
        """Take the next bytes; return those that are finished."""
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

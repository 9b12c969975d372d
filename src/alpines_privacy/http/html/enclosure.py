"""The extent of an element in the bytes of a page, by the tags in it.

This is no tree builder: it does not know where an element without an end tag ends. A decision for
an element's content must not reach into the rest of the page, so an enclosure ends early: at its end
tag, at an end tag of an element not opened in it, at a start tag that closes it, or after 64 KB.
"""

from __future__ import annotations

__all__ = ["VOID", "Enclosure"]

VOID = frozenset(
    b"area base basefont bgsound br col embed frame hr image img input keygen link meta param"
    b" source track wbr".split()
)
"""Elements of HTML without content and end tag, and `image`, which is an `img`."""

# A start tag of the same name ends these (WHATWG HTML §13.1.2.4).
_ENDED_BY_THE_NEXT = frozenset(b"p li dt dd option optgroup tr td th tbody".split())
_LONGEST = 65536  # bytes
_DEEPEST = 512  # where browsers stop nesting too


class Enclosure:
    """The content of one element, from its first position in the stream."""

    __slots__ = ("_limit", "_open")

    def __init__(self, name: bytes, start: int) -> None:
        self._limit = start + _LONGEST
        self._open = [name]

    def start(self, name: bytes, at: int, *, empty: bool) -> bool:
        """Take a start tag; tell whether it is still inside. `empty`: it has no end tag."""
        if at > self._limit or len(self._open) > _DEEPEST:
            return False
        if name in _ENDED_BY_THE_NEXT and self._open == [name]:
            return False
        if not empty:
            self._open.append(name)
        return True

    def end(self, name: bytes, at: int) -> bool:
        """Take an end tag; tell whether what follows it is still inside."""
        if at > self._limit:
            return False
        while self._open and self._open[-1] != name:
            self._open.pop()
        if self._open:
            self._open.pop()
        return bool(self._open)

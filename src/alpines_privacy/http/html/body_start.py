"""Markup for the beginning of a page's body, put there as the page streams by.

A body begins after its start tag, or without one before the first element that belongs into a body
(WHATWG HTML §13.2.6.4.3, §13.2.6.4.6). There nothing else is open, so an element that is complete changes
nothing else in the tree.

What is no page gets nothing. A front end asks for parts of pages, and a program for text of the type
`text/html`: both begin with an element of the body, or have none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from alpines_privacy.http.html.tags import StartTag

__all__ = ["BodyStart"]

Around: TypeAlias = "tuple[bytes, bytes]"
"""What goes before and what after a tag."""

# What stands before a body; a frame set stands in its place.
_BEFORE_BODY = frozenset(
    {
        "html",
        "head",
        "base",
        "basefont",
        "bgsound",
        "link",
        "meta",
        "noframes",
        "noscript",
        "script",
    }
    | {"style", "template", "title"}
)
_OF_PAGES = frozenset({"html", "head", "title"})
_NOTHING: Around = (b"", b"")


class BodyStart:
    """Finds where the body of one page begins, and gives the markup for that place.

    `write` gets the page's `html` tag, None if it has none, and returns the markup in ASCII. `is_page` tells
    whether what streams by is a page: None if its own tags tell. If it is False, only a `body` tag
    before any other element of the body does.
    """

    __slots__ = ("_is_page", "_root", "_write")

    def __init__(
        self, write: Callable[[StartTag | None], bytes], *, is_page: bool | None = None
    ) -> None:
        self._write = write
        self._is_page = is_page
        self._root: StartTag | None = None

    def around(self, tag: StartTag) -> Around | None:
        """Return what goes around a start tag in HTML, None if the body has not begun with it.

        Once it returns anything else, it is not to be asked again.
        """
        name = tag.name
        if name == "html":
            self._root = self._root or tag
        if name in _OF_PAGES and self._is_page is None:
            self._is_page = True
        if name in _BEFORE_BODY:
            return None
        if name == "body":
            return b"", self._write(self._root)
        return (self.rest(), b"") if name != "frameset" else _NOTHING

    def rest(self) -> bytes:
        """Return the markup for a page whose body has text alone: before its end tag, or its end."""
        return self._write(self._root) if self._is_page else b""

"""An addition to a page: it reads along with a rewriter, and adds markup at the end of the body."""

from __future__ import annotations

from typing import Protocol

from alpines_privacy.http.html.tags import StartTag

__all__ = ["Addition"]


class Addition(Protocol):
    """Reads a page's elements, and says what goes before `</body>`.

    It gets the start tags of the selection's `along`, and marked ones. While it `is_reading`, it
    gets every start and end tag outside `template` and `noscript`, and the text between them.
    """

    @property
    def is_reading(self) -> bool:
        """Whether it needs every tag and text at present."""
        ...

    def start(self, tag: StartTag, at: int, *, empty: bool) -> None:
        """Read a start tag; `at` is its place in the stream, `empty` that it has no end tag."""
        ...

    def end(self, name: bytes, at: int) -> None:
        """Read an end tag, by its name in lower case."""
        ...

    def text(self, text: bytes) -> None:
        """Read text as written, or a part of it."""
        ...

    def closing(self, *, has_end_tag: bool) -> bytes:
        """Return the markup for the end of the body: before its end tag, or the page's end without one."""
        ...

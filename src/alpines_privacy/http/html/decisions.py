"""What a consumer answers to a start tag, and to the content of an element it asked to see."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import NamedTuple, TypeAlias

from alpines_privacy.http.html.tags import StartTag

__all__ = ["HELD", "Decide", "Decision", "Element", "Hold", "Judge", "Remove"]

HELD = 65536  # bytes of an unfinished tag, a held content or a removed container


class Remove(Enum):
    """What goes of an element.

    `TAG`: the start tag alone. A raw-text element's content means nothing without its tag and
    goes with it.

    `ELEMENT`: everything up to and with its end tag. A raw-text element that never ends goes to
    the end of the page, which is all its content to a browser too. Any other ends at the latest
    before an end tag that belongs to nothing opened in it, as it does in a browser, and after
    64 KB: an element that was never closed does not take the rest of the page along.
    """

    TAG = "tag"
    ELEMENT = "element"


class Element(NamedTuple):
    """The bytes that take the place of a held element's start tag and content."""

    tag: bytes
    content: bytes


Judge: TypeAlias = "Callable[[bytes], Element | Remove | None]"


class Hold:
    """The element waits until `judge` has seen its content, all of it; for script and style.

    One longer than `limit` bytes passes as it is, without being judged. No tag inside a held
    element is offered.
    """

    __slots__ = ("judge", "limit")

    def __init__(self, judge: Judge, limit: int = HELD) -> None:
        self.judge = judge
        self.limit = limit


Decision: TypeAlias = "bytes | Remove | Hold | None"
"""None keeps the tag, bytes take its place."""

Decide: TypeAlias = "Callable[[StartTag], Decision]"

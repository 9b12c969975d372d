"""What a consumer answers to a start tag."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from alpines_privacy.http.html.tags import StartTag
from alpines_privacy.http.outcomes import Filter

__all__ = ["HELD", "Decide", "Decision", "Edit"]

HELD = 1 << 20  # bytes of an unfinished tag, or of a text that waits for its end
"""Longer ones pass as they are: no page of the 348 measured has a tag above 200 KB."""


class Edit(NamedTuple):
    """What becomes of a start tag, and of what it opens.

    `tag` takes the place of its bytes. `content` is the filter of its text, for raw text
    (`script`, `style`) and for the first text of an SVG element. With `encloses`, every start tag
    of the element is offered, until it ends (`enclosure.py`). With `is_followed`, the next start
    tag is offered, whatever it is.
    """

    tag: bytes
    content: Filter | None = None
    encloses: bool = False
    is_followed: bool = False


Decision: TypeAlias = "bytes | Edit | None"
"""None keeps the tag, bytes take its place."""

Decide: TypeAlias = "Callable[[StartTag], Decision]"

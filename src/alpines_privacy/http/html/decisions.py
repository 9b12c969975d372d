"""The decisions of a consumer about start tags."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from alpines_privacy.http.html.tags import StartTag
from alpines_privacy.http.outcomes import Filter

__all__ = ["HELD", "Decide", "Decision", "Edit"]

HELD = 1 << 20  # bytes of an unfinished tag, or of a text that waits for its end
"""Longer ones pass unchanged: no page of the 348 measured has a tag above 200 KB."""


class Edit(NamedTuple):
    """An edit of a start tag and of its element.

    `tag` replaces its bytes. `content` filters its text: raw text (`script`, `style`), or the first
    text of an SVG element. With `encloses`, every start tag in the element is offered, until it ends
    (`enclosure.py`). With `is_followed`, the next start tag is offered, whatever its name.
    """

    tag: bytes
    content: Filter | None = None
    encloses: bool = False
    is_followed: bool = False


Decision: TypeAlias = "bytes | Edit | None"
"""None keeps the tag, bytes replace it."""

Decide: TypeAlias = "Callable[[StartTag], Decision]"

"""Where personal data stands in a text."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Span"]


class Span(NamedTuple):
    """A piece of a text, by offsets into the `str`, and the kind of personal data it is."""

    start: int
    end: int
    kind: str

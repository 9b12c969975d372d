"""Where personal data stands in a text."""

from typing import NamedTuple

__all__ = ["Span"]


class Span(NamedTuple):
    """`text[start:end]` is personal data of a kind (`EMAIL`, `IP`, …), the name its mark carries."""

    start: int
    end: int
    kind: str

"""Where personal data stands in a text."""

from typing import NamedTuple, TypeAlias

__all__ = ["Span", "SpanTuple"]

# A span during the search: making a `Span` takes longer than finding a short value.
SpanTuple: TypeAlias = "tuple[int, int, str]"


class Span(NamedTuple):
    """`text[start:end]` is personal data of a kind (`EMAIL`, `IP`, …), the name its mark carries."""

    start: int
    end: int
    kind: str

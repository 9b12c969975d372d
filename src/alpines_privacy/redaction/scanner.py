"""Personal data known by its shape."""

from __future__ import annotations

import re
from collections.abc import Collection

from alpines_privacy.redaction.spans import Span

__all__ = ["Scanner"]

_SHAPES = re.compile(
    r"(?P<EMAIL>[\w.+-]{1,64}@(?:[\w-]{1,63}\.)+[\w-]{2,24})"
    r"|(?P<IP>(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d./]))"
    r"|(?P<USER_AGENT>Mozilla/5\.0 \([^\"\n]{5,400})"
    r"|(?P<CARD>(?<!\d)4\d{3}(?:[ -]?\d{4}){3}(?!\d))"
)


class Scanner:
    """Finds the kinds that have a shape."""

    def __init__(self, kinds: Collection[str] | None = None) -> None:
        self._kinds = kinds

    def may_match(self, text: str) -> bool:
        """Tell whether a text may hold personal data."""
        return _SHAPES.search(text) is not None

    def spans(self, text: str) -> list[Span]:
        """Return the spans of a text, disjoint and in order."""
        found = (Span(*m.span(), m.lastgroup or "") for m in _SHAPES.finditer(text))
        return [span for span in found if self._kinds is None or span.kind in self._kinds]

"""A scanner behind a gate of its own, to search for shapes alone and to compare the gates."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TypeAlias

from alpines_privacy.redaction.engine.gate import FoldGate, RE2Gate
from alpines_privacy.redaction.engine.scanner import Scanner
from alpines_privacy.redaction.engine.spans import Span
from alpines_privacy.redaction.kinds.shape import Shape

__all__ = ["GatedScanner"]

Gate: TypeAlias = "FoldGate | RE2Gate"


def _fastest(shapes: Sequence[Shape]) -> Gate:
    try:
        return RE2Gate(shapes)
    except ImportError:
        return FoldGate(shapes)


class GatedScanner(Scanner):
    """Finds spans of the given kinds (all where None) in a text; kinds without a shape are ignored."""

    def __init__(
        self,
        kinds: Collection[str] | None = None,
        *,
        gate: Callable[[Sequence[Shape]], Gate] = _fastest,
    ) -> None:
        super().__init__(kinds)
        self._gate = gate(self.shapes)

    def may_match(self, text: str) -> bool:
        """Tell in one pass whether a span is possible; False means that there is none."""
        return bool(self._gate(text))

    def spans(self, text: str) -> list[Span]:
        """Return the personal data in a text, in order and disjoint."""
        hits = self._gate(text)
        return [Span(*found) for found in self.found(text, hits)] if hits else []

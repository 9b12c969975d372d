"""Finds personal data in plain text by its shape."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence

from alpines_privacy.redaction.engine.candidates import Candidates
from alpines_privacy.redaction.engine.gate import Gate, fastest_gate
from alpines_privacy.redaction.engine.spans import Span, SpanTuple
from alpines_privacy.redaction.kinds import RANKS, SHAPES
from alpines_privacy.redaction.kinds.shape import Cores, Find, Shape, Weigh

__all__ = ["Scanner"]


class Scanner:
    """Finds spans of the given kinds (all where None) in a text; kinds without a shape are ignored."""

    __slots__ = ("_finders", "_gate", "shapes")

    def __init__(
        self,
        kinds: Collection[str] | None = None,
        *,
        gate: Callable[[Sequence[Shape]], Gate] = fastest_gate,
    ) -> None:
        self.shapes = [shape for shape in SHAPES if kinds is None or shape.kind in kinds]
        self._gate = gate(self.shapes)
        self._finders: list[tuple[str, Find, Cores, Weigh | None]] = [
            (shape.kind, shape.find, shape.cores or _matches(shape.pattern), shape.weigh)
            for shape in self.shapes
        ]

    def may_match(self, text: str) -> bool:
        """Tell in one pass whether a span is possible; False means that there is none."""
        return bool(self._gate(text))

    def spans(self, text: str) -> list[Span]:
        """Return the personal data in a text, in order and disjoint."""
        hits = self._gate(text)
        return [Span(*found) for found in self.found(text, hits)] if hits else []

    def found(
        self, text: str, hits: Iterable[int], candidates: Candidates | None = None
    ) -> list[SpanTuple]:
        """Return what `spans` does, given which of the `shapes` a gate found possible.

        `candidates` bounds how much of a long text is judged.
        """
        found: list[SpanTuple] = []
        for index in hits:
            kind, find, cores, weigh = self._finders[index]
            found_cores = cores(text)
            if candidates is not None:
                found_cores = candidates.of(text, found_cores, weigh)
            done = 0  # a match inside a span of the same shape is skipped
            for first, last in found_cores:
                if first >= done:
                    for start, done in find(text, first, last):
                        found.append((start, done, kind))
        if len(found) < 2:
            return found
        found.sort()
        return _disjoint(found) if _overlap(found) else found


def _matches(pattern: str) -> Cores:
    finditer = re.compile(pattern, re.ASCII).finditer
    return lambda text: [match.span() for match in finditer(text)]


def _overlap(found: list[SpanTuple]) -> bool:
    done = 0
    for start, end, _ in found:
        if start < done:
            return True
        done = end
    return False


def _disjoint(found: list[SpanTuple]) -> list[SpanTuple]:
    """Return spans in order; of overlapping ones the most specific wins, then the longest, then the first."""
    taken = bytearray(max(end for _, end, _ in found))
    kept: list[SpanTuple] = []
    for span in sorted(found, key=_precedence):
        start, end, _ = span
        if taken.find(1, start, end) < 0:
            taken[start:end] = b"\1" * (end - start)
            kept.append(span)
    kept.sort()
    return kept


def _precedence(span: SpanTuple) -> tuple[int, int, int]:
    start, end, kind = span
    return RANKS[kind], start - end, start

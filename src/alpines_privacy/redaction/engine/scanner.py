"""Finds personal data in plain text by its shape."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from alpines_privacy.redaction.engine.candidates import Candidates
from alpines_privacy.redaction.engine.spans import SpanTuple
from alpines_privacy.redaction.kinds import RANKS, SHAPES
from alpines_privacy.redaction.kinds.shape import Cores, Find, Weigh

__all__ = ["Scanner"]


class Scanner:
    """Finds spans of the given kinds (all where None) in a text; kinds without a shape are ignored."""

    __slots__ = ("_finders", "shapes")

    def __init__(self, kinds: Collection[str] | None = None) -> None:
        self.shapes = [shape for shape in SHAPES if kinds is None or shape.kind in kinds]
        self._finders: list[tuple[str, Find, Cores, Weigh | None]] = [
            (shape.kind, shape.find, shape.cores or _matches(shape.pattern), shape.weigh)
            for shape in self.shapes
        ]

    def found(
        self, text: str, hits: Iterable[int], candidates: Candidates | None = None
    ) -> list[SpanTuple]:
        """Return the personal data in a text, in order and disjoint; `hits` are the possible `shapes`, by a gate.

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

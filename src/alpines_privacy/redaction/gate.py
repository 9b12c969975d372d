"""One pass over a line that tells which shapes it can hold: nearly always none.

With RE2 (the `redaction` extra) all patterns run as one automaton, linear in the line. Without it
the line is folded, so that a few literal searches tell which patterns are worth running: the gate
lets more lines through, and the shapes found are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from alpines_privacy.redaction.kinds.shape import Shape

__all__ = ["FoldGate", "Gate", "RE2Gate", "fastest_gate"]

_MEMORY = 64 << 20  # bytes the automaton may take; it uses a fraction


class Gate(Protocol):
    """Tells the indices of the shapes whose pattern may match somewhere in a text."""

    def __call__(self, text: str, /) -> Sequence[int]: ...


def fastest_gate(shapes: Sequence[Shape]) -> Gate:
    """Return the fastest gate there is for shapes."""
    try:
        return RE2Gate(shapes)
    except ImportError:
        return FoldGate(shapes)


class RE2Gate:
    """All patterns as one RE2 set. Raises ImportError where google-re2 is absent."""

    __slots__ = ("_match",)

    def __init__(self, shapes: Sequence[Shape]) -> None:
        import re2  # noqa: PLC0415 - an optional part

        options = re2.Options()
        options.max_mem = _MEMORY
        options.log_errors = False
        patterns = re2.Set.SearchSet(options)
        for shape in shapes:
            patterns.Add(shape.pattern)
        patterns.Compile()
        self._match: Callable[[bytes], Sequence[int]] = patterns._set.Match  # noqa: SLF001 - its wrapper costs as much as the match

    def __call__(self, text: str, /) -> Sequence[int]:
        # A lone surrogate becomes a question mark: no kind has one in it.
        return self._match(text.encode("utf-8", "replace"))


class FoldGate:
    """Searches for the shapes' hints in the folded text."""

    __slots__ = ("_hints",)

    def __init__(self, shapes: Sequence[Shape]) -> None:
        self._hints = [
            (_FOLDS.get(hint[0], 0), hint.lstrip("#~").encode(), index)
            for index, shape in enumerate(shapes)
            for hint in shape.hints
        ]

    def __call__(self, text: str, /) -> Sequence[int]:
        data = text.encode("utf-8", "surrogatepass")
        folded = (data.translate(_CASE), data.translate(_LETTERS), data.translate(_HEXADECIMAL))
        return [*{index: None for fold, hint, index in self._hints if hint in folded[fold]}]


_FOLDS = {"#": 1, "~": 2}


def _folding(digits: bytes, letters: bytes, to: bytes) -> bytes:
    lowered = bytes(range(256)).lower()
    table = bytearray(lowered)
    for byte in digits:
        table[byte] = ord("0")
    for byte in letters:
        table[byte] = to[0]
    return bytes(table)


_DIGITS = b"0123456789"
_ALPHABET = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CASE = _folding(_DIGITS, b"", b"0")
_LETTERS = _folding(_DIGITS, _ALPHABET, b"a")
_HEXADECIMAL = _folding(_DIGITS + b"abcdefABCDEF", b"", b"0")

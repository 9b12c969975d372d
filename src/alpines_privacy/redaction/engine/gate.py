"""The gate: one pass over a line tells which shapes it can hold, nearly always none.

With RE2 (the `redaction` extra) all patterns run as one automaton, linear in the line. Without it
the line is folded, and a few literal searches tell which patterns to run. That gate lets more lines
through; the shapes found are the same.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping, Sequence

from alpines_privacy.http.cache import Cache
from alpines_privacy.redaction.kinds.shape import Shape

__all__ = ["STRAY", "FoldGate", "RE2Gate", "has_re2"]


def _replaced(error: UnicodeError) -> tuple[bytes, int]:
    """Encode a lone surrogate as U+FFFD: patterns treat both as a letter beyond ASCII."""
    assert isinstance(error, UnicodeEncodeError)
    return "\ufffd".encode() * (error.end - error.start), error.end


STRAY = "alpines-privacy.stray"  # the name of the error handler for `str.encode`
codecs.register_error(STRAY, _replaced)

_MEMORY = 16 << 20  # bytes the automaton may use; it needs a fraction


def has_re2() -> bool:
    """Tell whether google-re2 is installed; without it the same is found more slowly."""
    try:
        import re2  # noqa: F401, PLC0415 - an optional part
    except ImportError:
        return False
    return True


class RE2Gate:
    """All patterns as one RE2 set. Raises ImportError where google-re2 is absent."""

    __slots__ = ("match",)

    def __init__(self, shapes: Sequence[Shape]) -> None:
        import re2  # noqa: PLC0415 - an optional part

        options = re2.Options()
        options.max_mem = _MEMORY
        options.log_errors = False
        patterns = re2.Set.SearchSet(options)
        for shape in shapes:
            patterns.Add(shape.pattern)
        patterns.Compile()
        # Takes a text encoded with `STRAY`.
        self.match: Callable[[bytes], Sequence[int]] = patterns._set.Match  # noqa: SLF001 - its wrapper costs as much as the match

    def __call__(self, text: str, /) -> Sequence[int]:
        return self.match(text.encode("utf-8", STRAY))


class FoldGate:
    """Searches the folded text for the hints of the shapes: words, signs, and forms of numbers.

    One pattern finds all words. A number is looked up by its form alone (`000-00-0000`). Forms repeat
    from line to line, so the shapes that fit a form are cached.
    """

    __slots__ = ("_fitting", "_numbers", "_signs", "_word", "_words")

    def __init__(self, shapes: Sequence[Shape]) -> None:
        words: dict[str, set[int]] = {}
        self._signs: list[tuple[int, bytes, int]] = []
        self._numbers: list[tuple[re.Pattern[bytes], int]] = []
        for index, shape in enumerate(shapes):
            for hint in shape.hints:
                if hint[0] in _FOLDS:
                    self._signs.append((_FOLDS[hint[0]], hint[1:].encode(), index))
                elif hint.startswith("="):
                    self._numbers.append((re.compile(hint[1:].encode()), index))
                else:
                    words.setdefault(hint, set()).add(index)
            if not shape.hints:
                self._numbers.append((re.compile(_as_form(shape.pattern).encode()), index))
        self._words = {word.encode(): _reached(word, words) for word in words}
        self._word = re.compile(_trie([*words]).encode()).finditer
        self._fitting: Cache[bytes, tuple[int, ...]] = Cache("forms of numbers", self._fits)

    def __call__(self, text: str, /) -> Sequence[int]:
        data = text.encode("utf-8", STRAY)
        folded = data.translate(_CASE)
        folds = (
            data.translate(_LETTERS),
            data.translate(_HEXADECIMAL),
            data.translate(None, _HEX),
            folded,
            data.translate(_KINDS_OF_LETTERS),
        )
        hits = {index for fold, hint, index in self._signs if hint in folds[fold]}
        for form in {*_FORMS(folded)}:
            hits.update(self._fitting[form])
        for word in self._word(folded):
            hits |= self._words[word[0]]
        return sorted(hits)

    def _fits(self, form: bytes) -> tuple[int, ...]:
        return tuple(index for pattern, index in self._numbers if pattern.search(form))


def _as_form(pattern: str) -> str:
    """Return a pattern of digits as a pattern of their form: every digit is 0, counts stay."""
    classes = re.sub(r"\[[0-9]-9\]", "0", pattern)
    return re.sub(r"\{[^}]*\}|[0-9]", lambda part: part[0] if part[0][0] == "{" else "0", classes)


def _trie(words: list[str], depth: int = 0) -> str:
    """Return the words as one pattern, built letter by letter, so that words with other first letters are not tried."""
    if any(len(word) == depth for word in words):
        return ""  # the shortest word stands for all that begin with it
    firsts = dict.fromkeys(word[depth] for word in sorted(words))
    parts = [
        re.escape(first) + _trie([word for word in words if word[depth] == first], depth + 1)
        for first in firsts
    ]
    return parts[0] if len(parts) == 1 else f"(?:{'|'.join(parts)})"


def _reached(word: str, words: Mapping[str, set[int]]) -> set[int]:
    """Return the shapes of a word, and of words that begin inside it, which the search would skip."""
    return set().union(
        *(
            shapes
            for other, shapes in words.items()
            if any(other.startswith(word[place : place + len(other)]) for place in range(len(word)))
        )
    )


# A date before a time stands alone: no number continues from one into the other.
_FORMS = re.compile(rb"0000-00-00(?=[ t]00:)|[0+(][0 ().,;/+-]*").findall
_HEX = b"0123456789abcdefABCDEF"
_FOLDS = {"#": 0, "~": 1, ":": 2, "!": 3, "^": 4}


def _folding(digits: bytes, letters: bytes) -> bytes:
    table = bytearray(bytes(range(256)).lower())
    for byte in letters:
        table[byte] = ord("a")
    for byte in digits:
        table[byte] = ord("0")
    return bytes(table)


_DIGITS = b"0123456789"
_CASE = _folding(_DIGITS, b"")
_LETTERS = _folding(_DIGITS, b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_HEXADECIMAL = _folding(_HEX, b"")
_KINDS_OF_LETTERS = bytes.maketrans(
    _DIGITS + b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    b"0" * 10 + b"a" * 26 + b"A" * 26,
)

"""Digests that tell known values from new ones, and reveal nothing of the values.

A digest of a value can be guessed by anyone with a list of names or addresses to try. So the digest
covers the kind and the text around the value. Other values are removed from that text, whatever the
policy keeps, and each word that is not all small letters (a name, a number, a token) becomes a `0`.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from alpines_privacy.policy import Logs, PrivacyPolicy, SecretKeys
from alpines_privacy.redaction.engine.redactor import Redactor
from alpines_privacy.redaction.engine.spans import Span

__all__ = ["Contexts", "context"]

_READ = 256  # characters that are looked at on each side of a value
_AROUND = 64  # of what remains of them
_DIGITS = 16  # of a digest
# Words that are not all small letters, and signs that are not ASCII.
_OTHER = re.compile(r"(?<!\w)(?![a-z_]++(?!\w))\w++|[^\x21-\x7e\s\w]++")
# A word that may be cut: the rest of a name could be all small letters.
_FIRST_WORD = re.compile(r"\A\w++")
_LAST_WORD = re.compile(r"(?<!\w)\w++\Z")
_BLANKS = re.compile(r"\s++")


class Contexts:
    """Digests the text around values: `of(line, spans)` gives one digest for each span."""

    __slots__ = ("_all",)

    def __init__(self, logs: Logs, keys: SecretKeys | None) -> None:
        kept = [name for name in logs.__struct_fields__ if getattr(logs, name) == "keep"]
        every = PrivacyPolicy(logs=replace(logs, **dict.fromkeys(kept, "mark")))
        self._all = Redactor(every, keys=keys) if kept else None

    def of(self, line: str, spans: Sequence[Span]) -> Iterator[str]:
        """Yield a digest for each of the spans, which are in order and disjoint."""
        values = sorted({*spans, *self._all.findall(line)}) if self._all else spans
        starts, ends = _merged(values)
        begins, stops = [0, *ends], [*starts, len(line)]
        for start, _, kind in spans:
            index = bisect_right(starts, start)
            before = line[max(begins[index - 1], stops[index - 1] - _READ - 1) : stops[index - 1]]
            after = line[begins[index] : min(stops[index], begins[index] + _READ + 1)]
            yield context(kind, before, after)


def _merged(spans: Sequence[Span]) -> tuple[list[int], list[int]]:
    """Return where runs of overlapping spans begin, and where they end."""
    starts: list[int] = []
    ends: list[int] = []
    for start, end, _ in spans:
        if ends and start < ends[-1]:
            ends[-1] = max(ends[-1], end)
        else:
            starts.append(start)
            ends.append(end)
    return starts, ends


def context(kind: str, before: str, after: str) -> str:
    """Return the digest for a value of a kind between two texts: 16 hexadecimal digits."""
    if len(before) > _READ:
        before = _FIRST_WORD.sub("", before[-_READ:])
    if len(after) > _READ:
        after = _LAST_WORD.sub("", after[:_READ])
    around = f"{kind}\0{_folded(before)[-_AROUND:]}\0{_folded(after)[:_AROUND]}"
    return hashlib.sha256(around.encode()).hexdigest()[:_DIGITS]


def _folded(text: str) -> str:
    return _BLANKS.sub(" ", _OTHER.sub("0", text))

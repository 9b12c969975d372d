"""What tells a value that was found before from a new one, without saying anything of the value.

A digest of a value can be guessed by whoever has a list of names or addresses to try. So what is
digested is the kind and what stands around: other values are taken out of that, whatever the policy
keeps, and each word that is not all small letters (a name, a number, a token) becomes a `0`.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from alpines_privacy.policy import Logs, PrivacyPolicy, SecretKeys
from alpines_privacy.redaction.redactor import Redactor
from alpines_privacy.redaction.spans import Span

__all__ = ["Contexts", "context"]

_AROUND = 64  # characters on each side of a value that tell its place
_DIGITS = 16  # of a digest
# Words that are not all small letters, and signs that are not ASCII.
_OTHER = re.compile(r"(?<!\w)(?![a-z_]++(?!\w))\w++|[^\x21-\x7e\s\w]++")
_BLANKS = re.compile(r"\s++")


class Contexts:
    """Digests what stands around values: `of(line, spans)` gives one for each of the spans."""

    __slots__ = ("_all",)

    def __init__(self, logs: Logs, keys: SecretKeys | None) -> None:
        kept = [name for name in logs.__struct_fields__ if getattr(logs, name) == "keep"]
        every = PrivacyPolicy(logs=replace(logs, **dict.fromkeys(kept, "mark")))
        self._all = Redactor(every, keys=keys) if kept else None

    def of(self, line: str, spans: Sequence[Span]) -> Iterator[str]:
        """Yield a digest for each span, which are in order and disjoint."""
        values = sorted({*spans, *self._all.findall(line)}) if self._all else spans
        starts, ends = _merged(values)
        between = zip([0, *ends], [*starts, len(line)], strict=True)
        around = [_folded(line[done:start]) for done, start in between]
        for start, _, kind in spans:
            index = bisect_right(starts, start)
            yield _digest(kind, around[index - 1], around[index])


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
    return _digest(kind, _folded(before), _folded(after))


def _digest(kind: str, before: str, after: str) -> str:
    around = f"{kind}\0{before[-_AROUND:]}\0{after[:_AROUND]}"
    return hashlib.sha256(around.encode()).hexdigest()[:_DIGITS]


def _folded(text: str) -> str:
    return _BLANKS.sub(" ", _OTHER.sub("0", text))

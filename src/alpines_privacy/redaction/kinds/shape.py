r"""What a kind of personal data looks like: a pattern that finds a core, and a look around it.

The pattern keeps to what `re` (with ASCII classes) and RE2 read alike: no look-around, no
possessive, no atomic group, no `\s`, no `$`. It matches the least that tells a candidate, so
that it never backtracks far; `find` then looks at the characters around, which is where bounds,
checksums and keywords are judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeAlias

__all__ = ["Bounds", "Find", "Shape"]

Bounds: TypeAlias = "tuple[int, int]"
Find: TypeAlias = "Callable[[str, int, int], Iterable[Bounds]]"


class Shape(NamedTuple):
    """One way a kind is written.

    `find(text, start, end)` gets the bounds of a match of `pattern` and gives those of the
    personal data, none where it is a near miss.

    `hints` are texts of which each match holds one, for the gate that has no RE2: they are looked
    up in the folded line, where digits are `0` and letters lower case. A hint that begins with
    `#` is looked up where letters are `a` too, one with `~` where hexadecimal digits are `0`.
    """

    kind: str
    pattern: str
    find: Find
    hints: tuple[str, ...]

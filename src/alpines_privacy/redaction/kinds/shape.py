r"""The shape of a kind of personal data: a pattern that finds a core, and a check of the text around it.

The pattern uses only syntax that `re` (with ASCII classes) and RE2 read alike: no look-around, no
possessive quantifier, no atomic group, no `\s`, no `$`. It matches the shortest core that marks a
candidate, so it never backtracks far. `find` then reads the text around the core, and judges bounds,
checksums and keywords.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeAlias

__all__ = ["Bounds", "Cores", "Find", "Shape", "Weigh", "around", "by_length", "from_digits"]

Bounds: TypeAlias = "tuple[int, int]"
Find: TypeAlias = "Callable[[str, int, int], Iterable[Bounds]]"
Cores: TypeAlias = "Callable[[str], Iterable[Bounds]]"
Weigh: TypeAlias = "Callable[[str, int, int], int]"


class Shape(NamedTuple):
    """One form of a kind.

    `find(text, start, end)` gets the bounds of a match of `pattern` and gives the bounds of the
    personal data; nothing for a near miss.

    `hints` are for the gate without RE2: every match holds one of them. A plain hint is a word in the
    folded line, where digits are `0` and letters lower case. Others begin with a sign: `!` the folded
    line too, for a text that is no word; `#` the line with letters as `a` too; `^` that with capitals
    as `A`; `~` with hexadecimal digits as `0`; `:` with those removed; `=` a pattern for the form of a
    number. Without hints the pattern consists of digits, and gives the form itself.

    `cores`, if given, does what `re.finditer` does for the pattern, in less time.

    `weigh`, if given, returns how many candidates of other shapes take as long to judge as this core.
    """

    kind: str
    pattern: str
    find: Find
    hints: tuple[str, ...]
    cores: Cores | None = None
    weigh: Weigh | None = None


def by_length(characters: int) -> Weigh:
    """Return a weight for cores that hold many values: two, and one more for each so many characters."""
    return lambda _text, start, end: 2 + (end - start) // characters


def around(pattern: str, *literals: str, before: int = 0) -> Cores:
    """Return the `cores` of a pattern whose every match holds a literal `before` characters after its start.

    No match may begin inside another. Searching a literal takes a fraction of the time of `re`.
    """
    match = re.compile(pattern, re.ASCII).match

    def cores(text: str) -> Iterable[Bounds]:
        found: list[Bounds] = []
        for literal in literals:
            place = text.find(literal)
            while place != -1:
                if place >= before and (core := match(text, place - before)):
                    found.append(core.span())
                place = text.find(literal, place + 1)
        return sorted(found) if len(found) > 1 else found

    return cores


def from_digits(pattern: str, digits: int) -> Cores:
    """Return the `cores` of a pattern of digits only, for a fewest number of digits."""
    match = re.compile(pattern, re.ASCII).match
    zeros = b"0" * digits

    def cores(text: str) -> Iterable[Bounds]:
        folded = text.encode("ascii", "replace").translate(_ZEROS)  # one byte for each character
        place = folded.find(zeros)
        while place != -1 and (core := match(text, place)):
            yield core.span()
            place = folded.find(zeros, core.end())

    return cores


_ZEROS = bytes(ord("0") if chr(byte).isdecimal() else byte for byte in range(256))

r"""What a kind of personal data looks like: a pattern that finds a core, and a look around it.

The pattern keeps to what `re` (with ASCII classes) and RE2 read alike: no look-around, no
possessive, no atomic group, no `\s`, no `$`. It matches the least that tells a candidate, so
that it never backtracks far; `find` then looks at the characters around, which is where bounds,
checksums and keywords are judged.
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
    """One way a kind is written.

    `find(text, start, end)` gets the bounds of a match of `pattern` and gives those of the
    personal data, none where it is a near miss.

    `hints` are for the gate that has no RE2: what every match holds, each match one of them. A
    plain one is a word in the folded line, where digits are `0` and letters lower case. Others
    begin with a sign: `!` the folded line again, for what is no word; `#` the line with letters
    as `a` too; `^` that with capitals as `A`; `~` with hexadecimal digits as `0`; `:` with those
    taken out; `=` a pattern for the form of a number. Without any, the pattern itself is of digits
    and tells the form.

    `cores`, where there is one, gives what `re.finditer` gives for the pattern, in less time.

    `weigh`, where there is one, tells how many candidates of other shapes take as long as to judge this core.
    """

    kind: str
    pattern: str
    find: Find
    hints: tuple[str, ...]
    cores: Cores | None = None
    weigh: Weigh | None = None


def by_length(characters: int) -> Weigh:
    """Return a weight of two, and one more for each so many characters: of cores that hold many values."""
    return lambda _text, start, end: 2 + (end - start) // characters


def around(pattern: str, *literals: str, before: int = 0) -> Cores:
    """Return the cores of a pattern whose every match holds a literal `before` characters after its start.

    No match may begin inside another. A literal is looked for in a fraction of the time `re` takes.
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
    """Return the cores of a pattern of digits only, at least so many."""
    match = re.compile(pattern, re.ASCII).match
    zeros = b"0" * digits

    def cores(text: str) -> Iterable[Bounds]:
        folded = text.encode("ascii", "replace").translate(_ZEROS)  # a byte for a character
        place = folded.find(zeros)
        while place != -1 and (core := match(text, place)):
            yield core.span()
            place = folded.find(zeros, core.end())

    return cores


_ZEROS = bytes(ord("0") if chr(byte).isdecimal() else byte for byte in range(256))

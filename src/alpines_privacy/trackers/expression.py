"""A bound on the backtracking of a regular expression: the ways it may try on one address.

`re` backtracks, and a visitor writes the address, so a slow expression could take minutes. The parts of
a list's expression are read as `re` reads them, and their ways multiplied. A repetition has as many
ways as lengths. It has one if the next character cannot be part of it, because giving back a character
never helps then. The result is an upper bound.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypeAlias

__all__ = ["ways"]

_Node: TypeAlias = "tuple[Any, Any]"

_MANY = 10**30  # stands for any larger number
_MOST_POWERS = 8  # repetitions of a part with several ways
_CHARACTERS = [chr(code) for code in range(128)] + ["\xe9"]  # one for all beyond ASCII
_CATEGORIES = {
    "CATEGORY_DIGIT": r"\d", "CATEGORY_NOT_DIGIT": r"\D", "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S", "CATEGORY_WORD": r"\w", "CATEGORY_NOT_WORD": r"\W",
}  # fmt: skip


def ways(source: str, longest: int) -> int:
    """Return the most ways that `re.search` may try on an address of `longest` characters.

    Raises what `re.compile` raises if `source` is no expression.
    """
    parts = [*_parser.parse(source, re.ASCII)]
    while parts and _is_simple_repeat(parts[-1]):  # what it matches is the end
        del parts[-1]
    starts = 1 if parts and parts[0] == (_AT, _BEGINNING) else longest
    return min(starts * _of_sequence(parts, longest), _MANY)


_parser: Any = getattr(re, "_parser")  # noqa: B009 - private, and the only parser that reads as `re` does
_AT, _BEGINNING = _parser.AT, _parser.AT_BEGINNING


def _of_sequence(parts: Sequence[_Node], longest: int) -> int:
    product = 1
    for index, part in enumerate(parts):
        product *= _of(part, parts[index + 1 : index + 2], longest)
        if product > _MANY:
            return _MANY
    return product


def _of(part: _Node, following: Sequence[_Node], longest: int) -> int:
    name, value = part[0].name, part[1]
    match name:
        case "BRANCH":
            return sum(_of_sequence([*each], longest) for each in value[1])
        case "SUBPATTERN" | "ASSERT" | "ASSERT_NOT":
            return _of_sequence([*value[-1]], longest)
        case "ATOMIC_GROUP":
            return _of_sequence([*value], longest)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return _of_repeat(value, following, longest)
        case "GROUPREF_EXISTS":
            return _MANY
        case _:
            return 1


def _of_repeat(value: tuple[Any, Any, Any], following: Sequence[_Node], longest: int) -> int:
    least, most, body = int(value[0]), min(int(value[1]), longest), [*value[2]]
    once = _of_sequence(body, longest)
    if once > 1:
        return _MANY if most > _MOST_POWERS else min((once + 1) ** most, _MANY)
    taken, next_one = _characters(body), _characters(following)
    if taken and next_one and taken.isdisjoint(next_one):
        return 1
    return max(1, most - least + 1)


def _is_simple_repeat(part: _Node) -> bool:
    return part[0].name in {"MAX_REPEAT", "MIN_REPEAT"} and bool(_characters([*part[1][2]]))


def _characters(parts: Sequence[_Node]) -> frozenset[str]:
    """Return the characters that a one-character part matches, in lower case; none for other parts."""
    if len(parts) != 1:
        return frozenset()
    name, value = parts[0][0].name, parts[0][1]
    if name == "SUBPATTERN":
        return _characters([*value[-1]])
    items = [*value] if name == "IN" else [parts[0]] if name in _ONE_CHARACTER else []
    if not items:
        return frozenset()
    negated = items[0][0].name == "NEGATE"
    return frozenset(
        character.lower()
        for character in _CHARACTERS
        if any(_is_in(character, item) for item in items) != negated
    )


_ONE_CHARACTER = frozenset({"LITERAL", "NOT_LITERAL", "ANY"})


def _is_in(character: str, item: _Node) -> bool:
    name, value = item[0].name, item[1]
    match name:
        case "LITERAL":
            return bool(ord(character) == value or (value > 127 and not character.isascii()))
        case "NOT_LITERAL":
            return bool(ord(character) != value)
        case "RANGE":
            return bool(
                value[0] <= ord(character) <= value[1]
                or (value[1] > 127 and not character.isascii())
            )
        case "CATEGORY":
            return re.match(_CATEGORIES[value.name], character, re.ASCII) is not None
        case _:
            return bool(name == "ANY")

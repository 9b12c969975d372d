"""The literals of a pattern: what it asks for, taken from Python's own reading of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, TypeAlias

from tests.fuzz.sources import Found

# Python's own parser, private as it is: no other reads what `re` reads.
sre_constants: Any = __import__("re._constants", fromlist=["_constants"])
sre_parser: Any = __import__("re._parser", fromlist=["_parser"])

__all__ = ["ALPHABET", "Tree", "members", "parsed", "sample", "tokens_of"]

Tree: TypeAlias = "Iterable[tuple[Any, Any]]"

_LONGEST = 48
_CATEGORY = {
    "CATEGORY_DIGIT": r"\d", "CATEGORY_NOT_DIGIT": r"\D", "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S", "CATEGORY_WORD": r"\w", "CATEGORY_NOT_WORD": r"\W",
}  # fmt: skip
# What classes are read over: Latin-1, and some of what the package names beyond.
_BEYOND = "\u0130\u0131\u02f0\u0665\u200b\u2010\u2028\u3002\u4e2d\uff0e\uff20\U0010ffff"
ALPHABET = "".join(map(chr, range(0x100))) + _BEYOND
_ALL = frozenset(ALPHABET)
_LIKELY = "a0A -=.,;:/\"'<>&@\t\n"


def parsed(pattern: re.Pattern[Any]) -> Tree:
    """Return what Python's parser reads a pattern as."""
    tree: Tree = sre_parser.parse(pattern.pattern, pattern.flags)
    return tree


def tokens_of(found: Found) -> tuple[str, ...]:
    """Return each literal run, class member, repeat's and alternative's sample, shortest first."""
    tree = parsed(found.pattern)
    flags = found.pattern.flags
    words = {sample(tree, flags), *_tokens(tree, flags)}
    return tuple(
        sorted({word for word in words if 0 < len(word) <= _LONGEST}, key=lambda w: (len(w), w))
    )


def _tokens(tree: Tree, flags: int) -> Iterator[str]:
    run = ""
    for op, value in tree:
        letter = _letter(op, value)
        if letter:
            run += letter
            continue
        yield run
        run = ""
        yield from _inside(str(op), value, flags)
    yield run


def _letter(op: Any, value: Any) -> str:
    """Return the letter of a literal, also of one written in both cases (`[sS]`)."""
    if str(op) == "LITERAL":
        return chr(value)
    if str(op) == "IN" and all(str(each) == "LITERAL" for each, _ in value):
        folded = {chr(code).lower() for _, code in value}
        return folded.pop() if len(folded) == 1 else ""
    return ""


def _inside(op: str, value: Any, flags: int) -> Iterator[str]:
    match op:
        case "IN":
            yield from (chr(item) for kind, item in value if str(kind) == "LITERAL")
            yield from (chr(item[0]) for kind, item in value if str(kind) == "RANGE")
            yield from _few(members(op, value, flags))
        case "NOT_LITERAL":
            yield from (chr(value), *_few(members(op, value, flags)))
        case "ANY":
            yield "a"
        case "BRANCH":
            for branch in value[1]:
                yield sample(branch, flags)
                yield from _tokens(branch, flags)
        case _:
            for tree in subtrees(op, value):
                yield sample(tree, flags)
                yield from _tokens(tree, flags)


def subtrees(op: str, value: Any) -> list[Tree]:
    """Return the patterns inside one of the parser's items."""
    if op in _AT:
        return [value[_AT[op]]]
    match op:
        case "ATOMIC_GROUP":
            return [value]
        case "BRANCH":
            return list(value[1])
        case "GROUPREF_EXISTS":
            return [tree for tree in value[1:] if tree is not None]
        case _:
            return []


# Where an item's own pattern stands among its arguments.
_AT = {
    "SUBPATTERN": 3,
    "MAX_REPEAT": 2,
    "MIN_REPEAT": 2,
    "POSSESSIVE_REPEAT": 2,
    "ASSERT": 1,
    "ASSERT_NOT": 1,
}


def sample(tree: Tree, flags: int) -> str:
    """Return one short text like those that a pattern matches."""
    text = ""
    for op, value in tree:
        match name := str(op):
            case "LITERAL":
                text += chr(value)
            case "IN" | "NOT_LITERAL" | "ANY":
                text += "".join(_few(members(name, value, flags))[:1])
            case "BRANCH":
                text += sample(value[1][0], flags)
            case "SUBPATTERN" | "ATOMIC_GROUP":
                text += sample(subtrees(name, value)[0], flags)
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                text += sample(value[2], flags) * min(max(value[0], 1), 24)
            case _:
                continue
    return text


def _few(some: frozenset[str]) -> list[str]:
    return [letter for letter in _LIKELY if letter in some][:3] or sorted(some)[:1]


def members(op: str, value: Any, flags: int) -> frozenset[str]:
    """Return which of the alphabet's characters one item matches."""
    match op:
        case "LITERAL":
            return _cased(frozenset(chr(value)), flags)
        case "NOT_LITERAL":
            return _ALL - _cased(frozenset(chr(value)), flags)
        case "ANY":
            return _ALL if flags & re.DOTALL else _ALL - {"\n"}
        case "IN":
            return _class(value, flags)
        case _:
            return frozenset()


def _class(items: Any, flags: int) -> frozenset[str]:
    some: frozenset[str] = frozenset()
    negated = False
    for kind, item in items:
        match str(kind):
            case "NEGATE":
                negated = True
            case "LITERAL":
                some |= {chr(item)}
            case "RANGE":
                some |= {c for c in ALPHABET if item[0] <= ord(c) <= item[1]} | {chr(item[0])}
            case "CATEGORY":
                some |= _category(str(item), flags)
    some = _cased(some, flags)
    return _ALL - some if negated else some


@cache
def _category(name: str, flags: int) -> frozenset[str]:
    pattern = re.compile(_CATEGORY[name], flags & re.ASCII)
    return frozenset(filter(pattern.match, ALPHABET))


def _cased(some: frozenset[str], flags: int) -> frozenset[str]:
    if not flags & re.IGNORECASE:
        return some
    return some | {c.lower() for c in some} | {c.upper() for c in some if len(c.upper()) == 1}

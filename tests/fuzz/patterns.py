"""Which patterns can step back over the same text, by their grammar alone: Python's own parser tells.

Three shapes make a pattern take more than its text's length:

- *nested*: an unbounded repeat in an unbounded repeat, where one text can be shared out between
  them in several ways (`(?:a+)+`), or alternatives in one that begin alike (`(?:a|ab)*`);
- *adjacent*: two unbounded repeats that can take the same characters, with nothing between them
  that neither takes (`a*b?a*`): where the rest fails, every place between them is tried;
- *restarted*: a pattern looked for anywhere, with an unbounded repeat whose characters may also
  begin it, and something behind that may fail (`a+b`): each start runs to the end of the text.

A possessive repeat or an atomic group ends the first two; a look-behind that no place inside a run
passes ends the third. The reading is coarse: what it cannot tell apart counts as found.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.fuzz.sources import Found
from tests.fuzz.tokens import ALPHABET, Tree, members, parsed, subtrees

__all__ = ["Flaw", "flaws"]

_ALL = frozenset(ALPHABET)
_NONE: frozenset[str] = frozenset()
_MANY = 200  # a repeat that may be longer is as good as unbounded
_MOST_PATHS = 64
_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})
_ITEMS = frozenset({"LITERAL", "NOT_LITERAL", "ANY", "IN"})


class Flaw(NamedTuple):
    """One shape that a pattern has, and where: the text of what takes too much, as characters."""

    shape: str  # "nested", "adjacent" or "restarted"
    why: str


class Piece(NamedTuple):
    """One step of a path through a pattern."""

    chars: frozenset[str]  # all it may take
    first: frozenset[str]  # what it may begin with
    is_nullable: bool
    is_unbounded: bool
    gives_back: bool  # it may be tried again with less
    is_class: bool = False  # one class over and over, which stops at nothing but what is not in it


def flaws(found: Found) -> list[Flaw]:
    """Return what may make a pattern take too long, without saying that it does."""
    tree, flags = parsed(found.pattern), found.pattern.flags
    ends = [_CHECK] if "fullmatch" in found.calls else []
    shapes = [*_nested(tree, flags), *_adjacent(tree, flags, ends)]
    if found.is_searched:
        shapes += _restarted(tree, flags)
    return list(dict.fromkeys(shapes))


# --- what a part of a pattern may take ---


def _piece(op: str, value: Any, flags: int, *, gives_back: bool = True) -> Piece | None:
    """Return one item as a step, None for what takes nothing."""
    if op in _ITEMS:
        some = members(op, value, flags)
        return Piece(some, some, is_nullable=False, is_unbounded=False, gives_back=False)
    if op in _REPEATS:
        low, high, inner = value
        pieces = _pieces(inner, flags)
        many = int(high) > _MANY
        return Piece(
            _chars(pieces),
            _first(pieces),
            low == 0 or _nullable(pieces),
            many or any(piece.is_unbounded for piece in pieces),
            gives_back and op != "POSSESSIVE_REPEAT",
            len(inner) == 1 and str(inner[0][0]) in _ITEMS,
        )
    if op == "GROUPREF":
        return Piece(_ALL, _ALL, is_nullable=True, is_unbounded=False, gives_back=False)
    if op in {"ASSERT", "ASSERT_NOT", "AT"}:
        return None
    return _joined(
        [_pieces(tree, flags) for tree in subtrees(op, value)], is_atomic=op == "ATOMIC_GROUP"
    )


def _joined(alternatives: list[list[Piece]], *, is_atomic: bool) -> Piece | None:
    if not alternatives:
        return None
    pieces = [piece for each in alternatives for piece in each]
    return Piece(
        _chars(pieces),
        frozenset().union(*map(_first, alternatives)),
        any(map(_nullable, alternatives)),
        any(piece.is_unbounded for piece in pieces),
        not is_atomic and any(piece.gives_back for piece in pieces),
    )


def _pieces(tree: Tree, flags: int) -> list[Piece]:
    return [piece for op, value in tree if (piece := _piece(str(op), value, flags))]


def _chars(pieces: list[Piece]) -> frozenset[str]:
    return _NONE.union(*(piece.chars for piece in pieces))


def _first(pieces: list[Piece]) -> frozenset[str]:
    some = _NONE
    for piece in pieces:
        some |= piece.first
        if not piece.is_nullable:
            break
    return some


def _nullable(pieces: list[Piece]) -> bool:
    return all(piece.is_nullable for piece in pieces)


# --- the three shapes ---


def _walked(tree: Tree) -> Iterator[tuple[str, Any]]:
    """Yield every item of a pattern, at any depth."""
    for op, value in tree:
        yield str(op), value
        for inner in subtrees(str(op), value):
            yield from _walked(inner)


def _nested(tree: Tree, flags: int) -> Iterator[Flaw]:
    for op, value in _walked(tree):
        if op not in {"MAX_REPEAT", "MIN_REPEAT"} or int(value[1]) <= _MANY:
            continue
        for path in _paths(value[2], flags):
            for index, piece in enumerate(path):
                behind = [step for step in (*path[index + 1 :], *path[:1]) if step is not _CHECK]
                if piece.is_unbounded and piece.gives_back and piece.chars & _first(behind):
                    yield Flaw("nested", _shown(piece.chars & _first(behind)))
        yield from _alike(value[2], flags)


def _alike(tree: Tree, flags: int) -> Iterator[Flaw]:
    """Find alternatives that begin alike, directly in a repeat that steps back."""
    for op, value in tree:
        name = str(op)
        if name == "SUBPATTERN":
            yield from _alike(value[3], flags)
        elif name == "BRANCH":
            firsts = [_first(_pieces(branch, flags)) for branch in value[1]]
            for one, other in itertools.combinations(firsts, 2):
                if one & other:
                    yield Flaw("nested", f"alternatives: {_shown(one & other)}")


def _adjacent(tree: Tree, flags: int, ends: list[Piece]) -> Iterator[Flaw]:
    for path in _paths(tree, flags, opened=True):
        for index, piece in enumerate(path):
            if piece.is_unbounded and piece.gives_back:
                yield from _after(piece, [*path[index + 1 :], *ends])


def _after(piece: Piece, path: list[Piece]) -> Iterator[Flaw]:
    """Find a repeat that can take what the one before it gives back, and fail behind."""
    shared = piece.chars
    for index, behind in enumerate(path):
        if behind.is_unbounded and behind.first & shared:
            if not _nullable(path[index + 1 :]):
                yield Flaw("adjacent", _shown(behind.first & shared))
            return
        if not behind.is_nullable:
            shared &= behind.chars
        if not shared:
            return


def _restarted(tree: Tree, flags: int) -> Iterator[Flaw]:
    """Find what is asked again at each start, in the pattern and in what it repeats at its start."""
    before = _behind(tree, flags)
    yield from _runs(_paths(tree, flags), before)
    for body in _leading(tree, flags):
        yield from _runs(_paths(body, flags), before)


def _leading(tree: Tree, flags: int) -> Iterator[Tree]:
    """Yield what is repeated before anything else is asked for."""
    for op, value in tree:
        name = str(op)
        if name in _REPEATS and int(value[1]) > _MANY:
            yield value[2]
        elif name in {"SUBPATTERN", "BRANCH"}:
            for inner in subtrees(name, value):
                yield from _leading(inner, flags)
        if (piece := _piece(name, value, flags)) and not piece.is_nullable:
            return


def _runs(paths: list[list[Piece]], before: frozenset[str]) -> Iterator[Flaw]:
    for path in paths:
        for index, piece in enumerate(path):
            start = [*path[:index], piece]
            # A start inside the run: the characters before it are the run's, its own too.
            inside = all(step.chars & piece.chars for step in start) and piece.chars & before
            if piece.is_unbounded and inside and _may_fail(paths, path, index):
                yield Flaw("restarted", _shown(piece.chars & _first(start)))
                break


def _may_fail(paths: list[list[Piece]], path: list[Piece], index: int) -> bool:
    """Tell whether what stands behind a run may be absent: not if it is any character that ends it, or the end."""
    if _nullable(path[index + 1 :] or [_END]):
        return False
    behind = [each[index + 1 :] for each in paths if each[: index + 1] == path[: index + 1]]
    asked = [list(itertools.dropwhile(_is_nullable, each)) for each in behind]
    sure = [each[0] for each in asked if each and _nullable(each[1:])]
    passed = [step for each in behind for step in itertools.takewhile(_is_nullable, each)]
    taken = [step.chars for step in (path[index], *passed) if step.is_class]
    covered = _NONE.union(*taken, *(step.first for step in sure if step != _CHECK))
    return _STOP not in sure or covered < _ALL


def _is_nullable(piece: Piece) -> bool:
    return piece.is_nullable


# A pattern that ends with its run matches all of it: nothing behind can fail.
_END = Piece(_NONE, _NONE, is_nullable=True, is_unbounded=False, gives_back=False)


def _behind(tree: Tree, flags: int) -> frozenset[str]:
    """Return which characters may stand before a match, by the look-behinds at its start."""
    some = _ALL
    for op, value in tree:
        name = str(op)
        if name == "SUBPATTERN":
            return some & _behind(value[3], flags)
        if name not in {"ASSERT", "ASSERT_NOT", "AT"}:
            break
        if name == "AT" or value[0] > 0:
            continue
        pieces = _pieces(value[1], flags)
        if len(pieces) == 1:
            some &= pieces[0].chars if name == "ASSERT" else _ALL - pieces[0].chars
    return some


def _paths(tree: Tree, flags: int, *, opened: bool = False) -> list[list[Piece]]:
    """Return the ways through a pattern, alternatives and groups opened; the first few of very many.

    A look-ahead counts as if it took what it looks at. What is optional is one step that may
    be left out, or `opened`: one way without it and those through it.
    """
    paths: list[list[Piece]] = [[]]
    for op, value in tree:
        name = str(op)
        if name in {"SUBPATTERN", "BRANCH"}:
            ways = [
                way
                for inner in subtrees(name, value)
                for way in _paths(inner, flags, opened=opened)
            ]
        elif opened and name in _REPEATS and (int(value[0]), int(value[1])) == (0, 1):
            ways = [[], *_paths(value[2], flags, opened=True)]
        elif name == "AT":
            ways = [[_of_place(str(value), flags)]]
        elif name == "ASSERT" and value[0] > 0:
            ways = _paths(value[1], flags, opened=opened)
        elif name == "ASSERT_NOT" and value[0] > 0:
            ways = [[_CHECK]]
        else:
            piece = _piece(name, value, flags)
            ways = [[piece]] if piece else [[]]
        paths = [[*path, *way] for path in paths for way in ways][:_MOST_PATHS]
    return paths


def _of_place(place: str, flags: int) -> Piece:
    """Return the step of `^`, `\\Z`, `\\b` and the like."""
    if "BEGINNING" in place and not flags & re.MULTILINE:
        return _START
    return _STOP if place == "AT_END_STRING" else _CHECK


# Steps that take nothing and may fail, as others do by their characters: any, those of a start, of an end.
_CHECK = Piece(_ALL, _ALL, is_nullable=False, is_unbounded=False, gives_back=False)
_START = Piece(_NONE, _NONE, is_nullable=False, is_unbounded=False, gives_back=False)
_STOP = Piece(_ALL, _NONE, is_nullable=False, is_unbounded=False, gives_back=False)


def _shown(some: frozenset[str]) -> str:
    return repr("".join(sorted(some)[:12]))[1:-1]

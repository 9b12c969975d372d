"""What the package knows: every compiled pattern, every table of names, every constant of its code.

Modules are imported and walked: containers, closures, bound methods, the objects of the package's
own classes. What a function builds at each call is found in the source instead.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

import alpines_privacy
from alpines_privacy.redaction.kinds import SHAPES

__all__ = ["Found", "Table", "constants", "patterns", "tables"]

_PACKAGE = "alpines_privacy"
_DEEPEST = 6  # containers in containers
_CALLS = frozenset({"match", "fullmatch", "search", "finditer", "findall", "sub", "subn", "split"})
_LONGEST_CONSTANT = 40


class Found(NamedTuple):
    """A pattern, the place it stands at, and the calls it is used by; all of them where nothing tells."""

    place: str  # `redaction.engine.keys._BARE`
    pattern: re.Pattern[Any]
    calls: frozenset[str]

    @property
    def is_searched(self) -> bool:
        """Whether some call looks for it anywhere in a text."""
        return bool(self.calls - {"match", "fullmatch"})


class Table(NamedTuple):
    """Names of one table or of one module's code."""

    place: str
    words: tuple[str, ...]


@cache
def patterns() -> tuple[Found, ...]:
    """Return every pattern of the package once, in the order of their places."""
    found: dict[tuple[str, Any, int], Found] = {}
    for module in _modules():
        for place, pattern, call in _walked(module):
            key = (module.__name__, pattern.pattern, pattern.flags)
            calls = frozenset({call}) if call else _calls(module, place)
            if key in found:
                calls |= found[key].calls
            found.setdefault(key, Found(_short(module, place), pattern, calls))
            found[key] = found[key]._replace(calls=calls)
        for place, pattern, call in _written(module):
            key = (module.__name__, pattern.pattern, pattern.flags)
            found.setdefault(key, Found(place, pattern, frozenset({call})))
    for number, shape in enumerate(SHAPES):
        pattern = re.compile(shape.pattern, re.ASCII)
        calls = frozenset({"match" if shape.cores else "finditer"})
        place = f"redaction.kinds.SHAPES[{number}: {shape.kind}]"
        found["shape", shape.pattern, number] = Found(place, pattern, calls)
    return tuple(sorted(found.values(), key=lambda each: each.place))


def _short(module: ModuleType, place: str) -> str:
    return f"{module.__name__.removeprefix(_PACKAGE + '.')}.{place}"


@cache
def tables() -> tuple[Table, ...]:
    """Return the tables of short names that the package's modules hold."""
    found = []
    for module in _modules():
        for name, value in _own(module):
            words = tuple(sorted({word for word in _words(value, 0) if 0 < len(word) <= 40}))
            if words:
                found.append(Table(_short(module, name), words))
    return tuple(found)


@cache
def constants() -> tuple[Table, ...]:
    """Return the short texts that each module's code holds: its separators, delimiters and keywords."""
    found = []
    for module in _modules():
        tree = ast.parse(_source(module))
        words = {
            text
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and (text := _text(node.value))
            if len(text) <= _LONGEST_CONSTANT and text.count(" ") < 3  # more is prose
        }
        if words:
            place = module.__name__.removeprefix(_PACKAGE + ".")
            found.append(Table(place, tuple(sorted(words))))
    return tuple(found)


@cache
def _modules() -> tuple[ModuleType, ...]:
    names = [
        _PACKAGE,
        *(m.name for m in pkgutil.walk_packages(alpines_privacy.__path__, _PACKAGE + ".")),
    ]
    modules = []
    for name in names:
        if name.endswith(".__main__"):
            continue
        try:
            modules.append(importlib.import_module(name))
        except ImportError:  # of a framework or library that is not installed
            continue
    return tuple(modules)


@cache
def _source(module: ModuleType) -> str:
    assert module.__file__ is not None
    return Path(module.__file__).read_text(encoding="utf-8")


def _own(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Yield what a module defines itself; what it imports is another's."""
    for name, value in vars(module).items():
        if not name.startswith("__") and re.search(
            rf"^(?:\w+, )*{name}\b.*=|^(?:def|class) {name}\b", _source(module), re.MULTILINE
        ):
            yield name, value


def _walked(module: ModuleType) -> Iterator[tuple[str, re.Pattern[Any], str]]:
    seen: set[int] = set()
    for name, value in _own(module):
        yield from _patterns_in(name, value, module.__name__, seen, 0)


def _patterns_in(
    place: str, value: Any, module: str, seen: set[int], depth: int
) -> Iterator[tuple[str, re.Pattern[Any], str]]:
    """Yield the patterns reachable from a value, each with the call it is bound to, if any."""
    if isinstance(value, re.Pattern):
        yield place, value, ""
        return
    if isinstance(owner := getattr(value, "__self__", None), re.Pattern):
        yield place, owner, value.__name__
        return
    if id(value) in seen or depth > _DEEPEST:
        return
    seen.add(id(value))
    for step, member in _members(value, module):
        yield from _patterns_in(f"{place}{step}", member, module, seen, depth + 1)


def _members(value: Any, module: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        # In an order that is the same in every process: some tables are made of sets.
        yield from ((f"[{key!r}]", value[key]) for key in sorted(value, key=repr))
    elif isinstance(value, set | frozenset):
        yield from ((f"[{index}]", member) for index, member in enumerate(sorted(value, key=repr)))
    elif isinstance(value, list | tuple):
        yield from ((f"[{index}]", member) for index, member in enumerate(value))
    elif isinstance(value, partial):
        yield from ((f"({index})", member) for index, member in enumerate(value.args))
    elif isinstance(value, FunctionType):
        names, cells = value.__code__.co_freevars, value.__closure__ or ()
        for name, cell in zip(names, cells, strict=True):
            try:
                yield f"().{name}", cell.cell_contents
            except ValueError:  # not set yet
                continue
    elif hasattr(value, "__wrapped__"):
        yield "", value.__wrapped__
    elif type(value).__module__.startswith(_PACKAGE) or (
        isinstance(value, type) and value.__module__ == module
    ):
        attributes = [*getattr(value, "__dict__", ()), *getattr(type(value), "__slots__", ())]
        for name in attributes:
            if not name.startswith("__"):
                yield f".{name}", getattr(value, name, None)


def _calls(module: ModuleType, place: str) -> frozenset[str]:
    """Return by which calls the code uses a pattern: its module's by a name, any by an attribute's."""
    if attribute := re.search(r"\.(\w+)\Z", place):
        calls = {call for each in _modules() for call in _called(each, f".{attribute[1]}")}
    else:
        name = re.match(r"\w+", place)
        assert name is not None
        calls = set(_called(module, name[0]))
    return frozenset(calls) & _CALLS or _CALLS


def _called(module: ModuleType, name: str) -> Iterator[str]:
    """Yield what is called of a name or an `.attribute`, and of the names it is given to."""
    names = [name]
    for each in names:
        names += _given(module).get(each.removeprefix("."), set()).difference(names)
        start = re.escape(each) if each.startswith(".") else rf"\b{each}"
        yield from re.findall(rf"{start}(?:\[\w+\])?\.(\w+)", _source(module))


@cache
def _given(module: ModuleType) -> dict[str, set[str]]:
    """Return, for a name or an attribute's, the names that stand for it: `token = _ONE if a else _OTHER`."""
    given: dict[str, set[str]] = {}
    for node in ast.walk(ast.parse(_source(module))):
        if isinstance(node, ast.Assign):
            values = _leaves(node.value)
            for target in map(_name_of, node.targets):
                for value in filter(None, map(_name_of, values)) if target else ():
                    given.setdefault(value.removeprefix("."), set()).add(target)
    return given


def _leaves(node: ast.expr) -> list[ast.expr]:
    return [*_leaves(node.body), *_leaves(node.orelse)] if isinstance(node, ast.IfExp) else [node]


def _name_of(node: ast.expr) -> str:
    """Return a name, an attribute's with a dot before it, or nothing for what has none."""
    if isinstance(node, ast.Name):
        return node.id
    return f".{node.attr}" if isinstance(node, ast.Attribute) else ""


def _written(module: ModuleType) -> Iterator[tuple[str, re.Pattern[Any], str]]:
    """Yield the patterns that the code gives to `re.search` and its like as it runs."""
    for node in ast.walk(ast.parse(_source(module))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "re"
            and node.func.attr in _CALLS
            and isinstance(node.args[0], ast.Constant)
        ):
            place = f"{module.__name__.removeprefix(_PACKAGE + '.')}: re.{node.func.attr}({node.args[0].value!r})"
            yield place, re.compile(node.args[0].value), node.func.attr


def _words(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str | bytes):
        yield _text(value)
    elif depth > 3:
        return
    elif isinstance(value, Mapping):
        for key, member in list(value.items()):
            yield from _words(key, depth + 1)
            yield from _words(member, depth + 1)
    elif isinstance(value, list | tuple | set | frozenset):
        for member in value:
            yield from _words(member, depth + 1)


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else ""

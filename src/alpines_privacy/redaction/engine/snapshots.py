"""Snapshots of objects: the text that is judged is the text that is written, even if `str()` changes.

The text of an app's object may differ at every call: a counter, a lazy query, another thread. So
`str()` is called once, and a snapshot with that text replaces the object. Objects whose text cannot
change (numbers, dates, objects with Python's own `<Thing object at 0x…>`) stay.
"""

from __future__ import annotations

import ipaddress
import numbers
import pathlib
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import lru_cache
from types import WrapperDescriptorType
from typing import Any
from uuid import UUID

__all__ = ["UNREADABLE", "Snapshot", "exactly", "snapshot"]

UNREADABLE = "[withheld: it has no text]"
_DEEPEST = 48  # containers within containers; what is deeper is withheld later
_SEQUENCES = (list, tuple, set, frozenset)

# Exact types whose text cannot change.
_STABLE = frozenset(
    {
        str, bytes, int, float, complex, bool, type(None), type(Ellipsis), Decimal, Fraction, UUID,
        date, datetime, time, timedelta, timezone, pathlib.PurePosixPath, pathlib.PosixPath,
        ipaddress.IPv4Address, ipaddress.IPv6Address, ipaddress.IPv4Network, ipaddress.IPv6Network,
    }
)  # fmt: skip


class Snapshot:
    """Replaces an object and shows one text of it, with the object's class and attributes."""

    __slots__ = ("_object", "_repr", "_text")

    def __init__(self, value: object, text: str, shown: str) -> None:
        self._object = value
        self._text = text
        self._repr = shown

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return self._repr

    def __format__(self, spec: str) -> str:
        return format(self._text, spec)

    @property  # type: ignore[misc]  # nobody sets it
    def __class__(self) -> Any:
        """The object's class, for code that asks `isinstance`."""
        return type(self._object)

    def __getattr__(self, name: str) -> Any:
        """Give an attribute of the object; not `__dict__` and its like, which would show all the object holds."""
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._object, name)

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """Pickle as the text."""
        return str, (self._text,)

    def __reduce_ex__(self, _: Any) -> tuple[type[str], tuple[str]]:
        """Pickle as the text, whatever class `__class__` returns."""
        return str, (self._text,)

    def saying(self, text: str, shown: str) -> Snapshot:
        """Return a snapshot of the same object with other texts."""
        return Snapshot(self._object, text, shown)


def exactly(text: str) -> str:
    """Return a text as a plain `str`, without a subclass's methods."""
    return text if type(text) is str else str.__str__(text)


def snapshot(value: Any, depth: int = 0) -> Any:
    """Return a value in which no object's text can change; the value itself if none can already.

    Members of lists, tuples, sets and dicts count too. Calls `str()` and `repr()` once for each object.
    """
    read = _reader(type(value))  # type: ignore[arg-type]  # a type can be hashed
    return value if read is None or depth > _DEEPEST else read(value, depth + 1)


@lru_cache(512)  # types; an app has as many as classes
def _reader(kind: type) -> Callable[[Any, int], Any] | None:
    """Return the function that makes snapshots of a type's objects; None for types whose objects stay."""
    if kind in _STABLE or kind is Snapshot:
        return None
    if issubclass(kind, str):
        return lambda value, _: exactly(_text(str, value))
    if issubclass(kind, int | float) and not issubclass(kind, Enum):
        return _number
    if kind in {dict, *_SEQUENCES} or hasattr(kind, "_fields"):
        return _container
    if issubclass(kind, (Mapping, *_SEQUENCES, bytes, bytearray, memoryview)) or _is_stable(kind):
        return None
    return lambda value, _: Snapshot(value, _text(str, value), _text(repr, value))


def _text(ask: Any, value: object) -> str:
    try:
        return exactly(ask(value))
    except Exception:
        return UNREADABLE


def _number(value: Any, _: int) -> Any:
    """Return a number of a subclass as a plain number, if its text is the same."""
    plain = int.__int__(value) if isinstance(value, int) else float.__float__(value)
    text = _text(str, value)
    return plain if text == str(plain) else text


def _is_stable(kind: type) -> bool:
    """Whether the text of a class's objects is made by Python itself, or by a number type written in C."""
    if issubclass(kind, type | Enum):
        return True
    own = (kind.__str__, kind.__repr__, kind.__format__)
    if own == (object.__str__, object.__repr__, object.__format__):
        return True
    return issubclass(kind, numbers.Number) and all(
        isinstance(method, WrapperDescriptorType) for method in own[:2]
    )


def _container(value: Any, depth: int) -> Any:
    if isinstance(value, dict):
        items = [(k, snapshot(k, depth), v, snapshot(v, depth)) for k, v in value.items()]
        if all(key is new_key and old is new for key, new_key, old, new in items):
            return value
        return {key: new for _, key, _, new in items}
    members = [snapshot(member, depth) for member in value]
    if all(new is old for new, old in zip(members, value, strict=True)):
        return value
    return type(value)(*members) if hasattr(value, "_fields") else type(value)(members)

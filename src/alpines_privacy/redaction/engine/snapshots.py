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

from alpines_privacy.redaction.engine.containers import CONTAINERS, TOO_DEEP, Walk

__all__ = ["UNREADABLE", "Snapshot", "exactly", "snapshot", "snapshot_members"]

UNREADABLE = "[withheld: it has no text]"
# Exact types, since a subclass may show its members in another way or load them when asked.
_CONTAINERS = frozenset({dict, list, tuple, set, frozenset})

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

    def with_texts(self, text: str, shown: str) -> Snapshot:
        """Return a snapshot of the same object with other texts."""
        return Snapshot(self._object, text, shown)


def exactly(text: str) -> str:
    """Return a text as a plain `str`, without a subclass's methods."""
    return text if type(text) is str else str.__str__(text)


def snapshot(value: Any) -> Any:
    """Return a value in which no object's text can change; the value itself if none can already.

    Members of lists, tuples, sets and dicts count too. Calls `str()` and `repr()` once for each object.
    """
    kind: type = type(value)
    if kind in _STABLE:
        return value
    read = _reader(kind)
    return value if read is None else read(value)


class _Snapshots(Walk):
    """A walk that replaces the objects inside containers."""

    __slots__ = ("has_replaced",)

    def __init__(self) -> None:
        super().__init__()
        self.has_replaced = False

    def member(self, value: Any) -> Any:
        """Return a snapshot; a container is walked."""
        kind: type = type(value)
        if kind in _STABLE or (read := _reader(kind)) is None:
            return value
        if read is snapshot_members:
            new = value if _is_stable_within(value) else self.container(value)
            self.has_replaced |= new is TOO_DEEP
        else:
            new = read(value)
            self.has_replaced |= new is not value
        return new


def snapshot_members(value: Any) -> Any:
    """Return a container of any type with snapshots of the objects in it; one that only contains itself stays."""
    if _is_stable_within(value):
        return value
    walk = _Snapshots()
    new = walk.container(value)
    return new if walk.has_replaced else value


def _is_stable_within(value: Any) -> bool:
    """Whether all members of a container have a text that cannot change: no container is among them."""
    if type(value) is dict:
        return _STABLE.issuperset(map(type, value.values())) and _STABLE.issuperset(
            map(type, value)
        )
    return _STABLE.issuperset(map(type, value)) and not isinstance(value, Mapping)


@lru_cache(512)  # types; an app has as many as classes
def _reader(kind: type) -> Callable[[Any], Any] | None:
    """Return the function that makes snapshots of a type's objects; None for types whose objects stay."""
    if kind in _STABLE or kind is Snapshot:
        return None
    if issubclass(kind, str):
        return lambda value: exactly(_text(str, value))
    if issubclass(kind, int | float) and not issubclass(kind, Enum):
        return _number
    if kind in _CONTAINERS or (issubclass(kind, tuple) and hasattr(kind, "_fields")):
        return snapshot_members
    if issubclass(kind, (*CONTAINERS, bytes, bytearray, memoryview)) or _is_stable(kind):
        return None
    return lambda value: Snapshot(value, _text(str, value), _text(repr, value))


def _text(ask: Any, value: object) -> str:
    try:
        return exactly(ask(value))
    except Exception:
        return UNREADABLE


def _number(value: Any) -> Any:
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

"""One walk through nested data: it rebuilds the containers whose members change, and keeps all others.

What a member becomes is decided by the subclass: snapshots of objects, or redacted values.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping
from operator import is_
from typing import Any

__all__ = ["CONTAINERS", "TOO_DEEP", "Walk", "like"]

_DEEPEST = 48  # containers within containers
_CYCLE = "[withheld: it contains itself]"
TOO_DEEP = "[withheld: nested too deep]"

_LISTS = (list, tuple, set, frozenset)
CONTAINERS = (Mapping, *_LISTS)


class Walk(ABC):
    """A walk through containers within containers, used once; one that occurs twice is rebuilt once.

    `parent` is the key that a container stands under, and `kind` the kind of personal data that this key
    names, if it covers everything inside. A container inside itself, and one nested deeper than 48, is
    replaced by a notice.
    """

    __slots__ = ("_done", "_inside")

    def __init__(self) -> None:
        self._inside: set[int] = set()
        # With each container, as another object could get its identity.
        self._done: dict[tuple[int, str, str | None], tuple[object, Any]] = {}

    @abstractmethod
    def member(self, value: Any) -> Any:
        """Return what replaces a value; the value itself where it stays."""

    def key(self, key: Any) -> Any:
        """Return what replaces a key of a mapping."""
        return self.member(key)

    def item(self, key: Any, value: Any, parent: str, kind: str | None) -> Any:
        """Return what replaces the value under a key of a mapping, or in a field of a named tuple."""
        del key, parent, kind
        return self.member(value)

    def members(self, value: Any, parent: str, kind: str | None) -> list[Any]:
        """Return what replaces the members of a list, tuple or set."""
        del parent, kind
        return [self.member(member) for member in value]

    def container(self, value: Any, parent: str = "", kind: str | None = None) -> Any:
        """Return a container with new members, of the same type where that can be; itself if all stay."""
        identity, inside = id(value), self._inside
        if identity in inside:
            return _CYCLE
        if len(inside) >= _DEEPEST:
            return TOO_DEEP
        place = (identity, parent, kind)
        if (done := self._done.get(place)) is not None:
            return done[1]
        inside.add(identity)
        is_list = type(value) in _LISTS or not isinstance(value, Mapping)
        new = (self._list if is_list else self._mapping)(value, parent, kind)
        inside.discard(identity)
        self._done[place] = value, new
        return new

    def _mapping(self, value: Mapping[Any, Any], parent: str, kind: str | None) -> Any:
        # Only `dict`'s own methods give the lists of a multi-value dict (QueryDict, MultiDict).
        items = dict.items(value) if isinstance(value, dict) else value.items()
        new: dict[Any, Any] = {}
        numbers: dict[Any, int] = {}
        is_same = True
        for key, item in items:
            new_key, new_item = self.key(key), self.item(key, item, parent, kind)
            is_same = is_same and new_item is item and new_key is key
            new[_free(new, new_key, numbers)] = new_item
        return value if is_same else like(value, new)

    def _list(self, value: Any, parent: str, kind: str | None) -> Any:
        made = type(value)
        fields = None if made in _LISTS else getattr(value, "_fields", None)
        if isinstance(fields, tuple) and isinstance(value, tuple):
            pairs = zip(fields, value, strict=False)
            members = [self.item(field, item, parent, kind) for field, item in pairs]
            make: Any = made._make  # of a named tuple
        else:
            members = self.members(value, parent, kind)
            make = made if made in _LISTS else next(k for k in _LISTS if isinstance(value, k))
        return value if all(map(is_, members, value)) else make(members)


def like(value: Mapping[Any, Any], items: dict[Any, Any]) -> Any:
    """Return items in a mapping of the same type, if it is a kind of dict that can be copied; else the items.

    A copy of any other mapping may share its content with the original: `os.environ` does.
    """
    if type(value) is dict or not isinstance(value, dict):
        return items
    if len(value) != len(items) or not all(map(is_, dict.keys(value), items)):
        return items  # a copy would keep the keys
    try:
        made = copy.copy(value)
        if made is not value:
            dict.update(made, items)  # a multi-value dict stores its lists this way
            return made
    except Exception:
        return items
    return items


def _free(taken: Mapping[Any, Any], key: Any, numbers: dict[Any, int]) -> Any:
    """Return a key that is still free, with a number if need be; `numbers` has the last number given to each."""
    if key not in taken:
        return key
    number = numbers.get(key, 1) + 1
    while (other := f"{key} {number}") in taken:
        number += 1
    numbers[key] = number
    return other

"""Nested data (`extra=` fields, parsed JSON, local variables), redacted by key and by text."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from alpines_privacy.redaction.engine.keys import Keys
from alpines_privacy.redaction.engine.people import PEOPLE
from alpines_privacy.redaction.engine.replacements import Replacements
from alpines_privacy.redaction.engine.snapshots import UNREADABLE, Snapshot, snapshot

__all__ = ["SMALL", "Nested"]

_DEEPEST = 48  # containers within containers; what is deeper is withheld
SMALL = 10**7  # numbers below hold no personal data without a key
_CYCLE = "[withheld: it contains itself]"
_TOO_DEEP = "[withheld: nested too deep]"

_HARMLESS = (bool, type(None), complex, date, time, UUID, type(Ellipsis), type)
_BUILT_IN = frozenset({str, int, float, bool, bytes, dict, list, tuple, type(None)})
_LISTS = (list, tuple, set, frozenset)

# Kinds whose key covers everything in a container under it. Under other keys (a user, a mail) a
# # container also holds other data; personal values inside have keys of their own.
_WHOLE = frozenset(
    {
        "NAME", "ADDRESS", "PHONE", "CNIC", "NTN", "PASSWORD", "SECRET", "CARD", "CVV",
        "IBAN", "SSN", "PASSPORT", "BIRTH_DATE", "COORDINATES",
    }
)  # fmt: skip


class Nested:
    """One walk through nested data. It tracks the containers it is inside, so it is used once."""

    __slots__ = ("_inside", "_keys", "_redact", "_replacements")

    def __init__(
        self, redact: Callable[[str], str], keys: Keys, replacements: Replacements
    ) -> None:
        self._redact = redact
        self._keys = keys
        self._replacements = replacements
        self._inside: set[int] = set()

    def value(self, key: object, value: Any, *, kind: str | None = None, parent: str = "") -> Any:
        """Return a value redacted by its key, or by the kind that stands above it; itself when clean."""
        name = (
            key if isinstance(key, str) else key.decode("latin-1") if isinstance(key, bytes) else ""
        )
        own = self._keys.names.kind(name) if name else None
        if own is None and name.lower() == "name" and parent.lower() in PEOPLE:
            own = "NAME"
        own = own or kind
        if own is None or own in self._replacements.kept:
            return self.cleaned(value, parent=name)
        return self._under(own, name, value)

    def cleaned(self, value: Any, *, parent: str = "", kind: str | None = None) -> Any:
        """Return a value redacted by its text and the keys inside; itself when clean."""
        value = snapshot(value) if type(value) not in _BUILT_IN else value
        if isinstance(value, str):
            cleaned = self._redact(value)
            return value if cleaned == value else cleaned
        if type(value) is not Snapshot and isinstance(value, _HARMLESS):
            return value
        if isinstance(value, int | float | Decimal):
            return self._number(value)
        if isinstance(value, bytes | bytearray | memoryview):
            return self._bytes(value)
        if isinstance(value, (Mapping, *_LISTS)):
            return self._container(value, parent, kind)
        return self._object(value)  # a snapshot too, whatever its class

    def _under(self, kind: str, name: str, value: Any) -> Any:
        """Return the replacement of a value of a known kind, or of each value inside it."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, bytes | bytearray | memoryview):
            text = bytes(value).decode("utf-8", "surrogateescape")
            cleaned = self._under(kind, name, text)
            return value if cleaned is text else cleaned.encode("utf-8", "surrogateescape")
        if isinstance(value, (Mapping, *_LISTS)):
            inherited = kind if kind in _WHOLE or not isinstance(value, Mapping) else None
            return self._container(value, name, inherited)
        value = snapshot(value)
        text = value if isinstance(value, str) else _text_of(value)
        if self._keys.is_personal(kind, name, text):
            return self._replacements.replacement(kind, text)
        return self.cleaned(value)

    def _container(self, value: Any, parent: str, kind: str | None) -> Any:
        if id(value) in self._inside:
            return _CYCLE
        if len(self._inside) >= _DEEPEST:
            return _TOO_DEEP
        self._inside.add(id(value))
        try:
            if isinstance(value, Mapping):
                return self._mapping(value, parent, kind)
            return self._members(value, parent, kind)
        finally:
            self._inside.discard(id(value))

    def _mapping(self, value: Mapping[Any, Any], parent: str, kind: str | None) -> Any:
        # Only `dict`'s own methods give the lists of a multi-value dict (QueryDict, MultiDict).
        items = dict.items(value) if isinstance(value, dict) else value.items()
        cleaned: dict[Any, Any] = {}
        numbers: dict[Any, int] = {}
        clean = keys_clean = True
        for key, item in items:
            new_key = key if isinstance(key, int) else self.cleaned(key)
            new_item = self.value(key, item, kind=kind, parent=parent)
            clean = clean and new_item is item
            keys_clean = keys_clean and new_key is key
            cleaned[_free(cleaned, new_key, numbers)] = new_item
        if clean and keys_clean:
            return value
        return _like(value, cleaned) if keys_clean else cleaned

    def _members(self, value: Any, parent: str, kind: str | None) -> Any:
        fields = getattr(value, "_fields", None) if isinstance(value, tuple) else None
        if isinstance(fields, tuple):
            members = [
                self.value(k, item, kind=kind, parent=parent)
                for k, item in zip(fields, value, strict=False)
            ]
        elif kind is not None:
            members = [self._under(kind, parent, item) for item in value]
        else:
            members = _pair(self, value) or [self.cleaned(item, parent=parent) for item in value]
        if all(map(_is, members, value)):
            return value
        if isinstance(fields, tuple):
            return value._make(members)
        made = next(kind for kind in _LISTS if isinstance(value, kind))
        return made(members)

    def _number(self, value: Any) -> Any:
        if abs(value) < SMALL:
            return value
        text = str(value)
        cleaned = self._redact(text)
        return value if cleaned == text else cleaned

    def _bytes(self, value: bytes | bytearray | memoryview) -> Any:
        text = bytes(value).decode("utf-8", "surrogateescape")
        cleaned = self._redact(text)
        return value if cleaned == text else cleaned.encode("utf-8", "surrogateescape")

    def _object(self, value: Any) -> Any:
        """Return the object if its texts are clean, else the redacted text."""
        text = _text_of(value)
        cleaned = self._redact(text)
        if cleaned != text or text == UNREADABLE:
            return cleaned
        if type(value) is Snapshot and (shown := self._redact(repr(value))) != repr(value):
            return value.saying(text, shown)
        return value


def _text_of(value: object) -> str:
    """Return the text a formatter would make of an object; of one that raises, a notice."""
    try:
        return str(value)
    except Exception:
        return UNREADABLE


def _pair(nested: Nested, value: Iterable[Any]) -> list[Any] | None:
    """Return a pair of key and value redacted, as in a list of headers: `(b"cookie", b"a=b")`."""
    match value:
        case (str() | bytes() as key, str() | bytes() as item) if isinstance(value, tuple):
            return [nested.cleaned(key), nested.value(key, item)]
    return None


def _is(new: object, old: object) -> bool:
    return new is old


def _free(taken: Mapping[Any, Any], key: Any, numbers: dict[Any, int]) -> Any:
    """Return a key that is still free, with a number if need be; `numbers` has the last number given to each."""
    if key not in taken:
        return key
    number = numbers.get(key, 1) + 1
    while (other := f"{key} {number}") in taken:
        number += 1
    numbers[key] = number
    return other


def _like(value: Mapping[Any, Any], cleaned: dict[Any, Any]) -> Any:
    """Return the cleaned items in a mapping of the same type, if copying gives one."""
    if type(value) is dict or not isinstance(value, dict):
        return cleaned
    try:
        made = copy.copy(value)
        if made is not value:
            dict.update(made, cleaned)  # a multi-value dict stores its lists this way
            return made
    except Exception:
        return cleaned
    return cleaned

"""Nested data (`extra=` fields, parsed JSON, local variables), redacted by key and by text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from alpines_privacy.redaction.engine.containers import CONTAINERS, Walk
from alpines_privacy.redaction.engine.keys import Keys
from alpines_privacy.redaction.engine.people import PEOPLE
from alpines_privacy.redaction.engine.replacements import Replacements
from alpines_privacy.redaction.engine.snapshots import UNREADABLE, Snapshot

__all__ = ["SMALL", "Nested"]

SMALL = 10**7  # numbers below hold no personal data without a key

_BYTES = (bytes, bytearray, memoryview)
_HARMLESS = (bool, type(None), complex, date, time, UUID, type(Ellipsis), type)
_BARE = frozenset({str, int, float, bool, type(None)})  # the types of nearly all values

# Members of a mapping that give a name to the value in another.
_NAME_VALUES = ("name", "key", "field", "Name", "Key")
_VALUES = frozenset({"value", "Value"})

# Kinds whose key covers everything in a container under it. Under other keys (a user, a mail) a
# container also holds other data; personal values inside have keys of their own.
_WHOLE = frozenset(
    {
        "NAME", "ADDRESS", "PHONE", "CNIC", "NTN", "PASSWORD", "SECRET", "CARD", "CVV",
        "IBAN", "SSN", "PASSPORT", "BIRTH_DATE", "COORDINATES",
    }
)  # fmt: skip


class Nested(Walk):
    """One walk that redacts nested data, used once.

    `leaf` is asked first for each value that is neither a container nor bytes: it replaces an object by a
    snapshot of it, and may take out values that are known in advance.
    """

    __slots__ = ("_keys", "_leaf", "_redact", "_replacements")

    def __init__(
        self,
        redact: Callable[[str], str],
        keys: Keys,
        replacements: Replacements,
        leaf: Callable[[Any], Any],
    ) -> None:
        super().__init__()
        self._redact = redact
        self._keys = keys
        self._replacements = replacements
        self._leaf = leaf

    def member(self, value: Any, parent: str = "") -> Any:
        """Return a value redacted by its text and the keys inside; itself when clean."""
        if type(value) not in _BARE:
            if isinstance(value, CONTAINERS):
                return self.container(value, parent)
            if isinstance(value, _BYTES):
                return _recoded(value, self.member)
        value = self._leaf(value)
        if type(value) is str:  # as most often; `_judged` does the same
            cleaned = self._redact(value)
            return value if cleaned == value else cleaned
        return self._judged(value)

    def _mapping(self, value: Mapping[Any, Any], parent: str, kind: str | None) -> Any:
        return super()._mapping(value, self._naming(value) or parent, kind)

    def _naming(self, value: Mapping[Any, Any]) -> str:
        """Return the key that one member of a mapping names for another: `{"name": "pin", "value": 4829}`."""
        if isinstance(value, dict) and ("value" in value or "Value" in value):
            for member in _NAME_VALUES:
                name = dict.get(value, member)
                if isinstance(name, str) and self._keys.names.kind(name):
                    return name
        return ""

    def key(self, key: Any) -> Any:
        """Return a key redacted by its text; numbers stay, unless they are known in advance."""
        return self._leaf(key) if isinstance(key, int) else self.member(key)

    def item(self, key: Any, value: Any, parent: str = "", kind: str | None = None) -> Any:
        """Return a value redacted by its key, or by the kind that stands above it; itself when clean."""
        name = (
            key if isinstance(key, str) else key.decode("latin-1") if isinstance(key, bytes) else ""
        )
        own = self._keys.names.kind(name) if name else None
        if own is None and name.lower() == "name" and parent.lower() in PEOPLE:
            own = "NAME"
        if own is None and name in _VALUES and parent:
            own = self._keys.names.kind(parent)
        own = own or kind
        if own is None or own in self._replacements.kept:
            return self.member(value, name)
        return self._under(own, name, value)

    def members(self, value: Any, parent: str, kind: str | None) -> list[Any]:
        """Return the members redacted; a pair is a key and its value, as in a list of headers."""
        if kind is not None:
            return [self._under(kind, parent, item) for item in value]
        match value:
            case (str() | bytes() as key, str() | bytes() as item) if isinstance(value, tuple):
                return [self.member(key), self.item(key, item)]
        return [self.member(item, parent) for item in value]

    def _under(self, kind: str, name: str, value: Any) -> Any:
        """Return the replacement of a value of a known kind, or of each value inside it."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, _BYTES):
            return _recoded(value, lambda text: self._under(kind, name, text))
        if isinstance(value, CONTAINERS):
            inherited = kind if kind in _WHOLE or not isinstance(value, Mapping) else None
            return self.container(value, name, inherited)
        value = self._leaf(value)
        text = value if isinstance(value, str) else _text_of(value)
        if self._keys.is_personal(kind, name, text):
            return self._replacements.replacement(kind, text)
        return self._judged(value)

    def _judged(self, value: Any) -> Any:
        """Return what replaces a text, a number or an object."""
        if isinstance(value, str):
            cleaned = self._redact(value)
            return value if cleaned == value else cleaned
        if type(value) is not Snapshot:  # which may claim any class
            if isinstance(value, _HARMLESS):
                return value
            if isinstance(value, int | float | Decimal):
                return self._number(value)
        return self._object(value)

    def _number(self, value: Any) -> Any:
        if abs(value) < SMALL:
            return value
        text = str(value)
        cleaned = self._redact(text)
        return value if cleaned == text else cleaned

    def _object(self, value: Any) -> Any:
        """Return the object if its texts are clean, else the redacted text."""
        text = _text_of(value)
        cleaned = self._redact(text)
        if cleaned != text or text == UNREADABLE:
            return cleaned
        if type(value) is Snapshot and (shown := self._redact(repr(value))) != repr(value):
            return value.with_texts(text, shown)
        return value


def _recoded(value: Any, clean: Callable[[str], Any]) -> Any:
    """Return bytes with their text cleaned."""
    text = bytes(value).decode("utf-8", "surrogateescape")
    cleaned = clean(text)
    return value if cleaned == text else cleaned.encode("utf-8", "surrogateescape")


def _text_of(value: object) -> str:
    """Return the text a formatter would make of an object; of one that raises, a notice."""
    try:
        return str(value)
    except Exception:
        return UNREADABLE

"""`Cleaner`: what every way out of the process sends its text and data through.

It knows what the redactor finds by shape and by key, and what the visitors being served have
submitted. It raises whatever goes wrong inside: each way out decides what is withheld then.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from alpines_privacy.http.privacy import request_context
from alpines_privacy.redaction.redactor import Redactor
from alpines_privacy.redaction.snapshots import UNREADABLE, Snapshot, snapshot
from alpines_privacy.redaction.visitor import (
    failed,
    in_flight,
    literals_of,
    literals_of_all,
)

__all__ = ["Cleaner"]

# Values of these say the same by `str` and `repr`, and nothing by attributes.
_PLAIN = frozenset({bool, int, float, complex, Decimal, datetime, date, time, timedelta, UUID})
_FAILED = "[withheld: redaction failed"  # how a redactor, which does not raise, says it
_DEEPEST = 48  # containers within containers: what is deeper the redactor withholds
_SEQUENCES = (list, tuple, set, frozenset)
# Characters of a text that is worth remembering as clean, and the most that is kept.
_LONG, _LONGEST = 1 << 10, 1 << 16


class Cleaner:
    """Takes personal data out of text and of nested data; what is clean comes back as the very object."""

    __slots__ = ("_clean", "_redact", "redactor")

    def __init__(self, redactor: Redactor) -> None:
        self.redactor = redactor
        self._redact = redactor.redact
        self._clean = ""  # the last long text that left here: a formatter brings it again

    def text(self, text: str) -> str:
        """Return the text without personal data."""
        unsaid = self._unsaid(text)
        if (is_long := len(unsaid) >= _LONG) and unsaid == self._clean:
            return unsaid
        cleaned = self._redact(unsaid)
        if cleaned is not text and cleaned.startswith(_FAILED) and not text.startswith(_FAILED):
            raise RuntimeError(cleaned)
        if is_long and len(cleaned) <= _LONGEST:
            self._clean = cleaned
        return cleaned

    def value(self, key: str, value: Any) -> Any:
        """Return what stands under a key, without personal data: containers keep their shape."""
        return self.redactor.redact_value(key, self._unveiled(snapshot(value)))

    def data(self, value: Any) -> Any:
        """Return nested data without personal data; an object that would show any comes back as a clean snapshot."""
        value = snapshot(value)
        if isinstance(value, str):
            return self.text(value)
        return self.redactor.redact_mapping(self._unveiled(value))

    def _unsaid(self, text: str) -> str:
        """Return the text without what visitors submitted."""
        context = request_context()
        if context is not None and not context.ended:
            return literals_of(context, self.redactor).redact(text)
        if in_flight.references or failed.kept:
            for literals in literals_of_all(self.redactor):
                text = literals.redact(text)
        return text

    def _unveiled(self, value: Any, depth: int = 0) -> Any:
        """Return data without what visitors submitted, and with objects as snapshots; the redactor does the rest."""
        if isinstance(value, str):
            return self._unsaid(value)
        if value is None or value is True or value is False or depth > _DEEPEST:
            return value
        if isinstance(value, Mapping):
            return self._mapping(value, depth + 1)
        if isinstance(value, _SEQUENCES):
            members = [self._unveiled(member, depth + 1) for member in value]
            return value if _same(members, value) else _of_kind(value, members)
        if isinstance(value, bytes | bytearray):
            text = bytes(value).decode("utf-8", "surrogateescape")
            cleaned = self._unsaid(text)
            return value if cleaned == text else cleaned.encode("utf-8", "surrogateescape")
        return self._object(value)

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> Any:
        # A dict of many values (QueryDict, MultiDict) gives them all only as the dict it is.
        given = dict.items(value) if isinstance(value, dict) else value.items()
        items = [(k, self._unveiled(k), v, self._unveiled(v, depth)) for k, v in given]
        if all(new_key is key and new is item for key, new_key, item, new in items):
            return value
        return {key: item for _, key, _, item in items}

    def _object(self, value: Any) -> Any:
        """Look at an object as a log would show it; one that raises then costs the record no more than itself."""
        if type(value) in _PLAIN:
            text = str(value)
            cleaned = self._unsaid(text)
            return value if cleaned is text else cleaned
        try:
            text, shown = str(value), repr(value)
        except Exception:
            return UNREADABLE
        cleaned, cleaned_repr = self.text(text), self.text(shown)
        if cleaned == text and cleaned_repr == shown:
            return value
        if type(value) is Snapshot:
            return value.saying(cleaned, cleaned_repr)
        return Snapshot(value, cleaned, cleaned_repr)


def _same(members: list[Any], value: Any) -> bool:
    return all(new is old for new, old in zip(members, value, strict=True))


def _of_kind(value: Any, members: list[Any]) -> Any:
    """Return members in a container like the one they were in."""
    if hasattr(value, "_fields"):  # a named tuple
        return type(value)(*members)
    for kind in _SEQUENCES:
        if isinstance(value, kind):
            return kind(members)
    return members

"""`Cleaner`: cleans the text and data of every log output of the process.

It removes what the redactor finds by shape and by key, and the values that the visitors being served
have submitted. It raises any error from inside: each output decides what is withheld then.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from alpines_privacy.http.cache import Cache
from alpines_privacy.http.privacy import context_of, current_privacy
from alpines_privacy.redaction.engine.nested import SMALL
from alpines_privacy.redaction.engine.redactor import Redactor
from alpines_privacy.redaction.engine.snapshots import UNREADABLE, Snapshot, snapshot
from alpines_privacy.redaction.logs.submitted import (
    failed,
    in_flight,
    known_values_of,
    known_values_of_all,
)

__all__ = ["Cleaner"]

# Types whose `str` and `repr` show the same, and whose attributes show nothing more.
_PLAIN = frozenset({bool, int, float, complex, Decimal, datetime, date, time, timedelta, UUID})
_BARE = frozenset({str, int})  # the types of nearly all extra fields
_FAILED = "[withheld: redaction failed"  # a redactor does not raise; it returns this notice
_DEEPEST = 48  # containers within containers; the redactor withholds deeper ones
_SEQUENCES = (list, tuple, set, frozenset)
# Fewest and most characters of a text that is kept as clean.
_LONG, _LONGEST = 1 << 10, 1 << 16
_SHORT = 240  # most characters of a message that is cached
_SAMPLE, _MOST_SAMPLED = 16, 64
_under_way = in_flight.references
_running = current_privacy.get


class Cleaner:
    """Takes personal data out of text and of nested data; clean input comes back as the same object."""

    __slots__ = ("_clean", "_redact", "_sample", "_unknown", "redactor", "said")

    def __init__(self, redactor: Redactor) -> None:
        self.redactor = redactor
        self._redact = redactor.redact
        self._clean = ""  # the last long text that was cleaned: a formatter passes it again
        # The clean message of each template, except of templates whose messages vary. Programs repeat
        # # messages, and judging one again takes a third of a record's cost.
        self.said: Cache[str, str] = Cache("clean messages")
        self._unknown = 0  # count of messages without arguments that were not cached
        self._sample: set[str] = set()  # a sample of those messages

    def text(self, text: str) -> str:
        """Return the text without personal data."""
        # Nearly every record passes here and is clean, so few calls are made until that is known.
        context = context_of(_running())
        if context is not None and not context.ended:
            remaining = known_values_of(context, self.redactor).redact(text)
        else:
            remaining = self._without_submitted(text) if _under_way or failed.kept else text
        is_long = len(remaining) >= _LONG
        if is_long and remaining == self._clean:
            return remaining
        cleaned = self._redact(remaining)
        if cleaned is not text and cleaned.startswith(_FAILED) and not text.startswith(_FAILED):
            raise RuntimeError(cleaned)
        if is_long and len(cleaned) <= _LONGEST:
            self._clean = cleaned
        return cleaned

    def holds_nothing_submitted(self, text: str) -> bool:
        """Tell whether a text holds nothing that visitors submitted."""
        return self._without_submitted(text) is text

    def note(self, template: str, message: str) -> None:
        """Cache the clean message of a template; an empty text for a long one."""
        self.said.keep(template, message if len(message) <= _SHORT else "")

    def note_constant(self, message: str) -> None:
        """Cache a clean message without arguments that repeats; others are assembled anew each time.

        One message in sixteen is sampled, and a frequent one is soon sampled twice. A message with a `%` is not
        cached: as a template it is cached with its arguments.
        """
        self._unknown += 1
        if self._unknown % _SAMPLE == 0 and len(message) <= _SHORT and "%" not in message:
            if message in self._sample:
                self.note(message, message)
            elif len(self._sample) >= _MOST_SAMPLED:
                self._sample.clear()
            self._sample.add(message)

    def value(self, key: str, value: Any) -> Any:
        """Return the value under a key without personal data; containers keep their shape."""
        kind = type(value)
        if kind in _BARE and not self.redactor.is_telling(key):
            if kind is str:
                return self.text(value)
            if -SMALL < value < SMALL:
                shown = str(value)
                return (
                    value if (remaining := self._without_submitted(shown)) is shown else remaining
                )
        return self.redactor.redact_value(key, self._data_without_submitted(snapshot(value)))

    def data(self, value: Any) -> Any:
        """Return nested data without personal data; an object that would show any becomes a clean snapshot."""
        value = snapshot(value)
        if isinstance(value, str):
            return self.text(value)
        return self.redactor.redact_mapping(self._data_without_submitted(value))

    def _without_submitted(self, text: str) -> str:
        """Return the text without what visitors submitted."""
        context = context_of(_running())
        if context is not None and not context.ended:
            return known_values_of(context, self.redactor).redact(text)
        if _under_way or failed.kept:
            for known in known_values_of_all(self.redactor):
                text = known.redact(text)
        return text

    def _data_without_submitted(self, value: Any, depth: int = 0) -> Any:
        """Return data without what visitors submitted, with objects as snapshots; the redactor does the rest."""
        if isinstance(value, str):
            return self._without_submitted(value)
        if value is None or value is True or value is False or depth > _DEEPEST:
            return value
        if isinstance(value, Mapping):
            return self._mapping(value, depth + 1)
        if isinstance(value, _SEQUENCES):
            members = [self._data_without_submitted(member, depth + 1) for member in value]
            return value if _same(members, value) else _of_kind(value, members)
        if isinstance(value, bytes | bytearray):
            text = bytes(value).decode("utf-8", "surrogateescape")
            cleaned = self._without_submitted(text)
            return value if cleaned == text else cleaned.encode("utf-8", "surrogateescape")
        return self._object(value)

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> Any:
        # Only `dict`'s own methods give all values of a multi-value dict (QueryDict, MultiDict).
        given = dict.items(value) if isinstance(value, dict) else value.items()
        items = [
            (k, self._data_without_submitted(k), v, self._data_without_submitted(v, depth))
            for k, v in given
        ]
        if all(new_key is key and new is item for key, new_key, item, new in items):
            return value
        return {key: item for _, key, _, item in items}

    def _object(self, value: Any) -> Any:
        """Judge an object by the text a log would show; one that raises is withheld alone, not with its record."""
        if type(value) in _PLAIN:
            text = str(value)
            cleaned = self._without_submitted(text)
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
    """Return members in a container of the same type."""
    if hasattr(value, "_fields"):  # a named tuple
        return type(value)(*members)
    for kind in _SEQUENCES:
        if isinstance(value, kind):
            return kind(members)
    return members

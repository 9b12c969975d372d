"""`Cleaner`: cleans the text and data of every log output of the process.

It removes what the redactor finds by shape and by key, and the values that visitors of current requests
have submitted. It raises any error from inside: each output decides what is withheld then.
"""

from __future__ import annotations

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
    current_requests,
    failed,
    known_values_of,
    known_values_of_all,
)

__all__ = ["Cleaner"]

# Types whose `str` and `repr` show the same, and whose attributes show nothing more.
_PLAIN = frozenset({bool, int, float, complex, Decimal, datetime, date, time, timedelta, UUID})
_BARE = frozenset({str, int})  # the types of nearly all extra fields
_FAILED = "[withheld: redaction failed"  # a redactor does not raise; it returns this notice
# Fewest and most characters of a text that is kept as clean.
_LONG, _LONGEST = 1 << 10, 1 << 16
_SHORT = 1 << 10  # most characters of a message that is cached
_SAMPLE, _MOST_SAMPLED = 16, 64
_current_requests = current_requests.references
_current_privacy = current_privacy.get


class Cleaner:
    """Takes personal data out of text and of nested data; clean input comes back as the same object."""

    __slots__ = (
        "_clean",
        "_redact",
        "_redact_line",
        "_sample",
        "_unknown",
        "clean_messages",
        "redactor",
    )

    def __init__(self, redactor: Redactor) -> None:
        self.redactor = redactor
        self._redact = redactor.redact
        self._redact_line = redactor.redact_line
        self._clean = ""  # the last long text that was cleaned: a formatter passes it again
        # The clean message of each template, except of templates whose messages vary. Programs repeat
        # messages, and judging one again takes a third of a record's cost.
        self.clean_messages: Cache[str, str] = Cache("clean messages")
        self._unknown = 0  # count of messages without arguments that were not cached
        self._sample: set[str] = set()  # a sample of those messages

    def text(self, text: str) -> str:
        """Return the text without personal data."""
        # Nearly every record passes here and is clean, so few calls are made until that is known.
        context = context_of(_current_privacy())
        if context is not None and not context.ended:
            remaining = known_values_of(context, self.redactor).redact(text)
        else:
            remaining = self._without_submitted(text) if _current_requests or failed.kept else text
        is_long = len(remaining) >= _LONG
        if is_long and remaining == self._clean:
            return remaining
        cleaned = _checked(text, self._redact(remaining))
        if is_long and len(cleaned) <= _LONGEST:
            self._clean = cleaned
        return cleaned

    def line(self, text: str) -> str:
        """Return a printable text as `text` does; nothing for one with line breaks or other controls."""
        # As above.
        context = context_of(_current_privacy())
        if context is not None and not context.ended:
            remaining = known_values_of(context, self.redactor).redact(text)
        else:
            remaining = self._without_submitted(text) if _current_requests or failed.kept else text
        cleaned = self._redact_line(remaining)
        if cleaned is text:
            return text
        if len(cleaned) >= _LONG and len(cleaned) <= _LONGEST:
            self._clean = cleaned
        return _checked(text, cleaned)

    def holds_nothing_submitted(self, text: str) -> bool:
        """Tell whether a text holds nothing that visitors submitted."""
        return self._without_submitted(text) is text

    def note(self, template: str, message: str) -> None:
        """Cache the clean message of a template; an empty text for a long one."""
        self.clean_messages.keep(template, message if len(message) <= _SHORT else "")

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
        if kind in _BARE and not self.redactor.is_personal_key(key):
            if kind is str:
                return self.text(value)
            if -SMALL < value < SMALL:
                shown = str(value)
                return (
                    value if (remaining := self._without_submitted(shown)) is shown else remaining
                )
        return self.redactor.nested(self._leaf).item(key, value)

    def data(self, value: Any) -> Any:
        """Return nested data without personal data; an object that would show any becomes a clean snapshot."""
        if isinstance(value, str):
            return self.text(snapshot(value))
        return self.redactor.nested(self._leaf).member(value)

    def _without_submitted(self, text: str) -> str:
        """Return the text without what visitors submitted."""
        context = context_of(_current_privacy())
        if context is not None and not context.ended:
            return known_values_of(context, self.redactor).redact(text)
        if _current_requests or failed.kept:
            for known in known_values_of_all(self.redactor):
                text = known.redact(text)
        return text

    def _leaf(self, value: Any) -> Any:
        """Return a value without what visitors submitted, an object as a snapshot; the redactor does the rest."""
        value = snapshot(value)
        if isinstance(value, str):
            return self._without_submitted(value)
        if value is None or value is True or value is False:
            return value
        if type(value) in _PLAIN:
            text = str(value)
            remaining = self._without_submitted(text)
            return value if remaining is text else remaining
        return self._object(value)

    def _object(self, value: Any) -> Any:
        """Clean an object's texts; an object that raises is withheld alone, and not the whole record."""
        try:
            text, shown = str(value), repr(value)
        except Exception:
            return UNREADABLE
        cleaned, cleaned_repr = self.text(text), self.text(shown)
        if cleaned == text and cleaned_repr == shown:
            return value
        if type(value) is Snapshot:
            return value.with_texts(cleaned, cleaned_repr)
        return Snapshot(value, cleaned, cleaned_repr)


def _checked(text: str, cleaned: str) -> str:
    """Return a cleaned text; raise for the notice of a redactor that failed."""
    if cleaned is not text and cleaned.startswith(_FAILED) and not text.startswith(_FAILED):
        raise RuntimeError(cleaned)
    return cleaned

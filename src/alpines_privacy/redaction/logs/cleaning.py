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

# Values of these say the same by `str` and `repr`, and nothing by attributes.
_PLAIN = frozenset({bool, int, float, complex, Decimal, datetime, date, time, timedelta, UUID})
_BARE = frozenset({str, int})  # of which nearly all extra fields are
_FAILED = "[withheld: redaction failed"  # how a redactor, which does not raise, says it
_DEEPEST = 48  # containers within containers: what is deeper the redactor withholds
_SEQUENCES = (list, tuple, set, frozenset)
# Characters of a text that is worth remembering as clean, and the most that is kept.
_LONG, _LONGEST = 1 << 10, 1 << 16
_SHORT = 240  # characters of a message that is worth it
_SAMPLE, _MOST_SAMPLED = 16, 64
_under_way = in_flight.references
_running = current_privacy.get


class Cleaner:
    """Takes personal data out of text and of nested data; what is clean comes back as the very object."""

    __slots__ = ("_clean", "_redact", "_sample", "_unknown", "redactor", "said")

    def __init__(self, redactor: Redactor) -> None:
        self.redactor = redactor
        self._redact = redactor.redact
        self._clean = ""  # the last long text that left here: a formatter brings it again
        # What templates say that is clean, nothing of those that say now this, now that: programs repeat
        # themselves, and to look again takes a third of what a record costs.
        self.said: Cache[str, str] = Cache("clean messages")
        self._unknown = 0  # messages without arguments that were not among them
        self._sample: set[str] = set()  # of those

    def text(self, text: str) -> str:
        """Return the text without personal data."""
        # Nearly every record comes by here and is clean: little is called before that is known.
        context = context_of(_running())
        if context is not None and not context.ended:
            unsaid = known_values_of(context, self.redactor).redact(text)
        else:
            unsaid = self._unsaid(text) if _under_way or failed.kept else text
        is_long = len(unsaid) >= _LONG
        if is_long and unsaid == self._clean:
            return unsaid
        cleaned = self._redact(unsaid)
        if cleaned is not text and cleaned.startswith(_FAILED) and not text.startswith(_FAILED):
            raise RuntimeError(cleaned)
        if is_long and len(cleaned) <= _LONGEST:
            self._clean = cleaned
        return cleaned

    def is_unsaid(self, text: str) -> bool:
        """Tell whether a text says nothing that visitors submitted."""
        return self._unsaid(text) is text

    def note(self, template: str, message: str) -> None:
        """Remember the clean message of a template; of a long one that it was clean."""
        self.said.keep(template, message if len(message) <= _SHORT else "")

    def note_constant(self, message: str) -> None:
        """Remember a clean message without arguments that comes again; others are put together each time anew.

        One in sixteen is looked at: what is said often is soon among them twice. Not one that could be given
        arguments: a template is known for what it says with them.
        """
        self._unknown += 1
        if self._unknown % _SAMPLE == 0 and len(message) <= _SHORT and "%" not in message:
            if message in self._sample:
                self.note(message, message)
            elif len(self._sample) >= _MOST_SAMPLED:
                self._sample.clear()
            self._sample.add(message)

    def value(self, key: str, value: Any) -> Any:
        """Return what stands under a key, without personal data: containers keep their shape."""
        kind = type(value)
        if kind in _BARE and not self.redactor.is_telling(key):
            if kind is str:
                return self.text(value)
            if -SMALL < value < SMALL:
                shown = str(value)
                return value if (unsaid := self._unsaid(shown)) is shown else unsaid
        return self.redactor.redact_value(key, self._unveiled(snapshot(value)))

    def data(self, value: Any) -> Any:
        """Return nested data without personal data; an object that would show any comes back as a clean snapshot."""
        value = snapshot(value)
        if isinstance(value, str):
            return self.text(value)
        return self.redactor.redact_mapping(self._unveiled(value))

    def _unsaid(self, text: str) -> str:
        """Return the text without what visitors submitted."""
        context = context_of(_running())
        if context is not None and not context.ended:
            return known_values_of(context, self.redactor).redact(text)
        if _under_way or failed.kept:
            for known in known_values_of_all(self.redactor):
                text = known.redact(text)
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

"""loguru: a patcher that takes personal data out of records before any sink sees them.

    logger.configure(patcher=redact)

Exceptions become surrogates: with `diagnose`, loguru's default, sinks show the value of every
variable in a traceback. What comes later, from a logger's own patcher (`logger.patch(...)`) or
from a sink's filter or format function, is cleaned where the sink formats the record.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from loguru._handler import Handler

from alpines_privacy.redaction.logs.cleaning import Cleaner
from alpines_privacy.redaction.logs.exceptions import surrogate
from alpines_privacy.redaction.logs.installed import cleaner

__all__ = ["redact"]

_MOST_SEEN = 7
# What loguru itself puts into a record, of the program and not of a visitor.
_LOGURUS = frozenset(
    {"elapsed", "file", "function", "level", "line", "module", "name", "process", "thread", "time"}
)


def redact(record: Any) -> None:
    """Clean a loguru record in place; never raises, a failure leaves only a notice of the record."""
    _place_on_handlers()
    _clean(record, {})
    _last.seen = [*_last.seen[-_MOST_SEEN:], _Seen(record)]


class _Seen:
    """What a record held when it had been cleaned. Loguru hands it on at once, in its own thread."""

    __slots__ = ("key", "values")

    def __init__(self, record: Mapping[str, Any]) -> None:
        self.key = id(record)
        self.values = {name: record[name] for name in record if name not in _LOGURUS}


class _Last(threading.local):
    seen: Sequence[_Seen] = ()  # of records within each other: a patcher may log


_last = _Last()


class _Record(dict[str, Any]):
    """A record on its way through one sink, which copies it when filter and format function have seen it."""

    seen: _Seen

    def copy(self) -> dict[str, Any]:
        """Return a copy of what is left once what came late is cleaned: in `extra` it may stand at any depth."""
        values = self.seen.values
        if self["extra"] or any(
            self[name] is not values.get(name) for name in self if name not in _LOGURUS
        ):
            _clean(self, values)
        return super().copy()


@cache
def _place_on_handlers() -> None:
    """Let each handler format only what is clean, for good: it acts on the records that `redact` has seen."""
    emit = Handler.emit

    def emit_cleaned(handler: Handler, record: Any, *args: Any, **more: Any) -> None:
        seen = next((each for each in reversed(_last.seen) if each.key == id(record)), None)
        if seen is not None:
            record = _Record(record)
            record.seen = seen
        emit(handler, record, *args, **more)  # type: ignore[no-untyped-call]

    setattr(Handler, "emit", emit_cleaned)  # noqa: B010 - no type allows it


def _clean(record: Any, known: Mapping[str, Any]) -> None:
    """Clean a record in place, but for the exception that is `known` to be clean."""
    try:
        clean = cleaner()
        message, extra = clean.text(record["message"]), clean.data(record["extra"])
        for name in record.keys() - _LOGURUS - {"message", "extra", "exception"}:
            record[name] = clean.value(name, record[name])
        exception = record["exception"]
        if exception is not known.get("exception"):
            exception = _clean_exception(exception, clean)
    except Exception as error:
        message = f"A record was withheld: redacting it failed ({type(error).__name__})."
        extra, exception = {}, None
        for name in record.keys() - _LOGURUS:
            record[name] = message
    record.update(message=message, extra=extra, exception=exception)


def _clean_exception(exception: Any, clean: Cleaner) -> Any:
    if exception is None or exception.value is None:
        return exception
    kind, error, tb = surrogate(exception.value, exception.traceback, clean.text)
    return exception._replace(type=kind, value=error, traceback=tb)

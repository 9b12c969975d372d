"""loguru: a patcher that takes personal data out of records before any sink sees them.

    logger.configure(patcher=redact)

Exceptions become surrogates: with `diagnose`, loguru's default, sinks show the value of every
variable in a traceback. Values added later, by a logger's own patcher (`logger.patch(...)`) or by
a sink's filter or format function, are cleaned where the sink formats the record.
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
# Fields that loguru itself puts into a record, about the program and not a visitor.
_LOGURUS = frozenset(
    {"elapsed", "file", "function", "level", "line", "module", "name", "process", "thread", "time"}
)


def redact(record: Any) -> None:
    """Clean a loguru record in place; never raises: if cleaning fails, a notice replaces the content."""
    _hook_handlers()
    _clean(record, {})
    _last.seen = [*_last.seen[-_MOST_SEEN:], _Seen(record)]


class _Seen:
    """The content of a record when it was cleaned. Loguru passes the record on at once, in the same thread."""

    __slots__ = ("key", "values")

    def __init__(self, record: Mapping[str, Any]) -> None:
        self.key = id(record)
        self.values = {name: record[name] for name in record if name not in _LOGURUS}


class _Last(threading.local):
    seen: Sequence[_Seen] = ()  # records inside each other: a patcher may log


_last = _Last()


class _Record(dict[str, Any]):
    """A record inside one sink, which copies it after the filter and the format function."""

    seen: _Seen

    def copy(self) -> dict[str, Any]:
        """Return a copy with late changes cleaned; in `extra` they may be at any depth."""
        values = self.seen.values
        if self["extra"] or any(
            self[name] is not values.get(name) for name in self if name not in _LOGURUS
        ):
            _clean(self, values)
        return super().copy()


@cache
def _hook_handlers() -> None:
    """Make each handler clean a record before formatting, permanently; it acts on records that `redact` has cleaned."""
    emit = Handler.emit

    def emit_cleaned(handler: Handler, record: Any, *args: Any, **more: Any) -> None:
        seen = next((each for each in reversed(_last.seen) if each.key == id(record)), None)
        if seen is not None:
            record = _Record(record)
            record.seen = seen
        emit(handler, record, *args, **more)  # type: ignore[no-untyped-call]

    setattr(Handler, "emit", emit_cleaned)  # noqa: B010 - no type allows it


def _clean(record: Any, known: Mapping[str, Any]) -> None:
    """Clean a record in place, except an exception that is `known` to be clean."""
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

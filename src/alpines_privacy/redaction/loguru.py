"""loguru: a patcher that takes personal data out of records before any sink sees them.

    logger.configure(patcher=redact)

Exceptions become stand-ins: with `diagnose`, loguru's default, sinks show the value of every
variable in a traceback. What comes later, from a logger's own patcher (`logger.patch(...)`) or
from a sink's filter or format function, is cleaned where the sink formats the record.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cache
from typing import Any

from loguru._handler import Handler

from alpines_privacy.redaction.cleaning import Cleaner
from alpines_privacy.redaction.exceptions import stand_in
from alpines_privacy.redaction.hook import cleaner

__all__ = ["redact"]

_CLEANED = ("message", "extra", "exception")


def redact(record: Any) -> None:
    """Clean a loguru record in place; never raises, a failure leaves only a notice of the record."""
    _place_on_handlers()
    _clean(record, {})
    _last.seen = _Seen(record)


class _Seen:
    """What a record held when it had been cleaned. Loguru hands one record after the other on, in its own thread."""

    __slots__ = ("extra", "key", "values")

    def __init__(self, record: Mapping[str, Any]) -> None:
        self.key = id(record)
        self.values = {name: record[name] for name in _CLEANED}
        self.extra = dict(record["extra"])


class _Last(threading.local):
    seen: _Seen | None = None


_last = _Last()


class _Record(dict[str, Any]):
    """A record on its way through one sink, which copies it when filter and format function have seen it."""

    seen: _Seen

    def copy(self) -> dict[str, Any]:
        """Return a copy of what is left once what came late is cleaned."""
        if self["extra"] != self.seen.extra or any(
            self[name] is not value for name, value in self.seen.values.items()
        ):
            _clean(self, self.seen.values)
        return super().copy()


@cache
def _place_on_handlers() -> None:
    """Let each handler format only what is clean, for good: it acts on the records that `redact` has seen."""
    emit = Handler.emit

    def emit_cleaned(handler: Handler, record: Any, *args: Any, **more: Any) -> None:
        seen = _last.seen
        if seen is not None and seen.key == id(record):
            record = _Record(record)
            record.seen = seen
        emit(handler, record, *args, **more)  # type: ignore[no-untyped-call]

    setattr(Handler, "emit", emit_cleaned)  # noqa: B010 - no type allows it


def _clean(record: Any, known: Mapping[str, Any]) -> None:
    """Clean a record in place, but for the exception that is `known` to be clean."""
    try:
        clean = cleaner()
        message, extra = clean.text(record["message"]), clean.data(record["extra"])
        exception = record["exception"]
        if exception is not known.get("exception"):
            exception = _clean_exception(exception, clean)
    except Exception as error:
        message = f"A record was withheld: redacting it failed ({type(error).__name__})."
        extra, exception = {}, None
    record.update(message=message, extra=extra, exception=exception)


def _clean_exception(exception: Any, clean: Cleaner) -> Any:
    if exception is None or exception.value is None:
        return exception
    kind, error, tb = stand_in(exception.value, exception.traceback, clean.text)
    return exception._replace(type=kind, value=error, traceback=tb)

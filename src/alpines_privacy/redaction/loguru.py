"""loguru: a patcher that takes personal data out of records before any sink sees them.

    logger.configure(patcher=redact)

Exceptions become stand-ins: with `diagnose`, loguru's default, sinks show the value of every
variable in a traceback. A patcher of a logger's own (`logger.patch(...)`) runs after this one.
"""

from __future__ import annotations

from typing import Any

from alpines_privacy.redaction.exceptions import stand_in
from alpines_privacy.redaction.hook import cleaner

__all__ = ["redact"]


def redact(record: Any) -> None:
    """Clean a loguru record in place; never raises, a failure leaves only a notice of the record."""
    try:
        clean = cleaner()
        message, extra = clean.text(record["message"]), clean.data(record["extra"])
        exception = record["exception"]
        if exception is not None and exception.value is not None:
            kind, error, tb = stand_in(exception.value, exception.traceback, clean.text)
            exception = exception._replace(type=kind, value=error, traceback=tb)
    except Exception as error:
        message = f"A record was withheld: redacting it failed ({type(error).__name__})."
        extra, exception = {}, None
    record.update(message=message, extra=extra, exception=exception)

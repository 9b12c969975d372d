"""Event dicts, which structlog passes from processor to processor, cleaned as a whole."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from alpines_privacy.redaction.logs.cleaning import Cleaner
from alpines_privacy.redaction.logs.exceptions import ExcInfo, surrogate

__all__ = ["clean_event", "exception_of"]


def clean_event(event: Mapping[str, Any], cleaner: Cleaner) -> dict[str, Any]:
    """Return an event without personal data, itself when clean.

    A live exception becomes a surrogate: later processors render it, and some with the
    variables of each frame.
    """
    exc_info = exception_of(event.get("exc_info"))
    bare = {key: value for key, value in event.items() if key != "exc_info"} if exc_info else event
    cleaned = cleaner.data(bare)
    if exc_info is not None:
        _, error, tb = exc_info
        return {**cleaned, "exc_info": surrogate(error, tb, cleaner.text)}
    result: dict[str, Any] = cleaned
    return result


def exception_of(given: Any) -> ExcInfo | None:
    """Return the exception that an `exc_info` names: a true value, an exception, or the triple."""
    if given is True:
        given = sys.exc_info()
    if isinstance(given, BaseException):
        return type(given), given, given.__traceback__
    if isinstance(given, tuple) and len(given) == 3 and isinstance(given[1], BaseException):
        return type(given[1]), given[1], given[2]
    return None

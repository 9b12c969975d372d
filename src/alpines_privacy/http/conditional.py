"""Whether a client's copy of a page of ours still holds (RFC 9110 §13)."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

from alpines_privacy.http.heads import RequestHead

__all__ = ["has_current"]

_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_LONGEST = 8192  # characters of a list of tags
_LONGEST_DATE = 64


def has_current(request: RequestHead, etag: str, modified: int) -> bool:
    """Tell whether a GET or HEAD is answered 304.

    `etag` is the strong tag of what would be sent, `modified` when it last changed (Unix time, s).
    """
    if tags := request.values_sent("if-none-match"):  # then dates do not count (§13.1.3)
        listed = ", ".join(tags)[:_LONGEST]
        return listed.strip() == "*" or etag in _TAG.findall(listed)
    dates = request.values_sent("if-modified-since")
    return len(dates) == 1 and modified <= _moment(dates[0])


def _moment(date: str) -> float:
    """Return the time of a date in seconds; for what is none, one before everything."""
    try:
        return parsedate_to_datetime(date[:_LONGEST_DATE]).timestamp()
    except (ValueError, TypeError, OverflowError, OSError, IndexError):
        return float("-inf")

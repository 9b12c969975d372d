"""Keywords that name a number, up to thirty characters before it."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator

from alpines_privacy.redaction.kinds.shape import Bounds, Find

__all__ = ["WORD", "before_digit", "is_column", "is_redacted", "stands_alone", "value_after"]

# Characters that make a number part of a word; not letters beyond ASCII, as many scripts put no space before a number.
WORD = frozenset(string.ascii_letters + string.digits)
_NEAR = 30  # characters between keyword and value
_MARK = re.compile(r"\[[A-Z_]{2,16}\]")
_LONGEST = 40  # characters of a value


def before_digit(keywords: str) -> str:
    """Return the pattern of a keyword, in any case, and the text after it up to the first digit nearby."""
    return rf"(?i:{keywords})[^0-9]{{0,{_NEAR}}}[0-9]"


def value_after(value: str, judge: Callable[[str], bool] = bool) -> Find:
    """Return the `find` for `before_digit`: it gives the value that holds the digit, if `judge` accepts it."""
    search = re.compile(rf"(?<![0-9A-Za-z])({value})(?![0-9A-Za-z])", re.ASCII).search

    def find(text: str, start: int, end: int) -> Iterator[Bounds]:
        match = search(text, max(start, end - _NEAR), end + _LONGEST)
        if is_redacted(text, start, end):
            return
        if match is not None and match.start() < end <= match.end() and judge(match[1]):
            yield match.span(1)

    return find


_CLOCK = re.compile(r":[0-9]{2}(?:[.,][0-9]{1,6})?Z? \Z")


def is_column(text: str, start: int, end: int) -> bool:
    """Whether a number, or the quote after an access log's request, stands one space away."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if _CLOCK.search(text, max(0, start - 12), start):
        return False
    if before[-1:] == " " and (before[:-1].isdigit() or before[:-1] in {'"', "]", " ", "\t"}):
        return True
    return after[:1] == " " and (after[1:].isdigit() or after[1:] in {'"', "-", " "})


def is_redacted(text: str, start: int, end: int) -> bool:
    """Whether a mark stands between keyword and value, so that the keyword belongs to the mark."""
    return _MARK.search(text, max(0, start - 1), end) is not None


def stands_alone(text: str, start: int, end: int) -> bool:
    """Whether a number touches no letter or digit and is no part of a fraction or a longer number."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if before[-1:] in WORD or after[:1] in WORD or before[-1:] == "_" or after[:1] == "_":
        return False
    if before[-1:] in {"-", "/"} and before[:-1] in WORD:
        return False
    if before[-1:] in {".", ":"} and before[:-1].isdigit():
        return False
    return not (after[:1] in {".", "-", "/"} and after[1:].isdigit())

"""Line breaks of values, written so that no value begins a line of its own."""

from __future__ import annotations

import re

__all__ = ["one_line"]

# What str.splitlines() breaks at.
_BREAK = re.compile("[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


def one_line(text: str) -> str:
    """Return the text with its line breaks written as escapes."""
    return text if text.isprintable() else _BREAK.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()

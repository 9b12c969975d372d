"""Percent-decoding (WHATWG URL §1.3) in linear time, whatever the text.

Python's own catches an exception for each `%` that begins no escape, which takes ten times as
long as an escape: 20 KB of them take 18 ms. Here each such `%` is escaped first. Python's own also decodes what
stands between two characters beyond ASCII apart; here the text is decoded as a whole, with the same result.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, unquote_to_bytes

__all__ = ["decoded", "decoded_bytes"]

_STRAY = re.compile(r"%(?![0-9A-Fa-f]{2})")
_STRAY_BYTE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def decoded(text: str) -> str:
    """Return a text with its escapes decoded as UTF-8; invalid bytes become U+FFFD."""
    if "%" not in text:
        return text
    try:
        raw = text.encode()
    except UnicodeEncodeError:  # a lone surrogate, which stays
        return unquote(_STRAY.sub("%25", text))
    return decoded_bytes(raw).decode("utf-8", "replace")


def decoded_bytes(raw: bytes) -> bytes:
    """Return bytes with their escapes decoded."""
    return unquote_to_bytes(_STRAY_BYTE.sub(b"%25", raw)) if b"%" in raw else raw

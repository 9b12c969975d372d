"""A check for UTF-8 that decodes in windows."""

from __future__ import annotations

import codecs

from alpines_privacy.http.content_type import Unreadable

__all__ = ["check_utf_8"]

_WINDOW = 4096  # bytes


def check_utf_8(body: bytes) -> None:
    """Raise `Unreadable` for bytes that are not UTF-8; in windows, as a text may take four times the bytes."""
    if body.isascii():
        return
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(body), _WINDOW):
            decoder.decode(body[at : at + _WINDOW])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise Unreadable("the body is not UTF-8") from None

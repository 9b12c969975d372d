"""A message to one person, ready to be sent."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Letter"]


class Letter(NamedTuple):
    """A message (RFC 5322) and its envelope (RFC 5321).

    `content` has lines of at most 998 bytes that end in CRLF, and 7-bit bytes only, unless
    `is_international`: then an address has a local part that is not ASCII, and the server has to
    offer SMTPUTF8 (RFC 6531).
    """

    sender: str  # of the envelope: where bounces go
    recipient: str
    content: bytes
    is_international: bool

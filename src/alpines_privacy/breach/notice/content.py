"""A message's content: text and HTML as alternatives (RFC 2046 §5.1.4), in bytes that every server passes on."""

from __future__ import annotations

import re
from base64 import encodebytes
from binascii import b2a_qp
from typing import Literal

__all__ = ["CONTENT_TYPE", "Encoding", "alternatives", "encoding_of"]

Encoding = Literal["quoted-printable", "base64"]

# Neither encoding can write "=_", so no part holds the line that ends it.
_BOUNDARY = "=_notice"
CONTENT_TYPE = f'multipart/alternative; boundary="{_BOUNDARY}"'
# Mailboxes in one file put a ">" before such a line, which no signature survives (RFC 6376 §5.3).
_FROM = re.compile(rb"(?<![^\n])(?:From )+")


def encoding_of(text: str) -> Encoding:
    """Return the encoding that a text of this language is shorter in."""
    others = sum(1 for letter in text if letter > "\x7f")
    return "base64" if others * 6 > len(text) else "quoted-printable"


def alternatives(text: str, html: str, encodings: tuple[Encoding, Encoding]) -> bytes:
    """Return both parts, each in its encoding: 7-bit lines of at most 76 characters, ended by CRLF."""
    return b"".join(
        (
            _part("plain", text, encodings[0]),
            _part("html", html, encodings[1]),
            f"--{_BOUNDARY}--\r\n".encode(),
        )
    )


def _part(kind: str, text: str, encoding: Encoding) -> bytes:
    lines = "\r\n".join([*text.rstrip("\n").split("\n"), ""])
    data = lines.encode("utf-8", "replace")
    head = (
        f"--{_BOUNDARY}\r\n"
        f'Content-Type: text/{kind}; charset="utf-8"\r\n'
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    if encoding == "base64":
        return head.encode() + encodebytes(data).replace(b"\n", b"\r\n") + b"\r\n"
    quoted = b2a_qp(data, istext=True)
    return head.encode() + _FROM.sub(_not_from, quoted) + b"\r\n"


def _not_from(match: re.Match[bytes]) -> bytes:
    """Write each as a line of its own that goes on in the next (RFC 2045 §6.7, rule 5)."""
    return b"=46rom =\r\n" * (len(match[0]) // len(b"From "))

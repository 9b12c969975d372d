"""Character references: decoded as browsers decode them, and encoded.

In an attribute a named reference without its semicolon stays text before `=`, a letter or a digit
(WHATWG HTML §13.2.5.73), so that `?a=1&copy=2` is a URL; `html.unescape` does not know this. A
proper prefix of a name is always followed by a letter or a digit, so only whole names count here.
"""

from __future__ import annotations

import html
import re
from html.entities import html5

__all__ = ["escaped", "quoted", "text", "value"]

# A name with a semicolon, or one of the hundred that need none, so `&a&a` is text at once.
_BARE_NAMES = "|".join(sorted(filter(str.isalnum, html5)))
_REFERENCE = re.compile(
    rf"&(?:#([0-9]++);?|#[xX]([0-9a-fA-F]++);?|([a-zA-Z][a-zA-Z0-9]*+;)|({_BARE_NAMES})(?![a-zA-Z0-9=]))"
)
_REPLACEMENT = "\ufffd"
# §13.2.5.80: the numbers of C1 controls mean windows-1252, where that has a character.
_C1 = {
    number: character
    for number in range(0x80, 0xA0)
    if (character := bytes([number]).decode("cp1252", "replace")) != _REPLACEMENT
}


def value(raw: bytes) -> str:
    """Return an attribute's written value as a browser decodes it.

    Bytes that are not UTF-8 become lone surrogates (PEP 383); `quoted` writes them back.
    """
    if raw.startswith((b'"', b"'")):
        raw = raw[1:-1]
    text = raw.decode("utf-8", "surrogateescape")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        text = text.replace("\0", _REPLACEMENT)
    return _REFERENCE.sub(_character, text) if "&" in text else text


def _character(reference: re.Match[str]) -> str:
    decimal, hexadecimal, name, bare = reference.groups()
    if decimal or hexadecimal:
        return _numbered(decimal or hexadecimal, 10 if decimal else 16)
    return html5.get(name or bare, reference[0])


def _numbered(digits: str, base: int) -> str:
    significant = digits.lstrip("0")
    number = int(significant, base) if 0 < len(significant) < 8 else 0
    if not 0 < number < 0x110000 or 0xD800 <= number < 0xE000:
        return _REPLACEMENT
    return _C1.get(number, chr(number))


def quoted(text: str, quote: bytes = b'"', *, is_markup: bool = False) -> bytes:
    """Return an attribute's value in quotes: the inverse of `value`.

    `<` is escaped too, unless the value `is_markup` that was written so: to a browser that runs scripts
    `noscript` is raw text, which an end tag in a value would end, and in XML no value may hold one.
    """
    escaped = text.replace("&", "&amp;").replace("\r", "&#13;")
    if not is_markup:
        escaped = escaped.replace("<", "&lt;")
    mark = quote.decode()
    escaped = escaped.replace(mark, "&#34;" if mark == '"' else "&#39;")
    return quote + escaped.encode("utf-8", "surrogateescape") + quote


def text(raw: bytes) -> bytes:
    """Return text outside attributes with its references decoded as browsers do."""
    if b"&" not in raw:
        return raw
    normal = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return html.unescape(normal.decode("utf-8", "surrogateescape")).encode(
        "utf-8", "surrogateescape"
    )


def escaped(data: bytes) -> bytes:
    """Return text as markup: the inverse of `text`."""
    return data.replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b"\r", b"&#13;")

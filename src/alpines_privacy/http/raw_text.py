"""The text in a body that parsers read differently: all of it that any of them may find.

Parsers cut such a body in different places: at other line breaks, at another boundary, by another
type. They also decode it differently. To mimic each of them would take a list that grows with the
world, so nothing is cut here. The bytes are one text, in each of the few ways to take what is not
ASCII, and with one layer of escapes after the other decoded: percent-encoding (RFC 3986, RFC 2231),
JSON's, YAML's and XML's. What an app looks for stands in one of these texts, unless it is in a
charset whose bytes hide ASCII or a name comes in pieces; both are told by `hides_text`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

__all__ = ["hides_text", "raw_texts"]

# All control characters end a word. Bytes that are not ASCII may be dropped (`errors="ignore"`), or
# be a structure of their own (MessagePack); NULs belong to ASCII letters in UTF-16 and UTF-32.
_NOT_ASCII = bytes(range(0x80, 0x100))
_DROPPED = b"\0" + _NOT_ASCII
_CONTROLS = bytes(range(1, 0x20)) + b"\x7f"
_TO_BLANKS = bytes.maketrans(_CONTROLS, b" " * len(_CONTROLS))
_ALL_TO_BLANKS = bytes.maketrans(_CONTROLS + _DROPPED, b" " * len(_CONTROLS + _DROPPED))

# Escapes: `%64`, `%u0064`; `\u0064`, `\U00000064`, `\x64`; `&#100;`, `&#x64;`; `\n`.
_ESCAPE = re.compile(
    rb"%(?:u00)?([0-9a-f]{2})|\\(?:u(?:0000)?00|x)([0-9a-f]{2})"
    rb"|&#x0{0,6}([0-9a-f]{2});?|&#0{0,5}([0-9]{2,3});?|(?:\\[nrtbfv])++",
    re.IGNORECASE,
)
_LONGEST_ESCAPE = 12  # bytes
_ESCAPE_BEGINS = re.compile(rb"[%\\&]")
_WINDOW = 512  # bytes of escapes that are decoded at once; each becomes an object
_LAYERS = 4  # of escapes: a form's around JSON's in a string of JSON, and one more

# A name in pieces (RFC 2231 §3), and one in encoded words (RFC 2047 §2).
_IN_PIECES = re.compile(
    rb"(?<!file)name\s*+(?:\*\s*+[0-9]|=[\s\"']*+=\?[\w*-]+\?[bq]\?)|charset\s*+\*"
)
# An extended parameter or an encoded word, which no client writes into a Content-Type.
_EXTENDED = re.compile(rb"\*[0-9]*+\*?\s*+=|=\?")
# Where a charset is named: a parameter, a form's `_charset_`, XML's declaration, RFC 2231's values.
_CHARSET = re.compile(
    rb"(?:charset_?[\"']?(?:\s*+[=:]|\s\s)|(?<![a-z-])encoding\s*+=)[\s\"']*+([^\s\"'<>;&,]+)"
    rb"|\*\s*+=\s*+\"?([a-z0-9][a-z0-9._:-]*)'"
)
# Charsets whose ASCII letters are the ASCII bytes and no others: what they write as such, NULs apart,
# reads the same in all of them. Not so UTF-7, EBCDIC (cp037), ISO 2022, HZ, Python's escapes.
_PLAIN_CHARSET = re.compile(
    rb"utf-?8(?:-sig)?|utf-?(?:16|32)(?:-?[bl]e)?|(?:us-)?ascii|iso-?8859-?[0-9]{1,2}|latin-?[0-9]{1,2}"
    rb"|windows-?125[0-9]|cp-?125[0-9]|koi8-[rut]|shift-?jis|euc-?(?:jp|kr)|gbk|gb2312|gb18030|big5"
)


def raw_texts(raw: bytes) -> Iterator[bytes]:
    """Yield the ASCII texts that parsers may find in bytes of any format and encoding."""
    yield from _layers(raw.translate(_TO_BLANKS, _DROPPED), _DROPPING)
    if b"\0" in raw or not raw.isascii() or _ESCAPE.search(raw):
        yield from _layers(raw.translate(_ALL_TO_BLANKS), _BLANKING)


def _layers(text: bytes, characters: dict[bytes, bytes]) -> Iterator[bytes]:
    """Yield a text with no escapes decoded, with one layer of them, and so on."""
    for _ in range(_LAYERS):
        yield text.replace(b"\\", b"")  # one that begins no escape: `"d\ob"`
        if _ESCAPE.search(text) is None:
            return
        text = _decoded(text, characters)


def hides_text(content_type: str, raw: bytes) -> bool:
    """Tell whether a Content-Type or a body names a charset that hides ASCII, or holds names in pieces."""
    head = content_type.lower().replace("\\", "").encode("latin-1", "replace")
    if _EXTENDED.search(head) or _names_odd_charset(head):
        return True
    text = raw.translate(_TO_BLANKS, _DROPPED).lower()
    return _IN_PIECES.search(text) is not None or _names_odd_charset(text)


def _names_odd_charset(text: bytes) -> bool:
    for match in _CHARSET.finditer(text):
        name = (match[1] or match[2]).replace(b"_", b"-")
        if not _PLAIN_CHARSET.fullmatch(name):
            return True
    return False


def _decoded(text: bytes, characters: dict[bytes, bytes]) -> bytes:
    """Decode one layer of escapes, in windows."""
    plain, at = bytearray(), 0
    while at < len(text):
        end = at + _WINDOW
        if end < len(text) and (begun := _ESCAPE_BEGINS.search(text, end - _LONGEST_ESCAPE, end)):
            end = begun.start()  # of an escape that may go on beyond the window
        plain += _ESCAPE.sub(partial(_character, characters), text[at:end])
        at = end
    return bytes(plain)


def _character(characters: dict[bytes, bytes], escape: re.Match[bytes]) -> bytes:
    """Return the character of an escape. A table of the usual ones is twice as fast."""
    usual = characters.get(escape[0].lower())
    return characters[b"%%%02x" % _code(escape)] if usual is None else usual


def _code(escape: re.Match[bytes]) -> int:
    digits = escape[1] or escape[2] or escape[3]
    return int(digits, 16) if digits else int(escape[4] or b"32") & 0xFF


def _characters(translated: bytes, dropped: bytes) -> dict[bytes, bytes]:
    r"""Return the characters of `%64`, `\u0064` and the like, under this translation."""
    return {
        spelling % code: bytes([code]).translate(translated, dropped)
        for code in range(0x100)
        for spelling in (b"%%%02x", b"\\x%02x", b"\\u%04x", b"&#%d;")
    }


_DROPPING, _BLANKING = _characters(_TO_BLANKS, _DROPPED), _characters(_ALL_TO_BLANKS, b"")

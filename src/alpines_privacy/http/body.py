"""The fields of a request's body: forms, multipart forms and JSON, read strictly and in one pass.

A decision over a body must rest on what the app will read in it. Parsers differ over odd bodies:
which line breaks end a part, whether `;` separates, what a second `boundary` means. So this reader
accepts one form of each format, the one that clients write and all parsers read alike, and raises
`Unreadable` for all else. `loose_body` reads bodies in any state.

A name is the one the app would ask for. JSON is flattened to dotted paths: `user.birth_date`,
`items.0.price`. Order and repetitions are kept. Only the wanted fields are copied out of the
bytes, so reading needs little memory beyond the body's own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import chain
from typing import TypeAlias

from alpines_privacy.http.content_type import (
    ContentType,
    Unreadable,
    check_part_type,
)
from alpines_privacy.http.json_reader import ALL_PATHS, JSONPaths, read_json
from alpines_privacy.http.percent import decoded_bytes
from alpines_privacy.http.utf_8 import check_utf_8

__all__ = [
    "ANY",
    "Fields",
    "read_fields",
    "unquoted",
]

Fields: TypeAlias = "Iterator[tuple[str, str]]"

_LONGEST_NAME = 256  # characters of a field's name, with JSON the whole path
_LONGEST_RAW_NAME = 6 * _LONGEST_NAME  # bytes; an escape has up to six
_LONGEST_VALUE = 8192  # bytes of a value that is asked for
_LONGEST_HEAD = 8192  # bytes of the head of a part
_WINDOW = 512  # bytes of escapes that are decoded at once; each becomes an object


class Names:
    """Names of wanted fields, and of all fields below them: `dob`, `dob[]`, `dob.year`."""

    __slots__ = ("_below", "later", "opening", "paths")

    def __init__(self, names: Collection[str]) -> None:
        self.paths = JSONPaths(names)
        self._below = tuple(f"{name}{sign}" for name in names for sign in ".[")
        written = b"|".join(map(_written, names)) or b"(?!)"
        name = rb"((?:%s)(?:(?:[.\[]|%%2[eE]|%%5[bB])[^&=]*+)?)(?=[=&]|\Z)" % written
        # In a form: at its beginning, and after an `&`.
        self.opening = re.compile(name)
        self.later = re.compile(b"&" + name)

    def __contains__(self, name: str) -> bool:
        return name in self.paths.wanted or name.startswith(self._below)

    def occur_in_query(self, query: str) -> bool:
        """Tell whether any of the names occurs in a query (latin-1 text, one character a byte)."""
        form = query.encode("latin-1", "replace").replace(b";", b"&")  # some split at both
        return bool(self.opening.match(form) or self.later.search(form))


def _written(name: str) -> bytes:
    """Return a pattern for all spellings of a name in a form."""
    return b"".join(map(_byte_written, name.encode()))


def _byte_written(byte: int) -> bytes:
    plain = re.escape(bytes([byte])) + (rb"|\+" if byte == 0x20 else b"")
    high, low = byte >> 4, byte & 15
    return b"(?:%s|%%[%x%X][%x%X])" % (plain, high, high, low, low)


class _Any(Names):
    """All names there are."""

    __slots__ = ()

    def __init__(self) -> None:
        self.paths = ALL_PATHS
        self.opening = re.compile(rb"([^&=]++|(?==))")
        self.later = re.compile(rb"&([^&=]++|(?==))")

    def __contains__(self, name: object) -> bool:
        return True


ANY = _Any()
NONE = Names(())


def read_fields(
    content_type: ContentType,
    body: bytes,
    wanted: Names = ANY,
    *,
    longest: int = _LONGEST_VALUE,
    files: bool = False,
) -> Fields:
    """Yield the names and values of a body, as text, in their order.

    Only fields in `wanted`. A file of a multipart form has an empty value without `files`, and so has
    a value of more than `longest` bytes. JSON's numbers are as written, `null` is empty. Raises `Unreadable`,
    possibly after some fields, for a body that is not clearly of its type, and for JSON in which a
    wanted name, or one on the path to it, occurs twice.
    """
    kind, boundary = content_type
    if kind == "form":
        return _form(body, wanted, longest)
    if kind == "JSON":
        return read_json(body, wanted.paths, longest)
    return _multipart(body, b"--" + boundary, wanted, longest, files=files)


def names_within(content_type: ContentType, body: bytes, names: Names) -> Iterator[str]:
    """Yield the names that a parser of forms would find in a body of another type.

    Bottle parses every body that is not multipart as a form. In JSON and in multipart forms such
    pairs are inside values, after an `&`.
    """
    if content_type.format != "form" and b"=" in body:
        for match in names.later.finditer(body):
            if body[match.end() : match.end() + 1] == b"=" and len(match[1]) <= _LONGEST_RAW_NAME:
                yield unquoted(match[1])


# ----------------------------------------------------------- application/x-www-form-urlencoded

# What clients do not escape. All escape controls: a raw line break would let Bottle see chunks. Some
# parsers also split at `;`.
_PLAIN = bytes(byte for byte in range(256) if chr(byte).isprintable() or byte >= 0x80)
_FORM = _PLAIN.replace(b";", b"")
# An app may read JSON whatever the Content-Type says.
_LIKE_JSON = re.compile(rb"(?:\xef\xbb\xbf| )*+[\[{]")


def _form(body: bytes, wanted: Names, longest: int) -> Fields:
    """Read a form (WHATWG URL §5.1)."""
    check_utf_8(body)
    if body.translate(None, _FORM) or _LIKE_JSON.match(body):
        raise Unreadable("the form holds characters that clients encode")
    opening = wanted.opening.match(body)
    for match in chain((opening,) if opening else (), wanted.later.finditer(body)):
        start, end = match.span(1)
        if end - start <= _LONGEST_RAW_NAME and (name := unquoted(match[1])) in wanted:
            after = body.find(b"&", end)
            yield name, unquoted(_short(body, end + 1, len(body) if after < 0 else after, longest))


def unquoted(raw: bytes) -> str:
    """Decode percent-encoding, `+` and UTF-8, in windows: each escape becomes an object."""
    raw = raw.replace(b"+", b" ")
    if b"%" not in raw:
        return raw.decode(errors="replace")
    if len(raw) <= _WINDOW:
        return decoded_bytes(raw).decode(errors="replace")
    plain, at = bytearray(), 0
    while at < len(raw):
        window = raw[at : at + _WINDOW]
        if (cut := window.find(b"%", _WINDOW - 2)) > 0:  # an escape that goes on beyond it
            window = window[:cut]
        plain += decoded_bytes(window)
        at += len(window)
    return plain.decode(errors="replace")


def _short(body: bytes, start: int, end: int, longest: int) -> bytes:
    return body[start:end] if end - start <= longest else b""


# ------------------------------------------------------------------------- multipart/form-data

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
# What follows `filename` may be anything, what follows `name` may not, because parsers differ
# over escapes in quoted strings, over `;` there and over blanks around a name.
_DISPOSITION = re.compile(
    rb"""form-data[ ]*;[ ]*name=(?:(%(token)s)|"([^"\\;]*)")
    (?P<file>[ ]*;[ ]*filename=(?:%(token)s|"(?:[^"\\]|\\(?!"))*"))?
    (?P<extended>[ ]*;[ ]*filename\*=%(token)s)?[ ]*;?"""
    % {b"token": _TOKEN},
    re.IGNORECASE | re.VERBOSE,
)
# The head of nearly all parts: a fast path for the pattern above.
_PLAIN_HEAD = re.compile(
    rb'\r\nContent-Disposition: form-data; name="((?! )[ !#-:<-\[\]-~]*(?<! ))"\r\n\r\n'
)
_HEADER = re.compile(rb"(%s):[ \t]*+([^\x00-\x08\x0a-\x1f\x7f]*+)" % _TOKEN)
_PLAIN_CODINGS = frozenset({"7bit", "8bit", "binary"})  # Django decodes base64, others do not


def _multipart(
    body: bytes, delimiter: bytes, wanted: Names, longest: int, *, files: bool
) -> Fields:
    """Read a multipart form (RFC 7578); raise for a preamble, an epilogue or a doubtful delimiter."""
    start = 2 if body.startswith(b"\r\n") else 0
    if not body.startswith(delimiter, start):
        raise Unreadable("the form does not begin as clients write them")
    at = start + len(delimiter)
    while (end := body.find(delimiter, at)) >= 0:
        head = _PLAIN_HEAD.match(body, at, end)
        if head is not None:
            name, is_file, content = head[1].decode(), False, head.end()
        else:
            content = body.find(b"\r\n\r\n", at, end) + 4
            name, is_file = _part_head(_head(body, at, content), end - 2 - content)
        if end < content + 2 or not body.endswith(b"\r\n", content, end):
            raise Unreadable("a part of the form does not end with a line")
        if name in wanted:
            value = b"" if is_file and not files else _short(body, content, end - 2, longest)
            yield name, value.decode(errors="replace")
        at = end + len(delimiter)
    if body[at : at + 5] not in {b"--", b"--\r\n"}:
        raise Unreadable("the form does not end as clients write them")


def _head(body: bytes, at: int, content: int) -> bytes:
    """Return the lines of a part's head."""
    if not body.startswith(b"\r\n", at) or not at + 6 <= content <= at + _LONGEST_HEAD:
        raise Unreadable("a part of the form has no head")
    return body[at + 2 : content - 4]


def _part_head(head: bytes, length: int) -> tuple[str, bool]:
    """Return a part's name, and whether it is a file; its content has `length` bytes."""
    headers: dict[str, bytes] = {}
    for line in head.split(b"\r\n"):
        match = _HEADER.fullmatch(line)
        name = "" if match is None else match[1].decode().lower()
        if match is None or name in headers:
            raise Unreadable("the head of a part is malformed")
        headers[name] = match[2].strip(b" \t")
    name, is_file = _disposition(headers.get("content-disposition", b""))
    _check_part(headers, length, is_file=is_file)
    return name, is_file


def _check_part(headers: dict[str, bytes], length: int, *, is_file: bool) -> None:
    """Raise `Unreadable` for a part that some parsers decode differently because of its head."""
    values = {name: value.decode("latin-1").lower() for name, value in headers.items()}
    if values.get("content-transfer-encoding", "8bit") not in _PLAIN_CODINGS:
        raise Unreadable("a part is encoded")
    if values.get("content-length", str(length)) != str(length):
        raise Unreadable("a part has another length than its head says")
    if "content-type" in values and not (is_file and not values["content-type"].startswith("m")):
        check_part_type(values["content-type"])


def _disposition(value: bytes) -> tuple[str, bool]:
    """Read a part's Content-Disposition (RFC 7578 §4.2)."""
    match = _DISPOSITION.fullmatch(value)
    if match is None:
        raise Unreadable("a part's name cannot be read for sure")
    try:
        value.decode()
        name = (match[1] or match[2] or b"").decode()
    except UnicodeDecodeError:
        raise Unreadable("the head of a part is not UTF-8") from None
    if name != name.strip() or not name.isprintable():
        raise Unreadable("a part's name has blanks or controls that some parsers drop")
    return name, match["file"] is not None or match["extended"] is not None

"""The fields of a request's body: forms, multipart forms and JSON, read strictly and in one pass.

What decides over a body must not read it otherwise than the app will. Parsers differ where a
body is odd: which line breaks end a part, whether `;` separates, what a second `boundary` means.
So this reader knows one form of each format, the one that clients write and every parser reads
alike, and raises `Unreadable` for all else. `loose_body` finds what bodies of any state hold.

A name is what the app would ask for. JSON is flattened to dotted paths: `user.birth_date`,
`items.0.price`. Order and repetitions stay as they came. Nothing but the fields that are asked
for is taken out of the bytes, so reading takes no memory beside the body's own.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Container, Iterator
from typing import TypeAlias
from urllib.parse import unquote_to_bytes

from alpines_privacy.http.content_type import (
    ContentType,
    Unreadable,
    UnsupportedType,
    check_part_type,
)

__all__ = [
    "ANY",
    "Fields",
    "Unreadable",
    "UnsupportedType",
    "form_names",
    "read_fields",
    "unquoted",
]

Fields: TypeAlias = "Iterator[tuple[str, str]]"

_MOST_LEVELS = 64  # of JSON: Python's own parser gives up at some hundreds
_LONGEST_NAME = 256  # characters of a field's name, with JSON the whole path
_LONGEST_RAW_NAME = 6 * _LONGEST_NAME  # bytes; an escape has up to six
_LONGEST_VALUE = 8192  # bytes of a value that is asked for
_LONGEST_HEAD = 8192  # bytes of the head of a part
_WINDOW = 4096  # bytes that are decoded at once


class _Any:
    """All names there are."""

    def __contains__(self, name: object) -> bool:
        return True


ANY = _Any()


def read_fields(
    content_type: ContentType,
    body: bytes,
    wanted: Container[str] = ANY,
    *,
    once: Container[str] = (),
    longest: int = _LONGEST_VALUE,
) -> Fields:
    """Yield the names and values of a body, as text, in their order.

    Only those whose names are `wanted`. A file of a multipart form has its name and an empty
    value, and so has a value of more than `longest` bytes. JSON's numbers are as they were
    written, `null` is empty. Raises `Unreadable`, in the midst of it too, for what is not beyond
    doubt of its type, and for JSON in which a path of `once` stands twice, whatever is there.
    """
    kind, boundary = content_type
    if kind == "form":
        return _form(body, wanted, longest)
    if kind == "JSON":
        return _Json(body, once).fields(wanted, longest)
    return _multipart(body, b"--" + boundary, wanted, longest)


def form_names(content_type: ContentType, body: bytes) -> Iterator[str]:
    """Yield the names that a reader of forms would find in a body that is none.

    Bottle reads all that is not multipart as a form. In JSON and in multipart forms such pairs
    stand within values, after an `&`.
    """
    if b"=" in body and content_type.kind != "form":
        for match in _PAIR_WITHIN.finditer(body):
            if match.end(1) - match.start(1) <= _LONGEST_RAW_NAME:
                yield unquoted(match[1])


_PAIR_WITHIN = re.compile(rb"&([^&=]++)=")

# ----------------------------------------------------------- application/x-www-form-urlencoded

# What clients leave as it is. Controls they all write as escapes: a line break would let Bottle
# see chunks. Some parsers split at `;` too.
_PLAIN = bytes(byte for byte in range(256) if chr(byte).isprintable() or byte >= 0x80)
_FORM = _PLAIN.replace(b";", b"")
# An app may read JSON whatever the Content-Type says.
_LIKE_JSON = re.compile(rb"(?:\xef\xbb\xbf| )*+[\[{]")


def _form(body: bytes, wanted: Container[str], longest: int) -> Fields:
    """Read a form (WHATWG URL §5.1)."""
    _check_utf_8(body)
    if body.translate(None, _FORM) or _LIKE_JSON.match(body):
        raise Unreadable("the form holds characters that clients encode")
    at = 0
    while at <= len(body):
        end = body.find(b"&", at)
        end = len(body) if end < 0 else end
        equals = body.find(b"=", at, end)
        name_end = end if equals < 0 else equals
        if at < end and name_end - at <= _LONGEST_RAW_NAME:
            name = unquoted(body[at:name_end])
            if name in wanted:
                yield name, unquoted(_short(body, name_end + 1, end, longest))
        at = end + 1


def unquoted(raw: bytes) -> str:
    """Decode percent-encoding, `+` and UTF-8; window by window, for each escape becomes an object."""
    raw = raw.replace(b"+", b" ")
    if b"%" not in raw:
        return raw.decode(errors="replace")
    if len(raw) <= _WINDOW:
        return unquote_to_bytes(raw).decode(errors="replace")
    decoded, at = bytearray(), 0
    while at < len(raw):
        window = raw[at : at + _WINDOW]
        if (cut := window.find(b"%", _WINDOW - 2)) > 0:  # an escape that goes on beyond it
            window = window[:cut]
        decoded += unquote_to_bytes(window)
        at += len(window)
    return decoded.decode(errors="replace")


def _short(body: bytes, start: int, end: int, longest: int) -> bytes:
    return body[start:end] if end - start <= longest else b""


def _check_utf_8(body: bytes) -> None:
    """Raise `Unreadable` for what is no UTF-8; a text of the whole may take four times the bytes."""
    if body.isascii():
        return
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(body), _WINDOW):
            decoder.decode(body[at : at + _WINDOW])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise Unreadable("the body is not UTF-8") from None


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
# What nearly every part of a form begins with; it says no more than what is read above.
_PLAIN_HEAD = re.compile(
    rb'\r\nContent-Disposition: form-data; name="((?! )[ !#-:<-\[\]-~]*(?<! ))"\r\n\r\n'
)
_HEADER = re.compile(rb"(%s):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*+)" % _TOKEN)
_PLAIN_CODINGS = frozenset({"7bit", "8bit", "binary"})  # Django decodes base64, others do not


def _multipart(body: bytes, delimiter: bytes, wanted: Container[str], longest: int) -> Fields:
    """Read a multipart form (RFC 7578) without preamble, epilogue and any doubtful delimiter."""
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
            value = b"" if is_file else _short(body, content, end - 2, longest)
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
    """Refuse a part that its own head tells some parsers to read otherwise."""
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


# ---------------------------------------------------------------------------------------- JSON

_BLANKS = rb"[ \t\n\r]*+"
_STRING = rb'"([^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[^"\\\x00-\x1f]*+)*+)"'
_SCALAR = rb"(-?+(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?+[0-9]++)?+|true|false|null)"
# A value and what follows it, or the bracket that opens more of them.
_VALUE = rb"(?:(?:%s|%s)%s([,}\]])|([{\[]))" % (_STRING, _SCALAR, _BLANKS)
_MEMBER = re.compile(rb"%s%s%s:%s%s" % (_BLANKS, _STRING, _BLANKS, _BLANKS, _VALUE))
_ELEMENT = re.compile(rb"%s()%s" % (_BLANKS, _VALUE))  # the same groups, without a name
_OPENING = re.compile(rb"%s()()()()([{\[])" % _BLANKS)  # the same again
_CLOSING = {b"{": re.compile(rb"%s(})" % _BLANKS), b"[": re.compile(rb"%s(\])" % _BLANKS)}
_AFTER = re.compile(rb"%s([,}\]])" % _BLANKS)
_BLANK = re.compile(_BLANKS)
_OBJECT = -1  # in place of the index of an array's next element


class _Json:
    """JSON (RFC 8259), an object or an array, read member by member."""

    __slots__ = ("_at", "_body", "_index", "_levels", "_once", "_path", "_prefix", "_seen")

    def __init__(self, body: bytes, once: Container[str]) -> None:
        _check_utf_8(body)
        self._body = body
        self._once = once
        self._seen: set[str] = set()
        self._at = 0
        self._path = self._prefix = ""
        self._index = _OBJECT  # of an array's next element
        self._levels: list[tuple[str, int]] = []  # prefix and index of each value around this one

    def fields(self, wanted: Container[str], longest: int) -> Fields:
        """Yield the scalars at the paths that are wanted."""
        match: re.Match[bytes] | None = self._matched(_OPENING)
        while match is not None:
            if opened := match[5]:
                after = self._enter(opened)
            else:
                after = match[4]
                if self._path in wanted:
                    yield self._path, _json_value(match, longest)
            match = self._next(after)
        if not _BLANK.fullmatch(self._body, self._at):
            raise Unreadable("the JSON goes on after its end")

    def _enter(self, opened: bytes) -> bytes:
        """Go into an object or array; return what comes next in it, its end or as after a comma."""
        self._levels.append((self._prefix, self._index))
        if len(self._levels) > _MOST_LEVELS or len(self._path) > _LONGEST_NAME:
            raise Unreadable("the JSON is nested deeper, or has longer names, than any form's")
        self._prefix = self._path and self._path + "."
        self._index = _OBJECT if opened == b"{" else 0
        if closing := _CLOSING[opened].match(self._body, self._at):
            self._at = closing.end()
            return closing[1]
        return b","

    def _next(self, after: bytes) -> re.Match[bytes] | None:
        """Return the next member or element; None at the end of it all."""
        while after != b",":
            if after != (b"}" if self._index == _OBJECT else b"]"):
                raise Unreadable("the JSON is malformed")
            self._prefix, self._index = self._levels.pop()
            if not self._levels:
                return None
            after = self._matched(_AFTER)[1]
        if self._index == _OBJECT:
            match = self._matched(_MEMBER)
            self._path = path = self._prefix + _json_name(match[1])
        else:
            match = self._matched(_ELEMENT)
            self._path = path = f"{self._prefix}{self._index}"
            self._index += 1
        if path in self._once:
            if path in self._seen:
                raise Unreadable("a name in the JSON stands twice")
            self._seen.add(path)
        return match

    def _matched(self, pattern: re.Pattern[bytes]) -> re.Match[bytes]:
        match = pattern.match(self._body, self._at)
        if match is None:
            raise Unreadable("the JSON is malformed")
        self._at = match.end()
        return match


def _json_name(raw: bytes) -> str:
    if len(raw) > _LONGEST_RAW_NAME:
        raise Unreadable("the JSON has longer names than any form's")
    return _json_text(raw)


def _json_value(match: re.Match[bytes], longest: int) -> str:
    if (scalar := match[3]) is not None:
        return "" if scalar == b"null" else scalar.decode()
    return _json_text(match[2]) if match.end(2) - match.start(2) <= longest else ""


def _json_text(raw: bytes) -> str:
    return raw.decode() if b"\\" not in raw else str(json.loads(b'"%s"' % raw))

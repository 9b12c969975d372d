"""The fields of a body in any state, for the search for personal data.

A truncated body, an unknown type, JSON in UTF-16: nothing is refused, and an app may find other
fields.
"""

from __future__ import annotations

import json
import re
from binascii import Error as BinasciiError
from binascii import a2b_base64, a2b_qp
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TypeAlias

from alpines_privacy.http.body import NONE, Fields, read_fields, unquoted
from alpines_privacy.http.content_type import Unreadable, read_content_type

__all__ = ["find_fields", "pairs", "readings"]

_ANY = 1 << 60  # bytes: a value of any length
# A string and its value, if it is a name. If it is none, the quote at its end may begin a string.
_STRING = rb'"([^"\\]*+(?:\\.[^"\\]*+)*+)'
_MEMBER = re.compile(
    rb'%s(?:"\s*+:\s*+(?:%s(?:"|\\?\Z)|([^\s"{}\[\],:]++)))?+' % (_STRING, _STRING), re.DOTALL
)
_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
# A part's name, in one piece or in several, which may be encoded (RFC 2231 §3, §4).
_PART_NAME = re.compile(
    rb'[;\s]name(\*[0-9]*\*?)?\s*=\s*(?:"([^"\r\n]*)"|(%s))' % _TOKEN, re.IGNORECASE
)
_ENCODED = re.compile(rb"[\w-]{0,40}'[\w-]{0,40}'")
_CODING = re.compile(
    rb"content-transfer-encoding\s*+:\s*+(?:(base64)|quoted-printable)", re.IGNORECASE
)
_FILE_NAME = re.compile(rb"[;\s]filename\*?\s*=", re.IGNORECASE)
_GAP = re.compile(rb"\r?\n\r?\n|\r\r")
_LINE = re.compile(rb"[^\r\n]*+")
_LINE_END = re.compile(rb"\r?\n\Z|\r\Z")
_PAIR = re.compile(rb"([^&;=]*+)(=?)([^&;]*+)(?:[&;]++|\Z)")


def find_fields(content_type: str, body: bytes, longest: int | None = None) -> Fields:
    """Yield all fields that a body seems to hold, names and values; never raises.

    A value of more than `longest` bytes is empty, but for one of a multipart form in disorder.

    A file of a multipart form has an empty value; JSON that breaks off has names without the
    path to them.
    """
    try:
        kind = read_content_type(content_type)
        for _ in read_fields(kind, body, NONE):
            pass
    except Unreadable:
        return _by_looks(content_type.lower(), body, longest or len(body))
    return read_fields(kind, body, longest=longest or len(body))


def readings(body: bytes) -> Iterator[Fields]:
    """Yield all fields by each reading that some parser may have of a body of any type; never raises."""
    if _looks_wide("", body):
        yield _wide_members(body)
    yield _members(body)
    yield _parts(body)
    yield _parts(b"\n" + body, delimiter=b"\n--")  # whichever the boundary
    yield (field for field in pairs(body) if field[1])  # what stands before is no name with a value


def _by_looks(content_type: str, body: bytes, longest: int) -> Fields:
    """Yield the fields of the first format that the body looks like and that has any."""
    for looks, read in _BY_LOOKS:
        if looks(content_type, body):
            found = False
            for field in read(body, longest):
                found = True
                yield field
            if found:
                return


def _looks_wide(_: str, body: bytes) -> bool:
    return b"\0" in body[:4]


def _looks_like_json(kind: str, body: bytes) -> bool:
    return "json" in kind or body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"["}


def _looks_multipart(kind: str, body: bytes) -> bool:
    return "multipart" in kind or body.lstrip()[:2] == b"--"


def _looks_like_a_form(_: str, body: bytes) -> bool:
    return b"=" in body


def _wide_members(body: bytes, longest: int = _ANY) -> Fields:
    text = body.decode(json.detect_encoding(body), "replace")
    return _members(text.encode(errors="replace"), longest)


def _members(body: bytes, longest: int = _ANY) -> Fields:
    """Yield the members of JSON in any state."""
    for match in _MEMBER.finditer(body):
        start, end = match.span(2) if match[3] is None else match.span(3)
        if start >= 0:
            yield _text(match[1]), _text(body[start:end] if end - start <= longest else b"")


def _text(raw: bytes) -> str:
    text = raw.decode(errors="replace")
    try:
        return str(json.loads(f'"{text}"', strict=False)) if "\\" in text else text
    except ValueError:
        return text


def pairs(body: bytes, longest: int = _ANY) -> Fields:
    """Yield the pairs of a form in any state."""
    for match in _PAIR.finditer(body):
        if match[1] or match[2]:
            start, end = match.span(3)
            yield unquoted(match[1]), unquoted(body[start:end]) if end - start <= longest else ""


def _parts(body: bytes, longest: int = _ANY, delimiter: bytes = b"") -> Fields:
    """Yield the parts of a multipart body, by a delimiter or else by its first line."""
    del longest  # a part of a file is empty anyway
    at = max(body.find(b"--"), 0)
    first = _LINE.match(body, at)
    delimiter = delimiter or (first[0].rstrip() if first else b"") or b"--"
    while at < len(body):
        end = body.find(delimiter, at)
        end = len(body) if end < 0 else end
        gap = _GAP.search(body, at, end)
        head = body[at : gap.start() if gap else end]
        if names := _names_of(head):
            values = _values_of(head, body[gap.end() : end] if gap else b"")
            yield from ((name, value) for name in names for value in values)
        at = end + len(delimiter)


def _names_of(head: bytes) -> Iterable[str]:
    """Return every name that some parser may read in a part's head, whichever header it stands in."""
    names: dict[str, None] = {}
    pieces = b""
    for match in _PART_NAME.finditer(head):
        name = match[2] if match[3] is None else match[3]
        if match[1] is None:
            names[name.decode(errors="replace")] = None
            continue
        piece = _ENCODED.sub(b"", name, count=1)
        names[unquoted(piece)] = None
        pieces += piece
    if pieces:
        names[unquoted(pieces)] = None
    return names


def _values_of(head: bytes, content: bytes) -> list[str]:
    """Return a part's value, and what it decodes to where its head says that it is encoded.

    Django decodes base64 (RFC 2045 §6); most parsers overlook the field.
    """
    if _FILE_NAME.search(head):
        return [""]
    content = _LINE_END.sub(b"", content)
    values = [content]
    if coding := _CODING.search(head):
        with suppress(BinasciiError):
            values.append(a2b_base64(content) if coding[1] else a2b_qp(content))
    return [value.decode(errors="replace") for value in values]


_Looks: TypeAlias = Callable[[str, bytes], bool]
_BY_LOOKS: tuple[tuple[_Looks, Callable[[bytes, int], Iterator[tuple[str, str]]]], ...] = (
    (_looks_wide, _wide_members),
    (_looks_like_json, _members),
    (_looks_multipart, _parts),
    (_looks_like_a_form, pairs),
)

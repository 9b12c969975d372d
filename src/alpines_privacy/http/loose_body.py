"""The fields of a body in any state, for the search for personal data.

A truncated body, an unknown type, JSON in UTF-16: nothing is refused, and an app may find other
fields.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from alpines_privacy.http.body import NONE, Fields, read_fields, unquoted
from alpines_privacy.http.content_type import Unreadable, read_content_type

__all__ = ["find_fields", "pairs", "readings"]

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
_FILE_NAME = re.compile(rb"[;\s]filename\*?\s*=", re.IGNORECASE)
_GAP = re.compile(rb"\r?\n\r?\n|\r\r")
_LINE = re.compile(rb"[^\r\n]*+")
_LINE_END = re.compile(rb"\r?\n\Z|\r\Z")
_PAIR = re.compile(rb"([^&;=]*+)(=?)([^&;]*+)(?:[&;]++|\Z)")


def find_fields(content_type: str, body: bytes) -> Fields:
    """Yield all fields that a body seems to hold, names and values; never raises.

    A file of a multipart form has an empty value; JSON that breaks off has names without the
    path to them.
    """
    try:
        kind = read_content_type(content_type)
        for _ in read_fields(kind, body, NONE):
            pass
    except Unreadable:
        return _by_looks(content_type.lower(), body)
    return read_fields(kind, body, longest=len(body))


def readings(body: bytes) -> Iterator[Fields]:
    """Yield the fields by each format that a body of any type may be in; never raises."""
    if _looks_wide("", body):
        yield _wide_members(body)
    yield _members(body)
    yield _parts(body)
    yield pairs(body)


def pairs(body: bytes) -> Fields:
    """Yield the pairs of a form in any state; one without a value has an empty one."""
    for match in _PAIR.finditer(body):
        if match[1] or match[2]:
            yield unquoted(match[1]), unquoted(match[3]) if match[3] else ""


def readings(body: bytes) -> Iterator[Fields]:
    """Yield the fields of a body of any type, once for each format that some parser may take it for."""
    if _looks_wide("", body):
        yield _wide_members(body)
    yield _members(body)
    yield _parts(body)
    yield pairs(body)


def _by_looks(content_type: str, body: bytes) -> Fields:
    """Yield the fields of the first format that the body looks like and that has any."""
    for looks, read in _BY_LOOKS:
        if looks(content_type, body):
            found = False
            for field in read(body):
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


def _wide_members(body: bytes) -> Fields:
    text = body.decode(json.detect_encoding(body), "replace")
    return _members(text.encode(errors="replace"))


def _members(body: bytes) -> Fields:
    """Yield the members of JSON in any state."""
    for match in _MEMBER.finditer(body):
        value = match[2] if match[3] is None else match[3]
        if value is not None:
            yield _text(match[1]), _text(value)


def _text(raw: bytes) -> str:
    text = raw.decode(errors="replace")
    try:
        return str(json.loads(f'"{text}"', strict=False)) if "\\" in text else text
    except ValueError:
        return text


def _parts(body: bytes) -> Fields:
    """Yield the parts of a multipart body, delimited by its first line."""
    at = max(body.find(b"--"), 0)
    first = _LINE.match(body, at)
    delimiter = (first[0].rstrip() if first else b"") or b"--"
    while at < len(body):
        end = body.find(delimiter, at)
        end = len(body) if end < 0 else end
        gap = _GAP.search(body, at, end)
        head = body[at : gap.start() if gap else end]
        if names := _names_of(head):
            value = _value_of(head, body[gap.end() : end] if gap else b"")
            yield from ((name, value) for name in names)
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


def _value_of(head: bytes, content: bytes) -> str:
    value = b"" if _FILE_NAME.search(head) else _LINE_END.sub(b"", content)
    return value.decode(errors="replace")


_Looks: TypeAlias = Callable[[str, bytes], bool]
_BY_LOOKS: tuple[tuple[_Looks, Callable[[bytes], Iterator[tuple[str, str]]]], ...] = (
    (_looks_wide, _wide_members),
    (_looks_like_json, _members),
    (_looks_multipart, _parts),
    (_looks_like_a_form, pairs),
)

"""A JSON reader (RFC 8259) that yields the values at wanted paths, straight from the bytes.

A parsed tree takes a hundred times the bytes. This reader goes through the document once, keeps the
current path, and yields the wanted values. It accepts exactly the RFC's JSON: no `NaN`, no byte order
mark, one value. Only UTF-8: in UTF-16 a harmless text may have the bytes of a form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Container, Iterator

from alpines_privacy.http.content_type import Unreadable
from alpines_privacy.http.utf_8 import check_utf_8

__all__ = ["ALL_PATHS", "JSONPaths", "read_json"]

_MOST_LEVELS = 64  # Python's own parser gives up at some hundreds
_LONGEST_NAME = 256  # characters of the path to an object or array
_LONGEST_RAW_NAME = 6 * _LONGEST_NAME  # bytes; an escape has six

_BLANKS = rb"[ \t\n\r]*+"
_SCALAR = rb"(-?+(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?+[0-9]++)?+|true|false|null)"
_OPENING = re.compile(rb"%s()()()()?([{\[])" % _BLANKS)
_CLOSING = {b"{": re.compile(rb"%s(})" % _BLANKS), b"[": re.compile(rb"%s(\])" % _BLANKS)}
_AFTER = re.compile(rb"%s([,}\]])" % _BLANKS)
_BLANK = re.compile(_BLANKS)
_OBJECT = -1  # in place of the index of an array's next element


# Groups: a string, another scalar, a comma or the bracket that closes; or the bracket that opens.
def _value_of(string: bytes) -> bytes:
    return rb"(?:(?:%s|%s)%s([,}\]])|([{\[]))" % (string, _SCALAR, _BLANKS)


# A string without escapes and controls: twice as fast.
_QUICK_STRING = rb'"([^"]*+)"'
_STRING = rb'"([^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[^"\\\x00-\x1f]*+)*+)"'
_QUICK_BYTES = bytes(byte for byte in range(0x20, 0x100) if byte != 0x5C)


def _member_of(string: bytes) -> bytes:
    return rb"%s%s%s:%s%s" % (_BLANKS, string, _BLANKS, _BLANKS, _value_of(string))


_MEMBER, _QUICK_MEMBER = re.compile(_member_of(_STRING)), re.compile(_member_of(_QUICK_STRING))
_ELEMENT, _QUICK_ELEMENT = (
    re.compile(rb"%s()%s" % (_BLANKS, _value_of(string))) for string in (_STRING, _QUICK_STRING)
)


class JSONPaths:
    """Paths of wanted values; each, and each path on the way to it, may occur only once."""

    __slots__ = ("next_member", "once", "wanted")

    def __init__(self, paths: Collection[str]) -> None:
        self.wanted: Container[str] = frozenset(paths)
        self.once = frozenset(way for path in paths for way in _ways_to(path))
        # A run of members whose names occur in none of the paths, and the member after it.
        ends = {end for way in self.once for end in _ends_of(way)}
        names = b"|".join(re.escape(end.encode()) for end in ends) or b"(?!)"
        other = rb'%s"(?!(?:%s)")[^"]*+"%s:%s(?:"[^"]*+"|%s)%s,' % (
            _BLANKS, names, _BLANKS, _BLANKS, _SCALAR.replace(b"(", b"(?:", 1), _BLANKS,
        )  # fmt: skip
        self.next_member = re.compile(b"(?:%s)*+%s" % (other, _member_of(_QUICK_STRING)))


def _ways_to(path: str) -> Iterator[str]:
    """Yield a path and its ancestors: `user.birth_date`, `user`."""
    while path:
        yield path
        path = path.rpartition(".")[0]


def _ends_of(path: str) -> Iterator[str]:
    """Yield the suffixes of a path: `user.birth_date`, `birth_date`. A name may have dots."""
    while path:
        yield path
        path = path.partition(".")[2]


class _All(JSONPaths):
    """All paths, which may repeat."""

    __slots__ = ()

    def __init__(self) -> None:
        self.wanted = self
        self.once = frozenset()
        self.next_member = _QUICK_MEMBER

    def __contains__(self, path: object) -> bool:
        return True


ALL_PATHS = _All()


def read_json(body: bytes, paths: JSONPaths, longest: int) -> Iterator[tuple[str, str]]:
    """Yield path and text of the scalars at `paths`; one of more than `longest` bytes is empty.

    Raises `Unreadable` for malformed JSON, possibly at its end.
    """
    check_utf_8(body)
    is_quick = not body.translate(None, _QUICK_BYTES)
    member = paths.next_member if is_quick else _MEMBER
    element = _QUICK_ELEMENT if is_quick else _ELEMENT
    place = _Place()
    match, path = _checked(_OPENING.match(body)), ""
    while True:
        at = match.end()
        after = match[4]
        if opened := match[5]:
            after, at = place.enter(path, opened, body, at)
        elif path in paths.wanted:
            yield path, _value(match, longest)
        if after != b",":
            at = place.leave(after, body, at)
            if not place.levels:
                break
        if place.index == _OBJECT:
            match = _checked(member.match(body, at))
            path = place.prefix + _name(match[1])
        else:
            match = _checked(element.match(body, at))
            path = f"{place.prefix}{place.index}"
            place.index += 1
        if path in paths.once:
            place.see(path)
    if not _BLANK.fullmatch(body, at):
        raise Unreadable("the JSON goes on after its end")


class _Place:
    """The reader's position in a document."""

    __slots__ = ("index", "levels", "prefix", "seen")

    def __init__(self) -> None:
        self.prefix = ""  # of the paths here
        self.index = _OBJECT
        self.levels: list[tuple[str, int]] = []  # both of each value around this one
        self.seen: set[str] = set()

    def enter(self, path: str, opened: bytes, body: bytes, at: int) -> tuple[bytes, int]:
        """Enter the object or array at a path; return its end if it is empty, else as after a comma."""
        self.levels.append((self.prefix, self.index))
        if len(self.levels) > _MOST_LEVELS or len(path) > _LONGEST_NAME:
            raise Unreadable("the JSON is nested deeper, or has longer names, than any form's")
        self.prefix = path and path + "."
        self.index = _OBJECT if opened == b"{" else 0
        closing = _CLOSING[opened].match(body, at)
        return (b",", at) if closing is None else (closing[1], closing.end())

    def leave(self, after: bytes, body: bytes, at: int) -> int:
        """Leave all objects and arrays that end here; return where the outer one goes on."""
        while after != b",":
            if after != (b"}" if self.index == _OBJECT else b"]"):
                raise Unreadable("the JSON is malformed")
            self.prefix, self.index = self.levels.pop()
            if not self.levels:
                break
            match = _checked(_AFTER.match(body, at))
            after, at = match[1], match.end()
        return at

    def see(self, path: str) -> None:
        """Note a path that may occur only once; raise `Unreadable` for the second."""
        if path in self.seen:
            raise Unreadable("a name in the JSON stands twice")
        self.seen.add(path)


def _checked(match: re.Match[bytes] | None) -> re.Match[bytes]:
    if match is None:
        raise Unreadable("the JSON is malformed")
    return match


def _name(raw: bytes) -> str:
    if len(raw) > _LONGEST_RAW_NAME:
        raise Unreadable("the JSON has longer names than any form's")
    return _unescaped(raw) if b"\\" in raw else raw.decode()


def _value(match: re.Match[bytes], longest: int) -> str:
    if (scalar := match[3]) is not None:
        return "" if scalar == b"null" else scalar.decode()
    raw = match[2] if match.end(2) - match.start(2) <= longest else b""
    return _unescaped(raw) if b"\\" in raw else raw.decode()


def _unescaped(raw: bytes) -> str:
    return str(json.loads(b'"%s"' % raw))

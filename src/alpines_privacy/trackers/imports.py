"""The static imports of an inline module: a listed address becomes that of `nothing.py`'s module.

This is the only edit of scripts. It replaces one literal, and only in a certain statement (ECMA-262
§16.2.2, §16.2.3): `import`, `import … from` or `export … from` at the top level, outside comments,
strings, templates and regular expressions. The bytes before a slash tell whether it begins a regular
expression. The rest of a script stays as it is after a slash whose two readings differ, brackets that
do not match, or a string that does not end on its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from alpines_privacy.trackers.nothing import MOST_NAMES, address_of

__all__ = ["Imports"]

_LONGEST_STATEMENT = 8192  # bytes
_DEEPEST = 1000
_BEFORE = 64  # bytes before a slash that are read to tell what it is

_SPACE = rb"(?:[\t\n\v\f\r ]|/\*(?:[^*]|\*(?!/))*+\*/|//[^\n\r]*+[\n\r])"
_NAME = rb"[A-Za-z_$][A-Za-z0-9_$]*+(?![A-Za-z0-9_$\\\x80-\xff])"
_SPECIFIER = rb"%b(?:%b++as%b++%b)?+" % (_NAME, _SPACE, _SPACE, _NAME)
_NAMED = rb"\{%b*+(?:%b%b*+(?:,%b*+|(?=\})))*+\}" % (_SPACE, _SPECIFIER, _SPACE, _SPACE)
_ALL = rb"\*%b*+as%b++%b" % (_SPACE, _SPACE, _NAME)
_LITERAL = rb"""(?:"[^"\\\n\r]*+"|'[^'\\\n\r]*+')"""
_STATEMENT = re.compile(
    rb"(?:import(?:%b*+(?:%b|%b)%b*+from|%b++%b%b++from|%b++%b%b*+,%b*+(?:%b|%b)%b*+from)?"
    rb"|export%b*+(?:\*(?:%b*+as%b++%b)?+|%b)%b*+from)%b*+(?=(%b))"
    % (
        *(_SPACE, _NAMED, _ALL, _SPACE),
        *(_SPACE, _NAME, _SPACE),
        *(_SPACE, _NAME, _SPACE, _SPACE, _NAMED, _ALL, _SPACE),
        *(_SPACE, _SPACE, _SPACE, _NAME, _NAMED, _SPACE),
        *(_SPACE, _LITERAL),
    )
).match
# Tokens that a chunk may end inside.
_UNFINISHED = re.compile(
    rb"""(?:[\w$\s,{}*]|/\*(?:[^*]|\*(?!/))*+(?:\*/|\*?\Z)|//[^\n\r]*+(?:[\n\r]|\Z)|/\Z)*+(?:["'][^"'\n\r\\]*+["']?)?+%b*+(?:/\Z|/\*.*+|//[^\n\r]*+)?\Z"""
    % _SPACE,
    re.DOTALL,
).match
_ATTRIBUTES = re.compile(rb"%b*+(?:with|assert)\b" % _SPACE).match
_GAP = re.compile(rb"%b*+" % _SPACE).match
_COMMENTS = re.compile(rb"/\*(?:[^*]|\*(?!/))*+(?:\*/)?|//[^\n\r]*+")
_IMPORTED = re.compile(rb"([A-Za-z_$][A-Za-z0-9_$]*+)(?:\s++as\s++[A-Za-z0-9_$]++)?+").findall

# In code: tokens that open a string, comment or bracket, and the words that begin a statement.
_NEXT = re.compile(
    rb"""["'`/(){}\[\]]|(?<![\w$.#\\\x80-\xff])(?:im|ex)port(?![\w$\\\x80-\xff])"""
).search
_ENDS = {
    b'"': re.compile(rb'(?:[^"\\\n\r]|\\(?:\r\n|[^\r]|\r(?!\Z)))*+').match,
    b"'": re.compile(rb"(?:[^'\\\n\r]|\\(?:\r\n|[^\r]|\r(?!\Z)))*+").match,
    b"`": re.compile(rb"(?:[^`\\$]|\\[\s\S]|\$(?!\{|\Z))*+").match,
    b"/*": re.compile(rb"(?:[^*]|\*(?!/|\Z))*+").match,
    b"//": re.compile(rb"(?:[^\n\r\xe2]|\xe2(?!\x80[\xa8\xa9]|\x80?\Z))*+").match,
}
_PATTERN = re.compile(rb"/(?:[^/\\\[\n\r]|\\[^\n\r]|\[(?:[^\]\\\n\r]|\\[^\n\r])*+\])++/").match
_LINE = re.compile(rb"[^\n\r]*+").match
_READ_ALIKE = re.compile(rb"/[^\"'`(){}\[\]/\\]++/").fullmatch
_IN_WORD = bytes(byte for byte in range(256) if byte >= 0x80 or re.match(rb"[\w$]", bytes([byte])))
_BEFORE_OTHERS = _IN_WORD + b".#\\"  # the look-behind of `_NEXT`, for a chunk that begins here
_OPENERS = {b")": b"(", b"]": b"[", b"}": b"{"}
_BEFORE_PATTERNS = frozenset(
    b"return typeof case in delete void throw new do else instanceof default extends".split()
)
_BEFORE_EITHER = frozenset(b"of yield await async let static get set".split())


class Imports:
    """A filter for one module's text."""

    def __init__(self, is_listed: Callable[[str], bool], module: str) -> None:
        """Replace addresses for which `is_listed` holds by `module`, the address of `nothing.py`'s module."""
        self._is_listed = is_listed
        self._module = module
        self._held = self._before = b""
        self._inside = b""  # the open string or comment, or nothing
        self._open: list[bytes] = []  # open brackets, and `$` for a template's `${`
        self._follows_comment = False
        self._is_over = False  # no more edits

    def __call__(self, data: bytes, *, last: bool) -> bytes:
        """Take the next bytes; return what can leave."""
        if self._is_over:
            return data
        buf = self._held + data
        out: list[bytes] = []
        mark = pos = 0
        while pos < len(buf) and not self._is_over:
            step = self._through(buf, pos) if self._inside else self._code(buf, pos, last=last)
            if step is None:
                break
            pos, instead = step
            if instead is not None:
                start, end, piece = instead
                out += buf[mark:start], piece
                mark = end
        if last or self._is_over:
            pos = len(buf)
        self._held = buf[pos:]
        self._before = (self._before + buf[max(0, pos - _BEFORE) : pos])[-_BEFORE:]
        return b"".join((*out, buf[mark:pos]))

    # -- Strings, templates and comments

    def _through(self, buf: bytes, pos: int) -> _Step | None:
        """Go to the end of the open string or comment; None if it needs more bytes."""
        inside = self._inside
        found = _ENDS[inside](buf, pos)
        end = found.end() if found else pos
        if end == len(buf):
            return end, None
        self._inside = b""
        if inside == b"/*":
            if buf[end : end + 2] != b"*/":
                return self._wait(inside, pos, end)
            self._follows_comment = True
            return end + 2, None
        if inside == b"//":
            if buf[end : end + 1] == b"\xe2" and len(buf) - end < 3:
                return self._wait(inside, pos, end)
            self._follows_comment = True
            return end, None
        return self._literal_ended(buf, inside, pos, end)

    def _literal_ended(self, buf: bytes, inside: bytes, pos: int, end: int) -> _Step | None:
        byte = buf[end : end + 1]
        if byte == inside:
            return end + 1, None
        if byte == b"$" and buf[end + 1 : end + 2] == b"{":
            self._open.append(b"$")
            return end + 2, None
        if byte in b"\\$" or (byte == b"\\" and end + 2 >= len(buf)):
            return self._wait(inside, pos, end)
        self._is_over = True  # the line ends before the string
        return end, None

    def _wait(self, inside: bytes, pos: int, end: int) -> _Step | None:
        """Stay inside; the last bytes are held for the next chunk."""
        self._inside = inside
        return (end, None) if end > pos else None

    # -- Code

    def _code(self, buf: bytes, pos: int, *, last: bool) -> _Step | None:
        """Go past the next token in code; None if it needs more bytes."""
        found = _NEXT(buf, pos)
        if found is None:
            end = len(buf) if last else max(pos, _word_at_end(buf))
            return self._passed(buf, pos, end)
        at, token = found.start(), found[0]
        if self._follows_comment and buf[pos:at].strip():
            self._follows_comment = False
        if token in {b"import", b"export"}:
            return self._statement(buf, pos, at, last=last)
        if token == b"/":
            return self._slash(buf, pos, at, last=last)
        self._follows_comment = False
        if token in {b'"', b"'", b"`"}:
            self._inside = token
        elif token in _OPENERS:
            self._close(token)
        else:
            self._open.append(token)
            self._is_over = len(self._open) > _DEEPEST
        return at + 1, None

    def _passed(self, buf: bytes, pos: int, end: int) -> _Step | None:
        if buf[pos:end].strip():
            self._follows_comment = False
        return (end, None) if end > pos else None

    def _close(self, token: bytes) -> None:
        opener = self._open.pop() if self._open else b""
        if opener == b"$" and token == b"}":
            self._inside = b"`"
        elif opener != _OPENERS[token]:
            self._is_over = True

    def _statement(self, buf: bytes, pos: int, at: int, *, last: bool) -> _Step | None:
        """Read a possible import or export, and edit its address."""
        after = at + len(b"import")
        if not last and len(buf) - at < _LONGEST_STATEMENT and _UNFINISHED(buf, at):
            return (at, None) if at > pos else None
        self._follows_comment = False
        is_other = at == 0 and self._before and self._before[-1] in _BEFORE_OTHERS
        found = None if self._open or is_other else _STATEMENT(buf, at)
        if found is None:
            return after, None
        start, end = found.span(1)
        if end - at > _LONGEST_STATEMENT or _ATTRIBUTES(buf, end):
            return end, None
        names = _names(found[0])
        url = found[1][1:-1].decode("utf-8", "surrogateescape")
        if len(names) > MOST_NAMES or not self._is_listed(url):
            return end, None
        quote = found[1][:1]
        instead = quote + address_of(self._module, names).encode() + quote
        return end, (start, end, instead)

    def _slash(self, buf: bytes, pos: int, at: int, *, last: bool) -> _Step | None:
        """Read a comment, a regular expression, or a division."""
        following = buf[at + 1 : at + 2]
        if not following and not last:
            return (at, None) if at > pos else None
        if following in {b"/", b"*"}:
            self._inside = b"/" + following
            return at + 2, None
        kind = _EITHER if self._follows_comment else _kind_of_slash(self._seen(buf, at))
        self._follows_comment = False
        if kind is _DIVISION:
            return at + 1, None
        pattern = _PATTERN(buf, at)
        if pattern is None:
            return self._no_pattern(buf, pos, at, kind, last=last)
        if kind is _EITHER and not _READ_ALIKE(pattern[0]):
            self._is_over = True
        return pattern.end(), None

    def _no_pattern(self, buf: bytes, pos: int, at: int, kind: int, *, last: bool) -> _Step | None:
        line = _LINE(buf, at)
        is_cut = not last and line is not None and line.end() == len(buf)
        if is_cut and len(buf) - at < _LONGEST_STATEMENT:
            return (at, None) if at > pos else None
        if kind is _PATTERN_KIND or is_cut:
            self._is_over = True
        return at + 1, None

    def _seen(self, buf: bytes, at: int) -> bytes:
        """Return the bytes before a place that tell what a slash is."""
        before = buf[max(0, at - _BEFORE) : at]
        return (self._before + before) if at < _BEFORE else before


_DIVISION, _PATTERN_KIND, _EITHER = range(3)

_Step = tuple[int, tuple[int, int, bytes] | None]


def _kind_of_slash(before: bytes) -> int:
    """Tell by the bytes before a slash whether it divides or begins a regular expression."""
    text = before.rstrip(b"\t\n\v\f\r ")
    if not text:
        return _EITHER if before else _PATTERN_KIND
    if word := _last_word(text):
        if word in _BEFORE_PATTERNS and not text.endswith(b"." + word):
            return _PATTERN_KIND
        return _EITHER if word in _BEFORE_EITHER or len(word) == len(text) else _DIVISION
    last = text[-1:]
    if last in b"]\"'`":
        return _DIVISION
    return _EITHER if last in b")}/*" or text.endswith((b"++", b"--")) else _PATTERN_KIND


def _word_at_end(buf: bytes) -> int:
    """Return the start of a last word that the next chunk may complete to `import`, or the end."""
    word = _last_word(buf[-_BEFORE:])
    return len(buf) - len(word) if len(word) < _BEFORE else len(buf)


def _last_word(text: bytes) -> bytes:
    return text[len(text.rstrip(_IN_WORD)) :]


def _names(statement: bytes) -> tuple[str, ...]:
    """Return the names that a statement imports from a module."""
    clause = _COMMENTS.sub(b" ", statement)
    is_import = clause.startswith(b"import")
    clause = clause[len(b"import") :].rstrip()
    clause = clause.removesuffix(b"from")
    head, brace, named = clause.partition(b"{")
    names = [name.decode() for name in _IMPORTED(named)] if brace else []
    first = head.partition(b",")[0].strip()
    if is_import and first and not first.startswith(b"*"):
        names.insert(0, "default")
    return tuple(dict.fromkeys(names))

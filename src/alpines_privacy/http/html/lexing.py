"""The tokenizer's states as patterns, and a reader for tags across chunks.

Groups inside possessive quantifiers do not capture: CPython 3.11 loses their spans.
"""

from __future__ import annotations

import re

__all__ = [
    "ATTRIBUTE",
    "CDATA_END",
    "COMMENT",
    "COMMENT_END",
    "LONGEST_NAME",
    "NAME",
    "NOSCRIPT_END",
    "OPENING",
    "SCRIPT_DATA",
    "SCRIPT_DATA_DOUBLE_ESCAPED",
    "SCRIPT_DATA_ESCAPED",
    "SPACE",
    "TAG",
    "UnfinishedTag",
    "covering",
    "end_of_text_and_tags",
    "end_tag",
    "letters",
    "nearest_data",
    "opening",
    "tail",
]

_SLASH = ord("/")
# Tab, line feed, form feed, carriage return (a line feed once the input is normalised), space:
# not \s, which holds the vertical tab.
SPACE = rb"\t\n\f\r "

# Before attribute name, attribute name, after attribute name, before attribute value, and the
# three kinds of value. A name may begin with `=`. After the name `=` always begins a
# value, hence the second branch: without it an unfinished value could be read as another name.
_VALUE = rb"""(?:"[^"]*+"|'[^']*+'|[^%b>"'][^%b>]*+|(?=>))""" % (SPACE, SPACE)
_ATTRIBUTE = rb"[%b/]*+[^%b/>][^%b/>=]*+(?:[%b]*+=[%b]*+%b|(?![%b]*+=))" % (
    *(SPACE,) * 5,
    _VALUE,
    SPACE,
)
# Tag open or end tag open, tag name, then attributes up to the `>` that is outside their values.
_TAG = rb"</?[a-zA-Z][^%b/>]*+(?:%b)*+[%b/]*+>" % (SPACE, _ATTRIBUTE, SPACE)

TAG = re.compile(_TAG).match
NAME = re.compile(rb"</?([a-zA-Z][^%b/>]*+)" % SPACE).match
ATTRIBUTE = re.compile(
    rb"""([^%b/>][^%b/>=]*+)"""
    rb"""(?:[%b]*+=[%b]*+("[^"]*+"|'[^']*+'|[^%b>"'][^%b>]*+|\Z))?""" % ((SPACE,) * 6)
)
LONGEST_NAME = 64  # bytes; the names of tags that matter are shorter

# A whole comment, bogus comment or DOCTYPE, save for what may be CDATA: comment start states (which
# `>` and `->` end), comment state, comment end and comment end bang states; bogus comment state.
COMMENT = re.compile(
    rb"<(?:!--(?:-?>|(?:[^-]++|-(?!-!?>))*+--!?>)|(?:\?|/[^a-zA-Z>]|!(?!--|\[CDATA\[))[^>]*+>)"
).match
# Comment end, comment end bang, and CDATA section end states.
COMMENT_END = re.compile(rb"--!?>")
CDATA_END = re.compile(rb"\]\]>")

_SCRIPT = rb"[sS][cC][rR][iI][pP][tT](?=[%b/>])" % SPACE
SCRIPT_DATA = re.compile(rb"<(?:/%b|!--)" % _SCRIPT)
SCRIPT_DATA_ESCAPED = re.compile(rb"-->|</?%b" % _SCRIPT)
SCRIPT_DATA_DOUBLE_ESCAPED = re.compile(rb"-->|</%b" % _SCRIPT)

# The end of a text: the opening of a tag or of any comment.
OPENING = re.compile(rb"<[a-zA-Z!?/]").search

# Data state: text and whole tags. No comment opens where this is used.
_TEXT_AND_TAGS = re.compile(rb"(?:[^<]++|<(?!/?[a-zA-Z])|%b)*+" % _TAG).match
# What may be the beginning of a tag's name, an end tag, a comment or their end.
_TAIL = re.compile(rb"(?:<(?:/?[a-zA-Z]{0,10}|!-?)|--?!?|\]\]?)\Z").search
_LONGEST_TAIL = 12


def end_of_text_and_tags(buf: bytes, pos: int, end: int) -> int:
    """Return the position after all text and whole tags from `pos`, which is in the data state."""
    match = _TEXT_AND_TAGS(buf, pos, end)
    return match.end() if match else pos


def tail(buf: bytes, pos: int, end: int) -> int:
    """Return the start of the last bytes that the next chunk may complete to a tag or end."""
    match = _TAIL(buf, max(pos, end - _LONGEST_TAIL), end)
    return match.start() if match else end


def letters(word: bytes) -> bytes:
    """Return a pattern for a word of ASCII letters in either case.

    Classes instead of the IGNORECASE flag: the search rules a branch out by its first class.
    """
    return b"".join(
        b"[%c%c]" % (byte, byte - 32) if 97 <= byte <= 122 else re.escape(bytes([byte]))
        for byte in word
    )


def end_tag(name: bytes) -> re.Pattern[bytes]:
    """Return the pattern of an appropriate end tag, as RCDATA and RAWTEXT end (§13.2.5.11, .14)."""
    return re.compile(rb"</%b(?=[%b/>])" % (letters(name), SPACE))


NOSCRIPT_END = end_tag(b"noscript")


# -- Where the data state is certain

_LESS, _GREATER, _DOUBLE_QUOTE, _SINGLE_QUOTE = b"<>\"'"
_MAY_OPEN = frozenset(b"=" + b"\t\n\f\r ")


def nearest_data(buf: bytes, anchor: int, at: int) -> int:
    """Return a position in the data state, between `anchor`, which is in it, and `at`.

    Without comments and raw text in between, `>` is in the data state, ends a tag, or stands in a
    quoted value. That value begins with the last quote of its kind, after `=` and white space.
    """
    close = buf.rfind(_GREATER, anchor, at)
    if close < 0:
        return anchor
    double = buf.rfind(_DOUBLE_QUOTE, anchor, close)
    if double > anchor and buf[double - 1] in _MAY_OPEN:
        return anchor
    single = buf.rfind(_SINGLE_QUOTE, anchor, close)
    if single > anchor and buf[single - 1] in _MAY_OPEN:
        return anchor
    return close + 1


def covering(buf: bytes, anchor: int, at: int, end: int) -> int:
    """Return `at` if the `<` there is in the data state; else the end of the tag that holds it.

    -1 if that tag is not finished at `end`.
    """
    if buf.find(_LESS, anchor, at) < 0:  # nothing but text in between
        return at
    data = nearest_data(buf, anchor, at)
    if buf.find(_LESS, data, at) < 0:
        return at
    opened = end_of_text_and_tags(buf, data, at)
    if opened == at:
        return at
    tag = TAG(buf, opened, end)
    return tag.end() if tag else -1


def opening(buf: bytes, anchor: int, at: int) -> int:
    """Return the start of the tag around `at`; `at` if it is in text."""
    data = nearest_data(buf, anchor, at)
    return at if buf.find(_LESS, data, at) < 0 else end_of_text_and_tags(buf, data, at)


# -- Tags across chunks

_TAG_NAME, _BEFORE_NAME, _ATTRIBUTE_NAME, _AFTER_NAME = range(4)
_BEFORE_VALUE, _DOUBLE, _SINGLE, _UNQUOTED = range(4, 8)

_RUN = tuple(
    re.compile(rb"[%b]*+" % inside).match
    for inside in (
        b"^%b/>" % SPACE,  # tag name
        b"%b/" % SPACE,  # before attribute name, self-closing start tag, after a quoted value
        b"^%b/>=" % SPACE,  # attribute name
        SPACE,  # after attribute name
        SPACE,  # before attribute value
        b'^"',  # attribute value (double-quoted)
        b"^'",  # attribute value (single-quoted)
        b"^%b>" % SPACE,  # attribute value (unquoted)
    )
)
# The next state by the byte after the run, and whether that byte is consumed; else `_OTHER`.
_QUOTE_ENDS = dict.fromkeys(b"\"'", (_BEFORE_NAME, True))
_NAME_ENDS = dict.fromkeys(b"\t\n\f\r ", (_AFTER_NAME, True))
_NEXT: tuple[dict[int, tuple[int, bool]], ...] = (
    {},
    {},
    {61: (_BEFORE_VALUE, True), 47: (_BEFORE_NAME, True), **_NAME_ENDS},
    {61: (_BEFORE_VALUE, True), 47: (_BEFORE_NAME, True)},
    {34: (_DOUBLE, True), 39: (_SINGLE, True)},
    _QUOTE_ENDS,
    _QUOTE_ENDS,
    {},
)
_OTHER = (
    (_BEFORE_NAME, True),
    (_ATTRIBUTE_NAME, True),  # `=` too begins a name here
    (_ATTRIBUTE_NAME, True),
    (_ATTRIBUTE_NAME, True),
    (_UNQUOTED, False),
    (_BEFORE_NAME, True),
    (_BEFORE_NAME, True),
    (_BEFORE_NAME, True),
)
# Whole attributes not followed by `=`: many small ones in one step.
_ATTRIBUTES = re.compile(
    rb"""(?:[%b/]++[^%b/>=][^%b/>=]*+(?:=(?:"[^"]*+"|'[^']*+'|[^%b>"'][^%b>]*+))?+"""
    rb"""(?=[%b/]++[^%b/>=]))*+""" % ((SPACE,) * 7)
).match


class UnfinishedTag:
    """Reads a tag across chunks without keeping its bytes."""

    __slots__ = ("_state", "is_self_closing")

    def __init__(self) -> None:
        self._state = _TAG_NAME
        self.is_self_closing = False

    def read(self, buf: bytes, pos: int, end: int) -> int:
        """Return the position after the tag's `>`, or -1 if more bytes are needed."""
        state = self._state
        while pos < end:
            if state == _BEFORE_NAME and (many := _ATTRIBUTES(buf, pos, end)):
                pos = many.end()
            run = _RUN[state](buf, pos, end)
            after = run.end() if run else pos
            if state == _BEFORE_NAME and after > pos:
                self.is_self_closing = buf[after - 1] == _SLASH
            pos = after
            if pos == end:
                break
            byte = buf[pos]
            if byte == _GREATER:
                return pos + 1
            state, read = _NEXT[state].get(byte, _OTHER[state])
            pos += read
            self.is_self_closing = byte == _SLASH and state == _BEFORE_NAME
        self._state = state
        return -1

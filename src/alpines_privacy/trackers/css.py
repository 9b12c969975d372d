"""The addresses in a style sheet: each listed one is replaced by one that loads nothing.

The sheet is read by the tokens of CSS Syntax §4: comments and strings hide their content, an escape
may stand for any letter, a line break ends a string. `url()`, `src()`, `@import` and the strings of
`image-set()` load; other strings do not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from alpines_privacy.trackers.request import LoadKind

__all__ = ["NOWHERE", "inert"]

NOWHERE = "data:,"

IsListed: TypeAlias = "Callable[[str, tuple[LoadKind, ...]], bool]"

_IMPORT_KINDS: tuple[LoadKind, ...] = ("stylesheet",)
_IMAGE_KINDS: tuple[LoadKind, ...] = ("image", "font")

_NEWLINE = r"(?:\r\n|[\n\r\f])"
_ESCAPE = rf"\\(?:[0-9a-fA-F]{{1,6}}(?:{_NEWLINE}|[ \t])?|{_NEWLINE}|[^\n\r\f0-9a-fA-F])"


def _letter(letter: str) -> str:
    """Return a pattern for one character of a name, plain or as an escape."""
    codes = "|".join(dict.fromkeys((f"{ord(letter):02x}", f"{ord(letter.upper()):02x}")))
    escaped = rf"\\0{{0,4}}(?:{codes})(?:{_NEWLINE}|[ \t])?"
    plain = f"[{letter}{letter.upper()}]" if letter.isalpha() else re.escape(letter)
    return f"(?:{plain}|{escaped})" if letter in "abcdef" else rf"(?:\\?{plain}|{escaped})"


def _word(word: str) -> str:
    return "".join(map(_letter, word))


_STRING = rf'"(?:[^"\\\n\r\f]|{_ESCAPE})*+"?|\'(?:[^\'\\\n\r\f]|{_ESCAPE})*+\'?'
_SPACES = r"[ \t\n\r\f]*+"
_COMMENT = r"/\*[^*]*+(?:\*(?!/)[^*]*+)*+"
_GAPS = rf"(?:[ \t\n\r\f]++|{_COMMENT}(?:\*/)?)*+"  # a comment that is not closed runs to the end
_TOKEN = re.compile(
    rf"{_COMMENT}(?:\*/)?"
    rf"|@{_word('import')}{_GAPS}(?:(?:{_word('url')}\({_SPACES})?"
    rf"(?P<imported>{_STRING}|(?:[^\"'()\\ \t\n\r\f;]|{_ESCAPE})++))?"
    rf"|(?:{_word('url')}|{_word('src')})\({_SPACES}(?P<url>{_STRING}|(?:[^\"'()\\ \t\n\r\f]|{_ESCAPE})++)"
    rf"|(?P<string>{_STRING})"
)
# The same for a sheet without escapes. Each token begins with one of few characters, or is recognized
# by a look-behind, which makes the search fast.
_PLAIN_STRING = r"(?:\"[^\"\n\r\f]*+\"?|'[^'\n\r\f]*+'?)"
_PLAIN_TOKEN = re.compile(
    rf"[/@(](?:(?<=/)\*[^*]*+(?:\*(?!/)[^*]*+)*+(?:\*/)?"
    rf"|(?<=@)[iI][mM][pP][oO][rR][tT]{_GAPS}(?:(?:[uU][rR][lL]\({_SPACES})?"
    rf"(?P<imported>{_PLAIN_STRING}|[^\"'() \t\n\r\f;]++))?"
    rf"|(?<=\()(?:(?<=[uU][rR][lL]\()|(?<=[sS][rR][cC]\())(?<![\w-][uUsS][rR][lLcC]\(){_SPACES}"
    rf"(?P<url>{_PLAIN_STRING}|[^\"'() \t\n\r\f]++))"
    rf"|[\"'](?:(?<=\")[^\"\n\r\f]*+\"?|(?<=')[^'\n\r\f]*+'?)"
)
_ESCAPED = re.compile(
    rf"\\(?:(?P<code>[0-9a-fA-F]{{1,6}})(?:{_NEWLINE}|[ \t])?|{_NEWLINE}|(?P<self>[^\n\r\f]))"
)
# A quick test. Few parentheses follow one of these names; with escapes, any name may be meant.
_HINT = re.compile(r"\((?:(?<=url\()|(?<=src\()|(?<=image-set\())|@import|\\", re.IGNORECASE)
_SETS = re.compile(rf"{_word('image-set')}\(", re.IGNORECASE)


def inert(css: str, is_listed: IsListed) -> str | None:
    """Return a style sheet with each listed address replaced, None if there is none."""
    if not _HINT.search(css):
        return None
    has_escapes = "\\" in css
    has_sets = (has_escapes or "set(" in css.lower()) and _SETS.search(css) is not None
    token_of = _TOKEN if has_sets or has_escapes else _PLAIN_TOKEN
    parts: list[str] = []
    copied = 0
    for token in token_of.finditer(css):
        group = token.lastgroup
        if group is None or (group == "string" and not has_sets):
            continue
        written = token[group]
        if is_listed(_read(written), _IMPORT_KINDS if group == "imported" else _IMAGE_KINDS):
            parts += css[copied : token.start(group)], _instead(written)
            copied = token.end(group)
    return "".join((*parts, css[copied:])) if parts else None


def _read(written: str) -> str:
    """Return the value of a string or of the address in `url()`, without quotes and escapes."""
    text = written
    if text[:1] in "\"'":
        text = text[1:-1] if len(text) > 1 and text[-1] == text[0] else text[1:]
    return _ESCAPED.sub(_character, text) if "\\" in text else text


def _character(escape: re.Match[str]) -> str:
    if code := escape["code"]:
        number = int(code, 16)
        is_character = 0 < number < 0x110000 and not 0xD800 <= number < 0xE000
        return chr(number) if is_character else "\ufffd"
    return escape["self"] or ""


def _instead(written: str) -> str:
    if written[:1] not in "\"'":
        return NOWHERE
    is_ended = len(written) > 1 and written[-1] == written[0]
    return written[0] + NOWHERE + (written[0] if is_ended else "")

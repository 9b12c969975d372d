"""The addresses in a style sheet: each one that is listed becomes one that loads nothing.

Read by the tokens of CSS Syntax §4: comments and strings hide what is in them, escapes may stand
for any letter, and a line break ends a string. `url()`, `src()`, `@import` and the strings of
`image-set()` load; any other string does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from alpines_privacy.trackers.request import Kind

__all__ = ["NOWHERE", "inert"]

NOWHERE = "data:,"

IsListed: TypeAlias = "Callable[[str, tuple[Kind, ...]], bool]"

_IMPORTED: tuple[Kind, ...] = ("stylesheet",)
_DRAWN: tuple[Kind, ...] = ("image", "font")

_NEWLINE = r"(?:\r\n|[\n\r\f])"
_ESCAPE = rf"\\(?:[0-9a-fA-F]{{1,6}}(?:{_NEWLINE}|[ \t])?|{_NEWLINE}|[^\n\r\f0-9a-fA-F])"


def _letter(letter: str) -> str:
    lower, upper = f"{ord(letter):02x}", f"{ord(letter.upper()):02x}"
    escaped = rf"\\0{{0,4}}(?:{lower}|{upper})(?:{_NEWLINE}|[ \t])?"
    plain = f"[{letter}{letter.upper()}]"
    return f"(?:{plain}|{escaped})" if letter in "abcdef" else rf"(?:\\?{plain}|{escaped})"


def _word(word: str) -> str:
    return "".join(_letter(letter) if letter.isalpha() else letter for letter in word)


_STRING = rf'"(?:[^"\\\n\r\f]|{_ESCAPE})*+"?|\'(?:[^\'\\\n\r\f]|{_ESCAPE})*+\'?'
_SPACES = r"[ \t\n\r\f]*+"
_GAPS = r"(?:[ \t\n\r\f]++|/\*(?:[^*]|\*(?!/))*+\*/)*+"
_TOKEN = re.compile(
    r"/\*(?:[^*]|\*(?!/))*+(?:\*/)?"
    rf"|(?P<import>@{_word('import')}{_GAPS})(?:{_word('url')}\({_SPACES})?"
    rf"(?P<imported>{_STRING}|(?:[^\"'()\\ \t\n\r\f;]|{_ESCAPE})++)"
    rf"|(?:{_word('url')}|{_word('src')})\({_SPACES}(?P<url>{_STRING}|(?:[^\"'()\\ \t\n\r\f]|{_ESCAPE})++)"
    rf"|(?P<string>{_STRING})"
)
_ESCAPED = re.compile(
    rf"\\(?:(?P<code>[0-9a-fA-F]{{1,6}})(?:{_NEWLINE}|[ \t])?|{_NEWLINE}|(?P<self>[^\n\r\f]))"
)
_HINT = re.compile(
    rf"{_word('url')}\(|{_word('src')}\(|@{_word('import')}|image-set\(", re.IGNORECASE
)
_SETS = re.compile(r"image-set\(", re.IGNORECASE)


def inert(css: str, is_listed: IsListed) -> str | None:
    """Return a style sheet with the listed addresses made inert, None if there are none."""
    if not _HINT.search(css):
        return None
    has_sets = _SETS.search(css) is not None

    found = False

    def replaced(token: re.Match[str]) -> str:
        nonlocal found
        group = token.lastgroup
        if group is None or (group == "string" and not has_sets):
            return token[0]
        written = token[group]
        if not is_listed(_read(written), _IMPORTED if group == "imported" else _DRAWN):
            return token[0]
        found = True
        start, end = token.start(), token.end()
        return css[start : token.start(group)] + _instead(written) + css[token.end(group) : end]

    edited = _TOKEN.sub(replaced, css)
    return edited if found else None


def _read(written: str) -> str:
    """Return what a string, or the address in `url()`, stands for."""
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

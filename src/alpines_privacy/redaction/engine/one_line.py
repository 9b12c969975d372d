"""Controls in values written as escapes, so that no value begins a new line or overwrites another."""

from __future__ import annotations

import re

__all__ = ["one_line"]

# What str.splitlines() breaks at, and what moves a terminal's cursor, clears or retitles it: all
# controls (ECMA-48) but the tab, and the ESC of a colour, which servers put into their arguments.
_CONTROLS = re.compile(
    "((?:[\x00-\x08\x0a-\x1a\x1c-\x1f\x7f-\x9f\u2028\u2029]++|\x1b(?!\\[[0-9;]{0,32}m))++)"
)
_ESCAPES = {
    point: chr(point).encode("unicode_escape").decode()
    for point in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)
}


def one_line(text: str) -> str:
    """Return the text with its line breaks and other controls written as escapes; colours stay."""
    if text.isprintable():
        return text
    pieces = _CONTROLS.split(text)  # plain text and controls, in turn
    pieces[1::2] = map(_Escaped().__getitem__, pieces[1::2])
    return "".join(pieces)


class _Escaped(dict[str, str]):
    """The escaped form of each run of controls in one text, computed once."""

    def __missing__(self, controls: str) -> str:
        escaped = self[controls] = controls.translate(_ESCAPES)
        return escaped

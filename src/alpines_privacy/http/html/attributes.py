"""The attributes of one whole tag: their positions, and the edits that change or remove one.

No edit changes how the rest of the tag is read: bytes outside the edited attribute stay, except for a
`/` or a space between neighbours that would otherwise join.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from alpines_privacy.http.html import references
from alpines_privacy.http.html.lexing import ATTRIBUTE, NAME, SPACE

__all__ = ["Attribute", "attributes", "is_self_closing", "remove", "set_value", "values"]

_SPACE = b"\t\n\f\r "
_REPLACEMENT = "\ufffd".encode()
_SLASH, _GREATER = b"/>"

_END_TAG = re.compile("</[a-z]++").findall
_EQUALS = re.compile(rb"[%b]*+=" % SPACE).match

Splice = tuple[int, int, bytes]


class Attribute(NamedTuple):
    """An attribute's name in lower case, and its position in the tag's bytes.

    `raw[start:end]` is all of it, `raw[start:name_end]` its name, `raw[value_start:end]` its value
    as written, with its quotes; empty if it has none.
    """

    name: str
    start: int
    name_end: int
    value_start: int
    end: int


def attributes(raw: bytes) -> Iterator[Attribute]:
    """Yield a whole tag's attributes in the order they are written, duplicates too."""
    name = NAME(raw)
    for match in ATTRIBUTE.finditer(raw, name.end() if name else 1, len(raw) - 1):
        word = match[1].lower().decode("utf-8", "surrogateescape").replace("\0", "\ufffd")
        value_start = match.start(2) if match[2] else match.end()
        yield Attribute(word, *match.span(1), value_start, match.end())


def values(raw: bytes, pos: int) -> dict[bytes, bytes]:
    """Return the values of a whole tag's attributes by name, as they are written.

    `pos` is the place after the tag's name. Of two attributes with one name the first counts.
    """
    found = ATTRIBUTE.findall(raw, pos, len(raw) - 1)
    if b"\0" in raw:
        found = [(name.replace(b"\0", _REPLACEMENT), value) for name, value in found]
    return {name.lower(): value for name, value in reversed(found)}


def is_self_closing(raw: bytes) -> bool:
    """Tell whether a whole tag ends in `/>`, and not in an unquoted value that ends in `/`."""
    if raw[-2] != _SLASH:
        return False
    if b"=" not in raw:  # nor any value
        return True
    end = max((attribute.end for attribute in attributes(raw)), default=0)
    return end < len(raw) - 1


def set_value(raw: bytes, attribute: Attribute, text: str) -> Splice:
    """Return the splice (start, end, new bytes) that sets the attribute's value to `text`."""
    _, _, name_end, start, end = attribute
    if name_end == end:
        return end, end, b"=" + references.quoted(text)
    quote = raw[start : start + 1]
    quote = quote if quote in (b"'", b'"') else b'"'
    return start, end, references.quoted(text, quote, is_markup=_is_markup(raw[start:end], text))


def _is_markup(written: bytes, text: str) -> bool:
    """Tell whether each `<` of a value is written as it is, as the markup of a page in a frame often is.

    A new text with an end tag of its own is none: it was written in another way, as in a `data:` address.
    """
    count = written.count(b"<")
    if not count or count != references.value(written).count("<"):
        return False
    return _end_tags(text) <= _end_tags(written.decode("utf-8", "surrogateescape"))


def _end_tags(text: str) -> set[str]:
    return set(_END_TAG(text.lower()))


def remove(raw: bytes, attribute: Attribute) -> Splice:
    """Return the splice (start, end, new bytes) that removes the attribute."""
    start, end = attribute.start, attribute.end
    if _EQUALS(raw, end):
        return start, end, b"/"  # `<a x b="1" ="2">`: `x` is not to get the value 2
    if raw[end] == _GREATER or raw[end] in _SPACE:
        while raw[start - 1] in _SPACE:
            start -= 1
    return start, end, b""

"""A search of a page's bytes for attributes that can load something on any tag.

Few tags have one of them, so the bytes are searched before tags are read. Each such attribute has a
`=`, which is rare; the letters before it tell the attribute. A match may be text or a part of a script.
A missed attribute would stay in the page, so the search matches when in doubt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from alpines_privacy.http.html.lexing import SPACE, letters

__all__ = ["CARRIERS", "DRAWING", "carriers", "finder", "handlers"]

_SPACE = rb"[%b]" % SPACE
_REFRESH = rb"""(?=%b*+["']?+%b*+[rR&])""" % (_SPACE, _SPACE)

# The beginning of an address that may lead to another host, or an entity in it.
_AWAY = rb"""(?=%b*+["']?+%b*+(?:[a-zA-Z]{2,6}+:|[/\\]%b*+[/\\]|[^"'>%b]{0,12}?&))""" % (
    *(_SPACE, _SPACE, _SPACE),
    SPACE,
)

# Attributes by name, with the pattern that must follow their `=`.
CARRIERS: Mapping[bytes, bytes] = MappingProxyType(
    {
        b"ping": b"",
        b"background": b"",
        b"attributionsrc": b"",
        b"http-equiv": _REFRESH,
        b"action": _AWAY,
        b"formaction": _AWAY,
    }
)

# The presentation attributes of SVG 2 (§6.6) whose value can be, or hold, the address of another
# document or image. Chromium fetches all of them but `filter`, which Filter Effects §7 fetches.
DRAWING = (
    "fill", "stroke", "mask", "filter", "clip-path", "cursor",
    "marker-start", "marker-mid", "marker-end",
)  # fmt: skip

# Only functions load in a style, and an entity may stand for the parenthesis. A value without quotes
# may be very long: a bounded part of it is read. An address in it has a slash.
_QUOTED = rb"""(?:"[^"(&]*+[(&]|'[^'(&]*+[(&])"""
_UNQUOTED = rb"""[a-zA-Z/\\&][^"'>(&=%b]*+[(&][^%b>/\\&]{0,200}+[/\\&]""" % (SPACE, SPACE)
_STYLES = (b"style", *map(str.encode, DRAWING))
_FUNCTION = rb"(?=%b|%b|%b++(?:%b|%b))" % (_QUOTED, _UNQUOTED, _SPACE, _QUOTED, _UNQUOTED)

_HANDLER = re.compile(rb"[\"'/%b][oO][nN][a-zA-Z]++[%b]*+=" % (SPACE, SPACE)).finditer


def handlers(data: bytes) -> list[int]:
    """Return the places of event handlers."""
    return [found.start() + 1 for found in _HANDLER(data)]


def finder(values: Mapping[bytes, bytes]) -> Callable[[bytes], list[int]]:
    """Return a search for attributes by name, as in `CARRIERS`, and styles: the places of their `=`, in order.

    A name, or a name and one space, stands before the `=`; a name before two spaces is not found.
    """
    spaced = rb"(?<=%b=)(?:(?<=%b%b=)|%b)" % (_SPACE, _SPACE, _SPACE, _found(values, _SPACE))
    found_in = re.compile(rb"=(?:%b|%b)" % (_found(values, b""), spaced)).finditer
    return lambda data: [found.start() for found in found_in(data)]


def _found(values: Mapping[bytes, bytes], gap: bytes) -> bytes:
    """Return the pattern for a `=` with an attribute's name and `gap` before it and its value after it."""
    named = (rb"%b%b" % (_behind([name], gap), value) for name, value in values.items())
    # The value is tested before the names: few values have a function.
    return rb"%b%b%b|%b(?:%b)" % (
        *(_ends(_STYLES, gap), _FUNCTION, _behind(_STYLES, gap)),
        *(_ends(values, gap), b"|".join(named)),
    )


def _behind(names: Iterable[bytes], gap: bytes) -> bytes:
    """Return a look-behind for one of the names and the gap, before the `=` just read."""
    return rb"(?:%b)" % b"|".join(rb"(?<=%b%b=)" % (letters(name), gap) for name in names)


def _ends(names: Iterable[bytes], gap: bytes) -> bytes:
    """Return a quick test for `_behind`: a class for each of the last letters, three if all names have them."""
    length = min(3, *map(len, names))
    places = ({letters(bytes([name[at]])) for name in names} for at in range(-length, 0))
    ends = b"".join(rb"(?:%b)" % b"|".join(sorted(letters_here)) for letters_here in places)
    return rb"(?<=%b%b=)" % (ends, gap)


carriers = finder(CARRIERS)
"""Finds where attributes stand that load something, on whatever tag."""

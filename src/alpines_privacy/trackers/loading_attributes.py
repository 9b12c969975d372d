"""Attributes any tag may have that can load something, found in a page's bytes before its tags are read.

Hardly a tag has one of them, so the bytes are searched instead: every attribute that counts has a
`=`, which is rare, and what stands before it is told by its last letters. What is found may be text
or part of a script; what is missed would stay in the page, so where in doubt it is found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from alpines_privacy.http.html.lexing import SPACE, letters

__all__ = ["CARRIERS", "DRAWING", "carriers", "finder", "handlers"]

_SPACE = rb"[%b]" % SPACE
_REFRESH = rb"""(?=%b*+["']?+%b*+[rR&])""" % (_SPACE, _SPACE)

# An address that may lead to another host: what it begins with, or an entity in that.
_AWAY = rb"""(?=%b*+["']?+%b*+(?:[a-zA-Z]{2,6}+:|[/\\]%b*+[/\\]|[^"'>%b]{0,12}?&))""" % (
    *(_SPACE, _SPACE, _SPACE),
    SPACE,
)

# Attributes by name, with the pattern of what must follow their `=`.
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

# In a style only functions load, and an entity may stand for the parenthesis. A value without
# quotes may run on for ever: it is looked at for a while, and no address is without a slash there.
_QUOTED = rb"""(?:"[^"(&]*+[(&]|'[^'(&]*+[(&])"""
_UNQUOTED = rb"""[a-zA-Z/\\&][^"'>(&=%b]*+[(&][^%b>/\\&]{0,200}+[/\\&]""" % (SPACE, SPACE)
_STYLES = (b"style", *map(str.encode, DRAWING))
_FUNCTION = rb"(?=%b|%b|%b++(?:%b|%b))" % (_QUOTED, _UNQUOTED, _SPACE, _QUOTED, _UNQUOTED)

_HANDLER = re.compile(rb"[\"'/%b][oO][nN][a-zA-Z]++[%b]*+=" % (SPACE, SPACE)).finditer


def handlers(data: bytes) -> list[int]:
    """Return where event handlers stand."""
    return [found.start() + 1 for found in _HANDLER(data)]


def finder(values: Mapping[bytes, bytes]) -> Callable[[bytes], list[int]]:
    """Return what finds attributes like `CARRIERS`, and styles: the places of their `=`, in order.

    Before it stands a name, or a name and a space; what stands before two spaces is not looked at.
    """
    spaced = rb"(?<=%b=)(?:(?<=%b%b=)|%b)" % (_SPACE, _SPACE, _SPACE, _found(values, _SPACE))
    found_in = re.compile(rb"=(?:%b|%b)" % (_found(values, b""), spaced)).finditer
    return lambda data: [found.start() for found in found_in(data)]


def _found(values: Mapping[bytes, bytes], gap: bytes) -> bytes:
    """Return the pattern behind the `=` of an attribute whose name and `gap` stand before it."""
    named = (rb"%b%b" % (_behind([name], gap), value) for name, value in values.items())
    # What follows is looked at before the names: few values have a function.
    return rb"%b%b%b|%b(?:%b)" % (
        *(_ends(_STYLES, gap), _FUNCTION, _behind(_STYLES, gap)),
        *(_ends(values, gap), b"|".join(named)),
    )


def _behind(names: Iterable[bytes], gap: bytes) -> bytes:
    """Return a pattern that any of the names, and the gap, stand before the `=` just read."""
    return rb"(?:%b)" % b"|".join(rb"(?<=%b%b=)" % (letters(name), gap) for name in names)


def _ends(names: Iterable[bytes], gap: bytes) -> bytes:
    """Return a quick pattern for it: the last letters, three if all are that long, each by its place."""
    length = min(3, *map(len, names))
    places = ({letters(bytes([name[at]])) for name in names} for at in range(-length, 0))
    ends = b"".join(rb"(?:%b)" % b"|".join(sorted(letters_here)) for letters_here in places)
    return rb"(?<=%b%b=)" % (ends, gap)


carriers = finder(CARRIERS)
"""Finds where attributes stand that load something, on whatever tag."""

"""Attributes any tag may have that can load something, found in a page's bytes before its tags are read.

Hardly a tag has one of them, so the bytes are searched instead: every attribute that counts has a
`=`, which is rare, and what stands before it is told by its last letter. What is found may be
text or part of a script; what is missed would stay in the page, so where in doubt it is found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from alpines_privacy.http.html.lexing import SPACE, letters

__all__ = ["CARRIERS", "carriers", "finder"]

_SPACE = rb"[%b]" % SPACE
# In a style only functions load, and an entity may stand for the parenthesis. Without quotes the
# value may run on for ever, so it is not looked at.
_FUNCTION = rb"""(?=%b*+(?:"[^"(&]*+[(&]|'[^'(&]*+[(&]|[^"'>%b]))""" % (_SPACE, SPACE)
_REFRESH = rb"""(?=%b*+["']?+%b*+[rR&])""" % (_SPACE, _SPACE)

# Attributes by name, with the pattern of what must follow their `=`.
CARRIERS: Mapping[bytes, bytes] = MappingProxyType(
    {
        b"style": _FUNCTION,
        b"ping": b"",
        b"background": b"",
        b"attributionsrc": b"",
        b"http-equiv": _REFRESH,
    }
)


def finder(values: Mapping[bytes, bytes]) -> Callable[[bytes], list[int]]:
    """Return what finds attributes like `CARRIERS`: the places of their `=`, in order.

    Before it stands a name, or a name and a space; what stands before two spaces is not looked at.
    """
    lasts = b"".join(sorted({letters(name[-1:]).strip(b"[]") for name in values}))
    branches = [rb"(?<=%b%b=)" % (_SPACE, _SPACE)]
    for gap in (b"", _SPACE):
        names = (rb"(?<=%b%b=)%b" % (letters(n), gap, value) for n, value in values.items())
        branches.append(rb"(?<=[%b]%b=)(?:%b)" % (lasts, gap, b"|".join(names)))
    found_in = re.compile(rb"=(?:%b)" % b"|".join(reversed(branches))).finditer
    return lambda data: [found.start() for found in found_in(data)]


carriers = finder(CARRIERS)

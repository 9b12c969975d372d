"""Attributes any tag may have that can load something, found in a page's bytes before its tags are read.

Hardly a tag has one of them, so the bytes are searched instead: every attribute that counts has a
`=`, which is rare, and what stands before it is told by its last letter. What is found may be
text or part of a script; what is missed would stay in the page, so where in doubt it is found.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from alpines_privacy.http.html.lexing import SPACE, letters

__all__ = ["carriers", "named"]

_SPACE = rb"[%b]" % SPACE
# In a style only functions load, and an entity may stand for the parenthesis. Without quotes the
# value may run on for ever, so it is not looked at.
_FUNCTION = rb"""(?=%b*+(?:"[^"(&]*+[(&]|'[^'(&]*+[(&]|[^"'>%b]))""" % (_SPACE, SPACE)
_REFRESH = rb"""(?=%b*+["']?+%b*+[rR&])""" % (_SPACE, _SPACE)

_CARRIERS = MappingProxyType(
    {
        b"style": _FUNCTION,
        b"ping": b"",
        b"background": b"",
        b"attributionsrc": b"",
        b"http-equiv": _REFRESH,
    }
)


def named(values: MappingProxyType[bytes, bytes]) -> bytes:
    """Return a pattern for the `=` of attributes, by name, with what must follow it.

    Before it stands a name, or a name and a space; what stands before two spaces is not looked at.
    """
    lasts = b"".join(sorted({letters(name[-1:]).strip(b"[]") for name in values}))
    branches = [
        rb"(?<=[%b]%b=)(?:%b)"
        % (
            lasts,
            gap,
            b"|".join(
                rb"(?<=%b%b=)%b" % (letters(name), gap, value) for name, value in values.items()
            ),
        )
        for gap in (b"", _SPACE)
    ]
    return rb"=(?:%b|(?<=%b%b=))" % (b"|".join(branches), _SPACE, _SPACE)


_FOUND = re.compile(named(_CARRIERS)).finditer


def carriers(data: bytes) -> list[int]:
    """Return where such attributes stand: the places of their `=`, in order."""
    return [found.start() for found in _FOUND(data)]

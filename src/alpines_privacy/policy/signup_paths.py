"""Paths of signups in their plainest form, by which they are compared.

Routers differ in what they let through, and one that is laxer than we are would be a way round:
some merge slashes, add or drop the last one, ignore case, or end a pattern with `$`, which also
matches before a line feed (Starlette's does).
"""

from __future__ import annotations

import re
import string

__all__ = ["expression_of", "folded", "plain", "without_end"]

_SLASHES = re.compile(r"//+")
_END = string.whitespace + "/"
# What `re.IGNORECASE` takes for an i and casefolding does not.
_ALIKE = str.maketrans("\u0130\u0131", "ii")
_PARAMETER = re.compile(r"\\\{\w+\\\}")


def plain(path: str) -> str:
    """Return a path as it is compared: slashes merged, without its end, case folded."""
    path = without_end(path)
    return folded(_SLASHES.sub("/", path) if "//" in path else path)


def without_end(path: str) -> str:
    """Return a path without the slashes and blanks at its end."""
    return path.rstrip(_END)


def folded(path: str) -> str:
    """Return a path that is the same whatever its case."""
    return path.casefold() if path.isascii() else path.translate(_ALIKE).casefold()


def expression_of(pattern: str) -> str:
    """Return the expression that plain paths match which lead to a declared one, whatever its parameters' names."""
    return _PARAMETER.sub(r"[^/]*", re.escape(plain(pattern)))

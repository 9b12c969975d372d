"""Paths of signups in a normal form, for comparison.

A router that is laxer than this comparison would let signups pass unchecked. Some merge slashes,
add or drop the last one, ignore case, or end a pattern with `$`, which also matches before a line
feed (Starlette's does).
"""

from __future__ import annotations

import re
import string

__all__ = ["expression_of", "folded", "is_path", "plain", "without_end"]

_SLASHES = re.compile(r"//+")
_END = string.whitespace + "/"
# Characters that `re.IGNORECASE` matches with i and casefolding does not.
_ALIKE = str.maketrans("\u0130\u0131", "ii")
_PARAMETER = re.compile(r"\\\{\w+\\\}")
# What a declared path may hold in the clear, and parameters, each a segment's part. Parameters as
# frameworks write them (`<club>`, `:club`, `*`) are refused: such a path would be no request's.
_DECLARED = re.compile(r"(/(?!:)([^/{}<>*?#\s]|\{[A-Za-z_][A-Za-z0-9_]*\})+)+/?")


def is_path(text: str) -> bool:
    """Tell whether a text is a path as policies declare them: `/register`, `/clubs/{club}/join`."""
    return text == "/" or _DECLARED.fullmatch(text) is not None


def plain(path: str) -> str:
    """Return a path in its normal form: slashes merged, its end removed, case folded."""
    path = without_end(path)
    return folded(_SLASHES.sub("/", path) if "//" in path else path)


def without_end(path: str) -> str:
    """Return a path without the slashes and blanks at its end."""
    return path.rstrip(_END)


def folded(path: str) -> str:
    """Return a path with its case folded."""
    return path.casefold() if path.isascii() else path.translate(_ALIKE).casefold()


def expression_of(pattern: str) -> str:
    """Return the expression for all plain paths of a declared path; names of parameters do not matter."""
    return _PARAMETER.sub(r"[^/]*", re.escape(plain(pattern)))

"""Names and paths as a policy writes them: as they are, or with `*` for any run of characters."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["compile_patterns"]


def compile_patterns(patterns: Iterable[str]) -> re.Pattern[str]:
    """Return one expression that matches (with `fullmatch`) whatever one of the patterns covers."""
    return re.compile("|".join(map(_expression, patterns)) or r"(?!)", re.DOTALL)


def _expression(pattern: str) -> str:
    """Translate one pattern into an expression that never steps back.

    The text between two stars can always be matched at its first occurrence, so it is atomic: a
    long path never makes a pattern with many stars backtrack.
    """
    first, *others = map(re.escape, pattern.split("*"))
    if not others:
        return first
    *middle, last = others
    return first + "".join(f"(?>.*?{part})" for part in middle) + f".*{last}"

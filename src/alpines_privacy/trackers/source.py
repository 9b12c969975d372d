"""Where a rule comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from msgspec import Struct

__all__ = ["LONGEST_FILE", "LONGEST_RULE", "MOST_RULES", "ListInfo", "When"]

# EasyList is 3 MB of 90,000 lines, the longest rule of which has some 15,000 characters.
LONGEST_FILE = 64 << 20  # bytes, as read and as unpacked
MOST_RULES = 1_000_000  # lines of a file
LONGEST_RULE = 1 << 16  # characters

# Whether what a list blocks is stopped for everyone, or for visitors who send a signal.
When: TypeAlias = Literal["always", "signal"]


class ListInfo(Struct, frozen=True, kw_only=True):
    """A list of rules, and what became of its lines.

    `unsupported` counts rules left out by the option that is not understood. `is_own` marks what
    the site's own policy says, which stands above every other list.
    """

    name: str
    when: When
    version: str = ""
    date: str = ""
    licence: str = ""
    blocking: int = 0
    exceptions: int = 0
    cosmetic: int = 0
    unsupported: Mapping[str, int] = {}
    is_own: bool = False

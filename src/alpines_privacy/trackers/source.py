"""The list that a rule comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from msgspec import Struct

__all__ = ["LONGEST_FILE", "LONGEST_RULE", "MOST_RULES", "ListInfo", "When"]

# EasyList has 3 MB and 90,000 lines; its longest rule has some 15,000 characters.
LONGEST_FILE = 64 << 20  # bytes, as read and as unpacked
MOST_RULES = 1_000_000  # lines of a file
LONGEST_RULE = 1 << 16  # characters

# Whether a list's rules hold for everyone, or for visitors who send a signal.
When: TypeAlias = Literal["always", "signal"]


class ListInfo(Struct, frozen=True, kw_only=True):
    """A list of rules, and counts of its lines.

    `unsupported` counts left-out rules by their unsupported option. `is_own` marks the rules of the
    site's own policy, which outrank every other list.
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

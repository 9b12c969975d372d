"""Sets of paths as a policy writes them: exact, or with `*` for any run of characters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from alpines_privacy.http.heads import RequestHead
from alpines_privacy.policy.patterns import compile_patterns

__all__ = ["PathSet"]


class PathSet:
    """Paths matched with and without the app's mount point: `/static/*` holds `/shop/static/x` too."""

    __slots__ = ("any", "holds_path")

    def __init__(self, patterns: Sequence[str]) -> None:
        self.any = bool(patterns)
        pattern = compile_patterns(patterns)

        @lru_cache(maxsize=1024)
        def holds_path(path: str) -> bool:
            return pattern.fullmatch(path) is not None

        self.holds_path = holds_path

    def holds(self, head: RequestHead) -> bool:
        """Whether the request's path is in the set, whole or below the mount point."""
        return self.holds_path(head.path) or self.holds_path(head.local_path)

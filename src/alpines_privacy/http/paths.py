"""Sets of paths as a policy writes them: exact, or with `*` for any run of characters."""

from __future__ import annotations

from collections.abc import Sequence

from alpines_privacy.http.heads import RequestHead
from alpines_privacy.policy.patterns import compile_patterns

__all__ = ["PathSet"]


class PathSet:
    """Paths matched with and without the app's mount point: `/static/*` holds `/shop/static/x` too.

    Nothing is remembered: a site has more paths than a cache holds.
    """

    __slots__ = ("_beginnings", "_exact", "_match", "any")

    def __init__(self, patterns: Sequence[str]) -> None:
        self.any = bool(patterns)
        self._exact = frozenset(path for path in patterns if "*" not in path)
        self._beginnings = tuple(
            path[:-1] for path in patterns if path.find("*") == len(path) - 1 >= 0
        )
        others = [p for p in patterns if p not in self._exact and p[:-1] not in self._beginnings]
        self._match = compile_patterns(others).fullmatch if others else None

    def holds_path(self, path: str) -> bool:
        """Whether a path is in the set as it is."""
        if path in self._exact or path.startswith(self._beginnings):
            return True
        return self._match is not None and self._match(path) is not None

    def holds(self, head: RequestHead) -> bool:
        """Whether the request's path is in the set, whole or below the mount point."""
        path = head.path
        if path in self._exact or path.startswith(self._beginnings):
            return True
        local = head.local_path
        if self._match is None and local == path:
            return False
        return self.holds_path(path) or self.holds_path(local)

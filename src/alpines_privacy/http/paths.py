"""Sets of paths as a policy writes them: exact, or with `*` for any run of characters."""

from __future__ import annotations

from collections.abc import Sequence

from alpines_privacy.http.heads import RequestHead
from alpines_privacy.policy.patterns import compile_patterns

__all__ = ["PathSet"]


class PathSet:
    """Paths matched with and without the app's mount point: `/static/*` holds `/shop/static/x` too."""

    __slots__ = ("_match", "any")

    def __init__(self, patterns: Sequence[str]) -> None:
        self.any = bool(patterns)
        # Not remembered: a site has more paths than a cache holds, and matching one takes 0.2 µs.
        self._match = compile_patterns(patterns).fullmatch

    def holds_path(self, path: str) -> bool:
        """Whether a path is in the set as it is."""
        return self._match(path) is not None

    def holds(self, head: RequestHead) -> bool:
        """Whether the request's path is in the set, whole or below the mount point."""
        path = head.path
        if self._match(path) is not None:
            return True
        local = head.local_path
        return local != path and self._match(local) is not None

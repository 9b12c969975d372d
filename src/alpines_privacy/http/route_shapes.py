"""Routes as a log may show them, and which of them were told of already.

Visitors choose paths. What is kept and logged of one is therefore its shape, and a bounded number
of shapes; a path that the app does not know is none of its routes.
"""

from __future__ import annotations

import re

from alpines_privacy.http.heads import RequestHead

__all__ = ["FirstTimes", "route_of", "shape_of"]

# A path segment that belongs to a route rather than to a visitor.
_WORD = re.compile(r"[a-z][a-z._-]{0,23}")
_MOST_SEGMENTS = 4
_MOST = 50
_LONGEST_METHOD = 10  # characters


def shape_of(path: str) -> str:
    """Return the shape of a path: its first four segments, `*` for one that may be a visitor's."""
    segments = path.split("/", _MOST_SEGMENTS + 1)[1:]
    shape = [s if not s or _WORD.fullmatch(s) else "*" for s in segments[:_MOST_SEGMENTS]]
    return "/" + "/".join([*shape, *(["..."] if len(segments) > _MOST_SEGMENTS else [])])


def route_of(request: RequestHead) -> str:
    """Return a request's method and the shape of its path, as in `POST /users/*`; `?` for an odd method."""
    method = request.method
    known = method if method.isalpha() and len(method) < _LONGEST_METHOD else "?"
    return f"{known} {shape_of(request.path)}"


class FirstTimes:
    """The routes that were told of: each once, and 50 in all. Not locked: two threads may tell of one twice."""

    __slots__ = ("_said",)

    def __init__(self) -> None:
        self._said: set[str] = set()

    @property
    def are_over(self) -> bool:
        """Whether as many routes as there may be were told of."""
        return len(self._said) >= _MOST

    def holds(self, route: str) -> bool:
        """Whether a route was told of."""
        return route in self._said

    def take(self, route: str) -> bool:
        """Note a route; return whether it is to be told of."""
        if route in self._said or self.are_over:
            return False
        self._said.add(route)
        return True

"""Paths of handlers: patterns that the policy declares, and words in the last segment.

Paths are compared in their plainest form, so that no app's router is laxer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Generic, NamedTuple, TypeVar

from alpines_privacy.http.cache import Cache
from alpines_privacy.http.heads import RequestHead, below_mount
from alpines_privacy.http.percent import decoded
from alpines_privacy.policy.signup_paths import expression_of, folded, plain, without_end

__all__ = ["Routes"]

# Replaces bytes of a path that are not UTF-8; some frameworks (Bottle) drop them instead.
_BROKEN = "\ufffd"

# Only a path with one of these can be reduced to another one.
_REDUCIBLE = re.compile(r"\A(?!/)|[;?#%\\]|/\.|[\x00-\x20]")
# What a URL parser does not count as the path (RFC 3986 §3; WHATWG URL drops the controls).
_NO_PATH = re.compile(
    r"\A[\x00-\x20]*(?:[A-Za-z][A-Za-z0-9+.-]*:(?://[^/?#]*)?)?|[\t\r\n]|[?#].*|;[^/]*", re.DOTALL
)

HandlerT = TypeVar("HandlerT")


class Found(NamedTuple, Generic[HandlerT]):
    """The handlers at a path, the best match first, and those at a reduced form of it."""

    handlers: tuple[HandlerT, ...]
    reduced: tuple[HandlerT, ...]


class Routes(Generic[HandlerT]):
    """Finds the handlers at a path, whole or below the mount point."""

    __slots__ = ("_ends", "_patterns", "_words", "may_lead")

    def __init__(
        self,
        patterns: Iterable[tuple[str, HandlerT]],
        words: Mapping[str, HandlerT] | None = None,
        *,
        cache: str = "signup paths",
    ) -> None:
        """`patterns` are paths that may have parameters; they go before `words`, which are last segments.

        `cache` is the name of the cache of paths, one of `BOUNDS`.
        """
        # A pattern without parameters is the better match.
        ordered = sorted(patterns, key=lambda pair: "{" in pair[0])
        self._patterns = [
            (re.compile(expression_of(pattern)), handler) for pattern, handler in ordered
        ]
        ends = [expression_of(_last(plain(pattern))) for pattern, _ in ordered]
        self._ends = re.compile("|".join(ends) or r"(?!)")
        self._words = words or {}
        # Most requests get only this look-up.
        self.may_lead: Cache[str, bool] = Cache(cache, self._may_lead)

    def find(self, head: RequestHead) -> Found[HandlerT]:
        """Return the handlers at a request's path."""
        return self._found(head.path, head.mount)

    def at(self, head: RequestHead) -> tuple[HandlerT, ...]:
        """Return the handlers at a request's path, but not at reduced forms of it."""
        return self._handlers(head.path, head.mount)

    def below(self, head: RequestHead, path: str) -> tuple[HandlerT, ...]:
        """Return the handlers at a path below the request's mount point."""
        return self._handlers(head.mount + path, head.mount)

    def _may_lead(self, path: str) -> bool:
        """Tell by the last segment of a local path; the whole path ends in it too, unless it is empty."""
        if _BROKEN in path or _REDUCIBLE.search(path):
            return True
        last = _last(plain(path))
        return not last or last in self._words or self._ends.fullmatch(last) is not None

    def _found(self, path: str, mount: str) -> Found[HandlerT]:
        handlers = self._handlers(path, mount)
        paths = {path, below_mount(path, mount)}
        reduced = self._at_forms(_forms({_reduced(form) for form in paths}))
        return Found(handlers, tuple(handler for handler in reduced if handler not in handlers))

    def _handlers(self, path: str, mount: str) -> tuple[HandlerT, ...]:
        return self._at_forms(_forms({path, below_mount(path, mount)}))

    def _at_forms(self, forms: set[str]) -> tuple[HandlerT, ...]:
        handlers = [
            handler
            for pattern, handler in self._patterns
            if any(pattern.fullmatch(form) for form in forms)
        ]
        words = {_last(form) for form in forms} & self._words.keys()
        return (*handlers, *(self._words[word] for word in words))


def _forms(paths: Iterable[str]) -> set[str]:
    """Return the forms of paths that are compared."""
    forms = {plain(path) for path in paths}
    # With doubled slashes: Falcon reads an empty parameter between them.
    forms |= {folded(without_end(path)) for path in paths if "//" in path}
    return forms | {plain(form.replace(_BROKEN, "")) for form in forms if _BROKEN in form}


def _reduced(path: str) -> str:
    """Return a path parsed as a URL, decoded once more, and with its dot segments removed."""
    if _REDUCIBLE.search(path) is None:
        return path
    steps: list[str] = []
    for step in _NO_PATH.sub("", decoded(path).replace("\\", "/")).split("/"):
        if step == "..":
            steps = steps[:-1]
        elif step not in {"", "."}:
            steps.append(step)
    return "/" + "/".join(steps)


def _last(path: str) -> str:
    return path.rpartition("/")[2]

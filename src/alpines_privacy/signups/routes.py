"""Which paths lead to a door: those a policy declares, by its patterns, and those a word gives away.

No router may be laxer than we are, so a path is compared in its plainest form.
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

# Stands for bytes of a path that are no UTF-8; some frameworks (Bottle) drop them instead.
_BROKEN = "\ufffd"

# What a path must have to be reduced to another one.
_REDUCIBLE = re.compile(r"\A(?!/)|[;?#%\\]|/\.|[\x00-\x20]")
# What is no part of a path to who parses it as a URL (RFC 3986 §3; WHATWG URL drops the controls).
_NO_PATH = re.compile(
    r"\A[\x00-\x20]*(?:[A-Za-z][A-Za-z0-9+.-]*:(?://[^/?#]*)?)?|[\t\r\n]|[?#].*|;[^/]*", re.DOTALL
)

DoorT = TypeVar("DoorT")


class Found(NamedTuple, Generic[DoorT]):
    """The doors at a path, the best first, and those where a reduced form of it leads."""

    doors: tuple[DoorT, ...]
    astray: tuple[DoorT, ...]


class Routes(Generic[DoorT]):
    """Finds what stands at a path, whole or below the mount point."""

    __slots__ = ("_ends", "_patterns", "_words", "may_lead")

    def __init__(
        self, patterns: Iterable[tuple[str, DoorT]], words: Mapping[str, DoorT] | None = None
    ) -> None:
        """`patterns` are paths with parameters, the first that fits wins over `words`, last segments."""
        # One without parameters fits better than one with.
        ordered = sorted(patterns, key=lambda pair: "{" in pair[0])
        self._patterns = [(re.compile(expression_of(pattern)), door) for pattern, door in ordered]
        ends = [expression_of(_last(plain(pattern))) for pattern, _ in ordered]
        self._ends = re.compile("|".join(ends) or r"(?!)")
        self._words = words or {}
        # The one look that nearly all requests get.
        self.may_lead: Cache[str, bool] = Cache("signup paths", self._may_lead)

    def find(self, head: RequestHead) -> Found[DoorT]:
        """Return the doors at a request's path."""
        return self._found(head.path, head.mount)

    def at(self, head: RequestHead) -> tuple[DoorT, ...]:
        """Return the doors at a request's path, without those where a reduced form of it leads."""
        return self._doors(head.path, head.mount)

    def below(self, head: RequestHead, path: str) -> tuple[DoorT, ...]:
        """Return the doors at a path below the request's mount point."""
        return self._doors(head.mount + path, head.mount)

    def _may_lead(self, path: str) -> bool:
        """Tell by the last step of a local path; it is that of the whole path too, unless it is empty."""
        if _BROKEN in path or _REDUCIBLE.search(path):
            return True
        last = _last(plain(path))
        return not last or last in self._words or self._ends.fullmatch(last) is not None

    def _found(self, path: str, mount: str) -> Found[DoorT]:
        doors = self._doors(path, mount)
        paths = {path, below_mount(path, mount)}
        reduced = self._at_forms(_forms({_reduced(form) for form in paths}))
        return Found(doors, tuple(door for door in reduced if door not in doors))

    def _doors(self, path: str, mount: str) -> tuple[DoorT, ...]:
        return self._at_forms(_forms({path, below_mount(path, mount)}))

    def _at_forms(self, forms: set[str]) -> tuple[DoorT, ...]:
        doors = [
            door
            for pattern, door in self._patterns
            if any(pattern.fullmatch(form) for form in forms)
        ]
        words = {_last(form) for form in forms} & self._words.keys()
        return (*doors, *(self._words[word] for word in words))


def _forms(paths: Iterable[str]) -> set[str]:
    """Return paths as they are compared."""
    forms = {plain(path) for path in paths}
    # With its doubled slashes: Falcon takes what is between them for an empty parameter.
    forms |= {folded(without_end(path)) for path in paths if "//" in path}
    return forms | {plain(form.replace(_BROKEN, "")) for form in forms if _BROKEN in form}


def _reduced(path: str) -> str:
    """Return what is left of a path to who parses it as a URL, decodes it again and walks its segments."""
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

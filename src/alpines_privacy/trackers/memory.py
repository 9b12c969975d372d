"""What was decided before: a site's pages repeat their tags and scripts, so most are looked up.

Decisions depend on the page's host and on nothing else of the request, as long as no rule is about
the site's own paths and no `<base>` leads elsewhere; what depends on more is not kept. Scripts and
style sheets are known by a digest, since they may hold what was written for one visitor.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Generic, NamedTuple, TypeVar

from alpines_privacy.http.cache import Cache, size_of
from alpines_privacy.http.html import Decision, StartTag
from alpines_privacy.trackers.rules import Match

__all__ = ["Memory", "Outcome", "Recent", "Removal", "digest"]

_LONGEST_CONTENT = 8192  # bytes, of what takes a content's place

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Removal(NamedTuple):
    """One thing that went from a page: an element (`"script"`) or an attribute (`"a ping"`), and why."""

    what: str
    match: Match


class Outcome(NamedTuple):
    """What was decided on a tag or a content, what was removed by that, and which hosts it names."""

    decision: Decision
    removals: tuple[Removal, ...] = ()
    named: tuple[str, ...] = ()


class Recent(dict[_Key, _Value], Generic[_Key, _Value]):
    """A dictionary of bounded size: full, it begins anew."""

    def __init__(self, most: int) -> None:
        """Hold `most` entries."""
        super().__init__()
        self._most = most

    def keep(self, key: _Key, value: _Value) -> None:
        """Set a value."""
        if len(self) >= self._most:
            self.clear()
        self[key] = value


class Memory:
    """Outcomes on one host's pages for visitors of one kind."""

    __slots__ = ("contents", "tags")

    def __init__(self) -> None:
        self.tags: Cache[bytes, Outcome] = Cache("tags", weigh=_weight)
        self.contents: Cache[bytes, Outcome] = Cache("contents")

    def keep_tag(self, tag: StartTag, outcome: Outcome) -> None:
        """Remember the outcome of a tag."""
        self.tags.keep(tag.raw, outcome)

    def keep_content(self, key: bytes, outcome: Outcome) -> None:
        """Remember the outcome of a content, by its digest."""
        edited = outcome.decision
        if not isinstance(edited, bytes) or len(edited) <= _LONGEST_CONTENT:
            self.contents.keep(key, outcome)


def _weight(outcome: Outcome) -> int:
    return size_of(outcome) if any(outcome) else 0  # those that change nothing are one


def digest(kind: bytes, content: bytes) -> bytes:
    """Return what a content is known by."""
    return blake2b(content, digest_size=16, person=kind).digest()

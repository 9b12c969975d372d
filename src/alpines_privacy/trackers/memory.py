"""What was decided before: a site's pages repeat their tags, so most are looked up.

Decisions depend on the page's host and on nothing else of the request, as long as no rule is about
the site's own paths and no `<base>` leads elsewhere; what depends on more is not kept.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Generic, NamedTuple, TypeVar

from alpines_privacy.http.cache import Cache
from alpines_privacy.http.html import Decision
from alpines_privacy.trackers.rules import Match

__all__ = ["Memory", "Outcome", "Recent", "Removal", "digest"]

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Removal(NamedTuple):
    """One load that was taken from a page, of an element (`"script"`) or attribute (`"a ping"`), and why."""

    what: str
    match: Match


class Outcome(NamedTuple):
    """What was decided on a tag or a style sheet, and what was taken by that."""

    decision: Decision
    removals: tuple[Removal, ...] = ()


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
    """Outcomes on one host's pages for visitors of one kind: by the bytes of tags, or a sheet's digest.

    Tags on which nothing is decided are in `staying`.
    """

    __slots__ = ("sheets", "staying", "tags")

    def __init__(self) -> None:
        self.tags: Cache[bytes, Outcome] = Cache("tags")
        self.staying: Cache[bytes, None] = Cache("tags that stay")
        self.sheets: Cache[bytes, Outcome] = Cache("style sheets")

    def keep_tag(self, raw: bytes, outcome: Outcome) -> None:
        """Remember the outcome of a tag."""
        if outcome == (None, ()):
            self.staying.keep(raw, None)
        else:
            self.tags.keep(raw, outcome)

    def keep_sheet(self, key: bytes, outcome: Outcome) -> None:
        """Remember the outcome of a style sheet, by its digest."""
        self.sheets.keep(key, outcome)


def digest(sheet: bytes) -> bytes:
    """Return what a style sheet is known by: it may hold what was written for one visitor."""
    return blake2b(sheet, digest_size=16).digest()

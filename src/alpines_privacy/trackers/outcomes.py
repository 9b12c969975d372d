"""Cached decisions: a site's pages repeat their tags, so most decisions are looked up.

A decision depends on the page's host and on nothing else of the request, as long as no rule is about
the site's own paths and no `<base>` leads elsewhere. Other decisions are not cached. Text that may be
written for one visitor is stored as a digest.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple

from alpines_privacy.http.cache import Cache
from alpines_privacy.http.html import Decision
from alpines_privacy.trackers.loads import RemovedLoads

__all__ = ["Outcome", "Outcomes", "digest"]


class Outcome(NamedTuple):
    """The decision on a tag or a style sheet, and the loads it removes."""

    decision: Decision
    removals: RemovedLoads = ()


class Outcomes:
    """Outcomes of tags and of style sheets on one host's pages, for visitors of one kind.

    None stands for a tag that stays. The key of a tag is its bytes, or their digest.
    """

    __slots__ = ("sheets", "tags")

    def __init__(self) -> None:
        self.tags: Cache[bytes, Outcome | None] = Cache("tags")
        self.sheets: Cache[bytes, Outcome] = Cache("style sheets")


def digest(written: bytes) -> bytes:
    """Return a digest of 16 bytes for text that may be one visitor's."""
    return blake2b(written, digest_size=16).digest()

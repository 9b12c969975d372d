"""What was decided before: a site's pages repeat their tags, so most are looked up.

Decisions depend on the page's host and on nothing else of the request, as long as no rule is about
the site's own paths and no `<base>` leads elsewhere; what depends on more is not kept. Of what may
hold something written for one visitor, a digest is the key.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple

from alpines_privacy.http.cache import Cache
from alpines_privacy.http.html import Decision
from alpines_privacy.trackers.loads import RemovedLoads

__all__ = ["Outcome", "Outcomes", "digest"]


class Outcome(NamedTuple):
    """What was decided on a tag or a style sheet, and what was taken by that."""

    decision: Decision
    removals: RemovedLoads = ()


class Outcomes:
    """Outcomes on one host's pages for visitors of one kind: of tags and of style sheets.

    None stands for a tag on which nothing is decided. A tag is known by its bytes, or by their digest.
    """

    __slots__ = ("sheets", "tags")

    def __init__(self) -> None:
        self.tags: Cache[bytes, Outcome | None] = Cache("tags")
        self.sheets: Cache[bytes, Outcome] = Cache("style sheets")


def digest(written: bytes) -> bytes:
    """Return 16 bytes that stand for what may hold something of one visitor's."""
    return blake2b(written, digest_size=16).digest()

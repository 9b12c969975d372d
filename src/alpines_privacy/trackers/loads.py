"""Which loads of a page are taken from it, as the handlers of its tags ask."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from alpines_privacy.http.url import Address
from alpines_privacy.trackers.blocking import Blocker
from alpines_privacy.trackers.markup import LoadKinds
from alpines_privacy.trackers.rules import Match

__all__ = ["EVERY_LOAD", "ListedLoads", "Loads", "RemovedLoad", "RemovedLoads"]


class RemovedLoad(NamedTuple):
    """One load that was taken from a page, of an element (`"script"`) or attribute (`"a ping"`), and why."""

    what: str
    match: Match


RemovedLoads = tuple[RemovedLoad, ...]


class Loads(Protocol):
    """Says which loads are taken where a tag stands."""

    def taken(self, what: str, url: str | None, kinds: LoadKinds) -> RemovedLoads | None:
        """Return what is noted of a load that is taken, None for one that stays."""


class ListedLoads:
    """What the rules list for a page: its loads are taken, and each is noted."""

    __slots__ = ("_blocker", "base", "page")

    def __init__(self, blocker: Blocker, page: Address, base: Address) -> None:
        """Decide for a `page` whose addresses are relative to `base`."""
        self._blocker = blocker
        self.page = page
        self.base = base

    def taken(self, what: str, url: str | None, kinds: LoadKinds) -> RemovedLoads | None:
        """Return what is noted of a listed load, None for any other."""
        match = self.match(url, kinds) if url else None
        return (RemovedLoad(what, match),) if match else None

    def match(self, url: str, kinds: LoadKinds) -> Match | None:
        """Return what stops a load, or None."""
        return self._blocker.match(url, self.page, kinds, self.base)

    @property
    def is_at_home(self) -> bool:
        """Whether an address without a host is the page's own, and no rule is about those."""
        return self.base.host == self.page.host and not self._blocker.has_own_rules


class _EveryLoad:
    """In an ad's container: all goes, and the container alone is noted."""

    __slots__ = ()

    def taken(self, what: str, url: str | None, kinds: LoadKinds) -> RemovedLoads | None:
        """Return nothing to note for any address."""
        del what, kinds
        return () if url else None


EVERY_LOAD: Loads = _EveryLoad()

"""The loads to remove from a page: the handlers of tags ask here."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from alpines_privacy.http.url import Address
from alpines_privacy.trackers.blocking import Blocker
from alpines_privacy.trackers.markup import LoadKinds
from alpines_privacy.trackers.rules import Match

__all__ = ["EVERY_LOAD", "ListedLoads", "Loads", "RemovedLoad", "RemovedLoads"]


class RemovedLoad(NamedTuple):
    """One load removed from a page: its element (`"script"`) or attribute (`"a ping"`), and the match."""

    what: str
    match: Match


RemovedLoads = tuple[RemovedLoad, ...]


class Loads(Protocol):
    """Says which loads of a tag are removed."""

    def taken(self, what: str, url: str | None, kinds: LoadKinds) -> RemovedLoads | None:
        """Return what to record of a removed load (it may be empty), None for a load that stays."""


class ListedLoads:
    """Removes the loads that the rules list for a page, and records each."""

    __slots__ = ("_blocker", "base", "page")

    def __init__(self, blocker: Blocker, page: Address, base: Address) -> None:
        """Decide for a `page` whose addresses are relative to `base`."""
        self._blocker = blocker
        self.page = page
        self.base = base

    def taken(self, what: str, url: str | None, kinds: LoadKinds) -> RemovedLoads | None:
        """Return the record of a listed load, None for any other."""
        match = self.match(url, kinds) if url else None
        return (RemovedLoad(what, match),) if match else None

    def match(self, url: str, kinds: LoadKinds) -> Match | None:
        """Return the match that stops a load, or None."""
        return self._blocker.match(url, self.page, kinds, self.base)

    @property
    def is_at_home(self) -> bool:
        """Whether an address without a host is on the page's own host, to which no rule applies."""
        return self.base.host == self.page.host and not self._blocker.has_own_rules


class _EveryLoad:
    """Removes every load in an ad's container, of which the container alone is recorded."""

    __slots__ = ()

    def taken(self, what: str, url: str | None, kinds: LoadKinds) -> RemovedLoads | None:
        """Return an empty record for any address."""
        del what, kinds
        return () if url else None


EVERY_LOAD: Loads = _EveryLoad()

"""What a page names to load from elsewhere, or over another scheme, by the same handlers that filter pages."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from alpines_privacy.http.html import Selection
from alpines_privacy.http.report import Notices
from alpines_privacy.http.url import Address, parse
from alpines_privacy.trackers.blocking import Blocker
from alpines_privacy.trackers.elements import Elements, PageContext
from alpines_privacy.trackers.loading_attributes import carriers
from alpines_privacy.trackers.markup import AMP, LOADING, NAVIGATING, LoadKinds
from alpines_privacy.trackers.outcomes import Outcomes
from alpines_privacy.trackers.rules import Match

__all__ = ["Load", "Loads", "read_loads"]

_MOST = 1000  # of one page
_SELECTION = Selection(LOADING | AMP, carriers)
_KINDS = {
    "subdocument": "frame",
    "xmlhttprequest": "connection",
    "stylesheet": "style sheet",
    "other": "file",
}


class Load(NamedTuple):
    """One address that a page names to load from, and as what kinds of load."""

    address: Address
    kinds: LoadKinds

    @property
    def kind(self) -> str:
        """The first kind, in words."""
        return _KINDS.get(self.kinds[0], self.kinds[0])


class Loads(NamedTuple):
    """What a page names to load: addresses, and AMP's analytics, which have none; `is_cut` if it names more."""

    named: tuple[Load, ...]
    others: tuple[Match, ...] = ()
    is_cut: bool = False


def read_loads(page: bytes, url: str, *, is_xml: bool = False) -> Loads:
    """Read the loads of a page at an address, style sheets and pages in the page included.

    `is_xml` says that browsers read the page as XML.
    """
    address = parse(url)
    if address is None:
        return Loads(())
    noting = _Noting()
    elements = Elements(
        PageContext(
            address,
            cast("Blocker", noting),
            (_SELECTION, _SELECTION),
            (_SELECTION, _SELECTION),
            None,
            Outcomes(),
            Notices(),
            module="/nothing.js",
            is_xml=is_xml,
        )
    )
    elements.rewriter()(page, last=True)
    named = tuple(Load(parse_address, kinds) for parse_address, kinds in noting.loads.items())
    others = tuple(removal.match for removal in elements.removals)
    return Loads(named, others, noting.is_cut)


class _Noting:
    """A `Blocker` that stops nothing, and notes what it is asked about."""

    opted_out = False
    has_own_rules = False

    def __init__(self) -> None:
        self.loads: dict[Address, LoadKinds] = {}
        self.is_cut = False

    def match(
        self, url: str, page: Address, kinds: Any, base: Address | None = None
    ) -> Match | None:
        """Note a load. Where a visitor is led, or what they send, is none."""
        address = parse(url, base or page)
        if address is None or kinds is NAVIGATING:
            return None
        if (address.host, address.scheme) != (page.host, page.scheme) and address not in self.loads:
            if len(self.loads) < _MOST:
                self.loads[address] = kinds
            else:
                self.is_cut = True
        return None

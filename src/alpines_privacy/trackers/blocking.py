"""Whether a load a page would make is stopped for this visitor, by the rules and the site's policy.

What the policy decides beside the rules:

- Ads (a rule that holds under a "signal") are stopped only for visitors who send one.
- A declared third party loads for everyone else, listed or not.
- The site's own host and domain are no third party, so no list speaks about their paths: a file
  called `/js/analytics.js` is the site's. Two kinds of rules do reach them: the site's own, and a
  list's rule about one whole subdomain (`||metrics.example.com^`), which is how lists write down a
  tracker that hides behind the site's name.
"""

from __future__ import annotations

import re
from sys import getsizeof
from typing import NamedTuple

from alpines_privacy.http.cache import Cache
from alpines_privacy.http.site import registrable_domain
from alpines_privacy.http.url import Address, parse
from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.trackers.request import Kind, is_below
from alpines_privacy.trackers.rules import Match, Rules, weight_of_match

__all__ = ["Blocker", "Load"]

# What has neither a scheme nor an authority, whatever a browser drops from it.
_WITHIN = re.compile(r"/(?![/\\\t\n\r])|[A-Za-z0-9_.~%-]+(?:[/?#]|\Z)|[?#]|\Z").match
_WHOLE_HOST = re.compile(r"\|\|([a-z0-9._-]+)\^?(?:\$.*)?").fullmatch


class Load(NamedTuple):
    """What an address means on a page: where it leads, and what stops it.

    `origin` is the host, with its port where that is not the scheme's; empty for the page's own
    host and for what reaches no network.
    """

    origin: str
    match: Match | None


_OWN = Load("", None)
_EMPTY = getsizeof(_OWN) + 32


class Blocker:
    """The rules as they hold for visitors who opted out, or for those who did not.

    Made once for a policy and shared by all requests: it remembers what it decided.
    """

    def __init__(self, rules: Rules, policy: PrivacyPolicy, opted_out: bool) -> None:  # noqa: FBT001 - both callers name it
        self.rules = rules
        self.opted_out = opted_out
        self._own_lists = frozenset(info.name for info in rules.lists if info.is_own)
        hosts = () if opted_out else tuple(party.host for party in policy.third_parties)
        self._declared = frozenset(host for host in hosts if not host.startswith("*."))
        self._declared_below = tuple(host[1:] for host in hosts if host.startswith("*."))
        self._loads: Cache[tuple[str, str, Kind], Load] = Cache("loads", weigh=_weight)

    @property
    def has_own_rules(self) -> bool:
        """Whether the site has rules of its own, which may be about its own paths too."""
        return bool(self._own_lists)

    def match(self, url: str, page: Address, kind: Kind) -> Match | None:
        """Return what stops a load of `url`, as a page, a header or a style sheet has it; or None."""
        return self.load(url, page, kind).match

    def load(self, url: str, page: Address, kind: Kind, base: Address | None = None) -> Load:
        """Return what a page's load of `url` comes to; `base` is what it is relative to, if not the page."""
        base = base or page
        if _WITHIN(url):
            if base.host == page.host and not self._own_lists:
                return _OWN
            return self._decided(parse(url, base), page, kind)
        if base.scheme != page.scheme:
            return self._decided(parse(url, base), page, kind)
        key = (url, page.host, kind)
        load = self._loads.get(key)
        if load is None:
            load = self._decided(parse(url, base), page, kind)
            self._loads.keep(key, load)
        return load

    def _decided(self, address: Address | None, page: Address, kind: Kind) -> Load:
        if address is None:
            return _OWN
        origin = "" if address.host == page.host else _origin(address)
        if self._is_declared(address.host):
            return Load(origin, None)
        match = self.rules.match_address(address, page.host, kind)
        return Load(origin, match if match and self._holds(match, page) else None)

    def _holds(self, match: Match, page: Address) -> bool:
        if match.when == "signal" and not self.opted_out:
            return False
        return match.is_third_party or match.list in self._own_lists or _hides(match, page)

    def _is_declared(self, host: str) -> bool:
        return host in self._declared or host.endswith(self._declared_below)


def _weight(load: Load) -> int:
    return _EMPTY + getsizeof(load.origin) + weight_of_match(load.match)


def _origin(address: Address) -> str:
    start = address.url.index("//") + 2
    return address.url[start : address.url.index("/", start)]


def _hides(match: Match, page: Address) -> bool:
    """Tell whether a rule is about one subdomain of the site, and not the page's own."""
    found = _WHOLE_HOST(match.rule)
    if found is None or found[1] == registrable_domain(page.host):
        return False
    return not is_below(page.host, found[1])

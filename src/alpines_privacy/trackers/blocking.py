"""The decision whether a load is stopped for a visitor, by the rules and the site's policy.

The policy adds to the rules:

- Ads (rules whose `when` is "signal") are stopped only for visitors who send a signal.
- A declared third party loads for all other visitors, listed or not.
- The site's own host and domain are first party, so the lists' rules about paths do not apply: a file
  called `/js/analytics.js` is the site's. Two kinds of rules do apply: the site's own, and a list's
  rule about one whole subdomain (`||metrics.example.com^`), because lists write down so a tracker
  behind a subdomain of the site.

Nothing is cached here: `Rules` caches its own matches, once for both kinds of visitors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from alpines_privacy.http.site import registrable_domain
from alpines_privacy.http.url import Address, parse
from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.trackers.declared import DeclaredHosts
from alpines_privacy.trackers.request import LoadKind, is_below
from alpines_privacy.trackers.rules import Match, Rules

__all__ = ["Blocker", "blockers"]

# A text with neither a scheme nor an authority, whatever characters a browser drops from it.
_WITHIN = re.compile(r"/(?![/\\\t\n\r])|[A-Za-z0-9_.~%-]+(?:[/?#]|\Z)|[?#]|\Z").match
_ABSOLUTE = ("https://", "http://")
_WHOLE_HOST = re.compile(r"\|\|([a-z0-9._-]+)\^?(?:\$.*)?").fullmatch


class Blocker:
    """The decisions for visitors who opted out, or for those who did not.

    Compiled once for a policy and shared by all requests.
    """

    __slots__ = ("_declared", "_matches", "_own_lists", "opted_out")

    def __init__(self, rules: Rules, policy: PrivacyPolicy, opted_out: bool) -> None:  # noqa: FBT001 - both callers name it
        self.opted_out = opted_out
        self._matches = rules.matches
        self._own_lists = frozenset(info.name for info in rules.lists if info.is_own)
        hosts = () if opted_out else (party.host for party in policy.third_parties)
        self._declared = DeclaredHosts(hosts)

    @property
    def has_own_rules(self) -> bool:
        """Whether the policy has rules of its own, which apply to the site's own paths too."""
        return bool(self._own_lists)

    def match(
        self, url: str, page: Address, kinds: tuple[LoadKind, ...], base: Address | None = None
    ) -> Match | None:
        """Return the match that stops a load of `url`, as written in a page, field or style sheet; or None.

        It is enough that one of `kinds` is stopped. `url` is relative to `base`, or else to the page.
        """
        start = url[:2]
        if start == "//":
            url = f"{(base or page).scheme}:{url}"
        elif start != "ht" or not url.startswith(_ABSOLUTE):
            base = base or page
            if _WITHIN(url) and base.host == page.host and not self._own_lists:
                return None
            address = parse(url, base)
            if address is None:
                return None
            url = address.url
        for match in self._matches[url, page.host, kinds]:
            if self._holds(match, page):
                return match
        return None

    def _holds(self, match: Match, page: Address) -> bool:
        if match.host in self._declared or (match.when == "signal" and not self.opted_out):
            return False
        return match.is_third_party or match.list in self._own_lists or _hides(match, page)


def blockers(rules: Rules, policy: PrivacyPolicy) -> Mapping[bool, Blocker]:
    """Return a policy's two blockers, by whether the visitor opted out."""
    return MappingProxyType({opted: Blocker(rules, policy, opted) for opted in (False, True)})


def _hides(match: Match, page: Address) -> bool:
    """Tell whether a rule names one subdomain of the site, other than the page's own host."""
    found = _WHOLE_HOST(match.rule)
    if found is None or found[1] == registrable_domain(page.host):
        return False
    return not is_below(page.host, found[1])

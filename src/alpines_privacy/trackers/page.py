"""A page streams by, and whatever would load a tracker goes; ads too, from visitors who opted out.

Most tags are never read. Searched for are those that load something; the many that only may carry
a style, a `ping` or an ad are found by that (`marks.py`).
"""

from __future__ import annotations

from alpines_privacy.http.url import Address, parse
from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.trackers.blocking import Blocker
from alpines_privacy.trackers.elements import Elements
from alpines_privacy.trackers.memory import Memory, Recent, Removal
from alpines_privacy.trackers.rules import Rules
from alpines_privacy.trackers.slots import Slots

__all__ = ["Page", "Pages", "Removal"]

_MOST_HOSTS = 32
_NO_ADDRESS = Address("https://invalid/", "https", "invalid", len("https://invalid"))


class Pages:
    """What goes from pages under one policy, compiled once, for visitors of either kind."""

    def __init__(self, policy: PrivacyPolicy, rules: Rules) -> None:
        self._with_ads = Blocker(rules, policy, opted_out=False)
        self._without_ads = Blocker(rules, policy, opted_out=True)
        self._slots = Slots(policy.ad_slots)
        self._memories: Recent[tuple[str, str, bool], Memory] = Recent(_MOST_HOSTS)

    def begin(self, *, url: str, opted_out: bool, shield: bytes = b"") -> Page:
        """Begin one page at its own address."""
        del shield
        address = parse(url) or _NO_ADDRESS
        memory = self._memory(address, opted_out=opted_out)
        if opted_out:
            return Page(Elements(address, self._without_ads, self._slots, memory))
        return Page(Elements(address, self._with_ads, None, memory))

    def _memory(self, page: Address, *, opted_out: bool) -> Memory | None:
        """Return what was decided on this host's pages before, None where each path may differ."""
        if self._with_ads.has_own_rules:
            return None
        key = (page.host, page.scheme, opted_out)
        memory = self._memories.get(key)
        if memory is None:
            memory = Memory()
            self._memories.keep(key, memory)
        return memory


class Page:
    """One response: a filter for its bytes, with what it removed and which hosts the page names."""

    def __init__(self, elements: Elements) -> None:
        """Begin a page whose elements are decided on by `elements`."""
        self._elements = elements
        self._rewrite = elements.rewriter()

    @property
    def removals(self) -> list[Removal]:
        """What was removed, in the order of the page."""
        return self._elements.removals

    @property
    def named(self) -> set[str]:
        """The hosts that run code in this page or are framed by it, and are no trackers."""
        return self._elements.named

    def __call__(self, data: bytes, *, last: bool) -> bytes:
        """Take the next bytes and return what can leave now; with `last`, all that is left."""
        return self._rewrite(data, last=last)

"""A page streams by, and whatever would load a tracker goes; ads too, from visitors who opted out.

Most tags are never read. Searched for are those that load something; the many that only may carry
a style, a `ping` or an ad are searched for once a look at the bytes has found one that goes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import TypeAlias

from alpines_privacy.http.html import Rewriter, Selection
from alpines_privacy.http.html.decisions import HELD
from alpines_privacy.http.html.references import value
from alpines_privacy.http.url import Address, parse
from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.trackers.blocking import Blocker
from alpines_privacy.trackers.elements import Elements
from alpines_privacy.trackers.markup import CORE, EVERYTHING
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

    def begin(self, *, url: str, opted_out: bool, whole: bytes | None) -> Page:
        """Begin one page at its own address; `whole` are its bytes where all of them are known."""
        address = parse(url) or _NO_ADDRESS
        memory = self._memory(address, opted_out=opted_out)
        if opted_out:
            return Page(Elements(address, self._without_ads, self._slots, memory), whole)
        return Page(Elements(address, self._with_ads, None, memory), whole)

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

    def __init__(self, elements: Elements, whole: bytes | None = None) -> None:
        """Begin a page whose elements are decided on by `elements`."""
        self._elements = elements
        self._held = b""
        self._is_whole = whole is not None
        self._is_wide = whole is not None and _may_matter(elements, whole)
        elements.are_all_offered = self._is_wide
        self._rewriter = _Rewriter(EVERYTHING if self._is_wide else CORE, elements.decide)
        elements.page_inside = _inside

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
        if not self._is_whole and not self._is_wide:
            data = self._looked_at(self._held + data, last=last)
        return self._rewriter(data, last=last)

    def _looked_at(self, data: bytes, *, last: bool) -> bytes:
        """Return what can be read, and look for every tag from here on if something in it may go.

        What is read ends outside of start tags, so that each was seen as a whole.
        """
        end = len(data) if last else _outside_tags(data)
        if len(data) - end > HELD:
            end = len(data)
        if _may_matter(self._elements, data[:end]):
            self._is_wide = self._elements.are_all_offered = True
            self._rewriter.select(EVERYTHING)
            end = len(data)
        self._held = data[end:]
        return data[:end]


def _inside(elements: Elements, content: bytes) -> bytes:
    """Return a page that is an attribute's value, without what goes from it."""
    return Page(elements, content)(content, last=True)


class _Rewriter(Rewriter):
    """A rewriter that can begin to look for more tags in the middle of a page."""

    __slots__ = ()

    def select(self, selection: Selection) -> None:
        """Offer the tags of another selection from here on; for where no tag is open."""
        self._selection = selection
        self._look()


# -- Where no start tag is open

_OPENS = re.compile(rb"<(?=[a-zA-Z]|\Z)").search
_MAY_OPEN_VALUE = frozenset(b"=\t\n\f\r ")


def _outside_tags(data: bytes) -> int:
    """Return the last place where surely no start tag is open; there is none at the beginning.

    After a `>` none is, unless that stands in a quoted value; then the last quote of its kind
    before it follows a `=` or a space.
    """
    place = len(data)
    while (close := data.rfind(b">", 0, place)) >= 0:
        double, single = data.rfind(b'"', 0, close), data.rfind(b"'", 0, close)
        if double > 0 and data[double - 1] in _MAY_OPEN_VALUE:
            place = double
        elif single > 0 and data[single - 1] in _MAY_OPEN_VALUE:
            place = single
        else:
            break
    tag = _OPENS(data, close + 1)
    return tag.start() if tag else len(data)


# -- Whether tags beyond the core matter

_Values: TypeAlias = "Callable[[bytes], Iterator[re.Match[bytes]]]"
# Slashes with what browsers drop between them, other spellings, and a scheme without slashes.
_LEADS_OUT = re.compile(rb"/[\t\n\r]*+/|[\\&]|[ps][\t\n\r]*+:").search


def _values_of(name: bytes) -> _Values:
    """Return what finds an attribute's values, in bytes of lower case."""
    space = rb"[\t\n\f\r ]*+"
    quoted = (
        # In a style only functions load.
        rb""""[^"(&]*+[(&][^"]*+"|'[^'(&]*+[(&][^']*+'"""
        if name == b"style"
        else rb""""[^"]*+"|'[^']*+'"""
    )
    pattern = rb"""%b%b=%b(%b|[^\t\n\f\r >"']++)""" % (name, space, space, quoted)
    return re.compile(pattern).finditer


_CARRIERS = MappingProxyType(
    {name: _values_of(name.encode()) for name in ("style", "background", "ping", "content")}
)


_REFRESHES = re.compile(rb"""http-equiv[\t\n\f\r ]*=[\t\n\f\r ]*["']?[\t\n\f\r ]*refresh""").search


def _may_matter(elements: Elements, data: bytes) -> bool:
    """Tell whether any tag may carry what goes."""
    lower = data.lower()
    if elements.slots and elements.slots.may_be_in(lower):
        return True
    return any(
        name.encode() in lower
        and (name != "content" or (b"refresh" in lower and _REFRESHES(lower)))
        and _is_listed_in_some(elements, name, data, lower)
        for name in _CARRIERS
    )


def _is_listed_in_some(elements: Elements, name: str, data: bytes, lower: bytes) -> bool:
    """Tell whether an attribute leads to what is listed anywhere in these bytes."""
    found = [hit.span(1) for hit in _CARRIERS[name](lower)]
    if found and (elements.is_based_elsewhere or b"<base" in lower):
        return True
    return any(
        elements.is_listed_in(name, value(data[start:end]))
        for start, end in found
        if _LEADS_OUT(lower, start, end)
    )

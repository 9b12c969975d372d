"""A load a page would make, seen as filter rules see it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias, get_args

from alpines_privacy.http.cache import cached
from alpines_privacy.http.site import registrable_domain
from alpines_privacy.http.url import LONGEST_HOST, Address

__all__ = [
    "ALL_PARTIES",
    "BITS",
    "FIRST_PARTY",
    "KINDS",
    "PAGE_LOADS",
    "THIRD_PARTY",
    "LoadKind",
    "PageHost",
    "Request",
    "is_below",
    "page_on",
]

# The kinds of a load. `document` is a page of its own, `popup` a page in a new window.
LoadKind: TypeAlias = Literal[
    "script", "image", "stylesheet", "object", "xmlhttprequest", "subdocument", "ping",
    "websocket", "media", "font", "other", "document", "popup",
]  # fmt: skip
KINDS: tuple[LoadKind, ...] = get_args(LoadKind)

FIRST_PARTY, THIRD_PARTY = 1, 2
ALL_PARTIES = FIRST_PARTY | THIRD_PARTY
BITS: Mapping[str, int] = MappingProxyType({kind: 4 << index for index, kind in enumerate(KINDS)})
# The kinds that load within a page. A rule applies to the other two only if it names them.
PAGE_LOADS = sum(BITS.values()) & ~(BITS["document"] | BITS["popup"])


class PageHost(NamedTuple):
    """A page's host, its site, and the names of it that $domain= may use."""

    host: str
    site: str
    names: tuple[str, ...]


class Request:
    """A load: an address, the host of its page, and its possible kinds as a sum of `BITS`."""

    __slots__ = ("host", "host_end", "is_third_party", "kinds", "lower", "page", "party", "url")

    def __init__(self, address: Address, page_host: str, kinds: int) -> None:
        self.url, _, self.host, self.host_end = address
        self.lower = self.url.lower()
        self.page = page_on(page_host)
        self.is_third_party = _is_third_party(self.host, self.page)
        self.party = THIRD_PARTY if self.is_third_party else FIRST_PARTY
        self.kinds = kinds


def _is_third_party(host: str, page: PageHost) -> bool:
    """Tell whether a host belongs to another site than the page; an IP address is its own site."""
    if host == page.host or not is_below(host, page.site):
        return host != page.host
    return (registrable_domain(host) or host) != page.site


def is_below(host: str, domain: str) -> bool:
    """Tell whether a host is a domain or its subdomain."""
    return host.endswith(domain) and (len(host) == len(domain) or host[-len(domain) - 1] == ".")


@cached("page hosts")
def page_on(host: str) -> PageHost:
    """Describe a page's host.

    The names of `www.shop.co.uk`, the most specific first: itself, `www.shop.*`, `shop.co.uk`, `shop.*`,
    `co.uk`, `uk`. A text longer than any host has only its own name.
    """
    if len(host) > LONGEST_HOST:
        return PageHost(host, host, (host,))
    site = registrable_domain(host)
    suffix = site.partition(".")[2] if site else ""
    names, name = [], host
    while name:
        names.append(name)
        if suffix and name.endswith("." + suffix):
            names.append(name.removesuffix(suffix) + "*")
        name = name.partition(".")[2]
    return PageHost(host, site or host, tuple(names))

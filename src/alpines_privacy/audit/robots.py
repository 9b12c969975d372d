"""What a site asks of crawlers: robots.txt (RFC 9309) and its sitemaps, as far as they concern one host."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import TYPE_CHECKING

from alpines_privacy.audit.fetching.exchange import NO_ANSWER, Ask, Exchange
from alpines_privacy.audit.fetching.fetcher import AGENT, Fetcher

if TYPE_CHECKING:
    from protego import Protego

__all__ = ["Robots", "sitemap_pages"]

_LOC = re.compile(rb"<(?:[\w-]{1,20}:)?loc\s{0,20}>([^<>]{1,2000})<")
_INDEX = re.compile(rb"<(?:[\w-]{1,20}:)?sitemapindex[\s>]")
_LARGEST = 512_000  # bytes of a robots.txt: 500 KiB
_MOST_SITEMAPS = 5
_MOST_LOCATIONS = 1000  # of one sitemap
_LONGEST_DELAY = (
    10.0  # seconds between requests; a longer delay is for crawlers that come every day
)


class Robots:
    """The rules of a site's robots.txt for this crawler."""

    def __init__(self, got: Exchange | None) -> None:
        """Read the answer to a request for robots.txt; None for an app in this process, which may be asked all.

        A site that answers 4xx has no rules; one that does not answer, or with 5xx, allows nothing
        (RFC 9309 §2.3.1).
        """
        self.is_closed = got is not None and (got.status == NO_ANSWER or got.status >= 500)
        self._rules = _read(got) if got is not None and got.status == 200 else None

    def allows(self, url: str) -> bool:
        """Tell whether an address may be asked for."""
        if self.is_closed:
            return False
        return self._rules is None or bool(self._rules.can_fetch(url, AGENT))

    @property
    def delay(self) -> float:
        """The seconds to wait before each request."""
        wanted = self._rules.crawl_delay(AGENT) if self._rules else None
        return min(max(0.0, float(wanted or 0.0)), _LONGEST_DELAY)

    @property
    def sitemaps(self) -> list[str]:
        """The sitemaps it names."""
        return list(self._rules.sitemaps)[:_MOST_SITEMAPS] if self._rules else []


def _read(got: Exchange) -> Protego:
    from protego import Protego  # noqa: PLC0415 - an app in this process needs none

    return Protego.parse(_beginning(got.body).decode("utf-8", "replace"))


def _beginning(rules: bytes) -> bytes:
    """Return as much as crawlers have to read (RFC 9309 §2.5), up to the end of a line."""
    return rules if len(rules) <= _LARGEST else rules[:_LARGEST].rpartition(b"\n")[0]


def sitemap_pages(fetcher: Fetcher, robots: Robots, allows: Callable[[str], bool]) -> Iterator[str]:
    """Yield the pages of the site's sitemaps.

    They are searched for `loc`, not parsed as XML: no entity is expanded, nothing external is loaded.
    """
    left = [*robots.sitemaps, f"{fetcher.home}/sitemap.xml"]
    seen: set[str] = set()
    while left and len(seen) < _MOST_SITEMAPS:
        url = left.pop(0)
        if url in seen or not fetcher.is_here(url) or not allows(url):
            continue
        seen.add(url)
        got = fetcher.ask(Ask("GET", url))
        if got.status != 200:
            continue
        locations = list(_locations(got.body))
        if _INDEX.search(got.body[:4096]):
            left += locations
        else:
            yield from locations


def _locations(sitemap: bytes) -> Iterator[str]:
    for count, match in enumerate(_LOC.finditer(sitemap)):
        if count >= _MOST_LOCATIONS:
            return
        yield unescape(match[1].decode("utf-8", "replace")).strip()

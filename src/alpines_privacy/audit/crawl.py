"""The pages of a site that an audit visits: a bounded number of them, of as many kinds as there are."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from alpines_privacy.audit.reading.markup import Markup
from alpines_privacy.http.url import parse

__all__ = ["MISSING", "Frontier"]

MISSING = "/no-such-page-as-an-audit-asks-for"
"""A page that no site has: error pages are pages too."""

_MOST_WAITING = 5000
_MOST_OF_A_KIND = 4  # pages whose paths differ in numbers and names only
_LONGEST = 1000  # characters of an address
_FILES = re.compile(
    r"\.(?:pdf|zip|gz|tgz|bz2|xz|7z|rar|exe|dmg|deb|rpm|iso|mp[34]|m4[av]|webm|og[agv]|wav|mov|avi|png|jpe?g|gif|"
    r"webp|avif|svg|ico|css|m?js|map|woff2?|ttf|otf|csv|xlsx?|docx?|pptx?|odt|ods|epub|whl|jar|apk)\Z",
    re.IGNORECASE,
)
# What a link does that changes something, though it is asked for by GET.
_ACTS = re.compile(
    r"(?:^|[/_.-])(?:log-?_?out|sign-?_?(?:out|off)|logoff|delete|remove|unsubscribe|abmelden)(?:[/_.?-]|\Z)",
    re.IGNORECASE,
)
_TELLING = re.compile(
    r"privacy|sign-?_?up|register|join|log-?_?in|sign-?_?in|contact|account|checkout|cart|newsletter|subscribe",
    re.IGNORECASE,
)
_VARIABLE = re.compile(r"[0-9]+|[0-9a-f]{8,}|[^/]{25,}")


class _Waiting(NamedTuple):
    url: str
    depth: int


class Frontier:
    """The addresses to visit: those whose names tell of forms first, then in the order they were found.

    Of pages whose paths differ in numbers alone, or that stand below one path, a few go before, and the rest
    after all other pages: a calendar without end takes the place of none.
    """

    def __init__(self, most: int, deepest: int, may_visit: Callable[[str], bool]) -> None:
        self._most = most
        self._deepest = deepest
        self._may_visit = may_visit
        self._seen: set[str] = set()
        self._kinds: dict[str, int] = {}
        self._first: deque[_Waiting] = deque()
        self._others: deque[_Waiting] = deque()
        self._postponed: deque[_Waiting] = deque()
        self.visited = 0

    @property
    def expected(self) -> int:
        """How many pages will be visited, as far as is known."""
        waiting = len(self._first) + len(self._others) + len(self._postponed)
        return min(self._most, self.visited + waiting)

    def add(self, urls: Iterable[str], depth: int) -> None:
        """Add addresses that were found at a depth."""
        if depth > self._deepest:
            return
        for url in urls:
            plain = _plain(url)
            if (
                plain in self._seen
                or len(self._seen) >= _MOST_WAITING
                or not self._is_wanted(plain)
            ):
                continue
            self._seen.add(plain)
            queue = self._first if _TELLING.search(urlsplit(plain).path) else self._others
            queue.append(_Waiting(plain, depth))

    def follow(self, markup: Markup, depth: int) -> None:
        """Add the links of a page found at a depth."""
        self.add((link.url for link in markup.links), depth + 1)

    def __iter__(self) -> Iterator[_Waiting]:
        """Yield what to visit next, until there is nothing, or the most was visited."""
        while self.visited < self._most and (waiting := self._next()):
            self.visited += 1
            yield waiting

    def _next(self) -> _Waiting | None:
        for queue in (self._first, self._others):
            while queue:
                waiting = queue.popleft()
                kind = _kind_of(waiting.url)
                self._kinds[kind] = self._kinds.get(kind, 0) + 1
                if self._kinds[kind] <= _MOST_OF_A_KIND:
                    return waiting
                self._postponed.append(waiting)
        return self._postponed.popleft() if self._postponed else None

    def _is_wanted(self, url: str) -> bool:
        if not url or len(url) > _LONGEST:
            return False
        path = urlsplit(url).path
        return not (_FILES.search(path) or _ACTS.search(path)) and self._may_visit(url)


def _plain(url: str) -> str:
    """Return an address in normal form, without its fragment; empty for none of the web."""
    address = parse(url)
    return address.url if address and address.scheme in {"http", "https"} else ""


def _kind_of(url: str) -> str:
    """Return what pages of one kind have in common: the path without numbers and names, the query's names."""
    parts = urlsplit(url)
    path = _VARIABLE.sub("*", parts.path)
    segments = path.split("/")
    above = "/".join(segments[:-1]) if len(segments) > 2 else path
    names = sorted({pair.partition("=")[0] for pair in parts.query.split("&") if pair})[:8]
    return f"{above}?{'&'.join(names)}"

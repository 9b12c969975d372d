"""What one visit of a page showed, and the visits of one page under each signal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from alpines_privacy.audit.fetching.exchange import Exchange
from alpines_privacy.audit.fetching.fetcher import Followed
from alpines_privacy.audit.model import Evidence, Signal
from alpines_privacy.audit.reading.loads import Loads, read_loads
from alpines_privacy.audit.reading.markup import Markup, read_markup
from alpines_privacy.http.heads import HTML_TYPES, ResponseHead, media_type
from alpines_privacy.http.setcookie import SetCookie, parse
from alpines_privacy.http.sniffing import sniffed
from alpines_privacy.policy.lint import read
from alpines_privacy.policy.lint.document import Document

__all__ = ["Page", "Planted", "Visit", "path_shown", "shown_url"]

_LONGEST_NAME = 40
_LONGEST_TEXT = 300_000  # bytes of a policy
_SAFE_NAME = re.compile(r"[A-Za-z0-9_.\[\]-]+")
_LONG_NUMBER = re.compile(r"\d{5,}")


class Planted(NamedTuple):
    """A cookie that a response set (and did not delete), and the address of that response."""

    url: str
    cookie: SetCookie


@dataclass(frozen=True)
class Visit:
    """One GET of an address under a signal: the exchanges up to the response that a browser shows."""

    url: str
    signal: Signal
    followed: Followed
    now: float

    @property
    def last(self) -> Exchange:
        """The response that a browser shows."""
        return self.followed.last

    @property
    def status(self) -> int:
        """Its status; 0 for none."""
        return self.last.status

    @property
    def request(self) -> str:
        """The request, as evidence names it."""
        return self.asked("GET", self.url)

    def asked(self, method: str, url: str) -> str:
        """Return a request of this visitor's, as evidence names it."""
        said = f" ({self.signal.value})" if self.signal.opts_out else ""
        return f"{method} {path_shown(url)}{said}"

    def evidence(
        self, excerpt: str, *, url: str = "", rule: str = "", company: str = ""
    ) -> Evidence:
        """Return a piece of evidence from this visit."""
        return Evidence(self.asked("GET", url or self.url), excerpt, rule, company)

    @cached_property
    def planted(self) -> tuple[Planted, ...]:
        """The cookies that its responses set, redirects included; deletions are none."""
        return tuple(
            Planted(each.url, cookie)
            for each in self.followed.exchanges
            for line in each.values("set-cookie")
            if (cookie := parse(line)) is not None and not cookie.is_deletion(self.now)
        )

    @cached_property
    def is_page(self) -> bool:
        """Whether the last response is HTML, by its type or by its first bytes."""
        kind = media_type(self.last.value("content-type"))
        if not kind:
            kind = sniffed(ResponseHead(self.status, list(self.last.fields)), self.last.body)
        return kind in HTML_TYPES

    @cached_property
    def markup(self) -> Markup:
        """What the page holds; of a response that is no page, nothing."""
        url = self.last.url
        return read_markup(self.last.body, url) if self.is_page else Markup(url)

    @cached_property
    def document(self) -> Document:
        """The text of the page by its structure, as far as a policy's text goes."""
        return read(self.last.body[:_LONGEST_TEXT].decode("utf-8", "replace"))

    @cached_property
    def loads(self) -> Loads:
        """What the page names on other hosts to load from."""
        return read_loads(self.last.body, self.last.url) if self.is_page else Loads(())


class Page(NamedTuple):
    """An address, and its visits by signal; the visit without one is always there.

    `again` is a second visit without one, of a page whose visits differ: what differs between these two is chance.
    """

    url: str
    visits: Mapping[Signal, Visit]
    again: Visit | None = None

    @property
    def plain(self) -> Visit:
        """The visit without a signal."""
        return self.visits[Signal.NONE]

    @property
    def opted_out(self) -> Iterator[Visit]:
        """The visits with a signal."""
        return (visit for signal, visit in self.visits.items() if signal.opts_out)


def path_shown(url: str) -> str:
    """Return an address on the site as evidence shows it: its path, and the names in its query."""
    parts = urlsplit(url)
    query = "&".join(_names(parts.query))
    path = "/".join(map(_segment, parts.path.split("/"))) or "/"
    return f"{path}?{query}" if query else path


def _segment(segment: str) -> str:
    """Return a path's segment without what may be a visitor's: an address, a long number."""
    if "@" in segment or "%40" in segment:
        return "…"
    return _LONG_NUMBER.sub("…", segment)


def shown_url(url: str) -> str:
    """Return any address as evidence shows it: without credentials, and of its query the names alone."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{path_shown(url)}"


def _names(query: str) -> Iterator[str]:
    for name, _ in parse_qsl(query, keep_blank_values=True):
        is_name = len(name) <= _LONGEST_NAME and _SAFE_NAME.fullmatch(name)
        yield f"{name}=…" if is_name else "…"

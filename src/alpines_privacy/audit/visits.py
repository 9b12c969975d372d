"""What one visit of a page showed, and the visits of one page under each signal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple
from urllib.parse import SplitResult, unquote_plus, urlsplit

from alpines_privacy.audit.fetching.exchange import Exchange
from alpines_privacy.audit.fetching.fetcher import Followed
from alpines_privacy.audit.model import Evidence, Signal
from alpines_privacy.audit.reading.loads import Loads, read_loads
from alpines_privacy.audit.reading.markup import Markup, read_markup
from alpines_privacy.http.charset import is_ascii_compatible
from alpines_privacy.http.heads import HTML_TYPES, XHTML, XML_TYPES, ResponseHead, media_type
from alpines_privacy.http.setcookie import SetCookie, parse
from alpines_privacy.http.sniffing import sniffed
from alpines_privacy.policy.lint import read
from alpines_privacy.policy.lint.document import Document
from alpines_privacy.redaction.kinds.randomness import surprise

__all__ = ["Page", "Planted", "Visit", "names_in", "path_shown", "shown_name", "shown_url"]

_LONGEST_NAME = 40
_LONGEST_TEXT = 300_000  # bytes of a policy
_SAFE_NAME = re.compile(r"[A-Za-z0-9_.\[\]-]+")
_UNSHOWN = range(300, 400)  # redirects: browsers show nothing of them, also of the last of too many
_PRESCANNED = 1024  # bytes in which browsers look for an encoding (HTML §13.2.3.2)
_LONG_NUMBER = re.compile(r"\d{5,}")
_WORD = re.compile(r"[0-9A-Za-z_-]{8,}")
_RUN = re.compile(r"[0-9A-Za-z]+")
# A UUID (RFC 9562 §4) or another number of 64 bits or more.
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{16,}|[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
_RANDOM = 15.0  # bits; names have fewer than none, 12 random letters and digits about 30
_UNREADABLE = SplitResult("", "", "…", "", "")


class Planted(NamedTuple):
    """A cookie that a response set (and did not delete), and the address of that response."""

    url: str
    cookie: SetCookie

    @property
    def name(self) -> str:
        """Its name as evidence shows it."""
        return shown_name(self.cookie.name)


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
    def _kind(self) -> str:
        """The media type by which a browser reads the last response."""
        kind = media_type(self.last.value("content-type"))
        if kind and kind not in XML_TYPES:
            return kind
        return sniffed(ResponseHead(self.status, list(self.last.fields)), self.last.body)

    @property
    def is_page(self) -> bool:
        """Whether the last response is HTML, by its type or by its first bytes."""
        return self._kind in HTML_TYPES

    @property
    def _is_xml(self) -> bool:
        return self._kind == XHTML

    @cached_property
    def unread(self) -> str:
        """Why its page was not read whole, as a browser would have; empty for one that was, and for what is no page."""
        if not self.status or not self.is_page or self.status in _UNSHOWN:
            return ""
        if self.last.error:
            return self.last.error
        if self.last.is_cut:
            return "it is longer than is read, or slower"
        kind = self.last.value("content-type")
        if not is_ascii_compatible(kind, self.last.body[:_PRESCANNED]):
            return "its encoding is not read"
        return ""

    @cached_property
    def markup(self) -> Markup:
        """What the page holds; of a response that is no page, nothing."""
        url = self.last.url
        if not self.is_page:
            return Markup(url)
        return read_markup(self.last.body, url, is_xml=self._is_xml)

    @cached_property
    def document(self) -> Document:
        """The text of the page by its structure, as far as a policy's text goes."""
        return read(self.last.body[:_LONGEST_TEXT].decode("utf-8", "replace"))

    @property
    def is_long_document(self) -> bool:
        """Whether the page is longer than is read of a policy's text."""
        return len(self.last.body) > _LONGEST_TEXT

    @cached_property
    def loads(self) -> Loads:
        """What the page names on other hosts to load from."""
        if not self.is_page:
            return Loads(())
        return read_loads(self.last.body, self.last.url, is_xml=self._is_xml)


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
    parts = _parts(url)
    query = "&".join(f"{name}=…" if name else "…" for name in names_in(parts.query))
    path = "/".join(map(shown_name, parts.path.split("/"))) or "/"
    return f"{path}?{query}" if query else path


def shown_name(name: str) -> str:
    """Return a name, or a path's segment, without what may be a visitor's: an address, a long number, a token."""
    if "@" in name or "%40" in name:
        return "…"
    return _LONG_NUMBER.sub("…", _WORD.sub(_without_token, name))


def _without_token(word: re.Match[str]) -> str:
    """Return a word without what is random in it; a token may have signs within it."""
    text = _HEXADECIMAL.sub("…", word[0])
    if sum(map(surprise, _RUN.findall(text))) >= _RANDOM:
        return "…"
    return _RUN.sub(lambda run: "…" if surprise(run[0]) >= _RANDOM else run[0], text)


def _parts(url: str) -> SplitResult:
    """Return the parts of an address; a script can name one that Python's parser refuses."""
    try:
        return urlsplit(url)
    except ValueError:
        return _UNREADABLE


def shown_url(url: str) -> str:
    """Return any address as evidence shows it: without credentials, and of its query the names alone."""
    parts = _parts(url)
    if parts is _UNREADABLE:
        return parts.path
    return f"{parts.scheme}://{parts.hostname or ''}{path_shown(url)}"


def names_in(query: str) -> Iterator[str]:
    """Yield the names in a query as evidence shows them; empty for what may be a value, as all without `=`."""
    for pair in filter(None, query.split("&")):
        name, equals, _ = pair.partition("=")
        name = unquote_plus(name)
        is_name = equals and len(name) <= _LONGEST_NAME and _SAFE_NAME.fullmatch(name)
        yield shown_name(name) if is_name else ""

"""The visitor of an audit: one page under one signal, its redirects on the site followed by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx

from alpines_privacy import __version__
from alpines_privacy.audit.fetching.exchange import NO_ANSWER, Ask, Bounds, Exchange, exchange
from alpines_privacy.audit.model import Signal
from alpines_privacy.http.heads import Field
from alpines_privacy.http.url import parse
from alpines_privacy.testing.jar import CookieJar

__all__ = ["AGENT", "Fetcher", "Followed", "Session", "agent"]

AGENT = "alpines-privacy-audit"
"""The product token, as robots.txt names it."""

_MOST_REDIRECTS = 10
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SAFE = frozenset({"GET", "HEAD"})
_KEEPS_METHOD = frozenset({HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT})
_ACCEPT = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"


def agent() -> str:
    """Return the User-Agent: a browser's form, since sites answer others with other pages."""
    return f"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) {AGENT}/{__version__} Firefox/140.0"


class Followed(NamedTuple):
    """The exchanges of one visit: redirects on the site, and the response at their end.

    `away` is the address of another host to which the last one leads.
    """

    exchanges: tuple[Exchange, ...]
    away: str = ""

    @property
    def last(self) -> Exchange:
        """The response that a browser would show."""
        return self.exchanges[-1]


class Session:
    """One visitor: a signal and a cookie jar, on one site."""

    def __init__(self, home: str, signal: Signal, cookies: Iterable[Field] = ()) -> None:
        self.signal = signal
        self.jar = CookieJar(home)
        secure = "; Secure" if home.startswith("https:") else ""  # those of a login, above all
        for name, value in cookies:
            self.jar.receive(f"{name}={value}; Path=/{secure}", home)

    def fields(self, url: str) -> list[Field]:
        """Return the fields that this visitor sends: the signal and cookies."""
        sent = self.jar.header(url)
        return [*self.signal.fields, *([("Cookie", sent)] if sent else [])]

    def receive(self, got: Exchange) -> None:
        """Keep the cookies of a response as a browser does."""
        for line in got.values("set-cookie"):
            self.jar.receive(line, got.url)


class Fetcher:
    """Sends requests within bounds; follows redirects on the one host."""

    def __init__(self, transport: httpx.BaseTransport, home: str, bounds: Bounds) -> None:
        """`home` is the site's origin; `transport` may lead to it alone."""
        self.home = home
        address = parse(home)
        self.host = address.host if address else ""
        self._transport = transport
        self._bounds = bounds
        self.before: Callable[[], object] = lambda: None  # waits, where a site asks for it

    def close(self) -> None:
        """Close what the transport holds."""
        self._transport.close()

    def ask(self, ask: Ask, session: Session | None = None) -> Exchange:
        """Send one request as a visitor; no redirect is followed, and none goes to another host.

        Of a site over https nothing is sent over http but questions: no form, and so no password.
        """
        if why := self._refusal(ask):
            return Exchange(ask.url, NO_ANSWER, error=why)
        own: dict[str, str] = {
            "User-Agent": agent(),
            "Accept": _ACCEPT,
            "Accept-Language": "en",
            "Accept-Encoding": "identity",
        }
        fields = session.fields(ask.url) if session else []
        if ask.method != "GET":
            fields += [("Origin", _origin(ask.url)), ("Referer", ask.url)]
        self.before()
        got = exchange(
            self._transport, ask._replace(fields=_merged(own, (*fields, *ask.fields))), self._bounds
        )
        if session:
            session.receive(got)
        return got

    def get(self, url: str, session: Session, fields: Iterable[Field] = ()) -> Followed:
        """Visit an address, and follow redirects on the site."""
        return self.follow(Ask("GET", url, tuple(fields)), session)

    def follow(self, ask: Ask, session: Session) -> Followed:
        """Send a request, and follow the redirects of its response that stay on the site."""
        exchanges: list[Exchange] = []
        for _ in range(_MOST_REDIRECTS + 1):
            got = self.ask(ask, session)
            exchanges.append(got)
            target = target_of(got)
            if not target:
                return Followed(tuple(exchanges))
            if not self.is_here(target):
                return Followed(tuple(exchanges), target)
            exchanges[-1] = got._replace(body=b"")  # nobody sees a redirect's page
            ask = _next(ask, got.status, target)
        last = exchanges[-1]
        exchanges[-1] = last._replace(error=f"more than {_MOST_REDIRECTS} redirects")
        return Followed(tuple(exchanges))

    def _refusal(self, ask: Ask) -> str:
        if not self.is_here(ask.url):
            return f"not sent: another host than {self.host}"
        is_open = self.home.startswith("https:") and ask.url.startswith("http:")
        return "not sent: a form over http" if is_open and ask.method not in _SAFE else ""

    def is_here(self, url: str) -> bool:
        """Tell whether an address is on the host that is audited, over http or https."""
        address = parse(url)
        return (
            address is not None
            and address.scheme in {"http", "https"}
            and address.host == self.host
            and (_port(url) in {None, _port(self.home)})
        )


def target_of(got: Exchange) -> str:
    """Return where a redirect leads, as an absolute address; empty for other responses."""
    if got.status not in _REDIRECTS or not (locations := got.values("location")):
        return ""
    address = parse(locations[0], parse(got.url))
    return address.url if address else ""


def _next(ask: Ask, status: int, target: str) -> Ask:
    if status in _KEEPS_METHOD:
        return ask._replace(url=target)
    return Ask("GET", target)


def _merged(own: Mapping[str, str], fields: Iterable[Field]) -> tuple[Field, ...]:
    """Return fields where those given go before the visitor's own."""
    given = tuple(fields)
    names = {name.lower() for name, _ in given}
    return (*((n, v) for n, v in own.items() if n.lower() not in names), *given)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _port(url: str) -> int | None:
    try:
        return httpx.URL(url).port
    except httpx.InvalidURL:
        return -1

"""Which servers an audit may ask: those of the site that is named, and of no other host."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Self
from urllib.parse import urlsplit

__all__ = ["Scope", "Server"]

_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
_USUAL = frozenset({80, 443})


class Server(NamedTuple):
    """Who is asked for a URL: `scheme` is `http` or `https`, `host` in lower case without brackets."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Self:
        """Return the server of an absolute http, https, ws or wss URL; raises ValueError for others."""
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError(f"{url!r} is no address of a web server")
        scheme = "https" if parts.scheme in {"https", "wss"} else "http"
        return cls(scheme, parts.hostname.rstrip("."), parts.port or _PORTS[scheme])

    @property
    def origin(self) -> str:
        """The origin, as browsers write it: without a port that is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + (
            "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        )


class Scope(NamedTuple):
    """The named site's server, and hosts of the operator's own that may be asked too.

    `address` is where an app is served for the time of the audit; the site's name then leads there.
    """

    site: Server
    hosts: frozenset[str] = frozenset()
    address: tuple[str, int] | None = None

    @classmethod
    def of(
        cls, url: str, hosts: Iterable[str] = (), address: tuple[str, int] | None = None
    ) -> Self:
        """Return the scope of an audit that begins at `url`; raises ValueError for no http address."""
        return cls(Server.of(url), frozenset(host.lower() for host in hosts), address)

    def allows(self, server: Server) -> bool:
        """Tell whether a server may be asked: the site's, by http and https on the usual ports."""
        if server.host == self.site.host:
            return server.port == self.site.port or {server.port, self.site.port} <= _USUAL
        return server.host in self.hosts and server.port in _USUAL

"""The site's servers: every variant of it under a registrable domain of its own, on https and http."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import uvicorn
from a2wsgi import WSGIMiddleware

from alpines_privacy import PrivacyPolicy, protect
from tests.browser import fastapi_site, flask_site

__all__ = ["DECLARED", "SITES", "Framework", "Loads", "Site", "Sites", "serve"]

Framework = Literal["flask", "fastapi"]
Loads = Literal["listed", "declared"]

DECLARED = (
    ("js.stripe.com", "Takes payments"),
    ("cdn.jsdelivr.net", "Style sheets"),
    ("widget.chat-vendor.example", "Chat"),
    ("widget.intercom.io", "Support"),
    ("js.intercomcdn.com", "Support"),
    ("api-iam.intercom.io", "Support"),
    ("www.google.com", "Captcha"),
    ("www.gstatic.com", "Captcha"),
)


@dataclass(frozen=True)
class Site:
    """A framework's app and what protects it: nothing, or a policy with this kind of `loads`.

    With `declares`, the policy declares the third parties the controls need.
    """

    framework: Framework
    loads: Loads | None = None
    declares: bool = False

    @property
    def domain(self) -> str:
        """Its registrable domain."""
        words = [self.framework, self.loads or "bare", "controls" if self.declares else "shop"]
        return f"{'-'.join(words)}.example"

    @property
    def host(self) -> str:
        """Where its pages are."""
        return f"www.{self.domain}"

    def policy(self) -> PrivacyPolicy | None:
        """Return what protects it."""
        if self.loads is None:
            return None
        declared = DECLARED if self.declares else ()
        return PrivacyPolicy.from_mapping(
            {
                "loads": self.loads,
                "third_parties": [{"host": host, "purpose": purpose} for host, purpose in declared],
            }
        )


_FRAMEWORKS: tuple[Framework, ...] = ("flask", "fastapi")
_LOADS: tuple[Loads | None, ...] = (None, "listed", "declared")

SITES = tuple(
    Site(framework, loads, declares)
    for framework in _FRAMEWORKS
    for loads in _LOADS
    for declares in (False, True)
)

_MAKE: Mapping[Framework, Callable[[str], Any]] = {
    "flask": flask_site.make,
    "fastapi": fastapi_site.make,
}


class Sites:
    """An ASGI app that is every site, by the host asked for; each is made when first asked for."""

    def __init__(self) -> None:
        self.https_port = self.http_port = 0
        self._sites = {site.host: site for site in SITES}
        self._served: dict[str, Any] = {}
        self._apps: dict[Site, Any] = {}

    def app(self, site: Site) -> Any:
        """Return the framework's app of a site, protected as its policy says."""
        if site not in self._apps:
            app = _MAKE[site.framework](site.domain)
            policy = site.policy()
            self._apps[site] = app if policy is None else protect(app, policy)
        return self._apps[site]

    def asked(self, site: Site) -> list[str | None]:
        """Return the `If-None-Match` of each request for a cached page, as the app saw them."""
        app = self.app(site)
        found: list[str | None] = (
            app.config["ASKED"] if site.framework == "flask" else app.state.asked
        )
        return found

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Hand a request to its site."""
        host = dict(scope["headers"])[b"host"].decode().partition(":")[0]
        if host not in self._served:
            site = self._sites[host]
            app = self.app(site)
            self._served[host] = WSGIMiddleware(app) if site.framework == "flask" else app
        await self._served[host](scope, receive, send)


@contextmanager
def serve(cert: Path, key: Path) -> Iterator[Sites]:
    """Serve all sites for as long as the block lasts."""
    sites = Sites()
    tls = {"ssl_certfile": str(cert), "ssl_keyfile": str(key)}
    with _server(sites, **tls) as sites.https_port, _server(sites) as sites.http_port:
        yield sites


@contextmanager
def _server(app: Sites, **options: Any) -> Iterator[int]:
    """Run uvicorn on a port that listens before its thread has started, so nobody has to wait."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            lifespan="off",
            log_level="critical",
            ws="websockets-sansio",
            timeout_graceful_shutdown=1,
            **options,
        )
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        listener.close()

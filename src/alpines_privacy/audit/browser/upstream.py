"""Requests that the gate passes on to the site, and the only code of the audit's browser that connects to a server."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence

import httpx

from alpines_privacy.audit.browser.scope import Scope, Server

__all__ = ["Upstream"]

Fields = Sequence[tuple[bytes, bytes]]

_TIMEOUT = httpx.Timeout(30.0)  # a page's own bound comes first
_POOL = httpx.Limits(max_connections=64, max_keepalive_connections=16)


class Upstream:
    """The site's servers. Every call raises PermissionError for a server outside the scope."""

    def __init__(self, scope: Scope, tls: ssl.SSLContext | None = None) -> None:
        """`tls` is how the site's certificate is verified; by default with the system's authorities."""
        self._scope = scope
        self._tls = tls or ssl.create_default_context()
        self._transport = httpx.AsyncHTTPTransport(
            verify=self._tls, limits=_POOL, trust_env=False, http2=False
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.aclose()

    async def ask(
        self, server: Server, method: str, target: bytes, fields: Fields, body: bytes
    ) -> httpx.Response:
        """Send a request as it is; the response's body is still to be read, and to be closed."""
        scheme, host, port = self._place(server)
        request = httpx.Request(
            method,
            httpx.URL(scheme=scheme, host=host, port=port, path="/"),
            headers=list(fields),
            content=body,
            extensions={
                "target": target,
                "sni_hostname": server.host,
                "timeout": _TIMEOUT.as_dict(),
            },
        )
        return await self._transport.handle_async_request(request)

    async def connect(self, server: Server) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection, for a websocket."""
        scheme, host, port = self._place(server)
        if scheme == "http":
            return await asyncio.open_connection(host, port)
        return await asyncio.open_connection(host, port, ssl=self._tls, server_hostname=server.host)

    def _place(self, server: Server) -> Server:
        """Return what to connect to: the server, or where the app is served for the audit."""
        if not self._scope.allows(server):
            raise PermissionError(f"{server.host} is not the site that is audited")
        if self._scope.address is None or server.host != self._scope.site.host:
            return server
        return Server("http", *self._scope.address)

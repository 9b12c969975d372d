"""The transport to a URL: one host over http and https, and no other."""

from __future__ import annotations

import asyncio

import httpx

from alpines_privacy.audit.fetching.exchange import Bounds, Chunks, Refused
from alpines_privacy.audit.fetching.names import look_up_once
from alpines_privacy.testing.loop import PrivateLoop

__all__ = ["OneHost"]

_BOUNDS = Bounds(2_000_000, 60.0)


class OneHost(httpx.BaseTransport):
    """Sends requests to the host that was named, and refuses all others before any look-up of a name.

    No proxy of the environment is used: it would be another host. The ports are those of the URL, and the two
    of http and https, which the redirect between them needs. The bounds of a request hold for all of its
    response: a server that sends a byte now and then does not keep the audit. The host's name is looked up once.
    """

    def __init__(self, url: str, concurrency: int = 4) -> None:
        named = httpx.URL(url)
        self._host = named.raw_host  # httpx shows `host` in Unicode
        self._ports = {named.port, None, 80, 443}
        self._loop = PrivateLoop()
        self._loop.run(_prepared())
        self._inner = httpx.AsyncHTTPTransport(
            limits=httpx.Limits(max_connections=concurrency), trust_env=False
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; raises `Refused` for one to another host, and httpx's errors and TimeoutError."""
        url = request.url
        if url.raw_host != self._host or url.port not in self._ports:
            raise Refused(f"{url.host} is not the host that was named")
        return self._loop.run(self._exchange(request))

    def close(self) -> None:
        """Close the connections."""
        try:
            self._loop.run(self._inner.aclose())
        finally:
            self._loop.close()

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        bounds: Bounds = request.extensions.get("bounds", _BOUNDS)
        response: httpx.Response | None = None
        chunks: list[bytes] = []
        try:
            async with asyncio.timeout(bounds.seconds):
                response = await self._inner.handle_async_request(request)
                await _collect(response, bounds.size, chunks)
        except TimeoutError:
            if response is None:
                raise
        finally:
            if response is not None:
                await response.aclose()
        return httpx.Response(
            response.status_code, headers=response.headers.raw, stream=Chunks(chunks)
        )


async def _prepared() -> None:
    look_up_once(asyncio.get_running_loop())


async def _collect(response: httpx.Response, most: int, chunks: list[bytes]) -> None:
    """Read a body, as it comes, up to one byte more than `most`."""
    size = 0
    assert isinstance(response.stream, httpx.AsyncByteStream)
    async for chunk in response.stream:
        chunks.append(chunk)
        size += len(chunk)
        if size > most:
            return

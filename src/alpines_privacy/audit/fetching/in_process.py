"""Transports to an app in this process, WSGI or ASGI."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast
from wsgiref.types import WSGIApplication, WSGIEnvironment

import httpx

from alpines_privacy.asgi import ASGIApp, Message, Scope
from alpines_privacy.audit.fetching.exchange import Bounds, Chunks
from alpines_privacy.interface import is_asgi
from alpines_privacy.testing.environ import environ_of
from alpines_privacy.testing.lifespan import Lifespan
from alpines_privacy.testing.loop import PrivateLoop, apart

__all__ = ["ADDRESS", "AsgiTransport", "WsgiTransport", "transport_to"]

ADDRESS = "203.0.113.77"
"""The visitor's address (RFC 5737: nobody's)."""

_BOUNDS = Bounds(2_000_000, 60.0)
_PORT = 50000
_MOMENT = 1.0  # seconds in which an app ends that is stopped


def transport_to(app: Any) -> AsgiTransport | WsgiTransport:
    """Return a transport to an app; raises TypeError for an object that is none."""
    return AsgiTransport(app) if is_asgi(app) else WsgiTransport(app)


class WsgiTransport(httpx.BaseTransport):
    """Calls a WSGI app (PEP 3333), with no context variable set."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the app's iterable is closed when enough of the body has come.

        An app that raises has answered 500, as servers do.
        """
        request.headers["x-forwarded-proto"] = request.url.scheme
        return apart(self._exchange, request)

    def _exchange(self, request: httpx.Request) -> httpx.Response:
        response = _Started()
        bounds: Bounds = request.extensions.get("bounds", _BOUNDS)
        with suppress(Exception, SystemExit):
            response.take(self._app, environ_of(request, request.read(), ADDRESS), bounds)
        return response.made()


class _Started:
    """The response that an app makes with `start_response`, `write()` and its iterable."""

    def __init__(self) -> None:
        self._status = 500
        self._fields: list[tuple[str, str]] = []
        self._chunks: list[bytes] = []
        self._left, self._deadline = 0, 0.0

    def take(self, app: WSGIApplication, environ: WSGIEnvironment, bounds: Bounds) -> None:
        """Run the app, and take its body within bounds."""
        self._left, self._deadline = bounds.size, time.monotonic() + bounds.seconds
        iterable = app(environ, self._start)
        try:
            for chunk in iterable:
                self._write(chunk)
        finally:
            close: Callable[[], object] | None = getattr(iterable, "close", None)
            if close is not None:
                close()

    def made(self) -> httpx.Response:
        """Return the response."""
        fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self._fields]
        return httpx.Response(self._status, headers=fields, stream=Chunks(self._chunks))

    def _start(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None, /
    ) -> Callable[[bytes], object]:
        del exc_info
        self._status, self._fields = int(status.partition(" ")[0]), list(headers)
        return self._write

    def _write(self, data: bytes) -> None:
        """Take a chunk; raises `_HungUp` after the last that is wanted."""
        self._chunks.append(data)
        self._left -= len(data)
        if self._left < 0 or time.monotonic() > self._deadline:
            raise _HungUp


class AsgiTransport(httpx.BaseTransport):
    """Runs an ASGI app on a loop of its own; its lifespan lasts as long as the transport."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._loop = PrivateLoop()
        self._lifespan = Lifespan()
        try:
            self._loop.run(self._lifespan.start(app))
        except BaseException:
            self._loop.close()
            raise

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the app is stopped when enough of its response has come, or after the timeout."""
        bounds: Bounds = request.extensions.get("bounds", _BOUNDS)
        exchange = _Exchange(request.read(), bounds.size)
        self._loop.run(exchange.run(self._app, self._scope(request), bounds.seconds))
        return exchange.response()

    def close(self) -> None:
        """End the app and its loop; what was seen counts, however the app ends."""
        with suppress(Exception):
            self._loop.run(self._lifespan.end())
        self._loop.close()

    def _scope(self, request: httpx.Request) -> Scope:
        url = request.url
        path, _, query = url.raw_path.partition(b"?")
        fields = [(name.lower(), value) for name, value in request.headers.raw]
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": [*fields, (b"x-forwarded-proto", url.scheme.encode())],
            "client": (ADDRESS, _PORT),
            "server": (url.host, url.port or (443 if url.scheme == "https" else 80)),
            "extensions": {},
        }
        if self._lifespan.supported:
            scope["state"] = self._lifespan.state.copy()
        return scope


class _HungUp(OSError):  # noqa: N818 - it is what the visitor did
    """The visitor has left; `send` raises this from then on (ASGI HTTP 2.4)."""


class _Exchange:
    """One request to an ASGI app, and the beginning of its response."""

    def __init__(self, body: bytes, most: int) -> None:
        self._most = most
        self._body: Iterator[Message] = iter(
            [{"type": "http.request", "body": body, "more_body": False}]
        )
        self._over = asyncio.Event()
        self._start: Message | None = None
        self._chunks: list[bytes] = []
        self._size = 0
        self._timed_out = False

    async def run(self, app: ASGIApp, scope: Scope, seconds: float) -> None:
        """Run the app until it ends, has sent enough, or has had its time."""
        task = asyncio.ensure_future(cast("Any", app(scope, self._receive, self._send)))
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            self._timed_out = True
            task.cancel()
            await asyncio.wait({task}, timeout=_MOMENT)
        if task.done() and not task.cancelled():
            task.exception()  # seen; asyncio would log it

    def response(self) -> httpx.Response:
        """Return the response; that of an app that made none is a 500, as servers send it.

        Raises TimeoutError for an app that has not answered in time.
        """
        if self._start is None and self._timed_out:
            raise TimeoutError("the app did not answer in time")
        if self._start is None:
            return httpx.Response(500, stream=Chunks([]))
        headers = [(bytes(name), bytes(value)) for name, value in self._start.get("headers") or ()]
        return httpx.Response(self._start["status"], headers=headers, stream=Chunks(self._chunks))

    async def _receive(self) -> Message:
        for message in self._body:
            return message
        await self._over.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        await asyncio.sleep(0)  # an app that sends on and on does not stop the loop
        if self._size > self._most:
            self._over.set()
            raise _HungUp
        kind = message["type"]
        if kind == "http.response.start":
            self._start = message
        elif kind == "http.response.body":
            self._take(bytes(message.get("body", b"")))
            if not message.get("more_body", False):
                self._over.set()
        elif kind == "http.response.pathsend":
            self._take(_beginning(Path(message["path"]), self._most + 1))
            self._over.set()

    def _take(self, data: bytes) -> None:
        self._chunks.append(data)
        self._size += len(data)


def _beginning(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        return file.read(size)

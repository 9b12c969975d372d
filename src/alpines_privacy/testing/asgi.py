"""A visitor's requests to an ASGI app, as a server makes them (ASGI 3, HTTP 2.4)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import httpx2

from alpines_privacy.asgi import ASGIApp, Message, Scope
from alpines_privacy.http.heads import Field
from alpines_privacy.testing.environ import Body, port_of
from alpines_privacy.testing.lifespan import Lifespan
from alpines_privacy.testing.loop import PrivateLoop, apart_from
from alpines_privacy.testing.messages import (
    HungUp,
    Leaving,
    body_of,
    fields_of,
    octets,
    stems_from_hanging_up,
)
from alpines_privacy.testing.response import Headers, Response
from alpines_privacy.testing.websocket import AsyncWebSocket, Session, WebSocket

__all__ = ["ASGITransport"]


class ASGITransport(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Runs an ASGI app: on a loop of its own, in a thread, or awaited, on the test's loop in a task.

    In neither is any of the test's context variables set. As a context manager it runs the app's lifespan too.
    """

    def __init__(self, app: ASGIApp, options: Mapping[str, Any]) -> None:
        self._app = app
        self._raises: bool = options["raise_app_exceptions"]
        self._address: str = options["address"]
        self._extensions: Mapping[str, Any] = options["extensions"] or {}
        self._lifespan: Lifespan | None = None
        self._loop = PrivateLoop()

    def handle_request(self, request: httpx2.Request) -> Response:
        """Send one request to the app and return its response."""
        return self._loop.run(self._exchange(request))

    async def handle_async_request(self, request: httpx2.Request) -> Response:
        """Send one request to the app and return its response."""
        return await apart_from(self._exchange(request))

    def connect(self, request: httpx2.Request, subprotocols: list[str]) -> WebSocket:
        """Ask the app for a websocket; return the outcome of the handshake."""
        session, answer = self._loop.run(self._open(request, subprotocols))
        return WebSocket(session, answer, self._loop)

    async def aconnect(self, request: httpx2.Request, subprotocols: list[str]) -> AsyncWebSocket:
        """Ask the app for a websocket; return the outcome of the handshake."""
        return AsyncWebSocket(*await apart_from(self._open(request, subprotocols)))

    def __enter__(self) -> Self:
        try:
            self._loop.run(self._start())
        except BaseException:
            self._loop.close()
            raise
        return self

    async def __aenter__(self) -> Self:
        await apart_from(self._start())
        return self

    def close(self) -> None:
        """End the app, if it was started, and its loop."""
        try:
            self._loop.run(self._end())
        finally:
            self._loop.close()

    async def aclose(self) -> None:
        """End the app, if it was started."""
        await apart_from(self._end())

    async def _start(self) -> None:
        lifespan = Lifespan()
        await lifespan.start(self._app)
        self._lifespan = lifespan

    async def _end(self) -> None:
        lifespan, self._lifespan = self._lifespan, None
        if lifespan is not None:
            await lifespan.end()

    async def _exchange(self, request: httpx2.Request) -> Response:
        """Send one request; return its response after the app and its tasks have ended."""
        exchange = _Exchange(request, body_of(request))
        return await exchange.run(self._app, self._scope(request, "http"), raises=self._raises)

    async def _open(
        self, request: httpx2.Request, subprotocols: list[str]
    ) -> tuple[Session, Message]:
        """Ask for a websocket; return the session and the app's answer."""
        scope = self._scope(request, "websocket")
        scope["subprotocols"] = subprotocols
        scope["extensions"].setdefault("websocket.http.response", {})
        session = Session(request, raises=self._raises)
        return session, await session.open(self._app, scope)

    def _scope(self, request: httpx2.Request, kind: str) -> Scope:
        url = request.url
        path, _, query = url.raw_path.partition(b"?")
        scope: Scope = {
            "type": kind,
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": url.scheme if kind == "http" else url.scheme.replace("http", "ws"),
            "path": url.path,
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "client": (self._address, 50000),
            "server": (url.raw_host.decode("ascii"), port_of(url)),
            "extensions": dict(self._extensions),
        }
        if kind == "http":
            scope["method"] = request.method
        if self._lifespan is not None and self._lifespan.supported:
            scope["state"] = self._lifespan.state.copy()
        return scope


class _Exchange:
    """One request and the messages of its response."""

    def __init__(self, request: httpx2.Request, body: Body) -> None:
        self._request = request
        self._body = _unread(body)
        self._leaving = Leaving(request)
        self._over = asyncio.Event()
        self._hung_up = False
        self._start: Message | None = None
        self._expects_trailers = False
        self._chunks: list[bytes] = []
        self._trailers: list[Field] = []
        self._links: list[list[str]] = []
        self._messages: list[dict[str, Any]] = []

    async def run(self, app: ASGIApp, scope: Scope, *, raises: bool) -> Response:
        """Run the app to its end, background tasks included."""
        try:
            async with asyncio.timeout(self._leaving.seconds) as limit:
                await app(scope, self._receive, self._send)
            self._check_completeness()
        except Exception as error:
            if limit.expired():
                raise self._leaving.late() from None
            self._leaving.check()
            if raises and not (self._hung_up and stems_from_hanging_up(error)):
                raise
        self._leaving.check()
        return self._response()

    def _check_completeness(self) -> None:
        if self._start is None:
            raise RuntimeError("The app ended without a response")
        if not self._over.is_set():
            raise RuntimeError("The app ended before its response was complete")

    async def _receive(self) -> Message:
        body, more = self._body, False
        if body is None:
            await self._over.wait()
            return {"type": "http.disconnect"}
        if not isinstance(body, bytes):
            piece = next(body, None) if isinstance(body, Iterator) else await anext(body, None)
            more, body = piece is not None, piece or b""
        if not more:
            self._body = None
        return {"type": "http.request", "body": body, "more_body": more}

    async def _send(self, message: Message) -> None:
        if self._hung_up:
            await asyncio.sleep(0)  # an app that sends on and on does not stop the loop
            raise HungUp("The visitor has hung up")
        self._messages.append(dict(message))
        if not message.get("body"):
            self._hung_up = self._leaving.after(b"")
        take = _TAKES.get(message["type"])
        if take is not None:
            take(self, message)

    def take_start(self, message: Message) -> None:
        """Take the head."""
        if self._start is not None:
            raise RuntimeError("The app sent a second http.response.start")
        if not isinstance(message.get("status"), int):
            raise TypeError(
                f"The app's status is {message.get('status')!r}; ASGI takes a whole number"
            )
        self._start = {**message, "headers": fields_of(message)}
        self._expects_trailers = message.get("trailers", False)

    def take_body(self, message: Message) -> None:
        """Take a chunk."""
        data = octets(message.get("body", b""), "its body")
        self._take_bytes(data, more=message.get("more_body", False))

    def take_path(self, message: Message) -> None:
        """Take a whole file, by its path."""
        self._take_bytes(Path(message["path"]).read_bytes(), more=False)

    def take_file(self, message: Message) -> None:
        """Take a file, or a part of one."""
        file = message["file"] if isinstance(message["file"], int) else message["file"].fileno()
        offset, count = message.get("offset"), message.get("count")
        if offset is None:
            offset = os.lseek(file, 0, os.SEEK_CUR)
        if count is None:
            count = os.fstat(file).st_size - offset
        self._take_bytes(os.pread(file, count, offset), more=message.get("more_body", False))

    def _take_bytes(self, data: bytes, *, more: bool) -> None:
        if self._start is None:
            raise RuntimeError("The app sent a body before http.response.start")
        if self._over.is_set():
            raise RuntimeError("The app sent more after the end of its response")
        if data:
            self._chunks.append(data)
            self._hung_up = more and self._leaving.after(data)
        if self._hung_up or not (more or self._expects_trailers):
            self._over.set()

    def take_trailers(self, message: Message) -> None:
        """Take the fields after the body."""
        self._trailers += fields_of(message)
        if not message.get("more_trailers", False):
            self._over.set()

    def take_hint(self, message: Message) -> None:
        """Take an early hint."""
        links = message.get("links", ())
        self._links.append([octets(link, "a link").decode("latin-1") for link in links])

    def _response(self) -> Response:
        if self._start is None:  # the app raised: servers send this
            fields = [("content-type", "text/plain; charset=utf-8")]
            return Response(self._request, 500, fields, [b"Internal Server Error"])
        response = Response(
            self._request, self._start["status"], self._start["headers"], self._chunks
        )
        response.trailers = Headers(self._trailers)
        response.early_hints = self._links
        response.messages = self._messages
        return response


_TAKES: dict[str, Callable[[_Exchange, Message], None]] = {
    "http.response.start": _Exchange.take_start,
    "http.response.body": _Exchange.take_body,
    "http.response.pathsend": _Exchange.take_path,
    "http.response.zerocopysend": _Exchange.take_file,
    "http.response.trailers": _Exchange.take_trailers,
    "http.response.early_hint": _Exchange.take_hint,
}


def _unread(body: Body) -> bytes | Iterator[bytes] | AsyncIterator[bytes] | None:
    """Return what is to be sent of a body: bytes in one message, an iterable piece by piece."""
    if isinstance(body, bytes):
        return body
    return iter(body) if isinstance(body, Iterable) else aiter(body)

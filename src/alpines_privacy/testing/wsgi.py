"""A visitor's requests to a WSGI app, as a server makes them (PEP 3333)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextvars import Context
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import httpx2

from alpines_privacy.http.heads import Field
from alpines_privacy.testing.environ import Body, environ_of
from alpines_privacy.testing.loop import apart
from alpines_privacy.testing.messages import body_of
from alpines_privacy.testing.response import Response

__all__ = ["AsyncWSGITransport", "WSGITransport"]


class WSGITransport(httpx2.BaseTransport):
    """Calls a WSGI app in the test's own thread, with no context variable set."""

    def __init__(self, app: WSGIApplication, options: Mapping[str, Any]) -> None:
        self._app = app
        self._address: str = options["address"]
        self._raises: bool = options["raise_app_exceptions"]

    def start(self) -> None:
        """Do nothing: WSGI apps have no lifespan."""

    def handle_request(self, request: httpx2.Request) -> Response:
        """Send one request to the app and return its response."""
        return apart(self.exchange, request, body_of(request))

    def exchange(self, request: httpx2.Request, body: Body) -> Response:
        """Call the app, in this thread and context."""
        collected = _Collected()
        environ = environ_of(request, body, self._address)
        try:
            collected.take(self._app, environ, request.extensions.get("hang_up_after"))
        except Exception:
            if self._raises:
                raise
            collected.fail()
        status, _, reason = collected.status.partition(" ")
        return Response(request, int(status), collected.fields, collected.chunks, reason=reason)


class AsyncWSGITransport(httpx2.AsyncBaseTransport):
    """Calls a WSGI app in a thread, as an async server does."""

    def __init__(self, app: WSGIApplication, options: Mapping[str, Any]) -> None:
        self._sends = WSGITransport(app, options)

    async def start(self) -> None:
        """Do nothing: WSGI apps have no lifespan."""

    async def handle_async_request(self, request: httpx2.Request) -> Response:
        """Send one request to the app and return its response; its body is read whole before."""
        stream: Any = request.stream
        body = [piece async for piece in stream]
        loop, context = asyncio.get_running_loop(), Context()
        return await loop.run_in_executor(None, context.run, self._sends.exchange, request, body)


class _Collected:
    """The response that the app makes with `start_response`, `write()` and its iterable."""

    def __init__(self) -> None:
        self.status = ""
        self.fields: list[Field] = []
        self.chunks: list[bytes] = []

    def take(self, app: WSGIApplication, environ: WSGIEnvironment, most_chunks: int | None) -> None:
        """Run the app, take its body, at most so many chunks of it, and close it."""
        start_response: StartResponse = self._start_response
        iterable = app(environ, start_response)
        try:
            for chunk in iterable:
                self._write(chunk)
                if len(self.chunks) == most_chunks:
                    break
        finally:
            close: Callable[[], object] | None = getattr(iterable, "close", None)
            if close is not None:
                close()
        if not self.status:
            raise RuntimeError("The app ended without calling start_response")

    def fail(self) -> None:
        """Set the response of an app that raised, as servers do; what was sent before stays."""
        if not self.chunks:
            self.status = "500 Internal Server Error"
            self.fields = [("content-type", "text/plain; charset=utf-8")]
            self.chunks = [b"Internal Server Error"]

    def _start_response(
        self, status: str, headers: list[Field], exc_info: Any = None, /
    ) -> Callable[[bytes], object]:
        if exc_info and self.chunks:  # the head has left: the error cannot replace it any more
            raise exc_info[1].with_traceback(exc_info[2])
        if self.status and not exc_info:
            raise AssertionError(
                "The app called start_response twice, the second time without exc_info"
            )
        self.status, self.fields = status, list(headers)
        return self._write

    def _write(self, data: bytes) -> None:
        if not isinstance(data, bytes):
            raise TypeError(f"The app's body holds a {type(data).__name__}; WSGI takes bytes")
        if not data:
            return
        if not self.status:
            raise AssertionError("The app sent a body before it called start_response")
        self.chunks.append(data)

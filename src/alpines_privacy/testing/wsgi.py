"""A visitor's requests to a WSGI app, as a server makes them (PEP 3333)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from contextvars import Context
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import httpx2

from alpines_privacy.http.heads import Field
from alpines_privacy.testing.environ import Body, environ_of
from alpines_privacy.testing.loop import apart
from alpines_privacy.testing.messages import Leaving, body_of
from alpines_privacy.testing.response import Response

__all__ = ["WSGITransport"]


class WSGITransport(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Calls a WSGI app in the test's own thread, or awaited, in another; with no context variable set."""

    def __init__(self, app: WSGIApplication, options: Mapping[str, Any]) -> None:
        self._app = app
        self._address: str = options["address"]
        self._raises: bool = options["raise_app_exceptions"]

    def handle_request(self, request: httpx2.Request) -> Response:
        """Send one request to the app and return its response."""
        return apart(self._exchange, request, body_of(request))

    async def handle_async_request(self, request: httpx2.Request) -> Response:
        """Send one request to the app and return its response; its body is read whole before."""
        stream: Any = request.stream
        body = [piece async for piece in stream]
        loop, context = asyncio.get_running_loop(), Context()
        return await loop.run_in_executor(None, context.run, self._exchange, request, body)

    def _exchange(self, request: httpx2.Request, body: Body) -> Response:
        leaving = Leaving(request)
        collected = _Collected(leaving)
        try:
            collected.take(self._app, environ_of(request, body, self._address))
        except Exception:
            leaving.check()
            if self._raises:
                raise
            collected.fail()
        leaving.check()
        status, _, reason = collected.status.partition(" ")
        return Response(request, int(status), collected.fields, collected.chunks, reason=reason)


class _Collected:
    """The response that the app makes with `start_response`, `write()` and its iterable."""

    def __init__(self, leaving: Leaving) -> None:
        self.status = ""
        self.fields: list[Field] = []
        self.chunks: list[bytes] = []
        self._leaving = leaving

    def take(self, app: WSGIApplication, environ: WSGIEnvironment) -> None:
        """Run the app, take its body until the visitor leaves, and close it."""
        start_response: StartResponse = self._start_response
        iterable = app(environ, start_response)
        try:
            for chunk in iterable:
                if self._takes(chunk):
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
        self.status, self.fields = _status(status), [*map(_field, headers)]
        return self._write

    def _write(self, data: bytes) -> None:
        if self._takes(data):
            self._leaving.check()

    def _takes(self, data: bytes) -> bool:
        """Take a chunk, and tell whether the visitor leaves after it."""
        if not isinstance(data, bytes):
            raise TypeError(f"The app's body holds a {type(data).__name__}; WSGI takes bytes")
        if data and not self.status:
            raise AssertionError("The app sent a body before it called start_response")
        if data:
            self.chunks.append(data)
        return self._leaving.after(data)


def _status(status: object) -> str:
    if isinstance(status, str) and re.fullmatch(r"[0-9]{3}(?: .*)?", status, re.DOTALL):
        return status
    raise ValueError(f"The app's status is {status!r}; WSGI takes a str such as '200 OK'")


def _field(pair: object) -> Field:
    match pair:
        case (str(name), str(value)) if max(name + value, default="") <= "\xff":
            return name, value
    raise ValueError(f"The app's field {pair!r} is no pair of str that stand for octets (latin-1)")

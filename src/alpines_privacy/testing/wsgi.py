"""A visitor's requests to a WSGI app, as a server makes them (PEP 3333)."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment
from wsgiref.util import FileWrapper

from alpines_privacy.http.heads import Field
from alpines_privacy.testing.loop import apart
from alpines_privacy.testing.request import Body, Request
from alpines_privacy.testing.response import Response

__all__ = ["WSGITransport"]


class WSGITransport:
    """Calls a WSGI app in the test's own thread, with no context variable set."""

    def __init__(self, app: WSGIApplication, address: str, *, raises: bool) -> None:
        self._app = app
        self._address = address
        self._raises = raises

    def exchange(self, request: Request, most_chunks: int | None) -> Response:
        """Send one request to the app and return its response."""
        return apart(self._exchange, request, most_chunks)

    def _exchange(self, request: Request, most_chunks: int | None) -> Response:
        collected = _Collected()
        try:
            collected.take(self._app, environ_of(request, self._address), most_chunks)
        except Exception:
            if self._raises:
                raise
            collected.fail()
        status, _, reason = collected.status.partition(" ")
        return Response(request, int(status), collected.fields, collected.chunks, reason=reason)


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


def environ_of(request: Request, address: str) -> WSGIEnvironment:
    """Return the environ of a request; repeated fields are joined with commas, as servers do."""
    url = request.url
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": url.decoded_path.decode("latin-1"),
        "RAW_URI": url.path + (f"?{url.query}" if url.query else ""),
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.host,
        "SERVER_PORT": str(url.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": address,
        "REMOTE_PORT": "50000",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": _input(request.body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": FileWrapper,
    }
    for name, value in request.fields:
        key = _variable(name)
        joint = "; " if name == "cookie" else ","
        environ[key] = f"{environ[key]}{joint}{value}" if key in environ else value
    return environ


def _variable(name: str) -> str:
    variable = name.upper().replace("-", "_")
    return variable if variable in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{variable}"


def _input(body: Body) -> io.BufferedIOBase:
    return io.BytesIO(body) if isinstance(body, bytes) else io.BufferedReader(_Pieces(body))


class _Pieces(io.RawIOBase):
    """A stream over an iterable of bytes, which is asked for a piece only when one is read."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces: Iterator[bytes] = iter(pieces)
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = piece
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size

"""The environ of a request, as a WSGI server makes it (PEP 3333)."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator
from typing import Any
from wsgiref.types import WSGIEnvironment
from wsgiref.util import FileWrapper

from alpines_privacy.testing.request import Body, Request

__all__ = ["environ_of"]


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
    if isinstance(body, bytes):
        return io.BytesIO(body)
    assert isinstance(body, Iterable)  # async bodies are read before
    return io.BufferedReader(_Pieces(body))


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

"""The environ of a request, as a WSGI server makes it (PEP 3333)."""

from __future__ import annotations

import io
import sys
from collections.abc import AsyncIterable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import unquote_to_bytes
from wsgiref.types import WSGIEnvironment
from wsgiref.util import FileWrapper

if TYPE_CHECKING:
    import httpx
    import httpx2

__all__ = ["Body", "environ_of", "port_of"]

Body: TypeAlias = bytes | Iterable[bytes] | AsyncIterable[bytes]


def environ_of(
    request: httpx2.Request | httpx.Request, body: Body, address: str
) -> WSGIEnvironment:
    """Return the environ of a request; repeated fields are joined with commas, as servers do."""
    url = request.url
    target = url.raw_path.decode("ascii")
    path, _, query = target.partition("?")
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "RAW_URI": target,
        "QUERY_STRING": query,
        "SERVER_NAME": url.raw_host.decode("ascii"),
        "SERVER_PORT": str(port_of(url)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": address,
        "REMOTE_PORT": "50000",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": _input(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": FileWrapper,
    }
    for name, octets in request.headers.raw:
        key, value = _variable(name), octets.decode("latin-1")
        joint = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{joint}{value}" if key in environ else value
    return environ


def port_of(url: httpx2.URL | httpx.URL) -> int:
    """Return the port of an http or https URL."""
    return url.port or (443 if url.scheme == "https" else 80)


def _variable(name: bytes) -> str:
    variable = name.decode("latin-1").upper().replace("-", "_")
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

"""One request and what came back, of which a bounded part is read."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import NamedTuple
from urllib.parse import urlencode

import httpx

from alpines_privacy.http.coding import decoder
from alpines_privacy.http.heads import Field

__all__ = ["NO_ANSWER", "Ask", "Bounds", "Chunks", "Exchange", "Refused", "exchange"]

NO_ANSWER = 0
"""The status of an exchange without a response."""

_LONGEST_ERROR = 200
# No coding is asked for. Of these two a piece is decoded within bounds, whatever it inflates to.
_CODINGS = frozenset({"gzip", "deflate"})


class Refused(Exception):  # noqa: N818 - what the transport does
    """A request that the audit does not send."""


class Chunks(httpx.SyncByteStream):
    """A body that is here already, as it came; httpx would decode a `content`."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._chunks)


class Bounds(NamedTuple):
    """How many bytes of one response are read, and for how many seconds."""

    size: int
    seconds: float


class Ask(NamedTuple):
    """A request; its fields besides Host."""

    method: str
    url: str
    fields: tuple[Field, ...] = ()
    form: tuple[Field, ...] = ()
    json: bytes | None = None

    @property
    def body(self) -> tuple[bytes, str]:
        """The body and its type: none, a form, or JSON."""
        if self.json is not None:
            return self.json, "application/json"
        if self.form or self.method not in {"GET", "HEAD"}:
            return urlencode(self.form).encode(), "application/x-www-form-urlencoded"
        return b"", ""


class Exchange(NamedTuple):
    """A response, or why there is none (`error`, with `NO_ANSWER`)."""

    url: str
    status: int
    fields: tuple[Field, ...] = ()
    body: bytes = b""
    is_cut: bool = False
    error: str = ""

    def values(self, name: str) -> list[str]:
        """Return the values of a field, by its name in lower case."""
        return [value for field, value in self.fields if field == name]

    def value(self, name: str) -> str:
        """Return the values of a field, joined by commas."""
        return ", ".join(self.values(name))


def exchange(transport: httpx.BaseTransport, ask: Ask, bounds: Bounds) -> Exchange:
    """Send a request and read the response within bounds; an error becomes an exchange without a response."""
    deadline = time.monotonic() + bounds.seconds
    try:
        with closing(transport.handle_request(_request(ask, bounds))) as response:
            return _read(ask, response, bounds.size, deadline)
    except Exception as error:  # an app's own error, one of the network's, or a malformed answer
        return Exchange(ask.url, NO_ANSWER, error=_named(error))


def _request(ask: Ask, bounds: Bounds) -> httpx.Request:
    body, kind = ask.body
    named = [*ask.fields, *([("content-type", kind)] if kind else [])]
    # A site's own octets go back to it as they came: in cookies, in validators.
    fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in named]
    timeout = httpx.Timeout(bounds.seconds).as_dict()
    extensions = {"timeout": timeout, "bounds": bounds}
    return httpx.Request(ask.method, ask.url, headers=fields, content=body, extensions=extensions)


def _read(ask: Ask, response: httpx.Response, most: int, deadline: float) -> Exchange:
    fields = tuple(
        (name.decode("latin-1").lower(), value.decode("latin-1"))
        for name, value in response.headers.raw
    )
    head = Exchange(ask.url, response.status_code, fields)
    pieces, error = [], ""
    left = most
    is_cut = False
    try:
        for piece in _decoded(head.value("content-encoding"), _raw(response)):
            pieces.append(piece[:left])
            left -= len(pieces[-1])
            is_cut = left <= 0 or time.monotonic() > deadline
            if is_cut:
                break
    except Exception as problem:  # the body broke off; what came before counts
        error = _named(problem)
    return head._replace(body=b"".join(pieces), is_cut=is_cut, error=error)


def _raw(response: httpx.Response) -> Iterable[bytes]:
    stream = response.stream
    assert isinstance(stream, httpx.SyncByteStream)  # the transports here give no other
    return stream


def _decoded(coding: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a body in pieces of bounded size, decoded though no coding was asked for."""
    coding = coding.strip().lower()
    if coding in {"", "identity"}:
        yield from pieces
        return
    if coding not in _CODINGS:
        raise ValueError(f"the body is coded in {coding[:40]}, though no coding was asked for")
    decode = decoder(coding)
    for piece in pieces:
        yield from decode(piece)


def _named(error: Exception) -> str:
    """Return the name of an error, with its text unless that may quote what was sent."""
    if isinstance(error, httpx.LocalProtocolError | UnicodeError):
        return type(error).__name__
    if isinstance(error, httpx.TransportError | ValueError | Refused):
        return f"{type(error).__name__}: {error}"[:_LONGEST_ERROR]
    return type(error).__name__

"""What a browser says to a proxy: requests with whole URLs, and tunnels with TLS or without."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cached_property
from typing import NamedTuple
from urllib.parse import urlsplit

import h11

from alpines_privacy.audit.browser.scope import Server

__all__ = ["Asked", "Fields", "Opened", "Streams", "next_request", "opened", "streams"]

Fields = Sequence[tuple[bytes, bytes]]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_LARGEST_CONNECT = 16_384
_LARGEST_BODY = 16_777_216
_CHUNK = 65_536
_TLS_HANDSHAKE = b"\x16"  # RFC 8446 §5.1
_CONNECT = b"CONNECT"


class Opened(NamedTuple):
    """How a connection begins: the server that a tunnel leads to, if it is one, and whether TLS follows."""

    tunnel: tuple[str, int] | None
    is_tls: bool


class Asked:
    """A request as the browser sent it: `target` in origin form, `fields` in their order."""

    def __init__(self, server: Server, request: h11.Request, body: bytes) -> None:
        """Read a request; `server` is where it goes."""
        self.server = server
        self.method = request.method.decode("ascii")
        self.target = _origin_form(request.target)
        self.fields: Fields = request.headers.raw_items()
        self.body = body

    @property
    def url(self) -> str:
        """The whole URL."""
        return self.server.origin + self.target.decode("latin-1")

    @cached_property
    def named(self) -> Mapping[str, str]:
        """The fields by lower-case name, the last of each."""
        return {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in self.fields
        }


def _origin_form(target: bytes) -> bytes:
    """Return a target without scheme and authority (RFC 9112 §3.2.2)."""
    if target.startswith(b"/"):
        return target
    rest = target.partition(b"://")[2]
    path = rest.find(b"/")
    return b"/" if path < 0 else rest[path:]


async def opened(client: socket.socket) -> Opened | None:
    """Read how a connection begins, and accept a tunnel; None, and it is closed, if it ends at once."""
    try:
        begun = await _opened(client)
    except BaseException:
        client.close()
        raise
    if begun is None:
        client.close()
    return begun


async def _opened(client: socket.socket) -> Opened | None:
    first = await _peek(client, len(_CONNECT))
    if first != _CONNECT:
        return Opened(None, is_tls=False) if first else None
    loop = asyncio.get_running_loop()
    head = b""
    while b"\r\n\r\n" not in head:
        more = await loop.sock_recv(client, _CHUNK)
        head += more
        if not more or len(head) > _LARGEST_CONNECT:
            return None
    parts = urlsplit("//" + head.split(b" ", 2)[1].decode("latin-1"))
    await loop.sock_sendall(client, b"HTTP/1.1 200 Connection established\r\n\r\n")
    is_tls = (await _peek(client, 1)) == _TLS_HANDSHAKE
    return Opened((parts.hostname or "", parts.port or 443), is_tls)


async def _peek(client: socket.socket, count: int) -> bytes:
    """Return the next bytes without taking them, as many as there are, up to `count`."""
    loop = asyncio.get_running_loop()
    seen = b""
    while len(seen) < count:
        ready = asyncio.Event()
        loop.add_reader(client, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(client)
        more = client.recv(count, socket.MSG_PEEK)
        if len(more) <= len(seen):
            return more  # it has ended, or says less than a method
        seen = more
    return seen


@asynccontextmanager
async def streams(client: socket.socket, tls: ssl.SSLContext | None) -> AsyncIterator[Streams]:
    """Turn a connection into streams, with TLS on top if there is a context."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    transport, _ = await loop.connect_accepted_socket(lambda: protocol, client, ssl=tls)
    closes = transport.abort
    try:
        yield reader, asyncio.StreamWriter(transport, protocol, reader, loop)
        closes = transport.close  # what is written is still sent
    finally:
        closes()


async def next_request(
    connection: h11.Connection, reader: asyncio.StreamReader, opened_to: Opened
) -> Asked | None:
    """Read the next request with its body; None when the browser has closed.

    Raises `h11.ProtocolError` for what is no HTTP, ValueError for a request to no server.
    """
    request = await _next_event(connection, reader)
    if not isinstance(request, h11.Request):
        return None
    body = bytearray()
    if not _upgrades(request):
        while isinstance(event := await _next_event(connection, reader), h11.Data):
            body += event.data
            if len(body) > _LARGEST_BODY:
                raise ValueError("a body of more than 16 MB")
    return Asked(_server(request, opened_to), request, bytes(body))


def _upgrades(request: h11.Request) -> bool:
    return any(
        name == b"upgrade" and value.lower() == b"websocket" for name, value in request.headers
    )


def _server(request: h11.Request, opened_to: Opened) -> Server:
    if opened_to.tunnel is None:
        return Server.of(request.target.decode("latin-1"))
    host, port = opened_to.tunnel
    return Server("https" if opened_to.is_tls else "http", host.lower().rstrip("."), port)


async def _next_event(connection: h11.Connection, reader: asyncio.StreamReader) -> object:
    while (event := connection.next_event()) is h11.NEED_DATA:
        connection.receive_data(await reader.read(_CHUNK))
    return event

"""Websockets at the gate: those of others are accepted and listened to, the site's own pass through."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from websockets.exceptions import WebSocketException
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from alpines_privacy.audit.browser.wire import Asked, Fields, Streams

__all__ = ["accepted", "head_of", "pumped"]

_LARGEST_MESSAGE = 1_048_576
_CHUNK = 65_536
_MESSAGES = frozenset({Opcode.TEXT, Opcode.BINARY, Opcode.CONT})


async def accepted(asked: Asked, both: Streams, message: Callable[[bytes], None]) -> None:
    """Accept a websocket and hand each frame that the page sends to `message`, until the page closes it."""
    reader, writer = both
    protocol = ServerProtocol(
        max_size=_LARGEST_MESSAGE, select_subprotocol=lambda _, offered: next(iter(offered), None)
    )
    data = head_of(asked.method, asked.target, asked.fields)
    with suppress(WebSocketException):
        while data:
            protocol.receive_data(data)
            for event in protocol.events_received():
                if isinstance(event, Request):
                    protocol.send_response(protocol.accept(event))
                elif isinstance(event, Frame) and event.opcode in _MESSAGES:
                    message(bytes(event.data))
            writer.write(b"".join(protocol.data_to_send()))
            await writer.drain()
            data = await reader.read(_CHUNK)


def head_of(method: str, target: bytes, fields: Fields) -> bytes:
    """Return a request's head in HTTP/1.1."""
    lines = [b"%s %s HTTP/1.1" % (method.encode(), target), *(b"%s: %s" % each for each in fields)]
    return b"\r\n".join([*lines, b"", b""])


async def pumped(one: Streams, other: Streams, lets: Callable[[], bool]) -> None:
    """Pass bytes between two connections, both ways, until one of them ends.

    What the first one says goes nowhere from when `lets` says no: it is read, and left out.
    """
    ways = [
        asyncio.ensure_future(_pump(one[0], other[1], lets)),
        asyncio.ensure_future(_pump(other[0], one[1], lambda: True)),
    ]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lets: Callable[[], bool]
) -> None:
    goes_on = True
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            goes_on = goes_on and lets()  # a gap in a stream of frames would be other frames
            if goes_on:
                writer.write(data)
                await writer.drain()

"""The common parts of HTTP and websocket messages: fields, and a visitor who leaves."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from typing import Any

import httpx2

from alpines_privacy.asgi import Message
from alpines_privacy.http.heads import Field
from alpines_privacy.testing.environ import Body

__all__ = ["HungUp", "Leaving", "body_of", "fields_of", "octets", "stems_from_hanging_up"]

_MOST_PIECES = 1_000_000
_MOST_BYTES = 1 << 28


class HungUp(OSError):  # noqa: N818 - it is what the visitor did
    """The visitor has left; `send` raises this from then on (ASGI HTTP 2.4)."""


class Leaving:
    """When the visitor leaves a response: after `hang_up_after` chunks, the `timeout`, or where no end is in sight."""

    def __init__(self, request: httpx2.Request) -> None:
        self._request = request
        self._chunks: int | None = request.extensions.get("hang_up_after")
        self.seconds: float | None = request.extensions.get("timeout", {}).get("read")
        self._end = math.inf if self.seconds is None else time.monotonic() + self.seconds
        self._pieces = self._filled = self._size = 0
        self._error: httpx2.TransportError | None = None

    def after(self, piece: bytes) -> bool:
        """Tell whether the visitor leaves after this piece of the body."""
        self._pieces += 1
        self._size += len(piece)
        self._filled += bool(piece)
        is_long = self._pieces > _MOST_PIECES or self._size > _MOST_BYTES
        if is_long and self._chunks is None:
            self._error = self._endless()
        elif time.monotonic() > self._end:
            self._error = self.late()
        return self._error is not None or (bool(piece) and self._filled == self._chunks)

    def check(self) -> None:
        """Raise httpx2's ReadTimeout or ReadError if the visitor left a response that had to end."""
        if self._error is not None:
            raise self._error

    def late(self) -> httpx2.ReadTimeout:
        """Return the error of a response that takes longer than the timeout."""
        told = f"The app's response has not ended in {self.seconds:g} s"
        return httpx2.ReadTimeout(told, request=self._request)

    def _endless(self) -> httpx2.ReadError:
        told = (
            f"The app's response has no end in sight, after {self._pieces:,} pieces with {self._size:,} bytes; "
            "a stream without end is left by hang_up_after="
        )
        return httpx2.ReadError(told, request=self._request)


def stems_from_hanging_up(error: BaseException | None) -> bool:
    """Whether the app's exception is ours, or its framework's for a visitor who has left."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:  # `raise error from error` makes a circle
        # Starlette and Litestar have classes of these names, and apps let them through by habit.
        if isinstance(error, HungUp) or type(error).__name__ in _LEAVING:
            return True
        seen.append(error)
        error = error.__cause__ or error.__context__
    return False


def fields_of(message: Message) -> list[Field]:
    """Return a message's header fields as text, one character an octet."""
    pairs: Iterable[object] = message.get("headers") or ()
    return [*map(_field, pairs)]


def _field(pair: object) -> Field:
    match pair:
        case (name, value):
            return octets(name, "a field's name").decode("latin-1"), octets(
                value, "a field's value"
            ).decode("latin-1")
    raise TypeError(f"The app's field {pair!r} is no pair of bytes")


def octets(value: object, what: str) -> bytes:
    """Return bytes that an app sent; raises TypeError for anything else."""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    raise TypeError(f"The app sent a {type(value).__name__} as {what}; ASGI takes bytes")


def body_of(request: httpx2.Request) -> Body:
    """Return the body of a request, as bytes or in pieces."""
    stream: Any = request.stream
    return request.read() if isinstance(stream, httpx2.ByteStream) else stream


_LEAVING = frozenset({"ClientDisconnect", "WebSocketDisconnect"})

"""The common parts of HTTP and websocket messages: fields, and a visitor who leaves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import httpx2

from alpines_privacy.asgi import Message
from alpines_privacy.http.heads import Field
from alpines_privacy.testing.environ import Body

__all__ = ["HungUp", "body_of", "fields_of", "stems_from_hanging_up"]


class HungUp(OSError):  # noqa: N818 - it is what the visitor did
    """The visitor has left; `send` raises this from then on (ASGI HTTP 2.4)."""


def stems_from_hanging_up(error: BaseException | None) -> bool:
    """Whether the app's exception is ours, or its framework's for a visitor who has left."""
    while error is not None:
        # Starlette and Litestar have classes of these names, and apps let them through by habit.
        if isinstance(error, HungUp) or type(error).__name__ in _LEAVING:
            return True
        error = error.__cause__ or error.__context__
    return False


def fields_of(message: Message) -> list[Field]:
    """Return a message's header fields as text, one character an octet."""
    pairs: Iterable[tuple[bytes, bytes]] = message.get("headers") or ()
    return [
        (bytes(name).decode("latin-1"), bytes(value).decode("latin-1")) for name, value in pairs
    ]


def body_of(request: httpx2.Request) -> Body:
    """Return the body of a request, as bytes or in pieces."""
    stream: Any = request.stream
    return request.read() if isinstance(stream, httpx2.ByteStream) else stream


_LEAVING = frozenset({"ClientDisconnect", "WebSocketDisconnect"})

"""The hut board over ASGI: also what the layer answers in its place is numbered."""

from __future__ import annotations

from typing import Any

from examples.api.protected import app as board

from tests.support.workers import WORKER, number

__all__ = ["app"]


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Serve the hut board."""

    async def numbered(message: Any) -> None:
        if message["type"] == "http.response.start":
            worker = (WORKER.lower().encode(), number().encode())
            message = {**message, "headers": [*message["headers"], worker]}
        await send(message)

    await board(scope, receive, numbered)

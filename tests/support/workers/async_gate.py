"""A login over ASGI that is always wrong, protected with a count of failures that its workers share."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import FastAPI, Form, HTTPException

from alpines_privacy import protect
from tests.support.workers import WORKER, number
from tests.support.workers.counted import POLICY

__all__ = ["app"]

_gate = FastAPI()


@_gate.post("/login")
async def _wrong(username: Annotated[str, Form()]) -> None:
    raise HTTPException(401, f"{len(username)} letters")


protect(_gate, POLICY)


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Serve the login; each answer, also the layer's own, names its worker."""

    async def send_named(message: Any) -> None:
        if message["type"] == "http.response.start":
            named = [*message["headers"], (WORKER.lower().encode(), number().encode())]
            message = {**message, "headers": named}
        await send(message)

    await _gate(scope, receive, send_named)

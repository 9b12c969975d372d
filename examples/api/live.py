"""What goes on by itself: free beds over a websocket, the weather as server-sent events."""

import asyncio
import json
import math
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect
from starlette.responses import StreamingResponse

from examples.api.access import Store
from examples.api.visitors import greeting

router = APIRouter()


class Board:
    """Everybody who watches the free beds."""

    def __init__(self) -> None:
        self._watchers: set[WebSocket] = set()

    async def watch(self, websocket: WebSocket) -> None:
        """Keep a watcher until it leaves; what it says is ignored."""
        self._watchers.add(websocket)
        try:
            while True:
                await websocket.receive_text()
        except WebSocketDisconnect:
            pass
        finally:
            self._watchers.discard(websocket)

    async def announce(self, hut: dict[str, Any]) -> None:
        for watcher in list(self._watchers):
            try:
                await watcher.send_json(hut)
            except (RuntimeError, WebSocketDisconnect):  # left while we were telling the others
                self._watchers.discard(watcher)


@router.websocket("/live/beds")
async def beds(websocket: WebSocket, store: Store) -> None:
    await websocket.accept(headers=greeting(websocket))
    for hut in store.huts():
        await websocket.send_json(hut)
    await websocket.app.state.board.watch(websocket)


@router.get("/api/weather")
async def weather(count: Annotated[int, Query(ge=1, le=3600)] = 600) -> StreamingResponse:
    return StreamingResponse(_readings(count), media_type="text/event-stream")


async def _readings(count: int) -> AsyncIterator[str]:
    for number in range(count):
        if number:
            await asyncio.sleep(1)
        celsius = round(4 + 3 * math.sin(time.time() / 20), 1)
        yield f"data: {json.dumps({'celsius': celsius})}\n\n"

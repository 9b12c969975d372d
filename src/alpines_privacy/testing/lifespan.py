"""An app's start and end, by the lifespan protocol."""

from __future__ import annotations

import asyncio
from typing import Any

from alpines_privacy.asgi import ASGIApp, Message, Scope

__all__ = ["Lifespan"]


class Lifespan:
    """One run of an app. Requests get copies of `state`; `supported` tells whether the app has the protocol."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}
        self.supported = False
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._answers: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def start(self, app: ASGIApp) -> None:
        """Start the app; raises what its start-up raises.

        An app without the protocol, which raises or returns, runs without it.
        """
        scope: Scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        self._task = asyncio.create_task(_run(app, scope, self._inbox.get, self._answers.put))
        answer = await self._ask(self._task, "lifespan.startup")
        self.supported = answer is not None
        if answer is None:
            self._task.exception()  # seen; asyncio would log it
        else:
            await _raise_failure(self._task, answer)

    async def end(self) -> None:
        """End the app; raises what its shutdown raises."""
        if self._task is None or not self.supported:
            return
        answer = await self._ask(self._task, "lifespan.shutdown")
        if answer is not None:
            await _raise_failure(self._task, answer)
        await self._task

    async def _ask(self, task: asyncio.Task[None], question: str) -> Message | None:
        """Send a message and return the app's answer, None if it ends without one."""
        answer = asyncio.create_task(self._answers.get())
        self._inbox.put_nowait({"type": question})
        await asyncio.wait({task, answer}, return_when=asyncio.FIRST_COMPLETED)
        if answer.done() or not self._answers.empty():
            return await answer
        answer.cancel()
        return None


async def _run(app: ASGIApp, scope: Scope, receive: Any, send: Any) -> None:
    await app(scope, receive, send)


async def _raise_failure(task: asyncio.Task[None], answer: Message) -> None:
    """Raise for a `.failed`: the app's own exception if it passes that on, else an error with the message."""
    if answer["type"].endswith(".failed"):
        await task
        raise RuntimeError(f"{answer['type']}: {answer.get('message') or 'no reason given'}")

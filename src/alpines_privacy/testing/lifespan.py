"""An app's start and end, by the lifespan protocol."""

from __future__ import annotations

import asyncio
from typing import Any

from alpines_privacy.asgi import ASGIApp, Message, Scope
from alpines_privacy.testing.loop import PATIENCE

__all__ = ["Lifespan"]

_MOMENT = 1.0  # seconds in which an app returns that has told its end


class Lifespan:
    """One run of an app. Requests get copies of `state`; `supported` tells whether the app has the protocol."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}
        self.supported = False
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._answers: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def start(self, app: ASGIApp) -> None:
        """Start the app; raises what its start-up raises, and TimeoutError if it never ends.

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
            error = self._task.exception()
            if error is not None and not isinstance(error, Exception):  # an exit
                raise error
        else:
            await _raise_failure(self._task, answer)

    async def end(self) -> None:
        """End the app; raises what its shutdown raises, and TimeoutError if it never ends."""
        if self._task is None or not self.supported:
            return
        answer = await self._ask(self._task, "lifespan.shutdown")
        if answer is not None:
            await _raise_failure(self._task, answer)
        await _returned(self._task)

    async def _ask(self, task: asyncio.Task[None], question: str) -> Message | None:
        """Send a message and return the app's answer, None if it ends without one."""
        answer = asyncio.create_task(self._answers.get())
        self._inbox.put_nowait({"type": question})
        await asyncio.wait({task, answer}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        if answer.done() or not self._answers.empty():
            return await answer
        answer.cancel()
        if not task.done():
            task.cancel()
            raise TimeoutError(f"The app has not answered {question} in {PATIENCE:g} s")
        return None


async def _run(app: ASGIApp, scope: Scope, receive: Any, send: Any) -> None:
    await app(scope, receive, send)


async def _raise_failure(task: asyncio.Task[None], answer: Message) -> None:
    """Raise for a `.failed`: the app's own exception if it passes that on, else an error with the message."""
    if answer["type"].endswith(".failed"):
        await _returned(task)
        raise RuntimeError(f"{answer['type']}: {answer.get('message') or 'no reason given'}")


async def _returned(task: asyncio.Task[None]) -> None:
    """Wait for the end of an app that has told it, and raise what it raises; servers wait for none that lingers."""
    await asyncio.wait({task}, timeout=_MOMENT)
    if task.done():
        task.result()
    else:
        task.cancel()

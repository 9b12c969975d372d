"""A visitor's own event loop, in a thread: tests are synchronous, and may run inside another loop."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import Context
from typing import Any, ParamSpec, TypeVar

__all__ = ["PATIENCE", "PrivateLoop", "apart", "apart_from"]

PATIENCE = 60.0
"""Seconds for which an app is waited for that has to answer, or to end."""

P = ParamSpec("P")
T = TypeVar("T")


def apart(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call with no context variable set and no event loop running, as a server calls a WSGI app.

    Where a loop runs (an async test), the call is made in a thread: Django and Flask refuse to
    serve synchronously beside one.
    """
    context = Context()
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return context.run(function, *args, **kwargs)
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(lambda: context.run(function, *args, **kwargs)).result()


async def apart_from(coroutine: Coroutine[Any, Any, T]) -> T:
    """Await a coroutine in a task with no context variable set; it is cancelled with the caller."""
    return await asyncio.create_task(coroutine, context=Context())


class PrivateLoop:
    """Runs coroutines on one loop, so that the app's locks and connections stay usable between them.

    The thread starts with the first call and ends with `close()`, at the latest when the object
    is collected or the interpreter ends; whatever still runs on the loop is cancelled then.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: Callable[[], object] | None = None

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run the coroutine in a context of its own, and return or raise what it does."""
        loop = self._loop or self._start()
        outcome: Future[T] = Future()
        task: list[asyncio.Task[None]] = []

        def begin() -> None:
            task.append(loop.create_task(_settle(outcome, coroutine), context=Context()))

        loop.call_soon_threadsafe(begin)
        try:
            return outcome.result()
        finally:
            if not outcome.done():  # the test itself was interrupted
                loop.call_soon_threadsafe(lambda: task[0].cancel())  # noqa: PLW0108 - there by then

    def close(self) -> None:
        """Cancel what still runs and end the thread. A later `run` starts a new one."""
        if self._end is not None:
            self._end()
        self._loop = self._end = None

    def _start(self) -> asyncio.AbstractEventLoop:
        started: Future[tuple[asyncio.AbstractEventLoop, Callable[[], None]]] = Future()
        thread = threading.Thread(
            target=_live, args=(started,), name="alpines_privacy.testing", daemon=True
        )
        thread.start()
        self._loop, stop = started.result()
        self._end = weakref.finalize(self, _end, thread, self._loop, stop)
        return self._loop


async def _settle(outcome: Future[T], coroutine: Coroutine[Any, Any, T]) -> None:
    """Keep SystemExit and its like from ending the loop: they belong to the test."""
    try:
        outcome.set_result(await coroutine)
    except BaseException as error:
        outcome.set_exception(error)


def _live(started: Future[tuple[asyncio.AbstractEventLoop, Callable[[], None]]]) -> None:
    """Run a loop until it is stopped by us; the app may stop it, or exit in a task, or cancel every task."""
    living = True

    def stop() -> None:
        nonlocal living
        living = False
        loop.stop()

    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        started.set_result((loop, stop))
        while living:
            with suppress(BaseException):  # of a task of the app's, which has it too
                loop.run_forever()


def _end(
    thread: threading.Thread, loop: asyncio.AbstractEventLoop, stop: Callable[[], None]
) -> None:
    """End the thread; collected inside it, the object cannot wait for it."""
    loop.call_soon_threadsafe(stop)
    if thread is not threading.current_thread():
        thread.join(PATIENCE)

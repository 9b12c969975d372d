"""The connections of one sender: opened when needed, reused, and opened anew with a back-off."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from alpines_privacy.breach.delivery.letters import Letter
from alpines_privacy.breach.delivery.replies import Reply, Stage, without_person
from alpines_privacy.breach.delivery.server_errors import ServerError

__all__ = ["Link", "NotSentError", "Pool", "TooLateError"]

_LONGEST = 60.0  # seconds between attempts to connect
_HOPELESS = 5  # attempts that failed for a reason which does not pass by itself
_dice = random.SystemRandom()


class Link(Protocol):
    """A connection, as the pool needs it."""

    messages: int

    @property
    def is_open(self) -> bool:
        """Whether another message can be given to it."""

    async def deliver(self, letter: Letter) -> Reply:
        """Give a message to the server, and return its answer."""

    def drop(self) -> None:
        """End the connection without a word."""

    async def close(self) -> None:
        """End the connection politely."""


class NotSentError(Exception):
    """The sender stops before a message was given to the server."""


class TooLateError(Exception):
    """A message waited for a connection for so long that its lease is about to end."""


class Pool:
    """Up to `limit` connections; `open_link` opens one, or raises `ServerError`."""

    def __init__(self, limit: int, open_link: Callable[[], Awaitable[Link]]) -> None:
        self._limit = limit
        self._open_link = open_link
        self._idle: list[Link] = []
        self._open = 0  # given out, idle, or being opened
        self._failures = 0
        self._not_before = 0.0
        self._is_known = False  # the server has let us in once
        self._is_closing = self._is_halted = False
        self._changed = asyncio.Condition()
        self.problem = ""  # why there is no connection at present

    async def begin(self) -> None:
        """Open the first connection; raises `BreachError` if the server cannot be used as it is."""
        await self._give_back(await self._take())

    async def deliver(self, letter: Letter, *, until: float = math.inf) -> Reply:
        """Give a message to the server, by any connection.

        One that the server has closed meanwhile, between two messages, is replaced. Raises
        `TooLateError` if there is no connection `until` a time of the event loop, `NotSentError` when
        the pool closes first, and `BreachError` if the server lets nobody in.
        """
        while True:
            link = await self._take()
            if asyncio.get_running_loop().time() > until:
                await self._give_back(link)
                raise TooLateError
            was_used = link.messages > 0
            with self._dropped_on_error(link):
                reply = await link.deliver(letter)
            await self._give_back(link)
            is_stale = was_used and reply.stage is Stage.MAIL and reply.code in {None, 421}
            if not is_stale:
                self._note(without_person(reply, letter.recipient))
                return reply

    async def close(self) -> None:
        """End idle connections, and let no further message begin."""
        await self.refuse()
        links, self._idle = self._idle, []
        await asyncio.gather(*(link.close() for link in links))

    def halt(self) -> None:
        """Let no further message begin, though there are connections."""
        self._is_halted = True

    async def refuse(self) -> None:
        """Let no further message begin that waits for a connection to be made."""
        self._is_closing = True
        async with self._changed:
            self._changed.notify_all()

    async def _take(self) -> Link:
        while True:
            if self._is_halted:
                raise NotSentError
            while self._idle:
                link = self._idle.pop()
                if link.is_open:
                    return link
                self._open -= 1
            if self._is_closing and not self._open:
                raise NotSentError
            has_room = self._open < self._limit and not self._is_closing
            wait = self._not_before - asyncio.get_running_loop().time()
            if has_room and wait <= 0:
                if (opened := await self._try()) is not None:
                    return opened
            else:
                await self._wait(wait if has_room else None)

    async def _wait(self, seconds: float | None) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait()

    async def _try(self) -> Link | None:
        """Open a connection; None if that failed and may succeed later."""
        self._open += 1
        try:
            link = await self._open_link()
        except ServerError as error:
            await self._count_down()
            self._fail(str(error))
            if self._is_over(error):
                raise
            return None
        except BaseException:
            await self._count_down()
            raise
        self._is_known = True
        self._failures, self.problem = 0, ""
        return link

    def _note(self, reply: Reply) -> None:
        """Put connections off after one that was lost, and no longer after one that was not."""
        if reply.code is None and reply.stage in {Stage.MAIL, Stage.RCPT, Stage.DATA}:
            self._fail(f"{reply.server}: {reply.text}")
        else:
            self._failures, self.problem = 0, ""

    def _is_over(self, error: ServerError) -> bool:
        """Whether to stop: at the beginning unless the server is busy, and later if nothing else helps."""
        if not self._is_known:
            return error.kind != "busy"
        return error.kind == "lasting" and self._failures >= _HOPELESS and not self._open

    def _fail(self, problem: str) -> None:
        """Put off the next attempt to connect."""
        self._failures += 1
        self.problem = problem
        wait = min(2.0 ** min(self._failures - 1, 10), _LONGEST) * _dice.uniform(0.5, 1)
        self._not_before = asyncio.get_running_loop().time() + wait

    async def _give_back(self, link: Link) -> None:
        if link.is_open:
            self._idle.append(link)
        else:
            self._open -= 1
        async with self._changed:
            self._changed.notify()

    async def _count_down(self) -> None:
        self._open -= 1
        async with self._changed:
            self._changed.notify()

    @contextmanager
    def _dropped_on_error(self, link: Link) -> Iterator[None]:
        """End a connection whose message is given up in the middle."""
        try:
            yield
        except BaseException:
            link.drop()
            self._open -= 1
            raise

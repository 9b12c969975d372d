"""What one sender writes into the ledger: many records to a commit, in a thread of their own.

A commit syncs the disk, which takes longer than a message. So while one runs, the next is collected.
A database that is lost, or a disk that is full, holds up the sending; what could not be written is
written when it can be.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from typing import NamedTuple, ParamSpec, TypeVar

from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.ledger import Claim, Ledger, Outcome

__all__ = ["Commits"]

Given = ParamSpec("Given")
ResultT = TypeVar("ResultT")
_GROUP = 20  # records for which a commit waits
_LINGER = 0.02  # seconds that it waits for them
_MOST = 200  # records in one commit
_PATIENCE = 600.0  # seconds without the database, after which the sender gives up
_LONGEST = 15.0  # seconds between attempts
_dice = random.SystemRandom()


class _Beginning(NamedTuple):
    claim: Claim
    answer: asyncio.Future[bool]


class Commits:
    """The ledger, as the tasks of one event loop use it. Raises `BreachError` once the database is given up."""

    def __init__(self, ledger: Ledger, *, lease: float) -> None:
        self._ledger = ledger
        self._lease = lease
        self._patience = _PATIENCE
        self._thread = ThreadPoolExecutor(1, "breach-ledger")
        self._beginnings: list[_Beginning] = []
        self._outcomes: list[Outcome] = []
        self._is_asked = asyncio.Event()
        self._is_ending, self._is_last = asyncio.Event(), False
        self.problem = ""  # why nothing can be written at present

    @property
    def unwritten(self) -> int:
        """The number of answers that are not in the ledger yet."""
        return sum(bool(outcome.server) for outcome in self._outcomes)

    @property
    def is_idle(self) -> bool:
        """Whether everything is in the ledger."""
        return not (self._outcomes or self._beginnings)

    async def begin(self, claim: Claim) -> bool:
        """Write that a message is about to leave; False if it may not any more."""
        beginning = _Beginning(claim, asyncio.get_running_loop().create_future())
        self._beginnings.append(beginning)
        self._is_asked.set()
        return await beginning.answer

    def finish(self, outcome: Outcome) -> None:
        """Write an outcome, soon."""
        self._outcomes.append(outcome)
        self._is_asked.set()

    async def run(self) -> None:
        """Write what is collected, until `end` was called and nothing is left to write."""
        try:
            while self._beginnings or self._outcomes or not self._is_last:
                await self._is_asked.wait()
                if len(self._outcomes) + len(self._beginnings) < _GROUP:
                    await self._rest(_LINGER)
                await self._commit()
        except BreachError as error:
            for _, answer in self._beginnings:
                if not answer.done():
                    answer.set_exception(BreachError(str(error)))
            raise

    def limit_wait(self, seconds: float) -> None:
        """Wait for a database that is away for that time at most."""
        self._patience = seconds
        self._is_ending.set()

    def end(self) -> None:
        """Let `run` end."""
        self._is_last = True
        self._is_asked.set()

    async def call(
        self, function: Callable[Given, ResultT], *args: Given.args, **kwargs: Given.kwargs
    ) -> ResultT:
        """Call what asks the database in its thread, again and again while the database is away."""
        loop = asyncio.get_running_loop()
        began, attempt = loop.time(), 0
        while True:
            try:
                result = await loop.run_in_executor(self._thread, lambda: function(*args, **kwargs))
            except BreachError as error:
                wait = min(0.5 * 2.0**attempt, _LONGEST) * _dice.uniform(0.5, 1)
                if loop.time() + wait > began + self._patience:
                    raise
                self.problem, attempt = str(error), attempt + 1
                await self._rest(wait)
            else:
                self.problem = ""
                return result

    def close(self) -> None:
        """End the thread, once it has ended what it does."""
        self._thread.shutdown(wait=False)

    async def _commit(self) -> None:
        outcomes, beginnings = self._outcomes[:_MOST], self._beginnings[:_MOST]
        claims = [each.claim for each in beginnings]
        if outcomes or claims:
            tries = count()

            def record() -> list[Claim]:
                is_again = next(tries) > 0  # a database that was lost may have committed
                return self._ledger.record(outcomes, claims, lease=self._lease, again=is_again)

            held = await self.call(record)
            del self._outcomes[: len(outcomes)], self._beginnings[: len(beginnings)]
            mine = {claim.recipient_id for claim in held}
            for claim, answer in beginnings:
                if not answer.done():
                    answer.set_result(claim.recipient_id in mine)
        if not (self._outcomes or self._beginnings or self._is_last):
            self._is_asked.clear()

    async def _rest(self, seconds: float) -> None:
        """Wait; once the sender ends, half a second at most."""
        if self._is_ending.is_set():
            await asyncio.sleep(min(seconds, 0.5))
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._is_ending.wait()

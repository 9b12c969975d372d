"""The sender: claims people, gives a message for each to the server, and writes down what it answers.

Each person who is claimed is a task: wait for the pace, write that the message begins to leave, give
it to the server, write the outcome. Few are in flight, so memory does not grow with the list. Work
ends when nobody is left, when the incident is paused, or when somebody stops it; messages that have
begun then still get their answer, and people whose message has not begun go back.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from alpines_privacy.breach.database import Database
from alpines_privacy.breach.delivery.attempts import Attempts, Times, domain_of
from alpines_privacy.breach.delivery.commits import Commits
from alpines_privacy.breach.delivery.connection import Connection, Endpoint
from alpines_privacy.breach.delivery.entries import finish, pause_of, write_entry
from alpines_privacy.breach.delivery.letters import Notices
from alpines_privacy.breach.delivery.pace import Domains, Rate
from alpines_privacy.breach.delivery.pool import Link, Pool
from alpines_privacy.breach.delivery.progress import Ending, Meter, Progress
from alpines_privacy.breach.delivery.refusals import Refusals
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.ledger import Claim, Ledger
from alpines_privacy.policy.smtp import Smtp

__all__ = ["GRACE", "Sender"]

GRACE = 30.0  # seconds that messages which have begun get to end, when the sender stops
_LEASE = 600.0  # seconds at least; longer where the server may take longer
_IN_FLIGHT = 200  # people claimed at once
_CLAIMS = 100  # people in one claim
_SECONDS_AHEAD = 20.0  # whose people are claimed, where the rate is slow
_TICK = 1.0
_CORRECTION = 10.0  # seconds after which the ledger is asked how many are left
_IDLE = 5.0  # seconds at most until the ledger is asked again whether somebody is due
_STEP = 15.0  # seconds to which times are rounded until which people go back


def _ignore(_: Progress) -> None:
    """Show nothing."""


class Sender:
    """Sends the notices of one incident, once; as many senders as one likes share a ledger.

    `worker` names it in the evidence. `clock` gives seconds since 1970, as the ledger's does.
    `limit` is the number of people after whom it stops, `grace` the seconds that messages get to end.
    `speedup` divides the seconds of leases and retries, for drills and tests.
    `open_link` opens a connection; without it one of SMTP, as `smtp` says. Raises `BreachError` for
    settings that cannot be used.
    """

    def __init__(  # noqa: PLR0913 - what differs between a command, a drill and a test
        self,
        database: Database,
        incident: Incident,
        notices: Notices,
        smtp: Smtp,
        *,
        worker: str,
        clock: Callable[[], float] | None = None,
        limit: int | None = None,
        grace: float = GRACE,
        speedup: float = 1.0,
        open_link: Callable[[], Awaitable[Link]] | None = None,
    ) -> None:
        self._database = database
        self._incident = incident
        self._notices = notices
        self._smtp = smtp
        self._worker = worker
        self._clock = clock or time.time
        self._to_claim = math.inf if limit is None else limit
        self._grace = grace
        self._speedup = speedup
        self._lease = max(_LEASE, 10 * smtp.timeout) / speedup
        self._ledger = Ledger(database, incident.id, clock=clock)
        self._commits = Commits(self._ledger, lease=self._lease)
        self._pool = Pool(smtp.connections, open_link or _smtp_links(smtp))
        self._rate, self._domains = Rate(smtp.rate), Domains(smtp.domain_rate)
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_ending, self._is_freed = asyncio.Event(), asyncio.Event()
        self._ending: Ending | None = None
        self._error: BaseException | None = None
        self._pausing: asyncio.Task[None] | None = None

    def stop(self, reason: str = "stopped") -> None:
        """Stop: let messages that have begun end, and give everybody else back."""
        self._end(Ending("stopped", reason))

    async def run(self, progress: Callable[[Progress], None] = _ignore) -> Ending:
        """Send until nobody is left, the incident is paused, or `stop` is called.

        `progress` is called once a second, and at the end. Raises `BreachError`, in one line, where
        the server or the database cannot be used; nobody is marked as failed for that.
        """
        try:
            pause = await self._commits.call(pause_of, self._database, self._incident)
            if pause.is_paused:
                return Ending("paused", pause.reason)
            await self._unless_ending(self._pool.begin())
            await self._prepare(trusts=pause.was_resumed)
            await self._work(progress)
            return await self._outcome()
        finally:
            await self._pool.close()
            self._commits.close()

    async def _prepare(self, *, trusts: bool) -> None:
        counts = await self._commits.call(self._ledger.counts)
        self._meter = Meter(counts.total, counts.remaining, self._clock())
        # Each of four answers, and one more for what else takes time.
        message = min(5 * self._smtp.timeout, self._lease / 2)
        self._attempts = Attempts(
            self._notices, self._pool, self._commits, self._rate, self._domains,
            Refusals(self._smtp.refusals, trusts=trusts, knows_people=counts.accepted > 0), self._meter,
            Times(self._now, self._incident.deadline, self._lease, message, self._speedup), self._pause,
        )  # fmt: skip
        said = {"worker": self._worker, "digest": self._notices.digest}
        await self._commits.call(write_entry, self._database, self._incident, "sending", said)

    async def _work(self, progress: Callable[[Progress], None]) -> None:
        writing = self._background(self._commits.run())
        feeding = self._background(self._feed())
        others = [self._background(self._tick(progress)), self._background(self._watch())]
        try:
            await self._is_ending.wait()
        finally:
            self.stop()  # whoever has cancelled it
            self._commits.limit_wait(self._grace)
            await _ended(others, 0)
            with suppress(BreachError):
                await feeding
            await self._let_end()
            self._commits.end()
            with suppress(BreachError):
                await writing
            if self._pausing is not None:
                await self._pausing
            await self._give_back(list(self._attempts.waiting.values()))
            await self._correct()
            progress(self._progress())

    async def _outcome(self) -> Ending:
        if self._error is not None:
            raise self._lost() or self._error
        ending = self._ending or Ending("stopped")
        if ending.kind == "done":
            counts = await self._commits.call(self._ledger.counts)
            said = {"counts": counts._asdict(), "worker": self._worker}
            await self._commits.call(finish, self._database, self._incident, said)
        return ending

    def _lost(self) -> BreachError | None:
        """Return what to say where answers of the server could not be written."""
        if not self._commits.unwritten:
            return None
        return BreachError(
            f"{self._error}. {self._commits.unwritten} answers of the server are not written: those "
            "people get the same message again, with the same Message-ID"
        )

    # What goes on until the end.

    async def _feed(self) -> None:
        """Claim people as long as there are any, and there is room for them."""
        while not self._is_ending.is_set():
            room = self._room()
            if room <= 0:
                await self._freed(None)
                continue
            claims = await self._claim(min(room, _CLAIMS)) if self._to_claim else []
            if self._is_ending.is_set():
                await self._give_back(claims)
            elif claims:
                await self._start(claims)
            elif (ending := await self._over()) is not None:
                self._end(ending)

    async def _claim(self, number: int) -> list[Claim]:
        number = int(min(number, self._to_claim))
        claims = await self._commits.call(
            self._ledger.claim, self._worker, number, lease=self._lease
        )
        self._to_claim -= len(claims)
        return claims

    def _room(self) -> int:
        """Return how many people to claim: none, until it is worth a commit."""
        most = _IN_FLIGHT
        if self._rate.current is not None:
            ahead = math.ceil(self._rate.current * _SECONDS_AHEAD)
            most = min(most, max(ahead, 2 * self._smtp.connections))
        room = most - (len(self._tasks) - self._domains.waiting)
        return room if room >= most / 2 else 0

    async def _start(self, claims: Sequence[Claim]) -> None:
        """Begin an attempt for each person, but for those of a domain that is full."""
        put_off: defaultdict[int, list[Claim]] = defaultdict(list)
        for claim in claims:
            if wait := self._domains.put_off(domain_of(claim)):
                put_off[math.ceil(wait / _STEP)].append(claim)
            else:
                task = asyncio.create_task(self._attempts.tell(claim), name=str(claim.recipient_id))
                self._tasks.add(task)
                task.add_done_callback(self._on_done)
                await asyncio.sleep(0)  # so that it counts as waiting, if it has to
        for steps, group in put_off.items():
            self._to_claim += len(group)
            until = self._now() + timedelta(seconds=steps * _STEP)
            await self._commits.call(self._ledger.release, group, until=until)

    async def _over(self) -> Ending | None:
        """Wait until somebody may be due; return how it ends if nobody will be."""
        if self._tasks:
            await self._freed(_TICK)
            return None
        if self._attempts.holds:
            self._attempts.settle()
            return None
        if not self._commits.is_idle:
            await self._freed(0.05)
            return None
        remaining = await self._commits.call(self._ledger.remaining)
        if remaining is None:
            return Ending("done")
        if not self._to_claim:
            return Ending("stopped", "the limit is reached")
        await self._freed(min(max(remaining.seconds, 0.05), _IDLE))
        return None

    async def _tick(self, progress: Callable[[Progress], None]) -> None:
        """Tell how far it is, and adapt the pace, once a second."""
        while True:
            self._meter.sample(self._clock())
            expected = self._meter.forecast(self._now(), self._incident.deadline)
            self._rate.rise((expected.needed or 0.0) / 3600)
            self._domains.rise()
            self._attempts.put_back_old()
            progress(self._progress())
            await asyncio.sleep(_TICK)

    async def _watch(self) -> None:
        """See what other senders do: whether one has paused the incident, and how many are left."""
        corrected = -math.inf
        while True:
            pause = await self._commits.call(pause_of, self._database, self._incident)
            if pause.is_paused:
                self._end(Ending("paused", pause.reason))
            now = asyncio.get_running_loop().time()
            if now - corrected >= _CORRECTION:
                corrected = now
                remaining = await self._commits.call(self._ledger.remaining)
                people = remaining.people if remaining else 0
                self._meter.correct(max(0, people - self._commits.unwritten))
            await asyncio.sleep(_TICK)

    def _progress(self) -> Progress:
        meter, now = self._meter, self._now()
        expected = meter.forecast(now, self._incident.deadline)
        return Progress(
            people=meter.people,
            done=meter.done,
            accepted=meter.accepted,
            deferred=meter.deferred,
            failed=meter.failed,
            rate=None if expected.rate is None else expected.rate / 3600,
            limit=self._rate.current,
            forecast=expected.end,
            deadline=self._incident.deadline,
            seconds_left=(self._incident.deadline - now).total_seconds(),
            misses=expected.misses,
            problem=self._commits.problem or self._pool.problem,
        )

    # The end.

    def _pause(self, reason: str) -> None:
        """Pause the incident, for all its senders."""
        if self._ending is None:
            self._end(Ending("paused", reason))
            self._pool.halt()
            self._pausing = self._background(self._write_pause(reason))

    async def _write_pause(self, reason: str) -> None:
        said = {"reason": reason, "worker": self._worker}
        await self._commits.call(write_entry, self._database, self._incident, "paused", said)

    async def _let_end(self) -> None:
        """Give up attempts whose message has not begun, and let the others end."""
        waiting = set(map(str, self._attempts.waiting))
        idle = [task for task in self._tasks if task.get_name() in waiting]
        await _ended(idle, 0)
        await self._pool.refuse()
        await _ended(list(self._tasks), self._grace)
        self._attempts.abandon()
        if self._ending is not None and self._ending.kind == "paused":
            self._attempts.put_back()
        else:
            self._attempts.settle()

    async def _correct(self) -> None:
        """Count those who are left, if the ledger can be asked."""
        with suppress(BreachError):
            remaining = await self._commits.call(self._ledger.remaining)
            self._meter.correct(remaining.people if remaining else 0)

    async def _give_back(self, claims: Sequence[Claim]) -> None:
        """Give people back; a ledger that cannot be asked gives them back when their lease ends."""
        if claims:
            with suppress(BreachError):
                await self._commits.call(self._ledger.release, claims)

    def _end(self, ending: Ending) -> None:
        if self._ending is None:
            self._ending = ending
        self._is_ending.set()
        self._is_freed.set()

    def _background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        task.add_done_callback(self._on_failure)
        return task

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._is_freed.set()
        self._on_failure(task)

    def _on_failure(self, task: asyncio.Task[None]) -> None:
        """End everything for an error that no attempt can deal with."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._error = self._error or error
            self._end(Ending("stopped", str(error)))

    async def _freed(self, seconds: float | None) -> None:
        """Wait until an attempt has ended, or the sending does, or a time has passed."""
        self._is_freed.clear()
        if self._is_ending.is_set():
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._is_freed.wait()

    async def _unless_ending(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        ending = asyncio.create_task(self._is_ending.wait())
        await asyncio.wait([task, ending], return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        if not task.done():
            await _ended([task], 0)
        else:
            task.result()

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def _smtp_links(smtp: Smtp) -> Callable[[], Awaitable[Link]]:
    endpoint = Endpoint(smtp)

    async def open_link() -> Link:
        return await Connection.open(endpoint)

    return open_link


async def _ended(tasks: Sequence[asyncio.Task[None]], seconds: float) -> None:
    """Wait for tasks, and cancel those that take longer."""
    if not tasks:
        return
    if seconds:
        await asyncio.wait(tasks, timeout=seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

"""One attempt to tell one person, from the claim to the outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Literal, NamedTuple

from alpines_privacy.breach.delivery.commits import Commits
from alpines_privacy.breach.delivery.letters import Letter, Notices
from alpines_privacy.breach.delivery.pace import Domains, Rate
from alpines_privacy.breach.delivery.pool import NotSentError, Pool, TooLateError
from alpines_privacy.breach.delivery.progress import Meter
from alpines_privacy.breach.delivery.refusals import Refusals
from alpines_privacy.breach.delivery.replies import (
    Reply,
    Stage,
    Verdict,
    classify,
    without_person,
)
from alpines_privacy.breach.delivery.retries import retry_at
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.ledger import Claim, Outcome
from alpines_privacy.breach.reasons import NO_NOTICE, NO_SMTPUTF8

__all__ = ["Attempts", "domain_of"]

_AHEAD = 40  # messages that have begun and wait for a connection
_LONGEST_HELD = 120.0  # seconds that a refusal waits for somebody else's acceptance
_FIRST = 1  # the attempt whose wait follows what is not the person's doing
_NOT_THE_PERSON_S = {
    Verdict.SERVER_BUSY,
    Verdict.LOST,
    Verdict.BROKEN,
    Verdict.SENDER_REFUSED,
    Verdict.UNCLEAR,
}
_FAILED = {Verdict.REFUSED, Verdict.UNCLEAR, Verdict.UNABLE}


class _Held(NamedTuple):
    """A refusal of which nobody knows yet whether it is the person's."""

    claim: Claim
    reply: Reply
    at: float


class Times(NamedTuple):
    """What attempts have to know of time: now, the deadline, the seconds of a lease and of a message."""

    now: Callable[[], datetime]
    deadline: datetime
    lease: float
    message: float
    speedup: float = 1.0  # divides the time until a retry


class Attempts:
    """The attempts of one sender. `pause` is called with the reason once the sending has to pause.

    `waiting` are people whose message has not begun, `begun` those whose outcome is not written.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the parts of a sender
        self,
        notices: Notices,
        pool: Pool,
        commits: Commits,
        rate: Rate,
        domains: Domains,
        refusals: Refusals,
        meter: Meter,
        times: Times,
        pause: Callable[[str], None],
    ) -> None:
        self._notices = notices
        self._pool = pool
        self._commits = commits
        self._rate = rate
        self._domains = domains
        self._refusals = refusals
        self._meter = meter
        self._times = times
        self._pause = pause
        self._ahead = asyncio.Semaphore(_AHEAD)
        self._held: list[_Held] = []
        self.waiting: dict[int, Claim] = {}
        self.begun: dict[int, Claim] = {}

    async def tell(self, claim: Claim) -> None:
        """Try to tell a person who was claimed, and write down what comes of it."""
        self.waiting[claim.recipient_id] = claim
        await self._domains.admit(domain_of(claim))
        await self._rate.admit()
        letter = self._letter(claim)
        if letter is None:
            return
        async with self._ahead:
            try:
                reply = await self._sent(claim, letter)
            except (NotSentError, BreachError) as problem:
                if claim.recipient_id in self.begun:
                    self._defer(
                        claim, _unsent(str(problem) or "the sender was stopped"), again=True
                    )
                if isinstance(problem, BreachError):
                    raise
                return
        if reply is not None:
            self._judge(claim, reply)

    @property
    def holds(self) -> bool:
        """Whether there are refusals of which nobody knows yet whose they are."""
        return bool(self._held)

    def settle(self) -> None:
        """Decide about refusals when nobody else is left: they are the people's if anybody was accepted."""
        if self._refusals.has_accepted or self._refusals.trusts:
            self._fail_held()
        elif self._held:
            last = self._held[-1]
            self._pause(self._refusals.words(_spoken(last.claim, last.reply)))
            self.put_back()

    def put_back(self, *, longer_than: float = 0.0) -> None:
        """Try people again who were refused that long ago, while nobody was accepted."""
        now = asyncio.get_running_loop().time()
        old = [held for held in self._held if now - held.at >= longer_than]
        self._held = [held for held in self._held if now - held.at < longer_than]
        for held in old:
            self._defer(held.claim, held.reply)

    def put_back_old(self) -> None:
        """Try people again whose lease would end before it is known whether they were refused."""
        self.put_back(longer_than=_LONGEST_HELD)

    def abandon(self) -> None:
        """Write for messages that were given up in the middle that nobody knows whether they arrived."""
        text = "the sender was stopped before the answer; the message may have arrived"
        held = {each.claim.recipient_id for each in self._held}
        for claim in [each for each in self.begun.values() if each.recipient_id not in held]:
            self._defer(claim, _unsent(text))

    def _letter(self, claim: Claim) -> Letter | None:
        try:
            return self._notices.letter(claim)
        except BreachError as error:
            del self.waiting[claim.recipient_id]
            self._write("failed", claim, _unsent(str(error)), reason=NO_NOTICE)
            return None

    async def _sent(self, claim: Claim, letter: Letter) -> Reply | None:
        """Give the message to the server; None if somebody else has the person meanwhile."""
        loop = asyncio.get_running_loop()
        while True:
            until = loop.time() + self._times.lease - self._times.message
            self.begun[claim.recipient_id] = claim
            self.waiting.pop(claim.recipient_id, None)
            if not await self._commits.begin(claim):
                del self.begun[claim.recipient_id]
                return None
            try:
                return await self._pool.deliver(letter, until=until)
            except TooLateError:
                continue  # the lease is renewed

    def _judge(self, claim: Claim, reply: Reply) -> None:
        verdict = classify(reply)
        self._adapt(verdict, domain_of(claim))
        is_unclear = self._refusals.is_unclear(verdict)
        reason = self._refusals.add(verdict, _spoken(claim, reply))
        if verdict is Verdict.ACCEPTED:
            self._write("accepted", claim, reply)
            self._fail_held()
        elif is_unclear:
            now = asyncio.get_running_loop().time()
            self._held.append(_Held(claim, reply, now))
        elif verdict in _FAILED:
            unable = NO_SMTPUTF8 if verdict is Verdict.UNABLE else None
            self._write("failed", claim, reply, reason=unable)
        else:
            self._defer(claim, reply)
        if reason is not None:
            self.put_back()
            self._pause(reason)

    def _adapt(self, verdict: Verdict, domain: str) -> None:
        if verdict is Verdict.SERVER_BUSY:
            self._rate.throttle()
        elif verdict is Verdict.DOMAIN_BUSY:
            self._domains.throttle(domain)

    def _fail_held(self) -> None:
        held, self._held = self._held, []
        for each in held:
            self._write("failed", each.claim, each.reply)

    def _defer(self, claim: Claim, reply: Reply, *, again: bool = False) -> None:
        attempt = _FIRST if classify(reply) in _NOT_THE_PERSON_S else claim.attempt
        now = self._times.now()
        at = now
        if not again:
            at += (retry_at(attempt, now, self._times.deadline) - now) / self._times.speedup
        self._write("deferred", claim, reply, at=at)

    def _write(
        self,
        state: Literal["accepted", "deferred", "failed"],
        claim: Claim,
        reply: Reply,
        *,
        at: datetime | None = None,
        reason: str | None = None,
    ) -> None:
        self.begun.pop(claim.recipient_id, None)
        self._meter.count(state)
        self._commits.finish(
            Outcome(claim, state, reply.code, reply.text, reply.server, at, reason)
        )


def domain_of(claim: Claim) -> str:
    """Return the domain of a person's address."""
    return claim.address.rpartition("@")[2].lower()


def _spoken(claim: Claim, reply: Reply) -> Reply:
    """Return an answer as it may be shown, and be part of the incident's history."""
    return without_person(reply, claim.address, claim.name)


def _unsent(text: str) -> Reply:
    """Return the record of an attempt that no server answered."""
    return Reply(Stage.CONTENT, None, text, "")

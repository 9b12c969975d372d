"""The pace: messages a second to the server and to each recipient domain, adapted to what they take.

A throttling answer halves the rate, as congestion control does (RFC 5681): from the present limit, or
from what was sent lately. Without another one it rises again by a quarter every ten seconds, and
at once to what the deadline needs, up to the limit that is configured; but only while messages leave
at that rate, since one that is not used shows nothing (RFC 7661).
"""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict, deque

from aiolimiter import AsyncLimiter

__all__ = ["Domains", "Rate"]

_SLOWEST = 0.1  # messages a second, at which a server that throttles everything is still asked
_CALM = 10.0  # seconds without throttling after which the rate rises
_RISE = 1.25
_USED = 0.5  # the share of a rate that has to be used before it rises
_FREE = 1000.0  # messages a second that need no limit, where none is configured
_SEEN = 64  # messages by which the present rate is measured
_BURST = 0.1  # seconds whose messages may leave together
_DOMAINS = 2_000  # whose rates are kept
# People whose domain is slow wait here, for seconds; those for whom there is no room go back to the
# ledger, one after another into the next quarter of an hour.
_WAIT, _WAITING, _ALL_WAITING = 20.0, 50, 1_000
_LONGEST_WAIT = 900.0


class Rate:
    """Messages a second: at most the limit, and fewer after throttling."""

    def __init__(self, limit: float | None) -> None:
        self._limit = limit
        self._limiter: AsyncLimiter | None = None
        self._sent: deque[float] = deque(maxlen=_SEEN)
        self._changed = -math.inf
        self._since = 0  # messages since the rate changed
        self._turn = 0.0
        self.waiting = 0
        self.current: float | None = None
        self._set(limit)

    async def admit(self) -> None:
        """Wait until another message may leave."""
        self.waiting += 1
        try:
            while (limiter := self._limiter) is not None:
                await limiter.acquire()
                if limiter is self._limiter:
                    break  # else the rate has changed meanwhile
        finally:
            self.waiting -= 1
        self._sent.append(_now())
        self._since += 1

    def throttle(self) -> None:
        """Halve the rate; answers to messages that left together halve it once."""
        now = _now()
        if now - self._changed < 1 and self.current is not None and self.current != self._limit:
            return
        self._changed, self._since = now, 0
        lately = self._lately(now)
        self._set(max(min(lately, self.current or math.inf) / 2, _SLOWEST))

    def rise(self, needed: float = 0.0) -> None:
        """Raise the rate if nobody has throttled for a while; at once to what the deadline needs."""
        now = _now()
        if self.current is None or self.current == self._limit or now - self._changed < _CALM:
            return
        is_used = self._since >= self.current * (now - self._changed) * _USED
        self._changed, self._since = now, 0
        if not is_used:
            return
        rate = max(self.current * _RISE, min(needed, self.current * 8))
        if self._limit is None:
            self._set(rate if rate < _FREE else None)
        else:
            self._set(min(rate, self._limit))

    def put_off(self, *, is_full: bool) -> float:
        """Return the seconds for which a further message should not even wait here; 0 if it may."""
        rate = self.current
        if rate is None or (not is_full and self.waiting < max(1, min(rate * _WAIT, _WAITING))):
            return 0.0
        now = _now()
        self._turn = max(self._turn, now + _WAIT) + 1 / rate
        if self._turn > now + _LONGEST_WAIT:
            self._turn = now + _WAIT
        return self._turn - now

    def _lately(self, now: float) -> float:
        """Return the messages a second of the last ones."""
        if len(self._sent) < 2:
            return 1.0
        return (len(self._sent) - 1) / max(now - self._sent[0], 0.001)

    def _set(self, rate: float | None) -> None:
        self.current = rate
        if rate is None:
            self._limiter = None
        else:
            burst = max(1.0, rate * _BURST)
            self._limiter = AsyncLimiter(burst, burst / rate)


class Domains:
    """The rate to each recipient domain, of a bounded number of domains."""

    def __init__(self, limit: float | None) -> None:
        self._limit = limit
        self._rates: OrderedDict[str, Rate] = OrderedDict()
        self.waiting = 0

    async def admit(self, domain: str) -> None:
        """Wait until another message to the domain may leave."""
        self.waiting += 1
        try:
            await self._rate(domain).admit()
        finally:
            self.waiting -= 1

    def throttle(self, domain: str) -> None:
        """Halve the rate to a domain."""
        self._rate(domain).throttle()

    def rise(self) -> None:
        """Raise the rates that nobody has throttled for a while."""
        for rate in self._rates.values():
            rate.rise()

    def put_off(self, domain: str) -> float:
        """Return the seconds for which a person of the domain goes back to the ledger; 0 if not."""
        rate = self._rates.get(domain)
        return rate.put_off(is_full=self.waiting >= _ALL_WAITING) if rate is not None else 0.0

    def slowed(self) -> int:
        """Return the number of domains that are throttled at present."""
        return sum(rate.current != self._limit for rate in self._rates.values())

    def _rate(self, domain: str) -> Rate:
        rate = self._rates.get(domain)
        if rate is None:
            rate = self._rates[domain] = Rate(self._limit)
            if len(self._rates) > _DOMAINS:
                self._forget()
        self._rates.move_to_end(domain)
        return rate

    def _forget(self) -> None:
        """Drop the domain that was longest without a message, and that nobody waits for."""
        for domain, rate in self._rates.items():
            if not rate.waiting:
                del self._rates[domain]
                return


def _now() -> float:
    return asyncio.get_running_loop().time()

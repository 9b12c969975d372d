"""How far the sending is, and how it ended."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import Literal, NamedTuple

from alpines_privacy.breach.forecast import Forecast, forecast

__all__ = ["Ending", "Meter", "Progress"]

_WINDOW = 60.0  # seconds whose rate counts


class Progress(NamedTuple):
    """How far the sending of an incident is, by all its senders; the last three numbers are this one's."""

    people: int
    done: int  # people to whom no message is to be sent any more
    accepted: int
    deferred: int
    failed: int
    rate: float | None  # people a second who are done with
    limit: float | None  # messages a second that the server is given at most
    forecast: datetime | None
    deadline: datetime
    seconds_left: float
    misses: bool
    problem: str  # what holds up the sending at present; empty if nothing does


class Ending(NamedTuple):
    """How a sender ended: nobody is left, the incident is paused, or it was stopped; and why."""

    kind: Literal["done", "paused", "stopped"]
    reason: str = ""


class Meter:
    """The people who are done with, and how fast: those of the ledger, and this sender's since it was asked."""

    def __init__(self, people: int, remaining: int, now: float) -> None:
        self.people = people
        self._done = people - remaining
        self._since = 0
        self._samples: deque[tuple[float, int]] = deque([(now, self._done)])
        self.accepted = self.deferred = self.failed = 0

    @property
    def done(self) -> int:
        """People to whom no message is to be sent any more."""
        return min(self._done + self._since, self.people)

    @property
    def remaining(self) -> int:
        """People to whom one is."""
        return self.people - self.done

    def count(self, state: Literal["accepted", "deferred", "failed"]) -> None:
        """Count an outcome."""
        setattr(self, state, getattr(self, state) + 1)
        self._since += state != "deferred"

    def correct(self, remaining: int) -> None:
        """Take over what the ledger says, with what other senders did."""
        self.people = max(self.people, remaining)
        self._done, self._since = self.people - remaining, 0

    def sample(self, now: float) -> None:
        """Note how many are done now."""
        self._samples.append((now, self.done))
        while self._samples[0][0] < now - _WINDOW and len(self._samples) > 2:
            self._samples.popleft()

    def forecast(self, now: datetime, deadline: datetime) -> Forecast:
        """Forecast the end from the rate of the last minute."""
        (first, before), (last, after) = self._samples[0], self._samples[-1]
        return forecast(self.remaining, max(after - before, 0), last - first, now, deadline)

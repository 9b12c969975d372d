"""When a deferred message is tried again."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

__all__ = ["retry_at"]

_FIRST, _LONGEST = 60.0, 1800.0  # seconds; each try waits twice as long as the one before
_SHORTEST = 10.0
_TRIES_LEFT = 3  # into which the time left is divided: a late message is tried more often
_dice = random.SystemRandom()


def retry_at(attempt: int, now: datetime, deadline: datetime) -> datetime:
    """Return the time of the next try after the given one, from 1.

    It waits a minute, then twice as long each time up to half an hour, and a random quarter more or
    less, so that people who were deferred together do not come together. As the deadline draws near
    it waits a third of the time left at most; after the deadline it goes on.
    """
    wait = min(_FIRST * 2.0 ** min(attempt - 1, 20), _LONGEST)
    left = (deadline - now).total_seconds()
    if left > 0:
        wait = min(wait, max(left / _TRIES_LEFT, _SHORTEST))
    return now + timedelta(seconds=wait * _dice.uniform(0.75, 1.25))

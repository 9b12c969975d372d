"""Whether everybody will be told in time, at the present rate."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

__all__ = ["WINDOW", "Forecast", "forecast"]

WINDOW = 600.0  # seconds whose rate counts
_FEWEST = 2  # people who make a rate


class Forecast(NamedTuple):
    """People an hour now and needed (None where there is no such rate), the end, and whether it is too late."""

    rate: float | None
    needed: float | None
    end: datetime | None
    misses: bool


def forecast(
    remaining: int, settled: int, seconds: float, now: datetime, deadline: datetime
) -> Forecast:
    """Forecast from the people settled in the last seconds; nobody remaining is no miss."""
    left = (deadline - now).total_seconds()
    needed = remaining * 3600 / left if left > 0 else None
    rate = settled * 3600 / seconds if settled >= _FEWEST and seconds > 0 else None
    if not remaining:
        return Forecast(rate, 0.0, None, misses=False)
    if rate is None:
        return Forecast(None, needed, None, misses=left <= 0)
    hours = min(remaining / rate, 24 * 365)  # further than a year, only "too late" matters
    end = now + timedelta(hours=hours)
    return Forecast(rate, needed, end, misses=left <= 0 or end > deadline)

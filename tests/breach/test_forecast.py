"""The forecast: whether the present rate meets the deadline."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alpines_privacy.breach.forecast import forecast

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)

# People left, people settled in so many seconds, hours left; the rate, the hours to the end, and whether it is missed.
FORECASTS = {
    "in time": (1000, 100, 360, 2, 1000, 1, False),
    "too slow": (1000, 100, 360, 0.5, 1000, 1, True),
    "nobody left": (0, 100, 360, 2, 1000, None, False),
    "nobody left, too late": (0, 100, 360, -1, 1000, None, False),
    "not begun": (1000, 0, 0, 2, None, None, False),
    "not begun, too late": (1000, 0, 0, -1, None, None, True),
    "one is no rate": (1000, 1, 360, 2, None, None, False),
    "in the same instant": (1000, 5, 0, 2, None, None, False),
    "slower than a year": (10**9, 2, 600, 2, 12, 24 * 365, True),
}


@pytest.mark.parametrize("case", FORECASTS)
def test_the_rate_is_held_against_the_deadline(case: str) -> None:
    remaining, settled, seconds, left, rate, hours, misses = FORECASTS[case]
    found = forecast(remaining, settled, seconds, NOW, NOW + timedelta(hours=left))
    assert found.rate == rate
    assert found.end == (None if hours is None else NOW + timedelta(hours=hours))
    assert found.misses is misses
    if left > 0:
        assert found.needed == remaining / left

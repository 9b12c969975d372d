"""When a deferred message is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy.breach.delivery.retries import retry_at

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
FAR = NOW + timedelta(days=3)
DEADLINES = st.integers(-(10**6), 10**6).map(lambda seconds: NOW + timedelta(seconds=seconds))


def wait(attempt: int, deadline: datetime = FAR) -> float:
    return (retry_at(attempt, NOW, deadline) - NOW).total_seconds()


def test_waits_double_up_to_half_an_hour() -> None:
    for attempt, seconds in enumerate([60, 120, 240, 480, 960, 1800, 1800], start=1):
        assert 0.75 * seconds <= wait(attempt) <= 1.25 * seconds
    assert wait(10**6) <= 1.25 * 1800


def test_people_who_were_deferred_together_do_not_come_together() -> None:
    assert len({wait(3) for _ in range(50)}) > 40


@given(st.integers(1, 10**6), DEADLINES)
def test_the_deadline_never_passes_without_tries(attempt: int, deadline: datetime) -> None:
    """Before the deadline there is always another try before it, unless only seconds are left."""
    left = (deadline - NOW).total_seconds()
    seconds = wait(attempt, deadline)
    assert seconds > 0
    if left > 15:
        assert seconds < left


@given(st.integers(1, 50))
def test_after_the_deadline_it_goes_on(attempt: int) -> None:
    assert 0 < wait(attempt, NOW - timedelta(days=1)) <= 1.25 * 1800

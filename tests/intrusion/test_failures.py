"""§6, intruders: failures and lock-outs against a model with a set clock, and against a real Redis."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from alpines_privacy import Intrusion, LoginRoute
from alpines_privacy.intrusion.failures import Failures, Kind
from alpines_privacy.intrusion.memory import BoundedMemory
from alpines_privacy.intrusion.shared import redis_storage
from tests.support.redis_server import redis_server

ROUTE = LoginRoute(path="/login", account="username")
POLICY = Intrusion(
    logins=[ROUTE], client_failures=5, account_failures=3, window=60, lockout=10, longest_lockout=50
)
MOST: dict[Kind, int] = {"client": 5, "account": 3}
DAY = 86_400
KINDS = st.sampled_from(["client", "account"])
WHO = st.sampled_from(["a", "b"])


class Clock:
    """Seconds since the epoch, as a test sets them."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Model:
    """One client or account: the failures themselves, from which everything is worked out anew."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.counted: list[float] = []
        self.lockouts: list[tuple[float, int]] = []

    def weight(self, now: float) -> int:
        """Replay the failures: windows follow each other from the first, two windows without one end the chain."""
        start, earlier, count = 0.0, 0, 0
        for moment in [*self.counted, now]:
            if (not earlier and not count) or moment >= start + 120:
                start, earlier, count = moment, 0, 0
            elif moment >= start + 60:
                start, earlier, count = start + 60, count, 0
            count += 1
        count -= 1  # now itself is no failure
        return math.floor(earlier * max(0.0, start + 60 - now) / 60) + count

    def locked_until(self) -> float:
        return max((began + seconds for began, seconds in self.lockouts), default=0.0)

    def fail(self, now: float) -> int:
        if self.weight(now) + 1 < self.most:
            self.counted.append(now)
            return 0
        if now < self.locked_until():
            return 0
        today = self._of_today(now)
        seconds: int = min(10 << today, 50)
        self.lockouts.append((now, seconds))
        return seconds

    def _of_today(self, now: float) -> int:
        """Count the lock-outs since the day began that the first one of it opened."""
        began, count = 0.0, 0
        for moment, _ in self.lockouts:
            if not count or moment >= began + DAY:
                began, count = moment, 0
            count += 1
        return count if count and now < began + DAY else 0


class Windows(RuleBasedStateMachine):
    """Failures of two clients and two accounts, in any order and with any pauses."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.failures = Failures(POLICY, BoundedMemory(self.clock), self.clock)
        self.models = {(kind, who): Model(MOST[kind]) for kind in MOST for who in "ab"}
        self.known: set[tuple[str, str]] = set()

    @rule(kind=KINDS, who=WHO, times=st.integers(1, 6))
    def fail(self, kind: Kind, who: str, times: int) -> None:
        for _ in range(times):
            assert self.failures.failed(kind, who) == self.models[kind, who].fail(self.clock.now)

    @rule(
        seconds=st.one_of(
            st.integers(0, 120),
            st.sampled_from([30, 59, 60, 61, 90, 119, 120, 3_600, DAY, 2 * DAY]),
        )
    )
    def wait(self, seconds: int) -> None:
        self.clock.now += seconds

    @rule(kind=KINDS, who=WHO)
    def reset(self, kind: Kind, who: str) -> None:
        self.failures.reset(kind, who)
        self.models[kind, who] = Model(MOST[kind])
        assert self.failures.reset(kind, who) is False

    @rule(account=WHO, client=WHO)
    def succeed(self, account: str, client: str) -> None:
        """A success takes no failure back: who has an account could else reset the count of their guesses."""
        self.failures.succeeded(account, client)
        assert self.failures.is_known(account, client)

    @invariant()
    def locked(self) -> None:
        for (kind, who), model in self.models.items():
            left = max(0, int(model.locked_until() - self.clock.now))
            assert self.failures.seconds_left(kind, who) == left


Windows.TestCase.settings = settings(max_examples=150, stateful_step_count=40)
TestWindows = Windows.TestCase


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as address:
        yield address


def test_memory_counts_as_redis_does(redis: str) -> None:
    policy = Intrusion(
        logins=[ROUTE], client_failures=5, account_failures=3, window=3600, lockout=600, storage=redis,
        timeout=5000,
    )  # fmt: skip
    storage: Any = redis_storage(policy)
    both = [Failures(policy, BoundedMemory()), Failures(policy, storage)]
    for kind, most in MOST.items():
        told = [[failures.failed(kind, "a") for _ in range(7)] for failures in both]
        assert told[0] == told[1] == [0] * (most - 1) + [600] + [0] * (7 - most)
        assert [599 <= failures.seconds_left(kind, "a") <= 600 for failures in both] == [True, True]
        assert [failures.seconds_left(kind, "b") for failures in both] == [0, 0]
        assert [failures.reset(kind, "a") for failures in both] == [True, True]
        assert [failures.seconds_left(kind, "a") for failures in both] == [0, 0]
        assert [failures.failed(kind, "a") for failures in both] == [0, 0]
    for failures in both:
        failures.succeeded("a", "home")
    assert [failures.is_known("a", "home") for failures in both] == [True, True]
    assert [failures.is_known("a", "elsewhere") for failures in both] == [False, False]
    assert all(storage.storage.ttl(key) > 0 for key in storage.storage.scan_iter("*"))


def test_a_lock_out_of_redis_begins_with_the_last_failure(redis: str) -> None:
    policy = Intrusion(
        logins=[ROUTE], account_failures=2, window=1, lockout=1, storage=redis, timeout=5000
    )
    storage: Any = redis_storage(policy)
    failures = Failures(policy, storage)
    assert [failures.failed("account", "short"), failures.failed("account", "short")] == [0, 1]
    assert failures.seconds_left("account", "short") == 1

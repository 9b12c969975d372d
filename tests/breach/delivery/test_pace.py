"""The pace, in virtual time: limits are kept, throttling halves the rate, and it rises again."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpines_privacy.breach.delivery.pace import Domains, Rate
from tests.support.virtual_time import run_virtually


async def admitted(rate: Rate, seconds: float) -> int:
    """Count the messages that may leave in that time, with as many waiting as are let through."""
    loop = asyncio.get_running_loop()
    end, number = loop.time() + seconds, 0
    while True:
        await rate.admit()
        if loop.time() > end:
            return number
        number += 1


@given(st.floats(0.1, 5000), st.integers(1, 5))
@settings(max_examples=30)
def test_a_limit_is_kept_over_every_time(limit: float, workers: int) -> None:
    async def whole() -> None:
        rate = Rate(limit)
        seconds = max(2.0, 20 / limit)
        number = sum(await asyncio.gather(*(admitted(rate, seconds) for _ in range(workers))))
        assert number <= limit * seconds + limit * 0.1 + 1
        assert number >= 0.8 * limit * seconds - workers - 1

    run_virtually(whole)


def test_without_a_limit_nobody_waits() -> None:
    async def whole() -> None:
        rate = Rate(None)
        for _ in range(10_000):
            await rate.admit()
        assert asyncio.get_running_loop().time() < 0.01

    run_virtually(whole)


async def sent_at(rate: Rate, pace: float, number: int = 64) -> None:
    """Send at a pace that the server sets."""
    for _ in range(number):
        await rate.admit()
        await asyncio.sleep(1 / pace)


@pytest.mark.parametrize("limit", [None, 1000.0])
def test_throttling_halves_what_was_sent_lately(limit: float | None) -> None:
    async def whole() -> None:
        rate = Rate(limit)
        await sent_at(rate, 100)
        rate.throttle()
        assert rate.current == pytest.approx(50, rel=0.1)
        rate.throttle()  # an answer to a message that left before
        assert rate.current == pytest.approx(50, rel=0.1)
        await asyncio.sleep(2)
        await sent_at(rate, 1000)
        rate.throttle()
        assert rate.current == pytest.approx(25, rel=0.1)

    run_virtually(whole)


@pytest.mark.parametrize("limit", [None, 100.0])
def test_it_rises_again_to_the_limit_and_not_at_once(limit: float | None) -> None:
    async def whole() -> None:
        rate = Rate(limit)
        await sent_at(rate, 100)
        rate.throttle()
        rates: list[float] = []
        while rate.current is not None and rate.current != limit:
            rates.append(rate.current)
            await admitted(rate, 1)
            rate.rise()
        assert rates == sorted(rates)
        assert all(after <= before * 1.26 for before, after in pairwise(rates))
        assert asyncio.get_running_loop().time() > 30
        assert rate.current == limit

    run_virtually(whole)


def test_it_rises_to_what_the_deadline_needs_and_never_above_the_limit() -> None:
    async def whole() -> None:
        rate = Rate(40.0)
        await sent_at(rate, 40)
        for _ in range(3):
            rate.throttle()
            await asyncio.sleep(2)
        slow = rate.current
        assert slow is not None
        assert slow < 10
        await asyncio.sleep(60)
        rate.rise(needed=30)
        assert rate.current == slow, "a rate that is not used shows nothing"
        await admitted(rate, 60)
        rate.rise(needed=30)
        assert rate.current == pytest.approx(30)
        await admitted(rate, 10)
        rate.rise(needed=500)
        assert rate.current == 40

    run_virtually(whole)


def test_a_server_that_throttles_everything_is_still_asked() -> None:
    async def whole() -> None:
        rate = Rate(None)
        for _ in range(100):
            await rate.admit()
            rate.throttle()
            await asyncio.sleep(2)
        assert rate.current == pytest.approx(0.1)
        assert await admitted(rate, 60) >= 5

    run_virtually(whole)


def test_who_waits_when_the_rate_falls_waits_at_the_new_rate() -> None:
    async def whole() -> None:
        rate = Rate(10.0)
        await admitted(rate, 3)
        waiting = [asyncio.create_task(rate.admit()) for _ in range(50)]
        await asyncio.sleep(1)
        rate.throttle()
        before = sum(task.done() for task in waiting)
        await asyncio.sleep(2)
        assert sum(task.done() for task in waiting) - before <= 12
        for task in waiting:
            task.cancel()

    run_virtually(whole)


def test_one_domain_is_slow_and_others_are_not() -> None:
    async def whole() -> None:
        domains = Domains(None)
        for _ in range(40):
            await domains.admit("slow.example")
            await asyncio.sleep(0.1)
        domains.throttle("slow.example")
        began = asyncio.get_running_loop().time()
        for _ in range(1000):
            await domains.admit("fast.example")
        assert asyncio.get_running_loop().time() < began + 0.01
        assert domains.slowed() == 1
        for _ in range(20):
            await domains.admit("slow.example")
        assert asyncio.get_running_loop().time() > began + 2

    run_virtually(whole)


def test_people_of_a_full_domain_go_back_one_after_another() -> None:
    async def whole() -> None:
        domains = Domains(2.0)
        assert domains.put_off("full.example") == 0
        waiting = [asyncio.create_task(domains.admit("full.example")) for _ in range(60)]
        await asyncio.sleep(0)
        times = [domains.put_off("full.example") for _ in range(5000)]
        assert min(times) >= 20
        assert max(times) <= 900
        assert times[1] == pytest.approx(times[0] + 0.5)
        assert domains.put_off("other.example") == 0
        for task in waiting:
            task.cancel()

    run_virtually(whole)


def test_the_table_of_domains_is_bounded() -> None:
    async def whole() -> None:
        domains = Domains(1000.0)
        for number in range(20_000):
            await domains.admit(f"{number}.example")
        assert len(domains._rates) <= 2000

    run_virtually(whole)

"""Progress that cannot be shown: a log's disk is full, a terminal has gone."""

from __future__ import annotations

import asyncio
import errno
import io
import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from alpines_privacy.breach.delivery.progress import Ending, Progress
from alpines_privacy.cli.breach.send import stopped_by_signals
from alpines_privacy.cli.breach.send_progress import Bar, Lines, ProgressDisplay

MOMENT = datetime(2026, 11, 30, tzinfo=UTC)
PROGRESS = Progress(9, 3, 3, 0, 0, 1.0, None, MOMENT, MOMENT, 60.0, misses=False, problem="")


class Gone(io.StringIO):
    """A stream on which nothing can be written any more."""

    def write(self, _: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("shows", [Lines("lost-laptop"), Bar(ZoneInfo("UTC"))])
def test_progress_that_cannot_be_shown_stops_no_sending(
    shows: ProgressDisplay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout", Gone())
    monkeypatch.setattr("sys.stderr", Gone())
    shows.show(PROGRESS)
    shows.show(PROGRESS._replace(done=4))
    shows.end(Ending("done"))


class Stopped:
    """A sender that notes why it was stopped, each time."""

    def __init__(self, times: int = 1) -> None:
        self.reason = asyncio.get_running_loop().create_future()
        self._times = times

    def stop(self, reason: str) -> None:
        self._times -= 1
        if not self._times:
            self.reason.set_result(reason)


def test_an_interrupt_that_cannot_be_answered_stops_the_sending(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def whole() -> str:
        stopped = Stopped()
        with stopped_by_signals(asyncio.get_running_loop(), stopped):
            os.kill(os.getpid(), signal.SIGINT)
            async with asyncio.timeout(60):
                return str(await stopped.reason)

    monkeypatch.setattr("sys.stderr", Gone())
    assert asyncio.run(whole()) == "interrupted"


@pytest.fixture
def hangup() -> Iterator[signal.Signals]:
    """The hangup of a terminal, which the tests' own process may have been told to ignore."""
    number: signal.Signals | None = getattr(signal, "SIGHUP", None)
    if number is None:
        pytest.skip("no hangups")
    before = signal.signal(number, signal.SIG_DFL)
    yield number
    signal.signal(number, before)


def test_hangups_stop_and_never_end_at_once(hangup: signal.Signals) -> None:
    """Kernel and shell both tell of a terminal that closes, and systemd tells of it after SIGTERM."""

    async def whole() -> str:
        stopped = Stopped(times=4)
        with stopped_by_signals(asyncio.get_running_loop(), stopped):
            for each in (hangup, hangup, signal.SIGTERM, hangup):
                os.kill(os.getpid(), each)
                await asyncio.sleep(0)
            async with asyncio.timeout(60):
                return str(await stopped.reason)

    assert asyncio.run(whole()) == "interrupted"
    assert signal.getsignal(hangup) == signal.SIG_DFL


def test_a_hangup_that_is_ignored_stays_so(hangup: signal.Signals) -> None:
    async def whole() -> object:
        signal.signal(hangup, signal.SIG_IGN)
        with stopped_by_signals(asyncio.get_running_loop(), Stopped()):
            return signal.getsignal(hangup)

    assert asyncio.run(whole()) == signal.SIG_IGN

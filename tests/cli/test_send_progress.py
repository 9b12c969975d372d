"""Progress that cannot be shown: a log's disk is full, a terminal has gone."""

from __future__ import annotations

import asyncio
import errno
import io
import os
import signal
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
    """A sender that notes why it was stopped."""

    def __init__(self) -> None:
        self.reason = asyncio.get_running_loop().create_future()

    def stop(self, reason: str) -> None:
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

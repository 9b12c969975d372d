"""Progress that cannot be shown: a log's disk is full, a terminal has gone."""

from __future__ import annotations

import errno
import io
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from alpines_privacy.breach.delivery.progress import Ending, Progress
from alpines_privacy.cli.breach.send_progress import Bar, Lines, Shown

MOMENT = datetime(2026, 11, 30, tzinfo=UTC)
PROGRESS = Progress(9, 3, 3, 0, 0, 1.0, None, MOMENT, MOMENT, 60.0, misses=False, problem="")


class Gone(io.StringIO):
    """A stream on which nothing can be written any more."""

    def write(self, _: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("shows", [Lines("lost-laptop"), Bar(ZoneInfo("UTC"))])
def test_progress_that_cannot_be_shown_stops_no_sending(
    shows: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout", Gone())
    monkeypatch.setattr("sys.stderr", Gone())
    shows.show(PROGRESS)
    shows.show(PROGRESS._replace(done=4))
    shows.end(Ending("done"))

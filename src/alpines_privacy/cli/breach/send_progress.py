"""The progress of a sending: a bar on a terminal, lines of JSON for programs."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import click
from tqdm import tqdm

from alpines_privacy.breach.delivery.progress import Ending, Progress
from alpines_privacy.cli.breach.open_incident import duration
from alpines_privacy.cli.output import printable

__all__ = ["Bar", "Lines", "ProgressDisplay"]

_WIDTH = 80
_BAR = "{percentage:3.0f}% |{bar}| {n:,}/{total:,}{postfix}"


class ProgressDisplay(Protocol):
    """Where progress is shown."""

    def show(self, progress: Progress) -> None:
        """Show how far it is."""

    def end(self, ending: Ending | None) -> None:
        """Show how it ended; None for an error, which is told elsewhere."""


def _begun(progress: Progress) -> tqdm[Any]:
    tqdm.monitor_interval = 0  # no thread that redraws it
    return tqdm(
        total=progress.people,
        initial=progress.done,
        ncols=_WIDTH,
        bar_format=_BAR,
        file=sys.stderr,
    )


class Bar:
    """A bar on standard error: how many are done, how fast, when it ends, and the time left."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._bar: tqdm[Any] | None = None

    def show(self, progress: Progress) -> None:
        """Draw the bar."""
        with suppress(OSError):  # a terminal may go away; the sending goes on
            self._draw(progress)

    def _draw(self, progress: Progress) -> None:
        bar = self._bar = _begun(progress) if self._bar is None else self._bar
        bar.total, bar.n = progress.people, progress.done
        bar.postfix = self._words(progress)
        bar.refresh()

    def end(self, ending: Ending | None) -> None:
        """Leave the bar as it is."""
        del ending
        if self._bar is not None:
            with suppress(OSError):
                self._bar.close()

    def _words(self, progress: Progress) -> str:
        if progress.problem:
            return f"waiting: {printable(progress.problem)}"[:48]
        words = [] if progress.rate is None else [f"{progress.rate:,.0f}/s"]
        if progress.forecast is not None:
            late = " LATE" if progress.misses else ""
            words.append(f"ends {_clock(progress.forecast, self._zone)}{late}")
        words.append(duration(progress.deadline, datetime.now(UTC)))
        return ", ".join(words)[:48]


class Lines:
    """One object a line on standard output, one a second at most, and one at the end."""

    def __init__(self, incident: str) -> None:
        self._incident = incident
        self._last: Progress | None = None

    def show(self, progress: Progress) -> None:
        """Write an object, unless it would say what the one before said."""
        if self._last is None or progress[:5] != self._last[:5] or progress.problem:
            self._write(progress, {})
        self._last = progress

    def end(self, ending: Ending | None) -> None:
        """Write the last object, with the ending."""
        if ending is not None:
            said = {"ending": ending.kind, "reason": ending.reason}
            self._write(self._last, said)

    def _write(self, progress: Progress | None, more: dict[str, str]) -> None:
        values = {} if progress is None else _data(progress)
        line = json.dumps({"version": 1, "incident": self._incident} | values | more)
        with suppress(OSError):  # who reads may end, or a log's disk be full; the sending goes on
            click.echo(line)


def _data(progress: Progress) -> dict[str, object]:
    said = progress._asdict()
    said["forecast"] = progress.forecast.isoformat() if progress.forecast else None
    said["deadline"] = progress.deadline.isoformat()
    said["seconds_left"] = round(progress.seconds_left)
    said["time"] = datetime.now(UTC).isoformat(timespec="seconds")
    return said


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    there, today = moment.astimezone(zone), datetime.now(zone).date()
    return there.strftime("%H:%M" if there.date() == today else "%a %H:%M")

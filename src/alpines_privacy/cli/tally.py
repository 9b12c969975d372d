"""The output of `redact`: a progress bar with rate and time left, and a table by kind."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import click

from alpines_privacy.redaction.archives.blocks import Cleaned

__all__ = ["Progress", "Tally"]

_LINE = "{:<14}{:>14}{:>12}"


class Tally:
    """The numbers of values by kind, of files and bytes, the duration, and the failures."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.failures: list[tuple[str, str]] = []  # name of the file, reason
        self.notes: list[str] = []
        self._in_files: Counter[str] = Counter()
        self.files = 0
        self._size = 0
        self._began = time.monotonic()

    @contextmanager
    def file(self) -> Iterator[Callable[[Cleaned], None]]:
        """Count the blocks of a file; a file that fails is not counted."""
        kinds: Counter[str] = Counter()
        size = 0

        def count(cleaned: Cleaned) -> None:
            nonlocal size
            kinds.update(cleaned.kinds)
            size += cleaned.size

        yield count
        self.kinds.update(kinds)
        self._in_files.update(kinds.keys())
        self.files += 1
        self._size += size

    def fail(self, name: str, reason: str) -> None:
        """Note that a file could not be cleaned, and why."""
        self.failures.append((name, reason))

    def note(self, text: str) -> None:
        """Add a note about a cleaned file."""
        self.notes.append(text)

    def summary(self, done: str = "redacted", nothing: str = "no personal data") -> str:
        """Return the table by kind, the most frequent first, and a line about all.

        `done` is what happened to the values, `nothing` what is said where there are none.
        """
        lines = []
        if self.kinds:
            lines.append(_LINE.format("kind", done, "in files"))
            lines += [
                _LINE.format(kind, f"{count:,}", f"{self._in_files[kind]:,}")
                for kind, count in sorted(self.kinds.items(), key=lambda item: (-item[1], item[0]))
            ]
        return "\n".join([*lines, self._line(nothing)])

    def _line(self, nothing: str) -> str:
        seconds = time.monotonic() - self._began
        files = f"{self.files:,} file{'' if self.files == 1 else 's'}"
        none = f", {nothing}" if self.files and not self.kinds else ""
        speed = f"{_duration(seconds)} ({_rate(self._size, seconds)})"
        return f"{files}, {_megabytes(self._size)} in {speed}{none}"


class Progress:
    """A bar over all files' bytes on standard error, or nothing."""

    def __init__(self, length: int, *, shown: bool) -> None:
        self._done = 0  # bytes of files that are done
        self._at = 0
        self._text = 0
        self._began = time.monotonic()
        self._bar: Any = None
        if shown and length:
            self._bar = click.progressbar(
                length=length,
                label="Redacting",
                file=sys.stderr,
                width=30,
                item_show_func=self._shown_rate,
                update_min_steps=max(1, length // 1000),
            )

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.__exit__(kind, error, trace)

    def advance(self, position: int, text: int) -> None:
        """Show that a file is read up to a position, and that so many more bytes of text are cleaned."""
        self._text += text
        self._to(self._done + position)

    def file_done(self, size: int) -> None:
        """Show that a file is done, or given up."""
        self._done += size
        self._to(self._done)

    def _to(self, place: int) -> None:
        if self._bar is not None and place > self._at:
            self._bar.update(place - self._at, self._text)
            self._at = place

    def _shown_rate(self, text: int | None) -> str | None:
        return None if text is None else _rate(text, time.monotonic() - self._began)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def _rate(size: int, seconds: float) -> str:
    return f"{size / 1e6 / max(seconds, 0.001):,.1f} MB/s"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"

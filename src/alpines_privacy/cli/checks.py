"""The work of `redact --check`: findings are reported, without those of a baseline."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

import click

from alpines_privacy.cli.baseline import Baseline
from alpines_privacy.cli.reports import FORMATS, Gone, Outcome, Report
from alpines_privacy.redaction.archives.blocks import Cleaned

__all__ = ["Check", "Checking"]


class Check(NamedTuple):
    """The options of a check: the format, the number of findings shown, the baseline."""

    format: str = "text"
    limit: int | None = None  # 0 for all; None for as many as suit the format
    baseline: Path | None = None
    update: bool = False  # write the baseline


class Checking:
    """A running check: each block goes through `new_in`, then `report`; `end` ends the report."""

    def __init__(self, check: Check, kinds: Collection[str]) -> None:
        self.update = check.update
        self._baseline = (
            Baseline.load(check.baseline, kinds, may_be_absent=check.update)
            if check.baseline is not None
            else None
        )
        self._report: Report = FORMATS[check.format](check.limit)

    @property
    def nothing(self) -> str:
        """The message if nothing is found."""
        return "no personal data" if self._baseline is None else "nothing new"

    def skips(self, name: str) -> bool:
        """Tell whether to skip a file: the baseline itself."""
        return self._baseline is not None and self._baseline.is_itself(name)

    def new_in(self, name: str, cleaned: Cleaned) -> Cleaned:
        """Return a block with only the findings that are not in the baseline."""
        return cleaned if self._baseline is None else self._baseline.new_in(name, cleaned)

    def report(self, name: str, cleaned: Cleaned) -> None:
        """Report the findings of a block, unless they go into the baseline."""
        if not self.update:
            for place in cleaned.places:
                self._report.found(name, place)

    def is_read(self, name: str) -> None:
        """Note that a file was read to its end."""
        if self._baseline is not None:
            self._baseline.is_read(name)

    def end(self, read: int, failures: Collection[tuple[str, str]]) -> list[str]:
        """End the report, or write the baseline; return further lines to print."""
        baseline = self._baseline
        if self.update and baseline is not None:
            count, in_files = baseline.update()
            files = f"{in_files:,} file{'' if in_files == 1 else 's'}"
            click.echo(f"Baseline: {count:,} value{'' if count == 1 else 's'} in {files}", err=True)
            return []
        gone = [*baseline.gone()] if baseline is not None else []
        self._report.end(Outcome(read, [*failures], gone))
        return [*map(_line_about, gone[:_MOST]), *_rest(gone)]


_MOST = 10  # lines about gone findings


def _line_about(gone: Gone) -> str:
    return f"{gone.file}: {gone.values:,} {gone.kind} of the baseline gone"


def _rest(gone: list[Gone]) -> list[str]:
    if not gone:
        return []
    more = [f"{len(gone) - _MOST:,} more of the baseline gone"] if len(gone) > _MOST else []
    return [*more, "--update-baseline forgets what is gone"]

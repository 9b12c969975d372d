"""The work of `redact`: inputs, outputs, files that must not be changed, and the report."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import click

from alpines_privacy.atomic_file import Replacement
from alpines_privacy.cli.checks import Check, Checking
from alpines_privacy.cli.errors import Refusal
from alpines_privacy.cli.kinds import redacted_kinds
from alpines_privacy.cli.reports import printable
from alpines_privacy.cli.sources import Source, opened, refuse_irregular
from alpines_privacy.cli.tally import Progress, Tally
from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.redaction.archives.blocks import BLOCK, Cleaned, blocks
from alpines_privacy.redaction.archives.compression import ArchiveError, Compression, unpacked
from alpines_privacy.redaction.archives.workers import Workers, cores
from alpines_privacy.redaction.engine.gate import has_re2

__all__ = ["Order", "run"]

_WORTH_WORKERS = (
    4 << 20
)  # bytes in all files: with less, starting processes takes longer than the work
_NO_RE2 = "slower without RE2: pip install 'alpines-privacy[redaction]'"
_ALONE = "one process did the work: no lock can be shared (/dev/shm is read-only)"
_WHY = "Why, and what keeps it: sed -n LINEp FILE | alpines-privacy explain-log -"


class Order(NamedTuple):
    """The options of the command line."""

    files: Sequence[str]
    output: Path | None = None
    backup: str | None = None
    in_place: bool = False
    check: Check | None = None


def run(order: Order, policy: PrivacyPolicy, jobs: int | None, *, quiet: bool) -> int:
    """Clean or check all files, print the result, and return the exit status.

    A file that cannot be cleaned is reported and left unchanged; the others go on.
    """
    _refuse_contradictions(order)
    checking = Checking(order.check, redacted_kinds(policy)) if order.check else None
    names = [name for name in _once_each(order.files) if not (checking and checking.skips(name))]
    size = sum(_size(name) for name in names)
    if jobs is None:
        jobs = cores() if size >= _WORTH_WORKERS else 1
    if not quiet and not has_re2():
        click.echo(f"Note: {_NO_RE2}", err=True)
    tally = Tally()
    try:
        with (
            Workers(policy, jobs, check=checking is not None) as workers,
            Progress(size, shown=not quiet and _has_terminal(order)) as progress,
        ):
            _work_on(names, _Run(order, workers, progress, tally, checking, live=jobs == 1))
            if jobs > 1 and workers.is_alone and not quiet:
                tally.note(_ALONE)
        if checking:
            for note in checking.end(tally.files, tally.failures):
                tally.note(note)
            sys.stdout.flush()
    except KeyboardInterrupt:
        return 130  # as shells report an interrupted program
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141  # the same, for a pipe nobody reads any more
    return _print_result(tally, checking, quiet=quiet)


def _work_on(names: Sequence[str], run: _Run) -> None:
    for name in names:
        try:
            _Work(name, run).run()
        except BrokenPipeError:
            raise
        except (ArchiveError, OSError) as error:
            run.tally.fail(name, _reason(error))
        run.progress.file_done(_size(name))


def _print_result(tally: Tally, checking: Checking | None, *, quiet: bool) -> int:
    for note in tally.notes:
        click.echo(f"Note: {printable(note)}", err=True)
    for name, reason in tally.failures:
        click.echo(f"Error: {printable(f'{name}: {reason}')}", err=True)
    is_found = checking is not None and not checking.update and bool(tally.kinds)
    if not quiet:
        summary = tally.summary("found", checking.nothing) if checking else tally.summary()
        click.echo(summary, err=True)
    if is_found and not quiet:
        click.echo(_WHY, err=True)
    if tally.failures:
        return Refusal.exit_code
    return int(is_found)


def _reason(error: ArchiveError | OSError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


class _Run(NamedTuple):
    """The state that all files of one command share."""

    order: Order
    workers: Workers
    progress: Progress
    tally: Tally
    checking: Checking | None
    live: bool  # standard input leaves as soon as it is there


class _Work:
    """One file, with its input and output."""

    __slots__ = ("_checking", "_live", "_name", "_order", "_progress", "_tally", "_workers")

    def __init__(self, name: str, run: _Run) -> None:
        self._name = name
        self._order, self._workers, self._progress, self._tally, self._checking, live = run
        self._live = live and name == "-"

    def run(self) -> None:
        """Clean or check the file. Raises `ArchiveError` or OSError, and then has changed nothing."""
        if self._name == "-":
            self._from(sys.stdin.buffer, None)
            return
        file, path = opened(self._name)
        with file:
            self._from(file, path)

    def _from(self, file: BinaryIO, path: Path | None) -> None:
        if self._checking is not None:
            for cleaned in self._passing(file):
                self._checking.report(self._name, cleaned)
            self._checking.is_read(self._name)
        elif self._order.in_place:
            assert path is not None  # an order to rewrite standard input is refused
            self._rewrite(file, path)
        elif self._order.output is not None:
            self._write(file, path, _target(self._order.output, self._name, path))
        else:
            self._to_stdout(file)

    def _to_stdout(self, file: BinaryIO) -> None:
        for cleaned in self._passing(file):
            sys.stdout.buffer.write(cleaned.data)
            sys.stdout.buffer.flush()

    def _rewrite(self, file: BinaryIO, path: Path) -> None:
        before = os.fstat(file.fileno())
        backup = path.with_name(path.name + self._order.backup) if self._order.backup else None
        if backup is not None and backup.exists():
            raise ArchiveError(f"has a backup already, {backup}; move it away first")
        with Replacement(path) as replacement:
            found = 0
            for cleaned in self._whole(file):
                replacement.write(cleaned.data)
                found += cleaned.kinds.total()
            _refuse_changed(file, path, before)
            if found:
                replacement.commit(path, backup=backup)
                if before.st_nlink > 1:
                    self._tally.note(
                        f"{path} has other names (hard links), which still hold the original"
                    )

    def _write(self, file: BinaryIO, path: Path | None, target: Path) -> None:
        with Replacement(target) as replacement:
            for cleaned in self._whole(file):
                replacement.write(cleaned.data)
            replacement.commit(path)

    def _whole(self, file: BinaryIO) -> Iterator[Cleaned]:
        """Yield the file in cleaned blocks; raise for a line that cannot be cleaned, so the original stays."""
        for cleaned in self._cleaned(file):
            for line, error in cleaned.withheld:
                raise ArchiveError(f"line {line}: {error}; left as it is")
            yield cleaned

    def _passing(self, file: BinaryIO) -> Iterator[Cleaned]:
        """Yield the file in cleaned blocks; a notice replaces a line that cannot be cleaned."""
        for cleaned in self._cleaned(file):
            for line, error in cleaned.withheld:
                self._tally.fail(self._name, f"line {line}: withheld, {error}")
            yield cleaned

    def _cleaned(self, file: BinaryIO) -> Iterator[Cleaned]:
        """Yield the file in cleaned blocks, counting them."""
        source = Source(file, regular=self._name != "-")
        compression, pieces = unpacked(io.BufferedReader(source), lambda: source.taken)
        if self._checking is None:
            self._refuse_binary_on_terminal(compression)
        found = blocks(pieces, self._workers.cleaner, 1 if self._live else BLOCK)
        with self._tally.file() as count:
            for each in self._workers.clean(found, compression):
                cleaned = self._checking.new_in(self._name, each) if self._checking else each
                count(cleaned)
                yield cleaned
                if self._name != "-":
                    self._progress.advance(source.taken, cleaned.size)
        if source.has_grown():
            self._tally.note(f"{self._name} has grown since it was opened; what came was not read")

    def _refuse_binary_on_terminal(self, compression: Compression) -> None:
        to_stdout = not self._order.in_place and self._order.output is None
        if to_stdout and compression.name != "plain" and sys.stdout.isatty():
            raise ArchiveError(
                f"stays compressed ({compression.name}), which no terminal shows; "
                "use -o, -i or a pipe"
            )


def _refuse_contradictions(order: Order) -> None:
    places = [
        name
        for name, given in (
            ("--in-place or --backup", order.in_place),
            ("--output", order.output is not None),
            ("--check", order.check is not None),
        )
        if given
    ]
    if len(places) > 1:
        raise click.UsageError(f"{places[0]} and {places[1]} contradict each other; give one")
    if order.backup == "" or (order.backup and os.sep in order.backup):
        raise click.UsageError("--backup takes a suffix such as .orig, for a name beside the FILE")
    if order.in_place and "-" in order.files:
        raise click.UsageError("standard input cannot be rewritten in place; leave -i or - out")
    if len(order.files) > 1 and not places:
        raise click.UsageError(
            "several files go to no standard output; say where: --in-place, --output FOLDER or --check"
        )
    if order.output is not None and len(order.files) > 1 and not _is_folder(order.output):
        raise click.UsageError(f"--output {order.output} is no folder, and there are several files")
    if order.output is not None:
        _refuse_one_name_for_two(order.files)


def _refuse_one_name_for_two(files: Sequence[str]) -> None:
    """Raise for files of different folders that would have the same name in the output folder."""
    places: dict[str, str] = {}
    for file in files:
        name, place = Path(file).name, os.path.realpath(file)
        if places.setdefault(name, place) != place:
            raise click.UsageError(
                f"two files are called {name}, and one would overwrite the other in --output; "
                "redact them into two folders"
            )


def _once_each(names: Sequence[str]) -> Iterator[str]:
    """Yield each file once, even if it was given under several names."""
    seen: set[object] = set()
    for name in names:
        try:
            status = Path(name).stat()
            key: object = (status.st_dev, status.st_ino)
        except OSError:
            key = name
        if name == "-":
            key = name
        if key not in seen:
            seen.add(key)
            yield name


def _size(name: str) -> int:
    try:
        return 0 if name == "-" else Path(name).stat().st_size
    except OSError:
        return 0


def _has_terminal(order: Order) -> bool:
    """Tell whether a progress bar can be shown: on a terminal without other output."""
    check = order.check
    to_stdout = not check.update if check else not (order.in_place or order.output)
    return sys.stderr.isatty() and not (to_stdout and sys.stdout.isatty())


def _refuse_changed(file: BinaryIO, path: Path, before: os.stat_result) -> None:
    """Refuse to replace a file that was written to meanwhile: those bytes would be lost."""
    for now in (os.fstat(file.fileno()), path.stat()):
        if (now.st_ino, now.st_size, now.st_mtime_ns) != (
            before.st_ino,
            before.st_size,
            before.st_mtime_ns,
        ):
            raise ArchiveError("was written to while it was read; left as it is. Rotate it first")


def _is_folder(path: Path) -> bool:
    return path.is_dir()


def _target(output: Path, name: str, path: Path | None) -> Path:
    """Return the output file. Raises `ArchiveError` if that is the input, or not a file."""
    if _is_folder(output):
        if path is None:
            raise ArchiveError(f"needs a file name: -o {output} is a folder")
        output /= Path(name).name
    target = Path(os.path.realpath(output))
    if target.exists():
        if path is not None and target.samefile(path):
            raise ArchiveError(f"is what -o {output} names, too; use --in-place")
        refuse_irregular(target, target.stat().st_mode)
    return target

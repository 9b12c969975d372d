"""CSV and TSV (RFC 4180, and what programs make of it), read so that one wrong quote costs one line."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TextIO

from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.sources.encoding import Bytes
from alpines_privacy.breach.sources.source import Row, named_once

__all__ = ["Delimited", "lines_of"]

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
_SEPARATOR = re.compile('\ufeff?"?sep=(.)"?[\r\n]*', re.IGNORECASE)
_SAMPLE = 100  # records that the delimiter is found from
_LONGEST_LINE = 1 << 20  # characters
_MOST_LINES = 64  # that one record may have: a quote that does not end is found by it


class Delimited:
    """A file of delimited text. Raises `BreachError` if it holds nothing."""

    def __init__(
        self,
        path: Path,
        found: Bytes,
        delimiter: str | None = None,
        *,
        has_head: bool | None = None,
    ) -> None:
        self.name = path.name
        self.identity = found.digest
        self._path = path
        self._encoding = found.encoding
        named = _named_delimiter(path, found.encoding)
        self._skips = named is not None
        self._delimiter = delimiter or named or self._found_delimiter()
        first = next((row for row in self._records() if not row.problem), None)
        if first is None:
            raise BreachError(f"{path.name}: holds no row that can be read")
        self.has_head = (
            has_head if has_head is not None else not any("@" in each for each in first.cells)
        )
        self.columns = _named(first.cells, has_head=self.has_head)
        self._first = first.line

    def facts(self) -> Sequence[tuple[str, str]]:
        """Return encoding, delimiter and head."""
        names = {mark: name for name, mark in DELIMITERS.items()}
        return [
            ("format", "delimited text"),
            ("encoding", self._encoding),
            ("delimiter", names.get(self._delimiter, self._delimiter)),
            ("head", "the first row" if self.has_head else "none; columns are numbered"),
        ]

    def rows(self) -> Iterator[Row]:
        """Read all rows after the head; one of another length has a problem."""
        width = len(self.columns)
        for row in self._records():
            if self.has_head and row.line == self._first:
                continue
            if len(row.cells) != width and not row.problem:
                yield _fitted(row, width)
            else:
                yield row

    def _records(self) -> Iterator[Row]:
        rows = _read(self._path, self._encoding, self._delimiter)
        return islice(rows, 1, None) if self._skips else rows

    def _found_delimiter(self) -> str:
        """Return the delimiter by which most of the first records have one and the same number of cells."""

        def fit(mark: str) -> tuple[bool, int, int]:
            rows = list(islice(_read(self._path, self._encoding, mark), _SAMPLE))
            widths = Counter(len(row.cells) for row in rows if not row.problem)
            width, number = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
            return width > 1, number, width

        return max(DELIMITERS.values(), key=fit)


def _named_delimiter(path: Path, encoding: str) -> str | None:
    """Return the delimiter that a first line `sep=;` names, as spreadsheet programs read it."""
    with _decoded(path, encoding) as file:
        found = _SEPARATOR.fullmatch(file.readline(_LONGEST_LINE))
    return found and found[1]


@contextmanager
def _decoded(path: Path, encoding: str) -> Iterator[TextIO]:
    """Open a text; raises `BreachError` where reading on makes no sense, as for UTF-16 without a mark."""
    try:
        with path.open(encoding=encoding, errors="replace", newline="") as file:
            yield file
    except UnicodeError:
        raise BreachError(f"{path.name}: is not {encoding}; expected another encoding") from None


def _read(path: Path, encoding: str, mark: str) -> Iterator[Row]:
    with _decoded(path, encoding) as file:
        yield from _records(file, mark)


def _named(cells: Sequence[str], *, has_head: bool) -> list[str]:
    """Name each column once: by the head, else by its number."""
    heads = (" ".join(cell.split()) if has_head else "" for cell in cells)
    return named_once(head or str(number) for number, head in enumerate(heads, 1))


def _fitted(row: Row, width: int) -> Row:
    """Forgive delimiters at the end of a row; all else may have moved an address into another column."""
    cells = row.cells
    if len(cells) > width and not any(cells[width:]):
        return Row(row.line, cells[:width])
    return Row(row.line, cells, f"has {len(cells)} columns where there are {width}")


class _Lines:
    """Lines of a file, of which those of the record that is being read can be given back."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._back: list[str] = []
        self.record: list[str] = []
        self.number = 0  # of the last line
        self.too_long = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.record) >= _MOST_LINES:
            raise csv.Error("a quote does not end")
        line = self._back.pop() if self._back else self._file.readline(_LONGEST_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        self.record.append(line)
        if len(line) == _LONGEST_LINE:
            self._skip()
            raise csv.Error("a line is too long")
        return line

    def give_back(self) -> str:
        """Give back all lines of the record but the first, and return that."""
        first, *rest = self.record
        self._back += reversed(rest)
        self.number -= len(rest)
        self.record.clear()
        return first

    def _skip(self) -> None:
        while (rest := self._file.readline(_LONGEST_LINE)) and not rest.endswith(("\n", "\r")):
            pass
        self.record[-1] = self.record[-1][:1000]


def _records(file: TextIO, delimiter: str) -> Iterator[Row]:
    """Read records; one that the reader refuses costs its first line, and reading goes on at the next."""
    lines = _Lines(file)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    record = lines.record
    while True:
        try:
            for cells in reader:
                if cells:
                    yield Row(lines.number - len(record) + 1, cells)
                record.clear()
        except csv.Error as error:
            first = lines.give_back()
            yield Row(lines.number, [first.rstrip("\r\n")], _explained(str(error)))
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
        else:
            return


def _explained(error: str) -> str:
    if "too long" in error or "field larger" in error:
        return "a cell or line that is too long"
    return "quotes that do not end or do not enclose a cell"


def lines_of(path: Path, encoding: str) -> Iterator[tuple[int, str, bool]]:
    """Read lines with their numbers; the last member says that a line was cut since it is too long."""
    with _decoded(path, encoding) as file:
        lines = _Lines(file)
        while True:
            lines.record.clear()
            try:
                line = next(lines)
            except StopIteration:
                return
            except csv.Error:
                yield lines.number, lines.record[-1], True
            else:
                yield lines.number, line, False

"""Parquet files, and Arrow's files and streams, read batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc as arrow_ipc
from pyarrow import parquet

from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.sources.source import Row, named_once

__all__ = ["Arrow"]

_BATCH = 5_000
_UNREADABLE = "\ufffd"
# What values raise that Python cannot hold: text that is no UTF-8, times of other years or in nanoseconds.
_BEYOND_PYTHON = (ValueError, OverflowError, LookupError, pa.ArrowException)


class Arrow:
    """A file of columns. Raises `BreachError` if it is damaged."""

    def __init__(self, path: Path, digest: str, kind: str) -> None:
        self.name = path.name
        self.identity = digest
        self._path = path
        self._kind = kind
        try:
            with self._opened() as opened:
                schema = opened.schema_arrow if kind == "Parquet" else opened.schema
        except (pa.ArrowException, OSError):
            raise self._damaged() from None
        self.columns = named_once(schema.names)

    def facts(self) -> Sequence[tuple[str, str]]:
        """Return the format."""
        return [("format", self._kind)]

    def rows(self) -> Iterator[Row]:
        """Read all rows, numbered from 1."""
        number = 0
        try:
            for batch in self._batches():
                columns = [_values(column) for column in batch.columns]
                for cells in zip(*columns, strict=True):
                    number += 1
                    yield Row(number, cells)
        except (pa.ArrowException, OSError):
            raise self._damaged() from None

    def _opened(self) -> Any:
        if self._kind == "Parquet":
            return parquet.ParquetFile(self._path)
        if self._kind == "Arrow file":
            return arrow_ipc.open_file(pa.memory_map(str(self._path)))
        return arrow_ipc.open_stream(pa.memory_map(str(self._path)))

    def _batches(self) -> Iterator[Any]:
        with self._opened() as opened:
            if self._kind == "Parquet":
                yield from opened.iter_batches(batch_size=_BATCH)
            elif self._kind == "Arrow file":
                for index in range(opened.num_record_batches):
                    yield from _checked(opened.get_batch(index))
            else:
                for batch in opened:
                    yield from _checked(batch)

    def _damaged(self) -> BreachError:
        return BreachError(f"{self.name}: is damaged, or no {self._kind}")


def _checked(batch: Any) -> Iterator[Any]:
    batch.validate(full=True)  # else its lengths and places are believed, which may lie outside it
    for begin in range(0, batch.num_rows, _BATCH):
        yield batch.slice(begin, _BATCH)


def _values(column: Any) -> list[Any]:
    try:
        values: list[Any] = column.to_pylist()
    except _BEYOND_PYTHON:
        return [_value(each) for each in column]
    return values


def _value(scalar: Any) -> Any:
    try:
        return scalar.as_py()
    except _BEYOND_PYTHON:
        return _UNREADABLE

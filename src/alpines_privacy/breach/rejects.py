"""The rows that could not be used: a file of CSV with their lines and reasons, for its owner alone."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from alpines_privacy.breach.errors import BreachError

__all__ = ["Rejects", "spreadsheet_safe"]


_BEGIN = b"line,reason"


class Rejects:
    """A rejects file. It is made with the first reject, and cut back to what the ledger knows of when resumed."""

    def __init__(self, path: Path, columns: Sequence[str], keep: int = 0) -> None:
        self._path = path
        self._columns = columns
        self._file: Any = None
        self._size = keep
        if not keep:
            path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, line: int, reason: str, cells: Sequence[Any]) -> None:
        """Write a row with its line and the reason."""
        file = self._file or self._open()
        shown = (spreadsheet_safe("" if cell is None else str(cell)) for cell in cells)
        csv.writer(file).writerow([line, reason, *shown])

    def sync(self) -> int:
        """Put on the disk what was written, and return the file's length in bytes."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._size = self._file.tell()
        return self._size

    def _open(self) -> Any:
        descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600)
        os.ftruncate(descriptor, self._size)
        os.lseek(descriptor, 0, os.SEEK_END)
        self._file = os.fdopen(
            descriptor, "w", encoding="utf-8", errors="backslashreplace", newline=""
        )
        if not self._size:
            csv.writer(self._file).writerow(
                ["line", "reason", *map(spreadsheet_safe, self._columns)]
            )
        return self._file


def can_resume(path: Path, size: int) -> bool:
    """Whether a rejects file still holds what an import has written to it."""
    try:
        return not size or path.stat().st_size >= size
    except OSError:
        return False


def refuse_unwritable(path: Path) -> None:
    """Raise `BreachError` for a rejects file that cannot be made, or is another file that would be lost."""
    if not os.access(path.parent, os.W_OK):
        raise BreachError(f"{path}: rejects cannot be written there")
    try:
        with path.open("rb") as file:
            begin = file.read(len(_BEGIN))
    except FileNotFoundError:
        return
    except OSError as error:
        raise BreachError(f"{path}: rejects cannot be written there: {error.strerror}") from None
    if begin not in {b"", _BEGIN}:
        raise BreachError(f"{path}: is there already and holds no rejects; expected another name")


def spreadsheet_safe(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text

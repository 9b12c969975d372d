"""JSON lines: one object a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.sources.delimited import lines_of
from alpines_privacy.breach.sources.encoding import Bytes
from alpines_privacy.breach.sources.source import Row

__all__ = ["JSONLines"]

_SAMPLE = 1000  # lines whose members are the columns
_MOST = 200  # columns


class JSONLines:
    """A file of JSON lines. Raises `BreachError` if no line is an object."""

    def __init__(self, path: Path, found: Bytes) -> None:
        self.name = path.name
        self.identity = found.digest
        self._path = path
        self._encoding = found.encoding
        names: dict[str, None] = {}
        for _, value, _ in islice(self._values(), _SAMPLE):
            names |= dict.fromkeys(value if isinstance(value, dict) else ())
            if len(names) >= _MOST:
                break
        if not names:
            raise BreachError(f"{path.name}: holds no line with a JSON object")
        self.columns = list(names)[:_MOST]

    def facts(self) -> Sequence[tuple[str, str]]:
        """Return format and encoding."""
        return [("format", "JSON lines"), ("encoding", self._encoding)]

    def rows(self) -> Iterator[Row]:
        """Read all rows; a line that is no object has a problem."""
        for line, value, text in self._values():
            if isinstance(value, dict):
                yield Row(line, [value.get(column) for column in self.columns])
            else:
                yield Row(line, [text], "no JSON object, whole and on one line")

    def _values(self) -> Iterator[tuple[int, Any, str]]:
        decode = msgspec.json.Decoder().decode
        for number, text, is_cut in lines_of(self._path, self._encoding):
            if not text.strip():
                continue
            try:
                yield number, None if is_cut else decode(text), text.rstrip("\r\n")
            except (msgspec.DecodeError, UnicodeError, RecursionError):
                yield number, None, text.rstrip("\r\n")

"""The kind of a list, by its first bytes rather than its name."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile, ZipFile

from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.sources.delimited import DELIMITERS, Delimited
from alpines_privacy.breach.sources.encoding import Bytes, known_encoding, read_once
from alpines_privacy.breach.sources.json_lines import JSONLines
from alpines_privacy.breach.sources.source import Source

__all__ = ["Reading", "open_list"]

_MAGIC = {b"PAR1": "Parquet", b"ARROW1": "Arrow file", b"\xff\xff\xff\xff": "Arrow stream"}
_PACKED = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
}
_SPREADSHEET = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # Excel's until 2003
_SHEETS = {
    "xl/workbook.xml",
    "xl/workbook.bin",
    "content.xml",
}  # of Excel's and OpenDocument's files


class Reading(NamedTuple):
    """The options for reading a text, where the operator gives them."""

    encoding: str | None = None
    delimiter: str | None = None  # by name, or the character
    has_head: bool | None = None


def open_list(path: Path, reading: Reading | None = None) -> Source:
    """Find out what a file is, and open it; raises `BreachError` if it is none of the kinds, or empty."""
    reading = reading or Reading()
    encoding = known_encoding(reading.encoding) if reading.encoding else None
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise BreachError(f"{path.name}: is no regular file, and is read more than once")
        found = read_once(path)
        with path.open("rb") as file:
            begin = file.read(1 << 16)
    except OSError as error:
        raise BreachError(f"{path.name}: cannot be read: {error.strerror}") from None
    for magic, kind in _MAGIC.items():
        if begin.startswith(magic):
            return _arrow(path, found.digest, kind)
    if begin.startswith(_SPREADSHEET) or (begin.startswith(b"PK") and _is_spreadsheet(path)):
        raise BreachError(f"{path.name}: is a spreadsheet; expected it saved as CSV (UTF-8)")
    if packed := next((name for magic, name in _PACKED.items() if begin.startswith(magic)), None):
        raise BreachError(f"{path.name}: is packed ({packed}); expected it unpacked, as text")
    return _text(path, found._replace(encoding=encoding or found.encoding), begin, reading)


def _is_spreadsheet(path: Path) -> bool:
    try:
        with ZipFile(path) as packed:
            return not _SHEETS.isdisjoint(packed.namelist())
    except (BadZipFile, OSError, ValueError, NotImplementedError):
        return False


def _arrow(path: Path, digest: str, kind: str) -> Source:
    try:
        from alpines_privacy.breach.sources.arrow import Arrow  # noqa: PLC0415 - large, and rarely needed
    except ModuleNotFoundError:
        raise BreachError(
            f"{path.name}: {kind} is read with pip install 'alpines-privacy[arrow]'"
        ) from None
    return Arrow(path, digest, kind)


def _text(path: Path, found: Bytes, begin: bytes, reading: Reading) -> Source:
    text = begin.decode(found.encoding, "ignore").lstrip("\ufeff \t\r\n")
    start = text[:1]
    if not start:
        raise BreachError(f"{path.name}: is empty; expected a row for each person")
    if start == "{" and reading.delimiter is None:
        return JSONLines(path, found)
    if start == "[" and (path.suffix.lower() == ".json" or text[1:].lstrip().startswith("{")):
        raise BreachError(
            f"{path.name}: is one JSON list; expected one object a line (jq -c '.[]')"
        )
    delimiter = reading.delimiter and DELIMITERS.get(reading.delimiter, reading.delimiter)
    if delimiter and len(delimiter) != 1:
        raise BreachError(
            f"{delimiter[:20]!r} is no delimiter; expected one character, or {', '.join(DELIMITERS)}"
        )
    return Delimited(path, found, delimiter, has_head=reading.has_head)

"""Parts of reports on standard output: limits, safe lines, names of files, lists of JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

__all__ = ["Entries", "Limit", "inert", "inert_json", "printable", "uri", "utf8"]


class Limit:
    """Counts the entries of a report, of which `most` are shown; 0 is no limit."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._count = 0

    @property
    def omitted(self) -> int:
        """The number of entries left out."""
        return max(0, self._count - self._most) if self._most else 0

    def admits(self) -> bool:
        """Count an entry; tell whether it is shown."""
        self._count += 1
        return not self.omitted


class Entries(Limit):
    """A JSON list, written member by member to save memory."""

    def __init__(self, begin: str, limit: int | None, end: str = "") -> None:
        super().__init__(limit or 0)
        self._begin = begin
        self._end = end

    def add(self, entry: Mapping[str, Any]) -> None:
        """Write a member, up to the limit."""
        if self.admits():
            before = self._begin if self._count == 1 else ","
            sys.stdout.write(f"{before}\n{inert_json(json.dumps(entry))}")

    def close(self, rest: Mapping[str, Any]) -> None:
        """End the list, and write the members of the object that come after it."""
        begin = "" if self._count else self._begin
        sys.stdout.write(f"{begin}\n], {json.dumps(rest)[1:]}{self._end}\n")


def printable(text: str) -> str:
    """Return a text as one line that is safe in terminals and CI logs, with escapes for controls.

    GitHub's runner reads `::name::` at the beginning of a line, and `##[name]` anywhere, as a command.
    """
    if not text.isprintable():
        text = "".join(
            each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
        )
    return inert(text)


def inert(line: str) -> str:
    """Return a line that no CI service reads as a command: those of Azure and old ones of GitHub begin with `##`."""
    line = line.replace("##", "#\\x23")
    return line.replace("::", "\\x3a:", 1) if line.lstrip().startswith("::") else line


def inert_json(text: str) -> str:
    """Return JSON of the same value, which no CI service reads as a command."""
    return text.replace("##", "#\\u0023")  # JSON has it in its strings alone


def utf8(name: str) -> str:
    """Return a file's name, with escapes for bytes that are not UTF-8 or JSON."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def uri(name: str) -> str:
    """Return a path as a reference (RFC 3986 §4.2), byte for byte: relative where the path is."""
    path = PurePath(name)
    return path.as_uri() if path.is_absolute() else quote(os.fsencode(path.as_posix()))

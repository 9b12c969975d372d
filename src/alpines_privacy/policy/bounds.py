"""Bounds on the size of policy files and mappings, so that none takes minutes or all memory."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

from alpines_privacy.policy.errors import PolicyError

__all__ = ["LONGEST_POLICY", "check_mapping", "check_names", "read_bounded", "read_regular"]

LONGEST_POLICY = 1 << 20  # bytes of a policy file; a hundred declared hosts are ten thousand
_DEEPEST = 16  # containers within containers; a policy has four
_MOST = 50_000  # values, all containers together
_MOST_PARTS = 100  # (in `_NAME` too) of one name with dots, which tomllib reads in quadratic time

# Windows has no O_NONBLOCK, and needs O_BINARY.
_READ_WITHOUT_WAITING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

_NAME = re.compile(
    r"""(?<![\w.-])(?:(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){100}"""
)


def read_bounded(path: str | PathLike[str], most: int, *, source: str = "", key: str = "") -> bytes:
    """Read a file of at most `most` bytes, from a pipe too; raises `PolicyError` for a longer one, or OSError."""
    with Path(path).open("rb") as file:
        return _read(file, path, most, source=source, key=key)


def read_regular(path: str | PathLike[str], most: int, *, key: str = "") -> bytes:
    """Read a regular file as `read_bounded` does; raises `PolicyError` for a folder, a device or a pipe.

    A pipe without a writer would be waited for without end.
    """
    number = os.open(path, _READ_WITHOUT_WAITING)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise PolicyError(f"{str(path)!r} is no regular file; expected one", key=key)
    with os.fdopen(number, "rb") as file:
        return _read(file, path, most, source="", key=key)


def _read(file: BinaryIO, path: str | PathLike[str], most: int, *, source: str, key: str) -> bytes:
    data = file.read(most + 1)
    if len(data) > most:
        raise PolicyError(
            f"{str(path)!r} is larger than {most:,} bytes, which is the most that is read; "
            "expected another file, or this one cut down",
            source=source,
            key=key,
        )
    return data


def check_names(text: str, source: str) -> None:
    """Raise `PolicyError` for a TOML text with a name of more than 100 parts."""
    if long := _NAME.search(text):
        raise PolicyError(
            f"a name has more than {_MOST_PARTS} parts joined by dots; expected at most three",
            source=source,
            line=text.count("\n", 0, long.start()) + 1,
        )


def check_mapping(mapping: Mapping[Any, Any]) -> None:
    """Raise `PolicyError` with the key for a mapping that is too deep (or holds itself) or too large."""
    waiting: list[tuple[str, int, Any]] = [("", 0, mapping)]
    values = letters = 0
    while waiting:
        path, depth, value = waiting.pop()
        if isinstance(value, str | bytes):
            letters += len(value)
        elif members := _members(path, value):
            if depth == _DEEPEST:
                raise PolicyError(
                    f"is nested more than {_DEEPEST} deep, or holds itself; expected at most four",
                    key=path,
                )
            values += len(value)
            if values <= _MOST:
                waiting += [(place, depth + 1, member) for place, member in members]
        if values > _MOST or letters > LONGEST_POLICY:
            raise PolicyError(
                f"is one value too many: of at most {_MOST:,}, and {LONGEST_POLICY:,} characters of text; "
                "expected fewer, with patterns (*) or a filter list for many",
                key=path,
            )


def _members(path: str, value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return ((f"{path}.{name}" if path else str(name), each) for name, each in value.items())
    if isinstance(value, Sequence | AbstractSet) and len(value):
        return ((f"{path}[{index}]", each) for index, each in enumerate(value))
    return ()

"""The inputs of `redact`: a regular file with the length at its opening, or standard input, counted."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path
from typing import Any, BinaryIO

from alpines_privacy.redaction.archives.compression import ArchiveError

__all__ = ["Source", "opened", "refuse_irregular"]


class Source(io.RawIOBase):
    """The bytes of a file up to its length at first, so that reading a growing file ends."""

    def __init__(self, file: BinaryIO, *, regular: bool) -> None:
        super().__init__()
        self._file = file
        size = os.fstat(file.fileno()).st_size if regular else 0
        self._most = size or None  # the kernel's own files say 0
        self.taken = 0

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read available bytes, up to the length of the buffer."""
        most = len(buffer) if self._most is None else min(len(buffer), self._most - self.taken)
        data: bytes = self._file.read1(most) if most else b""  # type: ignore[attr-defined]  # of every buffered reader
        buffer[: len(data)] = data
        self.taken += len(data)
        return len(data)

    def has_grown(self) -> bool:
        """Tell at the end whether the file has grown; raises `ArchiveError` if it has shrunk."""
        if self._most is None:
            return False
        size = os.fstat(self._file.fileno()).st_size
        if self.taken < self._most or size < self._most:
            raise ArchiveError("was cut shorter while it was read; nothing is known of the rest")
        return size > self._most


def opened(name: str) -> tuple[BinaryIO, Path]:
    """Open a regular file, and return it with its own path, links followed.

    Raises `ArchiveError` for a folder, a pipe, a socket or a device, and OSError if it cannot be
    read: a circular link, a deleted file.
    """
    path = Path(os.path.realpath(name, strict=True))
    refuse_irregular(path, path.stat().st_mode)
    # Non-blocking: opening a pipe would wait for its writer.
    file = os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb")
    try:
        refuse_irregular(path, os.fstat(file.fileno()).st_mode)
    except ArchiveError:
        file.close()
        raise
    return file, path


def refuse_irregular(path: Path, mode: int) -> None:
    """Raise `ArchiveError`, with advice, unless it is a regular file."""
    if stat.S_ISDIR(mode):
        raise ArchiveError("is a folder; name the files in it")
    if not stat.S_ISREG(mode):
        raise ArchiveError(
            f"is no regular file; read it by a pipe: alpines-privacy redact - < {path}"
        )

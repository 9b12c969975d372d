"""Mailboxes in files: mbox (RFC 4155), Maildir, and single messages, read message by message."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

from alpines_privacy.breach.bounced.message import LONGEST
from alpines_privacy.breach.errors import BreachError

__all__ = ["FileMailbox", "Mail", "Mailbox"]

_QUOTED = re.compile(rb"(?m)^>(>*+From )")  # mboxrd's; mboxo's first level is the same
_CHUNK = 1 << 20  # bytes of one line at most, whatever a file holds


class Mail(NamedTuple):
    """The beginning of a message, up to `LONGEST` bytes, and what its mailbox calls it."""

    content: bytes
    uid: int = 0


class Mailbox(Protocol):
    """A mailbox that bounces are read from."""

    @property
    def name(self) -> str:
        """The mailbox's name in errors and the history: no person's, no password."""

    def mails(self) -> Iterator[Mail]:
        """Yield its messages; raises `BreachError`."""

    def settle(self, read: Sequence[Mail], ours: Sequence[Mail]) -> None:
        """Hear which messages are in the ledger now, and which of them were the incident's."""

    def position(self) -> dict[str, Any]:
        """Return what the history keeps, so that a later reading goes on from here."""


class FileMailbox:
    """A file of mbox's, a folder of Maildir's, or one message; nothing in it is changed.

    Raises `BreachError` for what is none of them, or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._path = path
        is_maildir = all((path / part).is_dir() for part in ("cur", "new"))
        if path.exists() and not is_maildir and not path.is_file():
            raise BreachError(f"{path}: is no mailbox; expected mbox, a Maildir or a message")

    def mails(self) -> Iterator[Mail]:
        """Yield the messages; of each only the beginning is in memory."""
        try:
            if self._path.is_dir():
                yield from map(Mail, _maildir(self._path))
                return
            with self._path.open("rb") as file:
                is_mbox = file.read(5) == b"From "
                file.seek(0)
                yield from map(Mail, _mbox(file) if is_mbox else _single(file))
        except OSError as error:
            raise BreachError(f"{self._path}: cannot be read: {error.strerror}") from None

    def settle(self, read: Sequence[Mail], ours: Sequence[Mail]) -> None:
        """Change nothing."""

    def position(self) -> dict[str, Any]:
        """Return nothing: files are read whole, and what is known is not counted again."""
        return {}


def _single(file: IO[bytes]) -> Iterator[bytes]:
    content = file.read(LONGEST)
    if content.strip():
        yield content


def _mbox(file: IO[bytes]) -> Iterator[bytes]:
    """Yield what stands between lines that begin with `From ` after a blank line."""
    kept: list[bytes] = []
    size, before = 0, b""
    for line in iter(lambda: file.readline(_CHUNK), b""):
        if line.startswith(b"From ") and not before.strip():
            if kept:
                yield _unquoted(kept)
            kept, size = [], 0
        elif size < LONGEST:
            kept.append(line)
            size += len(line)
        before = line
    if kept:
        yield _unquoted(kept)


def _unquoted(lines: Sequence[bytes]) -> bytes:
    return _QUOTED.sub(rb"\1", b"".join(lines)[:LONGEST])


def _maildir(folder: Path) -> Iterator[bytes]:
    """Yield new messages and then those that were seen; one that is moved meanwhile is found again."""
    read: set[str] = set()
    for part in ("new", "cur"):
        for name in sorted(_names(folder / part)):
            unique = name.partition(":")[0]
            if not name.startswith(".") and unique not in read:
                read.add(unique)
                yield from _moved_or_not(folder, folder / part / name)


def _moved_or_not(folder: Path, path: Path) -> Iterator[bytes]:
    for place in chain([path], _other_names(folder, path.name.partition(":")[0])):
        if place.is_file():
            with place.open("rb") as file:
                yield from _single(file)
            return


def _other_names(folder: Path, unique: str) -> Iterator[Path]:
    """Look for a message that another program has moved since its name was read."""
    for name in _names(folder / "cur"):
        if name.partition(":")[0] == unique:
            yield folder / "cur" / name


def _names(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]

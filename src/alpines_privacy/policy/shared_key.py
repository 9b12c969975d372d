"""A key shared by the processes of one site if none is set: made once, kept in a file.

Workers of a server have the same user, working directory and program. The key is in a private folder
of that user below the system's temporary folder; its file name is derived from these. It belongs to
one machine: a site on several machines must set a key.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

__all__ = ["shared_key"]

_MOST = 256  # bytes: a longer file is none of ours


def shared_key(folder: Path | None = None) -> str:
    """Return the site's key, and make it if it does not exist; `folder` replaces the user's own.

    Raises OSError if it can be neither written nor read: a folder of another user, or one that
    others may read, or a full disk.
    """
    folder = _private(folder or Path(tempfile.gettempdir(), f"alpines-privacy-{_user()}"))
    path = folder / _name()
    with suppress(FileNotFoundError):
        return _read(path)
    made = folder / f".{secrets.token_hex(8)}"
    number = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(number, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32))
        # Atomic; of two workers the first wins.
        with suppress(FileExistsError):
            path.hardlink_to(made)
    finally:
        made.unlink()
    return _read(path)


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")


def _name() -> str:
    """Return a file name derived from what the processes of one site have in common."""
    main = getattr(sys.modules.get("__main__"), "__file__", None) or sys.executable
    shared = "\0".join((os.getcwd(), str(main)))  # noqa: PTH109 - a text is what is hashed
    return f"{hashlib.blake2s(shared.encode('utf-8', 'surrogateescape')).hexdigest()[:32]}.key"


def _private(folder: Path) -> Path:
    """Return the private folder of this user; make it if needed. Raises OSError for another user's."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(f"{folder} is no folder")
    if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o077):
        raise PermissionError(f"{folder} is not this user's alone")
    return folder


def _read(path: Path) -> str:
    """Read a key from a regular file; links are refused."""
    number = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(number, "rb") as file:
        return file.read(_MOST).decode("ascii", "replace").strip()

"""Files that are whole or not there: one that replaces another, and a new one for its owner alone.

The new file has no name until it is complete (`O_TMPFILE`), so even a killed program leaves no half
file. Where the file system lacks that, the new file has a temporary name beside the old one, and only
a killed program leaves it behind.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO, Self, cast

__all__ = ["USUAL", "Replacement", "new_private_file"]

USUAL = 0o666
"""The mode of files that hold no secret, less the process's umask."""

_PRIVATE = 0o600
_NO_TMPFILE = {errno.EISDIR, errno.ENOENT, errno.EOPNOTSUPP, errno.EINVAL}


class Replacement:
    """The new content of `target`: bytes, written with `write` or into `file`, put in place by `commit`.

    It is its owner's alone (mode 600) unless `mode`, less the process's umask, or `commit` says otherwise.
    A link is replaced, not what it leads to. Leaving the `with` block without a commit changes nothing.
    Raises OSError where the folder cannot be written.
    """

    def __init__(self, target: Path, *, mode: int = _PRIVATE) -> None:
        self._target = target
        self._mode = mode
        self._name: Path | None = None  # its temporary name, where it has one
        self.file = self._open()
        self.write = self.file.write

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        if self._name is not None:
            self._name.unlink(missing_ok=True)

    def commit(
        self, like: Path | None = None, *, mode: int | None = None, backup: Path | None = None
    ) -> None:
        """Sync the new file to disk and put it in place, with owner, permissions and times of the file `like`.

        `mode` sets its permissions instead. The replaced file is kept as `backup`, if given. Raises
        OSError if the file cannot be put there, FileExistsError for a backup that exists already.
        """
        self.file.flush()
        written = self.file.fileno() if self._name is None else self._name
        if like is not None:
            _resemble(written, like)
        if mode is not None:
            os.chmod(written, mode)  # noqa: PTH101 - a file without a name has a number alone
        os.fsync(self.file.fileno())
        if backup is not None:
            _keep(self._target, backup)
        name = self._link()
        self.file.close()  # some systems cannot replace a file by an open one
        name.replace(self._target)
        self._name = None
        _sync_folder(self._target.parent)

    def _open(self) -> BinaryIO:
        folder = self._target.parent
        try:
            return os.fdopen(os.open(folder, os.O_TMPFILE | os.O_RDWR, self._mode), "wb")
        except AttributeError:  # a system without it
            pass
        except OSError as error:
            if error.errno not in _NO_TMPFILE or not folder.is_dir():
                raise
        self._name = folder / f".{self._target.name}.{os.urandom(8).hex()}.new"
        opener = partial(os.open, mode=self._mode)  # `Path.open` takes none
        return open(self._name, "xb", opener=opener)

    def _link(self) -> Path:
        """Give the new file a name, if it has none yet: only a file with a name can replace another."""
        if self._name is None:
            number = self.file.fileno()
            name = self._target.with_name(f".{self._target.name}.{os.getpid()}-{number}.new")
            folder = os.open(name.parent, os.O_RDONLY)
            try:
                # With a folder given, Python calls linkat(2), which follows /proc's link.
                os.link(f"/proc/self/fd/{number}", name.name, src_dir_fd=folder, dst_dir_fd=folder)
            finally:
                os.close(folder)
            self._name = name
        return self._name


@contextmanager
def new_private_file(target: Path) -> Iterator[BinaryIO]:
    """Write a new file, for its owner alone (mode 600), which is in place after the block.

    If the block raises, no file is left; if the program is killed, an empty one. Raises
    FileExistsError if there is a file already, OSError if it cannot be written.
    """
    with target.open("xb"):  # the name is ours from here on
        pass
    try:
        target.chmod(_PRIVATE)
        with Replacement(target) as new:
            yield new.file
            new.commit()
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _resemble(written: int | Path, like: Path) -> None:
    status = like.stat()
    with suppress(PermissionError, AttributeError):  # only root gives files away; not on Windows
        os.chown(written, status.st_uid, status.st_gid)
    shutil.copystat(
        like, cast("Path", written)
    )  # mode, times, extended attributes; a file number works too


def _keep(path: Path, backup: Path) -> None:
    """Give a file a second name, or copy it where the file system has no hard links."""
    try:
        backup.hardlink_to(path)
    except FileExistsError:
        raise
    except OSError:
        with backup.open("xb") as copy, path.open("rb") as original:
            shutil.copyfileobj(original, copy)
        shutil.copystat(path, backup)


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # some file systems cannot; the replacement itself is done
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)

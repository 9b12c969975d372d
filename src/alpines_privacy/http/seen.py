"""A file of undeclared things as JSON lines, for `alpines-privacy policy init`.

`ALPINES_PRIVACY_SEEN` names the file. A line holds names (of cookies, hosts, fields, the shapes of
paths) and never a value. Each process writes a line once; the file is bounded, whoever writes it.
"""

from __future__ import annotations

import errno
import json
import os
import re
import stat

from alpines_privacy.http.report import logger

__all__ = ["SEEN_VARIABLE", "Seen"]

SEEN_VARIABLE = "ALPINES_PRIVACY_SEEN"
_MOST = 500  # lines of one process
_LARGEST = 1_000_000  # bytes of the file
# A name that may be written: of a field, a cookie, a host or a path. A visitor's value has digits.
_NAME = re.compile(r"[A-Za-z0-9_./*\[\]{}-]{1,128}")
# A pipe would be waited for by the request that finds something. Windows has no O_NONBLOCK.
_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0)
_LONG_NUMBER = re.compile(r"[0-9]{4}")


class Seen:
    """The file of one process; without a path it keeps nothing."""

    __slots__ = ("_path", "_written")

    def __init__(self, path: str | None = None) -> None:
        self._path = path
        self._written: set[str] = set()

    @classmethod
    def asked(cls) -> Seen:
        """Return the file that the environment names, if it names one."""
        return cls(os.environ.get(SEEN_VARIABLE, "").strip() or None)

    @property
    def is_kept(self) -> bool:
        """Whether anything is written."""
        return self._path is not None

    def note(self, what: str, name: str, **more: str) -> None:
        """Append one thing, unless this process has done so, or a name is none that may be written."""
        if self._path is None or len(self._written) >= _MOST:
            return
        texts = [name, *more.values()]
        if not all(_NAME.fullmatch(text) and not _LONG_NUMBER.search(text) for text in texts):
            return
        line = json.dumps({"seen": what, "name": name, **more})
        if line not in self._written:
            self._written.add(line)
            self._append(self._path, line)

    def _append(self, path: str, line: str) -> None:
        """Append a line in one write, so that lines of several workers do not mix."""
        try:
            file = os.open(path, _APPEND, 0o600)
            try:
                found = os.fstat(file)
                if not stat.S_ISREG(found.st_mode):
                    raise OSError(errno.EINVAL, "is no regular file")
                if found.st_size < _LARGEST:
                    os.write(file, f"{line}\n".encode())
            finally:
                os.close(file)
        except OSError as error:
            self._path = None
            logger.warning("%s cannot be written: %s", SEEN_VARIABLE, error.strerror)

"""The public notice file, looked at again every few seconds by a page that leaves.

A look is one `stat`, and at most one in each process in `INTERVAL` seconds; the file is read where that tells
of another. So every worker takes up a change on its own, forked or threaded, and no thread is needed.
"""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, TypeAlias

import msgspec

from alpines_privacy.http.report import Notices
from alpines_privacy.onsite_notice.markup import Banner
from alpines_privacy.policy import PolicyError
from alpines_privacy.policy.announcement import Announcement, Announcements, read_announcements

__all__ = ["NOTHING_SHOWN", "NoticeFile", "Shown"]

_Stamp: TypeAlias = "tuple[int, int, int] | None"

INTERVAL = 2.0  # seconds between two looks
_STAYS = "The notices on the site's pages stay as they were: %s"


class Shown(NamedTuple):
    """The notices that pages show, their banner, a digest of all they say, and until when (Unix time, s)."""

    notices: tuple[Announcement, ...]
    banner: Banner
    digest: bytes
    until: float


NOTHING_SHOWN = Shown((), Banner(()), b"", float("inf"))


class NoticeFile:
    """The notices of a file, which may change, be absent, or be broken at any time."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._seen: _Stamp = None  # a file that is absent announces nothing
        self._announced = Announcements()
        self._shown = NOTHING_SHOWN
        self._next = float("-inf")
        self._notices = Notices()

    def shown(self) -> Shown:
        """Return what is shown now. It never raises: a file that cannot be used changes nothing."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + INTERVAL  # first: other threads do not look meanwhile
            self._look()
        if _now().timestamp() >= self._shown.until:
            self._shown = _shown(self._announced)
        return self._shown

    def _look(self) -> None:
        try:
            stamp = _stamp(self._path)
            if stamp == self._seen:
                return
            announced = read_announcements(self._path) if stamp else Announcements()
        except PolicyError as error:  # read again once it is another file
            self._seen = stamp
            self._notices.once(_STAYS, str(error))
        except OSError as error:
            self._notices.once(_STAYS, f"{self._path}: {error.strerror}")
        else:
            self._seen, self._announced = stamp, announced
            self._shown = _shown(announced)


def _stamp(path: str) -> _Stamp:
    """Return what changes with every write of the file, None while there is none."""
    try:
        status = Path(path).stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _shown(announced: Announcements) -> Shown:
    notices = announced.at(_now())
    if not notices:
        return NOTHING_SHOWN
    digest = hashlib.blake2s(msgspec.json.encode(notices)).digest()
    return Shown(
        notices, Banner(notices), digest, min(notice.until.timestamp() for notice in notices)
    )


def _now() -> datetime:
    return datetime.now(UTC)

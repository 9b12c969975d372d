"""What an app in this process logs while it is visited, as far as it tells of the visitor."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from alpines_privacy.audit.fetching.fetcher import AGENT
from alpines_privacy.audit.fetching.in_process import ADDRESS
from alpines_privacy.audit.observations import Logged

__all__ = ["LogWatch", "watched_log"]

_OURS = ("alpines_privacy", "httpx", "httpcore", "asyncio", "concurrent")
_MOST = 1000


class LogWatch(logging.Handler):
    """Notes which loggers write the visitor's address or User-Agent; keeps no record."""

    def __init__(self) -> None:
        super().__init__()
        self._records = 0
        self._with_address: dict[str, None] = {}
        self._with_agent: dict[str, None] = {}
        self.setFormatter(logging.Formatter("%(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Read a record as it would be written."""
        if record.name.partition(".")[0] in _OURS or self._records >= _MOST:
            return
        self._records += 1
        try:
            text = self.format(record)
        except Exception:  # a record of the app's own that cannot be written
            return
        if ADDRESS in text:
            self._with_address[record.name] = None
        if AGENT in text:
            self._with_agent[record.name] = None

    @property
    def seen(self) -> Logged:
        """What was noted."""
        return Logged(self._records, tuple(self._with_address), tuple(self._with_agent))


@contextmanager
def watched_log() -> Iterator[LogWatch]:
    """Watch what reaches the root logger, from INFO on: what a site in production writes."""
    watch = LogWatch()
    root = logging.getLogger()
    level = root.level
    root.addHandler(watch)
    if (
        not root.isEnabledFor(logging.INFO) and len(root.handlers) == 1
    ):  # nobody else is told more for it
        root.setLevel(logging.INFO)
    try:
        yield watch
    finally:
        root.removeHandler(watch)
        root.setLevel(level)

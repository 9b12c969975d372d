"""`BoundedMemory`: a storage of `limits` in this process, bounded in bytes.

The storage that `limits` has for memory keeps each key as text in three dictionaries with a lock of
its own: half a kilobyte a client, without a bound.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import ClassVar

from limits.storage import Storage
from limits.storage.base import SlidingWindowCounterSupport

from alpines_privacy.intrusion.table import Entry, Table

__all__ = ["BoundedMemory"]

_WINDOWS = 15  # bits: 2,097,152 windows in at most 45 MB
_COUNTERS = 13  # bits: 524,288 lock-outs and known places in at most 12 MB
_MOST = 0xFFFF  # of a window


class BoundedMemory(Storage, SlidingWindowCounterSupport):
    """Counters and sliding windows of one process, in at most 57 MB. Safe to use from threads.

    A sliding window works as in the Redis storage: two windows follow each other from the first
    entry on, and the earlier one counts by the share of it that has not passed.
    """

    STORAGE_SCHEME: ClassVar[list[str] | None] = None  # type: ignore[misc]  # it is made by its class alone

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """`clock` returns seconds since the epoch."""
        super().__init__()
        self._clock = clock
        self._lock = threading.Lock()
        self._windows = Table(_WINDOWS, weight=lambda value: (value & _MOST) + (value >> 16))
        self._counters = Table(_COUNTERS, weight=lambda value: value)

    @property
    def base_exceptions(self) -> type[Exception]:
        """The exceptions of a storage; memory has none of its own."""
        return RuntimeError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a counter, which expires so many seconds after it was begun; return it."""
        now = self._clock()
        with self._lock:
            entry = self._counters.get(key, now) or Entry(int(now) + expiry, 0)
            entry = Entry(entry.expires, entry.value + amount)
            self._counters.put(key, entry, now)
        return entry.value

    def get(self, key: str) -> int:
        """Return a counter, 0 if there is none."""
        with self._lock:
            entry = self._counters.get(key, self._clock())
        return entry.value if entry else 0

    def get_expiry(self, key: str) -> float:
        """Return when a counter expires, in seconds since the epoch; now if there is none."""
        now = self._clock()
        with self._lock:
            entry = self._counters.get(key, now)
        return entry.expires if entry else now

    def check(self) -> bool:
        """Tell whether the storage can be used."""
        return True

    def reset(self) -> None:
        """Drop everything."""
        with self._lock:
            self._windows.clear()
            self._counters.clear()

    def clear(self, key: str) -> None:
        """Drop a counter."""
        with self._lock:
            self._counters.drop(key)

    def acquire_sliding_window_entry(
        self, key: str, limit: int, expiry: int, amount: int = 1
    ) -> bool:
        """Count an entry unless more than `limit` would then be in the window of `expiry` seconds."""
        now = self._clock()
        with self._lock:
            start, earlier, count = self._window(key, expiry, now)
            share = max(0.0, start + expiry - now) / expiry
            if int(earlier * share) + count + amount > limit:
                return False
            value = min(count + amount, _MOST) | min(earlier, _MOST) << 16
            self._windows.put(key, Entry(start + 2 * expiry, value), now)
        return True

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """Return the counts of the earlier window and of this one, each with its seconds left."""
        now = self._clock()
        with self._lock:
            start, earlier, count = self._window(key, expiry, now)
        return earlier, max(0.0, start + expiry - now), count, max(0.0, start + 2 * expiry - now)

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Drop a window."""
        del expiry
        with self._lock:
            self._windows.drop(key)

    def _window(self, key: str, expiry: int, now: float) -> tuple[int, int, int]:
        """Return when the current window began, the count of the one before, and its own."""
        entry = self._windows.get(key, now)
        if entry is None:
            return int(now), 0, 0
        start, earlier, count = entry.expires - 2 * expiry, entry.value >> 16, entry.value & _MOST
        return (start, earlier, count) if now < start + expiry else (start + expiry, count, 0)

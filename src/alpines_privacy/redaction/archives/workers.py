"""Blocks cleaned by several processes at once and returned in order, with few in memory."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection, get_context, parent_process
from typing import Self

from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.redaction.archives.blocks import Block, BlockCleaner, Cleaned
from alpines_privacy.redaction.archives.compression import ArchiveError, Compression

__all__ = ["Workers", "cores"]

_AHEAD = 2  # blocks for each process: one it works on, one that waits for it


class Workers:
    """Runs `clean(blocks)` in `jobs` processes; with one job in this process, block by block.

    So does a system that lets processes share no lock, as one whose /dev/shm cannot be written to.
    """

    def __init__(self, policy: PrivacyPolicy | None, jobs: int, *, check: bool = False) -> None:
        self.cleaner = BlockCleaner(policy, check=check)
        self._pool: ProcessPoolExecutor | None = None
        self._begun: list[Future[None]] = []
        self._waiting = jobs * _AHEAD
        if jobs > 1:
            self._pool = _pool(policy, jobs, check=check)
        if self._pool is not None:
            self._begun = [self._pool.submit(_is_ready) for _ in range(jobs)]

    @property
    def is_alone(self) -> bool:
        """Whether this process does all of the work."""
        return self._pool is None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def clean(self, blocks: Iterable[Block], compression: Compression) -> Iterator[Cleaned]:
        """Yield each block cleaned, in order. Raises `ArchiveError` if a process is killed from outside."""
        if self._pool is None:
            for block in blocks:
                yield self.cleaner.clean(block, compression)
            return
        try:
            yield from self._in_order(self._pool, blocks, compression)
        except BrokenProcessPool:
            raise ArchiveError("not cleaned: one of the worker processes was ended") from None

    def _in_order(
        self, pool: ProcessPoolExecutor, blocks: Iterable[Block], compression: Compression
    ) -> Iterator[Cleaned]:
        waiting: deque[Future[Cleaned]] = deque()
        try:
            for block in blocks:
                if not self._is_begun():  # an interpreter takes a while to start
                    yield self.cleaner.clean(block, compression)
                    continue
                waiting.append(pool.submit(_clean, block, compression))
                if len(waiting) > self._waiting:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def _is_begun(self) -> bool:
        """Whether a worker process is ready; until then this process does the work."""
        if self._begun and any(future.done() for future in self._begun):
            self._begun.clear()
        return not self._begun


def _pool(policy: PrivacyPolicy | None, jobs: int, *, check: bool) -> ProcessPoolExecutor | None:
    """Return a pool of processes, None where the system has no lock for them."""
    # Fresh interpreters: a fork of a program that has threads may hang.
    fresh = get_context("spawn")
    try:
        return ProcessPoolExecutor(jobs, fresh, initializer=_begin, initargs=(policy, check))
    except (ImportError, NotImplementedError, OSError):
        return None


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# The state of a worker process: set at its start, used for each block.
_cleaners: list[BlockCleaner] = []


def _begin(policy: PrivacyPolicy | None, check: bool) -> None:  # noqa: FBT001 - initargs have no names
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C reaches all processes; the parent ends the others
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _cleaners[:] = [BlockCleaner(policy, check=check)]


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _is_ready() -> None:
    """Do nothing: a process that has run this is ready."""


def _clean(block: Block, compression: Compression) -> Cleaned:
    return _cleaners[0].clean(block, compression)

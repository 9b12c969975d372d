"""`Counting`: failures counted where all workers share them, or in this process while that is out of reach.

The app goes on if the shared storage fails: an error, or an answer later than the
policy's timeout, sends all counting to this process's memory for five seconds; then one request
tries the storage again. Each loss and each return is logged once.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from alpines_privacy.http.report import logger
from alpines_privacy.intrusion.failures import Failures, Windows
from alpines_privacy.intrusion.memory import BoundedMemory
from alpines_privacy.policy import Intrusion, PolicyError
from alpines_privacy.policy.intrusion import STORAGE_VARIABLE, is_storage

__all__ = ["PREFIX", "Counting", "redis_storage"]

T = TypeVar("T")

PREFIX = "alpines-privacy"
_PAUSE = 5.0  # seconds without the storage after an error
_ANSWERS = 8  # of the storage that one decision may wait for; later ones count as slow

_LOST = (
    "Redis, which counts failed logins for all workers, %s (%s). Until it is back each worker counts "
    "in its own memory; logins go on."
)
_BACK = "Redis counts failed logins for all workers again."

# One for all policies of the process, so that a policy for each host takes no more memory.
_memory = BoundedMemory()


class Counting:
    """Runs actions on the shared failures, or on those of this process. Safe to use from threads."""

    def __init__(
        self,
        intrusion: Intrusion,
        shared: Windows | None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`shared` is the storage of all workers, None where each counts for itself."""
        memory = _memory if clock is time.time else BoundedMemory(clock)
        self._own = Failures(intrusion, memory, clock)
        self._shared = None if shared is None else Failures(intrusion, shared, clock)
        self._patience = _ANSWERS * intrusion.timeout / 1000
        self._lock = threading.Lock()
        self._is_lost = False
        self._again = 0.0  # when a lost storage is tried again

    @property
    def blocks(self) -> bool:
        """Whether an action may wait for a server."""
        return self._shared is not None

    def run(self, action: Callable[[Failures], T]) -> T:
        """Run an action, twice if the storage fails, and return its result. Raises no error of the storage."""
        if self._shared is None or not self._is_due():
            return action(self._own)
        began = time.monotonic()
        try:
            result = action(self._shared)
        except Exception as error:  # of the network, the server, or its answer
            self._lose("does not answer", type(error).__name__)
            return action(self._own)
        if time.monotonic() - began > self._patience:
            self._lose("is slow", f"over {self._patience:g} s for a login")
        else:
            self._regain()
        return result

    def _is_due(self) -> bool:
        """Tell whether to use the shared storage: if it is lost, one request in five seconds."""
        if not self._is_lost:
            return True
        with self._lock:
            if (now := time.monotonic()) < self._again:
                return False
            self._again = now + _PAUSE
            return True

    def _lose(self, what: str, why: str) -> None:
        with self._lock:
            was_lost, self._is_lost = self._is_lost, True
            self._again = time.monotonic() + _PAUSE
        if not was_lost:
            logger.error(_LOST, what, why)

    def _regain(self) -> None:
        if not self._is_lost:
            return
        with self._lock:
            was_lost, self._is_lost = self._is_lost, False
        if was_lost:
            logger.warning(_BACK)


def redis_storage(intrusion: Intrusion, *, timeout: float | None = None) -> Any:
    """Return the `limits` storage of a policy's Redis; nothing is connected yet.

    `timeout` in seconds replaces the policy's. Raises `PolicyError` where the address or the package
    is missing.
    """
    try:
        from limits.storage import RedisStorage  # noqa: PLC0415 - only a policy that names a Redis needs it
        from redis.backoff import NoBackoff  # noqa: PLC0415 - as above
        from redis.exceptions import ConnectionError as Lost  # noqa: PLC0415 - as above
        from redis.retry import Retry  # noqa: PLC0415 - as above
    except ModuleNotFoundError:
        raise PolicyError(
            "needs a package that is not installed: pip install 'alpines-privacy[intrusion]'",
            key="intrusion.storage",
        ) from None
    seconds: Any = intrusion.timeout / 1000 if timeout is None else timeout
    # A connection that the server has closed meanwhile is made anew, once.
    again: Any = Retry(NoBackoff(), 1, supported_errors=(Lost,))
    return RedisStorage(
        _address(intrusion.storage), key_prefix=PREFIX,
        socket_timeout=seconds, socket_connect_timeout=seconds, retry=again,
    )  # fmt: skip


def _address(storage: str) -> str:
    if storage != "redis":
        return storage
    address = os.environ.get(STORAGE_VARIABLE, "").strip()
    if not is_storage(address):
        found = "is not set" if not address else "is no address of a Redis"
        raise PolicyError(
            f'{found}; intrusion.storage = "redis" expects one such as redis://127.0.0.1:6379/0',
            source="environment",
            key=STORAGE_VARIABLE,
        )
    return address

"""The redactor that cleans a log record: the running request's policy's, else the strictest of those installed."""

from __future__ import annotations

from functools import cache
from threading import Lock
from weakref import WeakSet

from alpines_privacy.http.context import Runtime
from alpines_privacy.http.privacy import request_context
from alpines_privacy.redaction.engine.redactor import Redactor
from alpines_privacy.redaction.logs.cleaning import Cleaner

__all__ = ["active_cleaner", "cleaner", "installed", "outside"]


class _Installed:
    """The cleaners for the logs of this process, in use while `is_active`.

    `cleaner` is for records of no request. A request uses its guard's: None where the policy leaves logs alone.
    """

    __slots__ = ("_lock", "_runtimes", "cleaner", "is_active")

    def __init__(self) -> None:
        self.is_active = False
        self.cleaner: Cleaner | None = None
        self._runtimes: WeakSet[Runtime] = WeakSet()
        self._lock = Lock()  # each host's guard is made by the thread that serves it first

    def replace(self, redactor: Redactor) -> None:
        """Clean everything by one redactor, which replaces those of all guards made so far."""
        with self._lock:
            self.cleaner = Cleaner(redactor)
            for runtime in self._runtimes:
                runtime.cleaner = self.cleaner

    def add(self, redactor: Redactor, runtime: Runtime) -> None:
        """Clean a guard's requests by a redactor, and records of no request at least as strictly."""
        with self._lock:
            known = self.cleaner
            if known is not None and known.redactor.is_like(redactor):
                runtime.cleaner = known
            else:
                runtime.cleaner = Cleaner(redactor)
                self.cleaner = _stricter(known, runtime.cleaner)
            self._runtimes.add(runtime)


def _stricter(known: Cleaner | None, added: Cleaner) -> Cleaner:
    if known is None:
        return added
    redactor = known.redactor.stricter(added.redactor)
    if redactor is known.redactor:
        return known
    return added if redactor is added.redactor else Cleaner(redactor)


installed = _Installed()


def active_cleaner() -> Cleaner | None:
    """Return the cleaner for logs here; None where the hook does not act or the request's policy leaves logs alone."""
    if not installed.is_active:
        return None
    context = request_context()
    found: Cleaner | None = installed.cleaner if context is None else context.runtime.cleaner
    return found


def cleaner() -> Cleaner:
    """Return the cleaner to use here, whether or not the hook acts."""
    context = request_context()
    found: Cleaner | None = None if context is None else context.runtime.cleaner
    return found or outside()


def outside() -> Cleaner:
    """Return the cleaner for records of no request; one of the literal policy where nothing is installed."""
    return installed.cleaner or _literal()


@cache
def _literal() -> Cleaner:
    return Cleaner(Redactor())

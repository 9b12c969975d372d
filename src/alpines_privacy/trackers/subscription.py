"""A policy's own lists, which are read again when their files change, without a restart.

One thread in each process checks the files every few seconds; a request checks none. The thread starts
with the first request, so that a server that forks its workers forks no thread, and again in each
process forked later. Without lists there is no thread.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread
from typing import TypeAlias
from weakref import WeakSet

from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.promise import Promise
from alpines_privacy.http.report import logger
from alpines_privacy.policy import PolicyError
from alpines_privacy.policy.parts import Trackers
from alpines_privacy.trackers.rules import Rules
from alpines_privacy.trackers.shipped import rules_for

__all__ = ["FreshLists", "Subscription"]

Use: TypeAlias = "Callable[[Rules], None]"
_Stamps: TypeAlias = "list[tuple[str, int, int, int]]"

INTERVAL = 5.0  # seconds between two checks
_THREAD = "alpines-privacy lists"
_STAY = "The tracker rules in force stay, because a fresher list is bad: %s"
_FAILED = "The tracker rules in force stay, because fresher ones could not be used (%s)."
_TAKEN = "The tracker lists have changed, and their rules are in force."


class Subscription:
    """A policy's rules, kept up to date; `rules` is always valid.

    `reload()` reads the site's lists again. If one is invalid, the `alpines_privacy` logger says so, and
    the former rules stay in force.
    """

    def __init__(self, trackers: Trackers) -> None:
        """Read the rules; raises `PolicyError`, because there are no former ones to keep."""
        self._trackers = trackers
        self._seen = self._looked_at = _stamps(trackers)
        self._uses: tuple[Use, ...] = ()
        self.rules = rules_for(trackers)

    @property
    def has_files(self) -> bool:
        """Whether the policy names files of lists."""
        return bool(self._seen)

    def use(self, *uses: Use) -> None:
        """Call these functions, in order, with all new rules."""
        self._uses = uses

    def look(self) -> None:
        """Reload if the files have changed, but not since the last check: then they are written completely."""
        stamps = _stamps(self._trackers)
        is_settled, self._looked_at = stamps == self._looked_at, stamps
        if is_settled and stamps != self._seen:
            self.reload()

    def reload(self) -> bool:
        """Read changed files again; return whether new rules are in force."""
        stamps = _stamps(self._trackers)
        if stamps == self._seen:
            return False
        self._seen = stamps
        try:
            rules = rules_for(self._trackers)
            for use in self._uses:
                use(rules)
        except PolicyError as error:
            logger.error(_STAY, str(error))
            return False
        except Exception as error:
            logger.error(_FAILED, type(error).__name__)
            return False
        self.rules = rules
        logger.info(_TAKEN)
        return True


class FreshLists(Promise):
    """Starts the checks in each process that answers requests."""

    def __init__(self, subscription: Subscription) -> None:
        self._subscription = subscription
        self._watch: _Watch | None = None  # the process that has started

    def request(self, context: RequestContext) -> None:
        """Start with the first request of a process."""
        del context
        if self._watch is not _watch:
            _watch.add(self._subscription)
            self._watch = _watch


class _Watch:
    """One process' checks of all its subscriptions, as long as there are any."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._subscriptions: WeakSet[Subscription] = WeakSet()
        self._is_running = False

    def add(self, subscription: Subscription) -> None:
        with self._lock:
            self._subscriptions.add(subscription)
            if not self._is_running:
                Thread(target=self._run, name=_THREAD, daemon=True).start()
                self._is_running = True

    def _run(self) -> None:
        while True:
            time.sleep(INTERVAL)
            with self._lock:
                subscriptions = list(self._subscriptions)
                if not subscriptions:
                    self._is_running = False
                    return
            while subscriptions:  # no subscription is referenced during the sleep
                with suppress(Exception):  # a logging handler's of the app: the checks go on
                    subscriptions.pop().look()


_watch = _Watch()


def _forget_thread() -> None:
    """Forget the parent's thread after a fork."""
    global _watch  # noqa: PLW0603 - one for each process
    _watch = _Watch()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_forget_thread)


def _stamps(trackers: Trackers) -> _Stamps:
    """Return what changes with every write of the site's lists."""
    stamps = []
    for name in (*trackers.lists, *trackers.signal_lists):
        try:
            status = Path(name).stat()
        except OSError:
            stamps.append((name, 0, 0, 0))
        else:
            stamps.append((name, status.st_mtime_ns, status.st_size, status.st_ino))
    return stamps

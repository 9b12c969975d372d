"""`Failures`: failed logins and lock-outs of clients and accounts, in a storage of `limits`.

Keys hold keyed hashes: no address and no name reaches a storage.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Literal, Protocol, TypeAlias

from alpines_privacy.policy import Intrusion

__all__ = ["Failures", "Kind", "Windows"]

Kind: TypeAlias = Literal["client", "account"]

_DAY = 86_400
_KNOWN = 30 * _DAY  # seconds for which the place of a success is remembered
_DOUBLINGS = 20  # more are beyond any longest lock-out


class Windows(Protocol):
    """The interface of a storage: counters that expire, and sliding windows."""

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a counter, which expires so many seconds after it was begun; return it."""
        ...

    def get(self, key: str) -> int:
        """Return a counter, 0 if there is none."""
        ...

    def get_expiry(self, key: str) -> float:
        """Return when a counter expires, in seconds since the epoch; now if there is none."""
        ...

    def clear(self, key: str) -> None:
        """Drop a counter."""
        ...

    def acquire_sliding_window_entry(
        self, key: str, limit: int, expiry: int, amount: int = 1
    ) -> bool:
        """Count an entry unless more than `limit` would then be in the window of `expiry` seconds."""
        ...

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """Return the counts of the earlier window and of this one, each with its seconds left."""
        ...

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Drop a window."""
        ...


class Failures:
    """Failed logins within the policy's window, lock-outs, and places from where accounts were reached."""

    def __init__(
        self, intrusion: Intrusion, storage: Windows, clock: Callable[[], float] = time.time
    ) -> None:
        self._policy = intrusion
        self._storage = storage
        self._clock = clock
        self._most = {
            "client": intrusion.client_failures,
            "account": intrusion.account_failures,
        }

    def seconds_left(self, kind: Kind, who: str) -> int:
        """Return for how many seconds a client or an account is still locked out, 0 if it is not."""
        return max(0, math.ceil(self._storage.get_expiry(_locked(kind, who)) - self._clock()))

    def failed(self, kind: Kind, who: str) -> int:
        """Count a failure; return the seconds of the lock-out that begins with it, 0 if none does.

        The window stays full: after the lock-out each further failure begins one twice as long.
        """
        storage, policy = self._storage, self._policy
        most = self._most[kind] - 1
        if storage.acquire_sliding_window_entry(_failed(kind, who), most, policy.window):
            return 0
        doublings = min(storage.get(_times(kind, who)), _DOUBLINGS)
        seconds = min(policy.lockout << doublings, policy.longest_lockout)
        if storage.incr(_locked(kind, who), seconds) > 1:  # another request has begun it
            return 0
        storage.incr(_times(kind, who), _DAY)
        return seconds

    def succeeded(self, account: str, client: str) -> None:
        """Remember for thirty days that an account was reached from a client's network."""
        place = _known(account, client)
        self._storage.clear(place)  # a counter keeps its first expiry
        self._storage.incr(place, _KNOWN)

    def is_known(self, account: str, client: str) -> bool:
        """Tell whether an account was reached from a client's network before."""
        return self._storage.get(_known(account, client)) > 0

    def reset(self, kind: Kind, who: str) -> bool:
        """Forget failures and lock-outs; return whether there were any."""
        storage, window = self._storage, self._policy.window
        earlier, _, count, _ = storage.get_sliding_window(_failed(kind, who), window)
        counters = (_locked(kind, who), _times(kind, who))
        found = bool(earlier or count or any(map(storage.get, counters)))
        storage.clear_sliding_window(_failed(kind, who), window)
        for counter in counters:
            storage.clear(counter)
        return found


def _failed(kind: Kind, who: str) -> str:
    return f"{kind}:failed:{who}"


def _locked(kind: Kind, who: str) -> str:
    return f"{kind}:locked:{who}"


def _times(kind: Kind, who: str) -> str:
    return f"{kind}:times:{who}"


def _known(account: str, client: str) -> str:
    return f"known:{account}:{client}"

"""The sign of a proxy that nobody declared: all failures come from one private address.

Behind such a proxy every visitor has its address, so one person's failures lock out all.
"""

from __future__ import annotations

from alpines_privacy.http.report import Notices
from alpines_privacy.intrusion.who import is_private

__all__ = ["OneAddress"]

_WARNING = (
    "All %s failed logins so far came from one private address. If a proxy stands there, one visitor's failures "
    "lock out all: set trusted_proxies to its address or network (docs/deploy.md)."
)


class OneAddress:
    """Notes where failures come from, and warns once. Keeps a hash, no address."""

    __slots__ = ("_before", "_count", "_first", "_is_settled")

    def __init__(self, before: int) -> None:
        """`before` is the number of failures that lock a client out: the warning comes at half of it."""
        self._before = max(1, before // 2)
        self._first = ""
        self._count = 0
        self._is_settled = False  # nothing is left to find out

    def note(self, address: str, client: str, notices: Notices) -> None:
        """Note a failure from an address, whose client's hash is `client`."""
        if self._is_settled:
            return
        self._first = self._first or client
        if client != self._first or not is_private(address):
            self._is_settled = True
            return
        self._count += 1
        if self._count >= self._before:
            self._is_settled = True
            notices.once(_WARNING, str(self._count))

"""The lock and the pass: two cookies without an identifier, the same for all visitors who have them.

Both are signed with the site's keys, so workers need no shared state. The pass holds the hour in
which it ends. The lock holds nothing. A lock with an invalid signature (tampered with, or signed
by an old key or another worker's) locks too: otherwise tampering would unlock.
"""

from __future__ import annotations

from time import time

from itsdangerous import BadSignature, Signer

from alpines_privacy.http.heads import RequestHead
from alpines_privacy.http.own_cookie import cookie_line, cookie_values
from alpines_privacy.policy import SecretKeys
from alpines_privacy.policy.own import AGE_LOCK, AGE_PASS

__all__ = ["Tokens"]

_HOUR = 3600
_PASSES = 1800  # seconds the browser keeps a pass; the server looks at hours only


class Tokens:
    """Reads and writes both cookies. The newest key signs, all of them verify."""

    __slots__ = ("_locks", "_passes")

    def __init__(self, keys: SecretKeys) -> None:
        oldest_first = list(reversed(keys))
        self._passes = Signer(oldest_first, salt="alpines-privacy.age-pass")
        lock = Signer(oldest_first, salt="alpines-privacy.age-lock").sign("locked").decode()
        self._locks = {https: cookie_line(AGE_LOCK, lock, https=https) for https in (False, True)}

    def is_locked(self, request: RequestHead) -> bool:
        """Whether this browser was refused in this session."""
        return bool(cookie_values(request, AGE_LOCK.name))

    def has_passed(self, request: RequestHead) -> bool:
        """Whether this browser has a valid pass of the age screen."""
        return any(map(self._holds, cookie_values(request, AGE_PASS.name)))

    def lock(self, *, https: bool) -> str:
        """Return the `Set-Cookie` line that locks until the browser is closed."""
        return self._locks[https]

    def passes(self, *, https: bool) -> str:
        """Return the `Set-Cookie` line that lets signups through for half an hour."""
        # Rounded up to the hour, so that all passes of that hour are the same.
        ends = -int(-(time() + _PASSES) // _HOUR)
        value = self._passes.sign(str(ends)).decode()
        return cookie_line(AGE_PASS, value, https=https)

    def _holds(self, value: str) -> bool:
        try:
            ends = int(self._passes.unsign(value))
        except (BadSignature, ValueError):
            return False
        return time() < ends * _HOUR

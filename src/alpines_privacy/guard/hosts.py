"""`HostGuards`, which compile a policy for each host, and `guard_for`, which compiles any policy."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, TypeAlias

from alpines_privacy.guard.guard import Guard
from alpines_privacy.guard.visit import Visit
from alpines_privacy.http.client import as_read_inside
from alpines_privacy.http.heads import RequestHead
from alpines_privacy.policy import PolicyError, PrivacyPolicy

__all__ = ["HostGuards", "PolicyLike", "guard_for"]

PolicyOfHost: TypeAlias = Callable[[str], "PrivacyPolicy | None"]
# What the adapters take: a policy, a settings file's mapping, a compiled policy, or a callable from
# host to policy. None is the literal policy.
PolicyLike: TypeAlias = (
    "PrivacyPolicy | Mapping[str, Any] | Guard | HostGuards | PolicyOfHost | None"
)

_MOST_GUARDS = 256  # each takes about 40 KB and 5 ms to make
_GUARDS_A_SECOND = 10  # after the first `_MOST_GUARDS`
_LONGEST_HOST = 253  # characters of a domain name, RFC 1035 §2.3.4

_TOO_MANY = (
    "The policy callable returned more than %s new policies a second; further hosts got the literal "
    "policy. Return the same policy, or None, for hosts that are not yours."
)

_UNUSABLE = "A policy of the policy callable cannot be used, so the literal policy applied: %s"


class HostGuards:
    """The guards of several hosts: a callable returns each host's policy, and each policy is compiled once.

    A visitor can invent hosts, and the callable may return a policy for each. So only the guards
    used last are kept, and few new ones are compiled a second: further requests get the literal
    policy.
    """

    def __init__(
        self,
        policy_of: Callable[[str], PrivacyPolicy | None],
        logins: Iterable[str] = (),
        app_keys: Iterable[str | bytes] = (),
    ) -> None:
        """`policy_of` gets the host in lower case, without its port; None is the literal policy.

        It is the host that the app sees, as a trusted proxy, server or middleware says.
        """
        self._policy_of = policy_of
        self._logins, self._app_keys = tuple(logins), tuple(app_keys)
        self._literal = Guard(PrivacyPolicy(), logins=self._logins, app_keys=self._app_keys)
        self._guards: OrderedDict[PrivacyPolicy, Guard] = OrderedDict()
        self._left, self._counted = float(_MOST_GUARDS), time.monotonic()

    def policy_of(self, host: str) -> PrivacyPolicy:
        """Return the policy of a host, in lower case without its port; raises what the callable raises."""
        return self._policy_of(host) or self._literal.policy

    def visit(self, head: RequestHead) -> Visit:
        """Begin a visit under the host's policy; if the callable fails, under the literal policy."""
        host = as_read_inside(head, head.asked()).authority.strip().lower()
        name, _, port = host.rpartition(":")
        host = name if name and port.isdecimal() else host
        if len(host) > _LONGEST_HOST:  # no real host
            return Visit(self._literal, head)
        try:
            policy = self._policy_of(host)
            guard = self._literal if policy is None else self._guard(policy)
        except PolicyError as error:
            guard = self._literal
            guard.runtime.notices.once(_UNUSABLE, str(error))
        except Exception:
            guard = self._literal
            guard.runtime.notices.failure("the policy callable, so the literal policy applied")
        return Visit(guard, head)

    def _guard(self, policy: PrivacyPolicy) -> Guard:
        guard = self._guards.get(policy)
        if guard is None:
            if not self._may_compile():
                self._literal.runtime.notices.once(_TOO_MANY, str(_GUARDS_A_SECOND))
                return self._literal
            guard = self._guards[policy] = self._compiled(policy)
            if len(self._guards) > _MOST_GUARDS:
                self._guards.popitem(last=False)
        else:
            with suppress(KeyError):  # another thread has just dropped it
                self._guards.move_to_end(policy)
        return guard

    def _compiled(self, policy: PrivacyPolicy) -> Guard:
        return Guard(policy, logins=self._logins, app_keys=self._app_keys)

    def _may_compile(self) -> bool:
        """Count a new guard against the limit: `_MOST_GUARDS` at first, then `_GUARDS_A_SECOND`."""
        now = time.monotonic()
        self._left += (now - self._counted) * _GUARDS_A_SECOND
        self._left, self._counted = min(self._left, _MOST_GUARDS), now
        if self._left < 1:
            return False
        self._left -= 1
        return True


def guard_for(
    policy: PolicyLike, logins: Iterable[str] = (), app_keys: Iterable[str | bytes] = ()
) -> Guard | HostGuards:
    """Compile a policy of any type that `protect()` takes; raises `PolicyError` for other types."""
    if isinstance(policy, Guard | HostGuards):
        return policy
    if policy is None:
        policy = PrivacyPolicy()
    if isinstance(policy, Mapping):
        policy = PrivacyPolicy.from_mapping(policy)
    if isinstance(policy, PrivacyPolicy):
        return Guard(policy, logins=logins, app_keys=app_keys)
    other: Any = policy
    if callable(other) and not isinstance(other, type):
        return HostGuards(other, logins, app_keys)
    raise PolicyError(
        f"found {other!r:.60} ({type(other).__name__}); expected a PrivacyPolicy, a mapping, or a callable from host "
        "to PrivacyPolicy. A file is read with PrivacyPolicy.load(path)",
        key="policy",
    )

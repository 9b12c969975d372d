"""What a developer should hear when the app starts rather than from a visitor."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

from alpines_privacy.guard import Guard, HostGuards
from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.policy.secrets import PrivacyWarning

__all__ = ["declaration_hint", "undeclared", "warn_of_undeclared_logins"]


def undeclared(policy: PrivacyPolicy, names: Iterable[str]) -> list[str]:
    """Return the names of session or CSRF cookies that visitors who send DNT will not get."""
    if policy.mode != "enforce" or policy.keep_logins == "always":
        return []
    return [
        name for name in names if not ((declared := policy.cookie(name)) and declared.necessary)
    ]


def declaration_hint(name: str, purpose: str = "Keeps you signed in") -> str:
    """Return the line that declares a cookie."""
    return f'Cookie("{name}", purpose="{purpose}", necessary=True)'


def warn_of_undeclared_logins(guard: Guard | HostGuards, names: Iterable[str]) -> None:
    """Issue a `PrivacyWarning` for each session cookie the policy keeps from visitors who send DNT."""
    if not isinstance(guard, Guard):
        return  # the policies of hosts are known only when their requests come
    for name in undeclared(guard.policy, names):
        warnings.warn(
            f'The session cookie "{name}" is not declared necessary, so visitors who send Do Not Track cannot stay '
            f"signed in. If signing in needs it, declare {declaration_hint(name)}.",
            PrivacyWarning,
            stacklevel=3,
        )

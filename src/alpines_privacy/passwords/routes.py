"""The paths at which passwords are chosen."""

from __future__ import annotations

from collections.abc import Callable

from alpines_privacy.http.heads import RequestHead
from alpines_privacy.http.routes import Routes
from alpines_privacy.policy import Passwords, PolicyError, PrivacyPolicy

__all__ = ["is_chosen_at"]


def is_chosen_at(policy: PrivacyPolicy, rule: Passwords) -> Callable[[RequestHead], bool]:
    """Return a function that tells whether a request's path is one; raises `PolicyError` if there are none."""
    paths = rule.paths or [signup.path for signup in policy.signups]
    if not paths:
        raise PolicyError(
            "is empty, and there are no signups; expected the paths where passwords are chosen",
            key="passwords.paths",
        )
    routes = Routes([(path, path) for path in paths], cache="paths of passwords")
    return lambda request: routes.may_lead[request.local_path] and bool(routes.at(request))

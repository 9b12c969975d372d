"""The paths at which passwords are chosen."""

from __future__ import annotations

import re
from collections.abc import Callable

from alpines_privacy.http.cache import Cache
from alpines_privacy.policy import Passwords, PolicyError, PrivacyPolicy
from alpines_privacy.policy.signup_paths import expression_of, plain

__all__ = ["is_chosen_at"]


def is_chosen_at(policy: PrivacyPolicy, rule: Passwords) -> Callable[[str], bool]:
    """Return what tells whether a path is one of those; raises `PolicyError` if there are none."""
    paths = rule.paths or [signup.path for signup in policy.signups]
    if not paths:
        raise PolicyError(
            "is empty, and there are no signups; expected the paths where passwords are chosen",
            key="passwords.paths",
        )
    expression = re.compile("|".join(f"(?:{expression_of(path)})" for path in paths))
    known: Cache[str, bool] = Cache(
        "paths of passwords", lambda path: expression.fullmatch(plain(path)) is not None
    )
    return known.__getitem__

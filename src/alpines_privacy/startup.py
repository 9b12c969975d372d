"""Warnings at start-up about login cookies, and the secret keys of an app."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from alpines_privacy.guard import Guard, HostGuards
from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.policy.warning import warn

__all__ = ["declaration_hint", "secret_keys", "undeclared", "warn_of_undeclared_logins"]


def secret_keys(app: Any) -> tuple[str | bytes, ...]:
    """Return the secret keys of a Flask or Quart app, newest first; none where none are set yet."""
    fallbacks = app.config.get("SECRET_KEY_FALLBACKS") or ()
    return tuple(key for key in (app.secret_key, *fallbacks) if key)


def undeclared(policy: PrivacyPolicy, names: Iterable[str]) -> list[str]:
    """Return the login cookies that visitors who send DNT will not get."""
    if policy.mode != "enforce" or policy.keep_logins == "always":
        return []
    return [
        name for name in names if not ((declared := policy.cookie(name)) and declared.necessary)
    ]


def declaration_hint(name: str, purpose: str = "Keeps you signed in") -> str:
    """Return the declaration of a cookie, as code."""
    return f'Cookie("{name}", purpose="{purpose}", necessary=True)'


def warn_of_undeclared_logins(guard: Guard | HostGuards, names: Iterable[str]) -> None:
    """Issue one `PrivacyWarning` for all login cookies that visitors who send DNT will not get."""
    if not isinstance(guard, Guard):
        return  # the policies of hosts are known only at their requests
    missing = undeclared(guard.policy, names)
    if missing:
        quoted = " and ".join(f'"{name}"' for name in missing)
        cookies = "session cookie {} is" if len(missing) == 1 else "login cookies {} are"
        warn(
            f"The {cookies.format(quoted)} not declared necessary, so visitors who send Do Not Track cannot stay "
            f"signed in. If signing in needs it, declare {', '.join(map(declaration_hint, missing))}."
        )

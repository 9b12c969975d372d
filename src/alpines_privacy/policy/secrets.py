"""Secrets: from the environment only, newest first, so that keys can be rotated."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping

from alpines_privacy.policy.errors import PolicyError
from alpines_privacy.policy.warning import warn

__all__ = ["SecretKeys"]

VARIABLE = "ALPINES_PRIVACY_SECRET_KEY"
_SHORTEST = 16


class SecretKeys(tuple[str, ...]):
    """The site's secret keys, newest first: the first signs, all of them verify."""

    __slots__ = ()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> SecretKeys:
        """Read `ALPINES_PRIVACY_SECRET_KEY`, one key or several separated by commas.

        Without it a random key is made for this process and a `PrivacyWarning` says what that
        means. Raises `PolicyError` for a key of fewer than 16 characters; the key is not shown.
        """
        return cls.given(environment) or _random()

    @classmethod
    def given(cls, environment: Mapping[str, str] = os.environ) -> SecretKeys | None:
        """Read the keys an operator has set; None if there is none. Raises `PolicyError` as above."""
        keys = [key.strip() for key in environment.get(VARIABLE, "").split(",") if key.strip()]
        for index, key in enumerate(keys, start=1):
            if len(key) < _SHORTEST:
                raise PolicyError(
                    f"key {index} of {len(keys)} has {len(key)} characters; expected at least {_SHORTEST}: "
                    'python -c "import secrets; print(secrets.token_urlsafe())" makes one',
                    source="environment",
                    key=VARIABLE,
                )
        return cls(keys) if keys else None


_made: list[SecretKeys] = []


def _random() -> SecretKeys:
    """Return the key made for this process, the same at every call."""
    if not _made:
        _made.append(SecretKeys([secrets.token_urlsafe(32)]))
        warn(
            f"{VARIABLE} is not set, so a random key was made for this process: after a restart, or in "
            "another worker process, visitors' choices signed with it are not recognised. Set it to one "
            "value of at least 16 characters for all processes."
        )
    return _made[0]

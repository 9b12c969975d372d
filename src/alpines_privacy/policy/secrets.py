"""Secrets: from the environment only, newest first, so that keys can be rotated."""

from __future__ import annotations

import os
import secrets
import warnings
from collections.abc import Iterable, Mapping
from typing import Self

from alpines_privacy.policy.errors import PolicyError
from alpines_privacy.policy.strength import weakness

__all__ = ["MADE_BY", "PrivacyWarning", "SecretKeys"]

VARIABLE = "ALPINES_PRIVACY_SECRET_KEY"
MADE_BY = "python -c 'import secrets; print(secrets.token_urlsafe(32))'"


class PrivacyWarning(UserWarning):
    """Something at start-up that an operator should know and may accept."""


class SecretKeys(tuple[str, ...]):
    """The site's secret keys, newest first: the first signs, all of them verify.

    Raises `PolicyError` for one that can be guessed (`strength.weakness`); it is named by its place
    and not shown.
    """

    __slots__ = ()

    def __new__(cls, keys: Iterable[str] = (), *, source: str = "") -> Self:
        """Take keys that are hard to guess; `source` says in an error where they come from."""
        made = super().__new__(cls, keys)
        for index, key in enumerate(made, start=1):
            if problem := weakness(key):
                raise PolicyError(
                    f"key {index} of {len(made)} {problem}. A new one comes from: {MADE_BY}",
                    source=source,
                    key=VARIABLE,
                )
        return made

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> SecretKeys:
        """Read `ALPINES_PRIVACY_SECRET_KEY`, one key or several separated by commas.

        Without it a random key is made for this process and a `PrivacyWarning` says what that
        means. Raises `PolicyError` for a key that can be guessed; the key is not shown.
        """
        return cls.given(environment) or _random()

    @classmethod
    def given(cls, environment: Mapping[str, str] = os.environ) -> SecretKeys | None:
        """Read the keys an operator has set; None if there is none. Raises `PolicyError` as above."""
        keys = [key.strip() for key in environment.get(VARIABLE, "").split(",") if key.strip()]
        return cls(keys, source="environment") if keys else None


_made: list[SecretKeys] = []


def _random() -> SecretKeys:
    """Return the key made for this process, the same at every call."""
    if not _made:
        _made.append(SecretKeys([secrets.token_urlsafe(32)]))
        warnings.warn(
            f"{VARIABLE} is not set, so a random key was made for this process: after a restart, or in "
            "another worker process, visitors' choices signed with it are not recognised. Set it to one "
            f"value for all processes, made by: {MADE_BY}",
            PrivacyWarning,
            stacklevel=2,
        )
    return _made[0]

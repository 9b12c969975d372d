"""Checks of paths as a policy declares them."""

from __future__ import annotations

from collections.abc import Sequence

from alpines_privacy.policy.errors import PolicyError
from alpines_privacy.policy.signup_paths import is_path

__all__ = ["check_path", "check_patterns"]


def check_path(path: str, key: str, examples: str) -> None:
    """Raise `PolicyError` for text that is no path; `examples` are the words that show some."""
    if not is_path(path):
        raise PolicyError(f"{path!r} is no path; expected one such as {examples}", key=key)


def check_patterns(patterns: Sequence[str], key: str) -> None:
    """Raise `PolicyError` for a pattern of paths (`/static/*`) that does not start with a slash."""
    for index, pattern in enumerate(patterns):
        if not pattern.startswith("/"):
            raise PolicyError(
                f"{pattern!r} is no path; expected one that starts with /", key=f"{key}[{index}]"
            )

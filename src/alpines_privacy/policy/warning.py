"""Warnings at start-up, shown at the line of the app's own code that led to them."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

__all__ = ["PrivacyWarning", "warn"]

_PACKAGE = str(Path(__file__).parents[1])


class PrivacyWarning(UserWarning):
    """A notice at start-up that an operator should read and may accept."""


def warn(message: str) -> None:
    """Issue a `PrivacyWarning` at the caller's nearest line outside this package."""
    frame, level = sys._getframe(1), 2  # noqa: SLF001 - `skip_file_prefixes` came with Python 3.12
    while frame.f_code.co_filename.startswith(_PACKAGE) and frame.f_back is not None:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, PrivacyWarning, stacklevel=level)

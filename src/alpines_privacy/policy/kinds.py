"""The kinds of personal data."""

from __future__ import annotations

from typing import Literal

__all__ = ["Kind"]

# As they stand in marks (policy §2).
Kind = Literal[
    "NAME", "EMAIL", "ADDRESS", "PHONE", "CNIC", "NTN", "USERNAME", "PASSWORD", "SECRET", "IP",
    "USER_AGENT", "CARD", "CVV", "IBAN", "SSN", "PASSPORT", "BIRTH_DATE", "MAC", "COORDINATES",
]  # fmt: skip

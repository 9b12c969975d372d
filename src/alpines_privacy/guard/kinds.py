"""The kind of a value by its shape, as the redactor finds it, for promises that do not know the redactor."""

from __future__ import annotations

import re
from functools import cache

from alpines_privacy.policy import Logs, PrivacyPolicy
from alpines_privacy.redaction import Redactor

__all__ = ["kind_of_value"]

_MARK = re.compile(r"\[([A-Z_]+)\]")


def kind_of_value(value: str) -> str | None:
    """Return the kind of personal data that a value is as a whole, by its shape; None for other values."""
    mark = _MARK.fullmatch(_redactor().redact(value))
    return mark[1] if mark else None


@cache
def _redactor() -> Redactor:
    """Return a redactor that writes a mark for each kind; made when it is first asked for."""
    return Redactor(PrivacyPolicy(logs=Logs(ip="mark", user_agent="mark")))

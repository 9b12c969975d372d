"""No personal data in logs (policy §6): values found by shape or key, and values that an app hid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpines_privacy.lazy_names import lazy

if TYPE_CHECKING:
    from alpines_privacy.redaction.engine.redactor import Redactor
    from alpines_privacy.redaction.engine.spans import Span
    from alpines_privacy.redaction.logs.hook import install, uninstall

__all__ = ["Redactor", "Span", "install", "uninstall"]

# Imported on first use: compiling the patterns takes time, and is needed only once something is logged.
__getattr__ = lazy(
    __name__,
    {
        "Redactor": "alpines_privacy.redaction.engine.redactor",
        "Span": "alpines_privacy.redaction.engine.spans",
        "install": "alpines_privacy.redaction.logs.hook",
        "uninstall": "alpines_privacy.redaction.logs.hook",
    },
)

"""No personal data in logs (policy §6): values found by shape or key, and values that an app hid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alpines_privacy.redaction.engine.redactor import Redactor
    from alpines_privacy.redaction.engine.spans import Span
    from alpines_privacy.redaction.logs.hook import install, uninstall

__all__ = ["Redactor", "Span", "install", "uninstall"]

# Imported on first use: compiling the patterns takes time, and is needed only once something is logged.
_HOMES = {
    "Redactor": "alpines_privacy.redaction.engine.redactor",
    "Span": "alpines_privacy.redaction.engine.spans",
    "install": "alpines_privacy.redaction.logs.hook",
    "uninstall": "alpines_privacy.redaction.logs.hook",
}


def __getattr__(name: str) -> Any:
    """Import a public name from its module on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - only here

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value

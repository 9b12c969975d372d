"""What a browser says to scripts under each signal, as one that sends the signal does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

from alpines_privacy.audit.model import Signal

__all__ = ["signs"]

# navigator.doNotTrack (null: as the browser has it) and navigator.globalPrivacyControl.
_SIGNS: Mapping[Signal, Mapping[str, str | bool | None]] = MappingProxyType(
    {
        Signal.NONE: {"dnt": None, "gpc": False},
        Signal.DNT: {"dnt": "1", "gpc": False},
        Signal.GPC: {"dnt": None, "gpc": True},
        Signal.DNT0_GPC: {"dnt": "0", "gpc": True},
    }
)


def signs(signal: Signal) -> str:
    """Return the signal as JSON for the probe in the page."""
    return json.dumps(_SIGNS[signal])

"""The address that a `Refresh` field or a `<meta http-equiv=refresh>` leads to (WHATWG HTML §4.2.5.3)."""

from __future__ import annotations

import re

__all__ = ["refresh_address"]

# `5; url='https://…'`. Wider than the shared declarative refresh steps, which want a time and one
# separator: an address is found wherever some browser may find it.
_REFRESH = re.compile(
    r"\s*+[0-9.]*+[\s;,]*+(?:url\s*+=\s*+)?(\"[^\"]*+|'[^']*+|.*+)", re.IGNORECASE | re.DOTALL
)


def refresh_address(value: str) -> str:
    """Return the address in a refresh's value, empty if it names none."""
    target = _REFRESH.match(value)
    return target[1].lstrip("\"'").strip() if target else ""

"""Names of time zones: those of IANA's database that this machine knows."""

from __future__ import annotations

import re
import zoneinfo

from alpines_privacy.policy.errors import nearest

__all__ = ["is_zone", "zone_problem"]

_ZONE = re.compile(r"[A-Za-z0-9_+\-]{1,32}(?:/[A-Za-z0-9_+\-]{1,32}){0,3}")


def zone_problem(name: str) -> str | None:
    """Return the problem with a time zone's name, with the closest right one; None if there is none."""
    if is_zone(name):
        return None
    close = nearest(name, zoneinfo.available_timezones())
    return f"{name[:60]!r} is no time zone{close}; expected an IANA name such as Asia/Karachi"


def is_zone(name: str) -> bool:
    """Whether a name is that of a time zone."""
    if _ZONE.fullmatch(name) is None:  # zoneinfo recurses on a name of many folders
        return False
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True

"""Language tags (RFC 5646), and which of several serves a reader."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["LANGUAGE_TAG", "looked_up"]

LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


def looked_up(wanted: str, known: Mapping[str, str]) -> str | None:
    """Return the tag for a range, whole or cut from its end (RFC 4647 §3.4): `ur-PK` finds `ur`, and `pt` `pt-BR`.

    `wanted` and the keys of `known` are in small letters.
    """
    if wanted == "*":
        return next(iter(known.values()), None)
    while wanted:
        if wanted in known:
            return known[wanted]
        if longer := next((tag for tag in known if tag.startswith(f"{wanted}-")), None):
            return known[longer]
        wanted = wanted.rpartition("-")[0]
    return None

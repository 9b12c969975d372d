"""What a visitor sees of an element, as far as its own attributes tell; style sheets are not read."""

from __future__ import annotations

import re

from alpines_privacy.http.html.tags import StartTag

__all__ = ["LABELS", "UNSEEN", "is_hidden"]

LABELS = ("alt", "aria-label", "title")
"""Attributes whose text stands for an element."""
UNSEEN = str.maketrans("", "", "\u00ad\u200b\u200c\u200d\u2060")
"""Takes out of a text what has no width, for `str.translate`."""

_CLOSED = frozenset({"dialog", "details"})  # unless `open`
_WHOLE_PAGE = frozenset({"html", "body", "head"})
_HIDING = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|"
    r"(?:opacity|font-size)\s*:\s*0(?![.\d]*[1-9]))",
    re.IGNORECASE,
)


def is_hidden(tag: StartTag) -> bool:
    """Whether an element's own attributes hide it."""
    if tag.name in _WHOLE_PAGE:  # hidden only until a script shows them
        return False
    if tag.get("hidden") is not None or (tag.get("aria-hidden") or "").strip().lower() == "true":
        return True
    if tag.name in _CLOSED and tag.get("open") is None:
        return True
    return _HIDING.search(tag.get("style") or "") is not None

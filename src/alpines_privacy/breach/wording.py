"""Words that an operator gives: what they may hold, so that a message made of them is what they say."""

from __future__ import annotations

import re
from typing import Annotated, Any

from msgspec import Meta

from alpines_privacy.policy.errors import PolicyError
from alpines_privacy.policy.part import Part

__all__ = ["TEXTS", "Line", "Text", "check_words", "has_words"]

Line = Annotated[str, Meta(min_length=1, max_length=300)]
Text = Annotated[str, Meta(min_length=1, max_length=20_000)]

# What may be of several lines.
TEXTS = frozenset({"what_happened", "consequences", "what_we_do", "what_you_can_do", "contact"})
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")


def check_words(part: Part) -> None:
    """Raise `PolicyError` for a text of a table that is blank, holds a control, or a line too many."""
    for key in part.__struct_fields__:
        value = getattr(part, key)
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str):
                _check(text, key)


def _check(text: str, key: str) -> None:
    if _CONTROLS.search(text) or (key not in TEXTS and len(text.splitlines()) > 1):
        raise PolicyError("holds a control character or a second line", key=key)
    if not text.strip():
        raise PolicyError("is blank; expected words", key=key)


def has_words(text: Any) -> bool:
    """Tell whether a text is of a language: dates and numbers are of all."""
    return any(map(str.isalpha, text))

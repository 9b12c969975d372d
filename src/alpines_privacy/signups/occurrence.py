"""Whether a body that cannot be read in one way may be a signup: by the names that occur in it.

No value is judged, since no value can be told from the text around it.
"""

from __future__ import annotations

import re

from alpines_privacy.http.raw_text import hides_text, raw_texts
from alpines_privacy.signups.names import BIRTH_STEP, PASSWORD_STEP

__all__ = ["may_be_signup", "may_name_birth"]


# A whole step of a name, with an index or without, in text in lower case.
_STEP = rb"(?<![a-z0-9])(?:%s)[0-9]*+(?![a-z0-9])"
_BIRTH = re.compile(_STEP % BIRTH_STEP.encode())
_PASSWORD = re.compile(rb"password|" + _STEP % PASSWORD_STEP.encode())


def may_be_signup(content_type: str, raw: bytes) -> bool:
    """Tell whether both a birth date's and a password's name may occur anywhere in the bytes.

    `content_type` is the header's value, or all of them. Names in pieces or in a charset that hides
    ASCII may be any.
    """
    return hides_text(content_type, raw) or _occur(raw, [_BIRTH, _PASSWORD])


def may_name_birth(text: str) -> bool:
    """Tell whether a birth date's name may occur anywhere in a text."""
    return _occur(text.encode(errors="replace"), [_BIRTH])


def _occur(raw: bytes, names: list[re.Pattern[bytes]]) -> bool:
    missing = names
    for text in raw_texts(raw):
        # The separators within a step are removed as in `kind_of`; `__` ends a step.
        steps = text.replace(b"__", b" ").translate(None, b"-_")
        missing = [name for name in missing if not name.search(steps)]
        if not missing:
            return True
    return False

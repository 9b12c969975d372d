"""Whether a body that cannot be read in one way may be a signup: by the names that occur in it.

No value is judged, since no value can be told from the text around it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import chain

from alpines_privacy.http.raw_text import hides_text, raw_texts
from alpines_privacy.signups.names import BIRTH_STEP, PASSWORD_STEP, NameKind, kind_of

__all__ = ["may_be_signup", "may_name_birth"]


# A whole word of a name, with an index or without: between other signs, or by its capital.
_WORD = (
    rb"(?:(?<![A-Za-z0-9])|(?<=[a-z0-9])(?=[A-Z]))(?i:%s)[0-9]*+"
    rb"(?:(?![A-Za-z0-9])|(?<=[a-z0-9])(?=[A-Z]))"
)
_BIRTH = re.compile(_WORD % BIRTH_STEP.encode())
_PASSWORD = re.compile(rb"(?i:password)|" + _WORD % PASSWORD_STEP.encode())
# What all of those hold: found ten times as fast, in lower case.
_LIKE_BIRTH = re.compile(rb"dob|b(?:irth|day|orn)")
_LIKE_PASSWORD = re.compile(rb"pass|pwd")
_NO_NAME = re.compile(rb"[^A-Za-z0-9_-]")
_LONGEST = 64  # bytes of a name on each side of a word
_MOST_OTHERS = 100  # names that are somebody else's


def may_be_signup(content_type: str, *raw: bytes) -> bool:
    """Tell whether both a birth date's and a password's name may occur anywhere in the query or the body.

    `content_type` is the header's value, or all of them. Names in pieces or in a charset that hides
    ASCII may be any.
    """
    return any(hides_text(content_type, each) for each in raw) or _occur(
        raw, [_names_birth, _names_password]
    )


def may_name_birth(text: str) -> bool:
    """Tell whether a birth date's name may occur anywhere in a text."""
    return _occur([text.encode(errors="replace")], [_names_birth])


def _occur(raw: Iterable[bytes], named: list[Callable[[bytes], bool]]) -> bool:
    """Tell whether each of the names occurs in some text, with signs between letters or without."""
    for text in chain.from_iterable(map(raw_texts, raw)):
        for signs in (b"", b"-_"):
            plain = text.translate(None, signs)
            named = [names for names in named if not names(plain)]
        if not named:
            return True
    return False


def _names_password(text: bytes) -> bool:
    return _LIKE_PASSWORD.search(text.lower()) is not None and _PASSWORD.search(text) is not None


def _names_birth(text: bytes) -> bool:
    """Tell whether a text names a birth date that is not somebody else's by its own name: `child_dob`."""
    if _LIKE_BIRTH.search(text.lower()) is None:
        return False
    for count, match in enumerate(_BIRTH.finditer(text)):
        if count == _MOST_OTHERS or not _is_of_somebody_else(text, match):
            return True
    return False


def _is_of_somebody_else(text: bytes, match: re.Match[bytes]) -> bool:
    before = _NO_NAME.split(text[max(match.start() - _LONGEST, 0) : match.start()])[-1]
    after = _NO_NAME.split(text[match.end() : match.end() + _LONGEST], maxsplit=1)[0]
    name = (before + match[0] + after).decode("latin-1")
    return kind_of(name) is NameKind.SOMEBODY_ELSE

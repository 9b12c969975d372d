"""The answer to whoever must wait: 429 with `Retry-After`, as a page or for programs.

It is the same for a client and for an account, and for accounts that do not exist: nobody learns
from it whose name is known.
"""

from __future__ import annotations

from alpines_privacy.http.heads import Field, RequestHead
from alpines_privacy.http.outcomes import Answer
from alpines_privacy.http.own_page import (
    STYLE,
    crossing,
    page,
    plain,
    problem,
    shell,
    wants_problem,
)

__all__ = ["refusal", "too_large", "too_many_names", "unreadable"]

_TITLE = "Too many attempts to sign in"


def refusal(request: RequestHead, seconds: int) -> Answer:
    """Return 429 (RFC 6585 §4) with the seconds to wait (RFC 9110 §10.2.3)."""
    retry: Field = ("retry-after", str(seconds))
    text = f"Please try again in {_duration(seconds)}."
    if wants_problem(request):
        return crossing(problem(429, f"{_TITLE}. {text}"), retry)
    content = f"<h1>{_TITLE}</h1>\n<p>{text}</p>"
    return crossing(page(429, shell(_TITLE, content, STYLE)), retry)


def _duration(seconds: int) -> str:
    """Return a duration in words, rounded up."""
    for unit, size in (("hour", 3600), ("minute", 60)):
        if seconds >= size:
            count = -(-seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{seconds} second{'s' if seconds > 1 else ''}"


too_large = plain(413, "The form was too large. Nothing was changed.")
too_many_names = plain(422, "The form named more than one account. Nothing was changed.")
unreadable = plain(422, "The form could not be read for sure. Nothing was changed.")

"""The layer's own cookies: constant, without identifiers, set only by an act of the visitor.

They are necessary in the sense of the policy's §11, and the policy page lists them like all others.
"""

from __future__ import annotations

from alpines_privacy.policy.parts import Cookie

__all__ = ["AGE_LOCK", "AGE_PASS", "CHOICE", "OWN_COOKIES", "own_cookie"]

CHOICE = Cookie(
    "alpines-privacy",
    purpose="Remembers the privacy preference you chose on this site",
    necessary=True,
    lifetime=365 * 86400,
)
AGE_LOCK = Cookie(
    "alpines-privacy-age-lock",
    purpose="Remembers until you close your browser that an account was not created",
    necessary=True,
    lifetime="session",
)
AGE_PASS = Cookie(
    "alpines-privacy-age-pass",
    purpose="Remembers for half an hour that you entered your date of birth; holds no date",
    necessary=True,
    lifetime=1800,
)
# Over https each has the prefix `__Host-`.
OWN_COOKIES = (CHOICE, AGE_LOCK, AGE_PASS)

_BY_NAME = {cookie.name: cookie for cookie in OWN_COOKIES}


def own_cookie(name: str) -> Cookie | None:
    """Return the declaration of a cookie of ours, by its name with or without `__Host-`."""
    return _BY_NAME.get(name.removeprefix("__Host-"))

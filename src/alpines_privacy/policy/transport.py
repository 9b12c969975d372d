"""`Hsts`: the table of the policy about Strict-Transport-Security (policy §6)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from alpines_privacy.policy.errors import PolicyError
from alpines_privacy.policy.part import Part

__all__ = ["Hsts"]

_YEAR = 31_536_000  # seconds: the least that browsers' preload lists take
_MOST = 10 * _YEAR


class Hsts(Part, frozen=True, kw_only=True):
    """Strict-Transport-Security: browsers that came over https use it alone for this host (RFC 6797 §6.1).

    It cannot be taken back before `max_age` (seconds) has passed, except by a response over https
    with `max_age = 0`. `preload` asks for a place in the lists that browsers ship.
    """

    max_age: Annotated[int, Meta(ge=0, le=_MOST)] = _YEAR
    include_subdomains: bool = False
    preload: bool = False

    def check(self) -> None:
        """Check that a preloaded host qualifies for the lists (hstspreload.org)."""
        if self.preload and not (self.include_subdomains and self.max_age >= _YEAR):
            raise PolicyError(
                "browsers' lists take no such host; expected include_subdomains = true and "
                f"max_age = {_YEAR} or more",
                key="preload",
            )

"""The lines that a log advises, as the policy they make."""

from __future__ import annotations

import re

__all__ = ["advised"]

_COOKIE = re.compile(r'Cookie\("([^"]+)", purpose="([^"]+)", necessary=True\)')


def advised(log: str) -> str:
    """Return the cookies that a log's lines advise to declare, as a policy file has them."""
    return "".join(
        f'[[cookies]]\nname = "{name}"\npurpose = "{purpose}"\nnecessary = true\n\n'
        for name, purpose in sorted(set(_COOKIE.findall(log)))
    )

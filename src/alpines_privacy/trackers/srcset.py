"""The candidates of a `srcset` attribute (WHATWG HTML §4.8.4.2.2), and their removal."""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["without"]

# An address, which ends before white space, without its last commas; then descriptors, in which
# parentheses hide a comma.
_CANDIDATE = re.compile(r"[\t\n\f\r ,]*+([^\t\n\f\r ]++)((?:[^,(]++|\([^)]*+\)?)*+,?)")


def without(text: str, is_listed: Callable[[str], bool]) -> str | None:
    """Return `srcset` without the candidates whose addresses are listed, None if none is.

    The rest stays as written.
    """
    kept: list[str] = []
    place, found = 0, False
    while match := _CANDIDATE.match(text, place):
        address, end = match[1], match.end()
        if address.endswith(","):
            address, end = address.rstrip(","), match.end(1)
        if is_listed(address):
            found = True
        else:
            kept.append(text[place:end])
        place = end
    if not found:
        return None
    return "".join(kept).strip("\t\n\f\r ,")

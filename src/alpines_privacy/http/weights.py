"""The weights of what a client accepts."""

from __future__ import annotations

from alpines_privacy.http.heads import split_list

__all__ = ["weights"]


def weights(accepted: str) -> dict[str, float]:
    """Return the members of an Accept or Accept-Encoding, in lower case, and their weights.

    RFC 9110 §12.4.2: a member without a weight has 1; one whose weight is no number gets 0.
    """
    found = {}
    for member in split_list(accepted):
        name, *parameters = (part.strip(" \t").lower() for part in member.split(";"))
        weight = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        try:
            found[name] = float(weight)
        except ValueError:
            found[name] = 0.0
    return found

"""How checks say what they found."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from alpines_privacy.audit.model import BROKEN, KEPT, UNKNOWN, Evidence, Verdict
from alpines_privacy.audit.requirements import requirement

__all__ = ["judged", "unknown"]

_MOST = 1000  # pieces of evidence that are looked at


def judged(key: str, against: Iterable[Evidence], note: str = "") -> Verdict:
    """Return the verdict on a requirement: broken by any evidence against it, else kept."""
    evidence = tuple(islice(against, _MOST))
    return Verdict(requirement(key), BROKEN if evidence else KEPT, evidence, note)


def unknown(key: str, why: str, seen: Iterable[Evidence] = ()) -> Verdict:
    """Return the verdict that a requirement cannot be told, with the reason and what was seen."""
    return Verdict(requirement(key), UNKNOWN, tuple(islice(seen, _MOST)), why)

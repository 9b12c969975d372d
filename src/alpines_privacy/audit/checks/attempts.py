"""Verdicts on what was tried with `--active`."""

from __future__ import annotations

from alpines_privacy.audit.checks.verdicts import judged, unknown
from alpines_privacy.audit.model import Verdict
from alpines_privacy.audit.observations import Observations

__all__ = ["not_to_be_taken", "to_be_taken"]

_PASSIVE = "told only with --active, which sends forms"
_UNCLEAR = "the site's answer does not tell"


def not_to_be_taken(seen: Observations, key: str) -> Verdict:
    """Return the verdict on attempts that the site must refuse."""
    return _verdict(seen, key, wanted=False)


def to_be_taken(seen: Observations, key: str) -> Verdict:
    """Return the verdict on attempts that the site must not refuse."""
    return _verdict(seen, key, wanted=True)


def _verdict(seen: Observations, key: str, *, wanted: bool) -> Verdict:
    attempts = seen.attempts.get(key, ())
    if not attempts:
        return unknown(key, seen.untried.get(key, _PASSIVE))
    told = [attempt for attempt in attempts if attempt.taken is not None]
    if not told:
        return unknown(key, _UNCLEAR, (attempt.done for attempt in attempts))
    return judged(key, (attempt.done for attempt in told if attempt.taken is not wanted))

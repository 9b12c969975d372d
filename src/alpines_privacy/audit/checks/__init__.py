"""The checks: pure functions from what was seen of a site to the verdict on one requirement, by clause."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from alpines_privacy.audit.checks import (
    collected,
    cookies,
    disclosure,
    policy_page,
    protection,
    service,
    signals,
    signups,
    trackers,
    transport,
)
from alpines_privacy.audit.checks.unread import as_far_as_read
from alpines_privacy.audit.checks.verdicts import unknown
from alpines_privacy.audit.model import Verdict
from alpines_privacy.audit.observations import Observations
from alpines_privacy.audit.requirements import REQUIREMENTS

__all__ = ["CHECKS", "NO_BROWSER", "verdicts_on"]

NO_BROWSER = "not seen without a browser"

CHECKS: Mapping[str, Callable[[Observations], Verdict]] = MappingProxyType(
    {
        key: check
        for module in (
            collected,
            service,
            transport,
            protection,
            cookies,
            disclosure,
            policy_page,
            signals,
            trackers,
            signups,
        )
        for key, check in module.CHECKS.items()
    }
)
"""The check of each requirement that needs no browser, by its id."""


def verdicts_on(seen: Observations, others: Mapping[str, Verdict]) -> tuple[Verdict, ...]:
    """Return the verdict on each requirement, in the order of the clauses; `others` are a browser's."""
    return tuple(
        others.get(each.id) or as_far_as_read(_verdict(each.id, seen), seen)
        for each in REQUIREMENTS
    )


def _verdict(key: str, seen: Observations) -> Verdict:
    return CHECKS[key](seen) if key in CHECKS else unknown(key, NO_BROWSER)

"""The verdicts that need a browser."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from msgspec import structs

from alpines_privacy.audit.browser.observed import BrowserVisit
from alpines_privacy.audit.checks import browser_loads, browser_scripts, browser_stored
from alpines_privacy.audit.checks.browser_seen import InBrowser
from alpines_privacy.audit.checks.verdicts import unknown
from alpines_privacy.audit.model import Verdict
from alpines_privacy.audit.observations import Site
from alpines_privacy.audit.visits import path_shown

__all__ = ["CHECKS", "verdicts_in_browser"]

CHECKS: Mapping[str, Callable[[InBrowser], Verdict]] = MappingProxyType(
    {**browser_loads.CHECKS, **browser_scripts.CHECKS, **browser_stored.CHECKS}
)
"""The check of each requirement that needs a browser, by its id."""


def verdicts_in_browser(site: Site, visits: Sequence[BrowserVisit]) -> Mapping[str, Verdict]:
    """Return the verdict of a browser's visits on each requirement that needs one."""
    seen = InBrowser(site, visits)
    if not seen.opened:
        why = visits[0].notes[0] if visits and visits[0].notes else "no page was visited"
        return {key: unknown(key, f"the browser could open no page: {why}") for key in CHECKS}
    cut = _cut(visits)
    return {key: _noted(check(seen), cut) for key, check in CHECKS.items()}


def _cut(visits: Sequence[BrowserVisit]) -> str:
    """Return which visits are not whole, in words."""
    noted = [visit for visit in visits if visit.notes]
    if not noted:
        return ""
    first = noted[0]
    return f"{len(noted)} of {len(visits)} visits were not whole, such as {path_shown(first.page)}: {first.notes[0]}"


def _noted(verdict: Verdict, note: str) -> Verdict:
    if not note or verdict.note:
        return verdict
    return structs.replace(verdict, note=note)

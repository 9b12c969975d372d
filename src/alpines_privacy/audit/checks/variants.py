"""How a page's responses differ by signal, as far as that matters: cookies, loads from others, status."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from alpines_privacy.audit.model import Signal
from alpines_privacy.audit.visits import Page, Visit

__all__ = ["Difference", "differences", "withheld"]


class Difference(NamedTuple):
    """A visit with a signal that differs from the one without, and in what."""

    visit: Visit
    what: str


def differences(page: Page) -> Iterator[Difference]:
    """Yield the visits with a signal that differ; what differs between two visits without one does not count."""
    plain, again = page.plain, page.again or page.plain
    for visit in page.opted_out:
        if what := _difference(plain, again, visit):
            yield Difference(visit, what)


def withheld(page: Page) -> dict[str, list[Signal]]:
    """Return the cookies that a page sets without a signal, and under which signals it does not."""
    found: dict[str, list[Signal]] = {}
    for name in _names(page.plain):
        without = [visit.signal for visit in page.opted_out if name not in _names(visit)]
        if without:
            found[name] = without
    return found


def _difference(plain: Visit, again: Visit, visit: Visit) -> str:
    if plain.status == again.status != visit.status:
        return f"{visit.status} instead of {plain.status}"
    for what, read in (("cookies", _names), ("loads", _hosts)):
        steady = read(plain) & read(again)
        varying = read(plain) ^ read(again)
        if (missing := steady - read(visit)) or (read(visit) - steady - varying):
            return f"{what}: {', '.join(sorted(missing)) or 'more'}"
    return ""


def _names(visit: Visit) -> frozenset[str]:
    return frozenset(planted.cookie.name for planted in visit.planted)


def _hosts(visit: Visit) -> frozenset[str]:
    return frozenset(load.address.host for load in visit.loads.named)

"""How a page's responses differ by signal, as far as that matters: status, target, cookies, loads from others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from alpines_privacy.audit.fetching.exchange import Exchange
from alpines_privacy.audit.fetching.fetcher import target_of
from alpines_privacy.audit.model import Signal
from alpines_privacy.audit.visits import Page, Visit, shown_name

__all__ = ["Difference", "differences", "withheld"]


class Difference(NamedTuple):
    """A response to a visitor with a signal that differs from that to one without, and in what."""

    visit: Visit
    got: Exchange
    plain: Exchange
    what: str


class _Response(NamedTuple):
    """One response of a visit, by what is compared."""

    got: Exchange
    cookies: frozenset[str]
    loads: frozenset[str]

    @property
    def led_to(self) -> str:
        return f"{self.got.status} {target_of(self.got)}".strip()


def differences(page: Page) -> Iterator[Difference]:
    """Yield the responses that differ by signal; what differs between two visits without one does not count.

    Redirects are compared one by one, as far as both visits lead to the same addresses.
    """
    again = page.again or page.plain
    for visit in page.opted_out:
        pairs = zip(_responses(page.plain), _responses(again), _responses(visit), strict=False)
        for plain, second, other in pairs:
            if plain.got.url != other.got.url:
                break
            if what := _difference(plain, second, other):
                yield Difference(visit, other.got, plain.got, what)


def withheld(page: Page) -> dict[str, list[Signal]]:
    """Return the cookies that a page sets without a signal, and under which signals it does not."""
    found: dict[str, list[Signal]] = {}
    set_under = {visit.signal: _names(visit) for visit in page.opted_out}
    for name in _names(page.plain):
        without = [signal for signal, names in set_under.items() if name not in names]
        if without:
            found[name] = without
    return found


def _difference(plain: _Response, second: _Response, other: _Response) -> str:
    if plain.led_to == second.led_to != other.led_to:
        return f"{other.got.status} instead of {plain.got.status}"
    for what, one, two, seen in (
        ("cookies", plain.cookies, second.cookies, other.cookies),
        ("loads", plain.loads, second.loads, other.loads),
    ):
        more = (
            seen - one if one == two else frozenset[str]()
        )  # of what varies by itself, more is no sign
        if differing := ((one & two) - seen) | more:
            names = sorted(differing)[:4]
            told = map(shown_name, names) if what == "cookies" else names
            return f"{what}: {', '.join(told)}"
    return ""


def _responses(visit: Visit) -> Iterator[_Response]:
    exchanges = visit.followed.exchanges
    for index, got in enumerate(exchanges):
        names = frozenset(each.cookie.name for each in visit.planted if each.url == got.url)
        is_last = index == len(exchanges) - 1
        yield _Response(got, names, _hosts(visit) if is_last else frozenset())


def _names(visit: Visit) -> frozenset[str]:
    return frozenset(planted.cookie.name for planted in visit.planted)


def _hosts(visit: Visit) -> frozenset[str]:
    return frozenset(load.address.host for load in visit.loads.named)

"""The decision about one load: which rule, of which list, stops it, and for whom."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from alpines_privacy.http.url import Address, parse
from alpines_privacy.trackers.companies import Companies, Service
from alpines_privacy.trackers.pattern import words
from alpines_privacy.trackers.request import BITS, PAGE_LOADS, Kind, Request
from alpines_privacy.trackers.rule import Rule
from alpines_privacy.trackers.source import ListInfo, When
from alpines_privacy.trackers.table import Table

__all__ = ["Explanation", "Match", "Rules"]

_MOST_REMEMBERED = 4096
_MOST_HOSTS = 2048
# A longer address is not worth keeping: it was made for one visitor.
_LONGEST_REMEMBERED = 2048


class Match(NamedTuple):
    """A load that is to be stopped: by which rule, of which list, and whose host it goes to.

    `when` is "always", or "signal" for what is stopped only for visitors who send one. `company`
    and `category` are None for a host third-party-web does not know.
    """

    rule: str
    list: str
    when: When
    host: str
    is_third_party: bool
    company: str | None
    category: str | None


class Explanation(NamedTuple):
    """A decision with what was against it: `exception` is the rule that lets pass what another blocks."""

    match: Match | None
    blocking: Rule | None
    exception: Rule | None


_NOTHING = Explanation(None, None, None)


class Rules:
    """Tables of rules, asked as one. Safe to share between threads; nothing in it ever changes.

    `match(url, page_host, kind)` returns a `Match`, or None for a load that may go ahead. The
    address is taken as a page has it, absolute or with two slashes before the host; one relative
    to the page must be resolved first (`http.url.parse`). `page_host` is in lower case.
    """

    def __init__(
        self,
        tables: Sequence[Table],
        companies: Callable[[], Companies] = Companies,
        *,
        allowed_categories: Collection[str] = (),
    ) -> None:
        self.tables = tuple(tables)
        self._tables_with_words = tuple(table for table in self.tables if table.words)
        self._companies = companies
        self._allowed_categories = frozenset(allowed_categories)
        self._everywhere, self._on_page = _loose(self.tables)
        self._pages_with_rules = frozenset(self._on_page)
        self._on_host = lru_cache(maxsize=_MOST_HOSTS)(self._find_on_host)
        self._everywhere_for = lru_cache(maxsize=64)(self._find_everywhere)
        self._service = lru_cache(maxsize=_MOST_HOSTS)(self._find_service)
        self._remembered: dict[tuple[str, str, str], Match | None] = {}
        # Most addresses are nobody's: then no kind of load needs another look.
        self._found: dict[tuple[str, str], tuple[Request, list[Rule]] | None] = {}

    @property
    def lists(self) -> tuple[ListInfo, ...]:
        """What the rules are from."""
        return tuple(info for table in self.tables for info in table.lists)

    @property
    def companies(self) -> Companies:
        """The services by host, read when first asked for."""
        return self._companies()

    def match(self, url: str, page_host: str, kind: Kind = "script") -> Match | None:
        """Return what stops a load of `url` by a page on `page_host`, or None."""
        try:
            return self._remembered[url, page_host, kind]
        except KeyError:
            address = parse(url)
        match = self.match_address(address, page_host, kind) if address else None
        if len(url) <= _LONGEST_REMEMBERED:
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[url, page_host, kind] = match
        return match

    def explain(self, url: str, page_host: str, kind: Kind = "script") -> Explanation:
        """Decide as `match` does, and say what spoke against the load and what for it."""
        address = parse(url)
        if address is None:
            return _NOTHING
        request = Request(address, page_host, BITS[kind])
        rules = self._applying(request)
        return self._judged(request, rules) if rules else _NOTHING

    def match_address(self, address: Address, page_host: str, kind: Kind) -> Match | None:
        """Return what stops a load of an address that has been read, or None.

        Asked about one kind of load of a page it finds the rules for all, and is soon done with
        the others: a script's address may be asked for in six ways.
        """
        bit = BITS[kind]
        if not bit & PAGE_LOADS:
            request = Request(address, page_host, bit)
            return self._judged(request, self._applying(request)).match
        try:
            found = self._found[address.url, page_host]
        except KeyError:
            found = self._find(address, page_host)
        if found is None:
            return None
        request, rules = found
        rules = [rule for rule in rules if rule.mask & bit]
        return self._judged(request, rules).match if rules else None

    def _find(self, address: Address, page_host: str) -> tuple[Request, list[Rule]] | None:
        request = Request(address, page_host, PAGE_LOADS)
        rules = self._applying(request)
        found = (request, rules) if rules else None
        if len(address.url) <= _LONGEST_REMEMBERED:
            if len(self._found) >= _MOST_REMEMBERED:
                self._found.clear()
            self._found[address.url, page_host] = found
        return found

    def _judged(self, request: Request, rules: Iterable[Rule]) -> Explanation:
        """Return what the rules that apply come to."""
        blocking = exception = None
        for rule in rules:
            if rule.is_exception:
                exception = _stronger(rule, exception)
            else:
                blocking = _stronger(rule, blocking)
        if blocking is None or (exception and exception.strength > blocking.strength):
            return Explanation(None, blocking, exception)
        return Explanation(self._told(blocking, request), blocking, exception)

    def _told(self, rule: Rule, request: Request) -> Match | None:
        assert rule.source is not None
        service = self._service(request.host)
        if service and service.category in self._allowed_categories and not rule.source.is_own:
            return None
        return Match(
            rule.text,
            rule.source.name,
            rule.source.when,
            request.host,
            request.is_third_party,
            service and service.company,
            service and service.category,
        )

    def _find_service(self, host: str) -> Service | None:
        return self.companies.of(host)

    def _applying(self, request: Request) -> list[Rule]:
        """Find the rules that apply: by host and its parents, by word, and the few others."""
        kinds, party, lower = request.kinds, request.party, request.lower
        # Plain loops: these are the hottest lines of a page, and a comprehension costs a call.
        found: list[Rule] = []
        for rule in self._on_host(request.host):
            if (
                rule.literal in lower
                and rule.mask & party
                and rule.mask & kinds
                and (rule.is_plain or rule.fits(request))
            ):
                found.append(rule)  # noqa: PERF401
        here = words(lower)
        for table in self._tables_with_words:
            for word in filter(table.words.__contains__, here):
                for rule in table.with_word(word):
                    if rule.literal in lower and rule.applies(request):
                        found.append(rule)  # noqa: PERF401
        found += self._loose_for(request)
        return found

    def _loose_for(self, request: Request) -> list[Rule]:
        """Find those of the rules with neither host nor word that apply."""
        lower = request.lower
        found = [
            rule
            for rule in self._everywhere_for(request.party, request.kinds)
            if rule.literal in lower and rule.applies(request)
        ]
        if not self._pages_with_rules.isdisjoint(request.page.names):
            found += self._loose_on_page(request)
        return found

    def _find_everywhere(self, party: int, kinds: int) -> tuple[Rule, ...]:
        return tuple(rule for rule in self._everywhere if rule.mask & party and rule.mask & kinds)

    def _loose_on_page(self, request: Request) -> list[Rule]:
        return [
            rule
            for name in request.page.names
            for rule in self._on_page.get(name, ())
            if rule.applies(request)
        ]

    def _find_on_host(self, host: str) -> tuple[Rule, ...]:
        """Return the rules on a host or a domain it is in."""
        return tuple(
            rule
            for name in _with_parents(host)
            for table in self.tables
            for rule in table.on_host(name)
        )


def _with_parents(host: str) -> tuple[bytes, ...]:
    """Return a host and every domain it is in, as the tables look them up."""
    names = [host.encode()]
    while b"." in names[-1]:
        names.append(names[-1].partition(b".")[2])
    return tuple(names)


def _stronger(rule: Rule, other: Rule | None) -> Rule:
    """Return the stronger of two; of equal ones, that which holds always, not only under a signal."""
    return rule if other is None or rule.weight > other.weight else other


def _loose(tables: Iterable[Table]) -> tuple[tuple[Rule, ...], dict[str, tuple[Rule, ...]]]:
    """Part the rules with neither host nor word into those for any page and those for some."""
    everywhere: list[Rule] = []
    on_page: dict[str, tuple[Rule, ...]] = {}
    for table in tables:
        for rule in table.loose:
            if not rule.own_domains:
                everywhere.append(rule)
            for name in rule.own_domains:
                on_page[name] = (*on_page.get(name, ()), rule)
    return tuple(everywhere), on_page

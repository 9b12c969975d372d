"""The decision about one load: which rule, of which list, stops it, and for whom."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache
from sys import getsizeof
from typing import NamedTuple, TypeAlias

from alpines_privacy.http.cache import Cache
from alpines_privacy.http.url import Address, parse
from alpines_privacy.trackers.companies import Companies, Service
from alpines_privacy.trackers.pattern import words
from alpines_privacy.trackers.request import BITS, PAGE_LOADS, Kind, Request
from alpines_privacy.trackers.rule import Rule, weight_of
from alpines_privacy.trackers.source import ListInfo, When
from alpines_privacy.trackers.table import Table

__all__ = ["Explanation", "Match", "Rules", "weight_of_match"]

# An address, the host of the page it is on, and what asks for it.
_Asked: TypeAlias = "tuple[str, str, Kind]"
# An address, its host, where that ends, and the host of the page it is on.
_Place: TypeAlias = "tuple[str, str, int, str]"
# The rules that apply to an address on a page, None where there is none.
_Found: TypeAlias = "tuple[Request, list[Rule]] | None"


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


def weight_of_match(match: Match | None) -> int:
    """Return about how many bytes a match takes."""
    return 0 if match is None else _OF_A_MATCH + 2 * (len(match.rule) + len(match.host))


# Bytes of a match without its rule and host; of a request without its address, one of its page's
# names without the characters, and one of its rules, which hundreds of addresses have in common.
_OF_A_MATCH = 640
_OF_A_REQUEST, _OF_A_NAME, _OF_A_RULE = 512, 64, 200


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
        self._on_host: Cache[str, tuple[Rule, ...]] = Cache(
            "rules on a host", self._find_on_host, weight_of
        )
        self._everywhere_for = lru_cache(maxsize=64)(self._find_everywhere)
        self._service: Cache[str, Service | None] = Cache("services", self._find_service)
        self._matches: Cache[_Asked, Match | None] = Cache("matches", self._match, weight_of_match)
        # Most addresses are nobody's: then no kind of load needs another look.
        self._found: Cache[_Place, _Found] = Cache(
            "rules for an address", self._find, _weight_of_found
        )

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
        return self._matches[url, page_host, kind]

    def _match(self, asked: _Asked) -> Match | None:
        url, page_host, kind = asked
        address = parse(url)
        return self.match_address(address, page_host, kind) if address else None

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
        found = self._found[address.url, address.host, address.host_end, page_host]
        if found is None:
            return None
        request, rules = found
        rules = [rule for rule in rules if rule.mask & bit]
        return self._judged(request, rules).match if rules else None

    def _find(self, place: _Place) -> _Found:
        url, host, host_end, page_host = place
        request = Request(Address(url, "", host, host_end), page_host, PAGE_LOADS)
        rules = self._applying(request)
        return (request, rules) if rules else None

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
        service = self._service[request.host]
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
        for rule in self._on_host[request.host]:
            if (
                rule.literal in lower
                and rule.mask & party
                and rule.mask & kinds
                and (rule.is_plain or rule.fits(request))
            ):
                found.append(rule)  # noqa: PERF401
        here = words(lower)
        for table in self._tables_with_words:
            for word in dict.fromkeys(filter(table.words.__contains__, here)):
                for rule in table.with_word[word]:
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
        found: list[Rule] = []
        for name in _with_parents(host):
            for table in self.tables:
                found += table.on_host(name)
        return tuple(found)


def _weight_of_found(found: _Found) -> int:
    if found is None:
        return 0
    request, rules = found
    page = len(request.page.names) * (_OF_A_NAME + len(request.page.host))
    return _OF_A_REQUEST + getsizeof(request.lower) + page + _OF_A_RULE * len(rules)


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

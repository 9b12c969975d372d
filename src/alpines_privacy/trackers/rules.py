"""The decision on one load: the rule and the list that stop it, and for whom."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple, TypeAlias

from alpines_privacy.http.cache import Cache
from alpines_privacy.http.url import parse
from alpines_privacy.trackers.companies import Companies
from alpines_privacy.trackers.pattern import words
from alpines_privacy.trackers.request import BITS, KINDS, LoadKind, Request
from alpines_privacy.trackers.rule import Rule, weight_of
from alpines_privacy.trackers.source import ListInfo, When
from alpines_privacy.trackers.table import Table

__all__ = ["Explanation", "Match", "Rules"]

# An address, the host of its page, and its kinds.
_Asked: TypeAlias = "tuple[str, str, tuple[LoadKind, ...]]"


class Match(NamedTuple):
    """A load to stop: the rule, its list, and the company behind the host.

    `when` is "always", or "signal" for a load that is stopped only for visitors who send a signal.
    `company` and `category` are None for a host that third-party-web does not know.
    """

    rule: str
    list: str
    when: When
    host: str
    is_third_party: bool
    company: str | None
    category: str | None


_ALONE: dict[LoadKind, tuple[LoadKind, ...]] = {kind: (kind,) for kind in KINDS}
_MATCH_BYTES = 640  # bytes of a match without its rule and host


class Explanation(NamedTuple):
    """A decision and its reasons: `exception` is the rule that allows what another rule blocks."""

    match: Match | None
    blocking: Rule | None
    exception: Rule | None


_NOTHING = Explanation(None, None, None)


class Rules:
    """All tables of rules together. Immutable, and safe to share between threads.

    `match(url, page_host, kind)` returns a `Match`, or None for a load that may go ahead. The address
    is absolute or begins with two slashes and a host; `http.url.parse` resolves relative ones first.
    `page_host` is in lower case.

    `matches[url, page_host, kinds]` is the same for an address that may load as several kinds: the
    matches, each once, in the order of the kinds.
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
        self._read_companies = companies
        self._allowed_categories = frozenset(allowed_categories)
        self._everywhere, self._on_page = _loose(self.tables)
        self._pages_with_rules = frozenset(self._on_page)
        self._everywhere_for = lru_cache(maxsize=64)(self._find_everywhere)
        self._on_host: Cache[str, tuple[Rule, ...]] = Cache(
            "rules on a host", self._find_on_host, weight_of
        )
        self.matches: Cache[_Asked, tuple[Match, ...]] = Cache("loads", self._find, _weight)

    @property
    def lists(self) -> tuple[ListInfo, ...]:
        """The lists of the rules."""
        return tuple(info for table in self.tables for info in table.lists)

    @cached_property
    def companies(self) -> Companies:
        """The services by host, read at the first use."""
        return self._read_companies()

    def match(self, url: str, page_host: str, kind: LoadKind = "script") -> Match | None:
        """Return what stops a load of `url` by a page on `page_host`, or None."""
        found = self.matches[url, page_host, _ALONE[kind]]
        return found[0] if found else None

    def explain(self, url: str, page_host: str, kind: LoadKind = "script") -> Explanation:
        """Decide as `match` does, and name the rule against the load and the exception for it."""
        address = parse(url)
        if address is None:
            return _NOTHING
        request = Request(address, page_host, BITS[kind])
        rules = self._applying(request)
        return self._judged(request, rules) if rules else _NOTHING

    def _find(self, asked: _Asked) -> tuple[Match, ...]:
        """Find the rules for all kinds at once, and decide for each kind."""
        url, page_host, kinds = asked
        address = parse(url)
        if address is None:
            return ()
        bits = [BITS[kind] for kind in kinds]
        request = Request(address, page_host, sum(set(bits)))
        rules = self._applying(request)
        if not rules:
            return ()
        judged = (
            self._judged(request, [rule for rule in rules if rule.mask & bit]) for bit in bits
        )
        return tuple(dict.fromkeys(decision.match for decision in judged if decision.match))

    def _judged(self, request: Request, rules: Iterable[Rule]) -> Explanation:
        """Return the decision of the rules that apply."""
        blocking = exception = None
        for rule in rules:
            if rule.is_exception:
                exception = _stronger(rule, exception)
            else:
                blocking = _stronger(rule, blocking)
        if blocking is None or (exception and exception.strength > blocking.strength):
            return Explanation(None, blocking, exception)
        return Explanation(self._match_of(blocking, request), blocking, exception)

    def _match_of(self, rule: Rule, request: Request) -> Match | None:
        assert rule.source is not None
        service = self.companies.of(request.host)
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

    def _applying(self, request: Request) -> list[Rule]:
        """Find the rules that apply: by host and its parents, by word, and the remaining few."""
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
        """Find the rules with neither host nor word that apply."""
        lower = request.lower
        found = [
            rule for rule in self._everywhere if rule.literal in lower and rule.applies(request)
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
        """Return the rules on a host and its parent domains."""
        found: list[Rule] = []
        for name in _with_parents(host):
            for table in self.tables:
                found += table.on_host(name)
        return tuple(found)


def _weight(matches: tuple[Match, ...]) -> int:
    return sum(_MATCH_BYTES + 2 * (len(match.rule) + len(match.host)) for match in matches)


def _with_parents(host: str) -> tuple[bytes, ...]:
    """Return a host and its parent domains, as keys of the tables."""
    names = [host.encode()]
    while b"." in names[-1]:
        names.append(names[-1].partition(b".")[2])
    return tuple(names)


def _stronger(rule: Rule, other: Rule | None) -> Rule:
    """Return the stronger rule; of equal ones, the one for everyone rather than under a signal."""
    return rule if other is None or rule.weight > other.weight else other


def _loose(tables: Iterable[Table]) -> tuple[tuple[Rule, ...], dict[str, tuple[Rule, ...]]]:
    """Split the rules with neither host nor word into those for any page and those for some domains."""
    everywhere: list[Rule] = []
    on_page: dict[str, tuple[Rule, ...]] = {}
    for table in tables:
        for rule in table.loose:
            if not rule.own_domains:
                everywhere.append(rule)
            for name in rule.own_domains:
                on_page[name] = (*on_page.get(name, ()), rule)
    return tuple(everywhere), on_page

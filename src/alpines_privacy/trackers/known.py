"""The part of the rules that the shield knows, which fits into a small script.

The shield decides in the page, without the lists. It gets the hosts that pages use most (those that
third-party-web knows and the supplement names), path rules on hosts that also serve other things than
trackers, and every exception for one of these. No rule is widened: the server's verdict
(`blocking.py`) stops all that the shield stops. Rules left out stop loads in markup only.

A line is `host pattern kinds`. `host` means the host and its subdomains, `=host` the host alone,
`.host` its subdomains alone, `*` any host. The pattern follows the host, in Adblock Plus' syntax; the
kinds are letters (`KIND_LETTERS`). Without a pattern any address fits, without kinds any kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import msgspec
from msgspec import Struct

from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.trackers.companies import Companies
from alpines_privacy.trackers.request import BITS, PAGE_LOADS, THIRD_PARTY, LoadKind, page_on
from alpines_privacy.trackers.rule import Rule, Skipped, read
from alpines_privacy.trackers.rules import Rules
from alpines_privacy.trackers.shipped import shipped_rules
from alpines_privacy.trackers.source import ListInfo

__all__ = ["KIND_LETTERS", "Known", "Listed", "known", "listed", "written"]

KIND_LETTERS: dict[LoadKind, str] = {
    "script": "s", "image": "i", "stylesheet": "c", "object": "o", "xmlhttprequest": "x",
    "subdocument": "f", "ping": "p", "websocket": "w", "media": "m", "font": "t", "other": "r",
}  # fmt: skip

_FILE = "known.json"
# third-party-web's table begins with the most used services. For so many of them, rules about single
# paths and single hosts of a domain are worth their bytes.
_MOST_USED = 60
# The hosts of so many services fit into 20 KB with the script; under a signal each has more hosts.
_MOST_LISTED = {False: 1900, True: 1600}
_MOST_ON_DOMAIN = 24
_PLACES_FOR_ANYBODY = frozenset({"hosting", "cdn"})  # their subdomains belong to others

# Vendors whose code sites bundle: third-party-web counts requests of pages, so it ranks them low.
_BUNDLED = frozenset(
    {
        "amplitude.com", "browser-intake-datadoghq.com", "browser-intake-datadoghq.eu", "bugsnag.com",
        "clarity.ms", "cloudflareinsights.com", "datadoghq-browser-agent.com", "datadoghq.com", "goatcounter.com",
        "heapanalytics.com", "highlight.io", "hs-scripts.com", "intercom.io", "intercomcdn.com", "logr-ingest.com",
        "logrocket.com", "logrocket.io", "lr-ingest.io", "matomo.cloud", "mixpanel.com", "newrelic.com",
        "nr-data.net", "piwik.pro", "plausible.io", "posthog.com", "reddit.com", "redditstatic.com", "rollbar.com",
        "rudderlabs.com", "rudderstack.com", "segment.com", "segment.io", "sentry-cdn.com", "sentry.io",
        "simpleanalyticscdn.com", "smartlook.com", "umami.is", "usefathom.com",
    }
)  # fmt: skip

_ON_HOST = re.compile(r"(@@)?\|\|([a-z0-9._-]+)(?=[\^/:?])(.*)")
_BELOW_HOST = re.compile(r"\.([a-z0-9_-]+(?:\.[a-z0-9_-]+)+)(/[^$]*+)(.*)")
_WRITABLE = re.compile(r"[!-~]*")


class Listed(Struct, frozen=True):
    """What the lists say: hosts by their last label, and lines as the module's docstring has them.

    `conditional` are rules, as written, that depend on the site: exceptions for some sites, and rules
    that stop on all sites but some.
    """

    hosts: dict[str, str]
    paths: str
    exceptions: str
    conditional: tuple[str, ...]


class Known:
    """The knowledge of one policy's shield, for visitors who opted out or for those who did not.

    The script reads `tables`.
    """

    def __init__(self, listed: Listed, *, added: str, allowed: str) -> None:
        self.tables: dict[str, Any] = {
            "hosts": listed.hosts,
            "paths": listed.paths,
            "exceptions": listed.exceptions,
            "added": added,
            "allowed": allowed,
        }
        self._listed = listed

    def exceptions_on(self, page_host: str) -> str:
        """Return the exceptions that hold on a host's pages in addition, as lines."""
        names = page_on(page_host).names
        rules = _conditional(self._listed.conditional)
        return _text(
            _line(rule) or _widest(rule)
            for rule in rules
            if rule.covers(names)
            is rule.is_exception  # a rule for all pages but some; this page is one of those
        )


def known(rules: Rules, policy: PrivacyPolicy, *, opted_out: bool) -> Known:
    """Return the shield's knowledge under a policy, whose compiled rules are `rules`."""
    own = [rule for table in rules.tables for rule in _own_rules(table.lists, table.__iter__)]
    added = [_line(rule) for rule in own if not rule.is_exception and rule.domains is None]
    allowed = [_line(rule) or _widest(rule) for rule in own if rule.is_exception]
    if not opted_out:
        allowed += [_declared(party.host) for party in policy.third_parties]
    categories = frozenset(policy.trackers.allow_categories)
    base = _listed_for(rules, opted_out=opted_out)
    if categories:
        base = _without(base, rules.companies, categories)
    return Known(base, added=_text(added), allowed=_text(allowed))


def listed(
    lines: Iterable[tuple[ListInfo, str]], companies: Companies, *, opted_out: bool
) -> Listed:
    """Choose the rules for the shield from lines as written."""
    choice = _Choice(companies)
    blocking: list[Rule] = []
    excepting: list[Rule] = []
    for info, text in lines:
        if not info.is_own and (rule := choice.understood(info, text)):
            (excepting if rule.is_exception else blocking).append(rule)
    held = [
        rule for rule in blocking if opted_out or (rule.source and rule.source.when == "always")
    ]
    whole = _outermost(
        {
            rule.host
            for rule in held
            if rule.host and _is_whole(rule) and choice.is_listed(rule, opted_out=opted_out)
        }
    )
    some = [
        rule
        for rule in held
        if not _is_whole(rule)
        and not _is_in(_host_of(rule).lstrip("."), whole)
        and choice.is_used(rule)
    ]
    touched = whole | {_host_of(rule).lstrip(".") for rule in some}
    exceptions = [rule for rule in excepting if _touches(rule, touched)]
    return Listed(
        hosts=_by_last_label(whole),
        paths=_text(map(_line, some)),
        exceptions=_text(
            _line(rule) or _widest(rule) for rule in exceptions if rule.domains is None
        ),
        conditional=tuple(
            sorted(
                {
                    rule.text
                    for rule in (*exceptions, *some, *held)
                    if rule.domains is not None and _touches(rule, touched)
                }
            )
        ),
    )


def written(rules: Rules) -> bytes:
    """Return the choice among the shipped rules, as the text of `known.json`."""
    choices = {
        name: listed(
            (line for table in rules.tables for line in table.lines()),
            rules.companies,
            opted_out=opted_out,
        )
        for name, opted_out in (("always", False), ("signal", True))
    }
    return msgspec.json.format(msgspec.json.encode(choices), indent=1) + b"\n"


class _Choice:
    """Chooses the rules worth parsing: those on hosts that the services' table knows."""

    def __init__(self, companies: Companies) -> None:
        self._companies = companies
        services = list(dict.fromkeys(companies.of(host) for host in companies.hosts))
        self._rank = {service: rank for rank, service in enumerate(services)}
        self._hosts = frozenset(companies.hosts)
        self._on_domain: dict[str, int] = {}

    def understood(self, info: ListInfo, text: str) -> Rule | None:
        """Return the parsed rule if the shield may get it, or None."""
        found = _ON_HOST.match(text)
        if text.startswith("@@"):
            return _read(info, text)
        if found is None:
            below = _BELOW_HOST.fullmatch(text)
            return _read(info, text) if below and below[1] in self._hosts else None
        host = found[2]
        if (
            info.name.endswith("supplement")
            or host in self._hosts
            or _is_in(host, _BUNDLED)
            or self._is_below_used(host)
        ):
            return _read(info, text)
        return None

    def is_listed(self, rule: Rule, *, opted_out: bool) -> bool:
        """Tell whether a rule about a whole host is worth its bytes."""
        host = _host_of(rule)
        return _is_chosen(rule, host) or self._is_among(host, _MOST_LISTED[opted_out])

    def is_used(self, rule: Rule) -> bool:
        """Tell whether many pages load from the host of a rule about a part of it."""
        host = _host_of(rule).lstrip(".")
        service = self._companies.of(host)
        if service is not None and service.category in _PLACES_FOR_ANYBODY:
            return _is_chosen(rule, host)
        return _is_chosen(rule, host) or self._is_among(host, _MOST_USED)

    def _is_among(self, host: str, most: int) -> bool:
        service = self._companies.of(host)
        return service is not None and self._rank[service] < most

    def _is_below_used(self, host: str) -> bool:
        service = self._companies.of(host)
        if (
            service is None
            or service.category in _PLACES_FOR_ANYBODY
            or not self._is_among(host, _MOST_USED)
        ):
            return False
        domain = ".".join(host.split(".")[-2:])
        self._on_domain[domain] = self._on_domain.get(domain, 0) + 1
        return self._on_domain[domain] <= _MOST_ON_DOMAIN


def _is_chosen(rule: Rule, host: str) -> bool:
    assert rule.source is not None  # a rule read from a list has a source
    return rule.source.name.endswith("supplement") or _is_in(host, _BUNDLED)


def _read(info: ListInfo, text: str) -> Rule | None:
    try:
        rule = read(text)
    except (Skipped, ValueError):
        return None
    rule.come_from(info)
    if not rule.mask & THIRD_PARTY or not rule.mask & PAGE_LOADS:
        return None
    if not rule.is_exception and (rule.own_domains or _line(rule) is None):
        return None
    return rule


@cache
def _shipped() -> dict[str, Listed]:
    data = (files(__package__) / "data" / _FILE).read_bytes()
    return msgspec.json.decode(data, type=dict[str, Listed])


def _listed_for(rules: Rules, *, opted_out: bool) -> Listed:
    """Return the choice among a policy's lists; for shipped lists it is read from a file."""
    shipped = shipped_rules().tables
    if all(table in shipped or all(info.is_own for info in table.lists) for table in rules.tables):
        return _shipped()["signal" if opted_out else "always"]
    lines = (line for table in rules.tables for line in table.lines())
    return listed(lines, rules.companies, opted_out=opted_out)


def _without(base: Listed, companies: Companies, categories: frozenset[str]) -> Listed:
    """Add exceptions for the services of some categories."""
    hosts = [
        host
        for host in companies.hosts
        if (service := companies.of(host)) and service.category in categories
    ]
    return msgspec.structs.replace(base, exceptions=_text([base.exceptions, *hosts]))


def _own_rules(lists: Sequence[ListInfo], rules: Callable[[], Iterator[Rule]]) -> Iterator[Rule]:
    if any(info.is_own for info in lists):
        yield from (rule for rule in rules() if rule.source and rule.source.is_own)


def _declared(host: str) -> str:
    return host[1:] if host.startswith("*.") else "=" + host


def _text(lines: Iterable[str | None]) -> str:
    return "\n".join(dict.fromkeys(filter(None, lines)))


def _is_whole(rule: Rule) -> bool:
    return rule.host is not None and " " not in (_line(rule) or " ")


@lru_cache(maxsize=16384)
def _line_of(text: str, mask: int) -> str | None:
    body = text.removeprefix("@@")
    pattern = body if body.startswith("/") and body.endswith("/") else body.partition("$")[0]
    if "match-case" in body or not _WRITABLE.fullmatch(body) or _is_expression(pattern):
        return None
    host, pattern = _parted(pattern.lower())
    kinds = "" if mask & PAGE_LOADS == PAGE_LOADS else _letters(mask)
    if pattern == "^":
        pattern = ""
    if pattern == "" and kinds:
        pattern = "*"
    return " ".join(filter(None, (host, pattern, kinds)))


def _line(rule: Rule) -> str | None:
    """Return a rule as a line; None if the shield would read it differently."""
    return _line_of(rule.text, rule.mask)


def _parted(pattern: str) -> tuple[str, str]:
    """Return the host of a pattern and its rest; `*` and the whole pattern if it has no host."""
    if found := _ON_HOST.fullmatch(pattern):
        return found[2], found[3] if found[3].endswith("|") else found[3].rstrip("*")
    if found := _BELOW_HOST.fullmatch(pattern):
        return "." + found[1], found[2]
    if pattern.startswith("|") and not pattern.startswith("||"):
        return "*", pattern[1:]
    return "*", "*" + pattern.lstrip("|*")


def _widest(rule: Rule) -> str:
    """Return a wider line for an exception that the shield would read differently."""
    return rule.host or "*"


def _host_of(rule: Rule) -> str:
    return (_line(rule) or "*").partition(" ")[0]


def _is_expression(pattern: str) -> bool:
    return len(pattern) > 1 and pattern.startswith("/") and pattern.endswith("/")


def _letters(mask: int) -> str:
    return "".join(letter for kind, letter in KIND_LETTERS.items() if mask & BITS[kind])


def _parents(host: str) -> Iterator[str]:
    while host:
        yield host
        host = host.partition(".")[2]


def _is_in(host: str, hosts: frozenset[str] | set[str]) -> bool:
    return any(name in hosts for name in _parents(host))


def _outermost(hosts: set[str]) -> set[str]:
    return {host for host in hosts if not _is_in(host.partition(".")[2], hosts)}


def _touches(rule: Rule, hosts: set[str]) -> bool:
    """Tell whether an exception may be about one of these hosts, a subdomain or a parent domain."""
    host = _host_of(rule).lstrip("=.")
    if host == "*":
        return True
    return _is_in(host, hosts) or any(name.endswith("." + host) for name in hosts)


def _by_last_label(hosts: Iterable[str]) -> dict[str, str]:
    """Group hosts by their last label, sorted by their endings."""
    groups: dict[str, list[str]] = {}
    for host in hosts:
        rest, _, last = host.rpartition(".")
        groups.setdefault(last, []).append(rest)
    return {
        last: " ".join(sorted(rest, key=lambda name: name.split(".")[::-1]))
        for last, rest in sorted(groups.items())
    }


@lru_cache(maxsize=8)
def _conditional(texts: tuple[str, ...]) -> tuple[Rule, ...]:
    return tuple(read(text) for text in texts)

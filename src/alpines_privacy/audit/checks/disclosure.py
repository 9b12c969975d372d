"""§8, §9: what other sites are told, and which of them pages load from."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote_plus

from alpines_privacy.audit.checks.verdicts import judged, unknown
from alpines_privacy.audit.fetching.fetcher import agent
from alpines_privacy.audit.fetching.in_process import ADDRESS
from alpines_privacy.audit.model import Evidence, Verdict
from alpines_privacy.audit.observations import Observations
from alpines_privacy.audit.visits import Visit, shown_url
from alpines_privacy.http.site import is_same_site
from alpines_privacy.http.url import parse
from alpines_privacy.trackers.declared import DeclaredHosts
from alpines_privacy.trackers.shipped import shipped_rules

__all__ = ["CHECKS", "other_hosts"]

# W3C Referrer Policy §3: those that send other sites the page's whole address.
_TELLING = frozenset({"unsafe-url", "no-referrer-when-downgrade"})
_POLICIES = _TELLING | {
    "no-referrer", "same-origin", "origin", "strict-origin", "origin-when-cross-origin",
    "strict-origin-when-cross-origin",
}  # fmt: skip
_MOST_COOKIES = 180  # of one visit: as many as a browser keeps of a site
_SHORTEST = 8  # characters of a cookie's value that identifies somebody


def _referrer(seen: Observations) -> Verdict:
    return judged("8.referrer", _telling_pages(seen))


def _telling_pages(seen: Observations) -> Iterator[Evidence]:
    for visit in seen.visits():
        if not visit.is_page:
            continue
        policy = _referrer_policy(visit)
        if policy in _TELLING:
            yield visit.evidence(f"Referrer-Policy: {policy}", rule="W3C Referrer Policy §3")


def _referrer_policy(visit: Visit) -> str:
    """Return the policy in force: the last that browsers know (W3C Referrer Policy §8.1)."""
    header = visit.last.value("referrer-policy")
    tokens = [token.strip().lower() for token in header.split(",")]
    tokens += [text.strip().lower() for name, text in visit.markup.metas if name == "referrer"]
    return next((token for token in reversed(tokens) if token in _POLICIES), "")


def _redirects(seen: Observations) -> Verdict:
    told = (
        visit.evidence(f"redirects to {shown_url(away)}: {what}", rule="Policy §8")
        for visit in seen.visits()
        if (away := visit.followed.away) and (what := _personal_in(away, visit, seen))
    )
    return judged("8.redirects", told)


def _links(seen: Observations) -> Verdict:
    return judged("8.links", _telling_links(seen))


def _telling_links(seen: Observations) -> Iterator[Evidence]:
    for visit in seen.visits():
        addresses = [link.url for link in visit.markup.links]
        addresses += [form.action for form in visit.markup.forms]
        for url in dict.fromkeys(addresses):
            if _is_elsewhere(url, seen) and (what := _personal_in(url, visit, seen)):
                yield visit.evidence(f"links to {shown_url(url)}: {what}", rule="Policy §8")


def _is_elsewhere(url: str, seen: Observations) -> bool:
    address = parse(url)
    return address is not None and not is_same_site(address.host, seen.site.host)


def _personal_in(url: str, visit: Visit, seen: Observations) -> str:
    """Return what an address holds of its visitor, in words: what the audit's visitor sent is known."""
    text = unquote_plus(url)
    if seen.site.in_process and ADDRESS in text:
        return "the visitor's network address"
    if agent() in text:
        return "the visitor's User-Agent"
    for planted in visit.planted[-_MOST_COOKIES:]:
        if len(planted.cookie.value) >= _SHORTEST and planted.cookie.value in text:
            return f"the value of the cookie {planted.name}"
    return ""


def _hosts(seen: Observations) -> Verdict:
    key = "9.hosts"
    policy = seen.policy
    declared = DeclaredHosts(party.host for party in policy.third_parties) if policy else None
    found = list(_undeclared(seen, declared))
    if found and policy is None:
        return unknown(
            key, "which other companies are declared is not known: name the policy file", found
        )
    return judged(key, found)


def _undeclared(seen: Observations, declared: DeclaredHosts | None) -> Iterator[Evidence]:
    companies = shipped_rules().companies
    told: set[str] = set()
    for visit in seen.visits():
        for host, kind in other_hosts(visit):
            if host in told or (declared is not None and host in declared):
                continue
            told.add(host)
            service = companies.of(host)
            company = service.company if service else ""
            yield visit.evidence(f"{kind} from {host}", rule="Policy §9", company=company)


def other_hosts(visit: Visit) -> Iterator[tuple[str, str]]:
    """Yield the hosts of other sites that a page names to load from, with the kind of load."""
    here = parse(visit.last.url)
    for load in visit.loads.named:
        if here is None or not is_same_site(load.address.host, here.host):
            yield load.address.host, load.kind


CHECKS = {
    "8.referrer": _referrer,
    "8.redirects": _redirects,
    "8.links": _links,
    "9.hosts": _hosts,
}

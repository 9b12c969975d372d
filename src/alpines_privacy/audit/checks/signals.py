"""§11: no cookies and no advertising under a signal, and caches that keep visitors apart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from alpines_privacy.audit.checks.blocked import blocked
from alpines_privacy.audit.checks.verdicts import judged, unknown
from alpines_privacy.audit.fetching.exchange import Exchange
from alpines_privacy.audit.model import Evidence, Signal, Verdict
from alpines_privacy.audit.observations import Observations
from alpines_privacy.audit.variants import Difference, differences, withheld
from alpines_privacy.audit.visits import Page
from alpines_privacy.http.heads import split_list
from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.testing.exchange import may_be_set

__all__ = ["CHECKS", "may_stay"]

_RULE = "Policy §11"
_LITERAL = PrivacyPolicy()
_NO_ANSWER = "the site gave no answer"
# By DNT: 0 alone nothing has to differ; that visit tells what Sec-GPC does.
_VARY = {Signal.DNT: ("dnt",), Signal.GPC: ("sec-gpc",), Signal.DNT0_GPC: ("sec-gpc",)}
# Statuses of responses that a cache may keep without being told for how long (RFC 9110 §15.1).
_KEPT_BY_DEFAULT = frozenset({200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501})
_LIFETIMES = frozenset({"public", "max-age", "s-maxage"})
_NOT_SHARED = frozenset({"private", "no-store", "no-cache"})


# -- Cookies


def _cookies(seen: Observations, *, key: str, signal: Signal) -> Verdict:
    told = (
        visit.evidence(f"Set-Cookie: {planted.name}=…", url=planted.url, rule=_RULE)
        for visit in seen.visits(signal)
        for planted in visit.planted
        if not may_stay(
            planted.cookie.name, planted.cookie.lifetime(visit.now), signal, seen.policy
        )
    )
    return judged(key, told)


def may_stay(
    name: str, lifetime: float | None, signal: Signal, policy: PrivacyPolicy | None
) -> bool:
    """Tell whether a cookie may be set under a signal, as `may_be_set` does.

    How long a login may last is a promise of a policy; where none is known, it may last as long as it does.
    """
    lasts = lifetime if policy else None
    return may_be_set(policy or _LITERAL, name, lasts, dnt=signal is Signal.DNT)


# -- Advertising


def _ads(seen: Observations) -> Verdict:
    told = (
        visit.evidence(f"{kind} from {match.host}", rule=match.rule, company=_company(match))
        for visit in seen.visits()
        if visit.signal.opts_out
        for kind, match in blocked(visit, seen.policy)
        if match.when == "signal"
    )
    return judged("11.ads", told)


def _company(match: Any) -> str:
    return match.company or ""


# -- Caches


def _vary(seen: Observations) -> Verdict:
    return judged("11.vary", (told for page in seen.pages for told in _unsaid(page)))


def _unsaid(page: Page) -> Iterator[Evidence]:
    """Yield the responses of a page that differ by a signal, and do not say so."""
    for each in differences(page):
        for visit, got in ((each.visit, each.got), (page.plain, each.plain)):
            if missing := _missing(each, got):
                told = f"differs by signal ({each.what}), and Vary has no {', '.join(missing)}"
                yield visit.evidence(told, url=got.url, rule="RFC 9110 §12.5.5; W3C TPE §6.3")


def _missing(difference: Difference, got: Exchange) -> list[str]:
    vary = {name.lower() for name in split_list(got.value("vary"))}
    if "*" in vary or "no-store" in _directives(got):
        return []
    return [name for name in _VARY[difference.visit.signal] if name not in vary]


def _shared_caches(seen: Observations) -> Verdict:
    return judged("11.shared-caches", (told for page in seen.pages for told in _storable(page)))


def _storable(page: Page) -> Iterator[Evidence]:
    """Yield responses without a signal whose cookie a shared cache would hand on to visitors with one."""
    kept_back = withheld(page)
    visit = page.plain
    for got in visit.followed.exchanges:
        names = [p.name for p in visit.planted if p.url == got.url and p.cookie.name in kept_back]
        if names and _may_be_shared(got):
            told = f"Set-Cookie: {', '.join(names)} without Cache-Control: private"
            yield visit.evidence(told, url=got.url, rule="RFC 9111 §3")


def _may_be_shared(got: Exchange) -> bool:
    directives = _directives(got)
    if directives & _NOT_SHARED:
        return False
    is_explicit = bool(directives & _LIFETIMES) or bool(got.values("expires"))
    return is_explicit or got.status in _KEPT_BY_DEFAULT


def _directives(got: Exchange) -> set[str]:
    listed = split_list(got.value("cache-control"))
    return {directive.partition("=")[0].strip().lower() for directive in listed}


def _revalidation(seen: Observations) -> Verdict:
    pages = {page.url: page for page in seen.pages}
    told = (
        pages[each.url]
        .visits[each.signal]
        .evidence(
            f"304 to the validator of the page without a signal, which differs ({what})",
            rule="RFC 9110 §13.1.2",
        )
        for each in seen.revalidations
        if each.got.status == 304 and (what := _differs_under(pages[each.url], each.signal))
    )
    return judged("11.revalidation", told)


def _differs_under(page: Page, signal: Signal) -> str:
    return next((each.what for each in differences(page) if each.visit.signal is signal), "")


# -- Well-known resources


def _gpc_json(seen: Observations) -> Verdict:
    key, got = "11.gpc-json", seen.gpc_json
    if got is None or not got.status:
        return unknown(key, _NO_ANSWER)
    told = _problem(got, "gpc", True)
    rule = "W3C GPC, support resource"
    return judged(key, [Evidence("GET /.well-known/gpc.json", told, rule)] if told else ())


def _dnt_status(seen: Observations) -> Verdict:
    key, got = "11.dnt-status", seen.dnt_status
    if got is None or not got.status:
        return unknown(key, _NO_ANSWER)
    told = _problem(got, "tracking", "N")
    rule = "W3C TPE §6.4"
    return judged(key, [Evidence("GET /.well-known/dnt/ (DNT: 1)", told, rule)] if told else ())


def _problem(got: Exchange, member: str, wanted: object) -> str:
    """Return what is wrong with a well-known resource, empty for nothing."""
    if got.status != 200:
        return str(got.status)
    try:
        document = json.loads(got.body)
    except ValueError:
        return "no JSON"
    found = document.get(member) if isinstance(document, dict) else None
    if found == wanted and isinstance(found, type(wanted)):
        return ""
    return f'"{member}" is {json.dumps(found)[:40]}'


CHECKS = {
    "11.cookies-dnt": partial(_cookies, key="11.cookies-dnt", signal=Signal.DNT),
    "11.cookies-gpc": partial(_cookies, key="11.cookies-gpc", signal=Signal.GPC),
    "11.cookies-dnt0-gpc": partial(_cookies, key="11.cookies-dnt0-gpc", signal=Signal.DNT0_GPC),
    "11.ads": _ads,
    "11.vary": _vary,
    "11.shared-caches": _shared_caches,
    "11.revalidation": _revalidation,
    "11.gpc-json": _gpc_json,
    "11.dnt-status": _dnt_status,
}

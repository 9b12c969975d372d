"""§6: encryption."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from alpines_privacy.audit.checks.verdicts import judged, unknown
from alpines_privacy.audit.fetching.exchange import Exchange
from alpines_privacy.audit.fetching.fetcher import target_of
from alpines_privacy.audit.model import Evidence, Verdict
from alpines_privacy.audit.observations import Observations
from alpines_privacy.audit.visits import Visit, path_shown, shown_url

__all__ = ["CHECKS", "upgrades"]

_SHORTEST = 15_552_000  # seconds; 180 days, as MDN's Observatory asks for
_MAX_AGE = re.compile(r"(?:^|;)\s*max-age\s*=\s*\"?(\d{1,12})", re.IGNORECASE)
_UPGRADE = re.compile(
    r"(?:^|[;,])\s*(?:upgrade-insecure-requests|block-all-mixed-content)\b", re.IGNORECASE
)
_PROXY = "a proxy before the app may do this, which an app in this process has none of: audit the site's URL"
_LOCAL = "this machine is asked over http, where nothing is encrypted"
_INSECURE = frozenset({"http", "ws"})


def _https(seen: Observations) -> Verdict:
    key = "6.https"
    if seen.site.home.startswith("http:"):
        if seen.site.is_local:
            return unknown(key, _LOCAL)
        return judged(key, [seen.home.plain.evidence("200 over http", rule="Policy §6")])
    visit = seen.over_http
    if visit is None or not visit.status:
        return judged(key, (), note="nothing answers over http")
    if _leads_to_https(visit.last):
        return judged(key, ())
    policy = seen.policy
    if seen.site.in_process and (policy is None or policy.https != "require"):
        return unknown(key, _PROXY)
    return judged(
        key, [Evidence("GET http:/", f"{visit.status}, no redirect to https", "Policy §6")]
    )


def _leads_to_https(got: Exchange) -> bool:
    """Whether a request over http is not served: it is refused, or redirected."""
    return got.status == 403 or target_of(got).startswith("https:")


def _hsts(seen: Observations) -> Verdict:
    key = "6.hsts"
    if seen.site.home.startswith("http:"):
        return unknown(key, _LOCAL if seen.site.is_local else "the site is not served over https")
    got = seen.home.plain.last
    value = got.value("strict-transport-security")
    age = _MAX_AGE.search(value)
    if age and int(age[1]) >= _SHORTEST:
        return judged(key, ())
    is_declared = seen.policy is not None and seen.policy.hsts is not None
    if not value and seen.site.in_process and not is_declared:
        return unknown(key, _PROXY)
    told = f"Strict-Transport-Security: {value}" if value else "no Strict-Transport-Security"
    return judged(key, [seen.home.plain.evidence(told, rule="RFC 6797 §6.1")])


def _secure_cookies(seen: Observations) -> Verdict:
    key = "6.secure-cookies"
    if seen.site.home.startswith("http:"):
        return unknown(key, _LOCAL if seen.site.is_local else "the site is not served over https")
    return judged(key, _insecure_cookies(seen))


def _insecure_cookies(seen: Observations) -> Iterator[Evidence]:
    for visit in seen.visits():
        for planted in visit.planted:
            if planted.url.startswith("https:") and "secure" not in planted.cookie.attributes:
                told = f"Set-Cookie: {planted.name}=… without Secure"
                yield visit.evidence(told, url=planted.url, rule="RFC 6265bis §4.1.2.5")


def _mixed_content(seen: Observations) -> Verdict:
    return judged("6.mixed-content", _mixed(seen))


def _mixed(seen: Observations) -> Iterator[Evidence]:
    for visit in seen.visits():
        if not visit.last.url.startswith("https:") or upgrades(visit):
            continue
        for load in visit.loads.named:
            if load.address.scheme in _INSECURE:
                told = f"{load.kind} from {shown_url(load.address.url)}"
                yield visit.evidence(told, rule="W3C Mixed Content")


def _form_targets(seen: Observations) -> Verdict:
    return judged("6.form-targets", _sent_over_http(seen))


def _sent_over_http(seen: Observations) -> Iterator[Evidence]:
    for page in seen.pages:
        visit = page.plain
        if not visit.last.url.startswith("https:") or upgrades(visit):
            continue
        for form in visit.markup.forms:
            if urlsplit(form.action).scheme == "http":
                yield visit.evidence(
                    f"form to http: {path_shown(form.action)}", rule="W3C Mixed Content §5"
                )


def upgrades(visit: Visit) -> bool:
    """Whether a page's policy makes browsers load over https what the page names over http."""
    policies = visit.last.values("content-security-policy")
    metas = [text for name, text in visit.markup.metas if name == "content-security-policy"]
    return any(map(_UPGRADE.search, [*policies, *metas]))


CHECKS = {
    "6.https": _https,
    "6.hsts": _hsts,
    "6.secure-cookies": _secure_cookies,
    "6.mixed-content": _mixed_content,
    "6.form-targets": _form_targets,
}

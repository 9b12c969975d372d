"""§7, §11 in a browser: what scripts store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from alpines_privacy.audit.browser.observed import BrowserVisit, SeenCookie
from alpines_privacy.audit.checks.browser_seen import InBrowser, by_script, evidence
from alpines_privacy.audit.checks.cookies import declaration
from alpines_privacy.audit.checks.signals import may_stay
from alpines_privacy.audit.checks.verdicts import judged, unknown
from alpines_privacy.audit.model import Evidence, Verdict
from alpines_privacy.audit.visits import shown_name

__all__ = ["CHECKS"]

_Key: TypeAlias = tuple[str, str, str]  # where, the origin, the name
_UNDECLARED = "which cookies are declared is not known: name the policy file"
# What outlives the visit and is no copy of the site's files.
_LASTING = frozenset({"localStorage", "IndexedDB"})


def _by_scripts(
    seen: InBrowser, *, opted_out: bool | None = None
) -> Iterator[tuple[BrowserVisit, SeenCookie]]:
    for visit in seen.visits:
        if opted_out is None or visit.signal.opts_out is opted_out:
            yield from ((visit, cookie) for cookie in visit.cookies if cookie.by_script)


def _told(visit: BrowserVisit, cookie: SeenCookie, rule: str) -> Evidence:
    return evidence(
        visit, f"document.cookie: {shown_name(cookie.name)}=…{by_script(cookie.script)}", rule
    )


def _declared(seen: InBrowser) -> Verdict:
    """Judge 7.script-cookies."""
    policy = seen.site.policy
    told: dict[str, Evidence] = {}
    for visit, cookie in _by_scripts(seen):
        if policy is None or declaration(policy, cookie.name) is None:
            told.setdefault(cookie.name, _told(visit, cookie, "Policy §7"))
    if told and policy is None:
        return unknown("7.script-cookies", _UNDECLARED, told.values())
    return judged("7.script-cookies", told.values())


def _under_signals(seen: InBrowser) -> Verdict:
    """Judge 11.script-cookies."""
    policy = seen.site.policy
    return judged(
        "11.script-cookies",
        (
            _told(visit, cookie, "Policy §11")
            for visit, cookie in _by_scripts(seen, opted_out=True)
            if not may_stay(cookie.name, cookie.lifetime, visit.signal, policy)
        ),
    )


def _storage(seen: InBrowser) -> Verdict:
    """Judge 11.storage: what lasts; an entry that no two visitors have alike tells them apart."""
    digests: defaultdict[_Key, list[int]] = defaultdict(list)
    first: dict[_Key, BrowserVisit] = {}
    for visit in seen.visits:
        for entry in visit.stored:
            key = (entry.where, entry.origin, entry.name)
            digests[key].append(entry.digest)
            if visit.signal.opts_out and entry.where in _LASTING:
                first.setdefault(key, visit)
    told = (
        evidence(visit, f"{key[0]}: {shown_name(key[2])}{_alike(digests[key])}", "Policy §11")
        for key, visit in first.items()
    )
    return judged("11.storage", told)


def _alike(digests: Sequence[int]) -> str:
    """Return whether visitors got the same, in words; nothing where there is one visitor."""
    if len(digests) < 2:
        return ""
    return ", another for each visitor" if len(set(digests)) > 1 else ", the same for all visitors"


CHECKS = {
    "7.script-cookies": _declared,
    "11.script-cookies": _under_signals,
    "11.storage": _storage,
}

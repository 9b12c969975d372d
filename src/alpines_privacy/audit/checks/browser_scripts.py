"""§8, §12 in a browser: scripts that recognise the browser, record the visit, or send away what is typed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from alpines_privacy.audit.browser.markers import KNOWN, PAGE_TEXT, Found
from alpines_privacy.audit.browser.observed import BrowserVisit, Request
from alpines_privacy.audit.checks.browser_seen import (
    InBrowser,
    by_script,
    company_of,
    evidence,
    named,
)
from alpines_privacy.audit.checks.verdicts import judged
from alpines_privacy.audit.model import Evidence, Verdict
from alpines_privacy.http.key_names import IN_FORMS, KeyNames
from alpines_privacy.http.url import parse
from alpines_privacy.policy import Logs

__all__ = ["CHECKS"]

_STUDY = "Englehardt and Narayanan, CCS 2016"
# How a script recognises a browser, and who has described it.
_FINGERPRINTS = {
    "canvas": f"{_STUDY}, §6.1",
    "font": f"{_STUDY}, §6.2",
    "audio": f"{_STUDY}, §6.4",
    "WebGL": "Iqbal, Englehardt and Shafiq, S&P 2021",
}
_RECORDERS = "Englehardt, Acar and Narayanan, PoPETs 2020"
_KEYS = "Senol et al., USENIX Security 2022"
_PERSONAL_TYPES = ("email ", "tel ", "password ")


def _fingerprints(seen: InBrowser) -> Verdict:
    told: dict[tuple[str, str], Evidence] = {}
    for visit in seen.visits:
        for probe in visit.probes:
            if rule := _FINGERPRINTS.get(probe.kind):
                what = f"{probe.kind}: {probe.detail}{by_script(probe.script)}"
                script = parse(probe.script)
                company = company_of(script.host if script else "")
                told.setdefault((probe.kind, probe.script), evidence(visit, what, rule, company))
    return judged("12.fingerprints", told.values())


def _found(
    seen: InBrowser, wanted: Callable[[Found], bool]
) -> Iterator[tuple[BrowserVisit, Request, Found]]:
    """Yield the wanted markers in requests to other sites: each once for a page and a host."""
    told: set[tuple[str, str, str]] = set()
    for visit, request in seen.sent_away():
        for found in filter(wanted, request.found):
            key = (visit.page, request.host, found.what)
            if key not in told and request.host not in seen.declared:
                told.add(key)
                yield visit, request, found


def _sent(visit: BrowserVisit, request: Request, found: Found, rule: str) -> Evidence:
    what = f"sends {found.what} ({found.encoding}): {named(request)}"
    return evidence(visit, what, rule, company_of(request.host))


def _recorders(seen: InBrowser) -> Verdict:
    texts = _found(seen, lambda found: found.what == PAGE_TEXT)
    told = {(each[0].page, each[1].host): _sent(*each, _RECORDERS) for each in texts}
    for visit, request in seen.sent_away():
        if request.tells_moves and request.host not in seen.declared:
            what = f"sends the mouse's path: {named(request)}"
            company = company_of(request.host)
            told.setdefault((visit.page, request.host), evidence(visit, what, _RECORDERS, company))
    return judged("12.recorders", told.values())


def _keys(seen: InBrowser) -> Verdict:
    found = _found(seen, lambda each: each.what not in {PAGE_TEXT, KNOWN})
    typed = sum(visit.typed for visit in seen.visits)
    note = "" if typed else "no page has a text field"
    return judged("12.keys", (_sent(*each, _KEYS) for each in found), note)


def _personal(seen: InBrowser) -> Verdict:
    names = KeyNames(Logs())
    found = _found(seen, lambda each: _is_personal(each.what, names))
    return judged("8.requests", (_sent(*each, "Policy §8") for each in found))


def _is_personal(what: str, names: KeyNames) -> bool:
    """Tell whether what was typed into a field is personal: by its type, or by its name."""
    if what == KNOWN or what.startswith(_PERSONAL_TYPES):
        return True
    name = what.partition(" field ")[2]
    return name.lower() in IN_FORMS or names.kind(name) is not None


CHECKS = {
    "8.requests": _personal,
    "12.fingerprints": _fingerprints,
    "12.recorders": _recorders,
    "12.keys": _keys,
}

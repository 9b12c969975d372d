"""§9, §11, §12 in a browser: which other hosts pages ask for something."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from alpines_privacy.audit.checks.browser_seen import InBrowser, company_of, evidence, named
from alpines_privacy.audit.checks.verdicts import judged, unknown
from alpines_privacy.audit.model import Evidence, Verdict

__all__ = ["CHECKS"]

_UNDECLARED = "which other companies are declared is not known: name the policy file"
_BEACON = "W3C Beacon §3; HTML §4.6.7 (ping)"


def _requests(seen: InBrowser) -> Verdict:
    """Judge 9.requests."""
    found = tuple(_undeclared(seen))
    if found and seen.site.policy is None:
        return unknown("9.requests", _UNDECLARED, found)
    return judged("9.requests", found)


def _undeclared(seen: InBrowser) -> Iterator[Evidence]:
    told: set[str] = set()
    for visit, request in seen.sent_away():
        if request.host not in told and request.host not in seen.declared:
            told.add(request.host)
            yield evidence(visit, named(request), "Policy §9", company_of(request.host))


def _stopped(
    seen: InBrowser, when: Literal["always", "signal"], *, in_worker: bool
) -> Iterator[Evidence]:
    told: set[tuple[str, str]] = set()
    for visit, request, match in seen.stopped():
        key = (visit.page, request.host)
        if (
            match.when == when
            and request.kind != "ping"
            and request.in_service_worker is in_worker
            and key not in told
        ):
            told.add(key)
            yield evidence(visit, named(request), match.rule, match.company or "")


def _trackers(seen: InBrowser) -> Verdict:
    return judged("12.requests", _stopped(seen, "always", in_worker=False))


def _ads(seen: InBrowser) -> Verdict:
    return judged("11.requests", _stopped(seen, "signal", in_worker=False))


def _service_workers(seen: InBrowser) -> Verdict:
    return judged("12.service-workers", _stopped(seen, "always", in_worker=True))


def _beacons(seen: InBrowser) -> Verdict:
    """Judge 12.beacons: a beacon is sent for whoever gets it, whether a list names them or not."""
    told: dict[str, Evidence] = {}
    for visit, request in seen.sent_away():
        if request.kind == "ping" and request.host not in seen.declared:
            match = seen.match(visit, request)
            rule, company = (match.rule, match.company) if match else (_BEACON, None)
            found = evidence(visit, named(request), rule, company or company_of(request.host))
            told.setdefault(request.host, found)
    return judged("12.beacons", told.values())


CHECKS = {
    "9.requests": _requests,
    "11.requests": _ads,
    "12.requests": _trackers,
    "12.service-workers": _service_workers,
    "12.beacons": _beacons,
}

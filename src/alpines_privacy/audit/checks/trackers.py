"""§12: trackers in pages and in response fields."""

from __future__ import annotations

from collections.abc import Iterator

from alpines_privacy.audit.checks.blocked import blocked, blocker_of
from alpines_privacy.audit.checks.verdicts import judged
from alpines_privacy.audit.fetching.exchange import Exchange
from alpines_privacy.audit.model import Evidence, Verdict
from alpines_privacy.audit.observations import Observations
from alpines_privacy.audit.visits import Visit
from alpines_privacy.http.heads import ResponseHead
from alpines_privacy.http.url import Address, parse
from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.trackers.fields import Fields, RemovedField

__all__ = ["CHECKS"]

_RULE = "Policy §12"


def _trackers(seen: Observations) -> Verdict:
    told = (
        visit.evidence(f"{kind} from {match.host}", rule=match.rule, company=match.company or "")
        for visit in seen.visits()
        for kind, match in blocked(visit, seen.policy)
        if match.when == "always"
    )
    return judged("12.trackers", told)


def _fields(seen: Observations) -> Verdict:
    fields = Fields(seen.policy or PrivacyPolicy())
    told = (
        evidence
        for visit in seen.visits()
        for got in visit.followed.exchanges
        for evidence in _tracking(visit, got, fields, seen.policy)
    )
    return judged("12.fields", told)


def _tracking(
    visit: Visit, got: Exchange, fields: Fields, policy: PrivacyPolicy | None
) -> Iterator[Evidence]:
    """Yield what the layer would take out of a response's head."""
    page = parse(got.url)
    if page is None or not got.status:
        return
    blocker = blocker_of(policy, opted_out=visit.signal.opts_out)
    removals: list[RemovedField] = []
    fields.clean(
        ResponseHead(got.status, list(got.fields)),
        lambda url, kinds: blocker.match(url, page, kinds),
        page=lambda: page,
        opted_out=visit.signal.opts_out,
        removals=removals,
    )
    for name, address, match in removals:
        company = (match.company or "") if match else ""
        rule = match.rule if match else _RULE
        told = f"{name}: {_host(address)}" if address else name
        yield visit.evidence(told, url=got.url, rule=rule, company=company)


def _host(address: str) -> str:
    found: Address | None = parse(address)
    return found.host if found else "an address"


CHECKS = {"12.trackers": _trackers, "12.fields": _fields}

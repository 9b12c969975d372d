"""§12: trackers in pages and in response fields."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from alpines_privacy.audit.checks.blocked import blocked, blocker_of
from alpines_privacy.audit.checks.verdicts import judged, unknown
from alpines_privacy.audit.fetching.exchange import Exchange
from alpines_privacy.audit.model import Evidence, Verdict
from alpines_privacy.audit.observations import Observations
from alpines_privacy.audit.visits import Visit
from alpines_privacy.http.heads import ResponseHead
from alpines_privacy.http.url import Address, parse
from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.trackers.fields import Fields, RemovedField
from alpines_privacy.trackers.shipped import shipped_rules

__all__ = ["CHECKS"]

_RULE = "Policy §12"
_MOST = 1000  # pieces of evidence that are looked at
_UNDECLARED = "which companies may get reports is not known: name the policy file"


def _trackers(seen: Observations) -> Verdict:
    told = (
        visit.evidence(f"{kind} from {match.host}", rule=match.rule, company=match.company or "")
        for visit in seen.visits()
        for kind, match in blocked(visit, seen.policy)
        if match.when == "always"
    )
    return judged("12.trackers", told)


class _Field(NamedTuple):
    """A field that the layer would take out, and whether a declaration of its host would let it stay."""

    evidence: Evidence
    may_be_declared: bool


def _fields(seen: Observations) -> Verdict:
    key = "12.fields"
    found = list(islice(_found(seen), _MOST))
    tracking = [field.evidence for field in found if not field.may_be_declared]
    others = [field.evidence for field in found if field.may_be_declared]
    if others and not tracking and seen.policy is None:
        return unknown(key, _UNDECLARED, others)
    return judged(key, tracking + others)


def _found(seen: Observations) -> Iterator[_Field]:
    fields = Fields(seen.policy or PrivacyPolicy())
    for visit in seen.visits():
        for got in visit.followed.exchanges:
            yield from _tracking(visit, got, fields, seen.policy)


def _tracking(
    visit: Visit, got: Exchange, fields: Fields, policy: PrivacyPolicy | None
) -> Iterator[_Field]:
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
        host = _host(address)
        service = shipped_rules().companies.of(host)
        rule = match.rule if match else _RULE
        company = service.company if service else ""
        told = visit.evidence(
            f"{name}: {host}" if host else name, url=got.url, rule=rule, company=company
        )
        yield _Field(told, may_be_declared=match is None and bool(address))


def _host(address: str) -> str:
    found: Address | None = parse(address)
    return found.host if found else ""


CHECKS = {"12.trackers": _trackers, "12.fields": _fields}

"""The loads of a page that the rules stop for its visitor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from alpines_privacy.audit.visits import Visit
from alpines_privacy.http.url import parse
from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.trackers.blocking import Blocker, blockers
from alpines_privacy.trackers.rules import Match
from alpines_privacy.trackers.shipped import rules_for

__all__ = ["blocked", "blocker_of"]

_LITERAL = PrivacyPolicy()


@lru_cache(maxsize=4)
def _blockers(policy: PrivacyPolicy) -> Mapping[bool, Blocker]:
    return blockers(rules_for(policy.trackers), policy)


def blocker_of(policy: PrivacyPolicy | None, *, opted_out: bool) -> Blocker:
    """Return the decisions under a policy; under none, those of the literal policy."""
    return _blockers(policy or _LITERAL)[opted_out]


def blocked(visit: Visit, policy: PrivacyPolicy | None) -> Iterator[tuple[str, Match]]:
    """Yield the loads of a page that are a tracker's or an advertisement's, with their kinds in words."""
    here = parse(visit.last.url)
    if here is None:
        return
    blocker = blocker_of(policy, opted_out=visit.signal.opts_out)
    for load in visit.loads.named:
        if match := blocker.match(load.address.url, here, load.kinds):
            yield load.kind, match
    for match in visit.loads.others:
        yield "element", match

"""The loads of a page that the rules stop for its visitor."""

from __future__ import annotations

from collections.abc import Iterator

from alpines_privacy.audit.visits import Visit
from alpines_privacy.http.url import parse
from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.testing import exchange
from alpines_privacy.trackers.blocking import Blocker
from alpines_privacy.trackers.rules import Match

__all__ = ["blocked", "blocker_of"]

_LITERAL = PrivacyPolicy()


def blocker_of(policy: PrivacyPolicy | None, *, opted_out: bool) -> Blocker:
    """Return the decisions under a policy; under none, those of the literal policy."""
    return exchange.blocker_of(policy or _LITERAL, opted_out=opted_out)


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

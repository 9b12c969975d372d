"""§7: cookies as declared."""

from __future__ import annotations

from collections.abc import Iterator

from alpines_privacy.audit.checks.verdicts import judged, unknown
from alpines_privacy.audit.model import Evidence, Verdict
from alpines_privacy.audit.observations import Observations
from alpines_privacy.audit.visits import Planted, Visit
from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.testing.exchange import declaration

__all__ = ["CHECKS", "declaration"]

_SLACK = 60  # seconds between the response's making and its reading
_DAY = 86400
_RULE = "Policy §7"


def _declared(seen: Observations) -> Verdict:
    key = "7.cookies"
    policy = seen.policy
    if policy is None:
        if not any(True for _ in _all(seen)):
            return judged(key, ())
        return unknown(
            key, "which cookies are declared is not known: name the policy file", _seen(seen)
        )
    undeclared = (
        visit.evidence(f"Set-Cookie: {planted.name}=…", url=planted.url, rule=_RULE)
        for visit, planted in _all(seen)
        if declaration(policy, planted.cookie.name) is None
    )
    return judged(key, undeclared)


def _seen(seen: Observations) -> Iterator[Evidence]:
    told: set[str] = set()
    for visit, planted in _all(seen):
        if planted.name not in told:
            told.add(planted.name)
            yield visit.evidence(f"Set-Cookie: {planted.name}=…", url=planted.url)


def _lifetimes(seen: Observations) -> Verdict:
    key = "7.lifetimes"
    policy = seen.policy
    if policy is None:
        if not any(True for _ in _all(seen)):
            return judged(key, ())
        return unknown(key, "which lifetimes are declared is not known: name the policy file")
    return judged(key, _too_long(seen, policy))


def _too_long(seen: Observations, policy: PrivacyPolicy) -> Iterator[Evidence]:
    for visit, planted in _all(seen):
        declared = declaration(policy, planted.cookie.name)
        if declared is None or declared.lifetime is None:
            continue
        lifetime = planted.cookie.lifetime(visit.now)
        if lifetime is None:
            continue
        most = 0 if declared.lifetime == "session" else declared.lifetime
        if lifetime > most + _SLACK:
            allowed = "the session" if declared.lifetime == "session" else _days(most)
            told = f"{planted.name} lives for {_days(lifetime)}, declared for {allowed}"
            yield visit.evidence(told, url=planted.url, rule=_RULE)


def _days(seconds: float) -> str:
    return f"{seconds / _DAY:.3g} days"


def _all(seen: Observations) -> Iterator[tuple[Visit, Planted]]:
    for visit in seen.visits():
        for planted in visit.planted:
            yield visit, planted


CHECKS = {"7.cookies": _declared, "7.lifetimes": _lifetimes}

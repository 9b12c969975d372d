"""What is known at start-up not to be kept: by recorded audits, the policy's own settings, the process."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alpines_privacy.http.report import logger
from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.policy.claims import Claims, Unkept, recorded_claims
from alpines_privacy.redaction.exporters import unhooked
from alpines_privacy.trackers import Rules
from alpines_privacy.trackers.third_party_web import FOLLOWING

__all__ = ["claims_at_start"]

_HOST = re.compile(r"\|\|([a-z0-9.-]+)")  # the beginning of a rule about a host and its subdomains
_MOST_NAMED = 5  # reasons in a line of the log


def claims_at_start(policy: PrivacyPolicy, rules: Rules) -> Claims:
    """Return the claims that a policy leaves, and log why some are taken back.

    `policy.mode` is the one in force: nothing is claimed unless it is "enforce". Raises
    `PolicyError` for a recorded audit that cannot be read.
    """
    claims = recorded_claims(policy)
    if policy.mode != "enforce":
        return claims
    claims = claims.with_([*_following_companies(policy, rules), *_bare_exporters(policy)])
    _log(claims, has_page=policy.operator is not None)
    return claims


def _following_companies(policy: PrivacyPolicy, rules: Rules) -> Iterator[Unkept]:
    """Yield what the policy lets load under a signal, of services that follow visitors (policy §12)."""
    trackers = policy.trackers
    for category in sorted(FOLLOWING.intersection(trackers.allow_categories)):
        yield Unkept(12, f'trackers.allow_categories lets "{category}" load under a signal')
    for rule in trackers.allow:
        host = _HOST.match(rule)
        service = host and rules.companies.of(host[1].rstrip("."))
        if service and service.category in FOLLOWING:
            yield Unkept(12, f"trackers.allow lets {service.name} load under a signal")


def _bare_exporters(policy: PrivacyPolicy) -> Iterator[Unkept]:
    """Yield the exporters that send events as they are, past the redaction that §3 tells of."""
    if policy.logs != "off":
        for sentence in unhooked():
            yield Unkept(3, sentence.partition(",")[0])


def _log(claims: Claims, *, has_page: bool) -> None:
    """Log the promises that are not kept, how that is known, and what is published of it."""
    if not claims.unkept:
        return
    reasons = [
        f"{each.reason} (audit of {each.audited})" if each.audited else each.reason
        for each in claims.unkept
    ]
    more = f"; and {len(reasons) - _MOST_NAMED} more" if len(reasons) > _MOST_NAMED else ""
    logger.warning(
        "Not all of the policy is kept: %s%s. %s",
        "; ".join(reasons[:_MOST_NAMED]),
        more,
        _told(claims, has_page),
    )


def _told(claims: Claims, has_page: bool) -> str:  # noqa: FBT001 - one caller, above
    """Return what is published of it, and what publishes otherwise again."""
    said = [
        *(
            []
            if claims.signals_hold
            else ['`Tk` and /.well-known/dnt/ say "!", gpc.json says false']
        ),
        *(["the policy's page says so"] if has_page else []),
    ]
    again = "`alpines-privacy audit --record FILE` records what is kept again."
    told = "; ".join(said)
    return f"{told[:1].upper()}{told[1:]}. {again}" if told else again

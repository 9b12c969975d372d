"""§4, §5: what a signal changes, and whether purposes are published."""

from __future__ import annotations

from collections.abc import Iterator

from alpines_privacy.audit.checks.verdicts import judged, unknown
from alpines_privacy.audit.model import Evidence, Verdict
from alpines_privacy.audit.observations import Observations
from alpines_privacy.audit.visits import path_shown
from alpines_privacy.policy import PrivacyPolicy

__all__ = ["CHECKS"]

_RULE = "Policy §4, §11; Cal. Civ. Code §1798.125"


def _service(seen: Observations) -> Verdict:
    return judged("4.service", _refusals(seen))


def _refusals(seen: Observations) -> Iterator[Evidence]:
    """Yield visits with a signal that were refused, or led elsewhere, while those without are served."""
    for page in seen.pages:
        plain = page.plain
        if not 200 <= plain.status < 400:
            continue
        for visit in page.opted_out:
            if visit.status >= 400 or not visit.status:
                yield visit.evidence(
                    f"{visit.status or 'no answer'}; without a signal {plain.status}", rule=_RULE
                )
            elif visit.last.url != plain.last.url:
                yield visit.evidence(f"leads to {path_shown(visit.last.url)}", rule=_RULE)


def _purposes(seen: Observations) -> Verdict:
    key = "5.purposes"
    if seen.policy is None:
        return unknown(key, "what is declared is not known: name the policy file")
    page = seen.policy_page
    if page is None or page.status != 200:
        return unknown(key, "no page with the policy was found")
    text = page.markup.text.casefold()
    missing = (
        page.evidence(f"{name} is declared, and its purpose is not on the page", rule="Policy §5")
        for name, purpose in _declared(seen.policy)
        if " ".join(purpose.split()).casefold() not in text
    )
    return judged(key, missing)


def _declared(policy: PrivacyPolicy) -> Iterator[tuple[str, str]]:
    for cookie in policy.cookies:
        yield f"the cookie {cookie.name}", cookie.purpose
    for party in policy.third_parties:
        yield party.host, party.purpose
    for collection in policy.collections:
        yield f"the collection at {collection.path}", collection.purpose


CHECKS = {"4.service": _service, "5.purposes": _purposes}

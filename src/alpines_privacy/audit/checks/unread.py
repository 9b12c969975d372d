"""What pages that were not read whole leave open: nothing was found in them, though something may be there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from alpines_privacy.audit.checks.verdicts import unknown
from alpines_privacy.audit.model import BROKEN, KEPT, Verdict
from alpines_privacy.audit.observations import Observations
from alpines_privacy.audit.visits import Visit

__all__ = ["as_far_as_read"]

_Part = Literal["forms", "links", "loads", "head"]

# The requirements that something in any page can break, and of which kind that is.
_BROKEN_BY: dict[str, _Part] = {
    "1.forms": "forms", "2.forms": "forms", "6.form-targets": "forms", "6.payment-forms": "forms",
    "13.asked": "forms", "13.neutral": "forms", "8.links": "links", "8.referrer": "head", "6.mixed-content": "loads",
    "9.hosts": "loads", "11.ads": "loads", "12.trackers": "loads",
}  # fmt: skip
# Those that one page breaks by what it lacks: the home page, and the policy's.
_OF_HOME = frozenset({"10.link"})
_OF_POLICY = frozenset(
    {
        "5.purposes", "10.categories", "10.third-parties", "10.review", "10.change-notice", "10.effective-date",
        "10.signals", "10.others-tracking", "14.breach-notice", "14.redress", "14.contact",
    }
)  # fmt: skip
_FAILS = 500
_TOO_MANY = "it has too many of them"


def as_far_as_read(verdict: Verdict, seen: Observations) -> Verdict:
    """Return a verdict, or that it cannot be told: by pages of which only a part was read, by a site that fails."""
    key, status = verdict.requirement.id, seen.home.plain.status
    if verdict.state == KEPT and status >= _FAILS:
        return unknown(key, f"the home page answers {status}: of a site that fails nothing is told")
    if verdict.state == KEPT and key in _BROKEN_BY:
        doubts = _doubts(seen, _BROKEN_BY[key])
    elif verdict.state == BROKEN:
        doubts = _doubts_of_lack(key, seen)
    else:
        return verdict
    doubt = next(doubts, "")
    return unknown(key, doubt) if doubt else verdict


def _doubts_of_lack(key: str, seen: Observations) -> Iterator[str]:
    """Yield why what a page lacks may stand in its rest."""
    if key in _OF_HOME:
        yield from _doubts_of(seen.home.plain)
        if seen.home.plain.markup.lacks("links"):
            yield f"of {seen.home.plain.request} not all links were read: {_TOO_MANY}"
    if key in _OF_POLICY and (policy := seen.policy_page):
        yield from _doubts_of(policy)
        if policy.is_long_document:
            yield f"of {policy.request} only the beginning was read: it is too long"


def _doubts_of(visit: Visit) -> Iterator[str]:
    if visit.unread:
        yield f"{visit.request} was not read whole: {visit.unread}"


def _doubts(seen: Observations, part: _Part) -> Iterator[str]:
    for visit in seen.visits():
        yield from _doubts_of(visit)
        if _lacks(visit, part):
            yield f"of {visit.request} not all {part} were read: {_TOO_MANY}"


def _lacks(visit: Visit, part: _Part) -> bool:
    if part == "loads":
        return visit.loads.is_cut
    return part != "head" and visit.markup.lacks(part)

"""§10, §14: the home page, the link to the policy, and what the policy's page says."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from alpines_privacy.audit.checks.verdicts import judged, unknown
from alpines_privacy.audit.model import Verdict
from alpines_privacy.audit.observations import Observations
from alpines_privacy.audit.policy_pages import privacy_links
from alpines_privacy.audit.visits import Visit, path_shown
from alpines_privacy.policy.lint.document import Document
from alpines_privacy.policy.lint.rule import Rule
from alpines_privacy.policy.lint.statute import STATUTE

__all__ = ["CHECKS"]

_LOGIN = re.compile(r"log-?_?in|sign-?_?in|auth|sso", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_BREACH = re.compile(r"\b(?:breach|incident|compromised)\b", re.IGNORECASE)
_TELLING = re.compile(
    r"\b(?:notif[iy]|tell\b|told\b|inform(?:s|ed|ing)?\b|e-?mail\b)", re.IGNORECASE
)
_REDRESS = re.compile(
    r"\b(?:recourse\b|redress\b|complain|courts?\b|supervisory authority\b|data protection authority\b|ombuds|"
    r"arbitrat|regulator\b|remed(?:y|ies)\b)",
    re.IGNORECASE,
)
# The statute's items, by the ids of the lint's rules.
_ITEMS = {
    "10.categories": "categories",
    "10.third-parties": "third-parties",
    "10.review": "review",
    "10.change-notice": "change-notice",
    "10.effective-date": "effective-date",
    "10.signals": "do-not-track",
    "10.others-tracking": "others-tracking",
    "14.contact": "contact",
}
_RULES: dict[str, Rule] = {rule.id: rule for rule in STATUTE}


def _anonymous(seen: Observations) -> Verdict:
    key, visit = "10.anonymous", seen.home.plain
    if visit.status != 200:
        return judged(key, [visit.evidence(str(visit.status), rule="Policy §10")])
    if len(visit.followed.exchanges) > 1 and _is_login(visit):
        told = f"leads to the login at {path_shown(visit.last.url)}"
        return judged(key, [visit.evidence(told, rule="Policy §10")])
    return judged(key, ())


def _is_login(visit: Visit) -> bool:
    has_password = any(form.of_kind("password") for form in visit.markup.forms)
    return has_password and _LOGIN.search(path_shown(visit.last.url)) is not None


def _link(seen: Observations) -> Verdict:
    key, home = "10.link", seen.home.plain
    if not home.is_page:
        return unknown(key, "the home page is no page of HTML")
    if privacy_links(home):
        return judged(key, ())
    hidden = [link for link in home.markup.links if "privacy" in link.text.lower()]
    told = "the link that says Privacy is hidden" if hidden else "no link says Privacy"
    return judged(key, [home.evidence(told, rule="Cal. Bus. & Prof. Code §22577(b)")])


def _page(seen: Observations) -> Verdict:
    key, visit = "10.page", seen.policy_page
    if visit is None:
        return unknown(key, "no link on the site itself leads to a policy")
    if visit.status == 200 and visit.is_page:
        return judged(key, ())
    told = str(visit.status) if visit.status != 200 else visit.last.value("content-type")
    return judged(key, [visit.evidence(told, rule="Cal. Bus. & Prof. Code §22577(b)")])


def _said(
    seen: Observations, *, key: str, says: Callable[[Document, Visit], bool], rule: str
) -> Verdict:
    visit = seen.policy_page
    if visit is None or visit.status != 200 or not visit.is_page:
        return unknown(key, "no page with the policy was found")
    if says(visit.document, visit):
        return judged(key, ())
    if not visit.document.is_english:
        return unknown(
            key, "the policy's page is not in English, of which alone the wording is read"
        )
    return judged(key, [visit.evidence("the text does not say so", rule=rule)])


def _has_item(document: Document, visit: Visit, *, rule: Rule) -> bool:
    del visit
    return not any(True for _ in rule.check(document, None))


def _has_date(document: Document, visit: Visit) -> bool:
    written = any(map(_DATE.match, visit.markup.times))
    return written or _has_item(document, visit, rule=_RULES["effective-date"])


def _says_how_a_breach_is_told(document: Document, visit: Visit) -> bool:
    """Whether one sentence names a breach and the telling."""
    del document
    sentences = re.split(r"[.;]", visit.markup.text)
    return any(_BREACH.search(each) and _TELLING.search(each) for each in sentences)


def _says_what_can_be_done(document: Document, visit: Visit) -> bool:
    del document
    return _REDRESS.search(visit.markup.text) is not None


def _item(key: str, rule: Rule) -> Callable[[Observations], Verdict]:
    says = _has_date if rule.id == "effective-date" else partial(_has_item, rule=rule)
    return partial(_said, key=key, says=says, rule=rule.source)


CHECKS: dict[str, Callable[[Observations], Verdict]] = {
    "10.anonymous": _anonymous,
    "10.link": _link,
    "10.page": _page,
    **{key: _item(key, _RULES[rule]) for key, rule in _ITEMS.items()},
    "14.breach-notice": partial(
        _said, key="14.breach-notice", says=_says_how_a_breach_is_told, rule="Policy §14"
    ),
    "14.redress": partial(_said, key="14.redress", says=_says_what_can_be_done, rule="Policy §14"),
}

"""The page of a site's privacy policy: the links that lead to it, and how much of the statute it answers."""

from __future__ import annotations

from alpines_privacy.audit.reading.markup import Link
from alpines_privacy.audit.visits import Visit
from alpines_privacy.policy.lint.statute import STATUTE

__all__ = ["items_said", "privacy_links"]

_WORD = "privacy"


def privacy_links(visit: Visit) -> list[Link]:
    """Return the links of a page that can be seen and say Privacy."""
    links = visit.markup.links
    return [link for link in links if not link.is_hidden and _WORD in link.text.lower()]


def items_said(visit: Visit) -> int:
    """Return how many items of the statute a policy's page has; -1 for what is no page."""
    if visit.status != 200 or not visit.is_page:
        return -1
    return sum(not any(True for _ in rule.check(visit.document, None)) for rule in STATUTE)

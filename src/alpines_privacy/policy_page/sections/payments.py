"""The treatment of payment data."""

from __future__ import annotations

from collections.abc import Iterator

from alpines_privacy.policy_page.document import Inline
from alpines_privacy.policy_page.writing import Writing

__all__ = ["payments"]


def payments(page: Writing) -> Iterator[Inline]:
    """Write the measure of §6 about payment data; a report keeps nothing out."""
    say, policy = page.say, page.policy
    if policy.payments != "refuse" or not page.enforces:
        return
    if policy.payment_callbacks:
        yield say(
            "card numbers and security codes that are recognised in what is sent to the site are refused before "
            "its application sees them, but from payment services at {paths};",
            paths=page.codes(list(policy.payment_callbacks)),
        )
    else:
        yield say(
            "card numbers and security codes that are recognised in what is sent to the site are refused before "
            "its application sees them;"
        )

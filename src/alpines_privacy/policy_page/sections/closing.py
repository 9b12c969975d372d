"""The end of the page: how to reach the operator, and the policy's versions."""

from __future__ import annotations

from collections.abc import Iterator

from alpines_privacy.policy_page.document import Block, Bullets, Inline, Link, Own
from alpines_privacy.policy_page.writing import Writing

__all__ = ["contact", "versions"]


def contact(page: Writing) -> Iterator[Block]:
    """Write who the operator is, and each way to reach them."""
    say, operator = page.say, page.operator
    items: list[Inline] = [
        (Own(operator.name),),
        say("E-mail: {contact}", contact=page.mailbox),
    ]
    if operator.address:
        items.append(
            say("Address: {address}", address=Own(", ".join(operator.address.split("\n"))))
        )
    if operator.web_form:
        items.append(say("Form: {form}", form=Link(operator.web_form, operator.web_form)))
    yield Bullets(tuple(items))


def versions(page: Writing) -> Iterator[Block]:
    """Write the change log, the newest version first."""
    say = page.say
    changes = sorted(page.policy.changes, key=lambda change: change.date, reverse=True)
    if not changes:
        yield page.paragraph("No earlier version is recorded.")
        return
    yield Bullets(
        tuple(
            say("{date}: {summary}", date=say.day(change.date), summary=say.own(change.summary))
            for change in changes
        )
    )

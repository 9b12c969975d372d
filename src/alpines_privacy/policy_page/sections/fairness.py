"""§14: what follows a data breach, and what people can do who were wronged."""

from __future__ import annotations

from collections.abc import Iterator

from alpines_privacy.policy_page.document import Block, Code, Paragraph
from alpines_privacy.policy_page.writing import Writing

__all__ = ["fairness"]


def fairness(page: Writing) -> Iterator[Block]:
    """Write §14: the promise after a breach, redress, jurisdiction."""
    say, operator = page.say, page.operator
    if operator.breach_notice is not None:
        yield Paragraph(
            say.plural(
                "If a data breach affects you, we tell you within {count} business day: by e-mail, or on this "
                "site where e-mail cannot reach you.",
                "If a data breach affects you, we tell you within {count} business days: by e-mail, or on this "
                "site where e-mail cannot reach you.",
                operator.breach_notice,
            )
        )
        yield from _business_days(page)
    if operator.redress:
        yield Paragraph((say.own(operator.redress),))
    if operator.jurisdiction:
        yield Paragraph(say("Law and courts: {place}", place=say.own(operator.jurisdiction)))
    yield Paragraph(
        say(
            "Questions and complaints about personal data go to {contact}.",
            contact=page.mailbox,
        )
    )


def _business_days(page: Writing) -> Iterator[Block]:
    """Write whose working days count, where the policy says how a breach is handled."""
    say, breach = page.say, page.policy.breach
    if breach is None:
        return
    if breach.calendars:
        yield Paragraph(
            say(
                "Business days are those of {countries}, in the time zone {zone}.",
                countries=page.codes([calendar.name for calendar in breach.calendars]),
                zone=Code(breach.zone),
            )
        )
    else:
        yield Paragraph(
            say(
                "Business days are Monday to Friday, in the time zone {zone}.",
                zone=Code(breach.zone),
            )
        )

"""§13: from which age people may sign up."""

from __future__ import annotations

from collections.abc import Iterator

from alpines_privacy.policy_page.document import Block, Code, Paragraph
from alpines_privacy.policy_page.writing import Writing

__all__ = ["children"]


def children(page: Writing) -> Iterator[Block]:
    """Write §13: the age, and where it is checked (COPPA, 16 CFR 312)."""
    say, policy = page.say, page.policy
    age = str(policy.minimum_age)
    is_declared = page.enforces and bool(policy.signups)
    is_detected = page.enforces and policy.detect_signups
    if is_declared:
        yield page.paragraph(
            "Nobody under {age} can sign up: what they sent is refused before the application sees it.",
            age=age,
        )
    if is_detected:
        yield page.paragraph(
            "Forms that create accounts and are not declared to us are checked for the age of {age} where they "
            "clearly ask for a date of birth.",
            age=age,
        )
    if is_declared or is_detected:
        yield from _with_age(page, age)
    else:
        yield page.paragraph("The age of people who sign up is not checked.")
        yield Paragraph(
            say(
                "If you think that a child gave us personal data, write to {contact}.",
                contact=page.mailbox,
            )
        )


def _with_age(page: Writing, age: str) -> Iterator[Block]:
    say, zone = page.say, page.policy.age_zone
    if zone:
        yield Paragraph(
            say("The day that counts is that of the time zone {zone}.", zone=Code(zone))
        )
    else:
        yield page.paragraph("A birthday counts once it has begun everywhere on Earth.")
    yield Paragraph(
        say(
            "If you think that a child under {age} gave us personal data, write to {contact}.",
            age=age,
            contact=page.mailbox,
        )
    )

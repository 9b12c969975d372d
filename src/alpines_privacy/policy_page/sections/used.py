"""§4, §5: what data is used for."""

from __future__ import annotations

from collections.abc import Iterator

from alpines_privacy.policy_page.document import Block, Paragraph
from alpines_privacy.policy_page.sections.collections import at_signups, purposes
from alpines_privacy.policy_page.writing import Writing

__all__ = ["used", "used_at_signup"]


def used(page: Writing) -> Iterator[Block]:
    """Write §4, the purposes of what is collected."""
    at_signup = at_signups(page)
    others = [each for each in page.policy.collections if each not in at_signup]
    if others:
        yield page.paragraph("For these purposes:")
        yield from purposes(page, others)
    elif not at_signup:
        yield Paragraph(
            page.say(
                "This policy lists no purposes for what you enter into forms. To learn them, write to {contact}.",
                contact=page.mailbox,
            )
        )
    if at_signup:
        yield page.paragraph("What data is used for when you sign up stands in section 5.")
    if page.policy.cookies:
        yield page.paragraph("What each cookie is for stands in section 7.")
    if page.policy.third_parties:
        yield page.paragraph("What the services of other companies are for stands in section 9.")


def used_at_signup(page: Writing) -> Iterator[Block]:
    """Write §5, the purposes of what is entered at sign-up."""
    signups = page.policy.signups
    if any(signup.fields or (signup.screen and page.enforces) for signup in signups):
        yield page.paragraph(
            "Your date of birth or age is asked to tell whether you may sign up (section 13)."
        )
    if collections := at_signups(page):
        yield page.paragraph("What else you enter is for these purposes:")
        yield from purposes(page, collections)
    else:
        yield Paragraph(
            page.say(
                "This policy lists no purposes for what else you enter when you sign up. To learn them, write to "
                "{contact}.",
                contact=page.mailbox,
            )
        )

"""What the policy says and is known not to be kept, by an audit or by a check at start-up."""

from __future__ import annotations

from collections.abc import Iterator

from alpines_privacy.policy_page.document import Block, Paragraph
from alpines_privacy.policy_page.writing import Writing

__all__ = ["unkept", "unkept_sections"]


def unkept_sections(page: Writing) -> Iterator[Block]:
    """Write, in the introduction, which sections are not fully kept."""
    say = page.say
    if sections := page.claims.sections:
        yield Paragraph(
            say(
                "At present not all that this policy says is kept. It concerns these sections: {sections}.",
                sections=say.listed([(str(section),) for section in sections]),
            )
        )


def unkept(page: Writing, section: int) -> Iterator[Block]:
    """Write, at the beginning of a section, that it is not fully kept, and since which audit that is known."""
    if section not in page.claims.sections:
        return
    if (day := page.claims.audited(section)) is None:
        yield page.paragraph("What this section says is not fully kept at present.")
        return
    yield Paragraph(
        page.say(
            "A check of {date} found that what this section says is not fully kept.",
            date=page.say.day(day),
        )
    )

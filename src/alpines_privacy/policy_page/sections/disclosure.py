"""The disclosures of the site's own application to other companies."""

from __future__ import annotations

from collections.abc import Iterator

from alpines_privacy.policy_page.document import Block, Paragraph
from alpines_privacy.policy_page.writing import Writing

__all__ = ["disclosure"]


def disclosure(page: Writing) -> Iterator[Block]:
    """Write the part of §8 about the application; a report keeps nothing in."""
    table, say = page.policy.disclosure, page.say
    if table is None or not page.enforces:
        return
    if table.connections == "refuse":
        yield page.paragraph(
            "The site's application connects to no other hosts of the internet than those named here and in "
            "section 9."
        )
    if table.urls == "refuse":
        yield page.paragraph(
            "To other hosts it sends no address with your personal data in it, where it recognises that."
        )
    if table.allow and "refuse" in {table.connections, table.urls}:
        yield Paragraph(
            say("It may connect to these hosts: {hosts}.", hosts=page.codes(list(table.allow)))
        )
    if table.redirects == "strip":
        yield page.paragraph(
            "When the site sends you on to another site, personal data that it recognises is taken out of the "
            "address."
        )

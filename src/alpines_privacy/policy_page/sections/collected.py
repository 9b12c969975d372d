"""§1, §2, §3: which personal data is collected, at sign-up too, and when."""

from __future__ import annotations

from collections.abc import Iterator

from alpines_privacy.policy_page.document import Block, Bullets, Inline, Paragraph
from alpines_privacy.policy_page.sections.collections import at_signups, collection_blocks
from alpines_privacy.policy_page.sections.logs import log_blocks
from alpines_privacy.policy_page.writing import Writing

__all__ = ["at_signup", "collected", "when"]


def collected(page: Writing) -> Iterator[Block]:
    """Write §1, the categories of personal data (Cal. Bus. & Prof. Code §22575(b)(1))."""
    yield page.paragraph("If you enter personal data into a form of this site, we collect it.")
    yield from collection_blocks(page)
    if page.policy.signups:
        yield page.paragraph("What we collect when you sign up stands in section 2.")
    yield page.paragraph(
        "Your browser sends your IP address and its own name (User-Agent) with each request (section 3)."
    )


def at_signup(page: Writing) -> Iterator[Block]:
    """Write §2, what is collected where accounts are created."""
    signups = page.policy.signups
    if not signups:
        yield page.paragraph(
            "If you create an account on this site, we collect what you enter there."
        )
        return
    yield Paragraph(
        page.say(
            "You can sign up at {paths}. We collect what you enter there.",
            paths=page.codes(list(dict.fromkeys(signup.path for signup in signups))),
        )
    )
    if at_signups(page):
        yield page.paragraph("The table in section 1 names it.")
    if any(signup.fields for signup in signups):
        yield page.paragraph(
            "The form asks for your date of birth or your age, to tell whether you may sign up (section 13)."
        )
    if page.enforces and any(signup.screen for signup in signups):
        yield page.paragraph(
            "Before the form we ask for your date of birth, to tell whether you may sign up (section 13). "
            "The answer is not stored."
        )


def when(page: Writing) -> Iterator[Block]:
    """Write §3, when data is collected, and what of it logs hold."""
    say = page.say
    items: list[Inline] = [say("when you send a form of this site;")]
    if page.policy.signups:
        items.append(say("when you sign up;"))
    items.append(say("when you write to us;"))
    items.append(
        say(
            "automatically, when your browser asks for a page: your IP address and your browser's name."
        )
    )
    yield page.paragraph("We collect personal data:")
    yield Bullets(tuple(items))
    yield from log_blocks(page)

"""§10: the California Online Privacy Protection Act, and how people change their data."""

from __future__ import annotations

from collections.abc import Iterator

from alpines_privacy.policy.operator import NOTICE_DAYS
from alpines_privacy.policy_page.document import Block, Bullets, Inline, Link, Table
from alpines_privacy.policy_page.sections.introduction import took_effect
from alpines_privacy.policy_page.writing import Writing

__all__ = ["caloppa"]


def caloppa(page: Writing) -> Iterator[Block]:
    """Write §10: the commitments, and where the statute's six items are answered."""
    yield page.paragraph("Under the California Online Privacy Protection Act (CalOPPA):")
    yield Bullets(tuple(_commitments(page)))
    say = page.say
    yield Table(
        say.word("Where this policy answers California Business and Professions Code §22575(b)"),
        (say.word("What the statute asks for"), say.word("Where")),
        tuple(_items(page)),
    )


def _commitments(page: Writing) -> Iterator[Inline]:
    say, operator = page.say, page.operator
    yield say("Everyone can read this policy, without an account.")
    if page.enforces:
        yield say("The home page has a link with the word “Privacy” in it.")
    yield say.plural(
        "A change of this policy is announced on this page for {count} day. Its end lists all versions.",
        "A change of this policy is announced on this page for {count} days. Its end lists all versions.",
        NOTICE_DAYS,
    )
    if operator.account:
        account = Link(operator.account, say.word("your account"))
        yield say("You can see and change your data: {account}.", account=account)
    if operator.web_form:
        form = Link(operator.web_form, say.word("our form"))
        yield say(
            "You can ask us to see, change or delete your data by e-mail to {contact} or by {form}.",
            contact=page.mailbox,
            form=form,
        )
    else:
        yield say(
            "You can ask us to see, change or delete your data by e-mail to {contact}.",
            contact=page.mailbox,
        )


def _items(page: Writing) -> Iterator[tuple[Inline, ...]]:
    say = page.say
    yield say("Categories of personal data, and of third parties"), say("Sections 1, 2, 8 and 9")
    yield say("How you review and change your data"), say("This section")
    yield say("How changes of the policy are made known"), say("This section")
    if took_effect(page) is not None:
        yield say("The date it takes effect"), say("The beginning of this page")
    yield say("How the site answers Do Not Track and similar signals"), say("Section 11")
    yield say("Whether others may follow you over time and across sites"), say("Section 12")

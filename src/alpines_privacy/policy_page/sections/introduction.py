"""The introduction: what the policy is, since when, and what it does not cover."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from alpines_privacy.policy import Change
from alpines_privacy.policy_page.document import Block, Own, Paragraph
from alpines_privacy.policy_page.writing import Writing

__all__ = ["introduction", "notice", "took_effect"]


def introduction(page: Writing) -> Iterator[Block]:
    """Write what stands before the first section."""
    say, policy = page.say, page.policy
    yield Paragraph(
        say(
            "This policy says which personal data {name} collects on this site, what it is for and how it is "
            "protected. Personal data is information that identifies, contacts or locates a person, alone or "
            "together with other data.",
            name=Own(page.operator.name),
        )
    )
    if (since := took_effect(page)) is not None:
        if page.today.has_reached(since):
            yield Paragraph(say("In force since {date}.", date=say.day(since)))
        else:
            yield Paragraph(say("In force from {date}.", date=say.day(since)))
    if policy.mode == "report":
        yield page.paragraph(
            "At present the software that keeps this policy changes nothing: it only reports what it would do."
        )
    if policy.mode == "off":
        yield page.paragraph("At present the software that keeps this policy is switched off.")
    if page.enforces and policy.exempt:
        yield Paragraph(
            say(
                "What this policy says about protection does not hold for these paths of the site: {paths}.",
                paths=page.codes(list(policy.exempt)),
            )
        )


def took_effect(page: Writing) -> date | None:
    """Return the day the policy takes effect: its own, else that of its latest version."""
    if page.policy.effective:
        return page.policy.effective
    return max((change.date for change in page.policy.changes), default=None)


def notice(page: Writing) -> Iterator[Block]:
    """Write the changes to come, and those of the last thirty days (policy §10)."""
    say = page.say
    for change in sorted(page.policy.changes, key=_newest_first):
        if page.today.has_reached(change.announced_until):
            continue
        day, summary = say.day(change.date), say.own(change.summary)
        if page.today.has_reached(change.date):
            yield Paragraph(
                say("This policy changed on {date}: {summary}", date=day, summary=summary)
            )
        else:
            yield Paragraph(
                say("This policy changes on {date}: {summary}", date=day, summary=summary)
            )


def _newest_first(change: Change) -> int:
    return -change.date.toordinal()

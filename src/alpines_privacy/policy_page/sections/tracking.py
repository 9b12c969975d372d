"""§12: whether others follow visitors over time and across sites."""

from __future__ import annotations

from collections.abc import Iterator

from alpines_privacy.policy_page.document import Block, Code, Paragraph
from alpines_privacy.policy_page.writing import Writing

__all__ = ["tracking"]


def tracking(page: Writing) -> Iterator[Block]:
    """Write §12 (Cal. Bus. & Prof. Code §22575(b)(6))."""
    policy = page.policy
    if not page.enforces:
        yield page.paragraph(
            "This site does not keep other companies from collecting data about your visits over time and "
            "across sites."
        )
        return
    yield from _allowed(page)
    yield _removed(page)
    if policy.shield:
        yield page.paragraph("Scripts of its pages are kept from loading it as well.")
    yield from _exceptions(page)


def _allowed(page: Writing) -> Iterator[Block]:
    if hosts := [party.host for party in page.policy.third_parties]:
        yield Paragraph(
            page.say(
                "These companies may collect data about your visits over time and across sites, those that lists "
                "name as trackers or advertising only while you have not opted out: {hosts}.",
                hosts=page.codes(hosts),
            )
        )
    else:
        yield page.paragraph(
            "This policy allows no other company to collect data about your visits over time and across sites."
        )


def _removed(page: Writing) -> Block:
    if page.policy.trackers.lists:
        return page.paragraph(
            "What this site's own lists name as trackers is taken out of its pages before they reach you."
        )
    return Paragraph(
        page.say(
            "What {list} and third-party-web name as trackers is taken out of its pages before they reach you.",
            list=Code("EasyPrivacy"),
        )
    )


def _exceptions(page: Writing) -> Iterator[Block]:
    trackers = page.policy.trackers
    if trackers.allow:
        yield Paragraph(
            page.say(
                "Whatever lists say, what these rules name may load: {rules}.",
                rules=page.codes(list(trackers.allow)),
            )
        )
    if trackers.allow_categories:
        kinds = page.codes(list(trackers.allow_categories))
        yield Paragraph(page.say("Services of these kinds may load: {kinds}.", kinds=kinds))

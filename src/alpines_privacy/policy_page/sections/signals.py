"""§11: how Do Not Track and Global Privacy Control are answered."""

from __future__ import annotations

from collections.abc import Iterator

from alpines_privacy.policy_page.document import Block, Bullets, Code, Inline, Link, Paragraph
from alpines_privacy.policy_page.writing import Writing

__all__ = ["signals"]


def signals(page: Writing) -> Iterator[Block]:
    """Write §11 (Cal. Bus. & Prof. Code §22575(b)(5))."""
    say, policy = page.say, page.policy
    if not page.enforces:
        yield page.paragraph(
            "No. The site does not answer Do Not Track and Global Privacy Control at present."
        )
        return
    yield Paragraph(
        say(
            "Yes. Do Not Track ({dnt}) and Global Privacy Control ({gpc}) opt you out. The site then:",
            dnt=Code("DNT: 1"),
            gpc=Code("Sec-GPC: 1"),
        )
    )
    yield Bullets(tuple(_effects(page)))
    yield from _choices(page)
    yield page.paragraph("To opt out you need no account, and tell us no name.")
    if policy.site_preference:
        yield page.paragraph(
            "A signal of your browser's counts for more than what you chose on this site."
        )


def _effects(page: Writing) -> Iterator[Inline]:
    say, policy = page.say, page.policy
    yield say("sets necessary cookies only (section 7), and deletes those of known trackers;")
    match policy.keep_logins:
        case "always":
            yield say(
                "still sets the cookies of its framework that keep you signed in, until you close the browser;"
            )
        case "gpc":
            yield say(
                "still sets the cookies of its framework that keep you signed in, until you close the browser, "
                "unless your browser sends Do Not Track;"
            )
    yield say("takes out of its pages what lists name as trackers or advertising;")
    if policy.third_parties:
        yield say("takes out companies of section 9 as well, if lists name them so;")
    if policy.ad_slots:
        yield say("hides the places of its own advertising;")
    if policy.shield:
        yield say(
            "keeps scripts of its pages from loading what these lists name, and from setting other cookies;"
        )
    if page.claims.signals_hold:
        yield say("says so to software that asks.")
    else:
        yield say("tells software that asks that not all of this is kept at present.")


def _choices(page: Writing) -> Iterator[Block]:
    say, policy = page.say, page.policy
    if policy.without_signal == "opt-out":
        yield page.paragraph(
            "A visitor whose browser sends no such signal is treated as if they opted out."
        )
    if policy.site_preference:
        place = Link(f"{policy.endpoint}preference", say.word("your privacy preference"))
        yield Paragraph(say("You can choose on this site, too: {preference}.", preference=place))

"""§7: the table of cookies, declared ones and the layer's own."""

from __future__ import annotations

from collections.abc import Iterator

from alpines_privacy.policy import Cookie, PrivacyPolicy
from alpines_privacy.policy.own import AGE_LOCK, AGE_PASS, CHOICE
from alpines_privacy.policy_page.document import Block, Code, Inline, Paragraph, Table
from alpines_privacy.policy_page.writing import Writing

__all__ = ["cookies", "own_cookies_of"]


def cookies(page: Writing) -> Iterator[Block]:
    """Write §7: each cookie, its purpose, whether it is necessary, how long it stays."""
    own = own_cookies_of(page.policy)
    if own or page.policy.cookies:
        yield page.paragraph("Yes. The cookies of this site, and what each is for:")
        yield _table(page, own)
        if own:
            yield Paragraph(
                page.say(
                    "Over a secure connection, the names that begin with {ours} begin with {prefix}.",
                    ours=Code("alpines-privacy"),
                    prefix=Code("__Host-alpines-privacy"),
                )
            )
    else:
        yield page.paragraph("This policy declares none.")
    if not page.enforces:
        yield page.paragraph("The site may set other cookies, too.")
        return
    if any(cookie.necessary for cookie in (*own, *page.policy.cookies)):
        yield page.paragraph(
            "Necessary cookies are set for visitors who opted out, too (section 11)."
        )
    if page.policy.without_signal == "opt-out":
        yield page.paragraph(
            "Cookies that are not declared here are not set, but to visitors who allow it."
        )
    else:
        yield page.paragraph(
            "Cookies that are not declared here are set only to visitors who have not opted out."
        )


def own_cookies_of(policy: PrivacyPolicy) -> list[Cookie]:
    """Return the layer's own cookies that this policy can make it set."""
    if policy.mode != "enforce":
        return []
    asks = bool(policy.signups) or policy.detect_signups
    screens = any(signup.screen for signup in policy.signups)
    wanted = ((CHOICE, policy.site_preference), (AGE_LOCK, asks), (AGE_PASS, screens))
    return [cookie for cookie, is_set in wanted if is_set]


def _table(page: Writing, own: list[Cookie]) -> Table:
    say = page.say
    return Table(
        say.word("Cookies"),
        (say.word("Cookie"), say.word("Purpose"), say.word("Necessary"), say.word("Kept")),
        (
            *(_row(page, each, (say.own(each.purpose),)) for each in page.policy.cookies),
            *(_row(page, each, (say.word(each.purpose),)) for each in own),
        ),
    )


def _row(page: Writing, cookie: Cookie, purpose: Inline) -> tuple[Inline, ...]:
    say = page.say
    necessary = say.word("yes") if cookie.necessary else say.word("no")
    return (Code(cookie.name),), purpose, (necessary,), _kept(page, cookie)


def _kept(page: Writing, cookie: Cookie) -> Inline:
    """Write the longest that browsers keep it; only where the layer acts is that more than a wish."""
    say = page.say
    if cookie.lifetime is None or not page.enforces:
        return say("as long as the site sets")
    if cookie.lifetime == "session":
        return say("until you close the browser")
    return say("at most {time}", time=say.span(cookie.lifetime))

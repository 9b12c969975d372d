"""Encryption in transit."""

from __future__ import annotations

from collections.abc import Iterator

from alpines_privacy.policy_page.document import Inline
from alpines_privacy.policy_page.writing import Writing

__all__ = ["transport"]


def transport(page: Writing) -> Iterator[Inline]:
    """Write the measures of §6 about connections and cookies."""
    if not page.enforces:
        return
    say, policy = page.say, page.policy
    if policy.https == "require" and policy.https_exempt:
        yield say(
            "the site takes encrypted connections (https) only, but for these paths: {paths};",
            paths=page.codes(list(policy.https_exempt)),
        )
    elif policy.https == "require":
        yield say("the site takes encrypted connections (https) only;")
    if policy.hsts is not None and policy.hsts.max_age:
        yield say(
            "browsers that came over a secure connection are told to use no other for {time};",
            time=say.span(policy.hsts.max_age),
        )
    if policy.upgrade_insecure_requests:
        yield say("browsers are told to load the parts of its pages over secure connections;")
    if policy.https == "off":
        yield say(
            "cookies that are set over a secure connection are sent back over secure connections only;"
        )
    else:
        yield say("all cookies are sent back over secure connections only;")

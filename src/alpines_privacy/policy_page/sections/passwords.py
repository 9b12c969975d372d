"""The advice on passwords that people choose."""

from __future__ import annotations

from collections.abc import Iterator

from alpines_privacy.policy_page.document import Inline
from alpines_privacy.policy_page.writing import Writing

__all__ = ["passwords"]


def passwords(page: Writing) -> Iterator[Inline]:
    """Write the measures of §6 about passwords."""
    table, say = page.policy.passwords, page.say
    if table is None or not page.enforces:
        return
    paths = list(table.paths) or [signup.path for signup in page.policy.signups]
    if not paths:
        return
    where = page.codes(list(dict.fromkeys(paths)))
    yield say("where you choose a password, at {paths}, you are told how good it is;", paths=where)
    if table.refuse:
        yield say.plural(
            "a password of less than {count} character, or one that is easy to guess, is refused there;",
            "a password of less than {count} characters, or one that is easy to guess, is refused there;",
            table.shortest,
        )

"""The measures after failed logins."""

from __future__ import annotations

from collections.abc import Iterator

from alpines_privacy.policy_page.document import Inline
from alpines_privacy.policy_page.writing import Writing

__all__ = ["intrusion"]


def intrusion(page: Writing) -> Iterator[Inline]:
    """Write the measures of §6 against people who try passwords."""
    table, say = page.policy.intrusion, page.say
    if table is None or not page.enforces:
        return
    yield say(
        "failed logins at {paths} are counted: after {client} from one network within {time}, more are refused "
        "for a while;",
        paths=page.codes([login.path for login in table.logins]),
        client=str(table.client_failures),
        time=say.span(table.window),
    )
    if any(login.accounts for login in table.logins):
        yield say(
            "after {account} for one account within {time}, more are refused as well;",
            account=str(table.account_failures),
            time=say.span(table.window),
        )

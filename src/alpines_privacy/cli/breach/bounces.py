"""`breach bounces`: which notices came back."""

from __future__ import annotations

import click

from alpines_privacy.breach.bounced.collected import Tally
from alpines_privacy.breach.bounced.collected import bounces as read_bounces
from alpines_privacy.breach.bounced.imap import After
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.cli.breach.settings import ledger_options

__all__ = ["bounces", "tally_lines"]

_SAID = {
    "bounced": "came back: to be told another way",
    "again": "came back again, of people whose notice had come back",
    "repeated": "were read before",
    "unknown": "unknown: bounces with no key of this incident",
    "delayed": "say that a server goes on trying",
    "automatic": "are automatic replies",
    "other": "are other mail",
}


@click.command(
    short_help="Read which notices came back.", context_settings={"max_content_width": 80}
)
@click.argument("arguments", metavar="[NAME] MAILBOX", nargs=-1)
@click.option(
    "--after",
    type=click.Choice(["keep", "seen", "delete"]),
    default="keep",
    help="What becomes of this incident's messages on an IMAP server.  [default: keep]",
)
@ledger_options
def bounces(
    arguments: tuple[str, ...], after: After, policy: str | None, ledger: str | None
) -> None:
    """Read which notices came back, and write it into the ledger.

    MAILBOX is a file (mbox, or one message), a Maildir, or imaps://USER@HOST/INBOX with the
    password in ALPINES_PRIVACY_BREACH_IMAP_PASSWORD. Each bounce counts once, however often it is
    read.
    """
    if not 1 <= len(arguments) <= 2:
        raise BreachError(
            "expected a mailbox, and before it the incident's name if there are several"
        )
    name = arguments[0] if len(arguments) == 2 else None
    tally = read_bounces(arguments[-1], name, after=after, ledger=ledger, policy=policy)
    click.echo("\n".join(tally_lines(tally)))


def tally_lines(tally: Tally) -> list[str]:
    """Return lines that say what was read."""
    lines = [f"{tally.read:>12,} messages read"]
    return lines + [f"{getattr(tally, name):>12,} {said}" for name, said in _SAID.items()]

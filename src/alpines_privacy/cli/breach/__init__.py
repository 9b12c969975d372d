"""`alpines-privacy breach`: tell everybody whom a data breach affects, before a deadline (policy §14)."""

from __future__ import annotations

from typing import Any

import click

from alpines_privacy.breach.errors import BreachError
from alpines_privacy.cli.errors import Refusal, needing
from alpines_privacy.cli.group import CommandsByName

__all__ = ["breach"]

# name: (where it is, what it does)
_COMMANDS = {
    "open": (
        "alpines_privacy.cli.breach.open_incident:open_incident",
        "Write down an incident; its deadline counts from then on.",
    ),
    "amend": ("alpines_privacy.cli.breach.amend:amend", "Add to what is known of an incident."),
    "import": (
        "alpines_privacy.cli.breach.import_list:import_list",
        "Bring the people who are affected into the ledger.",
    ),
    "preview": (
        "alpines_privacy.cli.breach.preview:preview",
        "Show the notice as a person gets it, and what may be missing.",
    ),
    "send": (
        "alpines_privacy.cli.breach.send:send",
        "Send the notices; without --send only say what would be sent.",
    ),
    "bounces": (
        "alpines_privacy.cli.breach.bounces:bounces",
        "Read which notices came back, from a mailbox.",
    ),
    "retry": (
        "alpines_privacy.cli.breach.retry:retry",
        "Put people whom mail did not reach back to be mailed.",
    ),
    "report": (
        "alpines_privacy.cli.breach.report:report",
        "Write the evidence of who was told what, and when.",
    ),
    "drill": (
        "alpines_privacy.cli.breach.drill:drill",
        "Practise all of it with invented people, on this machine.",
    ),
    "status": (
        "alpines_privacy.cli.breach.status:status",
        "Tell who is told, who is not, and whether the time suffices.",
    ),
    "announce": (
        "alpines_privacy.cli.breach.announce:announce_command",
        "Show the notice on the site's own pages.",
    ),
}


class _Breach(CommandsByName):
    """The group: what is wrong is told in one line, a missing package too."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        with needing("breach"):
            return super().get_command(ctx, cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BreachError as error:
            raise Refusal(" ".join(str(error).split())) from None


@click.group(
    cls=_Breach,
    commands_by_name=_COMMANDS,
    short_help="Tell everybody whom a data breach affects, in time.",
    context_settings={"max_content_width": 80},
)
def breach() -> None:
    """Tell everybody whom a data breach affects, before the deadline (docs/breach.md).

    The ledger is a database: SQLite's file, or PostgreSQL where several machines work. It is
    named by --ledger, ALPINES_PRIVACY_BREACH_LEDGER, or [breach] in the policy.
    """

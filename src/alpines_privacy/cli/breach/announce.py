"""`breach announce`: the notice on the site's own pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from alpines_privacy.breach.announcement import SHORTEST, announce, end_announcement
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.incidents import Incidents
from alpines_privacy.breach.local_time import shown
from alpines_privacy.cli.breach.settings import (
    ledger_options,
    named_incident,
    open_ledger,
    settings_of,
)

__all__ = ["announce_command"]


@click.command(
    "announce",
    short_help="Show the notice on the site's pages.",
    context_settings={"max_content_width": 80},
)
@click.argument("name", required=False)
@click.option(
    "--until",
    metavar="DATE",
    type=click.DateTime(["%Y-%m-%d"]),
    help=f"The last day on which it is shown.  [default: {SHORTEST} days from now]",
)
@click.option(
    "--text",
    metavar="TEXT",
    help="What the banner says.  [default: the first paragraph of what happened]",
)
@click.option("--end", is_flag=True, help="Show it no longer.")
@ledger_options
def announce_command(  # noqa: PLR0913 - the command's options
    name: str | None,
    until: datetime | None,
    text: str | None,
    policy: str | None,
    ledger: str | None,
    *,
    end: bool,
) -> None:
    """Show an incident's notice on the site's own pages, without a restart.

    It is written into the file that the policy names: announcement, under [breach]. The site's pages
    look at the file every few seconds. Say it again after `breach amend`: what is shown are the texts
    of this moment.
    """
    if end and (until or text):
        raise BreachError("--end: takes no --until and no --text")
    settings = settings_of(policy)
    with open_ledger(ledger, settings) as database:
        incidents = Incidents(database)
        incident = named_incident(incidents, name)
        if end:
            end_announcement(database, incident, settings)
            click.echo(f"Incident {incident.name} is no longer announced on the site.")
            return
        day = until.date() if until else None
        notice = announce(database, incident, settings, until=day, text=text)
        click.echo(f"Incident {incident.name} is announced on the site.")
        click.echo(f"  until      {shown(notice.until, incident.zone)}")
        click.echo(f"  languages  {', '.join(notice.wordings)}")
        if notice.until - datetime.now(UTC) < timedelta(days=SHORTEST):
            click.echo(
                f"California asks for {SHORTEST} days (Cal. Civ. Code 1798.82(j)(3)), where\n"
                "it takes the place of letters."
            )

"""`breach amend`: more, or something else, about an open incident."""

from __future__ import annotations

from typing import Any

import click

from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.incidents import Incidents
from alpines_privacy.cli.breach.settings import kept_in, ledger_options, named_incident, opened
from alpines_privacy.cli.breach.texts import said, text_options

__all__ = ["amend"]


@click.command(short_help="Add to what is known.", context_settings={"max_content_width": 80})
@click.argument("name", required=False)
@text_options
@ledger_options
def amend(name: str | None, policy: str | None, ledger: str | None, **options: Any) -> None:
    """Say more about an incident, or something else; what was said before stays in its history.

    The time of confirmation can be said once. The time of discovery, the zone and the deadline
    never change.
    """
    changes = said(options)
    if not changes:
        raise BreachError("nothing is said; expected an option with what is new")
    settings = kept_in(policy)
    with opened(ledger, settings) as database:
        incidents = Incidents(database)
        incident = incidents.amend(named_incident(incidents, name).name, changes)
        keys = ", ".join(sorted(key.replace("_", " ") for key in changes))
        click.echo(f"Incident {incident.name}: {keys} written down.")

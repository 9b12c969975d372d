"""`breach amend`: more, or something else, about an open incident."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from alpines_privacy.breach.incidents import Incidents
from alpines_privacy.breach.notice.advice import translation_advice
from alpines_privacy.breach.opening import amend_in
from alpines_privacy.cli.breach.preview import warned
from alpines_privacy.cli.breach.settings import (
    ledger_options,
    named_incident,
    open_ledger,
    settings_of,
)
from alpines_privacy.cli.breach.texts import located, said, text_options
from alpines_privacy.policy import PolicyError
from alpines_privacy.policy.loading import read_toml

__all__ = ["amend"]


@click.command(short_help="Add to what is known.", context_settings={"max_content_width": 80})
@click.argument("name", required=False)
@text_options
@click.option("--file", metavar="FILE", help="The incident's file (TOML); options come first.")
@ledger_options
def amend(
    name: str | None, file: str | None, policy: str | None, ledger: str | None, **options: Any
) -> None:
    """Say more about an incident, or something else; what was said before stays in its history.

    The time of confirmation can be said once. The time of discovery, the zone and the deadline
    never change. Of a FILE only what differs is written down; an empty [translations.ur] takes
    the texts in that language back.
    """
    mapping, text = read_toml(file) if file else ({}, "")
    settings = settings_of(policy)
    with open_ledger(ledger, settings) as database:
        incidents = Incidents(database)
        incident = named_incident(incidents, name or mapping.get("name"))
        try:
            amended, changes = amend_in(database, incident, {**mapping, **said(options)})
        except PolicyError as error:
            raise (located(error, file, mapping, text) if file else error) from None
        click.echo(f"Incident {incident.name}: {_keys(changes)} written down.")
        warned(list(translation_advice(amended, incidents.history(incident.name))))


def _keys(changes: Mapping[str, Any]) -> str:
    return ", ".join(sorted(key.replace("_", " ") for key in changes))

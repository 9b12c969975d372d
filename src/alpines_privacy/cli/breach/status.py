"""`breach status`: who was told, who was not, and whether the time suffices."""

from __future__ import annotations

import json
import math
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from alpines_privacy.breach.another_way import write_another_way
from alpines_privacy.breach.deadline import other_clocks
from alpines_privacy.breach.forecast import WINDOW
from alpines_privacy.breach.incident_status import Status, status_of
from alpines_privacy.breach.ledger import STATES, people
from alpines_privacy.breach.local_time import shown
from alpines_privacy.breach.opening import ledger_and_incident
from alpines_privacy.cli.breach.import_list import reason_lines
from alpines_privacy.cli.breach.open_incident import clock_lines, duration
from alpines_privacy.cli.breach.settings import ledger_options

__all__ = ["status"]


@click.command(short_help="Tell how far it is.", context_settings={"max_content_width": 80})
@click.argument("name", required=False)
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text")
@click.option(
    "--another-way", metavar="FILE", help="Write those whom mail does not reach to FILE (CSV)."
)
@ledger_options
def status(
    name: str | None, style: str, another_way: str | None, policy: str | None, ledger: str | None
) -> None:
    """Tell who was told, who was not, the time left, and whether the present rate suffices.

    Exit status 1: the deadline is missed, or will be at this rate.
    """
    with ledger_and_incident(name, ledger, policy) as (database, incident):
        found = status_of(database, incident)
        click.echo(
            json.dumps(_data(found), indent=2) if style == "json" else "\n".join(_lines(found))
        )
        if another_way is not None:
            written = write_another_way(database, incident.id, Path(another_way))
            click.echo(f"{people(written)} written to {another_way}", err=True)
    if found.forecast.misses:
        click.get_current_context().exit(1)


def _lines(found: Status) -> list[str]:
    incident = found.incident
    confirmed = incident.texts.get("confirmed")
    sure = shown(datetime.fromisoformat(confirmed), incident.zone) if confirmed else "not yet"
    return [
        f"Incident {incident.name}",
        f"  discovered  {shown(incident.discovered, incident.zone)}",
        f"  confirmed   {sure}",
        f"  deadline    {shown(incident.deadline, incident.zone)} (calendar: {incident.calendar})",
        f"              {duration(incident.deadline, found.now)}",
        "",
        *(f"{number:>12,} {state}" for state, number in zip(STATES, found.counts, strict=True)),
        f"{found.counts.total:>12,} people",
        "",
        *_forecast_lines(found),
        *reason_lines(found.reasons),
        "",
        *clock_lines(incident),
    ]


def _forecast_lines(found: Status) -> list[str]:
    expected, remaining = found.forecast, found.counts.remaining
    if not found.counts.total:
        return ["Nobody is in the ledger yet: alpines-privacy breach import FILE"]
    if not remaining:
        return ["Nobody is left to be mailed."]
    lines = [f"Still to be mailed: {people(remaining)}."]
    if expected.rate is None:
        lines.append(f"Nobody was mailed in the last {WINDOW / 60:.0f} minutes.")
    elif expected.end is not None:
        end = shown(expected.end, found.incident.zone)
        lines.append(f"At {expected.rate:,.0f} an hour they are done {end}.")
    if expected.needed is None:
        return [*lines, "WARNING: the deadline has passed."]
    lines.append(f"The deadline needs {math.ceil(expected.needed):,} an hour.")
    if expected.misses:
        lines.append(
            "WARNING: this rate misses the deadline. Start more senders, or raise the rate."
        )
    return lines


def _data(found: Status) -> dict[str, Any]:
    incident, expected = found.incident, found.forecast
    return {
        "version": 1,
        "incident": incident.name,
        "discovered": incident.discovered.isoformat(),
        "confirmed": incident.texts.get("confirmed"),
        "zone": str(incident.zone),
        "deadline": incident.deadline.isoformat(),
        "calendar": incident.calendar,
        "seconds_left": round((incident.deadline - found.now).total_seconds()),
        "people": found.counts.total,
        "states": found.counts._asdict(),
        "another_way": found.reasons,
        "remaining": found.counts.remaining,
        "rate_per_hour": expected.rate,
        "needed_per_hour": expected.needed,
        "forecast": expected.end.isoformat() if expected.end else None,
        "misses_deadline": expected.misses,
        "other_laws": [
            clock._asdict() | {"until": clock.until.isoformat() if clock.until else None}
            for clock in other_clocks(incident.discovered, incident.zone)
        ],
    }

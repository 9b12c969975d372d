"""`breach retry`: people whom mail did not reach, to be mailed after all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import click

from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.local_time import shown
from alpines_privacy.breach.opening import ledger_and_incident
from alpines_privacy.breach.reasons import BOUNCED, reason_text
from alpines_privacy.breach.retrying import Asked, Unreached, put_back, unreached
from alpines_privacy.cli.breach.settings import has_terminal, ledger_options
from alpines_privacy.cli.output import printable

__all__ = ["retry"]


@click.command(short_help="Mail people again.", context_settings={"max_content_width": 80})
@click.argument("name", required=False)
@click.option(
    "--reason", "reasons", metavar="REASON", multiple=True, help="As breach status names it: refused-550, bounced."
)  # fmt: skip
@click.option(
    "--code", "codes", metavar="CODE", multiple=True, help="What the server said last: 550, or 5.7.1."
)  # fmt: skip
@click.option("--domain", "domains", metavar="DOMAIN", multiple=True, help="Of the address.")
@click.option(
    "--list", "file", metavar="FILE", help="The people of a list, in any format of import."
)
@click.option(
    "--map", "mapped", metavar="FIELD=COLUMN", multiple=True, help="With --list, as for import."
)
@click.option("--all", "everybody", is_flag=True, help="Everybody whom mail did not reach.")
@click.option("-y", "--yes", is_flag=True, help="Do it, without asking.")
@ledger_options
def retry(  # noqa: PLR0913, PLR0917 - each option is a parameter
    name: str | None,
    reasons: tuple[str, ...],
    codes: tuple[str, ...],
    domains: tuple[str, ...],
    file: str | None,
    mapped: tuple[str, ...],
    policy: str | None,
    ledger: str | None,
    *,
    everybody: bool,
    yes: bool,
) -> None:
    """Put people back who are failed or bounced, and let breach send tell them.

    For what is mended since: a setting of the server, a signature, a wrong mark in a list.
    Without --yes it says who they are, and asks on a terminal. --reason, --code and --domain can
    be given several times; who is meant fits each kind that is given. Nobody is put back without a
    valid address, or of a leaked mailbox, unless --reason mailbox-leaked says so.
    """
    asked = Asked(reasons, codes, domains, None if file is None else Path(file), mapped, everybody)
    with ledger_and_incident(name, ledger, policy) as (database, incident):
        found = unreached(database, incident, asked)
        click.echo("\n".join(_lines(incident, found)))
        if not found.people or not _is_agreed(yes=yes):
            return
        moved = put_back(database, incident, found)
        click.echo(f"{moved:,} people are to be mailed again.")
        click.echo(f"Send: alpines-privacy breach send {incident.name} --send")


def _is_agreed(*, yes: bool) -> bool:
    if yes:
        return True
    if has_terminal() and click.confirm("Put them back?"):
        return True
    click.echo("Nothing is changed; --yes puts them back.")
    return False


def _lines(incident: Incident, found: Unreached) -> Iterator[str]:
    if found.people:
        yield f"Incident {incident.name}: {found.people:,} people can be mailed again:"
        yield from _counts(found.reasons)
    else:
        yield f"Incident {incident.name}: nobody who is failed or bounced fits, and can be mailed."
    if found.left_out:
        yield "These are left as they are:"
        yield from _counts(found.left_out)
    if found.reasons.get(BOUNCED):
        yield "Whose notice came back gets the same message, with the same Message-ID."
    if found.people and datetime.now(UTC) > incident.deadline:
        deadline = shown(incident.deadline, incident.zone)
        yield f"WARNING: the deadline has passed ({deadline}): they will be told late."


def _counts(reasons: Mapping[str, int]) -> Iterator[str]:
    for reason, number in reasons.items():
        yield f"{number:>12,} {printable(reason_text(reason))}"

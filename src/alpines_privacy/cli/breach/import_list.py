"""`breach import`: a list of people, shown as it is understood, and then brought into the ledger."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from alpines_privacy.breach.columns import Columns
from alpines_privacy.breach.database import Database
from alpines_privacy.breach.importing import ListOptions, import_into
from alpines_privacy.breach.imports import Imported, untold_reasons
from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.ledger import Ledger, people
from alpines_privacy.breach.opening import ledger_and_incident
from alpines_privacy.breach.reasons import reason_text
from alpines_privacy.breach.sources.detect import Reading
from alpines_privacy.breach.sources.source import Source
from alpines_privacy.cli.breach.settings import is_asked, ledger_options
from alpines_privacy.cli.reports import printable

__all__ = ["import_list", "reason_lines"]


@click.command(
    "import", short_help="Bring people into the ledger.", context_settings={"max_content_width": 80}
)
@click.argument("file", required=False)
@click.option("--query", metavar="SQL", help="Rows of a query instead of a FILE.")
@click.option(
    "--database",
    metavar="URL",
    envvar="ALPINES_PRIVACY_BREACH_DATABASE",
    help="The database that --query is asked of.",
)
@click.option("--incident", metavar="NAME", help="Which incident.  [default: the only one]")
@click.option(
    "--map",
    "mapped",
    metavar="FIELD=COLUMN",
    multiple=True,
    help="email, name, language, person, phone, postal or leaked. Repeatable.",
)
@click.option("--encoding", metavar="NAME", help="The encoding.  [default: found]")
@click.option("--delimiter", metavar="MARK", help="comma, semicolon, tab, pipe.  [default: found]")
@click.option("--head/--no-head", default=None, help="Whether the first row names the columns.")
@click.option("--rejects", metavar="FILE", help="Where bad rows go.  [default: NAME.rejects.csv]")
@click.option("-y", "--yes", is_flag=True, help="Store without asking.")
@ledger_options
def import_list(  # noqa: PLR0913, PLR0917 - each option is a parameter
    file: str | None,
    query: str | None,
    database: str | None,
    incident: str | None,
    mapped: tuple[str, ...],
    encoding: str | None,
    delimiter: str | None,
    head: bool | None,  # noqa: FBT001 - click's
    rejects: str | None,
    policy: str | None,
    ledger: str | None,
    *,
    yes: bool,
) -> None:
    """Bring the people of a list into the ledger: CSV, TSV, JSON lines, Parquet, Arrow, or a query.

    What was found out about the list is shown first, and stored once you agree. Each mailbox is in
    the ledger once. A row that cannot be used goes to the rejects file with its line and the reason,
    and stops nothing. Running it again changes nothing; after a crash it goes on where it was.
    """
    asked = ListOptions(
        Path(file) if file is not None else None, query, database, mapped,
        Reading(encoding, delimiter, head), Path(rejects) if rejects else None,
    )  # fmt: skip

    def agree(source: Source, columns: Columns, meant: Incident) -> bool:
        _show(source, columns, meant)
        return is_asked("Store them?", yes=yes)

    with ledger_and_incident(incident, ledger, policy) as (kept, meant):
        done, path = import_into(kept, meant, asked, agree=agree, progress=_show_rows)
        _summary(done, path, kept, meant)


def _show(source: Source, columns: Columns, incident: Incident) -> None:
    click.echo(f"{printable(source.name)}, for the incident {incident.name}:")
    for name, value in (*source.facts(), *columns.facts()):
        click.echo(_cut(f"  {name:<12}{printable(value)}"))
    if columns.opt_outs:
        click.echo(
            _cut(f"  Opting out ({printable(', '.join(columns.opt_outs))}) suppresses no notice.")
        )


def _cut(line: str) -> str:
    return line if len(line) <= 80 else f"{line[:77]}..."


def _show_rows(done: Imported) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{done.rows:,} rows", nl=False, err=True)


def _summary(done: Imported, path: Path, kept: Database, incident: Incident) -> None:
    if sys.stderr.isatty():
        click.echo(err=True)
    click.echo(f"{done.rows:>12,} rows read")
    click.echo(f"{done.new:>12,} new in the ledger")
    click.echo(f"{done.known:>12,} known already (the same mailbox or person)")
    rejected = f", in {printable(str(path))}" if done.rejected else ""
    click.echo(f"{done.rejected:>12,} rejected{rejected}")
    counts = Ledger(kept, incident.id).counts()
    click.echo(f"\nThe ledger has {people(counts.total)}. To be mailed: {counts.remaining:,}.")
    click.echo("\n".join(reason_lines(untold_reasons(kept, incident.id))))


def reason_lines(reasons: Mapping[str, int]) -> Sequence[str]:
    """Return lines that say who has to be told another way."""
    if not reasons:
        return []
    lines = [f"{number:>12,} {reason_text(reason)}" for reason, number in reasons.items()]
    return ["To be told another way (letter, phone; breach status --another-way FILE):", *lines]

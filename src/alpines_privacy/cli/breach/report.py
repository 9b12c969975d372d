"""`breach report`: the evidence, as a page or as JSON."""

from __future__ import annotations

import click

from alpines_privacy.breach.evidence.report_file import ReportFile, Style
from alpines_privacy.breach.evidence.report_file import report as write_report
from alpines_privacy.cli.breach.settings import ledger_options
from alpines_privacy.cli.output import printable

__all__ = ["report", "verdict_line"]

_VERDICTS = {
    "met": "Deadline met.",
    "missed": "Deadline MISSED.",
    "open": "Not decided yet: people are still to be told.",
    "nobody": "Nobody was told by mail.",
}


@click.command(short_help="Write the evidence.", context_settings={"max_content_width": 80})
@click.argument("name", required=False)
@click.option(
    "--format", "style", type=click.Choice(["html", "json"]), default="html",
    help="A page to read and print, or JSON.  [default: html]",
)  # fmt: skip
@click.option(
    "--without-addresses",
    is_flag=True,
    help="Leave out addresses, and replies in which they may stand.",
)
@click.option("--output", metavar="FILE", help="Where it goes.  [default: NAME-evidence.html]")
@ledger_options
def report(  # noqa: PLR0913 - each option is a parameter
    name: str | None,
    style: Style,
    output: str | None,
    policy: str | None,
    ledger: str | None,
    *,
    without_addresses: bool,
) -> None:
    """Write the evidence of who was told what, and when, into a new file.

    It has the timeline, whether the deadline was met, counts, digests of the notice and the lists,
    and for each person every attempt with the server's answer.
    """
    written = write_report(
        output,
        name,
        style=style,
        with_addresses=not without_addresses,
        ledger=ledger,
        policy=policy,
    )
    click.echo(verdict_line(written))
    click.echo(f"Evidence: {printable(str(written.path))}")
    click.echo(f"SHA-256:  {written.sha256}")


def verdict_line(written: ReportFile) -> str:
    """Return the verdict, and what casts doubt on it."""
    facts = written.facts
    doubts = [] if facts.is_intact else ["WARNING: the history was changed."]
    doubts += [f"WARNING: does not add up: {each.what}." for each in facts.sums if not each.adds_up]
    return "\n".join([_VERDICTS[facts.verdict], *doubts])

"""`alpines-privacy audit diff OLD NEW`: what two audits found, compared."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["diff"]

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(context_settings={"max_content_width": 80})
@click.argument("old", metavar="OLD", type=_FILE)
@click.argument("new", metavar="NEW", type=_FILE)
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How the comparison is written.",
)
def diff(old: Path, new: Path, style: str) -> None:
    """Compare two reports in JSON: what is newly broken, still broken, mended.

    \b
    Exit status:
      0  nothing is newly broken
      1  something is newly broken
      2  a report could not be read
    """  # noqa: D301 - click reads the backspace
    from alpines_privacy.audit.formats.diff import compared  # noqa: PLC0415 - --help needs none of it
    from alpines_privacy.cli.audit.reports import read_report, sent  # noqa: PLC0415
    from alpines_privacy.cli.output import printable  # noqa: PLC0415

    found = compared(read_report(old), read_report(new))
    if style == "json":
        sent(found.to_json())
    else:  # what others have written into a report is shown as text
        sent("".join(f"{printable(line)}\n" for line in found.text().splitlines()).encode())
    raise click.exceptions.Exit(1 if found.newly_broken else 0)

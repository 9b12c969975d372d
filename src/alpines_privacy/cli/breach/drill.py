"""`breach drill`: the whole of it with invented people, on this machine alone."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import click

from alpines_privacy.breach.drill.drill import Check, DrillResult
from alpines_privacy.breach.drill.drill import drill as run_drill
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.cli.output import printable

__all__ = ["drill"]


@click.command(short_help="Practise.", context_settings={"max_content_width": 80})
@click.option(
    "--people", type=click.IntRange(20, 100_000), default=500, help="How many.  [default: 500]"
)
@click.option("--seed", type=int, default=1, help="Another drill.  [default: 1]")
@click.option("--keep", metavar="FOLDER", help="Keep everything in a new FOLDER.")
def drill(people: int, seed: int, keep: str | None) -> None:
    """Practise: an invented incident, invented people, and a mail server that behaves badly.

    The list has doubles and mistakes; the server throttles, refuses and drops; a sender is killed
    on the way and started again; messages come back. In the end the ledger is compared with what
    the server was given. Nothing leaves this machine. Exit status 1: something does not hold.
    """
    with ExitStack() as stack:
        folder = Path(keep) if keep else Path(tempfile.mkdtemp(prefix="breach-drill-"))
        if not keep:
            stack.callback(_keep_evidence, folder)
        click.echo(f"Drill: {people:,} invented people, seed {seed}. Nothing leaves this machine.")
        try:
            done = run_drill(folder, people=people, seed=seed, progress=_show_step)
        except OSError as error:
            raise BreachError(f"{folder}: {error.strerror}") from None
        click.echo("\n".join(_lines(done)))
    if not done.holds:
        click.get_current_context().exit(1)


def _show_step(step: str, what: str) -> None:
    click.echo(f"  {step:<11} {what}"[:80])


def _lines(done: DrillResult) -> list[str]:
    verdict = "Everything holds." if done.holds else "The drill FAILED."
    return [
        "",
        *map(_line, done.checks),
        "",
        verdict,
        f"Evidence: {printable(str(done.page))}",
    ]


def _line(check: Check) -> str:
    return f"  {check.what:<48} {check.found:<22} {'ok' if check.holds else 'NO'}"


def _keep_evidence(folder: Path) -> None:
    """Remove everything but the reports."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif not path.name.startswith("evidence."):
            path.unlink(missing_ok=True)

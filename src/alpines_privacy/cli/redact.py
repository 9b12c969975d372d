"""`alpines-privacy redact FILE… | -`: personal data taken out of archives, pipes and files to be checked in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

if TYPE_CHECKING:
    from alpines_privacy.cli.checks import Check

__all__ = ["redact"]


@click.command(
    short_help="Take personal data out of logs and other text.",
    context_settings={"max_content_width": 80},
)
@click.argument("files", metavar="FILE...|-", nargs=-1, required=True)
@click.option("-i", "--in-place", is_flag=True, help="Rewrite each FILE. No backup is kept.")
@click.option(
    "--backup", metavar="SUFFIX", help="Rewrite in place, and keep the original as FILE + SUFFIX."
)
@click.option("-o", "--output", metavar="PATH", help="The file or folder to write to.")
@click.option("--check", is_flag=True, help="Write nothing; tell where, and exit with 1.")
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json", "sarif", "github"]),
    help="How --check reports.  [default: text]",
)
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(0),
    help="Places that --check names, 0 for all.  [default: 20 as text, 10 as github]",
)
@click.option(
    "--baseline", metavar="FILE", help="What was found before; --check reports what is new."
)
@click.option("--update-baseline", is_flag=True, help="Write what --check finds to the baseline.")
@click.option("--policy", metavar="FILE", help="The policy whose [logs] say how (TOML).")
@click.option("--only", metavar="KIND", multiple=True, help="Redact this kind only. Repeatable.")
@click.option("--skip", metavar="KIND", multiple=True, help="Leave this kind. Repeatable.")
@click.option("-j", "--jobs", type=click.IntRange(1), help="Processes.  [default: one per core]")
@click.option("-q", "--quiet", is_flag=True, help="No progress bar, no summary.")
def redact(  # noqa: PLR0913, PLR0917 - each option is a parameter
    files: tuple[str, ...],
    output: str | None,
    backup: str | None,
    policy: str | None,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    jobs: int | None,
    style: str | None,
    limit: int | None,
    baseline: str | None,
    *,
    in_place: bool,
    check: bool,
    update_baseline: bool,
    quiet: bool,
) -> None:
    """Take personal data out of logs: mail and network addresses, cards, keys and so on.

    Each FILE is text, plain or compressed with gzip, zstd, bzip2 or xz, and stays so compressed. One
    FILE, or "-" for standard input, goes to standard output unless -i, --backup, -o or --check
    says otherwise. A file is replaced whole or not at all, keeps its owner, mode and time, and is
    left alone if there is nothing in it. In a pipe each line leaves as soon as it is there.

    A backup still holds the personal data; delete it when you have seen that the result is good.

    \b
    Exit status:
      0  done, or --check found nothing (new)
      1  --check found personal data
      2  a FILE could not be read or cleaned, and is left as it was

    \b
    Examples:
      alpines-privacy redact -i /var/log/app/*.gz
      alpines-privacy redact --backup .orig access.log
      alpines-privacy redact old.log.zst -o cleaned/
      tail -f app.log | alpines-privacy redact - | tee shared.log
      alpines-privacy redact --check --baseline known.json tests/fixtures/*.log
    """  # noqa: D301 - click reads the backspaces
    # Imported here, because `alpines-privacy redact --help` needs none of them.
    from alpines_privacy.cli.archives import Order, run  # noqa: PLC0415
    from alpines_privacy.cli.kinds import policy_for  # noqa: PLC0415

    reporting = _Reporting(style, limit, baseline, update_baseline)
    kept = policy_for(policy, only, skip)
    order = Order(
        files=files,
        output=None if output is None else Path(output),
        backup=backup,
        in_place=in_place or backup is not None,
        check=_check(reporting, asked=check),
    )
    raise click.exceptions.Exit(run(order, kept, jobs, quiet=quiet))


class _Reporting(NamedTuple):
    """The options about `--check`, as they were given."""

    style: str | None
    limit: int | None
    baseline: str | None
    update: bool


def _check(given: _Reporting, *, asked: bool) -> Check | None:
    from alpines_privacy.cli.checks import Check  # noqa: PLC0415 - see above

    options = ("--format", "--limit", "--baseline")
    for option, value in zip(options, given, strict=False):
        if value is not None and not asked:
            raise click.UsageError(f"{option} is for --check")
    if given.update and (given.baseline is None or given.style is not None):
        raise click.UsageError(
            "--update-baseline writes the FILE of --check --baseline FILE, and no report"
        )
    baseline = None if given.baseline is None else Path(given.baseline)
    if not asked:
        return None
    return Check(given.style or "text", given.limit, baseline, update=given.update)

"""`alpines-privacy audit TARGET`, and `audit diff OLD NEW`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from alpines_privacy.cli.audit.diff import diff

__all__ = ["audit"]

_FILE = click.Path(dir_okay=False, path_type=Path)
_PASSWORD = "ALPINES_PRIVACY_AUDIT_PASSWORD"  # noqa: S105 - a variable's name
_FORMATS = ("text", "html", "json", "junit", "sarif", "har")


class _AuditOrDiff(click.Command):
    """The command, whose first word may be `diff`: another one."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Return the context of the command that the words ask for."""
        if args[:1] == ["diff"]:
            return diff.make_context(f"{info_name} diff", args[1:], parent=parent, **extra)
        return super().make_context(info_name, args, parent=parent, **extra)


@click.command(
    cls=_AuditOrDiff,
    short_help="Tell which clauses of the policy a site keeps.",
    context_settings={"max_content_width": 80},
)
@click.argument("target", metavar="URL|MODULE[:APP]")
@click.option("--factory", is_flag=True, help="APP is a function that makes the app: call it.")
@click.option("--policy", metavar="FILE", help="The policy file (TOML) that says what is declared.")
@click.option(
    "--pages", type=click.IntRange(1, 10_000), default=50, show_default=True, help="Pages at most."
)
@click.option("--browser", is_flag=True, help="Also look with Chromium at what scripts do.")
@click.option(
    "--active", is_flag=True, help="Also send forms: it creates accounts, and fails to log in."
)
@click.option(
    "--login", metavar="URL", help="The page of a login form: visit as somebody who is logged in."
)
@click.option("--user", help=f"Who logs in; the password is in {_PASSWORD}, or asked for.")
@click.option(
    "--cookies", metavar="FILE", type=_FILE, help="Cookies of a login (Netscape's format)."
)
@click.option(
    "--format",
    "style",
    type=click.Choice(_FORMATS),
    help="How the report is written: text, if nothing else is said.",
)
@click.option(
    "--output",
    "-o",
    "outputs",
    metavar="FILE",
    type=_FILE,
    multiple=True,
    help="Write the report there too, by the file's ending or --format. May be given again.",
)
@click.option(
    "--fail-on",
    metavar="CLAUSES|none",
    default="all",
    show_default=True,
    help="What exits with 1 if it is broken: 11,12 or 11.vary.",
)
@click.option("--baseline", metavar="FILE", type=_FILE, help="Do not fail on what FILE holds.")
@click.option("--update-baseline", is_flag=True, help="Write what is broken into the baseline.")
@click.option(
    "--record",
    metavar="FILE",
    type=_FILE,
    help="Write a verdict for each requirement, for the policy's [[evidence]].",
)
@click.option(
    "--files",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep screenshots and the HAR file of --browser there.",
)
def audit(  # noqa: PLR0913 - each option is a parameter
    target: str,
    *,
    fail_on: str,
    update_baseline: bool,
    style: str | None,
    outputs: tuple[Path, ...],
    baseline: Path | None,
    record: Path | None,
    files: Path | None,
    **given: Any,
) -> None:
    """Tell for each clause of the policy whether a site keeps it, with evidence.

    Each page is visited without a signal, with DNT: 1, with Sec-GPC: 1, and with DNT: 0 beside
    Sec-GPC: 1. Nothing is sent to any host but that of URL; an app is visited in this process.

    \b
    Examples:
      alpines-privacy audit shop.web:app
      alpines-privacy audit https://shop.example --browser -o report.html
      alpines-privacy audit diff last-week.json today.json

    \b
    Exit status:
      0  nothing is broken, or nothing that --fail-on names
      1  something is broken
      2  the audit could not be made
    """  # noqa: D301 - click reads the backspace
    # Imported here, because `--help` needs none of them.
    from alpines_privacy.cli.audit.baseline import Baseline  # noqa: PLC0415
    from alpines_privacy.cli.audit.failing import Failing  # noqa: PLC0415
    from alpines_privacy.cli.audit.reports import Outputs, write_record  # noqa: PLC0415
    from alpines_privacy.cli.audit.running import audited, pictures  # noqa: PLC0415

    failing = Failing.read(fail_on)
    written = Outputs.read(style, outputs)
    earlier = Baseline.of(baseline, update=update_baseline)
    with pictures(files, wanted=given["browser"]) as folder:
        report = audited(target, files=folder, **given)
        if update_baseline:
            earlier.update(report)
        known = earlier.known(report)
        written.write(report, folder=folder, known=known, policy=given["policy"])
    if record is not None:
        write_record(record, report)
    raise click.exceptions.Exit(1 if failing.of(report, known) else 0)

"""The command line: `alpines-privacy COMMAND`.

Each command lives in a module that is imported when the command runs, so `--help` is quick. A new
one is a line in `_COMMANDS`.
"""

from __future__ import annotations

from typing import Any

import click

from alpines_privacy import __version__
from alpines_privacy.cli.errors import one_line
from alpines_privacy.cli.group import CommandsByName

__all__ = ["main"]

# name: (where it is, what it does)
_COMMANDS = {
    "serve": ("alpines_privacy.cli.serve:serve", "Run an app, protected, on a server of its kind."),
    "audit": (
        "alpines_privacy.cli.audit:audit",
        "Tell which clauses of the policy a site keeps.",
    ),
    "redact": (
        "alpines_privacy.cli.redact:redact",
        "Take personal data out of logs and other text.",
    ),
    "explain-log": (
        "alpines_privacy.cli.explain:explain_log",
        "Tell why a line of a log is redacted, and what keeps it.",
    ),
    "trackers": (
        "alpines_privacy.cli.trackers:trackers",
        "Compile filter lists, and ask what they say.",
    ),
    "intrusion": (
        "alpines_privacy.cli.intrusion:intrusion",
        "Unlock who failed to sign in too often.",
    ),
    "policy": (
        "alpines_privacy.cli.policy:policy",
        "Write the policy's page, and check its texts.",
    ),
    "breach": (
        "alpines_privacy.cli.breach:breach",
        "Tell everybody whom a data breach affects, in time.",
    ),
}


class _Main(CommandsByName):
    """The program: a mistake of the user's ends it with one line."""

    def invoke(self, ctx: click.Context) -> Any:
        with one_line():
            return super().invoke(ctx)


@click.group(cls=_Main, commands_by_name=_COMMANDS, context_settings={"max_content_width": 80})
@click.version_option(__version__, message="%(prog)s %(version)s", prog_name="alpines-privacy")
def main() -> None:
    """Keep a written privacy policy around any Python web app."""

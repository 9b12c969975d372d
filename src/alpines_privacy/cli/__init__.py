"""The command line: `alpines-privacy COMMAND`.

Each command lives in a module that is imported when the command runs, so `--help` is quick. A new
one is a line in `_COMMANDS`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from alpines_privacy import __version__
from alpines_privacy.cli.errors import one_line

__all__ = ["main"]

# name: (where it is, what it does)
_COMMANDS = {
    "serve": ("alpines_privacy.cli.serve:serve", "Run an app, protected, on a server of its kind."),
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
}


class _Commands(click.Group):
    """A group that knows its commands by name and imports the one that is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in _COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        with one_line():
            return super().invoke(ctx)


@click.group(cls=_Commands, context_settings={"max_content_width": 80})
@click.version_option(__version__, message="%(prog)s %(version)s", prog_name="alpines-privacy")
def main() -> None:
    """Keep a written privacy policy around any Python web app."""

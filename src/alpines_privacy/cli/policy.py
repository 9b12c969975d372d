"""`alpines-privacy policy`: what can be asked of a policy file, and of a policy's text."""

from __future__ import annotations

import click

from alpines_privacy.cli.group import CommandsByName

__all__ = ["policy"]

# name: (where it is, what it does)
_COMMANDS: dict[str, tuple[str, str]] = {
    "lint": (
        "alpines_privacy.cli.policy_lint:lint",
        "Check a policy's text, and whether a policy file keeps it.",
    ),
    "inventory": (
        "alpines_privacy.cli.policy_inventory:inventory",
        "List what data is where, why, and how long.",
    ),
    "init": (
        "alpines_privacy.cli.policy_init:init",
        "Write a first policy file from what was seen.",
    ),
    "render": (
        "alpines_privacy.cli.policy_render:render",
        "Write the policy as a page, Markdown or text.",
    ),
}


@click.group(
    cls=CommandsByName,
    commands_by_name=_COMMANDS,
    short_help="Write the policy's page, and check its texts.",
    context_settings={"max_content_width": 80},
)
def policy() -> None:
    """Write the policy's page, check its texts, list what is collected."""

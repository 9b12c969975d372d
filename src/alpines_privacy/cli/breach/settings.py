"""The options of all commands: the policy's `[breach]`, the ledger, and the incident."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.opening import VARIABLE, named_incident, open_ledger, settings_of
from alpines_privacy.policy import PrivacyPolicy

__all__ = [
    "has_terminal",
    "is_asked",
    "ledger_options",
    "named_incident",
    "open_ledger",
    "settings_of",
]

CommandT = TypeVar("CommandT", bound=Callable[..., Any])


def ledger_options(command: CommandT) -> CommandT:
    """Add `--policy` and `--ledger` to a command."""
    command = click.option(
        "--ledger",
        metavar="URL",
        envvar=VARIABLE,
        help="The database of the ledger.  [default: that of the policy, or sqlite:///breach.db]",
    )(command)
    return click.option(
        "--policy",
        metavar="FILE",
        help=f"The policy with [breach] (TOML).  [default: {PrivacyPolicy.FILE}, if it is there]",
    )(command)


def has_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty()


def is_asked(question: str, *, yes: bool) -> bool:
    """Ask, unless `--yes` was said; raises `BreachError` where nobody can be asked."""
    if yes:
        return True
    if not has_terminal():
        raise BreachError(
            "nobody can be asked here; expected --yes, once what is shown above is right"
        )
    return click.confirm(question)

"""Options of what is said about an incident, for `open` and `amend`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from alpines_privacy.policy import PolicyError
from alpines_privacy.policy.loading import line_of

__all__ = ["located", "said", "text_options"]

CommandT = TypeVar("CommandT", bound=Callable[..., Any])
# option, its metavar, and its help; the keys are those of an incident's file
_OPTIONS = {
    "confirmed": ("TIME", "When it was confirmed: as --discovered."),
    "occurred": ("TEXT", 'When it happened, as far as is known: "2026-11-20 to 24".'),
    "what_happened": ("TEXT", "What happened."),
    "consequences": ("TEXT", "What may come of it for people (GDPR Art. 33(3)(c))."),
    "what_we_do": ("TEXT", "What you are doing about it."),
    "what_you_can_do": ("TEXT", "What people can do."),
    "contact": ("TEXT", "Whom people can ask: name, phone, address."),
    "email": ("ADDRESS", "The address that notices come from."),
    "sender": ("NAME", "The name that notices come from.  [default: the operator's]"),
    "language": ("TAG", 'The language of these texts.  [default: the policy\'s, or "en"]'),
}


def text_options(command: CommandT) -> CommandT:
    """Add an option for each text to a command."""
    command = click.option(
        "--leaked-mailboxes",
        metavar="DOMAIN",
        multiple=True,
        help="A domain whose mailboxes' own passwords leaked: nobody is mailed there. Repeatable.",
    )(command)
    for key, (metavar, explained) in reversed(_OPTIONS.items()):
        command = click.option(f"--{key.replace('_', '-')}", metavar=metavar, help=explained)(
            command
        )
    return click.option(
        "--kind",
        "kinds",
        metavar="KIND",
        multiple=True,
        help="A kind of data involved: EMAIL, PASSWORD, or words. Repeatable.",
    )(command)


def said(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that were given, by the keys of an incident."""
    given = {
        key: list(value) if isinstance(value, tuple) else value for key, value in options.items()
    }
    return {key: value for key, value in given.items() if value not in (None, [])}


def located(error: PolicyError, path: str, mapping: Mapping[str, Any], text: str) -> PolicyError:
    """Return an error with its line in an incident's file, if it is of a key that is there."""
    if re.split(r"[.\[]", error.key)[0] in mapping:
        return error.at(source=path, line=line_of(text, error.key))
    return error.at(source=path)

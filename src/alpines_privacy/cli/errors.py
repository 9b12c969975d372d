"""Errors of the command line: one line on stderr that says what to change, and exit code 2."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from alpines_privacy.cli.output import printable

__all__ = ["Refusal", "needing", "one_line"]


class Refusal(click.ClickException):
    """A command that cannot run, for a reason that its user can change.

    The reason may name what a file says: it is shown without what moves a terminal's cursor.
    """

    exit_code = 2

    def __init__(self, message: str) -> None:
        super().__init__("\n".join(map(printable, message.split("\n"))))


@contextmanager
def one_line() -> Iterator[None]:
    """Turn a `PolicyError`, whichever command it comes from, into a refusal."""
    try:
        yield
    except ValueError as error:
        policy = sys.modules.get("alpines_privacy.policy")  # not imported: none of its errors
        if policy is None or not isinstance(error, policy.PolicyError):
            raise
        raise Refusal(" ".join(str(error).split())) from None


@contextmanager
def needing(extra: str) -> Iterator[None]:
    """Turn a package that is not installed into a refusal that says how to install it."""
    try:
        yield
    except ModuleNotFoundError as error:
        name = error.name or ""
        if name.partition(".")[0] in {"", __name__.partition(".")[0]}:  # a mistake of ours
            raise
        raise Refusal(
            f"{name} is missing; expected pip install 'alpines-privacy[{extra}]'"
        ) from None

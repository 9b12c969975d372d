"""The options of all commands: the policy's `[breach]`, the ledger, and the incident."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from alpines_privacy.breach.database import Database
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.incidents import Incidents
from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.policy.breach import Breach

__all__ = ["has_terminal", "is_asked", "kept_in", "ledger_options", "named_incident", "opened"]

CommandT = TypeVar("CommandT", bound=Callable[..., Any])
_DEFAULT = "sqlite:///breach.db"


def ledger_options(command: CommandT) -> CommandT:
    """Add `--policy` and `--ledger` to a command."""
    command = click.option(
        "--ledger",
        metavar="URL",
        envvar="ALPINES_PRIVACY_BREACH_LEDGER",
        help="The database of the ledger.  [default: that of the policy, or sqlite:///breach.db]",
    )(command)
    return click.option(
        "--policy",
        metavar="FILE",
        help=f"The policy with [breach] (TOML).  [default: {PrivacyPolicy.FILE}, if it is there]",
    )(command)


def kept_in(policy: str | None) -> Breach | None:
    """Return `[breach]` of the policy that is named, or that lies in the folder.

    Notices come from the operator, unless it names another sender.
    """
    if policy is None and not Path(PrivacyPolicy.FILE).is_file():
        return None
    loaded = PrivacyPolicy.load(policy or PrivacyPolicy.FILE)
    if loaded.breach is None or loaded.breach.sender is not None or loaded.operator is None:
        return loaded.breach
    return msgspec.structs.replace(loaded.breach, sender=" ".join(loaded.operator.name.split()))


@contextmanager
def opened(url: str | None, settings: Breach | None, *, create: bool = False) -> Iterator[Database]:
    """Open the ledger, and close it after the block."""
    database = Database(url or (settings.ledger if settings else _DEFAULT), create=create)
    try:
        yield database
    finally:
        database.close()


def named_incident(incidents: Incidents, name: str | None) -> Incident:
    """Return the incident of a name; without one, the only one there is."""
    if name is not None:
        return incidents.get(name)
    names = incidents.names()
    if len(names) == 1:
        return incidents.get(names[0])
    if not names:
        raise BreachError("no incident is open; `breach open` begins")
    raise BreachError(f"there are several incidents; expected one of {', '.join(names[:10])}")


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

"""Incidents opened, amended and found, in the ledger that arguments, the environment or the policy name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from alpines_privacy.breach.amendment import what_differs
from alpines_privacy.breach.database import Database
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.incident import Incident, IncidentDraft
from alpines_privacy.breach.incidents import Incidents
from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.policy.breach import Breach

__all__ = [
    "VARIABLE",
    "Policy",
    "amend",
    "amend_in",
    "defaults_of",
    "ledger_and_incident",
    "named_incident",
    "open_incident",
    "open_ledger",
    "settings_of",
]

VARIABLE = "ALPINES_PRIVACY_BREACH_LEDGER"
Policy = str | os.PathLike[str] | PrivacyPolicy | Breach | None
_DEFAULTS = ("zone", "contact", "email", "sender", "language")  # keys that [breach] has too
_DEFAULT = "sqlite:///breach.db"


def open_incident(
    texts: Mapping[str, Any] | IncidentDraft, *, ledger: str | None = None, policy: Policy = None
) -> Incident:
    """Open an incident; its deadline counts from its discovery (policy §14).

    `texts` has the keys of an incident's file; `zone`, `contact`, `email`, `sender` and `language`
    come from the policy where it says nothing. Raises `PolicyError` for a text that cannot be used, and `BreachError`.
    """
    settings = settings_of(policy)
    draft = texts if isinstance(texts, IncidentDraft) else _draft(texts, settings)
    with open_ledger(ledger, settings, create=True) as database:
        return Incidents(database).open(draft, settings.calendars if settings else ())


def amend(
    changes: Mapping[str, Any],
    name: str | None = None,
    *,
    ledger: str | None = None,
    policy: Policy = None,
) -> Incident:
    """Say more about an incident, or something else; raises `BreachError` and `PolicyError`.

    Of `changes` only what differs is written down.
    """
    with ledger_and_incident(name, ledger, policy) as (database, incident):
        return amend_in(database, incident, changes)[0]


def amend_in(
    database: Database, incident: Incident, changes: Mapping[str, Any]
) -> tuple[Incident, Mapping[str, Any]]:
    """Write down what is new of the changes; return the incident as it is then, and what was new."""
    new = what_differs(incident, changes)
    if not new:
        raise BreachError("nothing new is said; expected an option, or a --file that differs")
    return Incidents(database).amend(incident.name, new), new


def _draft(texts: Mapping[str, Any], settings: Breach | None) -> IncidentDraft:
    return IncidentDraft.from_mapping(defaults_of(settings) | dict(texts))


def defaults_of(settings: Breach | None) -> dict[str, Any]:
    """Return what `[breach]` says of every incident, by the keys of one."""
    known = {key: getattr(settings, key) for key in _DEFAULTS} if settings else {}
    return {key: value for key, value in known.items() if value is not None}


def settings_of(policy: Policy) -> Breach | None:
    """Return `[breach]` of a policy, of its file, or of the file that lies in the folder.

    Notices come from the operator, unless it names another sender.
    """
    if isinstance(policy, Breach):
        return policy
    if not isinstance(policy, PrivacyPolicy):
        if policy is None and not Path(PrivacyPolicy.FILE).is_file():
            return None
        policy = PrivacyPolicy.load(PrivacyPolicy.FILE if policy is None else policy)
    settings = policy.breach
    if settings is None or settings.sender is not None or policy.operator is None:
        return settings
    return msgspec.structs.replace(settings, sender=" ".join(policy.operator.name.split()))


@contextmanager
def open_ledger(ledger: str | None, policy: Policy, *, create: bool = False) -> Iterator[Database]:
    """Open a ledger by its URL, else that of the environment or the policy; close it after the block."""
    settings = settings_of(policy)
    url = ledger or os.environ.get(VARIABLE) or (settings.ledger if settings else _DEFAULT)
    database = Database(url, create=create)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def ledger_and_incident(
    name: str | None, ledger: str | None, policy: Policy
) -> Iterator[tuple[Database, Incident]]:
    """Open a ledger, and find the incident of a name in it; without one, the only one there is."""
    with open_ledger(ledger, policy) as database:
        yield database, named_incident(Incidents(database), name)


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

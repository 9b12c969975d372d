"""The status of an incident: who was told, who was not, and whether the time suffices."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from alpines_privacy.breach.database import Database
from alpines_privacy.breach.forecast import WINDOW, Forecast, forecast
from alpines_privacy.breach.imports import untold_reasons
from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.ledger import Counts, Ledger
from alpines_privacy.breach.opening import Policy, ledger_and_incident

__all__ = ["Status", "status", "status_of"]


class Status(NamedTuple):
    """The people by state, those to be told another way by reason, and the forecast, at a time."""

    incident: Incident
    now: datetime
    counts: Counts
    reasons: Mapping[str, int]
    forecast: Forecast


def status(name: str | None = None, *, ledger: str | None = None, policy: Policy = None) -> Status:
    """Return the status of an incident; raises `BreachError` if there is none, or the ledger cannot be read."""
    with ledger_and_incident(name, ledger, policy) as (database, incident):
        return status_of(database, incident)


def status_of(database: Database, incident: Incident) -> Status:
    """Return the status of an incident of an open ledger; raises `BreachError` if it cannot be read."""
    ledger = Ledger(database, incident.id)
    now = datetime.now(UTC)
    counts = ledger.counts()
    settled, seconds = ledger.settled_since(WINDOW)
    expected = forecast(counts.remaining, settled, seconds, now, incident.deadline)
    return Status(incident, now, counts, untold_reasons(database, incident.id), expected)

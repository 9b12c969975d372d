"""What the history of an incident says about its sending: tested, sending, paused, resumed, finished."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import select

from alpines_privacy.breach import tables
from alpines_privacy.breach.database import Database
from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.incidents import Incidents, append_entry

__all__ = ["Pause", "finish", "pause_of", "was_tested", "write_entry"]

_history = tables.history.c


class Pause(NamedTuple):
    """Whether the sending of an incident is paused, and why; or that somebody has let it go on."""

    is_paused: bool
    reason: str
    was_resumed: bool


def write_entry(database: Database, incident: Incident, what: str, body: Mapping[str, Any]) -> None:
    """Append an entry to the incident's history."""
    with database.write() as connection:
        append_entry(connection, incident.id, what, body)


def pause_of(database: Database, incident: Incident) -> Pause:
    """Return whether the sending is paused: a pause holds for all senders until it is ended."""
    with database.read() as connection:
        last = connection.execute(
            select(_history.what, _history.number)
            .where(_history.incident_id == incident.id, _history.what.in_(("paused", "resumed")))
            .order_by(_history.number.desc())
            .limit(1)
        ).first()
    if last is None:
        return Pause(is_paused=False, reason="", was_resumed=False)
    is_paused = last.what == "paused"
    reason = _reason(database, incident) if is_paused else ""
    return Pause(is_paused, reason, was_resumed=not is_paused)


def was_tested(database: Database, incident: Incident, digest: str) -> bool:
    """Whether a test message of these very texts was accepted."""
    entries = Incidents(database).history(incident.name)
    return any(entry.what == "tested" and entry.body.get("digest") == digest for entry in entries)


def finish(database: Database, incident: Incident, body: Mapping[str, Any]) -> None:
    """Write that everybody is told, unless another sender has."""
    entries = [entry.what for entry in Incidents(database).history(incident.name)]
    about = [what for what in entries if what in {"sending", "finished"}]
    if about[-1:] != ["finished"]:
        write_entry(database, incident, "finished", body)


def _reason(database: Database, incident: Incident) -> str:
    entries = Incidents(database).history(incident.name)
    paused = [entry.body.get("reason", "") for entry in entries if entry.what == "paused"]
    return str(paused[-1]) if paused else ""

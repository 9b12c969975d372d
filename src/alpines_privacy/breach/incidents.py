"""Incidents in the ledger: opened once, amended by entries of a history that is only appended to."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, insert, select

from alpines_privacy.breach import tables
from alpines_privacy.breach.addresses import read_address
from alpines_privacy.breach.database import Database
from alpines_privacy.breach.deadline import deadline_of
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.incident import (
    IMMUTABLE,
    Incident,
    IncidentDraft,
    plain,
    times_of,
)
from alpines_privacy.breach.translations import merged
from alpines_privacy.breach.withholding import withhold_domains
from alpines_privacy.policy.breach import Calendar
from alpines_privacy.policy.errors import nearest

__all__ = ["Entry", "Incidents", "append_entry", "entries_of", "from_millis", "millis"]


class Entry(NamedTuple):
    """An entry of an incident's history: what was done, and what was said with it.

    `digest` is that of the entry and of the digest before it; `is_intact` says whether it still is.
    """

    at: datetime
    what: str
    body: Mapping[str, Any]
    number: int = 0
    digest: str = ""
    is_intact: bool = True


def millis(moment: datetime) -> int:
    """Return milliseconds since 1970."""
    return round(moment.timestamp() * 1000)


def from_millis(value: int) -> datetime:
    """Return the moment, in UTC."""
    return datetime.fromtimestamp(value / 1000, UTC)


class Incidents:
    """The incidents of a ledger. All methods raise `BreachError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, draft: IncidentDraft, calendars: Sequence[Calendar] = ()) -> Incident:
        """Open an incident; its times, zone and deadline are final, and its name is taken."""
        times = times_of(draft.discovered, draft.confirmed, draft.zone)
        deadline = deadline_of(times.discovered, ZoneInfo(draft.zone), calendars)
        sender = read_address(draft.email)
        now = millis(datetime.now(UTC))
        row = {
            "name": draft.name,
            "opened": now,
            "discovered": millis(times.discovered),
            "zone": draft.zone,
            "deadline": millis(deadline.at),
            "calendar": deadline.calendar,
            "domain": sender.domain if sender else "",
            "salt": secrets.token_hex(16),
        }
        body = _said(draft) | {"discovered": times.discovered.isoformat()}
        if times.confirmed:
            body["confirmed"] = times.confirmed.isoformat()
        with self._database.write() as connection:
            if _row(connection, draft.name) is not None:
                raise BreachError(
                    f'an incident "{draft.name}" is open already; `breach amend` adds to it'
                )
            created = connection.execute(
                insert(tables.incident).returning(tables.incident.c.id), row
            )
            append_entry(connection, created.scalar_one(), "opened", body)
        return self.get(draft.name)

    def amend(self, name: str, changes: Mapping[str, Any]) -> Incident:
        """Append what is said anew; a confirmed time may be added once, other times never change.

        Mailboxes of domains that are said to have leaked get nothing more.
        """
        incident = self.get(name)
        body = dict(changes)
        if fixed := [key for key in IMMUTABLE if key in body and key != "confirmed"]:
            raise BreachError(f"{fixed[0]}: never changes once an incident is open")
        draft = IncidentDraft.from_mapping(merged(incident.texts, body))
        body = {key: value for key, value in _said(draft).items() if key in body}
        if "translations" in body:  # what is new in them, not what the incident then has
            body["translations"] = plain(changes["translations"])
        if "confirmed" in body:
            found = incident.discovered.isoformat()
            confirmed = times_of(found, draft.confirmed, draft.zone).confirmed
            body["confirmed"] = confirmed.isoformat() if confirmed else None
        with self._database.write() as connection:
            texts = _texts(_entries(connection, incident.id, lock=True))
            if "confirmed" in body and texts.get("confirmed") is not None:
                raise BreachError("confirmed: is set, and never changes")
            append_entry(connection, incident.id, "amended", body)
            amended = incident._replace(texts=body)
            withhold_domains(connection, incident.id, amended.leaked_domains)
        return self.get(name)

    def get(self, name: str) -> Incident:
        """Return an incident by its name."""
        with self._database.read() as connection:
            row = _row(connection, name)
            if row is None:
                names = connection.scalars(select(tables.incident.c.name)).all()
                raise BreachError(f'there is no incident "{name[:60]}"{nearest(name, names)}')
            return _incident(row, _texts(_entries(connection, row.id)))

    def names(self) -> list[str]:
        """Return the names of all incidents, the latest first."""
        with self._database.read() as connection:
            query = select(tables.incident.c.name).order_by(tables.incident.c.id.desc())
            return list(connection.scalars(query))

    def history(self, name: str) -> list[Entry]:
        """Return the entries of an incident, the first first; raises if one was changed behind the ledger's back."""
        incident = self.get(name)
        with self._database.read() as connection:
            entries = entries_of(connection, incident.id)
        for entry in entries:
            if not entry.is_intact:
                raise BreachError(f"entry {entry.number} of the history is not as it was written")
        return entries


def entries_of(connection: Connection, incident_id: int) -> list[Entry]:
    """Return the entries of an incident's history, the first first, and whether each is intact."""
    entries: list[Entry] = []
    before = ""
    for row in _entries(connection, incident_id):
        is_intact = row.digest == _digest(before, row.number, row.at, row.what, row.body)
        is_next = row.number == len(entries) + 1
        body = json.loads(row.body)
        entry = Entry(
            from_millis(row.at), row.what, body, row.number, row.digest, is_intact and is_next
        )
        entries.append(entry)
        before = row.digest
    return entries


def append_entry(
    connection: Connection, incident_id: int, what: str, body: Mapping[str, Any]
) -> None:
    """Append an entry to an incident's history, chained to the one before by its digest."""
    entries = _entries(connection, incident_id, lock=True)
    number, before = len(entries) + 1, entries[-1].digest if entries else ""
    at = millis(datetime.now(UTC))
    text = json.dumps(body, ensure_ascii=False, sort_keys=True)
    row = {"incident_id": incident_id, "number": number, "at": at, "what": what, "body": text}
    connection.execute(
        insert(tables.history), row | {"digest": _digest(before, number, at, what, text)}
    )


def _digest(before: str, number: int, at: int, what: str, body: str) -> str:
    return hashlib.sha256(f"{before}\n{number}\n{at}\n{what}\n{body}".encode()).hexdigest()


def _row(connection: Connection, name: str) -> Row[Any] | None:
    return connection.execute(select(tables.incident).where(tables.incident.c.name == name)).first()


def _entries(connection: Connection, incident_id: int, *, lock: bool = False) -> list[Row[Any]]:
    if lock:  # PostgreSQL: others who append wait here; SQLite has one writer anyway
        held = select(tables.incident.c.id).where(tables.incident.c.id == incident_id)
        connection.execute(held.with_for_update())
    query = select(tables.history).where(tables.history.c.incident_id == incident_id)
    return list(connection.execute(query.order_by(tables.history.c.number)))


def _texts(entries: Sequence[Row[Any]]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for entry in entries:
        if entry.what in {"opened", "amended"}:
            said = merged(said, json.loads(entry.body))
    return said


def _said(draft: IncidentDraft) -> dict[str, Any]:
    values = {key: getattr(draft, key) for key in draft.__struct_fields__}
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in values.items()
        if value is not None
    }


def _incident(row: Row[Any], texts: Mapping[str, Any]) -> Incident:
    zone = ZoneInfo(row.zone)
    return Incident(
        id=row.id,
        name=row.name,
        opened=from_millis(row.opened),
        discovered=from_millis(row.discovered).astimezone(zone),
        zone=zone,
        deadline=from_millis(row.deadline).astimezone(zone),
        calendar=row.calendar,
        domain=row.domain,
        salt=row.salt,
        texts=texts,
    )

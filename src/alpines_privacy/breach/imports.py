"""People brought from a list into the ledger: all of them or a reject each, however often it is run.

Rows are stored in batches. A batch and how far the list is read are one transaction, so an import
that was killed goes on where the ledger says; rows that are stored again change nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, func, insert, select, text, update

from alpines_privacy.breach import tables
from alpines_privacy.breach.columns import Columns
from alpines_privacy.breach.database import Database
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.incidents import append_entry, millis
from alpines_privacy.breach.reasons import LEAKED_MAILBOX
from alpines_privacy.breach.recipients import Recipient, recipient_reader
from alpines_privacy.breach.rejects import Rejects, can_resume, refuse_unwritable
from alpines_privacy.breach.sources.source import Row, Source
from alpines_privacy.breach.withholding import withhold_keys

__all__ = ["Imported", "import_people", "untold_reasons"]

_BATCH = 50_000  # rows in one transaction: some 25 MB, and a page of the index is written for many of them

_import, _recipient = tables.imports.c, tables.recipient.c


class Imported(NamedTuple):
    """The rows of a list: read = new + known + rejected."""

    rows: int = 0
    new: int = 0  # people who are in the ledger now and were not
    known: int = 0  # the same mailbox or person stood in an earlier row, or in the ledger
    rejected: int = 0

    def plus(self, other: Imported) -> Imported:
        """Return the sums."""
        return Imported(*(ours + theirs for ours, theirs in zip(self, other, strict=True)))


class _Progress(NamedTuple):
    """The progress of an import, as the ledger has it."""

    id: int
    done: Imported
    reject_bytes: int


def import_people(  # noqa: PLR0913, PLR0917 - a list, how it is read, and where it goes
    database: Database,
    incident: Incident,
    source: Source,
    columns: Columns,
    rejects: Path,
    progress: Callable[[Imported], None] = lambda _: None,
) -> Imported:
    """Bring all people of a list into the ledger; `progress` is called with the counts after each batch.

    Raises `BreachError` if the list or the ledger can no longer be read or written: what was stored
    until then stays, and running it again goes on from there.
    """
    refuse_unwritable(rejects)
    read = recipient_reader(columns, incident.salt, incident.leaked_domains)
    begun = _begin(database, incident, source, columns, rejects)
    done = begun.done
    rows = source.rows()
    skipped = sum(1 for _ in islice(rows, done.rows))
    if skipped < done.rows:
        raise BreachError(f"{source.name}: has fewer rows than were read before")
    try:
        with Rejects(rejects, source.columns, begun.reject_bytes) as file:
            while (batch := _next(rows, read, file)).rows:
                done = _store(database, incident.id, begun.id, batch, file.sync(), done)
                progress(done)
    except OSError as error:
        raise BreachError(
            f"{source.name}: reading it or writing rejects failed: {error.strerror}; run it again to go on"
        ) from None
    _finish(database, incident, source, begun.id, done)
    return done


def untold_reasons(database: Database, incident_id: int) -> dict[str, int]:
    """Return how many people cannot be told by mail, by reason."""
    query = (
        select(_recipient.reason, func.count())
        .where(_recipient.incident_id == incident_id, _recipient.reason.is_not(None))
        .group_by(_recipient.reason)
        .order_by(_recipient.reason)
    )
    with database.read() as connection:
        return {str(reason): number for reason, number in connection.execute(query)}


def _begin(
    database: Database, incident: Incident, source: Source, columns: Columns, rejects: Path
) -> _Progress:
    """Find the import that was begun with this list and did not end, or note that one begins."""
    identity = _identity(source, columns)
    query = (
        select(tables.imports)
        .where(_import.incident_id == incident.id, _import.identity == identity)
        .where(_import.finished.is_(None))
        .order_by(_import.id.desc())
        .limit(1)
    )
    with database.write() as connection:
        row = connection.execute(query).first() if source.identity else None
        if row is not None and can_resume(rejects, row.reject_bytes):
            done = Imported(row.rows, row.new, row.known, row.rejected)
            return _Progress(row.id, done, row.reject_bytes)
        values = dict.fromkeys(("rows", "new", "known", "rejected", "reject_bytes"), 0)
        values |= {"incident_id": incident.id, "started": millis(datetime.now(UTC))}
        created = connection.execute(
            insert(tables.imports).returning(_import.id), values | {"identity": identity}
        )
        return _Progress(created.scalar_one(), Imported(), 0)


def _identity(source: Source, columns: Columns) -> str:
    how = [source.identity or source.name, *source.facts(), sorted(columns.places.items())]
    return hashlib.sha256(json.dumps(how).encode()).hexdigest()


class _Batch(NamedTuple):
    """The people of some rows by their keys, and how many rows there were and were rejected."""

    people: dict[str, Recipient]
    rows: int
    rejected: int


def _next(rows: Iterator[Row], read: Callable[[Row], Recipient | str], file: Rejects) -> _Batch:
    """Read a batch: each person once, as first given, except that a leaked mailbox is one in any row."""
    people: dict[str, Recipient] = {}
    number = rejected = 0
    for row in islice(rows, _BATCH):
        number += 1
        person = read(row)
        if isinstance(person, str):
            file.add(row.line, person, row.cells)
            rejected += 1
        elif people.setdefault(person[0], person) is not person and person.reason == LEAKED_MAILBOX:
            first = people[person.key]
            people[person.key] = first._replace(state="failed", reason=LEAKED_MAILBOX, due=None)
    return _Batch(people, number, rejected)


def _store(  # noqa: PLR0913, PLR0917 - what one transaction writes
    database: Database,
    incident_id: int,
    import_id: int,
    batch: _Batch,
    reject_bytes: int,
    before: Imported,
) -> Imported:
    """Store a batch and how far the list is read, in one transaction; return the counts so far."""
    people = list(batch.people.values())
    with database.write() as connection:
        new = _insert(connection, incident_id, people)
        leaked = [person.key for person in people if person.reason == LEAKED_MAILBOX]
        withhold_keys(connection, incident_id, leaked)
        known = batch.rows - batch.rejected - new
        after = before.plus(Imported(batch.rows, new, known, batch.rejected))
        moved = connection.execute(
            update(tables.imports)
            .where(_import.id == import_id, _import.rows == before.rows)
            .values(**after._asdict(), reject_bytes=reject_bytes)
        )
        if moved.rowcount != 1:
            raise BreachError("another process imports the same list; expected one of them")
    return after


_FIELDS = Recipient._fields
_GIVEN = _FIELDS.index("state")  # fields that rows give; the others follow from them
_FROM_JSON = text(
    f"""
    INSERT INTO breach_recipient (incident_id, attempts, {", ".join(_FIELDS)})
    SELECT :incident, 0, {", ".join(_FIELDS)} FROM json_to_recordset(CAST(:rows AS json)) AS given (
    {", ".join(f"{field} {'bigint' if field == 'due' else 'text'}" for field in _FIELDS)})
    ON CONFLICT (incident_id, key) DO NOTHING
    """  # noqa: S608 - the names of columns
)


def _insert(connection: Connection, incident_id: int, people: list[Recipient]) -> int:
    """Insert those who are not there yet, in the order of the index; return how many they are."""
    people.sort(key=itemgetter(0))
    if connection.dialect.name != "sqlite":
        given = json.dumps([person._asdict() for person in people])
        return connection.execute(_FROM_JSON, {"incident": incident_id, "rows": given}).rowcount
    pending = [person[:_GIVEN] for person in people if person.reason is None]
    untold = [tuple(person) for person in people if person.reason is not None]
    ends = {"?, " * (len(_FIELDS) - _GIVEN - 1) + "?": untold, "'pending', NULL, 0": pending}
    return sum(
        connection.exec_driver_sql(_many(incident_id, end), rows).rowcount
        for end, rows in ends.items()
        if rows
    )


def _many(incident_id: int, end: str) -> str:
    """Return SQLite's statement for many rows, for the driver itself: Core's parameters cost thrice as much."""
    return f"""
    INSERT INTO breach_recipient ({", ".join(_FIELDS)}, incident_id, attempts)
    VALUES ({"?, " * _GIVEN}{end}, {int(incident_id)}, 0) ON CONFLICT (incident_id, key) DO NOTHING
    """  # noqa: S608 - names of columns, and a number


def _finish(
    database: Database, incident: Incident, source: Source, import_id: int, done: Imported
) -> None:
    """Write the counts and the list's digest into the incident's history."""
    with database.write() as connection:
        connection.execute(
            update(tables.imports)
            .where(_import.id == import_id)
            .values(finished=millis(datetime.now(UTC)))
        )
        body = {"import": import_id, "list": source.name, "sha256": source.identity}
        append_entry(connection, incident.id, "imported", body | done._asdict())

"""People brought from a list into the ledger: all of them or a reject each, however often it is run.

Rows are stored in batches. A batch and how far the list is read are one transaction, so an import
that was killed goes on where the ledger says; rows that are stored again change nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
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
from alpines_privacy.breach.recipients import LEAKED, Recipient, recipient_reader
from alpines_privacy.breach.rejects import Rejects, can_resume, refuse_unwritable
from alpines_privacy.breach.sources.source import Row, Source

__all__ = ["Imported", "import_people", "untold_reasons"]

_BATCH = 20_000  # rows in one transaction: some 20 MB, and the index is written in long runs

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
    """How far an import is, as the ledger has it."""

    id: int
    done: Imported
    reject_bytes: int


def import_people(  # noqa: PLR0913, PLR0917 - a list, how it is read, and where it goes
    database: Database,
    incident: Incident,
    source: Source,
    columns: Columns,
    rejects: Path,
    told: Callable[[Imported], None] = lambda _: None,
) -> Imported:
    """Bring all people of a list into the ledger; `told` hears the counts after each batch.

    Raises `BreachError` if the list or the ledger can no longer be read or written: what was stored
    until then stays, and running it again goes on from there.
    """
    refuse_unwritable(rejects)
    read = recipient_reader(columns, incident.salt, incident.texts.get("leaked_mailboxes", ()))
    progress = _begin(database, incident, source, columns, rejects)
    done = progress.done
    rows = source.rows()
    skipped = sum(1 for _ in islice(rows, done.rows))
    if skipped < done.rows:
        raise BreachError(f"{source.name}: has fewer rows than were read before")
    try:
        with Rejects(rejects, source.columns, progress.reject_bytes) as file:
            for batch in _batches(rows):
                done = _store(database, incident.id, progress.id, batch, read, file, done)
                told(done)
    except OSError as error:
        raise BreachError(
            f"{source.name}: reading it or writing rejects failed: {error.strerror}; run it again to go on"
        ) from None
    _finish(database, incident, source, progress.id, done)
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


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch


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


def _store(  # noqa: PLR0913, PLR0917 - what one transaction needs
    database: Database,
    incident_id: int,
    import_id: int,
    batch: Sequence[Row],
    read: Callable[[Row], Recipient | str],
    file: Rejects,
    before: Imported,
) -> Imported:
    """Store a batch and how far the list is read, in one transaction; return the counts so far."""
    people, rejected = _people(batch, read, file)
    size = file.sync()  # before the ledger says that they are written
    with database.write() as connection:
        new = _insert(connection, incident_id, list(people.values()))
        _withhold(
            connection, incident_id, [each.key for each in people.values() if each.reason == LEAKED]
        )
        counts = Imported(len(batch), new, len(batch) - rejected - new, rejected)
        after = before.plus(counts)
        moved = connection.execute(
            update(tables.imports)
            .where(_import.id == import_id, _import.rows == before.rows)
            .values(**after._asdict(), reject_bytes=size)
        )
        if moved.rowcount != 1:
            raise BreachError("another process imports the same list; expected one of them")
    return after


def _people(
    batch: Sequence[Row], read: Callable[[Row], Recipient | str], file: Rejects
) -> tuple[dict[str, Recipient], int]:
    """Read a batch: each person once, as first given, except that a leaked mailbox is one in any row."""
    people: dict[str, Recipient] = {}
    rejected = 0
    for row in batch:
        person = read(row)
        if isinstance(person, str):
            file.add(row.line, person, row.cells)
            rejected += 1
        elif person.key not in people:
            people[person.key] = person
        elif person.reason == LEAKED:
            people[person.key] = people[person.key]._replace(
                state="failed", reason=LEAKED, due=None
            )
    return people, rejected


_FIELDS = Recipient._fields
_FROM_JSON = text(
    f"""
    INSERT INTO breach_recipient (incident_id, attempts, {", ".join(_FIELDS)})
    SELECT :incident, 0, {", ".join(_FIELDS)} FROM json_to_recordset(CAST(:rows AS json)) AS given (
    {", ".join(f"{field} {'bigint' if field == 'due' else 'text'}" for field in _FIELDS)})
    ON CONFLICT (incident_id, key) DO NOTHING
    """  # noqa: S608 - the names of columns
)
# By the driver itself: a batch of tuples costs a third of what Core's parameters do.
_MANY = f"""
    INSERT INTO breach_recipient ({", ".join(_FIELDS)}, incident_id, attempts)
    VALUES ({"?, " * len(_FIELDS)}?, 0) ON CONFLICT (incident_id, key) DO NOTHING
    """  # noqa: S608 - the names of columns


def _insert(connection: Connection, incident_id: int, people: list[Recipient]) -> int:
    """Insert those who are not there yet, in the order of the index; return how many they are."""
    if not people:
        return 0
    people.sort(key=itemgetter(0))
    if connection.dialect.name == "sqlite":
        rows = [(*person, incident_id) for person in people]
        return connection.exec_driver_sql(_MANY, rows).rowcount
    given = json.dumps([person._asdict() for person in people])
    return connection.execute(_FROM_JSON, {"incident": incident_id, "rows": given}).rowcount


def _withhold(connection: Connection, incident_id: int, keys: Sequence[str]) -> None:
    """Send nothing more to mailboxes that an earlier row did not say had leaked."""
    for begin in range(0, len(keys), 500):
        connection.execute(
            update(tables.recipient)
            .where(
                _recipient.incident_id == incident_id, _recipient.key.in_(keys[begin : begin + 500])
            )
            .where(_recipient.state.in_(("pending", "deferred")))
            .values(state="failed", reason=LEAKED, due=None)
        )


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
        body = {"list": source.name, "sha256": source.identity, **done._asdict()}
        append_entry(connection, incident.id, "imported", body)

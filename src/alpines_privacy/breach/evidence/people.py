"""Everybody of an incident with the evidence of each attempt, a page of the ledger at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, bindparam, func, select, true

from alpines_privacy.breach import tables
from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.incidents import from_millis
from alpines_privacy.breach.ledger import ANOTHER_WAY

__all__ = ["Event", "Person", "keys_of", "people_of"]

_PAGE = 1_000

_recipient, _evidence = tables.recipient.c, tables.evidence.c


class Event(NamedTuple):
    """What happened to a message: `source` is the digest of a bounce."""

    at: datetime
    what: str
    attempt: int
    code: int | None
    reply: str
    server: str | None
    worker: str | None
    source: str | None


class Person(NamedTuple):
    """A person, and what happened to their messages, the first first."""

    key: str
    message_id: str
    state: str
    reason: str | None
    address: str | None
    language: str | None
    events: Sequence[Event]


def people_of(
    connection: Connection, incident: Incident, *, another_way: bool | None = None
) -> Iterator[Person]:
    """Yield people in the order of their keys: all, those to be told another way, or the others."""
    condition: ColumnElement[bool] = true()
    if another_way is not None:
        told = _recipient.state.not_in(ANOTHER_WAY)
        condition = ~told if another_way else told
    query = (
        select(tables.recipient)
        .where(_recipient.incident_id == incident.id, _recipient.key > bindparam("after"))
        .where(condition)
        .order_by(_recipient.key)
        .limit(_PAGE)
    )
    after = ""
    while rows := connection.execute(query, {"after": after}).all():
        events = _events(connection, [row.id for row in rows])
        yield from (_person(row, incident, events.get(row.id, [])) for row in rows)
        after = rows[-1].key


def keys_of(connection: Connection, incident: Incident) -> Iterator[str]:
    """Yield the keys of all people in their order."""
    query = (
        select(_recipient.key)
        .where(_recipient.incident_id == incident.id, _recipient.key > bindparam("after"))
        .order_by(_recipient.key)
        .limit(10 * _PAGE)
    )
    after = ""
    while keys := connection.scalars(query, {"after": after}).all():
        yield from keys
        after = keys[-1]


_EVENTS = (
    select(
        _evidence.recipient_id, _evidence.at, _evidence.what, _evidence.attempt, _evidence.code,
        func.coalesce(_evidence.reply, "").label("reply"), _evidence.server, _evidence.worker,
        _evidence.source,
    )
    .where(_evidence.recipient_id.in_(bindparam("ids", expanding=True)))
    .order_by(_evidence.recipient_id, _evidence.id)
)  # fmt: skip


def _events(connection: Connection, ids: Sequence[int]) -> dict[int, list[Event]]:
    rows = connection.execute(_EVENTS, {"ids": ids})
    return {
        number: [Event(from_millis(row.at), *row[2:]) for row in group]
        for number, group in groupby(rows, attrgetter("recipient_id"))
    }


def _person(row: Row[Any], incident: Incident, events: Sequence[Event]) -> Person:
    return Person(
        row.key,
        incident.message_id(row.key),
        row.state,
        row.reason,
        row.address,
        row.language,
        events,
    )

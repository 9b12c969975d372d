"""The facts of a report, apart from people: the timeline, counts, digests, and whether numbers add up."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, FromClause, Row, and_, case, func, select

from alpines_privacy.breach import tables
from alpines_privacy.breach.evidence.people import keys_of
from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.incidents import Entry, entries_of, from_millis, millis
from alpines_privacy.breach.ledger import RETRIED, Counts

__all__ = ["Facts", "ImportedList", "Messages", "Notices", "Sum", "Told", "Verdict", "facts_of"]

Verdict = Literal["met", "missed", "open", "nobody"]

_recipient, _evidence = tables.recipient.c, tables.evidence.c


class Told(NamedTuple):
    """The people whose message a server has accepted: when the first and the last was, and how many too late."""

    people: int
    first: datetime | None
    last: datetime | None
    late: int
    twice: int  # accepted more than once: after a crash, with the same Message-ID


class Messages(NamedTuple):
    """The attempts: how many began, and what became of them; the others have no answer in the ledger."""

    began: int = 0
    accepted: int = 0
    deferred: int = 0
    failed: int = 0
    bounced: int = 0
    retried: int = 0  # people put back to be told by mail after all

    @property
    def unanswered(self) -> int:
        """Attempts that began and whose answer was not written."""
        return self.began - self.accepted - self.deferred - self.failed


class ImportedList(NamedTuple):
    """A list of people: its name and digest once it was read whole, and its rows."""

    number: int
    started: datetime
    finished: datetime | None
    name: str | None
    sha256: str | None
    rows: int
    new: int
    known: int
    rejected: int


class Notices(NamedTuple):
    """A sending: the digest of the templates and texts that it sent."""

    at: datetime
    sha256: str | None


class Sum(NamedTuple):
    """Two numbers that have to be equal."""

    what: str
    left: int
    right: int

    @property
    def adds_up(self) -> bool:
        """Whether they are."""
        return self.left == self.right


class Facts(NamedTuple):
    """All that a report says, apart from people."""

    made: datetime
    incident: Incident
    entries: Sequence[Entry]
    states: Counts
    reasons: Mapping[str, int]
    told: Told
    messages: Messages
    lists: Sequence[ImportedList]
    notices: Sequence[Notices]
    recipients_sha256: str
    sums: Sequence[Sum]

    @property
    def verdict(self) -> Verdict:
        """Whether everybody who can be mailed was told by the deadline; "nobody" if there are none."""
        deadline = self.incident.deadline
        if self.told.late or (self.states.remaining and self.made > deadline):
            return "missed"
        if self.states.remaining:
            return "open"
        return "met" if self.told.people else "nobody"

    @property
    def another_way(self) -> int:
        """The people whom mail does not reach."""
        return self.states.failed + self.states.bounced

    @property
    def is_intact(self) -> bool:
        """Whether every entry of the history is as it was written."""
        return all(entry.is_intact for entry in self.entries)


def facts_of(connection: Connection, incident: Incident) -> Facts:
    """Read the facts of an incident in one transaction."""
    entries = entries_of(connection, incident.id)
    states, reasons = _people(connection, incident)
    told, messages = _told(connection, incident), _messages(connection, incident)
    lists = _lists(connection, incident, entries)
    return Facts(
        made=datetime.now(UTC),
        incident=incident,
        entries=entries,
        states=states,
        reasons=reasons,
        told=told,
        messages=messages,
        lists=lists,
        notices=[
            Notices(entry.at, entry.body.get("digest"))
            for entry in entries
            if entry.what == "sending"
        ],
        recipients_sha256=_digest(connection, incident),
        sums=_sums(connection, incident, states, told, lists),
    )


def _people(connection: Connection, incident: Incident) -> tuple[Counts, dict[str, int]]:
    query = (
        select(_recipient.state, _recipient.reason, func.count().label("people"))
        .where(_recipient.incident_id == incident.id)
        .group_by(_recipient.state, _recipient.reason)
        .order_by(_recipient.reason)
    )
    states, reasons = dict.fromkeys(Counts._fields, 0), dict[str, int]()
    for row in connection.execute(query):
        states[row.state] += row.people
        if row.reason is not None:
            reasons[row.reason] = reasons.get(row.reason, 0) + row.people
    return Counts(**states), reasons


def _lasting(incident: Incident, what: str) -> tuple[FromClause, ColumnElement[bool]]:
    """Return the evidence of a kind since each person was last put back: what came before led to nothing."""
    again = (
        select(_evidence.recipient_id, func.max(_evidence.id).label("id"))
        .where(_evidence.incident_id == incident.id, _evidence.what == RETRIED)
        .group_by(_evidence.recipient_id)
        .subquery()
    )
    rows = tables.evidence.outerjoin(again, again.c.recipient_id == _evidence.recipient_id)
    since = _evidence.id > func.coalesce(again.c.id, 0)
    return rows, and_(_evidence.incident_id == incident.id, _evidence.what == what, since)


def _told(connection: Connection, incident: Incident) -> Told:
    """Count people by their first acceptance: what a repeated message does later changes nothing."""
    rows, lasting = _lasting(incident, "accepted")
    first = (
        select(
            _evidence.recipient_id, func.min(_evidence.at).label("at"), func.count().label("times")
        )
        .select_from(rows)
        .where(lasting)
        .group_by(_evidence.recipient_id)
        .subquery()
    )
    is_late = first.c.at > millis(incident.deadline)
    query = (
        select(
            func.count(),
            func.min(first.c.at),
            func.max(first.c.at),
            func.sum(case((is_late, 1), else_=0)),
            func.sum(case((first.c.times > 1, 1), else_=0)),
        )
        .select_from(first)
        .join(tables.recipient, _recipient.id == first.c.recipient_id)
        .where(_recipient.state == "accepted")
    )
    people, begin, end, late, twice = connection.execute(query).one()
    return Told(people, _moment(begin), _moment(end), int(late or 0), int(twice or 0))


def _moment(value: int | None) -> datetime | None:
    return None if value is None else from_millis(value)


def _messages(connection: Connection, incident: Incident) -> Messages:
    query = (
        select(_evidence.what, func.count())
        .where(_evidence.incident_id == incident.id)
        .group_by(_evidence.what)
    )
    return Messages(**{str(what): number for what, number in connection.execute(query)})


def _lists(
    connection: Connection, incident: Incident, entries: Sequence[Entry]
) -> list[ImportedList]:
    known = {entry.body.get("import"): entry.body for entry in entries if entry.what == "imported"}
    query = (
        select(tables.imports)
        .where(tables.imports.c.incident_id == incident.id)
        .order_by(tables.imports.c.id)
    )
    return [_list(row, known.get(row.id, {})) for row in connection.execute(query)]


def _list(row: Row[Any], body: Mapping[str, Any]) -> ImportedList:
    return ImportedList(
        row.id,
        from_millis(row.started),
        _moment(row.finished),
        body.get("list"),
        body.get("sha256"),
        row.rows,
        row.new,
        row.known,
        row.rejected,
    )


def _digest(connection: Connection, incident: Incident) -> str:
    """Return the digest of all keys in their order: it tells one set of people from another."""
    digest = hashlib.sha256()
    for key in keys_of(connection, incident):
        digest.update(f"{key}\n".encode())
    return digest.hexdigest()


def _sums(
    connection: Connection,
    incident: Incident,
    states: Counts,
    told: Told,
    lists: Sequence[ImportedList],
) -> list[Sum]:
    """Compare what was counted in different places of the ledger."""
    people = select(func.count()).where(_recipient.incident_id == incident.id)
    rows, lasting = _lasting(incident, "bounced")
    bounced = (
        select(func.count(func.distinct(_evidence.recipient_id))).select_from(rows).where(lasting)
    )
    read = sum(each.rows for each in lists)
    found = sum(each.new + each.known + each.rejected for each in lists)
    return [
        Sum("rows read; rows new, known and rejected", read, found),
        Sum(
            "people new in lists; people in the ledger",
            sum(each.new for each in lists),
            int(connection.scalar(people) or 0),
        ),
        Sum(
            "people in the ledger; people in all states",
            int(connection.scalar(people) or 0),
            states.total,
        ),
        Sum(
            "people who are accepted; people whose acceptance is in the evidence",
            states.accepted,
            told.people,
        ),
        Sum(
            "people who are bounced; people whose bounce is in the evidence",
            states.bounced,
            int(connection.scalar(bounced) or 0),
        ),
    ]

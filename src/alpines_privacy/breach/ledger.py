"""The ledger: who is to be told, who is being told, who was, and the evidence of each attempt.

A sender works in four calls, from as many processes and machines as it likes:

1. `claim` hands out people who are due, under a lease that ends by itself.
2. `begin`, just before a message leaves, writes that it does, and returns whom it may still go to.
3. `finish` writes what the server answered: accepted, deferred until a time, or failed.
4. `release` gives back what was claimed and not begun, when a sender stops or a domain has to wait.

`record` does the second and the third in one commit.

A process that dies loses nothing: its leases end, and others claim the same people again. Only a
message that was begun and whose answer was not written can leave twice, with the same Message-ID.
`bounce` writes what comes back later. `remaining` says when everybody is done.

A state only moves forward: what a server accepted stays accepted, whoever else claims the person
meanwhile, and what bounced stays bounced. Only an operator moves people back, by `put_back`, and only
those whom mail did not reach. Evidence is only appended to.
"""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    BigInteger,
    Connection,
    Integer,
    and_,
    bindparam,
    cast,
    func,
    insert,
    or_,
    select,
    update,
)

from alpines_privacy.breach import tables
from alpines_privacy.breach.database import Database
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.incidents import append_entry, millis
from alpines_privacy.breach.reasons import BOUNCED

__all__ = [
    "ANOTHER_WAY",
    "RETRIED",
    "STATES",
    "Bounce",
    "Bounced",
    "Claim",
    "Counts",
    "Ledger",
    "Outcome",
    "Remaining",
    "people",
    "worker_name",
]

State = Literal["pending", "sending", "accepted", "deferred", "failed", "bounced"]
STATES: tuple[State, ...] = ("pending", "sending", "accepted", "deferred", "failed", "bounced")
ANOTHER_WAY: tuple[State, ...] = ("failed", "bounced")
"""The states of people whom mail does not reach."""
_LEASE = 600.0  # seconds: longer than any server may take over one message (RFC 5321 §4.5.3.2)
_LONGEST_REPLY = 2000  # characters of a server's reply that are kept
_NOT_ACCEPTED = ("pending", "sending", "deferred", "failed")
_STATEMENT = 1_000  # people of one statement that puts people back
RETRIED = "retried"
"""What the history and the evidence call people who are put back to `pending`."""

_recipient, _evidence = tables.recipient.c, tables.evidence.c


class Claim(NamedTuple):
    """A person whom one worker is to tell, until its lease ends."""

    recipient_id: int
    key: str
    address: str
    name: str | None
    language: str | None
    attempt: int  # from 1
    token: str
    worker: str


class Outcome(NamedTuple):
    """The outcome of an attempt: the server's code and reply; for a deferred one, the next try.

    `reason` says in a word why mail does not reach a failed one; without it the code does.
    """

    claim: Claim
    state: Literal["accepted", "deferred", "failed"]
    code: int | None = None
    reply: str = ""
    server: str = ""
    retry_at: datetime | None = None
    reason: str | None = None


class Bounce(NamedTuple):
    """A notice that came back: the keys of people it may concern, the likeliest first.

    `source` identifies the message that says so, such as a digest of it.
    """

    keys: Sequence[str]
    source: str
    code: int | None = None
    reply: str = ""


# The first message about a person, a later one, one that was written before, one about nobody here.
Bounced = Literal["bounced", "again", "repeated", "unknown"]


class Counts(NamedTuple):
    """The number of people in each state."""

    pending: int = 0
    sending: int = 0
    accepted: int = 0
    deferred: int = 0
    failed: int = 0
    bounced: int = 0

    @property
    def total(self) -> int:
        """All people of the incident."""
        return sum(self)

    @property
    def remaining(self) -> int:
        """People to whom a message is still to be sent."""
        return self.pending + self.sending + self.deferred


def people(count: int) -> str:
    """Return a number of people in words: "1 person", "1,200 people"."""
    return f"{count:,} {'person' if count == 1 else 'people'}"


class Remaining(NamedTuple):
    """The number of people still to be told, and the seconds until the next of them is due."""

    people: int
    seconds: float


def worker_name() -> str:
    """Return how the evidence and the history name this process: its machine, and its number there."""
    return f"{socket.gethostname()} {os.getpid()}"


class Ledger:
    """The recipients of one incident, and the evidence. All methods raise `BreachError`.

    `clock` returns seconds since 1970; without one PostgreSQL's clock counts, so that machines
    whose clocks differ agree on leases, and the machine's own with SQLite.
    """

    def __init__(
        self, database: Database, incident_id: int, *, clock: Callable[[], float] | None = None
    ) -> None:
        self._database = database
        self._incident = incident_id
        self._clock = time.time if clock is None and database.is_sqlite else clock

    def claim(self, worker: str, limit: int, *, lease: float = _LEASE) -> list[Claim]:
        """Claim up to `limit` people who are due, the longest due first, for `lease` seconds.

        No two workers hold the same person: what one is about to take, PostgreSQL skips for others
        (`FOR UPDATE SKIP LOCKED`), and SQLite has one writer.
        """
        token = secrets.token_hex(16)
        with self._database.write() as connection:
            now = self._now(connection)
            given = {"incident": self._incident, "now": now, "limit": limit}
            held = {"until": now + round(lease * 1000), "new_token": token}
            rows = connection.execute(_CLAIM, given | held).all()
        return [_claimed(row, token, worker) for row in sorted(rows)]

    def begin(self, claims: Sequence[Claim], *, lease: float = _LEASE) -> list[Claim]:
        """Write that messages are about to leave, renew their leases, and return whom they may go to.

        A person is left out whose lease has ended or who was claimed, told or bounced meanwhile.
        """
        return self.record((), claims, lease=lease)

    def finish(self, outcomes: Sequence[Outcome]) -> None:
        """Write what became of attempts: the evidence of each, and the states that follow.

        An answer that comes after the lease has ended is evidence all the same; only an acceptance
        then decides the state.
        """
        self.record(outcomes, ())

    def record(
        self,
        outcomes: Sequence[Outcome],
        claims: Sequence[Claim],
        *,
        lease: float = _LEASE,
        again: bool = False,
    ) -> list[Claim]:
        """Write outcomes, and that messages are about to leave; return whom they may go to.

        It is `finish` and `begin` in one commit: a commit costs more than what it holds. With `again`
        the same was tried before, and nobody knows whether it was committed: what is there stays once.
        """
        if any((each.state == "deferred") is (each.retry_at is None) for each in outcomes):
            raise BreachError(
                "an outcome is deferred with the time of the next attempt, or neither"
            )
        with self._database.write() as connection:
            self._lock(connection, [*(outcome.claim for outcome in outcomes), *claims])
            now = self._now(connection)
            ended = [_ended(outcome) for outcome in outcomes]
            self._append(connection, now, _unwritten(connection, ended) if again else ended)
            for outcome, group in _alike(outcomes):
                _settle(connection, outcome, [each.claim for each in group])
            mine = self._begun(connection, now, claims, lease)
            began = [_began(claim) for claim in mine]
            self._append(connection, now, _unwritten(connection, began) if again else began)
            return mine

    @staticmethod
    def _begun(
        connection: Connection, now: int, claims: Sequence[Claim], lease: float
    ) -> list[Claim]:
        held: set[int] = set()
        until = now + round(lease * 1000)
        for token, group in _by_token(claims):
            held |= set(
                connection.scalars(_BEGIN, _held(token, group) | {"now": now, "until": until})
            )
        return [claim for claim in claims if claim.recipient_id in held]

    def release(self, claims: Sequence[Claim], *, until: datetime | None = None) -> None:
        """Give back people who were claimed, and to whom no message has begun to leave.

        Nobody claims them before `until`; without it they are due at once.
        """
        due = {"new_due": millis(until) if until else 0}
        with self._database.write() as connection:
            for token, group in _by_token(claims):
                connection.execute(_RELEASE, _held(token, group) | due)

    def bounce(self, key: str, source: str, *, code: int | None = None, reply: str = "") -> bool:
        """Write that a notice came back; False if this very bounce was written before, or nobody has the key."""
        return self.bounces([Bounce((key,), source, code, reply)])[0] in {"bounced", "again"}

    def bounces(self, bounces: Sequence[Bounce]) -> list[Bounced]:
        """Write which notices came back, in one transaction, and return what each of them was."""
        with self._database.write() as connection:
            people = self._with_keys(connection, {key for each in bounces for key in each.keys})
            now = self._now(connection)
            return [self._bounce(connection, now, each, people) for each in bounces]

    def _with_keys(self, connection: Connection, keys: set[str]) -> dict[str, Any]:
        """Hold the people who have one of these keys, in the order in which senders do."""
        query = (
            select(_recipient.id, _recipient.key, _recipient.attempts)
            .where(_recipient.incident_id == self._incident, _recipient.key.in_(keys))
            .order_by(_recipient.id)
            .with_for_update()
        )
        return {row.key: row for row in connection.execute(query)}

    def _bounce(
        self, connection: Connection, now: int, bounce: Bounce, people: Mapping[str, Any]
    ) -> Bounced:
        row = next((people[key] for key in bounce.keys if key in people), None)
        if row is None:
            return "unknown"
        if _has_bounced(connection, row.id, bounce.source):
            return "repeated"
        bounced = {"recipient_id": row.id, "attempt": row.attempts, "what": "bounced"}
        said = {"code": bounce.code, "reply": bounce.reply[:_LONGEST_REPLY]}
        self._append(connection, now, [bounced | said | {"source": bounce.source}])
        state = {"state": "bounced", "due": None, "token": None, "reason": BOUNCED}
        mine = (_recipient.id == row.id, _recipient.state != "bounced")
        moved = connection.execute(update(tables.recipient).where(*mine).values(state))
        return "bounced" if moved.rowcount else "again"

    def put_back(self, people: Sequence[int], worker: str, said: Mapping[str, Any]) -> int:
        """Put people whom mail did not reach back to `pending`, in one commit; return how many they were.

        Who was accepted meanwhile, or put back by somebody else, is left as they are. The evidence of each
        says why they had not been reached, and the incident's history what `said` holds.
        """
        with self._database.write() as connection:
            now, ids, moved = self._now(connection), sorted(people), 0
            for begin in range(0, len(ids), _STATEMENT):
                rows = connection.execute(
                    _UNREACHED, {"ids": ids[begin : begin + _STATEMENT]}
                ).all()
                connection.execute(_PUT_BACK, {"ids": [row.id for row in rows]})
                self._append(connection, now, [_retried(row, worker) for row in rows])
                moved += len(rows)
            if moved:
                body = {"worker": worker, **said, "people": moved}
                append_entry(connection, self._incident, RETRIED, body)
        return moved

    def known(self, keys: set[str]) -> set[str]:
        """Return those of some keys that people of the incident have."""
        query = select(_recipient.key).where(
            _recipient.incident_id == self._incident, _recipient.key.in_(keys)
        )
        with self._database.read() as connection:
            return set(connection.scalars(query))

    def counts(self) -> Counts:
        """Return the number of people in each state."""
        query = (
            select(_recipient.state, func.count())
            .where(_recipient.incident_id == self._incident)
            .group_by(_recipient.state)
        )
        with self._database.read() as connection:
            return Counts(**{str(state): number for state, number in connection.execute(query)})

    def remaining(self) -> Remaining | None:
        """Return how many people are still to be told, and when the next is due; None if nobody is."""
        waiting = (_recipient.incident_id == self._incident, _recipient.due.is_not(None))
        query = select(func.count(), func.min(_recipient.due)).where(*waiting)
        with self._database.read() as connection:
            people, due = connection.execute(query).one()
            now = self._now(connection)
        return Remaining(people, max(0, due - now) / 1000) if people else None

    def settled_since(self, seconds: float) -> tuple[int, float]:
        """Return how many people were accepted or failed in the last `seconds`, and the seconds since the first."""
        with self._database.read() as connection:
            now = self._now(connection)
            query = select(func.count(), func.min(_evidence.at)).where(
                _evidence.incident_id == self._incident,
                _evidence.at > now - round(seconds * 1000),
                _evidence.what.in_(("accepted", "failed")),
            )
            number, first = connection.execute(query).one()
        return number, (now - first) / 1000 if number else 0.0

    def _lock(self, connection: Connection, claims: Sequence[Claim]) -> None:
        """Take several rows in one order, so that no two workers wait for each other (PostgreSQL)."""
        if not self._database.is_sqlite:
            ids = [claim.recipient_id for claim in claims]
            connection.execute(_LOCK, {"ids": ids})

    def _append(self, connection: Connection, at: int, entries: Sequence[dict[str, Any]]) -> None:
        common = _EMPTY | {"incident_id": self._incident, "at": at}
        if rows := [common | entry for entry in entries]:
            # RETURNING makes one statement of many rows, where a driver would send one for each.
            connection.execute(_APPEND, rows)

    def _now(self, connection: Connection) -> int:
        """Return milliseconds since 1970, by the clock that decides about leases."""
        if self._clock is not None:
            return round(self._clock() * 1000)
        now: int = connection.scalar(_CLOCK) or 0
        return now


_CLOCK = select(cast(func.extract("epoch", func.clock_timestamp()) * 1000, BigInteger))
_DUE = (
    select(_recipient.id)
    .where(_recipient.incident_id == bindparam("incident"), _recipient.due <= bindparam("now"))
    .order_by(_recipient.due, _recipient.id)
    .limit(bindparam("limit", type_=Integer))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_CLAIM = (
    update(tables.recipient)
    .where(_recipient.id.in_(select(_DUE.c.id)))
    .values(
        state="sending",
        due=bindparam("until"),
        token=bindparam("new_token"),
        attempts=_recipient.attempts + 1,
    )
    .returning(
        _recipient.id, _recipient.key, _recipient.address, _recipient.name,
        _recipient.language, _recipient.attempts,
    )
)  # fmt: skip
# Statements are built once: building one takes longer than SQLite takes to run it.
_THESE = _recipient.id.in_(bindparam("ids", expanding=True))
_HELD = and_(_recipient.token == bindparam("held"), _recipient.state == "sending")
_LOCK = select(_recipient.id).where(_THESE).order_by(_recipient.id).with_for_update()
_BEGIN = (
    update(tables.recipient)
    .where(_THESE, _HELD, _recipient.due > bindparam("now"))
    .values(due=bindparam("until"))
    .returning(_recipient.id)
)
_RELEASE = (
    update(tables.recipient)
    .where(_THESE, _HELD)
    .where(
        ~select(_evidence.id)
        .where(_evidence.recipient_id == _recipient.id, _evidence.what == "began")
        .where(_evidence.attempt == _recipient.attempts)
        .exists()
    )
    .values(
        state="pending",
        due=bindparam("new_due"),
        token=None,
        attempts=_recipient.attempts - 1,
    )
)
_NEW: dict[str, Any] = {
    "state": bindparam("new_state"),
    "due": bindparam("new_due"),
    "reason": bindparam("new_reason"),
    "token": None,
}
_SETTLE = update(tables.recipient).where(_THESE, _HELD).values(_NEW)
_ACCEPT = (
    update(tables.recipient)
    .where(_THESE, or_(_HELD, _recipient.state.in_(_NOT_ACCEPTED)))
    .values(_NEW)
)
_UNREACHED = (
    select(_recipient.id, _recipient.state, _recipient.reason, _recipient.attempts)
    .where(_THESE, _recipient.state.in_(ANOTHER_WAY))
    .order_by(_recipient.id)
    .with_for_update()
)
_PUT_BACK = (
    update(tables.recipient)
    .where(_THESE)
    .values({"state": "pending", "due": 0, "reason": None, "token": None})
)
_APPEND = insert(tables.evidence).returning(_evidence.id)
_EMPTY = dict.fromkeys(("code", "reply", "server", "worker", "source"))


def _claimed(row: Any, token: str, worker: str) -> Claim:
    number, key, address, name, language, attempt = row
    return Claim(number, key, address, name, language, attempt, token, worker)


def _held(token: str, claims: Sequence[Claim]) -> dict[str, Any]:
    return {"ids": [claim.recipient_id for claim in claims], "held": token}


def _by_token(claims: Sequence[Claim]) -> Iterator[tuple[str, list[Claim]]]:
    for token, group in groupby(sorted(claims, key=_token), key=_token):
        yield token, list(group)


def _token(claim: Claim) -> str:
    return claim.token


def _began(claim: Claim) -> dict[str, Any]:
    return {
        "recipient_id": claim.recipient_id,
        "attempt": claim.attempt,
        "what": "began",
        "worker": claim.worker,
    }


def _retried(row: Any, worker: str) -> dict[str, Any]:
    return {
        "recipient_id": row.id,
        "attempt": row.attempts,
        "what": RETRIED,
        "worker": worker,
        "reply": row.reason or row.state,
    }


def _ended(outcome: Outcome) -> dict[str, Any]:
    said = {"code": outcome.code, "reply": outcome.reply[:_LONGEST_REPLY], "server": outcome.server}
    return _began(outcome.claim) | said | {"what": outcome.state}


def _unwritten(connection: Connection, entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return those entries about attempts that are not in the ledger yet."""
    names = ("recipient_id", "attempt", "what", "worker")
    query = select(*(_evidence[name] for name in names)).where(
        _evidence.recipient_id.in_([entry["recipient_id"] for entry in entries])
    )
    known = {tuple(row) for row in connection.execute(query)}
    return [entry for entry in entries if tuple(entry[name] for name in names) not in known]


def _alike(outcomes: Sequence[Outcome]) -> Iterator[tuple[Outcome, list[Outcome]]]:
    """Put together what one statement can write."""

    def what(outcome: Outcome) -> tuple[str, str, int, int, str]:
        retry = millis(outcome.retry_at) if outcome.retry_at else 0
        return outcome.claim.token, outcome.state, outcome.code or 0, retry, outcome.reason or ""

    for _, group in groupby(sorted(outcomes, key=what), key=what):
        members = list(group)
        yield members[0], members


def _settle(connection: Connection, outcome: Outcome, claims: Sequence[Claim]) -> None:
    reason = outcome.reason or f"refused-{outcome.code or 'unknown'}"
    values = {
        "new_state": outcome.state,
        "new_due": millis(outcome.retry_at) if outcome.retry_at else None,
        "new_reason": reason if outcome.state == "failed" else None,
    }
    statement = _ACCEPT if outcome.state == "accepted" else _SETTLE
    connection.execute(statement, _held(outcome.claim.token, claims) | values)


def _has_bounced(connection: Connection, recipient_id: int, source: str) -> bool:
    query = select(_evidence.id).where(
        _evidence.recipient_id == recipient_id, _evidence.source == source
    )
    return connection.execute(query).first() is not None

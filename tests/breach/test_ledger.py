"""The ledger: claims, evidence and states, in SQLite and in PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError

from alpines_privacy.breach import ledger as ledger_module
from alpines_privacy.breach import tables
from alpines_privacy.breach.database import Database
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.ledger import Claim, Counts, Ledger, Outcome
from tests.breach.support import bring, opened_ledger, people


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def at(self, seconds: float) -> datetime:
        return datetime.fromtimestamp(self.now + seconds, UTC)


class Kept:
    """A ledger with ten people, its clock and its incident."""

    def __init__(self, database: Database, incident: Incident) -> None:
        self.database, self.incident, self.clock = database, incident, Clock()
        self.ledger = Ledger(database, incident.id, clock=self.clock)

    def evidence(self, claim: Claim) -> list[str]:
        rows = tables.evidence.c
        query = select(rows.what).where(rows.recipient_id == claim.recipient_id).order_by(rows.id)
        with self.database.read() as connection:
            return list(connection.scalars(query))


@pytest.fixture
def kept(url: str, tmp_path: Path) -> Iterator[Kept]:
    with opened_ledger(url) as (database, incident):
        bring(database, incident, people(tmp_path / "ten.csv", 10))
        yield Kept(database, incident)


def accepted(claim: Claim) -> Outcome:
    return Outcome(claim, "accepted", 250, "2.0.0 queued", "mx.example.com")


def test_people_are_handed_out_once(kept: Kept) -> None:
    first, second = kept.ledger.claim("a", 6), kept.ledger.claim("b", 6)
    assert (len(first), len(second)) == (6, 4)
    assert len({claim.recipient_id for claim in first + second}) == 10
    assert kept.ledger.claim("c", 6) == []
    assert kept.ledger.counts() == Counts(sending=10)


def test_a_message_is_begun_and_finished(kept: Kept) -> None:
    claims = kept.ledger.claim("a", 3)
    assert kept.ledger.begin(claims) == claims
    kept.ledger.finish([accepted(claim) for claim in claims])
    assert kept.ledger.counts() == Counts(pending=7, accepted=3)
    assert kept.evidence(claims[0]) == ["began", "accepted"]
    assert claims[0].attempt == 1
    assert claims[0].name is not None
    assert claims[0].name.startswith("Person ")


def test_a_lease_that_ends_hands_people_out_again(kept: Kept) -> None:
    first = kept.ledger.claim("a", 10, lease=60)
    kept.clock.now += 61
    second = kept.ledger.claim("b", 10, lease=60)
    assert {claim.recipient_id for claim in second} == {claim.recipient_id for claim in first}
    assert {claim.attempt for claim in second} == {2}
    assert [claim.key for claim in first] == [
        claim.key for claim in second
    ]  # so the Message-ID is the same
    assert kept.ledger.begin(first) == []
    assert kept.ledger.begin(second) == second


def test_a_lease_that_has_ended_begins_nothing(kept: Kept) -> None:
    claims = kept.ledger.claim("a", 10, lease=60)
    kept.clock.now += 61
    assert kept.ledger.begin(claims) == []


def test_beginning_renews_the_lease(kept: Kept) -> None:
    claims = kept.ledger.claim("a", 10, lease=60)
    kept.clock.now += 50
    kept.ledger.begin(claims, lease=60)
    kept.clock.now += 50
    assert kept.ledger.claim("b", 10) == []


def test_a_deferred_message_is_due_at_its_time(kept: Kept) -> None:
    (claim,) = kept.ledger.begin(kept.ledger.claim("a", 1))
    kept.ledger.finish([Outcome(claim, "deferred", 454, "Throttling", retry_at=kept.clock.at(30))])
    assert kept.ledger.counts() == Counts(pending=9, deferred=1)
    assert claim.recipient_id not in {each.recipient_id for each in kept.ledger.claim("a", 10)}
    kept.clock.now += 30
    (again,) = kept.ledger.claim("a", 10)
    assert (again.recipient_id, again.attempt) == (claim.recipient_id, 2)


def test_a_refused_message_is_listed_for_another_way(kept: Kept) -> None:
    (claim,) = kept.ledger.begin(kept.ledger.claim("a", 1))
    kept.ledger.finish([Outcome(claim, "failed", 550, "no such user")])
    assert kept.ledger.counts() == Counts(pending=9, failed=1)
    with kept.database.read() as connection:
        reason = connection.scalar(
            select(tables.recipient.c.reason).where(tables.recipient.c.id == claim.recipient_id)
        )
    assert reason == "refused-550"


def test_a_late_answer_is_evidence_and_only_an_acceptance_decides(kept: Kept) -> None:
    first = kept.ledger.begin(kept.ledger.claim("a", 2, lease=60), lease=60)
    kept.clock.now += 61
    second = kept.ledger.claim("b", 10)
    one, two = first
    late = [Outcome(one, "accepted", 250), Outcome(two, "failed", 550, "too late")]
    kept.ledger.finish(late)
    begun = kept.ledger.begin(second)
    assert one.recipient_id not in {claim.recipient_id for claim in begun}
    assert two.recipient_id in {claim.recipient_id for claim in begun}
    assert kept.evidence(two)[:2] == ["began", "failed"]
    assert kept.ledger.counts() == Counts(accepted=1, sending=9)


def test_what_was_claimed_and_not_begun_is_given_back(kept: Kept) -> None:
    claims = kept.ledger.claim("a", 10)
    kept.ledger.begin(claims[:1])
    kept.ledger.release(claims)
    assert kept.ledger.counts() == Counts(pending=9, sending=1)
    assert {claim.attempt for claim in kept.ledger.claim("b", 10)} == {1}


def test_a_bounce_counts_once_and_last(kept: Kept) -> None:
    (claim,) = kept.ledger.begin(kept.ledger.claim("a", 1))
    kept.ledger.finish([accepted(claim)])
    assert kept.ledger.bounce(claim.key, "digest of the bounce", code=550, reply="gone")
    assert not kept.ledger.bounce(claim.key, "digest of the bounce", code=550, reply="gone")
    assert not kept.ledger.bounce("0" * 24, "of somebody unknown")
    kept.ledger.finish([accepted(claim)])
    assert kept.ledger.counts() == Counts(pending=9, bounced=1)
    assert kept.evidence(claim) == ["began", "accepted", "bounced", "accepted"]


def test_a_second_bounce_of_a_person_is_recorded_too(kept: Kept) -> None:
    (claim,) = kept.ledger.claim("a", 1)
    assert kept.ledger.bounce(claim.key, "first")
    assert kept.ledger.bounce(claim.key, "second")
    assert kept.evidence(claim) == ["bounced", "bounced"]
    assert kept.ledger.begin([claim]) == []


def test_remaining_says_when_somebody_is_due(kept: Kept) -> None:
    claims = kept.ledger.begin(kept.ledger.claim("a", 10, lease=60), lease=60)
    waiting = kept.ledger.remaining()
    assert waiting is not None
    assert tuple(waiting) == (10, 60.0)
    kept.ledger.finish([accepted(claim) for claim in claims])
    assert kept.ledger.remaining() is None


def test_the_rate_counts_who_was_settled(kept: Kept) -> None:
    claims = kept.ledger.begin(kept.ledger.claim("a", 10))
    kept.ledger.finish([accepted(claim) for claim in claims[:4]])
    kept.clock.now += 20
    kept.ledger.finish([Outcome(claims[4], "failed", 550)])
    kept.ledger.finish([Outcome(claims[5], "deferred", 450, retry_at=kept.clock.at(9))])
    assert kept.ledger.settled_since(600) == (5, 20.0)
    assert kept.ledger.settled_since(10) == (1, 0.0)


@pytest.mark.parametrize("retries", [False, True])
def test_an_outcome_is_deferred_with_a_time_or_neither(kept: Kept, *, retries: bool) -> None:
    (claim,) = kept.ledger.begin(kept.ledger.claim("a", 1))
    wrong = Outcome(
        claim, "accepted" if retries else "deferred", retry_at=kept.clock.at(1) if retries else None
    )
    with pytest.raises(BreachError, match="or neither"):
        kept.ledger.finish([wrong])
    assert kept.evidence(claim) == ["began"]


def test_a_reply_of_any_size_is_kept_in_part(kept: Kept) -> None:
    (claim,) = kept.ledger.begin(kept.ledger.claim("a", 1))
    kept.ledger.finish([Outcome(claim, "failed", 550, "x" * 100_000)])
    with kept.database.read() as connection:
        replies = tables.evidence.c.reply
        assert connection.scalar(select(func.max(func.length(replies)))) == 2000


def test_evidence_is_only_appended_to(kept: Kept) -> None:
    (claim,) = kept.ledger.begin(kept.ledger.claim("a", 1))
    for table in (tables.evidence, tables.history, tables.incident):
        for statement in (update(table).values(id=table.c.id), delete(table)):
            with pytest.raises(DBAPIError), kept.database.engine.begin() as connection:
                connection.execute(statement)
    assert kept.evidence(claim) == ["began"]


def test_two_incidents_share_nobody(kept: Kept, tmp_path: Path) -> None:
    with opened_ledger(kept.database.engine.url.render_as_string(hide_password=False)) as (
        database,
        other,
    ):
        bring(database, other, people(tmp_path / "five.csv", 5))
        assert len(Ledger(database, other.id, clock=kept.clock).claim("a", 100)) == 5
    claims = kept.ledger.claim("a", 100)
    assert len(claims) == 10


def test_sqlite_syncs_what_is_committed(tmp_path: Path) -> None:
    with opened_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as (database, _):
        with database.read() as connection:
            assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
            assert connection.scalar(text("PRAGMA synchronous")) == 2
        assert (tmp_path / "ledger.db").stat().st_mode & 0o777 == 0o600
        assert (tmp_path / "ledger.db-wal").stat().st_mode & 0o777 == 0o600


def test_sqlite_has_one_writer_from_the_beginning_of_a_transaction(tmp_path: Path) -> None:
    """One that reads first and writes then would fail if somebody had written between."""
    path = tmp_path / "ledger.db"
    with opened_ledger(f"sqlite:///{path}") as (database, _):
        other = sqlite3.connect(path, timeout=0, isolation_level=None)
        with database.write(), pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        with database.read():
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
        other.close()


def test_who_is_given_back_until_a_time_is_due_then_and_has_no_attempt_more(kept: Kept) -> None:
    claims = kept.ledger.claim("a", 4)
    kept.ledger.release(claims, until=kept.clock.at(60))
    assert kept.ledger.counts() == Counts(pending=10)
    assert len(kept.ledger.claim("a", 10)) == 6
    kept.clock.now += 61
    again = kept.ledger.claim("a", 10)
    assert sorted(again) == sorted(
        claim._replace(token=again[0].token, worker="a") for claim in claims
    )
    assert {claim.attempt for claim in again} == {1}


def test_outcomes_and_beginnings_are_one_commit(kept: Kept) -> None:
    first, second = kept.ledger.claim("a", 2)
    kept.ledger.begin([first])
    assert kept.ledger.record([accepted(first)], [second]) == [second]
    assert (kept.evidence(first), kept.evidence(second)) == (["began", "accepted"], ["began"])
    assert kept.ledger.record([accepted(second)], [first]) == []
    assert kept.ledger.counts() == Counts(pending=8, accepted=2)


def test_a_reason_is_told_where_no_code_says_it(kept: Kept) -> None:
    claims = kept.ledger.begin(kept.ledger.claim("a", 2))
    reasons = ("no-letter", None)
    kept.ledger.finish(
        [
            Outcome(claim, "failed", 550, reason=why)
            for claim, why in zip(claims, reasons, strict=True)
        ]
    )
    with kept.database.read() as connection:
        rows = tables.recipient.c
        mine = rows.incident_id == kept.incident.id
        found = set(connection.scalars(select(rows.reason).where(mine, rows.state == "failed")))
    assert found == {"no-letter", "refused-550"}


def test_what_is_written_again_after_a_lost_commit_stays_once(kept: Kept) -> None:
    first, second = kept.ledger.claim("a", 2)
    for again in (False, True, True):
        assert kept.ledger.record((), [first, second], again=again) == [first, second]
    later = Outcome(second, "deferred", 451, "later", "mx", kept.clock.at(60))
    for again in (False, True, True):
        kept.ledger.record([accepted(first), later], (), again=again)
    assert kept.evidence(first) == ["began", "accepted"]
    assert kept.evidence(second) == ["began", "deferred"]
    assert kept.ledger.counts() == Counts(pending=8, accepted=1, deferred=1)


def test_what_was_not_committed_is_written_at_the_second_try(kept: Kept) -> None:
    (claim,) = kept.ledger.claim("a", 1)
    assert kept.ledger.record((), [claim], again=True) == [claim]
    kept.ledger.record([accepted(claim)], (), again=True)
    assert kept.evidence(claim) == ["began", "accepted"]


def test_an_empty_file_made_for_the_ledger_becomes_its_owner_s_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.touch(0o644)
    with opened_ledger(f"sqlite:///{path}"):
        assert path.stat().st_mode & 0o077 == 0
        assert Path(f"{path}-wal").stat().st_mode & 0o077 == 0


def test_one_is_a_person() -> None:
    assert [ledger_module.people(count) for count in (0, 1, 2, 1_200)] == [
        "0 people", "1 person", "2 people", "1,200 people",
    ]  # fmt: skip

"""The sender against a server that fails: nobody is skipped, nobody is failed for what is not theirs."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select

from alpines_privacy.breach import tables
from alpines_privacy.breach.delivery import pool, retries, sender
from alpines_privacy.breach.delivery.commits import Commits
from alpines_privacy.breach.delivery.connection import PASSWORD
from alpines_privacy.breach.delivery.entries import pause_of, write_entry
from alpines_privacy.breach.delivery.progress import Ending, Progress
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.evidence.facts import facts_of
from alpines_privacy.breach.incidents import Incidents
from alpines_privacy.breach.ledger import Claim, Counts, Ledger
from tests.breach.delivery.support import (
    Notices,
    Sending,
    entries,
    local,
    opened_sending,
    until,
    written,
)
from tests.breach.support import bring
from tests.support.mail_server import Fault, Faults, MailServer, mail_server, random_faults
from tests.support.processes import free_port

PEOPLE = 60


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connect anew at once."""
    monkeypatch.setattr(pool, "_LONGEST", 0.02)


def told(sending: Sending) -> Counts:
    """Check the ledger's counts against its evidence, and return them."""
    rows = tables.evidence.c
    query = select(rows.recipient_id, rows.what).where(rows.incident_id == sending.incident.id)
    with sending.database.read() as connection:
        kept = {(number, what) for number, what in connection.execute(query)}
    counts = sending.counts()
    assert sum(what == "accepted" for _, what in kept) == counts.accepted
    return counts


def send_to_the_end(
    sending: Sending, server: MailServer, rounds: int = 40, **settings: object
) -> None:
    """Run senders until nobody is left; what waits for half an hour is due at once."""
    for _ in range(rounds):
        sending.due_now()
        smtp = local(server.port, refusals=1.0, **settings)
        ending = sending.run(smtp, limit=sending.counts().remaining)
        if ending.kind == "done":
            return
    raise AssertionError("it never ended")


def test_everybody_gets_one_message() -> None:
    with mail_server() as server, opened_sending(PEOPLE) as sending:
        assert sending.run(local(server.port)) == Ending("done")
        assert told(sending) == Counts(accepted=PEOPLE)
        assert set(server.recipients().values()) == {1}
        assert len(server.recipients()) == PEOPLE
        assert 1 <= server.connections <= 4
        assert entries(sending) == ["sending", "finished"]


def test_a_second_run_sends_nothing() -> None:
    with mail_server() as server, opened_sending(5) as sending:
        sending.run(local(server.port))
        assert sending.run(local(server.port)).kind == "done"
        assert len(server.received) == 5
        assert entries(sending)[-1] == "finished"


@pytest.mark.parametrize("seed", range(4))
def test_a_server_that_fails_at_random_skips_nobody(seed: int) -> None:
    with mail_server(random_faults(seed, 0.25)) as server, opened_sending(PEOPLE) as sending:
        send_to_the_end(sending, server)
        assert told(sending) == Counts(accepted=PEOPLE)
        unanswered = Counter(each.recipient for each in server.received if not each.was_answered)
        for recipient, number in server.recipients().items():
            assert number <= 1 + unanswered[recipient]
        named = {(each.recipient, each.message_id) for each in server.received}
        assert len(named) == PEOPLE
        assert not server.answers["503"]


THROTTLING = [
    ("content", "454 Throttling failure: Maximum sending rate exceeded."),
    ("mail", "421 4.7.0 try again later"),
    ("rcpt", "451 4.7.1 too much mail from you"),
    ("mail", "450 slow down"),
]


@pytest.mark.parametrize(("stage", "answer"), THROTTLING)
def test_throttling_fails_nobody_and_slows_the_sender(stage: str, answer: str) -> None:
    """`454 Throttling` counted as an error: a campaign "finished" after 578 of 1,450."""
    seen = Counter[str]()

    def faults(here: str, _: str) -> str | None:
        seen[here] += 1
        return answer if here == stage and seen[here] % 3 == 0 and seen[here] < 20 else None

    with mail_server(faults) as server, opened_sending(PEOPLE) as sending:
        limits: list[float | None] = []
        sender = sending.sender(local(server.port), limit=PEOPLE)
        asyncio.run(sender.run(lambda progress: limits.append(progress.limit)))
        counts = sending.counts()
        assert counts.failed == 0
        assert counts.accepted + counts.deferred == PEOPLE
        if stage != "rcpt" and not answer.startswith("421"):
            assert counts.deferred
            assert limits[-1] is not None
        sending.due_now()
        send_to_the_end(sending, server)
        assert told(sending) == Counts(accepted=PEOPLE)


def of_some(*named: str, answer: str, stage: str = "rcpt") -> Faults:
    def faults(here: str, recipient: str) -> str | None:
        return answer if here == stage and recipient in named else None

    return faults


PERSON = "person3@mail.example.com"


@pytest.mark.parametrize("stage", ["rcpt", "data", "content"])
@pytest.mark.parametrize("answer", ["550 5.1.1 unknown", "550 No such user", "552 5.2.2 full"])
def test_a_refused_person_is_failed_and_nobody_else(stage: str, answer: str) -> None:
    with (
        mail_server(of_some(PERSON, answer=answer, stage=stage)) as server,
        opened_sending(20) as sending,
    ):
        assert sending.run(local(server.port)).kind == "done"
        assert told(sending) == Counts(accepted=19, failed=1)
        assert PERSON not in server.recipients()
        assert reasons(sending) == {f"refused-{answer[:3]}": 1}


def reasons(sending: Sending) -> dict[str, int]:
    rows = tables.recipient.c
    with sending.database.read() as connection:
        found = connection.scalars(select(rows.reason).where(rows.reason.is_not(None)))
        return dict(Counter(str(reason) for reason in found))


EVERYBODY = [
    ("rcpt", "550 5.7.1 relaying denied", "refuses everybody"),
    ("rcpt", "550 relaying denied", "refuses everybody"),
    ("rcpt", "550 5.1.1 unknown in the table of users", "answers are refusals"),
    ("content", "554 5.7.1 looks like spam", "refuses everybody"),
    ("mail", "553 sender not allowed", "refuses the sender"),
    ("mail", "552 5.3.4 too big", "refuses the sender"),
    ("rcpt", "530 5.7.0 sign in first", "refuses the sender"),
    ("mail", "503 5.5.1 what", "does not follow the protocol"),
]


@pytest.mark.parametrize(("stage", "answer", "words"), EVERYBODY)
def test_a_refusal_of_everybody_pauses_and_fails_nobody(
    stage: str, answer: str, words: str
) -> None:
    def faults(here: str, _: str) -> str | None:
        return answer if here == stage else None

    with mail_server(faults) as server, opened_sending(PEOPLE) as sending:
        ending = sending.run(local(server.port))
        assert ending.kind == "paused"
        assert words in ending.reason
        counts = sending.counts()
        assert (counts.failed, counts.accepted) == (0, 0)
        assert counts.sending == 0
        assert entries(sending) == ["sending", "paused"]
        assert sending.run(local(server.port)) == Ending("paused", ending.reason)
        server.faults = lambda _, __: None
        write_entry(sending.database, sending.incident, "resumed", {})
        send_to_the_end(sending, server)
        assert told(sending) == Counts(accepted=PEOPLE)


@pytest.mark.parametrize("answer", ["550 no such user", "550 5.1.1 no such user"])
def test_a_few_people_who_are_all_refused_pause_too_until_somebody_has_looked(answer: str) -> None:
    def faults(stage: str, _: str) -> str | None:
        return answer if stage == "rcpt" else None

    with mail_server(faults) as server, opened_sending(3) as sending:
        assert sending.run(local(server.port)).kind == "paused"
        assert sending.counts().failed == 0
        write_entry(sending.database, sending.incident, "resumed", {})
        sending.due_now()
        assert sending.run(local(server.port)).kind == "done"
        assert told(sending) == Counts(failed=3)


def test_people_who_are_unknown_are_failed_if_others_were_accepted_before() -> None:
    with mail_server() as server, opened_sending(3) as sending:
        assert sending.run(local(server.port), limit=2).kind == "stopped"
        server.faults = lambda stage, _: "550 5.1.1 unknown" if stage == "rcpt" else None
        assert sending.run(local(server.port)).kind == "done"
        assert told(sending) == Counts(accepted=2, failed=1)


def naming(words: str) -> Faults:
    """Answer everybody with words that say whom they are about, as servers do."""

    def faults(stage: str, recipient: str) -> str | None:
        named = f"{words} {recipient.partition('@')[0]} ({recipient})"
        return named if stage == "rcpt" else None

    return faults


def test_a_reason_to_pause_names_nobody() -> None:
    with mail_server(naming("550 user")) as server, opened_sending(PEOPLE) as sending:
        assert sending.run(local(server.port)).kind == "paused"
        (reason,) = reasons_to_pause(sending)
        assert reason.endswith("550 user [person] ([address])")


def test_a_problem_names_nobody() -> None:
    said: list[Progress] = []

    async def whole(sending: Sending, port: int) -> None:
        work = sending.sender(local(port))
        running = asyncio.create_task(work.run(said.append))
        await until(lambda: any(each.problem for each in said))
        work.stop()
        await running

    with mail_server(naming("no such user")) as server, opened_sending(PEOPLE) as sending:
        asyncio.run(whole(sending, server.port))
    shown = " ".join(each.problem for each in said)
    assert "no such user [person] ([address])" in shown
    assert "@" not in shown


def reasons_to_pause(sending: Sending) -> list[str]:
    history = Incidents(sending.database).history(sending.incident.name)
    return [str(entry.body["reason"]) for entry in history if entry.what == "paused"]


def test_a_share_of_refusals_pauses_every_sender() -> None:
    def faults(stage: str, recipient: str) -> str | None:
        is_odd = recipient.partition("@")[0][-1:] in tuple("13579")
        return "550 5.1.1 unknown" if stage == "rcpt" and is_odd else None

    with mail_server(faults) as server, opened_sending(300) as sending:

        async def both() -> list[Ending]:
            senders = [sending.sender(local(server.port), worker=name) for name in "ab"]
            return list(await asyncio.gather(*(sender.run() for sender in senders)))

        first, second = asyncio.run(both())
        assert first.kind == second.kind == "paused"
        assert "answers are refusals" in first.reason
        counts = sending.counts()
        assert counts.remaining > 100
        assert counts.sending == 0
        assert counts.failed < 60


# What is wrong with the server is told, and costs nobody anything.


def untouched(sending: Sending, number: int) -> bool:
    rows = tables.recipient.c
    with sending.database.read() as connection:
        attempts = set(connection.scalars(select(rows.attempts)))
    return sending.counts() == Counts(pending=number) and attempts == {0}


def test_a_server_that_is_not_there_stops_the_sender() -> None:
    with opened_sending(5) as sending:
        with pytest.raises(BreachError, match="refuses the connection"):
            sending.run(local(free_port()))
        assert untouched(sending, 5)


def test_a_wrong_password_stops_the_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD, "wrong")
    with mail_server(password="right") as server, opened_sending(5) as sending:
        with pytest.raises(BreachError, match="refuses the user or the password"):
            sending.run(local(server.port, user="privacy"))
        assert untouched(sending, 5)


def test_a_busy_server_is_waited_for() -> None:
    greetings = iter(["421 too many", "450 busy"])

    def faults(stage: str, _: str) -> str | None:
        return next(greetings, None) if stage == "connect" else None

    with mail_server() as server, opened_sending(5) as sending:
        server.faults = faults
        assert sending.run(local(server.port)).kind == "done"


def test_a_server_that_goes_away_is_waited_for_and_its_people_lose_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retries, "_FIRST", 0.1)
    with opened_sending(PEOPLE) as sending:
        port = free_port()
        problems: list[str] = []

        async def whole(first: MailServer) -> Ending:
            running = asyncio.create_task(
                sending.sender(local(port), grace=1).run(lambda each: problems.append(each.problem))
            )
            await until(lambda: len(first.received) >= 10)
            first.faults = lambda stage, _: Fault.DROP if stage != "content" else None
            await until(lambda: any(problems))
            first.faults = lambda _, __: None
            return await running

        def slow(stage: str, _: str) -> Fault | None:
            return Fault.SLOW if stage == "content" else None

        with mail_server(slow, port=port) as first:
            ending = asyncio.run(whole(first))
            assert ending.kind == "done" or sending.counts().deferred
            sending.due_now()
            send_to_the_end(sending, first)
        assert told(sending) == Counts(accepted=PEOPLE)


def test_more_connections_than_the_server_allows_are_not_needed() -> None:
    """A server that lets one in at a time gets one at a time."""
    with mail_server() as server, opened_sending(20) as sending:
        inside: list[int] = []

        def faults(stage: str, _: str) -> str | None:
            if stage == "connect":
                inside.append(1)
                return "421 4.7.0 too many connections" if len(inside) > 1 else None
            return None

        server.faults = faults
        assert sending.run(local(server.port, connections=8)).kind == "done"
        assert told(sending) == Counts(accepted=20)


# Stopping, and a database that is lost.


def stop_when(sending: Sending, server: MailServer, number: int, **options: object) -> Ending:
    """Stop a sender once the server has so many messages."""

    async def whole() -> Ending:
        sender = sending.sender(local(server.port), **options)
        running = asyncio.create_task(sender.run())
        await until(lambda: len(server.received) >= number)
        sender.stop("enough")
        return await running

    return asyncio.run(whole())


def test_a_stopped_sender_ends_what_it_began_and_gives_back_the_rest() -> None:
    def slow(stage: str, _: str) -> Fault | None:
        return Fault.SLOW if stage == "rcpt" else None

    with mail_server(slow) as server, opened_sending(200) as sending:
        assert stop_when(sending, server, 20) == Ending("stopped", "enough")
        counts = told(sending)
        assert counts.accepted == len(server.received)
        assert counts.pending == 200 - counts.accepted
        server.faults = lambda _, __: None
        assert sending.run(local(server.port)).kind == "done"
        assert set(server.recipients().values()) == {1}


def test_a_message_that_hangs_when_the_sender_stops_is_tried_again() -> None:
    def faults(stage: str, recipient: str) -> Fault | None:
        return Fault.HANG if stage == "content" and recipient == PERSON else None

    with mail_server(faults) as server, opened_sending(10) as sending:
        assert stop_when(sending, server, 9, grace=0.2).kind == "stopped"
        counts = told(sending)
        assert (counts.accepted, counts.deferred) == (9, 1)
        server.faults = lambda _, __: None
        sending.due_now()
        assert sending.run(local(server.port)).kind == "done"
        ids = {each.message_id for each in server.received if each.recipient == PERSON}
        assert len(ids) == 1


def test_a_limit_stops_it() -> None:
    with mail_server() as server, opened_sending(30) as sending:
        assert sending.run(local(server.port), limit=7).kind == "stopped"
        assert told(sending) == Counts(accepted=7, pending=23)
        assert len(server.received) == 7


class Flaky:
    """A database whose writes fail when they are told to; all else is the real one."""

    def __init__(self, sending: Sending) -> None:
        self._database = sending.database
        self.is_lost = False
        self.failures = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._database, name)

    def write(self) -> object:
        if self.is_lost:
            self.failures += 1
            raise BreachError("sqlite:///ledger.db: the disk is full; nothing of this step is kept")
        return self._database.write()


def test_answers_that_cannot_be_written_are_written_when_they_can_be() -> None:
    with mail_server() as server, opened_sending(PEOPLE) as sending:
        flaky = Flaky(sending)

        async def whole() -> list[Progress]:
            said: list[Progress] = []
            mortal = sending._replace(database=flaky)  # type: ignore[arg-type]  # as far as a sender sees
            running = asyncio.create_task(mortal.sender(local(server.port)).run(said.append))
            await until(lambda: len(server.received) >= 5)
            flaky.is_lost = True
            await until(lambda: flaky.failures > 0 and any(each.problem for each in said))
            flaky.is_lost = False
            assert (await running).kind == "done"
            return said

        said = asyncio.run(whole())
        assert any("disk is full" in each.problem for each in said)
        assert said[-1].problem == ""
        assert told(sending) == Counts(accepted=PEOPLE)
        assert set(server.recipients().values()) == {1}


class Unheard:
    """A ledger whose commits take place, and are not heard of each third time."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._tries = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._ledger, name)

    def record(self, *args: Any, **options: Any) -> list[Claim]:
        held = self._ledger.record(*args, **options)
        self._tries += 1
        if self._tries % 3 == 0:
            raise BreachError("the database was lost")
        return held


def test_commits_that_nobody_heard_of_are_no_second_message_and_no_second_proof(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        sender,
        "Commits",
        lambda ledger, lease: Commits(cast("Ledger", Unheard(ledger)), lease=lease),
    )
    with mail_server() as server, opened_sending(60) as sending:
        assert sending.run(local(server.port)).kind == "done"
        assert len(server.received) == 60
        with sending.database.snapshot() as connection:
            facts = facts_of(connection, sending.incident)
        assert (facts.messages.began, facts.messages.accepted, facts.told.twice) == (60, 60, 0)


def test_a_database_that_stays_away_ends_in_one_line() -> None:
    with mail_server() as server, opened_sending(PEOPLE) as sending:
        flaky = Flaky(sending)

        async def whole() -> None:
            mortal = sending._replace(database=flaky)  # type: ignore[arg-type]  # as far as a sender sees
            sender = mortal.sender(local(server.port), grace=0.2)
            running = asyncio.create_task(sender.run())
            await until(lambda: len(server.received) >= 5)
            flaky.is_lost = True
            await until(lambda: flaky.failures > 0)
            sender.stop()
            await running

        with pytest.raises(BreachError) as raised:
            asyncio.run(whole())
        assert "\n" not in str(raised.value)
        assert "the disk is full" in str(raised.value)
        flaky.is_lost = False
        sending.due_now()
        send_to_the_end(sending, server)
        ids = {(each.recipient, each.message_id) for each in server.received}
        assert len(ids) == PEOPLE
        assert sending.counts().accepted == PEOPLE


# People who cannot be mailed.


def test_people_without_a_letter_and_international_addresses_are_told_another_way(
    tmp_path: Path,
) -> None:
    with mail_server(smtputf8=False) as server, opened_sending(0) as sending:
        addresses = ["jané@example.com", "jane@example.com", "omar@example.com"]
        bring(sending.database, sending.incident, written(tmp_path / "list.csv", addresses))
        refuses: Callable[[object], bool] = lambda claim: claim.address.startswith("omar")  # type: ignore[attr-defined]  # noqa: E731
        notices = Notices(sending.incident, refuses)
        assert sending.run(local(server.port), notices=notices).kind == "done"
        assert told(sending) == Counts(accepted=1, failed=2)
        assert reasons(sending) == {"no-smtputf8": 1, "no-letter": 1}


def test_nobody_to_tell_is_done_at_once() -> None:
    with mail_server() as server, opened_sending(0) as sending:
        assert sending.run(local(server.port)).kind == "done"


def test_after_the_deadline_it_goes_on() -> None:
    with mail_server() as server, opened_sending(5, discovered="2026-01-05 10:00") as sending:
        said: list[Progress] = []
        ending = asyncio.run(sending.sender(local(server.port)).run(said.append))
        assert ending.kind == "done"
        assert said[0].seconds_left < 0
        assert said[0].misses
        assert told(sending) == Counts(accepted=5)


def test_a_pause_is_the_incident_s() -> None:
    with opened_sending(1) as sending:
        assert not pause_of(sending.database, sending.incident).is_paused
        write_entry(sending.database, sending.incident, "paused", {"reason": "look"})
        assert pause_of(sending.database, sending.incident).reason == "look"
        write_entry(sending.database, sending.incident, "resumed", {})
        assert pause_of(sending.database, sending.incident).was_resumed

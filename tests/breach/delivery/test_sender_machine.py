"""The sender against a model of the server, in virtual time: any order of failures, kills, stops and bounces.

Whatever happens, the ledger never says more than the server did, nobody is skipped, and a message
that leaves twice has one Message-ID.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter, defaultdict
from contextlib import suppress
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from alpines_privacy.breach import tables
from alpines_privacy.breach.delivery.entries import pause_of, write_entry
from alpines_privacy.breach.delivery.progress import Ending
from alpines_privacy.breach.delivery.replies import Reply, Stage
from alpines_privacy.breach.delivery.server_errors import ServerError
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.ledger import STATES
from tests.breach.delivery.support import Letter, local, opened_sending
from tests.support.virtual_time import run_virtually

PEOPLE = 4
# What the server does with a person's message: stage, code and text of its answer; none for a lost connection.
ANSWERS: dict[str, tuple[Stage, int | None, str]] = {
    "takes it": (Stage.CONTENT, 250, "2.0.0 queued"),
    "later": (Stage.RCPT, 450, "4.2.1 later"),
    "throttles": (Stage.CONTENT, 454, "4.7.0 Throttling"),
    "closes": (Stage.MAIL, 421, "4.3.2 bye"),
    "refuses the person": (Stage.RCPT, 550, "5.1.1 unknown"),
    "refuses": (Stage.RCPT, 550, "no"),
    "refuses the sender": (Stage.MAIL, 553, "5.7.1 not you"),
    "drops before": (Stage.RCPT, None, "the connection was lost"),
    "drops after": (Stage.CONTENT, None, "the connection was lost"),
    "drops in the middle": (Stage.CONTENT, None, "the connection was lost"),
    "knows no SMTPUTF8": (Stage.ADDRESS, None, "no SMTPUTF8"),
}
TAKEN = {"takes it", "drops after"}
REFUSED = {"refuses the person", "refuses", "knows no SMTPUTF8"}
seen: set[str] = set()


class Server:
    """What a server knows: whom it took messages for, and whom it refused."""

    def __init__(self) -> None:
        self.behaviour: dict[str, str] = defaultdict(lambda: "takes it")
        self.is_up = True
        self.is_cut = False  # whoever talked to it is dead
        self.taken: Counter[str] = Counter()
        self.ids: defaultdict[str, set[bytes]] = defaultdict(set)
        self.refused: set[str] = set()

    async def open(self) -> Link:
        await asyncio.sleep(0.05)
        if not self.is_up:
            raise ServerError("it is down", "absent")
        return Link(self)


class Link:
    """A connection to the model."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.messages = 0
        self.is_open = True

    async def deliver(self, letter: Letter) -> Reply:
        await asyncio.sleep(0.2)
        self.messages += 1
        server, person = self._server, letter.recipient
        behaviour = (
            server.behaviour[person] if server.is_up and not server.is_cut else "drops before"
        )
        stage, code, text = ANSWERS[behaviour]
        self.is_open = code is not None and code != 421
        if behaviour in TAKEN:
            server.taken[person] += 1
            found = re.search(rb"Message-ID: (\S+)", letter.content)
            server.ids[person].add(found[1] if found else b"")
        if behaviour in REFUSED:
            server.refused.add(person)
        return Reply(stage, code, text, "model")

    def drop(self) -> None:
        self.is_open = False

    async def close(self) -> None:
        self.is_open = False


class Killed(BaseException):
    """What a dead process would say to its database."""


class Mortal:
    """A database that a killed process cannot reach any more."""

    def __init__(self, database: Any) -> None:
        self._database = database
        self.is_dead = False

    def __getattr__(self, name: str) -> Any:
        if self.is_dead:
            raise Killed
        return getattr(self._database, name)


class Machine(RuleBasedStateMachine):
    """One incident of a few people, one sender after another."""

    @initialize()
    def open(self) -> None:
        self.now = 1_795_800_000.0
        self.loop: asyncio.AbstractEventLoop | None = None
        self.server = Server()
        self.opened = opened_sending(PEOPLE)
        self.sending = self.opened.__enter__()
        rows = tables.recipient.c
        with self.sending.database.read() as connection:
            found = connection.execute(select(rows.id, rows.key, rows.address))
            self.people = {str(address): (int(number), str(key)) for number, key, address in found}

    def clock(self) -> float:
        return self.now + (self.loop.time() if self.loop is not None else 0)

    @rule(behaviours=st.lists(st.sampled_from(sorted(ANSWERS)), min_size=PEOPLE, max_size=PEOPLE))
    def behave_to_all(self, behaviours: list[str]) -> None:
        for person, behaviour in enumerate(behaviours):
            self.behave(person, behaviour)

    def behave(self, person: int, behaviour: str) -> None:
        self.server.behaviour[f"person{person}@mail.example.com"] = behaviour

    @rule(is_up=st.booleans())
    def go_down_or_up(self, *, is_up: bool) -> None:
        self.server.is_up = is_up

    @rule(seconds=st.sampled_from([0.1, 0.3, 1, 30, 300]))
    def send(self, seconds: float) -> None:
        """Send for a while, and stop."""
        with suppress(BreachError):  # the server is down
            self.run(seconds)
        assert self.sending.counts().sending <= len(self.left_over)

    @rule(seconds=st.sampled_from([0.05, 0.26, 0.3, 0.5, 1, 100]))
    def send_and_die(self, seconds: float) -> None:
        """Send for a while, and be killed."""
        self.run(seconds, dies=True)
        self.left_over = self.in_state("sending")

    left_over: frozenset[str] | set[str] = frozenset()

    def run(self, seconds: float, *, dies: bool = False) -> Ending | None:
        database = Mortal(self.sending.database)
        sending = self.sending._replace(database=database)  # type: ignore[arg-type]  # as far as a sender sees

        async def whole() -> Ending | None:
            self.loop = asyncio.get_running_loop()
            sender = sending.sender(
                local(1, refusals=1.0, connections=2),
                clock=self.clock, grace=5.0, open_link=self.server.open,
            )  # fmt: skip
            running = asyncio.create_task(sender.run())
            await asyncio.wait([running], timeout=seconds)
            if not dies:
                sender.stop()
                return await running
            database.is_dead = self.server.is_cut = True
            running.cancel()
            await asyncio.wait([running])
            if not running.cancelled():
                running.exception()
            return None

        try:
            return run_virtually(whole)
        finally:
            self.now = self.clock()
            self.loop = None
            self.server.is_cut = False

    @rule(seconds=st.sampled_from([10, 60, 700, 4000]))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def resume(self) -> None:
        if pause_of(self.sending.database, self.sending.incident).is_paused:
            write_entry(self.sending.database, self.sending.incident, "resumed", {})

    @rule(person=st.integers(0, PEOPLE - 1))
    def bounce(self, person: int) -> None:
        """Let the notice of one of those come back whom the server took it for."""
        if told := sorted(self.in_state("accepted")):
            self.sending.ledger.bounce(self.people[told[person % len(told)]][1], "a bounce")

    def in_state(self, *states: str) -> set[str]:
        rows = tables.recipient.c
        with self.sending.database.read() as connection:
            found = connection.scalars(select(rows.address).where(rows.state.in_(states)))
            return {str(address) for address in found}

    @invariant()
    def nobody_is_lost(self) -> None:
        counts = self.sending.counts()
        assert counts.total == PEOPLE
        seen.update(state for state, number in zip(STATES, counts, strict=True) if number)

    @invariant()
    def the_ledger_says_no_more_than_the_server_did(self) -> None:
        assert self.in_state("accepted", "bounced") <= set(self.server.taken)
        assert self.in_state("failed") <= self.server.refused

    @invariant()
    def no_message_leaves_without_a_record_and_twice_only_with_one_id(self) -> None:
        rows = tables.evidence.c
        query = (
            select(rows.recipient_id, func.count())
            .where(rows.what == "began")
            .group_by(rows.recipient_id)
        )
        with self.sending.database.read() as connection:
            began = {int(number): int(count) for number, count in connection.execute(query)}
        for person, number in self.server.taken.items():
            assert number <= began[self.people[person][0]]
            assert len(self.server.ids[person]) == 1

    def teardown(self) -> None:
        """Whatever happened, nobody is skipped: a server that works gets everybody's message."""
        if not hasattr(self, "sending"):
            return
        try:
            self.server.behaviour.clear()
            self.server.is_up = True
            self.resume()
            ending = self.run(100_000)
            assert ending is not None
            assert ending.kind == "done"
            told = self.in_state("accepted", "bounced")
            assert told | self.in_state("failed") == set(self.people)
            assert told <= set(self.server.taken)
            self.nobody_is_lost()
        finally:
            self.opened.__exit__(None, None, None)


def reach_every_state() -> None:
    """Take the machine through each state, whatever chance does."""
    machine = Machine()
    machine.open()
    machine.nobody_is_lost()
    machine.behave(0, "refuses the person")
    machine.behave(1, "later")
    machine.send_and_die(0.3)
    machine.nobody_is_lost()
    machine.wait(700)
    machine.send(300)
    machine.nobody_is_lost()
    for person in range(PEOPLE):
        machine.bounce(person)
    machine.nobody_is_lost()
    machine.the_ledger_says_no_more_than_the_server_did()
    machine.teardown()


def test_the_sender_and_a_model_of_the_server_agree() -> None:
    run_state_machine_as_test(
        Machine, settings=settings(max_examples=20, stateful_step_count=15, deadline=None)
    )
    reach_every_state()
    assert seen == set(STATES), "every state is reached"

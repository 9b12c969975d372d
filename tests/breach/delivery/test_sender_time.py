"""What takes minutes or hours, in virtual time: slow servers, throttling servers, slow domains, deadlines."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from alpines_privacy.breach import tables
from alpines_privacy.breach.delivery.progress import Ending, Progress
from alpines_privacy.breach.delivery.replies import Reply, Stage
from alpines_privacy.breach.ledger import Counts
from tests.breach.delivery.support import Letter, Sending, local, opened_sending, written
from tests.breach.support import bring
from tests.support.virtual_time import run_virtually

TAKEN = Reply(Stage.CONTENT, 250, "2.0.0 queued", "model")


class Server:
    """A server in the loop of its clients: each message takes a while, and is answered by a function."""

    def __init__(
        self, answer: Callable[[str], Reply] = lambda _: TAKEN, seconds: float = 0.05
    ) -> None:
        self.answer = answer
        self.seconds = seconds
        self.got: Counter[str] = Counter()
        self.asked: list[float] = []
        self.opened = 0
        self.longest_life = 10**9  # messages after which a connection is closed

    async def open(self) -> Link:
        self.opened += 1
        return Link(self)


class Link:
    def __init__(self, server: Server) -> None:
        self._server = server
        self.messages = 0
        self.is_open = True

    async def deliver(self, letter: Letter) -> Reply:
        server = self._server
        if self.messages >= server.longest_life:
            self.is_open = False
            return Reply(Stage.MAIL, None, "the connection was lost", "model")
        self.messages += 1
        server.asked.append(asyncio.get_running_loop().time())
        reply = server.answer(letter.recipient)
        await asyncio.sleep(server.seconds)
        if reply == TAKEN:
            server.got[letter.recipient] += 1
        return reply

    def drop(self) -> None:
        self.is_open = False

    async def close(self) -> None:
        self.is_open = False


class Sent:
    """How a sending went."""

    def __init__(self, ending: Ending, seconds: float, said: list[Progress]) -> None:
        self.ending, self.seconds, self.said = ending, seconds, said


def send(sending: Sending, server: Server, **settings: object) -> Sent:
    """Send in virtual time, from a moment of the incident's day."""
    began = datetime(2026, 11, 28, 9, tzinfo=UTC).timestamp()

    async def whole() -> Sent:
        loop = asyncio.get_running_loop()
        said: list[Progress] = []
        smtp = local(1, **({"refusals": 1.0} | settings))
        sender = sending.sender(smtp, clock=lambda: began + loop.time(), open_link=server.open)
        ending = await sender.run(said.append)
        return Sent(ending, loop.time(), said)

    return run_virtually(whole)


@pytest.fixture
def sending() -> Iterator[Sending]:
    with opened_sending(60) as opened:
        yield opened


def began_records(sending: Sending) -> int:
    with sending.database.read() as connection:
        rows = tables.evidence.c
        return connection.scalar(select(func.count()).where(rows.what == "began")) or 0


def test_leases_are_renewed_for_messages_that_wait_for_a_slow_server(sending: Sending) -> None:
    server = Server(seconds=70)
    sent = send(sending, server, connections=1)
    assert sent.ending.kind == "done"
    assert sent.seconds > 4000
    assert set(server.got.values()) == {1}
    assert sending.counts() == Counts(accepted=60)
    assert began_records(sending) > 60


def test_connections_that_are_closed_between_messages_are_nobody_s_attempt(
    sending: Sending,
) -> None:
    server = Server()
    server.longest_life = 7
    assert send(sending, server).ending.kind == "done"
    assert sending.counts() == Counts(accepted=60)
    assert began_records(sending) == 60
    assert server.opened >= 60 // 7


class Throttle:
    """A server's rule: so many messages a second, and 454 for the others."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._tokens, self._then = rate, 0.0
        self.refused = 0

    def __call__(self, _: str) -> Reply:
        now = asyncio.get_running_loop().time()
        self._tokens = min(self._rate, self._tokens + (now - self._then) * self._rate)
        self._then = now
        if self._tokens >= 1:
            self._tokens -= 1
            return TAKEN
        self.refused += 1
        return Reply(
            Stage.CONTENT, 454, "Throttling failure: Maximum sending rate exceeded.", "model"
        )


def test_a_server_with_a_limit_that_nobody_told_us_gets_what_it_takes() -> None:
    """1,450 people at 14 a second: elsewhere the campaign was "finished" after 578."""
    throttle = Throttle(14)
    with opened_sending(1450) as sending:
        sent = send(sending, Server(throttle))
        assert sent.ending.kind == "done"
        assert sending.counts() == Counts(accepted=1450)
        assert sent.seconds < 10 * 1450 / 14
        assert throttle.refused < 1450 / 4
        assert any(each.limit is not None for each in sent.said)


def test_a_set_rate_is_kept(sending: Sending) -> None:
    server = Server()
    send(sending, server, rate=2.0)
    per_second = Counter(int(moment) for moment in server.asked)
    assert max(per_second.values()) <= 3
    assert server.asked[-1] >= 27


def test_one_slow_domain_holds_up_no_other(tmp_path: Path) -> None:
    addresses = [f"p{index}@slow.example.com" for index in range(300)]
    addresses += [f"p{index}@d{index % 40}.example.com" for index in range(200)]
    server = Server()
    when: dict[str, float] = {}

    def answer(recipient: str) -> Reply:
        when[recipient] = asyncio.get_running_loop().time()
        return TAKEN

    server.answer = answer
    with opened_sending(0) as sending:
        bring(sending.database, sending.incident, written(tmp_path / "list.csv", addresses))
        sent = send(sending, server, domain_rate=1.0)
        assert sent.ending.kind == "done"
        assert sending.counts() == Counts(accepted=500)
    slow = [moment for who, moment in when.items() if "@slow" in who]
    others = [moment for who, moment in when.items() if "@slow" not in who]
    assert max(others) < 60
    assert max(slow) >= 250
    assert max(Counter(int(moment / 10) for moment in slow).values()) <= 13


def test_who_is_deferred_is_tried_again_before_the_deadline(sending: Sending) -> None:
    """A server that says later for two hours, two hours before the deadline."""
    until = (
        datetime(2026, 11, 30, 18, 59, 59, tzinfo=UTC) - datetime(2026, 11, 28, 9, tzinfo=UTC)
    ).total_seconds()
    start = until - 7200

    def answer(_: str) -> Reply:
        now = asyncio.get_running_loop().time()
        return (
            Reply(Stage.RCPT, 450, "4.2.0 later", "model") if start < now < until - 120 else TAKEN
        )

    server = Server(answer)

    async def whole() -> Ending:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(start + 1)
        began = datetime(2026, 11, 28, 9, tzinfo=UTC).timestamp()
        sender = sending.sender(
            local(1, refusals=1.0), clock=lambda: began + loop.time(), open_link=server.open
        )
        ending = await sender.run()
        assert loop.time() < until
        return ending

    assert run_virtually(whole).kind == "done"
    assert sending.counts() == Counts(accepted=60)


def test_memory_does_not_grow_with_the_list() -> None:
    """Few people are claimed at once, however many there are."""
    with opened_sending(2000) as sending:
        claimed: list[int] = []

        def answer(_: str) -> Reply:
            if len(claimed) < 50:
                claimed.append(sending.counts().sending)
            return TAKEN

        send(sending, Server(answer))
        assert max(claimed) <= 200

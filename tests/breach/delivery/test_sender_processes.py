"""Senders in processes of their own, killed in the middle, and four at once: counted against what a server took.

`BREACH_PEOPLE=50000` is the whole test (`make kill`); here fewer people show the same.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select

from alpines_privacy.breach import tables
from alpines_privacy.breach.ledger import Counts
from tests.breach.delivery.support import Sending, opened_sending
from tests.support.processes import free_port, program

PEOPLE = int(os.environ.get("BREACH_PEOPLE", "3000"))
KILLS = 10
PATIENCE = 60 + PEOPLE / 20  # seconds


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """The port of a server, and the file in which it keeps what it took."""
    port, file = free_port(), tmp_path / "taken"
    file.touch()
    command = [sys.executable, "-m", "tests.breach.delivery.sink", str(port), str(file)]
    with program(command, port, tmp_path, env=os.environ | {"PYTHONPATH": _path()}):
        yield port, file


def _path() -> str:
    return os.pathsep.join(
        filter(None, [str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH")])
    )


@contextmanager
def started(
    number: int, url: str, sending: Sending, port: int
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run senders; whoever still runs at the end is killed."""
    running = [start(url, sending, port) for _ in range(number)]
    try:
        yield running
    finally:
        for process in running:
            process.kill()
            process.wait()


def start(url: str, sending: Sending, port: int) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "tests.breach.delivery.worker",
        url,
        sending.incident.name,
        str(port),
    ]
    return subprocess.Popen(command, env=os.environ | {"PYTHONPATH": _path()})  # noqa: S603 - the tests' own program


def taken(file: Path) -> list[str]:
    return file.read_text().splitlines()


def wait_for(file: Path, number: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until the server took so many messages, or the sender has ended."""
    deadline = time.monotonic() + PATIENCE
    while file.read_bytes().count(b"\n") < number and process.poll() is None:
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


def reconcile(sending: Sending, file: Path, number: int) -> Counter[str]:
    """Check the ledger against what the server took, and return who got how many."""
    assert sending.counts() == Counts(accepted=number)
    lines = taken(file)
    assert not any(line.startswith("503") for line in lines)
    got = Counter(line.split()[0] for line in lines)
    assert len(got) == number
    assert len(set(lines)) == number, "a message that leaves twice has one Message-ID"
    rows, people = tables.evidence.c, tables.recipient.c
    query = (
        select(people.address, func.count())
        .join(tables.evidence, rows.recipient_id == people.id)
        .where(people.incident_id == sending.incident.id, rows.what == "began")
        .group_by(people.address)
    )
    with sending.database.read() as connection:
        began = {str(address): int(count) for address, count in connection.execute(query)}
    assert all(times <= began[address] for address, times in got.items())
    return got


def test_a_sender_that_is_killed_ten_times_skips_nobody(
    sink: tuple[int, Path], tmp_path: Path
) -> None:
    port, file = sink
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    with opened_sending(PEOPLE, url) as sending:
        for kill in range(1, KILLS + 1):
            with started(1, url, sending, port) as (process,):
                wait_for(file, kill * PEOPLE // (KILLS + 2), process)
                process.send_signal(signal.SIGKILL)
        with started(1, url, sending, port) as (process,):
            assert process.wait(PATIENCE) == 0
        got = reconcile(sending, file, PEOPLE)
        repeated = sum(times - 1 for times in got.values())
        print(f"{PEOPLE:,} people, {KILLS} kills: {len(got):,} told, {repeated} messages repeated")  # noqa: T201
        assert repeated <= KILLS * 60, "no more than were in flight"


def test_four_processes_share_a_list(server: str, sink: tuple[int, Path]) -> None:
    port, file = sink
    with opened_sending(400, server) as sending, started(4, server, sending, port) as running:
        assert [process.wait(PATIENCE) for process in running] == [0] * 4
        got = reconcile(sending, file, 400)
        assert set(got.values()) == {1}
        rows = tables.evidence.c
        with sending.database.read() as connection:
            mine = rows.incident_id == sending.incident.id
            workers = connection.scalars(select(rows.worker).where(mine).distinct()).all()
        assert len(workers) > 1

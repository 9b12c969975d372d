"""Four processes on one ledger, some of them killed: everybody is told, and nobody twice without a reason."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import func, select

from alpines_privacy.breach import tables
from alpines_privacy.breach.database import Database
from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.ledger import Ledger
from tests.breach.support import bring, opened_ledger, people, wait_until

PEOPLE = 150
PATIENCE = 120


@contextmanager
def workers(
    url: str, incident: Incident, lease: float, folder: Path
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run four senders until the block ends."""
    running = [start(url, incident, lease, seed, folder) for seed in range(4)]
    try:
        yield running
    finally:
        for process in running:
            process.kill()
            process.wait()


def start(
    url: str, incident: Incident, lease: float, seed: int, folder: Path
) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "tests.breach.worker",
        url,
        str(incident.id),
        str(lease),
        str(seed),
    ]
    return subprocess.Popen([*command, str(folder / f"{seed}.sink")])  # noqa: S603 - the tests' own program


def lines(folder: Path, word: str) -> Counter[str]:
    """Count what senders wrote: how often each key was claimed or sent."""
    written = "".join(sink.read_text() for sink in folder.glob("*.sink"))
    return Counter(line.split()[1] for line in written.splitlines() if line.startswith(word))


def has_sent(folder: Path, number: int) -> bool:
    return lines(folder, "sent").total() >= number


def begun(database: Database, incident: Incident) -> Counter[str]:
    """Count what the ledger says has begun to leave."""
    rows, kept = tables.evidence.c, tables.recipient.c
    query = (
        select(kept.key, func.count())
        .join(tables.evidence, rows.recipient_id == kept.id)
        .where(kept.incident_id == incident.id, rows.what == "began")
        .group_by(kept.key)
    )
    with database.read() as connection:
        return Counter({str(key): int(number) for key, number in connection.execute(query)})


def test_four_processes_share_the_work_and_nobody_is_claimed_twice(
    url: str, tmp_path: Path
) -> None:
    with opened_ledger(url) as (database, incident):
        bring(database, incident, people(tmp_path / "people.csv", PEOPLE))
        with workers(url, incident, 600, tmp_path) as running:
            assert [process.wait(PATIENCE) for process in running] == [0] * 4
        counts = Ledger(database, incident.id).counts()
        assert (counts.total, counts.remaining) == (PEOPLE, 0)
        rows = tables.recipient.c
        query = select(rows.key, rows.attempts).where(rows.incident_id == incident.id)
        with database.read() as connection:
            attempts = {str(key): int(number) for key, number in connection.execute(query)}
        assert len(attempts) == PEOPLE
        assert lines(tmp_path, "claimed") == lines(tmp_path, "sent") == attempts


def test_killed_processes_skip_nobody(url: str, tmp_path: Path) -> None:
    """What may leave twice is what had begun, as far as the ledger knows; the rest leaves once."""
    with opened_ledger(url) as (database, incident):
        bring(database, incident, people(tmp_path / "people.csv", PEOPLE))
        with workers(url, incident, 5, tmp_path) as running:
            for victim in range(3):
                goal = (victim + 1) * PEOPLE // 5
                wait_until(partial(has_sent, tmp_path, goal))
                running[victim].kill()
                running.append(start(url, incident, 5, 10 + victim, tmp_path))
            assert [process.wait(PATIENCE) for process in running[3:]] == [0] * 4
        counts = Ledger(database, incident.id).counts()
        assert (counts.total, counts.remaining) == (PEOPLE, 0)
        sent, started = lines(tmp_path, "sent"), begun(database, incident)
        assert set(started) == set(attempted(database, incident))
        assert all(number <= started[key] for key, number in sent.items())
        assert set(sent) >= set(attempted(database, incident, "accepted"))


def attempted(database: Database, incident: Incident, *states: str) -> list[str]:
    """Return the keys of people in these states, or of all."""
    rows = tables.recipient.c
    query = select(rows.key).where(rows.incident_id == incident.id)
    if states:
        query = query.where(rows.state.in_(states))
    with database.read() as connection:
        return [str(key) for key in connection.scalars(query)]

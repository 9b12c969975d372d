"""`python -m benchmarks.breach`: an import, the ledger's work for each message, and whole messages to a local sink.

Rows and messages a second by the clock, and per second of processor: on a machine that others use,
the second is what the code costs. A message is a share of a claim, and two records: that it is about
to leave, and what the server answered. The ledger syncs the disk at each commit, so the rate of fsync
bounds what one process can do with a commit for each record; senders with several connections put
the records of several messages into one. A whole message is composed, begun, given to a server of
another process that takes everything, and finished; that server's own work is in no row.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from tests.breach.delivery.support import Notices as ShortNotices
from tests.support.processes import free_port, program

from alpines_privacy.breach.columns import guess_columns
from alpines_privacy.breach.database import Database
from alpines_privacy.breach.delivery.sender import Sender
from alpines_privacy.breach.imports import import_people
from alpines_privacy.breach.incident import Incident, IncidentDraft
from alpines_privacy.breach.incidents import Incidents
from alpines_privacy.breach.ledger import Ledger, Outcome
from alpines_privacy.breach.notice.notices import Notices
from alpines_privacy.breach.sources.detect import open_list
from alpines_privacy.policy.smtp import Smtp

_LINE = "{:<44}{:>12}{:>12}{:>12}"
_DRAFT = {
    "name": "bench",
    "zone": "UTC",
    "discovered": "2026-01-05 10:00",
    "kinds": ["EMAIL"],
    "what_happened": "-",
    "what_we_do": "-",
    "what_you_can_do": "-",
    "contact": "-",
    "email": "privacy@example.com",
}


class _Took(NamedTuple):
    number: int
    clock: float
    cpu: float


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.breach", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 2_000_000])
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--url", help="a PostgreSQL database; without it SQLite's file")
    parser.add_argument("--folder", help="where the list and SQLite's file are written")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        _measure(asked.one, asked.messages, asked.url, asked.folder)
        return
    print(_LINE.format("", "a second", "a CPU s", "MB at most"))
    for rows in asked.rows:  # each in a process of its own, whose memory is its own
        again = [sys.executable, "-m", "benchmarks.breach", "--one", str(rows)]
        more = ["--messages", str(asked.messages)]
        more += [
            part
            for name in ("url", "folder")
            if (value := getattr(asked, name))
            for part in (f"--{name}", value)
        ]
        subprocess.run([*again, *more], check=True)  # noqa: S603 - this very module


def _measure(rows: int, messages: int, url: str | None, folder: str | None) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as name:
        place = Path(name)
        path = _written(place / "people.csv", rows)
        database = Database(url or f"sqlite:///{place / 'ledger.db'}", create=True)
        draft = IncidentDraft.from_mapping(_DRAFT | {"name": f"bench-{os.urandom(4).hex()}"})
        incident = Incidents(database).open(draft)
        _print(f"import of {rows:,} rows", _took(lambda: _import(database, incident, path)))
        ledger = Ledger(database, incident.id)
        for group in (1, 20):
            count = messages // (10 if group == 1 else 1)
            took = _took(lambda group=group, count=count: _send(ledger, count, group))  # type: ignore[misc]
            _print(f"ledger, {group} message(s) in a commit", took)
        _sent(database, incident, messages, place)
        _print("fsync of 4 KB, the same disk", _took(lambda: _synced(place / "disk", 500)))
        database.close()


def _written(path: Path, rows: int) -> Path:
    """Write a list in which one in fifty addresses is there twice, and one in a thousand is wrong."""
    with path.open("w", encoding="utf-8") as file:
        file.write("id,Email,First name,Last name,Language\n")
        for row in range(rows):
            who = row * 7_919 % rows if row % 50 else 1
            at = "@" if row % 1_000 else " at "
            file.write(f"{row},Person.{who}{at}mail{row % 5_000}.example.com,Jane,Doe-{row},en\n")
    return path


def _import(database: Database, incident: Incident, path: Path) -> int:
    source = open_list(path)
    columns = guess_columns(source.columns, list(islice(source.rows(), 200)), {})
    return import_people(database, incident, source, columns, path.with_suffix(".rejects")).rows


def _send(ledger: Ledger, messages: int, group: int) -> int:
    sent = 0
    while sent < messages and (claims := ledger.claim("bench", 100)):
        for begin in range(0, len(claims), group):
            begun = ledger.begin(claims[begin : begin + group])
            ledger.finish(
                [Outcome(each, "accepted", 250, "2.0.0 queued as 1A2B3C", "mx") for each in begun]
            )
            sent += len(begun)
    return sent


def _sent(database: Database, incident: Incident, messages: int, place: Path) -> None:
    """Send messages as `breach send` does, with its own notices and with short ones."""
    port, file = free_port(), place / "taken"
    command = [sys.executable, "-m", "tests.breach.delivery.sink", str(port), str(file)]
    with program(command, port, place):
        for name, notices in (
            ("sent to a local sink, notices composed", Notices(incident)),
            ("sent to a local sink, short messages", ShortNotices(incident)),
        ):
            smtp = Smtp(host="127.0.0.1", port=port, security="none", connections=8)
            sender = Sender(database, incident, notices, smtp, worker="bench", limit=messages // 4)
            _print(name, _took(lambda sender=sender: _run(sender, file)))  # type: ignore[misc]


def _run(sender: Sender, file: Path) -> int:
    before = file.read_bytes().count(b"\n")
    asyncio.run(sender.run())
    return file.read_bytes().count(b"\n") - before


def _synced(path: Path, times: int) -> int:
    with path.open("wb", buffering=0) as file:
        for _ in range(times):
            file.write(bytes(4096))
            os.fsync(file.fileno())
    return times


def _took(work: Callable[[], int]) -> _Took:
    clock, cpu = time.perf_counter(), time.process_time()
    number = work()
    return _Took(number, time.perf_counter() - clock, time.process_time() - cpu)


def _print(what: str, took: _Took) -> None:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rate, of_cpu = took.number / took.clock, took.number / max(took.cpu, 1e-9)
    print(_LINE.format(what, f"{rate:,.0f}", f"{of_cpu:,.0f}", f"{most:,.0f}"), flush=True)


if __name__ == "__main__":
    main()

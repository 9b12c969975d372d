"""Incidents and lists that tests begin with."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from alpines_privacy.breach.columns import Columns, guess_columns, named_columns
from alpines_privacy.breach.database import Database
from alpines_privacy.breach.imports import Imported, import_people
from alpines_privacy.breach.incident import Incident, IncidentDraft
from alpines_privacy.breach.incidents import Incidents
from alpines_privacy.breach.sources.detect import Reading, open_list
from alpines_privacy.breach.sources.source import Source

__all__ = [
    "DRAFT",
    "bring",
    "columns_of",
    "draft",
    "fast_folder",
    "opened_ledger",
    "people",
    "wait_until",
]

DRAFT: dict[str, Any] = {
    "name": "lost-laptop",
    "zone": "Asia/Karachi",
    "discovered": "2026-11-27 18:40",
    "kinds": ["EMAIL", "names of schools"],
    "what_happened": "A laptop was stolen.",
    "what_we_do": "Its keys are revoked.",
    "what_you_can_do": "Change your password.",
    "contact": "Data protection, 021 111 222 333",
    "email": "Privacy@Example.com",
}


def draft(**changes: Any) -> IncidentDraft:
    return IncidentDraft.from_mapping(DRAFT | changes)


@contextmanager
def fast_folder() -> Iterator[Path]:
    """A folder in memory where there is one: what is tested is not the disk."""
    memory = Path("/dev/shm")  # noqa: S108 - Linux's
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


@contextmanager
def opened_ledger(url: str, **changes: Any) -> Iterator[tuple[Database, Incident]]:
    """A ledger with an incident of a name that no other test uses."""
    database = Database(url, create=True)
    try:
        changes = {"name": f"incident-{os.urandom(6).hex()}"} | changes
        yield database, Incidents(database).open(draft(**changes))
    finally:
        database.close()


def people(path: Path, number: int) -> Path:
    """Write a list of that many people."""
    rows = (f"{index},person{index}@mail.example.com,Person {index}" for index in range(number))
    path.write_text("\n".join(["id,email,name", *rows]) + "\n", "utf-8")
    return path


def columns_of(source: Source, mapped: Sequence[str] = ()) -> Columns:
    sample = list(islice(source.rows(), 100))
    return guess_columns(source.columns, sample, named_columns(mapped, source.columns))


def wait_until(holds: Callable[[], bool]) -> None:
    """Look again and again until something holds."""
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


def bring(
    database: Database,
    incident: Incident,
    path: Path,
    mapped: Sequence[str] = (),
    reading: Reading | None = None,
) -> Imported:
    """Import a file as the command does."""
    source = open_list(path, reading)
    rejects = path.with_name(f"{path.name}.rejects.csv")
    return import_people(database, incident, source, columns_of(source, mapped), rejects)

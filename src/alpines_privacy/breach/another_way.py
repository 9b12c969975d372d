"""A list, for letters and calls, of the people whom mail does not reach."""

from __future__ import annotations

import codecs
import csv
from pathlib import Path

from sqlalchemy import select

from alpines_privacy.breach import tables
from alpines_privacy.breach.database import Database
from alpines_privacy.breach.ledger import ANOTHER_WAY
from alpines_privacy.breach.private_file import private_file
from alpines_privacy.breach.rejects import spreadsheet_safe

__all__ = ["write_another_way"]

_COLUMNS = ("reason", "name", "person", "phone", "postal", "address", "language")


def write_another_way(database: Database, incident_id: int, path: Path) -> int:
    """Write a file of CSV, for its owner alone, or none of it, and return the number of people.

    Raises `BreachError` if it cannot be written, or is there already.
    """
    people = tables.recipient.c
    query = (
        select(*(people[name] for name in _COLUMNS))
        .where(people.incident_id == incident_id, people.state.in_(ANOTHER_WAY))
        .order_by(people.id)
        .execution_options(yield_per=5_000)
    )
    number = 0
    with private_file(path) as file, database.read() as connection:
        writer = csv.writer(codecs.getwriter("utf-8")(file))
        writer.writerow(_COLUMNS)
        for row in connection.execute(query):
            writer.writerow([spreadsheet_safe(cell or "") for cell in row])
            number += 1
    return number

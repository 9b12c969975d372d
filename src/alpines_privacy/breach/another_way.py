"""A list, for letters and calls, of the people whom mail does not reach.

Who has another address in the ledger, by the operator's own identifier, is in the list all the same: an
identifier may be a household's or a firm's. The column `elsewhere` says whether mail reaches that address.
"""

from __future__ import annotations

import codecs
import csv
from pathlib import Path
from typing import Any

from sqlalchemy import Select, Subquery, case, func, select

from alpines_privacy.breach import tables
from alpines_privacy.breach.database import Database
from alpines_privacy.breach.ledger import ANOTHER_WAY
from alpines_privacy.breach.private_file import private_file
from alpines_privacy.breach.rejects import spreadsheet_safe

__all__ = ["write_another_way"]

_COLUMNS = ("reason", "name", "person", "phone", "postal", "address", "language")
_ELSEWHERE = "elsewhere"  # accepted, or pending while a message is still to be sent


def write_another_way(database: Database, incident_id: int, path: Path) -> int:
    """Write a file of CSV, for its owner alone, or none of it, and return the number of people.

    Raises `BreachError` if it cannot be written, or is there already.
    """
    number = 0
    with private_file(path) as file, database.read() as connection:
        writer = csv.writer(codecs.getwriter("utf-8")(file))
        writer.writerow([*_COLUMNS, _ELSEWHERE])
        for row in connection.execute(_people(incident_id)):
            writer.writerow([spreadsheet_safe(cell or "") for cell in row])
            number += 1
    return number


def _people(incident_id: int) -> Select[Any]:
    people, others = tables.recipient.c, _reached(incident_id)
    return (
        select(*(people[name] for name in _COLUMNS), others.c.state)
        .outerjoin(others, others.c.person == people.person)
        .where(people.incident_id == incident_id, people.state.in_(ANOTHER_WAY))
        .order_by(people.id)
        .execution_options(yield_per=5_000)
    )


def _reached(incident_id: int) -> Subquery:
    """Return the identifiers of people whom mail reaches at any address, or will be sent to."""
    people = tables.recipient.c
    is_accepted = func.max(case((people.state == "accepted", 1), else_=0)) == 1
    return (
        select(people.person, case((is_accepted, "accepted"), else_="pending").label("state"))
        .where(people.incident_id == incident_id, people.person.is_not(None))
        .where(people.state.not_in(ANOTHER_WAY))
        .group_by(people.person)
        .subquery()
    )

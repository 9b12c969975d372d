"""A list of people read, understood and brought into the ledger, in one call."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from alpines_privacy.breach.columns import Columns, guess_columns, named_columns
from alpines_privacy.breach.database import Database
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.imports import Imported, import_people
from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.opening import Policy, ledger_and_incident
from alpines_privacy.breach.sources.detect import Reading, open_list
from alpines_privacy.breach.sources.query import Query
from alpines_privacy.breach.sources.source import Source

__all__ = ["ListOptions", "import_into", "import_list"]

_SAMPLE = 200  # rows that columns are guessed from


class ListOptions(NamedTuple):
    """A list of people and how it is read; what is None is guessed.

    `mapped` names columns: `email=Mail`, `name=First+Last`. `rejects` is where bad rows go.
    """

    file: Path | None = None
    query: str | None = None
    database: str | None = None
    mapped: Sequence[str] = ()
    reading: Reading = Reading()
    rejects: Path | None = None


def import_list(  # noqa: PLR0913 - a list, and how it is read
    file: str | os.PathLike[str] | None = None,
    name: str | None = None,
    *,
    query: str | None = None,
    database: str | None = None,
    mapped: Sequence[str] = (),
    encoding: str | None = None,
    delimiter: str | None = None,
    head: bool | None = None,
    rejects: str | os.PathLike[str] | None = None,
    agree: Callable[[Source, Columns, Incident], bool] | None = None,
    ledger: str | None = None,
    policy: Policy = None,
) -> Imported:
    """Bring the people of a list into the ledger: CSV, TSV, JSON lines, Parquet, Arrow, or a query.

    `agree` sees how the list is read before anything is stored, and may say no. Rows that cannot be
    used go to `rejects`, by default `FILE.rejects.csv` in the current folder. Raises `BreachError`.
    """
    asked = ListOptions(
        None if file is None else Path(file), query, database, mapped,
        Reading(encoding, delimiter, head), None if rejects is None else Path(rejects),
    )  # fmt: skip
    with ledger_and_incident(name, ledger, policy) as (kept, incident):
        return import_into(kept, incident, asked, agree=agree)[0]


def import_into(
    database: Database,
    incident: Incident,
    asked: ListOptions,
    *,
    agree: Callable[[Source, Columns, Incident], bool] | None = None,
    progress: Callable[[Imported], None] = lambda _: None,
) -> tuple[Imported, Path]:
    """Bring a list into an open ledger; return the counts, and where rejects are if there are any."""
    source = _source(asked)
    said = named_columns(asked.mapped, source.columns)
    columns = guess_columns(source.columns, list(islice(source.rows(), _SAMPLE)), said)
    if agree is not None and not agree(source, columns, incident):
        raise BreachError("nothing is stored")
    path = asked.rejects or Path(f"{asked.file.name if asked.file else 'query'}.rejects.csv")
    if asked.file and path.absolute() == asked.file.absolute():
        raise BreachError("the rejects file is the list itself; expected another")
    return import_people(database, incident, source, columns, path, progress), path


def _source(asked: ListOptions) -> Source:
    if (asked.file is None) is (asked.query is None) or (asked.query is None) is not (
        asked.database is None
    ):
        raise BreachError("expected a FILE, or --query with --database")
    if asked.query is not None and asked.database is not None:
        return Query(asked.query, asked.database)
    return open_list(Path(str(asked.file)), asked.reading)

"""The rows of an SQL query, on any database that SQLAlchemy has a driver for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import text

from alpines_privacy.breach.database import engine_of, explained, without_password
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.sources.source import Row, named_once

__all__ = ["Query"]

_BATCH = 5_000


class Query:
    """A query, run anew for each reading, in a transaction that is rolled back."""

    identity = None  # a database may answer with other rows, or the same in another order

    def __init__(self, query: str, url: str) -> None:
        self.name = without_password(url)
        self._query = text(query.replace(":", r"\:"))  # no colon stands for a parameter
        self._engine = engine_of(url, keeps=False)
        self.columns = self._columns()

    def facts(self) -> Sequence[tuple[str, str]]:
        """Return the database."""
        return [("format", "rows of a query"), ("database", self.name)]

    def rows(self) -> Iterator[Row]:
        """Read all rows, numbered from 1."""
        with explained(self.name), self._engine.connect() as connection:
            streaming = connection.execution_options(yield_per=_BATCH)
            for number, cells in enumerate(streaming.execute(self._query), 1):
                yield Row(number, cells)

    def _columns(self) -> list[str]:
        with explained(self.name), self._engine.connect() as connection:
            result = connection.execution_options(yield_per=1).execute(self._query)
            if not result.returns_rows:
                raise BreachError("the query returns no rows; expected a SELECT")
            return named_once(map(str, result.keys()))

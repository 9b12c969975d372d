"""The interface of all lists of people: named columns, and rows read one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

__all__ = ["Row", "Source", "named_once"]


class Row(NamedTuple):
    """A row: where it begins, all its cells, and why it cannot be used (empty if it can)."""

    line: int  # from 1, the head included; the row's number where there are no lines
    cells: Sequence[Any]  # as many as columns, unless there is a problem
    problem: str = ""


class Source(Protocol):
    """A list of people, which can be read from its beginning any number of times."""

    @property
    def name(self) -> str:
        """The file's name, or the database's URL without its password."""

    @property
    def identity(self) -> str | None:
        """The digest of a file's bytes; None where rows may come in another order."""

    @property
    def columns(self) -> Sequence[str]:
        """The names of the columns, each once."""

    def facts(self) -> Sequence[tuple[str, str]]:
        """Return what was found out about the list, as it is shown: `("encoding", "UTF-8")`."""

    def rows(self) -> Iterator[Row]:
        """Read all rows."""


def named_once(names: Iterable[str]) -> list[str]:
    """Return the names of columns, each once: one that is taken gets its number behind it."""
    taken: dict[str, None] = {}
    for number, given in enumerate(names, 1):
        name = given
        while name in taken:
            name = f"{name} ({number})"
        taken[name] = None
    return list(taken)

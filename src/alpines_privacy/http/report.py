"""Notices to developers: on one logger, each once, never with a visitor's value."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import NamedTuple

__all__ = ["DEFECT", "Notices", "Removal", "logger"]

logger = logging.getLogger("alpines_privacy")

_MOST = 1000
# What a notice of an exception of ours says.
DEFECT = "A defect in %s: %s at %s. The request went on; please report it."


class Removal(NamedTuple):
    """One removal from a response: what was removed, the host it led to, and why.

    `rule` and `list` are None if no rule matched (a report to an undeclared third party), `company`
    for an unknown host. No address is kept: it may identify the visitor.
    """

    what: str
    host: str
    rule: str | None
    list: str | None
    company: str | None


class Notices:
    """Logs each notice once, however often it happens; stops counting at a thousand.

    `prefix` goes before each. Not locked: two threads may at worst log the same notice twice.
    """

    __slots__ = ("_prefix", "_said")

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._said: set[tuple[str, str]] = set()

    def once(self, message: str, name: str, *args: object, level: int = logging.WARNING) -> None:
        """Log `message % (name, *args)` unless this message was logged for this name before."""
        key = (message, name)
        if key not in self._said and len(self._said) < _MOST:
            self._said.add(key)
            logger.log(level, self._prefix + message, name, *args)  # noqa: G003 - a constant and a constant

    def failure(self, name: str) -> None:
        """Log the exception being handled, once for each `name`: its type and place, never its text.

        What an exception says may quote what a visitor sent.
        """
        error = sys.exc_info()[1]
        place = (
            traceback.extract_tb(error.__traceback__)[-1] if error and error.__traceback__ else None
        )
        where = f"{place.filename}:{place.lineno}" if place else "an unknown place"
        self.once(
            DEFECT,
            name,
            type(error).__name__,
            where,
            level=logging.ERROR,
        )

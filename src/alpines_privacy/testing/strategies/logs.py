"""Log records with personal data in them, and what of it must not be seen (policy §3)."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from hypothesis import strategies as st

from alpines_privacy.testing.strategies.personal import Personal, personal_values

__all__ = ["LogRecord", "log_records"]


class LogRecord(NamedTuple):
    """A call of a logger: `logger.log(level, message, *args, extra=extra)`.

    `hidden` are the values of which no output may hold one; `seen` is text that stays.
    """

    level: int
    message: str
    args: tuple[Any, ...]
    extra: Mapping[str, Any]
    hidden: Sequence[str]
    seen: str

    def log(self, logger: logging.Logger) -> None:
        """Log it, as an app does."""
        logger.log(self.level, self.message, *self.args, extra=self.extra)


def _in_the_message(word: str, first: Personal, second: Personal) -> tuple[str, tuple[Any, ...]]:
    return f"{word} {first.written} and {second.written}".replace("%", "%%"), ()


def _as_arguments(word: str, first: Personal, second: Personal) -> tuple[str, tuple[Any, ...]]:
    return "%s from %s and %s", (word, first.written, second.written)


def _by_name(word: str, first: Personal, second: Personal) -> tuple[str, tuple[Any, ...]]:
    return f"{word} %(one)s, %(two)s", ({"one": first.written, "two": second.written},)


def _in_a_list(word: str, first: Personal, second: Personal) -> tuple[str, tuple[Any, ...]]:
    return f"{word} %r", ([first.written, {"x": second.written}],)


def _as_json(word: str, first: Personal, second: Personal) -> tuple[str, tuple[Any, ...]]:
    key = "full_name" if first.kind == "NAME" else first.kind.lower()  # things have names too
    return f"{word} %s", (json.dumps({key: first.value, "x": second.written}),)


_SHAPES: Sequence[Callable[[str, Personal, Personal], tuple[str, tuple[Any, ...]]]] = (
    _in_the_message,
    _as_arguments,
    _by_name,
    _in_a_list,
    _as_json,
)


@st.composite
def log_records(draw: st.DrawFn, values: st.SearchStrategy[Personal] | None = None) -> LogRecord:
    """Return calls of a logger with two pieces of personal data: in the text, the arguments, `extra`."""
    values = personal_values() if values is None else values
    first, second = draw(values), draw(values)
    word = draw(st.sampled_from(["order placed", "login refused", "mail sent", "retrying"]))
    message, args = draw(st.sampled_from(_SHAPES))(word, first, second)
    extras: list[dict[str, Any]] = [{}, {"who": first.written}, {"seen_by": [second.written]}]
    extra = draw(st.sampled_from(extras))
    level = draw(st.sampled_from([logging.INFO, logging.WARNING, logging.ERROR]))
    return LogRecord(level, message, args, extra, (first.value, second.value), word)

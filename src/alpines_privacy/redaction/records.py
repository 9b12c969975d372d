"""Log records of a request, cleaned of the values the app hid with `privacy.hide(value, kind)`.

One hook stands at `Logger.callHandlers`, the last place all handlers share: it sees records of
loggers that do not propagate and reaches handlers added later, which filters on the root logger
do not. A record without a hidden value is not touched; one that has any is changed in place.

Values are replaced as plain text. A compiled pattern would outlive the request in `re`'s cache,
with the value in it.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from typing import Any, TypeAlias

from alpines_privacy.http.context import running

__all__ = ["install", "uninstall"]

Hidden: TypeAlias = "tuple[tuple[str, str], ...]"

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_NOTICE = "A log record was withheld, because hiding a value in it failed (%s)."


class _Hook:
    """The hook and whether it acts. Others patch the same place, so it stays there for good."""

    def __init__(self) -> None:
        self.active = False
        self.placed = False

    def place(self) -> None:
        call_handlers = logging.Logger.callHandlers

        def call_handlers_cleaned(logger: logging.Logger, record: logging.LogRecord) -> None:
            privacy = running.get()
            if privacy.hidden and self.active and not privacy.ended:
                _clean(record, privacy.hidden)
            call_handlers(logger, record)

        setattr(logging.Logger, "callHandlers", call_handlers_cleaned)  # noqa: B010 - no type allows it
        self.placed = True


_hook = _Hook()


def install() -> None:
    """Let the hook act, for the whole process; a second call does nothing more."""
    if not _hook.placed:
        _hook.place()
    _hook.active = True


def uninstall() -> None:
    """Let records pass as they are."""
    _hook.active = False


def _clean(record: logging.LogRecord, hidden: Hidden) -> None:
    """Clean a record in place; if that fails, withhold it: the raw text never leaves."""
    try:
        _clean_message(record, hidden)
        _clean_exception(record, hidden)
        if record.stack_info:
            record.stack_info = _without(record.stack_info, hidden)
        for name in record.__dict__.keys() - _STANDARD:
            record.__dict__[name] = _cleaned(record.__dict__[name], hidden)
    except Exception as error:
        record.msg, record.args = _NOTICE, (type(error).__name__,)
        record.exc_info = record.exc_text = record.stack_info = None
        for name in record.__dict__.keys() - _STANDARD:
            record.__dict__[name] = "[withheld]"


def _clean_message(record: logging.LogRecord, hidden: Hidden) -> None:
    """Clean template and arguments each, so that `args` keep the shape a formatter may unpack.

    A value that only the assembled message shows, or an argument that no longer fits its
    conversion (`%d`), makes the assembled text the message.
    """
    message = record.getMessage()
    cleaned = _without(message, hidden)
    if cleaned == message:
        return
    template, arguments = record.msg, record.args
    record.msg = _cleaned(template, hidden)
    record.args = _cleaned(arguments, hidden)
    try:
        fits = record.getMessage() == cleaned
    except (TypeError, ValueError):
        fits = False
    if not fits:
        record.msg, record.args = cleaned, ()


def _clean_exception(record: logging.LogRecord, hidden: Hidden) -> None:
    """Put a cleaned traceback in the place where formatters look first, and drop the live one."""
    if record.exc_info and record.exc_info[1] is not None:
        text = record.exc_text or "".join(traceback.format_exception(record.exc_info[1])).rstrip(
            "\n"
        )
        cleaned = _without(text, hidden)
        if cleaned != text:
            record.exc_text, record.exc_info = cleaned, None
    elif record.exc_text:
        record.exc_text = _without(record.exc_text, hidden)


def _cleaned(value: Any, hidden: Hidden) -> Any:
    """Return a value without hidden text: itself where there is none, containers in their shape."""
    if isinstance(value, str):
        return _without(value, hidden)
    if isinstance(value, Mapping):
        return {_cleaned(key, hidden): _cleaned(item, hidden) for key, item in value.items()}
    if type(value) in {list, tuple, set, frozenset}:
        return type(value)(_cleaned(item, hidden) for item in value)
    text = str(value)
    cleaned = _without(text, hidden)
    return value if cleaned == text else cleaned


def _without(text: str, hidden: Hidden) -> str:
    for value, kind in hidden:
        if value in text:
            text = text.replace(value, f"[{kind}]")
    return text

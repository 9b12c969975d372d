"""The hook on the standard library's logging: installed once in a process, switched off by a flag.

`Logger.callHandlers` is the last function that all handlers share. Unlike filters on the root logger, it
sees records of loggers that do not propagate, and reaches handlers added later. Text that a handler's
filters and formatter add after that is cleaned in `Handler.filter` and `Handler.format`; where neither
is the app's, nothing is judged twice. `Formatter.formatException` covers exceptions that reach a
formatter otherwise, and the queue listener covers records from other processes. Uncaught exceptions go
to stderr, which is a log in containers.

Other libraries patch the same functions, so the hooks are never removed; a flag stops them.
"""

from __future__ import annotations

import logging
import logging.handlers
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import wraps
from types import FunctionType, TracebackType
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from alpines_privacy.http.context import Runtime
from alpines_privacy.http.privacy import Privacy, context_of, current_privacy, request_context
from alpines_privacy.redaction.engine.one_line import one_line
from alpines_privacy.redaction.engine.redactor import Redactor
from alpines_privacy.redaction.logs.cleaning import Cleaner
from alpines_privacy.redaction.logs.exceptions import identity, rendered
from alpines_privacy.redaction.logs.formatters import adds_nothing
from alpines_privacy.redaction.logs.installed import active_cleaner, installed
from alpines_privacy.redaction.logs.records import clean, clean_changed, withhold

__all__ = ["install", "install_for", "uninstall"]

_RECORD_NOTICE = "A record was withheld: redacting it failed."
_NOTICE_OF_FORMAT = "A record was withheld: redacting what its formatter made of it failed (%s)."
# Python 3.12 lets a filter return a record.
_RETURNS_RECORDS = sys.version_info >= (3, 12)
_NOTICE = "[an exception was withheld: redacting it failed (%s)]"


_current_privacy = current_privacy.get
_hooked: list[bool] = []  # whether the hooks are installed; they are never removed


def install(redactor: Redactor | None = None) -> None:
    """Keep personal data out of all logs of this process.

    A redactor replaces all earlier ones, those of policies too; without one the earlier ones stay in use.
    """
    if redactor is not None or installed.cleaner is None:
        installed.replace(redactor or Redactor())
    _activate()


def install_for(runtime: Runtime, redactor: Redactor) -> None:
    """Clean the records of a guard's requests by a redactor, and all other records at least as strictly."""
    installed.add(redactor, runtime)
    _activate()


def uninstall() -> None:
    """Stop cleaning: records pass unchanged."""
    installed.is_active = False


def _activate() -> None:
    installed.is_active = True
    if not _hooked:
        _hooked.append(True)
        _hook_loggers()
        _hook_handlers()
        _hook_failures()
        _hook_formatters()
        _hook_queues()
        _hook_listeners()
        _hook_stderr()


def _notice_for(record: logging.LogRecord, error: Exception) -> logging.LogRecord:
    """Return a notice for a record that could not be cleaned: the record itself with the notice, if it can hold one."""
    try:
        withhold(record, error)
    except Exception:
        return logging.LogRecord(record.name, record.levelno, "", 0, _RECORD_NOTICE, (), None)
    return record


def _hook_loggers() -> None:
    call_handlers = logging.Logger.callHandlers

    def call_handlers_cleaned(logger: logging.Logger, record: logging.LogRecord) -> None:
        if installed.is_active:  # as `active_cleaner` does, without the call
            context = context_of(_current_privacy())
            cleaner = installed.cleaner if context is None else context.runtime.cleaner
            if cleaner is not None:
                try:
                    clean(record, cleaner, logger)
                except Exception as error:
                    record = _notice_for(record, error)
        call_handlers(logger, record)

    setattr(logging.Logger, "callHandlers", call_handlers_cleaned)  # noqa: B010 - no type allows it


def _hook_handlers() -> None:
    _hook_filters()
    _hook_formats()
    formatted = logging.Handler.format
    is_own = formatted.__module__ == "logging"  # and not replaced by another library

    def format_cleaned(handler: logging.Handler, record: logging.LogRecord) -> Any:
        formatter = handler.formatter
        if is_own and formatter is not None and adds_nothing(formatter):
            return formatter.format(record)  # all that it does, without the call
        text = formatted(handler, record)
        if formatter is None or (cleaner := active_cleaner()) is None:
            return text
        try:
            return text if adds_nothing(formatter) else cleaner.data(text)
        except Exception as error:
            return _NOTICE_OF_FORMAT % type(error).__name__

    setattr(logging.Handler, "format", format_cleaned)  # noqa: B010 - no type allows it


def _hook_formats() -> None:
    """Clean the text of handlers whose class has a `format` of its own, those defined later too."""
    made = logging.Handler.__init__

    def init_noted(handler: logging.Handler, *args: Any, **kwargs: Any) -> None:
        made(handler, *args, **kwargs)
        _clean_format(type(handler))

    for kind in _subclasses(logging.Handler):
        _clean_format(kind)
    setattr(logging.Handler, "__init__", init_noted)  # noqa: B010 - as below


def _subclasses(kind: type[logging.Handler]) -> Iterator[type[logging.Handler]]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def _clean_format(kind: type[logging.Handler]) -> None:
    """Clean what the `format` of a class and of those above it returns, below `logging.Handler`."""
    for base in kind.__mro__[: kind.__mro__.index(logging.Handler)]:
        own = vars(base).get("format")
        if isinstance(own, FunctionType) and own not in _cleaned_formats:
            with suppress(TypeError, AttributeError):  # a class that cannot be changed
                setattr(base, "format", _cleaned_format(own))  # noqa: B010 - as below


_cleaned_formats: WeakSet[Callable[..., Any]] = WeakSet()


def _cleaned_format(own: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(own)
    def format_cleaned(handler: logging.Handler, record: logging.LogRecord) -> Any:
        text = own(handler, record)
        if (cleaner := active_cleaner()) is None:
            return text
        try:
            return cleaner.data(text)
        except Exception as error:
            return _NOTICE_OF_FORMAT % type(error).__name__

    _cleaned_formats.add(format_cleaned)
    return format_cleaned


def _hook_filters() -> None:
    filtered = logging.Handler.filter
    is_own = filtered.__module__ == "logging"  # as above

    def filter_cleaned(handler: logging.Handler, record: logging.LogRecord) -> Any:
        if is_own and not handler.filters:
            return record if _RETURNS_RECORDS else True  # as above
        if not handler.filters or (cleaner := active_cleaner()) is None:
            return filtered(handler, record)
        before = record.__dict__.copy()
        passed: Any = _passed(filtered, handler, record)
        if not passed:
            return passed
        # Since Python 3.12 a filter may return another record, and may also have changed the one it got.
        for left in (record, passed) if isinstance(passed, logging.LogRecord) else (record,):
            try:
                clean_changed(left, before, cleaner)
            except Exception as error:
                _replace_by_notice(left, error)
        return passed

    setattr(logging.Handler, "filter", filter_cleaned)  # noqa: B010 - no type allows it


def _passed(
    filtered: Callable[..., Any], handler: logging.Handler, record: logging.LogRecord
) -> Any:
    """Return the answer of a handler's filters; if one fails on a surrogate, the record passes, as it is clean."""
    try:
        return filtered(handler, record)
    except Exception:
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if error is None or not identity(error)[1]:
            raise
        return True


def _hook_failures() -> None:
    """Make a failing handler report its failure without the content of the record and the stack."""
    failed = logging.Handler.handleError

    def handle_error_cleaned(handler: logging.Handler, record: logging.LogRecord) -> None:
        error = sys.exc_info()[1]
        if error is None or not logging.raiseExceptions or (cleaner := active_cleaner()) is None:
            failed(handler, record)
        elif sys.stderr is not None:
            text = _safely(cleaner, rendered, error, error.__traceback__)
            where = _safely(cleaner, one_line, f"{record.name}, {record.pathname}:{record.lineno}")
            with suppress(OSError):  # as `logging` does
                sys.stderr.write(f"--- Logging error ---\n{text}\nOf a record of {where}\n")

    setattr(logging.Handler, "handleError", handle_error_cleaned)  # noqa: B010 - no type allows it


def _replace_by_notice(record: logging.LogRecord, error: Exception) -> None:
    """Turn a record into a notice: before Python 3.12 a filter cannot return another record."""
    if (notice := _notice_for(record, error)) is not record:
        record.__class__ = logging.LogRecord
        record.__dict__.clear()
        record.__dict__.update(notice.__dict__)


def _hook_formatters() -> None:
    format_exception = logging.Formatter.formatException

    def format_exception_cleaned(formatter: logging.Formatter, ei: Any) -> str:
        if (cleaner := active_cleaner()) is None:
            return format_exception(formatter, ei)
        return _safely(cleaner, format_exception, formatter, ei)

    setattr(logging.Formatter, "formatException", format_exception_cleaned)  # noqa: B010 - as above


# Records in a queue of this process whose request has a policy of its own.
_queued: WeakKeyDictionary[logging.LogRecord, Privacy] = WeakKeyDictionary()


def _hook_queues() -> None:
    """Note the request that a record belongs to: its handlers run in a thread that serves no request."""
    enqueue = logging.handlers.QueueHandler.enqueue

    def enqueue_noted(handler: logging.handlers.QueueHandler, record: logging.LogRecord) -> None:
        context = request_context()
        if context is not None and context.runtime.cleaner is not installed.cleaner:
            with suppress(TypeError):  # a record whose class cannot be hashed
                _queued[record] = current_privacy.get()
        enqueue(handler, record)

    setattr(logging.handlers.QueueHandler, "enqueue", enqueue_noted)  # noqa: B010 - no type allows it


def _hook_listeners() -> None:
    handle = logging.handlers.QueueListener.handle

    def handle_cleaned(listener: logging.handlers.QueueListener, record: logging.LogRecord) -> None:
        token = None if (privacy := _request_of(record)) is None else current_privacy.set(privacy)
        try:
            if (cleaner := active_cleaner()) is not None:
                try:
                    clean(record, cleaner, listener.handlers)
                except Exception as error:
                    record = _notice_for(record, error)
            handle(listener, record)
        finally:
            if token is not None:
                current_privacy.reset(token)

    setattr(logging.handlers.QueueListener, "handle", handle_cleaned)  # noqa: B010 - as above


def _request_of(record: logging.LogRecord) -> Privacy | None:
    with suppress(TypeError):  # as above
        return _queued.pop(record, None)
    return None


def _hook_stderr() -> None:
    """Replace Python's own excepthooks; hooks of others stay."""
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _show
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _show_of_thread
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _show_unraisable


def _show(kind: type[BaseException], error: BaseException, tb: TracebackType | None) -> None:
    if (cleaner := active_cleaner()) is None:
        sys.__excepthook__(kind, error, tb)
    elif sys.stderr is not None:
        print(_safely(cleaner, rendered, error, tb), file=sys.stderr)  # noqa: T201 - an excepthook writes to stderr


def _show_of_thread(args: threading.ExceptHookArgs) -> None:
    if (cleaner := active_cleaner()) is None or args.exc_value is None:
        threading.__excepthook__(args)
    elif not isinstance(args.exc_value, SystemExit) and sys.stderr is not None:
        name = args.thread.name if args.thread is not None else "unknown"
        text = _safely(cleaner, rendered, args.exc_value, args.exc_traceback)
        where = _safely(cleaner, str, f"Exception in thread {name}:")
        print(f"{where}\n{text}", file=sys.stderr)  # noqa: T201 - as above


def _show_unraisable(args: sys.UnraisableHookArgs) -> None:
    """Write an exception that nobody can catch, as of `__del__` or at exit."""
    if (cleaner := active_cleaner()) is None or args.exc_value is None:
        sys.__unraisablehook__(args)
    elif sys.stderr is not None:
        where = _safely(cleaner, _place_of_unraisable, args)
        text = _safely(cleaner, rendered, args.exc_value, args.exc_traceback)
        print(f"{where}\n{text}", file=sys.stderr)  # noqa: T201 - as above


def _place_of_unraisable(args: sys.UnraisableHookArgs) -> str:
    what = args.err_msg or "Exception ignored in"
    return f"{what}:" if args.object is None else f"{what}: {args.object!r}"


def _safely(cleaner: Cleaner, render: Callable[..., str], *args: Any) -> str:
    """Return the rendered text, cleaned; never raise, as Python prints the raw original when an excepthook raises."""
    try:
        return cleaner.text(render(*args))
    except Exception as error:
        return _NOTICE % type(error).__name__

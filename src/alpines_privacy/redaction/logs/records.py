r"""Log records, cleaned in place on their way to the handlers.

A record keeps its shape: `args` stay a tuple of the same length, or a mapping, because formatters
unpack them (uvicorn's access log). The assembled message is judged, since a value may be whole only
there. A record without personal data keeps its objects; snapshots replace those whose text may change.

Line breaks in a value are written as escapes (`\n`), so that no value begins a new line. A template's
own line breaks stay, and so do those of tracebacks and warnings. A message without arguments counts as
a template: values that were formatted into it before logging can no longer be told from its text.
"""

from __future__ import annotations

import hashlib
import logging
import logging.handlers
import operator
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from alpines_privacy.redaction.engine.containers import like
from alpines_privacy.redaction.engine.one_line import one_line
from alpines_privacy.redaction.engine.snapshots import Snapshot, snapshot, snapshot_members
from alpines_privacy.redaction.logs.cleaning import Cleaner
from alpines_privacy.redaction.logs.common_words import common_words
from alpines_privacy.redaction.logs.events import clean_event
from alpines_privacy.redaction.logs.exceptions import rendered, surrogate

__all__ = ["clean", "clean_changed", "withhold"]

_IN_ORDER = tuple(vars(logging.makeLogRecord({})))  # as a record is made
_STANDARD = frozenset(_IN_ORDER)
_STANDARD_COUNT = len(_STANDARD)
_CONTENT = frozenset({"msg", "args", "exc_info", "exc_text", "stack_info"})
_ABSENT = object()
_FIXED = frozenset({str, bytes, int, float, bool, type(None)})
_FORMATTED = frozenset({"message", "asctime"})
_WITHHELD = "[withheld]"
_NOTICE = "A record of the logger %s was withheld: redacting it failed (%s; template %s)."
_Receivers: TypeAlias = "logging.Logger | Iterable[logging.Handler]"
_WARNINGS = "py.warnings"  # the logger of logging.captureWarnings: its messages have several lines

# Attributes with names that an app may choose. Since Python 3.12 there are names of tasks too.
_NAMES = ("name", "threadName", "processName", "taskName")
_HAS_TASKS = "taskName" in _STANDARD
_DEFAULT_TASK = re.compile(r"Task-[0-9]+").fullmatch

_CUTS = re.compile(r"%[-#0 +]*+(?:\*|[0-9]*+)\.").search
_SIMPLE = frozenset({str, int, float, bool, type(None)})  # types whose text cannot change
_NOT_SHOWN = frozenset({*_STANDARD, "exc_info"}) - {"msg", "args"}
_SHOW_ALL = frozenset({str, int, float})  # types whose text shows their content
_LONG_PART = 1 << 10  # characters; a shorter text may occur elsewhere by chance

# Modules of handlers that leave exceptions to their formatter, and of formatters that show no variables.
_PLAIN = frozenset({"logging", "logging.handlers", "_pytest.logging"})


def clean(record: logging.LogRecord, cleaner: Cleaner, to: _Receivers) -> None:
    """Take personal data out of a record; `to` are the handlers that get it, or the logger that has them."""
    # Nearly every record passes here and is clean, so few calls are made until that is known.
    template, args = record.msg, record.args
    has_more: Any = record.exc_info or record.exc_text or record.stack_info
    # Whether no object in it can change its text before a handler reads it, as nearly always.
    is_simple = type(template) is str and (not args or type(args) is tuple)
    if args and is_simple:
        for arg in args:
            kind = type(arg)  # nearly always one of these two, which need no look-up
            if kind is not str and kind is not int and kind not in _SIMPLE:
                is_simple = False
                break
    extras: dict[str, Any] | None = None
    if len(record.__dict__) != _STANDARD_COUNT:
        has_more, extras = True, _extras(record)
        is_simple = is_simple and _SIMPLE.issuperset(map(type, extras.values()))
    if is_simple and type(record) is logging.LogRecord:
        _clean_simple(record, cleaner, template, args)
    else:
        _clean_other(record, cleaner, is_simple=is_simple)
        extras = None  # others, by now
    if has_more:
        _clean_rest(record, cleaner, to, extras)
    known = cleaner.clean_messages  # a name is cached as a message without arguments
    if (
        record.name not in known
        or record.threadName not in known
        or (_HAS_TASKS and (task := record.__dict__.get("taskName")) and not _DEFAULT_TASK(task))
    ):
        _clean_names(record, cleaner)


def _clean_names(record: logging.LogRecord, cleaner: Cleaner) -> None:
    """Clean the names that an app gives its loggers, threads, processes and tasks."""
    attributes, known = record.__dict__, cleaner.clean_messages
    for attribute in _NAMES:
        name = attributes.get(attribute)
        if type(name) is not str or name in known:
            continue
        cleaned = one_line(cleaner.redactor.redact(name))
        if cleaned != name:
            attributes[attribute] = cleaned
        elif "%" not in name and not _DEFAULT_TASK(name):
            known.keep(name, name)


def _clean_simple(record: logging.LogRecord, cleaner: Cleaner, template: str, args: Any) -> None:
    """Clean the message of a record without objects; a message cached for its template is not judged again."""
    try:
        message = template % args if args else template
    except Exception:
        _clean_apart(record, cleaner)
        return
    last = cleaner.clean_messages.get(template)
    if last == message and cleaner.holds_nothing_submitted(message):
        return
    # Line breaks in values have to be found before anything is judged.
    text = cleaner.line(message)
    if text is not message:
        _clean_message(record, cleaner, message, text)
    elif last is None:
        _note_clean(record, cleaner, message)
    elif last:
        cleaner.clean_messages[template] = ""  # its messages vary, so none is cached


def _note_clean(record: logging.LogRecord, cleaner: Cleaner, message: str) -> None:
    """Note a template whose message is clean; not one whose conversions cut a value, as it holds more than it shows."""
    template: str = record.msg
    if not record.args:
        cleaner.note_constant(message)
    elif _is_cut(template):
        _clean_message(record, cleaner, message, message)
    else:
        cleaner.note(template, message)
        if template not in common_words.templates:
            common_words.note(record)


def _clean_other(record: logging.LogRecord, cleaner: Cleaner, *, is_simple: bool) -> None:
    """Clean the message of a record that holds objects or has a class of its own."""
    if not is_simple:
        _freeze(record)
    template, args = record.msg, record.args
    try:
        message = _message(record, template, args)
    except Exception:
        _clean_apart(record, cleaner)
        return
    text = cleaner.line(message)  # as above
    holds_more = args and _is_cut(template) if is_simple else _holds_more(template, args)
    if text is not message or holds_more:
        _clean_message(record, cleaner, message, text)
    elif args and template not in common_words.templates:
        common_words.note(record)


def clean_changed(record: logging.LogRecord, before: Mapping[str, Any], cleaner: Cleaner) -> None:
    """Clean the attributes of a clean record that differ from `before` or may have changed inside."""
    attributes = record.__dict__
    changed = {
        name
        for name, value in attributes.items()
        if value is not before.get(name, _ABSENT) or not _is_fixed(value)
    }
    if changed & _CONTENT:
        clean(record, cleaner, logging.getLogger(record.name))
    for name in changed - _STANDARD:
        attributes[name] = _extra(name, attributes[name], cleaner)
    for name in changed & (_STANDARD - _CONTENT):
        if isinstance(text := attributes[name], str):
            attributes[name] = one_line(cleaner.text(text))


def _is_fixed(value: Any) -> bool:
    """Whether a value is immutable: no container of the app's, and no tuple that holds one."""
    if type(value) is tuple:
        return all(type(member) in _FIXED for member in value)
    return type(value) in _FIXED


def _freeze(record: logging.LogRecord) -> None:
    """Replace a record's objects by snapshots; changes that the objects make to the record meanwhile are undone."""
    attributes = dict(record.__dict__)
    kind = type(record)
    frozen = {name: _frozen(attributes[name]) for name in attributes if name not in _NOT_SHOWN}
    record.__class__ = kind
    record.__dict__.clear()
    record.__dict__.update(attributes)
    record.__dict__.update(frozen)


def _frozen(value: Any) -> Any:
    if type(value) is tuple:  # arguments, each on its own: few are containers
        frozen = tuple(map(snapshot, value))
        return value if _same_members(frozen, value) else frozen
    # A mapping may be of a server's own class (gunicorn's).
    return snapshot_members(value) if isinstance(value, Mapping) else snapshot(value)


def withhold(record: logging.LogRecord, error: Exception) -> None:
    """Replace all content of a record by a notice; the number of arguments stays."""
    template, args = record.msg, record.args
    known = template if isinstance(template, str) else type(template).__qualname__
    digest = hashlib.blake2b(known.encode("utf-8", "replace"), digest_size=4).hexdigest()
    count = len(args) if isinstance(args, tuple) else 0
    notice = _NOTICE % (record.name, type(error).__name__, digest)
    _set_message(record, _of_no_arguments(notice, count))
    record.args = (_WITHHELD,) * count
    record.exc_info = record.exc_text = record.stack_info = None
    for name in record.__dict__.keys() - _STANDARD:
        record.__dict__[name] = _WITHHELD


def _message(record: logging.LogRecord, template: Any, args: Any) -> str:
    """Return what `getMessage` does, for nearly all records without the call."""
    if type(template) is str and type(record) is logging.LogRecord:
        return template % args if args else template
    return "" if isinstance(template, Mapping) else record.getMessage()


def _is_cut(template: str) -> bool:
    """Whether a conversion shows only a part of an argument: `%.3s`, `%-8.3s`, `%*.*s`."""
    return "." in template and _CUTS(template) is not None


def _holds_more(template: Any, args: Any) -> bool:
    """Whether a record may hold more than its message shows: named arguments, or arguments cut short."""
    if type(template) is str:
        return bool(args) and (
            type(args) is not tuple
            or _is_cut(template)
            or any(type(arg) is Snapshot for arg in args)  # which has a `repr` too
        )
    return isinstance(template, Mapping)


def _clean_message(record: logging.LogRecord, cleaner: Cleaner, message: str, text: str) -> None:
    """Clean a message that needs it, by its arguments if that is enough.

    `text` is the cleaned message, or nothing where line breaks in its values have to be found.
    """
    template, args = record.msg, record.args
    if (
        text
        and args
        and type(args) is tuple
        and type(record) is logging.LogRecord
        and type(template) is str
    ):
        _put(record, text, _args_of(args, cleaner, message, text), message)  # nearly always
    elif isinstance(template, Mapping):  # structlog's event, for its formatter
        record.msg = clean_event(template, cleaner)
    elif type(record).getMessage is not logging.LogRecord.getMessage:
        _set_message(record, cleaner.text(one_line(message)))
    elif not args:
        text = text or cleaner.text(message if isinstance(template, str) else one_line(message))
        if text != message:
            record.msg = text
    elif isinstance(args, Mapping):
        _clean_named(record, cleaner, message)
    elif text and type(args) is tuple:
        _put(record, text, _args_of(args, cleaner, message, text), message)
    else:
        _clean_controls(record, cleaner, message)


def _args_of(
    args: tuple[Any, ...], cleaner: Cleaner, message: str, text: str, *, lines: bool = False
) -> tuple[Any, ...]:
    """Return the cleaned arguments of a message; an argument that the cleaned `text` shows is clean already.

    Of several that it does not show, the longest comes last, since the others help to locate it. A long
    one that still cannot be located could be cleaned differently alone, so it is withheld.
    """
    cleaned = list(args)
    hidden = [
        at
        for at, arg in enumerate(args)
        if not (str(arg) in text if type(arg) in _SHOW_ALL else _is_shown(arg, cleaner, text))
    ]
    if len(hidden) == 1 and (clean := _cut(args[hidden[0]], message, text)) is not None:
        cleaned[hidden[0]] = clean  # nearly always
        return tuple(cleaned)
    if len(hidden) > 1:
        hidden.sort(key=lambda at: len(args[at]) if type(args[at]) is str else 0)
    others: list[tuple[str, str]] = []
    for at in hidden:
        value = args[at]
        clean = _cut(value, message, text, others)
        if clean is None and at == hidden[-1] and type(value) is str and len(value) >= _LONG_PART:
            clean = _WITHHELD
        elif clean is None:
            clean = _on_one_line(cleaner.data(value), lines=lines)
        if type(value) is str and value:
            others.append((value, clean))
        cleaned[at] = clean
    return tuple(cleaned)


def _is_shown(arg: Any, cleaner: Cleaner, text: str) -> bool:
    """Whether the cleaned text of a line shows all that an object can."""
    if type(arg) is not Snapshot:
        return False
    shown = repr(arg)
    return str(arg) in text and shown.isprintable() and cleaner.text(shown) == shown


def _cut(value: Any, message: str, text: str, others: Iterable[tuple[str, str]] = ()) -> str | None:
    """Return the part of the cleaned text in place of a value, if the rest is unchanged except for the `others`."""
    if type(value) is not str or not value or message.count(value) != 1:
        return None
    before, _, after = message.partition(value)
    for other, clean in others:
        before, after = before.replace(other, clean), after.replace(other, clean)
    if len(before) + len(after) > len(text):
        return None
    if text.startswith(before) and text.endswith(after):
        return text[len(before) : len(text) - len(after)]
    return None


def _clean_controls(record: logging.LogRecord, cleaner: Cleaner, message: str) -> None:
    """Clean a message that holds line breaks or other controls; those in its arguments are escaped first."""
    template, lines = record.msg, record.name == _WARNINGS
    args = tuple(_on_one_line(arg, lines=lines) for arg in record.args or ())
    try:
        single = str(template) % args
    except Exception:  # an argument no longer fits its conversion (`%d`)
        single = one_line(message)
    text = cleaner.text(single)
    _put(record, text, _args_of(args, cleaner, single, text, lines=lines), message)


def _clean_named(record: logging.LogRecord, cleaner: Cleaner, message: str) -> None:
    """Clean named arguments."""
    lines = record.name == _WARNINGS
    args = _clean_args(_named(record.name, record.args), cleaner, lines=lines)
    # The message may not show the key of a mapping.
    try:
        text = cleaner.text(str(record.msg) % args)
    except Exception:  # as above
        text = cleaner.text(one_line(message))
    _put(record, text, args, message)


def _put(record: logging.LogRecord, text: str, args: Any, message: str) -> None:
    """Set a record's cleaned arguments, and its cleaned text where the arguments do not produce it."""
    try:
        fits = str(record.msg) % args == text
    except Exception:  # as above
        fits = False
    if not fits:
        _assemble(record, text, args, message)
    elif not _same_members(args, record.args):
        record.args = args


def _same_members(args: Any, given: Any) -> bool:
    return type(args) is tuple and type(given) is tuple and all(map(operator.is_, args, given))


def _set_message(record: logging.LogRecord, text: str) -> None:
    """Make `text` the message of a record whose class assembles its message differently."""
    record.msg, record.args = text, ()
    if type(record).getMessage is not logging.LogRecord.getMessage:
        record.__class__ = logging.LogRecord


def _assemble(record: logging.LogRecord, text: str, args: Any, message: str) -> None:
    """Make `text` the message, whatever the arguments; those that show what it hides are withheld."""
    if isinstance(args, Mapping):
        record.args = {key: _shown(value, text, message) for key, value in args.items()}
        record.msg = _of_no_arguments(text, 0) if record.args else text
    else:
        record.args = tuple(_shown(value, text, message) for value in args)
        record.msg = _of_no_arguments(text, len(args))


def _of_no_arguments(text: str, count: int) -> str:
    """Return a template whose message is `text`; each of its arguments is cut to nothing."""
    return text.replace("%", "%%") + "%.0s" * count if count or "%" in text else text


def _shown(value: Any, text: str, message: str) -> Any:
    """Return an argument if the cleaned text shows it too."""
    shown = str(value)
    hidden = shown not in text and (isinstance(value, str) or shown in message)
    return _WITHHELD if hidden else value


def _named(logger: str, args: Any) -> Any:
    """Return arguments under names of personal data: in access logs `u` is the signed-in user (RFC 3875 §4.1.11)."""
    if logger.endswith(".access") and isinstance(args, Mapping) and args.get("u", "-") != "-":
        return like(args, {**args, "u": "[USERNAME]"})
    return args


def _clean_args(args: Any, cleaner: Cleaner, *, lines: bool = False) -> Any:
    """Return arguments without personal data and line breaks, in the same shape; the same objects when clean."""
    if isinstance(args, Mapping):
        named = cleaner.data(args)
        values = {key: _on_one_line(value, lines=lines) for key, value in named.items()}
        same = named is args and all(values[key] is named[key] for key in values)
        return args if same else like(args, values)
    members = tuple(_on_one_line(cleaner.data(arg), lines=lines) for arg in args or ())
    return members if any(map(operator.is_not, members, args or ())) else args


def _on_one_line(value: Any, *, lines: bool) -> Any:
    """Return an argument with its line breaks escaped; numbers stay numbers for their conversions."""
    if lines or value is None or isinstance(value, int | float):
        return value
    text = str(value)
    single = one_line(text)
    if type(value) is Snapshot:
        return value.with_texts(single, one_line(repr(value)))
    return value if single == text else single


def _clean_apart(record: logging.LogRecord, cleaner: Cleaner) -> None:
    """Clean a record whose arguments do not fit its template: handlers report that, and show clean arguments.

    Raises the error of an argument that has no text.
    """
    args = _clean_args(record.args, cleaner)
    _set_message(record, cleaner.text(str(record.msg)))
    record.args = args
    for value in record.args.values() if isinstance(record.args, Mapping) else record.args or ():
        str(value)


def _clean_rest(
    record: logging.LogRecord, cleaner: Cleaner, to: _Receivers, extras: dict[str, Any] | None
) -> None:
    """Clean the rest of a record: exception, stack, and the caller's `extra`, which may be given."""
    if record.exc_info:
        _clean_exception(record, cleaner, to)
    if record.exc_text:
        record.exc_text = cleaner.text(record.exc_text)
    if record.stack_info:
        record.stack_info = cleaner.text(record.stack_info)
    if extras is None:
        extras = _extras(record)
    if len(extras) == 1 or not _are_clean(extras, cleaner):
        for name, value in extras.items():
            record.__dict__[name] = _extra(name, value, cleaner)


def _are_clean(extras: dict[str, Any], cleaner: Cleaner) -> bool:
    """Tell by one look at all of a record's extra attributes whether they are clean, as nearly always."""
    if not _SIMPLE.issuperset(map(type, extras.values())):
        return False
    if any(map(cleaner.redactor.is_personal_key, extras)):
        return False
    text = "\t".join(map(str, extras.values()))  # what is found in one of them is found here
    return cleaner.line(text) is text


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    """Return the attributes that not every record has; nearly always they follow all others."""
    attributes = record.__dict__
    names = tuple(attributes)
    if names[:_STANDARD_COUNT] == _IN_ORDER:  # one comparison instead of a look-up for each name
        return {name: attributes[name] for name in names[_STANDARD_COUNT:]}
    return {name: value for name, value in attributes.items() if name not in _STANDARD}


def _extra(name: str, value: Any, cleaner: Cleaner) -> Any:
    """Return the attributes that a caller, a filter or a formatter added to a record."""
    if (
        type(value) is str
        and not cleaner.redactor.is_personal_key(name)
        and (text := cleaner.line(value))
    ):
        return text  # nearly always
    value = cleaner.value(name, value)
    if isinstance(value, str) and name not in _FORMATTED:
        return one_line(value)
    return value


def _clean_exception(record: logging.LogRecord, cleaner: Cleaner, to: _Receivers) -> None:
    """Clean a record's exception; one without personal data stays if the handlers only write its text."""
    if not isinstance(record.exc_info, tuple) or (error := record.exc_info[1]) is None:
        return
    tb = record.exc_info[2]
    shown = _Shown(rendered(error, tb), cleaner)
    if not all(map(_leaves_it_to_its_formatter, _handlers(to))) or shown.is_changed():
        record.exc_info = surrogate(error, tb, shown.part)


class _Shown:
    """A text that is shown as a whole and in parts; a long part that stands in the cleaned whole is clean."""

    __slots__ = ("_cleaned", "_cleaner", "_text")

    def __init__(self, text: str, cleaner: Cleaner) -> None:
        self._text = text
        self._cleaner = cleaner
        self._cleaned: str | None = None

    def is_changed(self) -> bool:
        return self._whole() != self._text

    def part(self, text: str) -> str:
        """Return a part cleaned."""
        if len(text) < _LONG_PART:
            return self._cleaner.text(text)
        whole = self._whole()
        cut = text if text in whole else _cut(text, self._text, whole)
        return self._cleaner.text(text) if cut is None else cut

    def _whole(self) -> str:
        if self._cleaned is None:
            self._cleaned = self._cleaner.text(self._text)
        return self._cleaned


def _handlers(to: _Receivers) -> Iterator[logging.Handler]:
    """Give the handlers that get a record: those given, or those of its logger and the loggers above it."""
    if not isinstance(to, logging.Logger):
        yield from to
        return
    walked: logging.Logger | None = to
    while walked is not None:
        yield from walked.handlers
        walked = walked.parent if walked.propagate else None


def _leaves_it_to_its_formatter(handler: logging.Handler) -> bool:
    if isinstance(handler, logging.handlers.MemoryHandler):  # it passes the same record on
        return handler.target is None or _leaves_it_to_its_formatter(handler.target)
    if isinstance(handler, logging.handlers.QueueHandler):
        return type(handler).prepare is logging.handlers.QueueHandler.prepare
    kind, formatter = type(handler), type(handler.formatter or logging.Formatter())
    return (
        kind.emit.__module__ in _PLAIN
        and kind.format is logging.Handler.format
        and formatter.format.__module__ in _PLAIN
        and formatter.formatException is logging.Formatter.formatException
    )

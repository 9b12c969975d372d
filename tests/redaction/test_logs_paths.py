"""Every way personal data can get into a record, and every way a record gets out: none of it is written."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
import logging.config
import logging.handlers
import pickle
import queue
import subprocess
import sys
import threading
import traceback
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

import flask
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pythonjsonlogger.json import JsonFormatter
from rich.console import Console
from rich.logging import RichHandler
from rich.traceback import Traceback

from alpines_privacy import PrivacyPolicy, protect, redaction
from alpines_privacy.guard import Guard
from alpines_privacy.redaction import Redactor
from alpines_privacy.redaction.engine.one_line import one_line
from alpines_privacy.redaction.logs.exceptions import surrogate
from alpines_privacy.testing import strategies
from alpines_privacy.wsgi import WSGIRequest

LOG = logging.getLogger("tests.logs.paths")
LOG.setLevel(logging.DEBUG)

# A value of each kind: those without a shape are known by what the visitor submitted.
VALUES = {
    "EMAIL": "ayesha.khan@example.com",
    "IP": "203.0.113.77",
    "IPv6": "2001:db8:85a3::8a2e:370:7334",
    "CARD": "4111 1111 1111 1111",
    "PHONE": "+92 300 1234567",
    "CNIC": "42101-1234567-1",
    "IBAN": "GB82 WEST 1234 5698 7654 32",
    "SSN": "536-22-8719",
    "SECRET": "AKIAIOSFODNN7EXAMPLF",
    "MAC": "00:1a:2b:3c:4d:5e",
    "NAME": "Zarqa Bibi-Noor",
    "ADDRESS": "House 7, Made-up Street, Gilgit",
    "USERNAME": "zarqa_1984",
    "PASSWORD": "corréct horse%battery",
    "BIRTH_DATE": "1990-05-17",
    "PASSPORT": "AB1234567",
}
BY_CONTEXT = ("NAME", "ADDRESS", "USERNAME", "PASSWORD", "BIRTH_DATE", "PASSPORT")
SMALL = ("EMAIL", "NAME")  # one found by its shape, one by the request


@pytest.fixture(autouse=True, scope="module")
def _installed() -> None:
    redaction.install(redaction.Redactor())


@pytest.fixture
def value(request: pytest.FixtureRequest) -> Iterator[str]:
    """A personal value of the kind asked for, during the request in which it is known."""
    visit = Guard(PrivacyPolicy()).visit(WSGIRequest({}))
    kind: str = request.param
    if kind in BY_CONTEXT:
        visit.privacy.hide(VALUES[kind], kind)
    LOG.setLevel(logging.DEBUG)
    yield VALUES[kind]
    visit.end()


class Account:
    """What apps hand to a logger: an object that says who it is about."""

    def __init__(self, owner: str) -> None:
        self.owner = owner

    def __str__(self) -> str:
        return f"account of {self.owner}"

    def __repr__(self) -> str:
        return f"<Account {self.owner!r}>"


class Refused(Exception):  # noqa: N818 - an app's own name
    """An exception that an app made, with a constructor of its own."""

    def __init__(self, owner: str, *, reason: str) -> None:
        super().__init__(f"{owner}: {reason}")
        self.owner = owner


def _raised(error: BaseException) -> BaseException:
    held = f"a variable with {error}"
    try:
        raise error
    except BaseException as caught:
        assert held
        return caught


def _chained(value: str) -> BaseException:
    try:
        try:
            raise KeyError(value)
        except KeyError as error:
            raise RuntimeError("second") from error
    except RuntimeError as error:
        return error


def _in_context(value: str) -> BaseException:
    try:
        try:
            raise LookupError(value)
        except LookupError:
            raise RuntimeError("second")  # noqa: B904 - the context is what is shown
    except RuntimeError as error:
        return error


def _grouped(value: str) -> BaseException:
    inner = ExceptionGroup("inner", [ValueError(value), Refused(value, reason="no")])
    _raised(inner)
    return _raised(ExceptionGroup(f"of {value}", [inner, TypeError("clean")]))


def _noted(value: str) -> BaseException:
    error = ValueError("see the note")
    error.add_note(f"it was {value}")
    return _raised(error)


def _from_a_socket(value: str) -> None:
    """Handle a record as it comes from another process."""
    sent = logging.LogRecord("far", logging.INFO, "a.py", 1, "from %s", (value,), None)
    received = logging.makeLogRecord(pickle.loads(pickle.dumps(vars(sent))))  # noqa: S301 - our own
    LOG.handle(received)


def _warn(value: str) -> None:
    logging.captureWarnings(True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn(f"deprecated by {value}", stacklevel=1)
    finally:
        logging.captureWarnings(False)


def _cached(value: str) -> None:
    """Handle a record whose traceback was rendered before."""
    record = LOG.makeRecord(LOG.name, logging.ERROR, "a.py", 1, "failed", (), None)
    record.exc_text = f"Traceback\nValueError: {value}"
    LOG.handle(record)


PATHS: dict[str, Callable[[str], Any]] = {
    "template": lambda v: LOG.info(f"hello {v}, 100%"),  # noqa: G004 - what apps do
    "template with arguments": lambda v: LOG.info(f"hello {v} at %d%%", 7),  # noqa: G004
    "an object as the message": lambda v: LOG.info(Account(v)),
    "argument": lambda v: LOG.info("hello %s", v),
    "argument by repr": lambda v: LOG.info("hello %r", v),
    "argument with a width": lambda v: LOG.info("hello %60s|", v),
    "argument cut short": lambda v: LOG.info("hello %.3s", v),
    "second argument": lambda v: LOG.info("%d of %s", 3, v),
    "in two halves": lambda v: LOG.info("hello %s%s", v[:5], v[5:]),
    "half in the template": lambda v: LOG.info("hello " + v[:5].replace("%", "%%") + "%s", v[5:]),  # noqa: G003
    "dict arguments": lambda v: LOG.info("hello %(who)s", {"who": v}),
    "dict argument not shown": lambda v: LOG.info("hello %(a)s", {"a": 1, "who": v}),
    "nested argument": lambda v: LOG.info("got %s", {"deep": [v, {"x": (v, 3)}]}),
    "bytes argument": lambda v: LOG.info("got %s", v.encode()),
    "object argument": lambda v: LOG.info("got %s", Account(v)),
    "object argument by repr": lambda v: LOG.info("got %r", Account(v)),
    "exception argument": lambda v: LOG.info("failed: %s", KeyError(v)),
    "too many arguments": lambda v: LOG.info("hello", v),  # noqa: PLE1205
    "too few arguments": lambda v: LOG.info("%s %s", v),  # noqa: PLE1206
    "an argument of the wrong type": lambda v: LOG.info("%d", v),
    "an unknown conversion": lambda v: LOG.info("%(", v),
    "extra": lambda v: LOG.info("x", extra={"who": v}),
    "nested extra": lambda v: LOG.info("x", extra={"who": {"deep": [v, Account(v)]}}),
    "object in extra": lambda v: LOG.info("x", extra={"who": Account(v)}),
    "key in extra": lambda v: LOG.info("x", extra={"who": {v: 1}}),
    "exception": lambda v: LOG.error("x", exc_info=_raised(ValueError(v))),
    "exception of the app's": lambda v: LOG.error("x", exc_info=_raised(Refused(v, reason="no"))),
    "exception not raised": lambda v: LOG.error("x", exc_info=ValueError(v)),
    "cause": lambda v: LOG.error("x", exc_info=_chained(v)),
    "context": lambda v: LOG.error("x", exc_info=_in_context(v)),
    "group": lambda v: LOG.error("x", exc_info=_grouped(v)),
    "note": lambda v: LOG.error("x", exc_info=_noted(v)),
    "syntax error": lambda v: LOG.error("x", exc_info=SyntaxError("bad", ("f", 1, 1, v))),
    "cached traceback": _cached,
    "stack": lambda v: LOG.info("x", stack_info=True, extra={"note": v}),
    "adapter": lambda v: logging.LoggerAdapter(LOG, {"who": v}).info("of %s", v),
    "handled directly": _from_a_socket,
    "warning": _warn,
    "in an address": lambda v: LOG.info("GET /?q=%s&r=%s", quote(v), quote(v, safe="")),
    "as JSON": lambda v: LOG.info("body %s", json.dumps({"x": v})),
}
# What no template can take: most handlers report it, Rich lets it out as it does without us.
MISFITS = {
    "too many arguments", "too few arguments", "an argument of the wrong type", "an unknown conversion"
}  # fmt: skip


class Way(NamedTuple):
    """A handler, and how to read what it wrote."""

    handler: logging.Handler
    written: Callable[[], str]


class _Keeper(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(record)

    def written(self) -> str:
        """Everything that somebody who walks a record could find."""
        pieces = []
        for record in self.seen:
            pieces += [repr(vars(record)), str(vars(record))]
            if record.exc_info and record.exc_info[1]:
                pieces += traceback.TracebackException(
                    *record.exc_info, capture_locals=True
                ).format()
        return "\n".join(pieces)


def _stream(formatter: logging.Formatter) -> Way:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    return Way(handler, stream.getvalue)


def _rich() -> Way:
    stream = io.StringIO()
    console = Console(file=stream, width=400)
    handler = RichHandler(console=console, rich_tracebacks=True, tracebacks_show_locals=True)
    return Way(handler, stream.getvalue)


def _structlog() -> Way:
    """structlog's formatter for others' records, which writes tracebacks with their variables."""
    return _stream(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.dict_tracebacks,
                structlog.processors.JSONRenderer(default=str),
            ],
            foreign_pre_chain=[structlog.stdlib.ExtraAdder()],
        )
    )


def _queue() -> Way:
    records: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()

    def written() -> str:
        keeper = _Keeper()
        while not records.empty():
            keeper.emit(records.get())
        return keeper.written()

    return Way(logging.handlers.QueueHandler(records), written)


def _memory() -> Way:
    target = _stream(logging.Formatter())
    handler = logging.handlers.MemoryHandler(1000, target=target.handler)

    def written() -> str:
        handler.flush()
        return target.written()

    return Way(handler, written)


def _pickled() -> Way:
    class Socket(logging.handlers.SocketHandler):
        sent = b""

        def send(self, s: Any) -> None:
            self.sent += s

    handler = Socket("localhost", 1)
    return Way(handler, lambda: handler.sent.decode("utf-8", "replace"))


def _keeper() -> Way:
    handler = _Keeper()
    return Way(handler, handler.written)


_LOGFMT = 'level=%(levelname)s msg="%(message)s" logger=%(name)s who=%(who)s'

WAYS: dict[str, Callable[[], Way]] = {
    "plain": lambda: _stream(logging.Formatter("%(asctime)s %(name)s %(message)s")),
    "logfmt": lambda: _stream(logging.Formatter(_LOGFMT, defaults={"who": ""})),
    "JSON": lambda: _stream(JsonFormatter("%(message)s %(name)s")),
    "the record itself": _keeper,
    "Rich with variables": _rich,
    "structlog's formatter": _structlog,
    "queue": _queue,
    "memory": _memory,
    "socket": _pickled,
}


@contextlib.contextmanager
def _way(name: str) -> Iterator[Way]:
    """Give the tests' logger one handler, and the warnings' too; stderr counts as written."""
    way = WAYS[name]()
    stderr = io.StringIO()
    loggers = [LOG, logging.getLogger("py.warnings")]
    with contextlib.redirect_stderr(stderr):
        for logger in loggers:
            logger.addHandler(way.handler)
            logger.propagate = False
        try:
            yield Way(way.handler, lambda: way.written() + stderr.getvalue())
        finally:
            for logger in loggers:
                logger.removeHandler(way.handler)
                logger.propagate = True
            way.handler.close()


def _looks_of(value: str) -> list[str]:
    """A value as it stands and as JSON, a repr and bytes write it."""
    return [value, json.dumps(value)[1:-1], repr(value)[1:-1], repr(value.encode())[2:-1]]


# Every kind to the two ways that show most, two kinds to every way.
TABLE = [
    *((path, way, kind) for path in PATHS for way in ("plain", "the record itself") for kind in VALUES),
    *((path, way, kind) for path in PATHS for way in WAYS for kind in SMALL),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "way", "value"), sorted(set(TABLE)), indirect=["value"], ids=lambda word: word
)
def test_no_path_leads_out(path: str, way: str, value: str) -> None:
    with _way(way) as out:
        with contextlib.suppress(*((TypeError, ValueError) if path in MISFITS else ())):
            PATHS[path](value)
        written = out.written()
    assert written or path in MISFITS  # something was said all the same
    assert not [look for look in _looks_of(value) if look in written]


# ------------------------------------------------------------------------- what stays as it is


class Taken(NamedTuple):
    template: Any
    args: tuple[Any, ...]


class Anything:
    """An object without a word of its own."""


CLEAN = [
    Taken("nothing here", ()),
    Taken("%s of %d at %.2f%%", ("a", 3, 0.5)),
    Taken("%(a)s and %(b)s", ({"a": [1, (2, {"c"})], "b": None},)),
    Taken("lines\nof the template %s", ("value",)),
    Taken("%s", (Anything(),)),
    Taken(Anything(), ()),
    Taken("tabs\tand \x1b[1mbold\x1b[0m %s", ("x",)),
    Taken("%s", (b"bytes",)),
]


@pytest.mark.parametrize("taken", CLEAN)
def test_a_clean_record_keeps_the_very_objects(taken: Taken) -> None:
    extra = {"a": {"b": [1, Anything()]}, "c": ("d",), "e": b"f", "g": 1.5}
    error = _raised(ValueError("nothing here"))
    plain = LOG.makeRecord(LOG.name, 20, "a.py", 1, taken.template, taken.args, None, extra=extra)
    plain.exc_info = (type(error), error, error.__traceback__)
    before = dict(vars(plain))
    LOG.callHandlers(plain)
    del before["exc_text"]  # formatters keep it there
    assert all(vars(plain)[name] is value for name, value in before.items())


@pytest.mark.parametrize(
    ("template", "args"),
    [
        ('%s - "%s %s HTTP/%s" %d', ("203.0.113.77:50", "GET", "/?to=a@example.com", "1.1", 200)),
        ("a@example.com %s %s", ("x", 3)),
        ("to %s%s", ("a@exam", "ple.com")),
        ("%d %5.1f%%", (4111111111111111, 2.0)),
    ],
)
def test_arguments_keep_their_number(template: str, args: tuple[Any, ...]) -> None:
    """uvicorn's access formatter takes five apart."""
    keeper = _Keeper()
    LOG.addHandler(keeper)
    LOG.setLevel(logging.DEBUG)
    try:
        LOG.info(template, *args)
    finally:
        LOG.removeHandler(keeper)
    (record,) = keeper.seen
    assert isinstance(record.args, tuple)
    assert len(record.args) == len(args)
    assert "example" not in repr(vars(record))
    assert "4111" not in repr(vars(record))
    assert record.getMessage()


FORGED = [
    ("hello %s", ("x\nERROR forged",), "hello x\\nERROR forged"),
    ("hello %s", ("x\r\nERROR\u2028forged\x85",), "hello x\\r\\nERROR\\u2028forged\\x85"),
    ("a\nb %s\n", ("x\ny",), "a\nb x\\ny\n"),
    ("%(a)s", ({"a": "x\ny"},), "x\\ny"),
    ("%s", (ValueError("x\ny"),), "x\\ny"),
    (ValueError("x\ny"), (), "x\\ny"),
    ("%s %d", ("a@example.com\nx", 3), "[EMAIL]\\nx 3"),
    ("x\ny", (), "x\ny"),
    (
        "hello %s",
        ("\x1b[1A\x1b[2KERROR",),
        "hello \\x1b[1A\\x1b[2KERROR",
    ),  # up a line, and clear it
    (
        "hello %s",
        ("\b\b\x00\x7f\x9b2K\x1b]0;title\a",),
        "hello \\x08\\x08\\x00\\x7f\\x9b2K\\x1b]0;title\\x07",
    ),
    (
        "%s %s",
        ("\x1b[31m\x1b[1mGET\x1b[0m\t/", "a@example.com"),
        "\x1b[31m\x1b[1mGET\x1b[0m\t/ [EMAIL]",
    ),
]


@pytest.mark.parametrize(("template", "args", "expected"), FORGED)
def test_a_value_begins_no_line(template: Any, args: tuple[Any, ...], expected: str) -> None:
    with _way("plain") as out:
        out.handler.setFormatter(logging.Formatter("%(message)s"))
        LOG.warning(template, *args)
        assert out.written() == expected + "\n"


def test_a_value_in_extra_begins_no_line() -> None:
    with _way("plain") as out:
        out.handler.setFormatter(logging.Formatter("%(who)s"))
        LOG.warning("x", extra={"who": "x\nERROR forged"})
        assert out.written() == "x\\nERROR forged\n"


@given(st.text())
def test_one_line_is_one_line_and_says_the_same(text: str) -> None:
    single = one_line(text)
    assert len(single.splitlines()) <= 1
    assert one_line(single) is single or one_line(single) == single
    if "\\" not in text and text.isascii():
        assert single.encode().decode("unicode_escape") == text


def test_warnings_and_tracebacks_keep_their_lines() -> None:
    with _way("plain") as out:
        _warn("nobody")
        LOG.error("x", exc_info=_raised(ValueError("a@example.com")))
        written = out.written()
    assert "UserWarning: deprecated by nobody\n  warnings.warn" in written
    assert "Traceback (most recent call last):\n  File " in written
    assert written.rstrip().endswith("\nValueError: [EMAIL]")


# ------------------------------------------------------------------------------- exceptions


def test_a_traceback_reads_as_it_would_have() -> None:
    error = _grouped("a@example.com")
    bare = "".join(traceback.format_exception(error)).replace("a@example.com", "[EMAIL]")
    with _way("plain") as out:
        out.handler.setFormatter(logging.Formatter("%(message)s"))
        LOG.error("x", exc_info=error)
        written = out.written()
    assert written == "x\n" + bare


def test_who_walks_an_exception_finds_its_type_places_and_no_variable() -> None:
    with _way("the record itself") as out:
        LOG.error("x", exc_info=_chained("a@example.com"))
        (record,) = out.handler.seen  # type: ignore[attr-defined]
    kind, error, tb = record.exc_info
    assert (kind.__name__, str(error), type(error.__cause__).__name__) == (
        "RuntimeError",
        "second",
        "KeyError",
    )
    assert error.__traceback__ is tb
    assert [(f.name, f.filename) for f in traceback.extract_tb(tb)] == [("_chained", __file__)]
    assert tb.tb_frame.f_locals == {}
    assert tb.tb_frame.f_globals.keys() - {"__builtins__"} == {"__name__"}
    assert tb.tb_frame.f_back is None  # nor a way to the frames of who logged it


def test_a_filter_finds_the_class_of_an_exception() -> None:
    """Django's manual keeps `UnreadablePostError` out of error mails so."""

    class Unreadable(OSError):  # noqa: N818 - an app's own name
        pass

    found: list[bool] = []

    def look(record: logging.LogRecord) -> bool:
        assert isinstance(record.exc_info, tuple)
        kind, error, _ = record.exc_info
        assert kind is not None
        found.append(isinstance(error, Unreadable) and issubclass(kind, Unreadable))
        return True

    class Walks(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            self.format(record)

    logger, handler = logging.Logger("filtered"), Walks()  # noqa: LOG001 - for this test alone
    handler.addFilter(look)
    logger.addHandler(handler)
    for text in ("a mail to zarqa@example.com", "nothing"):
        try:
            raise Unreadable(text)
        except Unreadable:
            logger.exception("failed")
    assert found == [True, True]


@pytest.mark.parametrize(
    "kind", [SyntaxError, KeyError, UnicodeDecodeError, ImportError, SystemExit]
)
def test_a_stand_in_is_rendered_whatever_it_stands_for(kind: type[BaseException]) -> None:
    given: Any = (
        ("utf-8", b"x", 0, 1, "zarqa@example.com")
        if kind is UnicodeDecodeError
        else ("zarqa@example.com",)
    )
    try:
        raise kind(*given)
    except BaseException as error:
        exc_info = surrogate(error, error.__traceback__, Redactor().redact)
    text = logging.Formatter().formatException(exc_info)
    assert "zarqa" not in text
    assert kind.__name__ in text
    Traceback.from_exception(*exc_info, show_locals=True)


def test_handlers_that_only_write_text_get_the_exception_itself() -> None:
    error = _raised(ValueError("nothing personal"))
    record = LOG.makeRecord(LOG.name, 40, "a.py", 1, "x", (), (ValueError, error, None))
    LOG.propagate = False
    try:
        LOG.callHandlers(record)
    finally:
        LOG.propagate = True
    assert record.exc_info == (ValueError, error, None)


def test_an_exception_that_cannot_be_shown() -> None:
    class Mute(Exception):  # noqa: N818 - its point
        def __str__(self) -> str:
            raise RuntimeError("a@example.com")

    with _way("the record itself") as out:
        LOG.error("x", exc_info=Mute())
        assert "a@example.com" not in out.written()
        assert "exception str() failed" in out.written()


def test_a_formatter_given_a_live_exception() -> None:
    error = _raised(ValueError("a@example.com"))
    text = logging.Formatter().formatException((ValueError, error, error.__traceback__))
    assert text.endswith("ValueError: [EMAIL]")


def test_uncaught_exceptions_of_the_process_and_of_threads() -> None:
    stderr = io.StringIO()
    error = _raised(ValueError("a@example.com"))
    with contextlib.redirect_stderr(stderr), pytest.MonkeyPatch.context() as patch:
        from alpines_privacy.redaction.logs import hook  # noqa: PLC0415 - what pytest put over it, it takes away

        hook._show(ValueError, error, error.__traceback__)
        patch.setattr(threading, "excepthook", hook._show_of_thread)
        thread = threading.Thread(target=int, args=("a@example.com",), name="for a@example.com")
        thread.start()
        thread.join()
    assert "ValueError: [EMAIL]" in stderr.getvalue()
    assert "Exception in thread for [EMAIL]:" in stderr.getvalue()
    assert "a@example.com" not in stderr.getvalue()


UNRAISABLE = """
import gc, atexit
from alpines_privacy.redaction import install
install()
class User:
    def __repr__(self): return "<User a@example.com>"
    def close(self): raise ValueError("a@example.com")
class Session:
    def __init__(self): self.user = User()
    def __del__(self): self.user.close()
Session()
gc.collect()
atexit.register(User().close)
"""


def test_exceptions_that_nobody_can_catch() -> None:
    """Python writes them itself: of `__del__`, of functions that run at exit."""
    run = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-c", UNRAISABLE], capture_output=True, text=True, check=True
    )
    assert run.stderr.count("ValueError: [EMAIL]") == 2
    assert run.stderr.count("Exception ignored in") == 2
    assert "a@example.com" not in run.stderr


def test_an_exception_that_nobody_can_catch_and_nobody_can_render(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from alpines_privacy.redaction.logs import hook  # noqa: PLC0415 - as above

    class Unseen:
        def __repr__(self) -> str:
            raise ValueError("a@example.com")

    error = _raised(ValueError("a@example.com"))
    unraised = types.SimpleNamespace(
        exc_type=ValueError,
        exc_value=error,
        exc_traceback=error.__traceback__,
        err_msg=None,
        object=Unseen(),
    )
    stderr = io.StringIO()
    with contextlib.redirect_stderr(stderr):
        hook._show_unraisable(unraised)
        unraised.object = None
        hook._show_unraisable(unraised)
    assert stderr.getvalue().count("ValueError: [EMAIL]") == 2
    assert "Exception ignored in:" in stderr.getvalue()
    assert "a@example.com" not in stderr.getvalue()


def test_an_uncaught_exception_that_cannot_be_rendered_is_withheld(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a hook that raises Python prints the original exception, raw."""
    from alpines_privacy.redaction.logs import hook  # noqa: PLC0415 - as above

    def fail(*args: Any) -> str:
        raise RecursionError("a@example.com")

    error = _raised(ValueError("a@example.com"))
    stderr = io.StringIO()
    monkeypatch.setattr(hook, "rendered", fail)
    with contextlib.redirect_stderr(stderr):
        hook._show(ValueError, error, error.__traceback__)
        args = (ValueError, error, error.__traceback__, None)
        hook._show_of_thread(threading.ExceptHookArgs(args))
    assert stderr.getvalue().count("an exception was withheld") == 2
    assert "example" not in stderr.getvalue()


# ------------------------------------------------------------------- handlers, wherever they are


def test_handlers_added_later_by_a_configuration_and_for_a_logger_that_stands_alone(
    tmp_path: Any,
) -> None:
    path = tmp_path / "app.log"
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {"file": {"class": "logging.FileHandler", "filename": str(path)}},
            "loggers": {"tests.alone": {"handlers": ["file"], "propagate": False, "level": "INFO"}},
        }
    )
    logger = logging.getLogger("tests.alone")
    logger.info("to %s", "a@example.com")
    for handler in logger.handlers[:]:
        logger.removeHandler(handler)
        handler.close()
    assert path.read_text() == "to [EMAIL]\n"


def test_a_listener_cleans_what_other_processes_sent() -> None:
    with _way("plain") as out:
        records: queue.Queue[logging.LogRecord] = queue.Queue()
        listener = logging.handlers.QueueListener(records, out.handler)
        listener.start()
        records.put(logging.LogRecord("far", 20, "a.py", 1, "to a@example.com", None, None))
        listener.stop()
        assert "to [EMAIL]" in out.written()


def test_the_last_resort(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = io.StringIO()
    logger = logging.Logger("tests.unheard")  # noqa: LOG001 - one without a root
    with contextlib.redirect_stderr(stderr):
        logger.error("to %s", "a@example.com")
    assert stderr.getvalue() == "to [EMAIL]\n"


def test_a_record_factory_of_the_apps() -> None:
    class Own(logging.LogRecord):
        def getMessage(self) -> str:  # noqa: N802 - logging's name
            return f"{self.msg} for a@example.com"

    before = logging.getLogRecordFactory()
    logging.setLogRecordFactory(Own)
    try:
        with _way("plain") as out:
            LOG.info("hello")
            written = out.written()
    finally:
        logging.setLogRecordFactory(before)
    assert "hello for [EMAIL]" in written


# ------------------------------------------------------------------- whatever the value


AROUND = "bcdfg hjklm"
WORDS = st.text(AROUND, max_size=30)
PERSONAL = st.one_of(
    st.tuples(st.just("EMAIL"), strategies.emails()),
    st.tuples(st.just("CARD"), strategies.card_numbers()),
    st.tuples(st.just("NAME"), strategies.people().filter(lambda name: " " in name)),
    st.tuples(st.just("PASSWORD"), st.text(st.characters(max_codepoint=0x2FFF), min_size=6, max_size=16).filter(
        lambda text: not set(text.lower()) & set(AROUND)
    )),
)  # fmt: skip
FORMATTERS = {
    "plain": logging.Formatter("%(message)s"),
    "logfmt": logging.Formatter('msg="%(message)s" who="%(who)s"', defaults={"who": ""}),
    "JSON": JsonFormatter("%(message)s", json_ensure_ascii=False),
}


@pytest.mark.parametrize("formatter", FORMATTERS)
@given(WORDS, PERSONAL, WORDS)
def test_no_value_survives_and_the_text_around_it_does(
    formatter: str, before: str, personal: tuple[str, str], after: str
) -> None:
    kind, value = personal
    visit = Guard(PrivacyPolicy()).visit(WSGIRequest({}))
    if kind in BY_CONTEXT:
        visit.privacy.hide(value, kind)
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(FORMATTERS[formatter])
    LOG.propagate = False
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    try:
        LOG.info("%s %s %s", before, value, after, extra={"who": [value, {"x": value}]})
        LOG.info(f"{before} {value} {after}")  # noqa: G004 - what apps do
    finally:
        LOG.removeHandler(handler)
        LOG.propagate = True
        visit.end()
    for line in stream.getvalue().splitlines():
        assert f"{before} [{kind}] {after}" in line
        assert value not in line.replace(f"[{kind}]", "\0")


# ------------------------------------------------------------------------------- failing closed


class Broken:
    """A redactor that fails at one of its methods."""

    def __init__(self, method: str) -> None:
        self._real, self._method = redaction.Redactor(), method

    def __getattr__(self, name: str) -> Any:
        if name == self._method:
            raise RuntimeError("a@example.com")
        return getattr(self._real, name)


class BrokenWhenCalled(Broken):
    def __getattr__(self, name: str) -> Any:
        def fail(*args: Any) -> Any:
            raise RecursionError("a@example.com")

        return fail if name == self._method else getattr(self._real, name)


@pytest.fixture
def _mended() -> Iterator[None]:
    yield
    redaction.install(redaction.Redactor())


@pytest.mark.usefixtures("_mended")
@pytest.mark.parametrize("way", ["plain", "the record itself", "Rich with variables"])
@pytest.mark.parametrize("path", sorted(PATHS.keys() - MISFITS))
@pytest.mark.parametrize(
    "method", ["redact", "redact_line", "redact_mapping", "redact_value", "nested"]
)
def test_a_redactor_that_fails_lets_nothing_out(method: str, path: str, way: str) -> None:
    redaction.install(BrokenWhenCalled(method))  # type: ignore[arg-type]
    with _way(way) as out:
        PATHS[path]("a@example.com")
        written = out.written()
    assert "a@example.com" not in written


@pytest.mark.usefixtures("_mended")
def test_the_notice_names_the_logger_and_the_template() -> None:
    redaction.install(BrokenWhenCalled("redact_line"))  # type: ignore[arg-type]
    with _way("plain") as out:
        out.handler.setFormatter(logging.Formatter("%(message)s"))
        LOG.info("hello %s", "a@example.com")
        LOG.info("hello %s", "b@example.com")
        first, second = out.written().splitlines()
    assert first == second
    assert first.startswith("A record of the logger tests.logs.paths was withheld: redacting it")
    assert "(RecursionError; template " in first


class Sealed(logging.LogRecord):
    """A record whose class cannot be changed, with a message of its own making."""

    __slots__ = ("seal",)

    def getMessage(self) -> str:  # noqa: N802 - logging's name
        return "hello a@example.com"


def test_a_record_that_not_even_a_notice_fits_into_is_not_lost() -> None:
    with _way("plain") as out:
        out.handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
        LOG.handle(Sealed(LOG.name, logging.ERROR, "", 0, "", (), None))
        written = out.written()
    assert written.startswith(f"ERROR {LOG.name} A record was withheld")
    assert "example" not in written


class Unseen:
    """An object that raises when it is shown."""

    def __str__(self) -> str:
        raise RuntimeError("a@example.com")


class HalfSeen:
    """One that raises only when it is shown to a developer."""

    def __str__(self) -> str:
        return "half"

    def __repr__(self) -> str:
        raise RuntimeError("a@example.com")


@pytest.mark.parametrize(
    "value", [Unseen(), HalfSeen(), [Unseen()]], ids=lambda v: type(v).__name__
)
def test_an_object_in_extra_that_cannot_be_shown_costs_no_record(value: Any) -> None:
    with _way("plain") as out:
        out.handler.setFormatter(logging.Formatter("%(message)s %(who)s"))
        LOG.warning("order %s", "a@example.com", extra={"who": value})
        written = out.written()
    assert written.startswith("order [EMAIL] ")
    assert "example" not in written


INSIDE = [
    "logs.records.clean",
    "logs.records.withhold",
    "logs.records._clean_message",
    "logs.records._clean_rest",
    "logs.records._clean_exception",
    "logs.records._clean_args",
    "logs.records._assemble",
    "logs.records.rendered",
    "logs.records.surrogate",
    "logs.records.one_line",
    "logs.cleaning.known_values_of",
    "logs.submitted.known_values_of",
    "logs.submitted._submitted",
    "engine.known_values._replaced",
    "logs.exceptions._traceback",
]


@pytest.mark.parametrize("place", INSIDE)
@pytest.mark.parametrize("path", ["argument", "in two halves", "extra", "exception", "template"])
def test_a_defect_of_ours_lets_nothing_out_and_is_not_noticed(
    place: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("a@example.com")

    visit = Guard(PrivacyPolicy()).visit(WSGIRequest({"QUERY_STRING": "a=b"}))
    visit.privacy.hide("a@example.com", "EMAIL")
    module, _, name = place.rpartition(".")
    monkeypatch.setattr(sys.modules[f"alpines_privacy.redaction.{module}"], name, fail)
    if place.startswith("logs.records.") and name in {"clean", "withhold"}:
        monkeypatch.setattr(sys.modules["alpines_privacy.redaction.logs.hook"], name, fail)
    try:
        with _way("the record itself") as out:
            PATHS[path]("a@example.com")
            assert "a@example.com" not in out.written()
    finally:
        visit.end()


# ------------------------------------------------------------------------ frameworks and loops


def test_flasks_own_logger_and_its_traceback() -> None:
    app = flask.Flask("tests.logs.flask")
    app.add_url_rule("/", view_func=lambda: flask.request.args["none"], methods=["POST"])

    def refuse(error: Any) -> Any:
        app.logger.error("refused %s", flask.request.form["name"])
        raise LookupError(flask.request.form["name"])

    app.register_error_handler(400, refuse)
    protect(app)
    stream = io.StringIO()
    app.logger.handlers = [logging.StreamHandler(stream)]
    app.logger.propagate = False
    app.test_client().post("/", data={"name": VALUES["NAME"]}).close()
    assert VALUES["NAME"] not in stream.getvalue()
    assert "refused [NAME]" in stream.getvalue()
    assert "LookupError: [NAME]" in stream.getvalue()


def test_what_an_event_loop_says_of_a_task_nobody_awaited() -> None:
    async def leave() -> None:
        loop = asyncio.get_running_loop()
        error = LookupError("a@example.com")
        loop.call_exception_handler({"message": "Task of a@example.com", "exception": error})

    stream = io.StringIO()
    logger = logging.getLogger("asyncio")
    handler = logging.StreamHandler(stream)
    logger.addHandler(handler)
    logger.propagate = False
    try:
        asyncio.run(leave())
    finally:
        logger.removeHandler(handler)
        logger.propagate = True
    assert "a@example.com" not in stream.getvalue()
    assert "Task of [EMAIL]" in stream.getvalue()
    assert "LookupError: [EMAIL]" in stream.getvalue()

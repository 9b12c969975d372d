"""What filters, formatters, processors and patchers add once a record was cleaned: none of it leaves."""

from __future__ import annotations

import copy
import io
import json
import logging
import logging.handlers
import pickle
import queue
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

import flask
import loguru
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.logging import RichHandler

from alpines_privacy import PrivacyPolicy, protect, redaction
from alpines_privacy.guard import Guard
from alpines_privacy.redaction import loguru as for_loguru
from alpines_privacy.redaction.logs.cleaning import Cleaner
from alpines_privacy.redaction.logs.formatters import adds_nothing
from alpines_privacy.testing import visitor
from tests.support.sent import Sent

MAIL, ADDRESS, NAME = "zarqa@example.com", "203.0.113.9", "Zarqa Bibi-Noor"
_HAS_TASKS = "taskName" in vars(logging.makeLogRecord({}))
PERSONAL = (MAIL, ADDRESS, NAME)


@pytest.fixture(autouse=True)
def _visit() -> Iterator[None]:
    """A request whose visitor gave a name."""
    visit = Guard(PrivacyPolicy()).visit(Sent(query="full_name=Zarqa+Bibi-Noor"))
    visit.request()
    yield
    visit.end()


def assert_clean(text: str) -> None:
    assert [value for value in PERSONAL if value in text] == []


def _set(**values: Any) -> Callable[[logging.LogRecord], Any]:
    def change(record: logging.LogRecord) -> bool:
        vars(record).update(values)
        return True

    return change


def _of_its_own(record: logging.LogRecord) -> Any:
    """Return a record in the place of the one given, which Python takes since 3.12."""
    other = copy.copy(record)
    other.ip = ADDRESS
    record.ip = ADDRESS
    return other


def _failing(record: logging.LogRecord) -> bool:
    try:
        raise KeyError(MAIL)
    except KeyError as error:
        record.exc_info = (KeyError, error, error.__traceback__)
    return True


# What a filter does to a record, and the format that shows it.
FILTERS: dict[str, tuple[Callable[[logging.LogRecord], Any], str]] = {
    "an address in a field of its own": (_set(ip=ADDRESS), "%(ip)s %(message)s"),
    "text in a field of its own": (_set(who=f"for {MAIL} and {NAME}"), "%(who)s"),
    "nested data": (_set(held={"mail": [MAIL], "full_name": NAME}), "%(held)s"),
    "an object": (_set(held=ValueError(MAIL)), "%(held)r"),
    "another message": (_set(msg=f"hello {MAIL}", args=()), "%(message)s"),
    "other arguments": (_set(msg="hello %s", args=(NAME,)), "%(message)s"),
    "a stack": (_set(stack_info=f"in {MAIL}"), "%(message)s"),
    "an exception": (_failing, "%(message)s"),
    "an exception's text": (_set(exc_text=f"failed for {MAIL}"), "%(message)s"),
    "a record of its own": (_of_its_own, "%(ip)s"),
    "a standard name": (
        _set(levelname=f"for {MAIL}", threadName=NAME),
        "%(levelname)s %(threadName)s",
    ),
}


@pytest.mark.parametrize(("change", "shown"), FILTERS.values(), ids=FILTERS)
def test_what_a_handlers_filter_adds(
    change: Callable[[logging.LogRecord], Any], shown: str
) -> None:
    logger, stream = _logger(logging.Formatter(shown))
    logger.handlers[0].addFilter(change)
    logger.info("order %s", 7)
    assert_clean(stream.getvalue())
    assert stream.getvalue().strip()


@pytest.mark.parametrize(("change", "shown"), FILTERS.values(), ids=FILTERS)
def test_what_a_filter_adds_leaves_no_handler_that_formats_nothing(
    change: Callable[[logging.LogRecord], Any], shown: str
) -> None:
    """A socket's handler sends the record, one of HTTP its attributes, a queue's passes it on."""
    taken: list[str] = []

    class Sends(logging.handlers.SocketHandler):
        def emit(self, record: logging.LogRecord) -> None:
            taken.append(repr(pickle.loads(self.makePickle(record)[4:])))  # noqa: S301 - ours

    class Maps(logging.handlers.HTTPHandler):
        def emit(self, record: logging.LogRecord) -> None:
            taken.append(repr(self.mapLogRecord(record)))

    passed: queue.Queue[Any] = queue.Queue()
    handlers = [
        Sends("127.0.0.1", 9),
        Maps("127.0.0.1", "/"),
        logging.handlers.QueueHandler(passed),
    ]
    logger = logging.Logger("late")  # noqa: LOG001 - for this test alone
    for handler in handlers:
        handler.addFilter(change)
        logger.addHandler(handler)
    logger.info("order %s", 7)
    taken.append(repr(vars(passed.get())))
    assert len(taken) == 3
    assert_clean("\n".join(taken))


class _RequestFormatter(logging.Formatter):
    """As Flask's manual has it."""

    def format(self, record: logging.LogRecord) -> str:
        if flask.has_request_context():
            record.url = flask.request.url
            record.remote_addr = flask.request.remote_addr
        else:
            record.url = record.remote_addr = None
        return super().format(record)


def test_the_formatter_of_flasks_manual() -> None:
    app = flask.Flask("late")
    logger, stream = _logger(_RequestFormatter("[%(remote_addr)s] %(url)s: %(message)s"))

    @app.get("/")
    def hello() -> str:
        logger.warning("hello")
        return ""

    client = visitor(protect(app, PrivacyPolicy()))
    client.get(f"/?email={MAIL}&full_name=Zarqa+Bibi-Noor", headers={"X-Forwarded-For": ADDRESS})
    assert_clean(stream.getvalue())
    assert "Zarqa" not in stream.getvalue()
    assert stream.getvalue().endswith(": hello\n")


class _AsJSON(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps({"message": record.getMessage(), "email": MAIL, "full_name": NAME})


class _AsData(logging.Formatter):
    def format(self, record: logging.LogRecord) -> Any:
        return {"message": record.getMessage(), "email": MAIL, "by": [NAME]}


class _AsBytes(logging.Formatter):
    def format(self, record: logging.LogRecord) -> Any:
        return f"{record.getMessage()} by {MAIL}, {NAME}".encode()


class _InAMessage(logging.Formatter):
    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - its name
        return f"{MAIL}: {super().formatMessage(record)}"


class _InATime(logging.Formatter):
    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - its name
        return f"{super().formatTime(record, datefmt)} {MAIL}"


class _InAStack(logging.Formatter):
    def formatStack(self, stack_info: str) -> str:  # noqa: N802 - its name
        return f"{stack_info} {MAIL}"


FORMATTERS = {
    "JSON": _AsJSON(),
    "data": _AsData(),
    "bytes": _AsBytes(),
    "a message": _InAMessage("%(message)s"),
    "a time": _InATime("%(asctime)s %(message)s"),
    "a stack": _InAStack("%(message)s"),
    "structlog's": structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.contextvars.merge_contextvars],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(),
        ],
    ),
}


@pytest.mark.parametrize("formatter", FORMATTERS.values(), ids=FORMATTERS)
def test_what_a_formatter_adds(formatter: logging.Formatter) -> None:
    written: list[Any] = []

    class Keeps(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(self.format(record))

    handler = Keeps()
    handler.setFormatter(formatter)
    logger = logging.Logger("late")  # noqa: LOG001 - as above
    logger.addHandler(handler)
    with structlog.contextvars.bound_contextvars(email=MAIL, full_name=NAME, ip=ADDRESS):
        logger.info("order %s", 7, stack_info=True)
    assert_clean(repr(written))
    assert "order 7" in str(written)


def test_json_that_a_formatter_writes_stays_json() -> None:
    logger, stream = _logger(_AsJSON())
    logger.info("hello %s", MAIL)
    assert json.loads(stream.getvalue()) == {
        "message": "hello [EMAIL]", "email": "[EMAIL]", "full_name": "[NAME]",
    }  # fmt: skip


def test_what_a_filter_puts_into_what_is_there() -> None:
    logger, stream = _logger(logging.Formatter("%(ctx)s %(message)s"))

    def change(record: Any) -> bool:
        record.ctx["email"] = MAIL
        record.args["who"] = NAME
        return True

    logger.handlers[0].addFilter(change)
    logger.info("order of %(who)s", {"who": "nobody"}, extra={"ctx": {}})
    assert_clean(stream.getvalue())


def test_a_formatter_that_an_app_has_changed() -> None:
    changed = logging.Formatter("%(message)s")
    assert adds_nothing(changed)
    changed.format = lambda record: f"{record.getMessage()} by {MAIL}"  # type: ignore[method-assign]
    logger, stream = _logger(changed)
    logger.info("order")
    assert stream.getvalue() == "order by [EMAIL]\n"
    assert not adds_nothing(logging.Formatter("%(message)s %(who)s", defaults={"who": MAIL}))


@pytest.mark.parametrize("moved", ["msg", "exc_text", "thread"])
def test_what_is_extra_is_found_wherever_it_stands_in_a_record(moved: str) -> None:
    logger, _ = _logger(None)
    record = logger.makeRecord(
        "late", logging.INFO, "x.py", 1, "order", (), None, extra={"note": f"to {MAIL}", "size": 7}
    )
    attributes = vars(record)
    attributes[moved] = attributes.pop(moved)  # behind the extra ones
    logger.handle(record)
    assert (attributes["note"], attributes["size"]) == ("to [EMAIL]", 7)


@pytest.mark.parametrize(
    ("extra", "clean"),
    [
        ({"first": "4111 1111", "second": "1111 1111"}, None),
        ({"size": 7, "note": "a\tb", "empty": "", "none": None}, None),
        ({"size": 7, "password": "hunter2"}, {"size": 7, "password": "[PASSWORD]"}),
        ({"size": 7, "note": f"to {MAIL}"}, {"size": 7, "note": "to [EMAIL]"}),
        (
            {"note": "one\nINFO forged", "user": NAME},
            {"note": "one\\nINFO forged", "user": "[NAME]"},
        ),
    ],
)
def test_extra_attributes_are_judged_each_by_itself(
    extra: dict[str, Any], clean: dict[str, Any] | None
) -> None:
    logger, _ = _logger(None)
    record = logger.makeRecord("late", logging.INFO, "x.py", 1, "order", (), None, extra=extra)
    logger.handle(record)
    assert {name: vars(record)[name] for name in extra} == (clean or extra)


@pytest.mark.parametrize("template", ["%.5s", "%5.2s", "%-5.2s", "%*.*s"])
def test_what_a_conversion_cuts_off_stands_in_no_argument(template: str) -> None:
    kept: list[Any] = []

    class Keeps(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            kept.append(record.args)

    logger = logging.Logger("late")  # noqa: LOG001 - as above
    logger.addHandler(Keeps())
    logger.info(f"for {template}", *((9, 3) if "*" in template else ()), MAIL)  # noqa: G004 - drawn
    assert MAIL not in repr(kept)


def test_a_handler_that_fails_says_so_without_what_was_logged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Fails(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            try:
                raise OSError("no disk")
            except OSError:
                self.handleError(record)

    logger = logging.Logger(f"late.{MAIL}\nINFO forged")  # noqa: LOG001 - as above
    logger.addHandler(Fails())
    try:
        raise ValueError(f"no account of {NAME}, {MAIL}")
    except ValueError:
        logger.exception("failed for %s", MAIL)
    said = capsys.readouterr().err
    assert_clean(said)
    assert "OSError: no disk" in said
    assert "\nINFO forged" not in said


@pytest.mark.parametrize("passes_on", ["a memory", "a queue that keeps the record"])
def test_a_handler_that_hands_on_the_record_hands_on_no_variable(passes_on: str) -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=200)
    shows = RichHandler(console=console, rich_tracebacks=True, tracebacks_show_locals=True)
    logger = logging.Logger("late")  # noqa: LOG001 - as above
    listener: logging.handlers.QueueListener | None = None
    if passes_on == "a memory":
        logger.addHandler(logging.handlers.MemoryHandler(1, target=shows))
    else:
        passed: queue.Queue[Any] = queue.Queue()

        class Keeps(logging.handlers.QueueHandler):
            def prepare(self, record: logging.LogRecord) -> Any:
                return record

        logger.addHandler(Keeps(passed))
        listener = logging.handlers.QueueListener(passed, shows)
        listener.start()
    held = NAME
    try:
        raise ValueError(len(held))
    except ValueError:
        logger.exception("failed")
    if listener is not None:
        listener.stop()
    assert_clean(stream.getvalue())
    assert "ValueError" in stream.getvalue()


class _Api(Exception):  # noqa: N818 - an app's own name
    def __init__(self, code: int, mail: str) -> None:
        super().__init__(mail)
        self.code, self.mail = code, mail
        self.password, self.card = "my dog Rex", 4111111111111111
        self.response: Any = io.BytesIO()


def test_a_filter_finds_what_an_exception_has() -> None:
    found: list[Any] = []

    def look(record: logging.LogRecord) -> bool:
        assert isinstance(record.exc_info, tuple)
        error: Any = record.exc_info[1]
        if isinstance(error, _Api):
            found.extend([error.code, error.mail, str(error.response.status.code)])
            found.extend([error.password, error.card])
            assert not hasattr(error, "nothing")
        elif isinstance(error, OSError):
            found.extend([error.errno, error.strerror])
        return True

    logger, stream = _logger(None)
    logger.handlers[0].addFilter(look)
    for raised in (_Api(7, MAIL), FileNotFoundError(2, "No such file", f"/home/{MAIL}")):
        try:
            raise raised
        except Exception:
            logger.exception("failed")
    assert found == [7, "[EMAIL]", "[withheld]", "[PASSWORD]", "[CARD]", 2, "No such file"]
    assert_clean(stream.getvalue())


ASKS: dict[str, Callable[[Any], Any]] = {
    "order": lambda error: error.response.status_code >= 500,
    "arithmetic": lambda error: 1 + error.response.status_code // 100 % 7,
    "a format": lambda error: f"{error.response.status_code:d}",
    "a member": lambda error: "x" in error.response.headers["a"],
    "an enum": lambda error: error.status >= 500,
    "arguments": lambda error: error.args[0] >= 2000 and error.args[1],
    "what it has not": lambda error: error.nothing_of_the_kind,
}


class _Refused(Exception):  # noqa: N818 - an app's own name
    def __init__(self) -> None:
        super().__init__(1062, f"Duplicate entry {MAIL}")
        self.status, self.response = HTTPStatus.BAD_GATEWAY, io.BytesIO()


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
def test_no_question_of_a_filters_about_a_stand_in_harms_the_app(ask: Callable[[Any], Any]) -> None:
    def look(record: logging.LogRecord) -> bool:
        assert isinstance(record.exc_info, tuple)
        return bool(ask(record.exc_info[1])) or True

    logger, stream = _logger(None)
    logger.handlers[0].addFilter(look)
    try:
        raise _Refused
    except _Refused:
        logger.exception("failed")
    assert_clean(stream.getvalue())
    assert "failed" in stream.getvalue()


def test_a_filter_that_fails_by_itself_fails_as_it_did() -> None:
    logger, _ = _logger(None)
    logger.handlers[0].addFilter(lambda record: record.nothing_of_the_kind)  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        logger.info("order")


def test_what_a_filter_puts_into_an_argument() -> None:
    logger, stream = _logger(None)

    def change(record: Any) -> bool:
        record.args[0]["mail"] = MAIL
        return True

    logger.handlers[0].addFilter(change)
    logger.info("%s of %s", {"a": 1}, 2)
    assert_clean(stream.getvalue())


def test_a_formatter_of_an_apps_own_making() -> None:
    class Bare:
        __slots__ = ()

        def format(self, record: logging.LogRecord) -> str:
            return f"{record.getMessage()} by {MAIL}"

    logger, stream = _logger(Bare())  # type: ignore[arg-type]
    logger.info("order")
    assert stream.getvalue() == "order by [EMAIL]\n"


class _Adds(logging.StreamHandler[io.StringIO]):
    """A handler that writes more than its formatter does; it was there before anything was protected."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{super().format(record)} by {MAIL} of {NAME}"


class _AddsMore(_Adds):
    def format(self, record: logging.LogRecord) -> str:
        return f"{super().format(record)} from {ADDRESS}"


@pytest.mark.parametrize("of", [_Adds, _AddsMore, "a class made later"])
def test_what_a_handlers_own_format_adds(of: Any) -> None:
    class Later(logging.StreamHandler[io.StringIO]):
        def format(self, record: logging.LogRecord) -> str:
            return f"{record.getMessage()} by {MAIL} of {NAME}"

    stream = io.StringIO()
    logger = logging.Logger("late")  # noqa: LOG001 - as above
    logger.addHandler((Later if isinstance(of, str) else of)(stream))
    logger.info("order")
    assert_clean(stream.getvalue())
    assert stream.getvalue().startswith("order by [EMAIL] of [NAME]")


def test_a_defect_of_ours_lets_nothing_out_of_a_handlers_own_format(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: Any) -> Any:
        raise RuntimeError(MAIL)

    stream = io.StringIO()
    handler = _Adds(stream)
    record = logging.makeLogRecord({"msg": "order"})
    monkeypatch.setattr(Cleaner, "data", fail)
    handler.emit(record)
    assert_clean(stream.getvalue())
    assert "withheld" in stream.getvalue()


def test_names_that_an_app_gives_its_loggers_threads_and_tasks() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        logging.Formatter("%(name)s %(threadName)s %(processName)s %(taskName)s %(message)s")
    )
    logger = logging.Logger(f"of.{MAIL}")  # noqa: LOG001 - as above
    logger.addHandler(handler)

    def work() -> None:
        for _ in range(2):
            logger.handle(
                logging.makeLogRecord(
                    {
                        "msg": "order",
                        "levelno": logging.INFO,
                        "name": logger.name,
                        "threadName": threading.current_thread().name,
                        "processName": f"from {ADDRESS}",
                        "taskName": f"for {MAIL}",
                    }
                )
            )
            logger.info("again", extra={} if _HAS_TASKS else {"taskName": f"for {MAIL}"})

    thread = threading.Thread(target=work, name=f"for {MAIL}")
    thread.start()
    thread.join()
    assert_clean(stream.getvalue())
    assert stream.getvalue().count("[EMAIL] for [EMAIL]") == 4


def test_names_without_personal_data_stay() -> None:
    logger, stream = _logger(logging.Formatter("%(name)s|%(threadName)s|%(message)s"))
    for name in ("shop.orders", "Zarqa", "100%s", "a\nb"):
        record = logging.makeLogRecord(
            {
                "msg": "x",
                "levelno": logging.INFO,
                "name": name,
                "threadName": "ThreadPoolExecutor-0_1",
            }
        )
        logger.handle(record)
        logger.handle(record)
    lines = stream.getvalue().splitlines()
    assert lines[::2] == lines[1::2]
    assert lines[::2] == [
        f"{name}|ThreadPoolExecutor-0_1|x" for name in ("shop.orders", "Zarqa", "100%s", "a\\nb")
    ]


def test_which_formatters_add_nothing() -> None:
    import uvicorn.logging  # noqa: PLC0415 - for this test alone

    assert adds_nothing(logging.Formatter("%(message)s"))
    assert adds_nothing(logging.Formatter("{message}", style="{"))
    assert adds_nothing(uvicorn.logging.AccessFormatter())
    assert not adds_nothing(_RequestFormatter())


def test_a_clean_record_is_read_once_where_nothing_comes_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[str] = []

    def counted(clean: Callable[[Cleaner, str], str]) -> Callable[[Cleaner, str], str]:
        def count(cleaner: Cleaner, given: str) -> str:
            read.append(given)
            return clean(cleaner, given)

        return count

    redaction.install(redaction.Redactor())  # one that has seen nothing yet
    monkeypatch.setattr(Cleaner, "text", counted(Cleaner.text))
    monkeypatch.setattr(Cleaner, "line", counted(Cleaner.line))
    logger, stream = _logger(logging.Formatter("%(levelname)s %(message)s"))
    logger.info("order %s", 7)
    assert read == ["order 7"]
    logger.handlers[0].addFilter(lambda record: True)
    logger.info("order %s", 8)
    assert read == ["order 7", "order 8"]
    assert stream.getvalue() == "INFO order 7\nINFO order 8\n"


@pytest.mark.parametrize("place", ["a filter", "a formatter"])
def test_a_defect_of_ours_lets_nothing_late_out(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger, stream = _logger(_InAMessage() if place == "a formatter" else None)
    if place == "a filter":
        logger.handlers[0].addFilter(_set(ip=ADDRESS, msg=MAIL))
    line = Cleaner.line

    def fail(cleaner: Cleaner, given: str) -> str:
        if given == "order":
            return line(cleaner, given)
        raise RuntimeError(given)

    monkeypatch.setattr(Cleaner, "text", fail)
    monkeypatch.setattr(Cleaner, "line", fail)
    logger.info("order")
    assert_clean(stream.getvalue())
    assert "withheld" in stream.getvalue()


# --------------------------------------------------------------------------------------- loguru


def _change(record: Any) -> bool:
    record["extra"]["ip"] = ADDRESS
    record["message"] += f" by {MAIL}"
    return True


def _patch(record: Any) -> None:
    loguru.logger.debug("within")
    record["user"] = MAIL
    record["extra"].setdefault("held", {})["mail"] = MAIL
    _change(record)


def _in_a_format(record: Any) -> str:
    _change(record)
    return "{message} {extra}\n"


@pytest.mark.parametrize("serialize", [False, True])
@pytest.mark.parametrize("late", ["a patcher", "a filter", "a format", "nothing"])
def test_what_comes_late_in_loguru(late: str, *, serialize: bool) -> None:
    stream = io.StringIO()
    logger = loguru.logger
    logger.remove()
    logger.configure(patcher=for_loguru.redact)
    shown: Any = _in_a_format if late == "a format" else "{message} {extra}"
    if late == "a patcher":
        shown += " {user}"
    passes = _change if late == "a filter" else None
    logger.add(stream, level="INFO", format=shown, filter=passes, serialize=serialize)
    try:
        used = logger.patch(_patch) if late == "a patcher" else logger
        used.bind(order=7).info("order of {}", NAME)
    finally:
        logger.remove()
        logger.configure(patcher=lambda record: None)
    assert_clean(stream.getvalue())
    assert "order of [NAME]" in stream.getvalue()
    assert ("by [EMAIL]" in stream.getvalue()) == (late != "nothing")


# ---------------------------------------------------------------------------------- any of them

ADDED = st.sampled_from([f"mail {MAIL}", f"by {NAME}", {"ip": ADDRESS}, [MAIL], ADDRESS])
NAMES = st.sampled_from(["ip", "who", "msg", "stack_info", "exc_text", "held", "url"])


@given(
    st.lists(st.tuples(NAMES, ADDED), max_size=3),
    st.lists(st.tuples(NAMES, ADDED), max_size=3),
    st.booleans(),
)
def test_whatever_is_added_and_wherever_none_leaves(
    by_filter: list[tuple[str, Any]],
    by_formatter: list[tuple[str, Any]],
    shows_all: bool,
) -> None:
    class Adds(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            vars(record).update(by_formatter)
            return f"{vars(record)}" if shows_all else super().format(record)

    logger, stream = _logger(Adds("%(message)s"))
    logger.handlers[0].addFilter(_set(**dict(by_filter)))
    logger.info("order")
    assert_clean(stream.getvalue())


def _logger(formatter: logging.Formatter | None) -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    logger = logging.Logger("late")  # noqa: LOG001 - as above
    logger.addHandler(handler)
    return logger, stream

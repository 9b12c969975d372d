"""`privacy.hide(value, kind)`: the value reaches no log record of the request it was hidden in."""

from __future__ import annotations

import asyncio
import io
import logging
import logging.handlers
import queue
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy import PrivacyPolicy, current, redaction
from alpines_privacy.guard import Guard, Visit
from alpines_privacy.wsgi import WSGIRequest

NAME = "Made-up Person"
LOG = logging.getLogger("tests.redaction")


@pytest.fixture
def visit() -> Iterator[Visit]:
    """A request under way, during which NAME is hidden."""
    visit = Guard(PrivacyPolicy()).visit(WSGIRequest({}))
    visit.privacy.hide(NAME, "NAME")
    yield visit
    visit.end()


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What a plain handler writes, tracebacks included."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s"))
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    yield stream
    LOG.removeHandler(handler)


class _Keeper(logging.Handler):
    """Keeps the records themselves."""

    def __init__(self, seen: list[logging.LogRecord]) -> None:
        super().__init__()
        self.seen = seen

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(record)


def _raise() -> None:
    raise LookupError(f"no account of {NAME}")


MESSAGES: list[tuple[str, tuple[Any, ...], str]] = [
    (f"hello {NAME}", (), "hello [NAME]"),
    ("hello %s", (NAME,), "hello [NAME]"),
    ("hello %s and %s", (NAME, "others"), "hello [NAME] and others"),
    ("hello %(who)s", ({"who": NAME},), "hello [NAME]"),
    ("got %s", ({"deep": [NAME, 3]},), "got {'deep': ['[NAME]', 3]}"),
    ("hello Made-up %s", ("Person",), "hello [NAME]"),
    ("failed: %s", (LookupError(NAME),), "failed: [NAME]"),
    ("hello %s", ("stranger",), "hello stranger"),
]


@pytest.mark.parametrize(("template", "arguments", "expected"), MESSAGES)
def test_messages(
    template: str, arguments: tuple[Any, ...], expected: str, visit: Visit, written: io.StringIO
) -> None:
    LOG.info(template, *arguments)
    assert written.getvalue() == f"tests.redaction {expected}\n"


def test_an_argument_that_no_longer_fits_its_conversion(visit: Visit, written: io.StringIO) -> None:
    visit.privacy.hide("4210112345671", "CNIC")
    LOG.info("number %d", 4210112345671)
    assert written.getvalue() == "tests.redaction number [CNIC]\n"


def test_tracebacks_and_their_chains(visit: Visit, written: io.StringIO) -> None:
    try:
        try:
            _raise()
        except LookupError as error:
            raise RuntimeError(NAME) from error
    except RuntimeError:
        LOG.exception("failed")
    assert NAME not in written.getvalue()
    assert "LookupError: no account of [NAME]" in written.getvalue()


def test_stack_info_and_extra(visit: Visit) -> None:
    seen: list[logging.LogRecord] = []
    handler = _Keeper(seen)
    LOG.addHandler(handler)
    try:
        LOG.warning("x", extra={"user": {"name": NAME}, "count": 3})
    finally:
        LOG.removeHandler(handler)
    assert vars(seen[0])["user"] == {"name": "[NAME]"}
    assert vars(seen[0])["count"] == 3


def test_the_shape_of_args_stays_for_formatters_that_unpack_them(visit: Visit) -> None:
    """uvicorn's access formatter takes five arguments apart."""
    seen: list[logging.LogRecord] = []
    handler = _Keeper(seen)
    LOG.addHandler(handler)
    try:
        LOG.info('%s - "%s %s HTTP/%s" %d', "client", "GET", f"/?q={NAME}", "1.1", 200)
    finally:
        LOG.removeHandler(handler)
    assert [record.args for record in seen] == [("client", "GET", "/?q=[NAME]", "1.1", 200)]


def test_a_logger_that_does_not_propagate_and_a_queue(visit: Visit) -> None:
    records: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    logger = logging.getLogger("tests.redaction.alone")
    logger.propagate = False
    handler = logging.handlers.QueueHandler(records)
    logger.addHandler(handler)
    try:
        logger.error("hello %s", NAME)
    finally:
        logger.removeHandler(handler)
    assert records.get().getMessage() == "hello [NAME]"


def test_only_this_request_hides_it(visit: Visit, written: io.StringIO) -> None:
    visit.end()
    LOG.info(NAME)
    assert written.getvalue() == f"tests.redaction {NAME}\n"


def test_a_task_and_a_thread_with_the_context_hide_it_too(
    visit: Visit, written: io.StringIO
) -> None:
    async def log() -> None:
        await asyncio.create_task(asyncio.to_thread(LOG.info, NAME))

    asyncio.run(log())
    with ThreadPoolExecutor() as pool:
        pool.submit(copy_context().run, LOG.info, NAME).result()
    assert written.getvalue() == "tests.redaction [NAME]\n" * 2


def test_a_record_that_cannot_be_cleaned_is_withheld(visit: Visit, written: io.StringIO) -> None:
    class Unprintable:
        def __str__(self) -> str:
            raise RuntimeError(NAME)

    LOG.info("%s %s", NAME, Unprintable())
    assert NAME not in written.getvalue()
    assert "withheld" in written.getvalue()


def test_uninstalled_records_pass_and_installed_again_they_do_not(
    visit: Visit, written: io.StringIO
) -> None:
    redaction.uninstall()
    try:
        LOG.info(NAME)
    finally:
        redaction.install()
    LOG.info(NAME)
    assert written.getvalue() == f"tests.redaction {NAME}\ntests.redaction [NAME]\n"


def test_a_short_value_is_not_hidden(visit: Visit, written: io.StringIO) -> None:
    visit.privacy.hide("the", "NAME")
    LOG.info("over the hill")
    assert written.getvalue() == "tests.redaction over the hill\n"


def test_the_longer_of_two_values_is_hidden_whole(visit: Visit, written: io.StringIO) -> None:
    visit.privacy.hide(f"{NAME}, 7 NothingKnown Street", "ADDRESS")
    LOG.info("to %s, 7 NothingKnown Street", NAME)
    assert written.getvalue() == "tests.redaction to [ADDRESS]\n"


def test_outside_a_request_hiding_does_nothing(written: io.StringIO) -> None:
    current().hide(NAME, "NAME")
    LOG.info("to %s", NAME)
    assert written.getvalue() == f"tests.redaction to {NAME}\n"


@given(
    st.lists(st.text(min_size=4, max_size=12), min_size=1, max_size=4),
    st.recursive(st.text(max_size=30), lambda inner: st.lists(inner, max_size=3), max_leaves=5),
)
def test_no_hidden_value_survives(values: list[str], around: Any) -> None:
    """Whatever stands around it and wherever it stands in message, arguments or traceback."""
    visit = Guard(PrivacyPolicy()).visit(WSGIRequest({}))
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    try:
        # Kinds are replaced by text of our own, so values that are part of one are left out.
        hidden = [value for value in values if value not in "[KIND]" and value not in str(around)]
        for value in hidden:
            visit.privacy.hide(value, "KIND")
        for value in hidden:
            LOG.info("%s %s", around, value)
            LOG.info("%s", [around, {"key": value}])
    finally:
        LOG.removeHandler(handler)
        visit.end()
    left = stream.getvalue().replace("[KIND]", "")
    assert not [value for value in hidden if value in left and value not in repr(around)]

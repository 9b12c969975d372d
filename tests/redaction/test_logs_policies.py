"""Several policies in one process: a request's records are cleaned by its own, all others by the strictest."""

from __future__ import annotations

import contextvars
import io
import logging
import logging.handlers
import pickle
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy import PrivacyPolicy, current, protect, redaction
from alpines_privacy.policy import LogKey, Logs
from alpines_privacy.redaction.logs import submitted as submitted_module
from alpines_privacy.redaction.logs.installed import installed
from tests.support.wire import ASGIServer, WSGIServer, scope_of

LOG = logging.getLogger("tests.logs.policies")
MAIL, ADDRESS = "zarqa@example.com", "203.0.113.9"
POLICIES = {
    "mails.example": PrivacyPolicy(logs=Logs(email="keep")),
    "addresses.example": PrivacyPolicy(logs=Logs(ip="keep", keys=[LogKey("desk", kind="SECRET")])),
    "quiet.example": PrivacyPolicy(logs="off"),
}
RAW, NO_MAIL = f"{MAIL} from {ADDRESS}", f"[EMAIL] from {ADDRESS}"
NO_ADDRESS, NEITHER = f"{MAIL} from 203.0.113.0/24", "[EMAIL] from 203.0.113.0/24"


@pytest.fixture(autouse=True)
def written() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    LOG.addHandler(handler)
    LOG.setLevel("INFO")
    LOG.propagate = False
    yield stream
    for each in LOG.handlers[:]:
        LOG.removeHandler(each)
    redaction.install(redaction.Redactor())


def tell() -> None:
    LOG.info("%s from %s", MAIL, ADDRESS)


def over_wsgi(host: str, view: Callable[[], None], policy: Any = POLICIES.get) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        view()
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"ok"]

    environ: dict[str, Any] = {"HTTP_HOST": host}
    setup_testing_defaults(environ)
    assert WSGIServer().run(protect(app, policy), environ).body == b"ok"


def over_asgi(host: str, view: Callable[[], None], policy: Any = POLICIES.get) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        view()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    server = ASGIServer()
    server.run(protect(app, policy), scope_of(headers=[(b"host", host.encode())]))
    assert server.body == b"ok"


def in_a_thread(run: Callable[[], None]) -> None:
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def in_its_context(run: Callable[[], None]) -> None:
    context = contextvars.copy_context()
    in_a_thread(lambda: context.run(run))


@pytest.mark.parametrize("serve", [over_wsgi, over_asgi])
@pytest.mark.parametrize(
    ("host", "inside", "beside"),
    [
        ("mails.example", NO_ADDRESS, NEITHER),
        ("addresses.example", NO_MAIL, NEITHER),
        ("quiet.example", RAW, NEITHER),
        ("unknown.example", NEITHER, NEITHER),
    ],
)
def test_a_request_is_told_of_by_its_own_policy(
    serve: Callable[..., None], host: str, inside: str, beside: str, written: io.StringIO
) -> None:
    def view() -> None:
        tell()
        in_its_context(tell)
        in_a_thread(tell)  # which has no context, so it serves nobody

    for other in POLICIES:
        serve(other, lambda: None)
    serve(host, view)
    tell()
    assert written.getvalue().splitlines() == [inside, inside, beside, beside]


@pytest.mark.parametrize("serve", [over_wsgi, over_asgi])
def test_requests_within_each_other_keep_to_their_own(
    serve: Callable[..., None], written: io.StringIO
) -> None:
    def outer() -> None:
        tell()
        in_a_thread(lambda: serve("addresses.example", tell))
        tell()

    serve("mails.example", outer)
    assert written.getvalue().splitlines() == [NO_ADDRESS, NO_MAIL, NO_ADDRESS]


@pytest.mark.parametrize("serve", [over_wsgi, over_asgi])
def test_a_single_policy_counts_for_all(serve: Callable[..., None], written: io.StringIO) -> None:
    policy = POLICIES["mails.example"]
    installed.cleaner = None  # as in a process that begins
    serve("a.example", tell, policy)
    in_a_thread(tell)
    tell()
    assert written.getvalue().splitlines() == [NO_ADDRESS] * 3


def test_a_key_of_one_policy_counts_in_records_of_no_request(written: io.StringIO) -> None:
    for host in POLICIES:
        over_wsgi(host, lambda: LOG.info("desk=%s", "lamp"))
    LOG.info("desk=%s", "lamp")
    assert written.getvalue().splitlines() == [
        "desk=lamp", "desk=[SECRET]", "desk=lamp", "desk=[SECRET]"
    ]  # fmt: skip


class _AppsOwn(logging.Formatter):
    """Adds what no record holds: what leaves it is looked at again."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{super().format(record)} by {MAIL}"


class Whole(logging.handlers.QueueHandler):
    """Hands on the very record, as some do to keep its exception."""

    def prepare(self, record: logging.LogRecord) -> Any:
        return record


@pytest.mark.parametrize("serve", [over_wsgi, over_asgi])
@pytest.mark.parametrize("kind", [logging.handlers.QueueHandler, Whole])
def test_a_queue_hands_on_the_policy_with_the_record(
    serve: Callable[..., None],
    kind: type[logging.handlers.QueueHandler],
    written: io.StringIO,
) -> None:
    handler = LOG.handlers[0]
    handler.setFormatter(_AppsOwn())
    waiting: queue.Queue[Any] = queue.Queue()
    LOG.handlers = [kind(waiting)]

    def fail() -> None:
        try:
            raise LookupError(MAIL)
        except LookupError:
            LOG.exception("%s from %s", MAIL, ADDRESS)

    hosts = ("mails.example", "addresses.example", "quiet.example")
    for host in hosts:
        serve(host, fail)
    fail()
    said = []
    listener = logging.handlers.QueueListener(waiting, handler)
    for _ in range(4):
        in_a_thread(lambda: listener.handle(waiting.get()))
        said.append(written.getvalue())
        written.seek(0)
        written.truncate()
    for text, first in zip(said, (NO_ADDRESS, NO_MAIL, RAW, NEITHER), strict=True):
        assert text.startswith(f"{first}\n")
    for text, shown in zip(said, (MAIL, "[EMAIL]", MAIL, "[EMAIL]"), strict=True):
        assert f"LookupError: {shown}" in text
        assert text.endswith(f"by {shown}\n")


def test_a_record_of_another_process_belongs_to_no_request(written: io.StringIO) -> None:
    waiting: queue.Queue[Any] = queue.Queue()
    handler = LOG.handlers[0]
    LOG.handlers = [logging.handlers.QueueHandler(waiting)]
    over_wsgi("mails.example", tell)
    sent = pickle.loads(pickle.dumps(waiting.get()))  # noqa: S301 - as a queue of processes does
    logging.handlers.QueueListener(waiting, handler).handle(sent)
    assert written.getvalue() == f"{NEITHER}\n"


def test_a_handler_of_a_queue_that_is_called_directly_hides_no_less(written: io.StringIO) -> None:
    waiting: queue.Queue[Any] = queue.Queue()
    handler = LOG.handlers[0]
    direct = logging.handlers.QueueHandler(waiting)
    record = logging.makeLogRecord({"msg": "%s from %s", "args": (MAIL, ADDRESS)})

    def hand_on() -> None:
        direct.handle(record)

    over_wsgi("addresses.example", hand_on)
    logging.handlers.QueueListener(waiting, handler).handle(waiting.get())
    assert written.getvalue() == f"{NO_MAIL}\n"


def test_install_takes_the_place_of_every_policy(written: io.StringIO) -> None:
    def view() -> None:
        redaction.install(redaction.Redactor(POLICIES["addresses.example"]))
        tell()

    over_wsgi("mails.example", view)
    tell()
    assert written.getvalue().splitlines() == [NO_MAIL, NO_MAIL]


def test_uninstalled_nothing_is_cleaned_and_the_policies_go_on_afterwards(
    written: io.StringIO,
) -> None:
    def view() -> None:
        redaction.uninstall()
        tell()
        redaction.install()
        tell()

    over_wsgi("mails.example", view)
    tell()
    assert written.getvalue().splitlines() == [RAW, NO_ADDRESS, NEITHER]


def test_what_a_visitor_submitted_is_worked_out_once_for_each_policy(
    written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 0
    submitted = submitted_module._submitted

    def counted(*args: Any) -> Any:
        nonlocal count
        count += 1
        return submitted(*args)

    def view() -> None:
        current().hide("Bibi-Noor", "NAME")
        for _ in range(5):
            LOG.info("hello %s", "Bibi-Noor")
            in_a_thread(lambda: LOG.info("hello %s", "Bibi-Noor"))

    monkeypatch.setattr(submitted_module, "_submitted", counted)
    over_wsgi("mails.example", view)
    assert written.getvalue() == "hello [NAME]\n" * 10
    assert count == 2


# ------------------------------------------------------------------- what a program says again


@pytest.mark.parametrize("template", ["at %.3s", "of %-4.2s it"])
def test_a_template_that_was_written_as_it_is_cuts_nothing_off_unseen(
    template: str, written: io.StringIO
) -> None:
    for _ in range(40):
        LOG.info(template)
    kept: queue.Queue[Any] = queue.Queue()
    handler = Whole(kept)
    LOG.addHandler(handler)
    LOG.info(template, MAIL)
    assert MAIL not in str(vars(kept.get()))
    assert written.getvalue().count("\n") == 41


@pytest.mark.parametrize("args", [(), ("Bibi-Noor",)])
def test_what_is_hidden_later_goes_from_what_was_said_before(
    args: tuple[str, ...], written: io.StringIO
) -> None:
    template = "hello %s" if args else "hello Bibi-Noor"

    def view() -> None:
        for _ in range(40):
            LOG.info(template, *args)
        current().hide("Bibi-Noor", "NAME")
        LOG.info(template, *args)

    over_wsgi("mails.example", view)
    assert written.getvalue() == "hello Bibi-Noor\n" * 40 + "hello [NAME]\n"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["%s", "mail %s", "at %d", "%.2s", "a", "b\nc", MAIL, "%s %s"]),
            st.lists(st.sampled_from([MAIL, "x", 7, ADDRESS, "x\ny", None]), max_size=2),
        ),
        max_size=40,
    )
)
def test_nothing_that_was_said_before_changes_what_is_said(
    said: list[tuple[str, list[Any]]],
) -> None:
    def records(*, fresh: bool) -> list[Any]:
        kept: list[Any] = []
        handler = logging.Handler()
        handler.emit = lambda record: kept.append((record.msg, record.args))  # type: ignore[method-assign]
        logger = logging.getLogger("tests.logs.policies.again")
        logger.setLevel("INFO")
        logger.propagate = False
        logger.handlers = [handler]
        for template, args in said:
            if fresh:
                redaction.install(redaction.Redactor())
            logger.info(template, *args)
        return kept

    redaction.install(redaction.Redactor())
    records(fresh=False)
    assert records(fresh=False) == records(fresh=True)


# ------------------------------------------------------------------------ the stricter of two

WAYS = st.sampled_from(["mark", "partial", "pseudonym", "keep"])
LOGS = st.builds(
    Logs,
    email=WAYS,
    phone=WAYS,
    ip=st.sampled_from(["mark", "truncate", "pseudonym", "keep"]),
    keys=st.lists(
        st.builds(
            LogKey, st.sampled_from(["desk", "De-sk", "lamp"]), st.sampled_from(["EMAIL", "NAME"])
        ),
        max_size=1,
    ),
    safe_keys=st.lists(st.sampled_from(["chair", "Cha_ir", "table"]), max_size=1),
)


@pytest.mark.parametrize(
    ("first", "second", "stricter"),
    [
        (Logs(), Logs(), Logs()),
        (Logs(email="keep"), Logs(), Logs()),
        (Logs(email="keep"), Logs(email="keep"), Logs(email="keep")),
        (Logs(email="keep"), Logs(email="partial"), Logs(email="partial")),
        (Logs(email="pseudonym"), Logs(email="partial"), Logs(email="mark")),
        (Logs(ip="truncate"), Logs(ip="mark"), Logs(ip="mark")),
        (Logs(safe_keys=["chair", "table"]), Logs(safe_keys=["Table"]), Logs(safe_keys=("table",))),
        (Logs(keys=[LogKey("desk", "NAME")]), Logs(), Logs(keys=(LogKey("desk", "NAME"),))),
        # Kept by both, the key says nothing; the other policy's own meaning of it goes on.
        (Logs(name="keep", keys=[LogKey("phone", "NAME")]), Logs(name="keep"), Logs(name="keep")),
    ],
)
def test_the_stricter_of_two(first: Logs, second: Logs, stricter: Logs) -> None:
    assert first.stricter(second) == stricter
    assert second.stricter(first) == stricter or first.safe_keys


@given(LOGS, LOGS)
def test_nothing_that_either_hides_is_shown(first: Logs, second: Logs) -> None:
    both = first.stricter(second)
    assert both.stricter(first) == both == both.stricter(second)
    for name in ("email", "phone", "ip"):
        ways = {getattr(first, name), getattr(second, name)}
        assert (getattr(both, name) == "keep") == (ways == {"keep"})
    names = {key.name.lower().replace("-", "") for key in both.keys}
    for logs in (first, second):
        shown = {kind for kind in ("EMAIL", "NAME") if both.way(kind) == "keep"}
        hidden = {key for key in logs.keys if key.kind not in shown}
        assert {key.name.lower().replace("-", "") for key in hidden} <= names

"""structlog, loguru, Sentry and OpenTelemetry, each as an app sets it up: nothing personal gets out."""

from __future__ import annotations

import io
import json
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import loguru
import pytest
import sentry_sdk
import structlog
from django.test import override_settings
from opentelemetry import trace as otel_trace
from opentelemetry._logs import _internal as otel_logs
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, Status, StatusCode
from sentry_sdk.transport import Transport

from alpines_privacy import PrivacyPolicy
from alpines_privacy.django.checks import check_privacy
from alpines_privacy.guard import Guard
from alpines_privacy.redaction import loguru as for_loguru
from alpines_privacy.redaction import sentry as for_sentry
from alpines_privacy.redaction import structlog as for_structlog
from alpines_privacy.redaction.logs.exceptions import surrogate
from alpines_privacy.redaction.opentelemetry import RedactingLogs, RedactingSpans
from tests.frameworks.django_site import OURS
from tests.support.sent import Sent

MAIL, NAME, PASSWORD = "zarqa@example.com", "Zarqa Bibi-Noor", "hunter2hunter"


@pytest.fixture(autouse=True)
def _visit() -> Iterator[None]:
    """A request whose visitor gave a name."""
    visit = Guard(PrivacyPolicy()).visit(Sent(query="full_name=Zarqa+Bibi-Noor"))
    visit.request()
    yield
    visit.end()


@pytest.fixture(params=["logs.cleaning.known_values_of", "logs.events.surrogate"])
def _broken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect of ours."""

    def fail(*args: Any) -> Any:
        raise RuntimeError(MAIL)

    place, _, name = request.param.rpartition(".")
    monkeypatch.setattr(sys.modules[f"alpines_privacy.redaction.{place}"], name, fail)


def assert_clean(text: str) -> None:
    assert MAIL not in text
    assert NAME not in text
    assert PASSWORD not in text


def _fails() -> None:
    held = {"password": PASSWORD, "who": NAME}
    try:
        raise KeyError(MAIL)
    except KeyError as error:
        raise RuntimeError(f"no account of {held['who']}") from error


# --------------------------------------------------------------------------------- structlog

RENDERED: dict[str, list[Any]] = {
    "JSON": [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer(default=str)],
    "logfmt": [structlog.processors.format_exc_info, structlog.processors.LogfmtRenderer()],
    "key and value": [structlog.processors.ExceptionRenderer(), structlog.processors.KeyValueRenderer()],
    "console": [structlog.dev.ConsoleRenderer(colors=False)],
    "JSON with variables": [
        structlog.processors.ExceptionRenderer(
            structlog.tracebacks.ExceptionDictTransformer(show_locals=True)
        ),
        structlog.processors.JSONRenderer(default=str),
    ],
}  # fmt: skip


def _native(processors: list[Any], stream: io.StringIO) -> Any:
    return structlog.wrap_logger(
        structlog.PrintLogger(stream),
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(0),
    )


def _over_logging(processors: list[Any], stream: io.StringIO) -> Any:
    """structlog in front of the standard library, its formatter behind it."""
    logger = logging.getLogger("tests.logs.structlog")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *processors]
        )
    )
    logger.handlers, logger.propagate = [handler], False
    return structlog.wrap_logger(
        logger,
        processors=[structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def _say(logger: Any) -> None:
    logger.error("order", who=NAME, to=[{"mail": MAIL}], password=PASSWORD, count=3)
    logger.error(f"for {MAIL}")  # noqa: G004 - what apps do
    try:
        _fails()
    except RuntimeError as error:
        logger.exception("failed", order=7)
        logger.error("failed", exc_info=error)


@pytest.mark.parametrize("rendered", RENDERED)
@pytest.mark.parametrize("at", ["before", "after"])
def test_structlog(rendered: str, at: str) -> None:
    stream = io.StringIO()
    *before, renderer = RENDERED[rendered]
    chain = [for_structlog.redact, *before] if at == "before" else [*before, for_structlog.redact]
    _say(_native([*chain, renderer], stream))
    assert_clean(stream.getvalue())
    assert "RuntimeError" in stream.getvalue()
    assert "[NAME]" in stream.getvalue()


@pytest.mark.parametrize("rendered", RENDERED)
def test_structlog_in_front_of_logging_needs_no_processor(rendered: str) -> None:
    stream = io.StringIO()
    _say(_over_logging(RENDERED[rendered], stream))
    assert_clean(stream.getvalue())
    assert "RuntimeError" in stream.getvalue()
    assert "[NAME]" in stream.getvalue()


def test_a_clean_structlog_event_is_the_same() -> None:
    event = {"event": "order", "count": 3, "tags": ["a"]}
    assert for_structlog.redact(None, "info", event) is event


@pytest.mark.usefixtures("_broken")
def test_structlog_fails_closed() -> None:
    stream = io.StringIO()
    logger = _native([for_structlog.redact, structlog.processors.JSONRenderer()], stream)
    try:
        _fails()
    except RuntimeError:
        logger.exception(f"for {MAIL}")  # noqa: G004
    assert_clean(stream.getvalue())
    assert "withheld" in stream.getvalue()


# ------------------------------------------------------------------------------------ loguru


@pytest.fixture
def sink() -> Iterator[io.StringIO]:
    """A sink with loguru's own defaults: `diagnose` shows the values of variables."""
    stream = io.StringIO()
    loguru.logger.remove()
    loguru.logger.add(stream, diagnose=True, backtrace=True, format="{message} {extra} {exception}")
    loguru.logger.add(stream, serialize=True, colorize=True)
    loguru.logger.configure(patcher=for_loguru.redact)
    yield stream
    loguru.logger.remove()
    loguru.logger.configure(patcher=lambda record: None)


def test_loguru(sink: io.StringIO) -> None:
    logger = loguru.logger
    held = NAME
    logger.info("hello {} of {who}", MAIL, who=held)  # noqa: PLE1205 - in braces
    logger.bind(who=[NAME]).info("order")
    logger.opt(colors=True).info("<red>hello {}</red>", NAME)
    with logger.contextualize(mail=MAIL):
        logger.info("order")
    with logger.catch():
        _fails()
    try:
        _fails()
    except RuntimeError:
        logger.exception("failed")
    assert_clean(sink.getvalue())
    assert "RuntimeError: no account of [NAME]" in sink.getvalue()
    assert "hello [EMAIL] of [NAME]" in sink.getvalue()


@pytest.mark.parametrize("place", ["logs.cleaning.known_values_of", "loguru.surrogate"])
def test_loguru_fails_closed(
    sink: io.StringIO, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any) -> Any:
        raise RuntimeError(MAIL)

    module, _, name = place.rpartition(".")
    monkeypatch.setattr(sys.modules[f"alpines_privacy.redaction.{module}"], name, fail)
    try:
        _fails()
    except RuntimeError:
        loguru.logger.exception(f"for {MAIL}")
    assert_clean(sink.getvalue())
    assert "withheld" in sink.getvalue()


# ------------------------------------------------------------------------------------ Sentry


class _Kept(Transport):
    """Keeps what would be sent."""

    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        self.sent: list[str] = []

    def capture_envelope(self, envelope: Any) -> None:
        self.sent.append(envelope.serialize().decode("utf-8", "replace"))


@pytest.fixture
def transport() -> Iterator[_Kept]:
    """Sentry with all that it can collect."""
    kept = _Kept()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its newest release has a new name for "all of it"
        _init(kept)
    yield kept
    sentry_sdk.get_client().close()
    sentry_sdk.init(default_integrations=False, auto_enabling_integrations=False)


def _init(kept: _Kept) -> None:
    sentry_sdk.init(
        dsn="https://key@sentry.invalid/1",
        transport=kept,
        send_default_pii=True,
        traces_sample_rate=1.0,
        include_local_variables=True,
        max_request_body_size="always",
        default_integrations=False,
        auto_enabling_integrations=False,
        **for_sentry.options(),  # type: ignore[arg-type]
    )


def _capture() -> None:
    scope = sentry_sdk.get_current_scope()
    scope.set_user({"id": NAME, "email": MAIL, "username": "zarqa_84", "ip_address": "203.0.113.7"})
    scope.set_tag("who", NAME)
    scope.set_extra("order", {"mail": MAIL, "of": [NAME]})
    scope.set_context("runtime", {"name": "CPython"})  # as its integrations do
    scope.set_context("customer", {"name": NAME, "mail": MAIL})
    sentry_sdk.add_breadcrumb(message=f"for {MAIL}", data={"url": f"/?email={MAIL}", "who": NAME})
    sentry_sdk.capture_message(f"hello {MAIL}")
    try:
        _fails()
    except RuntimeError:
        sentry_sdk.capture_exception()


def test_sentry_events(transport: _Kept) -> None:
    _capture()
    sent = "\n".join(transport.sent)
    assert_clean(sent)
    assert "zarqa_84" not in sent
    assert "203.0.113.7" not in sent
    event = json.loads(transport.sent[-1].splitlines()[-1])
    assert [value["type"] for value in event["exception"]["values"]] == ["KeyError", "RuntimeError"]
    frames = event["exception"]["values"][1]["stacktrace"]["frames"]
    assert frames[-1]["function"] == "_fails"
    assert frames[-1]["vars"]["held"]["password"] not in {PASSWORD, repr(PASSWORD)}
    assert event["sdk"]["name"].startswith("sentry.python")
    assert event["contexts"]["runtime"]["name"] == "CPython"


def test_an_exception_that_is_also_logged_is_sent_once(transport: _Kept) -> None:
    try:
        _fails()
    except RuntimeError as error:
        stand = surrogate(error, error.__traceback__, str)
        sentry_sdk.capture_exception(error)
        sentry_sdk.capture_exception(stand)
    try:
        _fails()
    except RuntimeError:
        sentry_sdk.capture_exception()
    assert len(transport.sent) == 2


def test_a_sentry_request(transport: _Kept) -> None:
    def processor(event: Any, hint: Any) -> Any:
        event["request"] = {
            "url": f"https://shop.example/u/{MAIL}",
            "query_string": f"email={MAIL}&token=s3cr3tt0ken9911",
            "data": {"name": NAME, "password": PASSWORD},
            "headers": {"Authorization": "Bearer k9-opaque-key", "User-Agent": "Mozilla/5.0"},
            "cookies": {"sessionid": "8d7f4b1c99aa"},
            "env": {"REMOTE_ADDR": "203.0.113.7"},
        }
        return event

    sentry_sdk.get_current_scope().add_event_processor(processor)
    sentry_sdk.capture_message("hello")
    (sent,) = transport.sent
    assert_clean(sent)
    for secret in ("s3cr3tt0ken9911", "k9-opaque-key", "8d7f4b1c99aa", "203.0.113.7"):
        assert secret not in sent


def test_sentry_transactions(transport: _Kept) -> None:
    with sentry_sdk.start_transaction(op="http", name=f"/u/{MAIL}") as transaction:
        transaction.set_data("mail", MAIL)
        with sentry_sdk.start_span(op="db", name=f"select … where name = '{NAME}'") as span:
            span.set_data("db.params", [NAME, MAIL])
    (sent,) = transport.sent
    assert_clean(sent)
    event = json.loads(sent.splitlines()[-1])
    assert event["transaction"] == "/u/[EMAIL]"
    assert [span["op"] for span in event["spans"]] == ["db"]
    assert len(event["contexts"]["trace"]["trace_id"]) == 32


def _init_with(kept: _Kept, **hooks: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as above
        sentry_sdk.init(
            dsn="https://key@sentry.invalid/1", transport=kept, default_integrations=False,
            auto_enabling_integrations=False, **hooks,
        )  # fmt: skip


def test_an_apps_own_hook_of_sentrys_is_asked_first_and_cleaned_after() -> None:
    kept, seen = _Kept(), []

    def mine(event: Any, hint: Any) -> Any:
        seen.append(event["message"])
        event["extra"] = {"mail": MAIL}
        return None if event["message"] == "dropped" else event

    _init_with(kept, **for_sentry.options(before_send=mine))
    sentry_sdk.capture_message(f"hello {MAIL}")
    sentry_sdk.capture_message("dropped")
    assert seen == [f"hello {MAIL}", "dropped"]
    assert len(kept.sent) == 1
    assert_clean(kept.sent[0])
    assert "hello [EMAIL]" in kept.sent[0]


def test_no_hook_is_no_hook_and_another_option_is_named() -> None:
    assert for_sentry.options(before_send=None) == for_sentry.options()
    with pytest.raises(TypeError, match=r"before_breadcrumb, .*, not dsn; give that to sentry_sdk"):
        for_sentry.options(dsn=lambda event, hint: None)


def test_sentry_fails_closed(transport: _Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> Any:
        raise RuntimeError(MAIL)

    monkeypatch.setattr("alpines_privacy.redaction.logs.cleaning.known_values_of", fail)
    _capture()
    assert transport.sent == []


# ----------------------------------------------------------------------------- OpenTelemetry


def _spans(act: Callable[[Any], None]) -> list[Any]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(RedactingSpans(SimpleSpanProcessor(exporter)))
    with provider.get_tracer("shop").start_as_current_span(
        f"GET /u/{MAIL}",
        links=[Link(SpanContext(1, 2, False), {"of": NAME})],
    ) as span:
        act(span)
    assert provider.force_flush()
    provider.shutdown()
    return list(exporter.get_finished_spans())


def _traced(span: Any) -> None:
    span.set_attribute("url.full", f"https://shop.example/?email={MAIL}&token=s3cr3tt0ken9911")
    span.set_attribute("enduser.id", NAME)
    span.set_attribute("http.request.header.authorization", ["Bearer k9-opaque-key"])
    span.set_attribute("client.address", "203.0.113.7")
    span.set_attribute("server.address", "shop.internal")
    span.set_attribute("http.response.status_code", 200)
    span.add_event("order", {"mail": MAIL, "count": 3})
    try:
        _fails()
    except RuntimeError as error:
        span.record_exception(error)
        span.set_status(Status(StatusCode.ERROR, f"no {NAME}"))


def test_opentelemetry_spans() -> None:
    (span,) = _spans(_traced)
    whole = span.to_json()
    assert_clean(whole)
    for secret in ("s3cr3tt0ken9911", "k9-opaque-key", "203.0.113.7"):
        assert secret not in whole
    assert span.name == "GET /u/[EMAIL]"
    assert span.attributes["server.address"] == "shop.internal"
    assert span.attributes["http.response.status_code"] == 200
    assert span.status.status_code is StatusCode.ERROR
    assert span.resource.attributes["service.name"]
    assert [event.name for event in span.events] == ["order", "exception"]


def test_opentelemetry_spans_fail_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> Any:
        raise RuntimeError(MAIL)

    monkeypatch.setattr("alpines_privacy.redaction.logs.cleaning.known_values_of", fail)
    (span,) = _spans(_traced)
    assert_clean(span.to_json())
    assert (span.name, dict(span.attributes)) == ("[withheld]", {})
    assert span.end_time


@pytest.mark.parametrize("fails", [False, True])
def test_opentelemetry_logs(monkeypatch: pytest.MonkeyPatch, *, fails: bool) -> None:
    exporter: Any = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]
    provider = LoggerProvider()
    provider.add_log_record_processor(RedactingLogs(SimpleLogRecordProcessor(exporter)))

    def fail(*args: Any) -> Any:
        raise RuntimeError(MAIL)

    if fails:
        monkeypatch.setattr("alpines_privacy.redaction.logs.cleaning.known_values_of", fail)
    provider.get_logger("shop").emit(
        body={"hello": [NAME, MAIL]}, attributes={"password": PASSWORD, "count": 3}
    )
    assert provider.force_flush()
    provider.shutdown()
    (record,) = exporter.get_finished_logs()
    assert_clean(record.to_json())
    assert (record.log_record.body == "[withheld]") is fails


# ------------------------------------------------------------------- set up without our hooks


def _bare_sentry() -> None:
    _init_with(_Kept(), before_send=lambda event, hint: event)


def _bare_spans() -> None:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(InMemorySpanExporter()))
    _provide(provider)


def _bare_logs() -> None:
    provider = LoggerProvider()
    exporter = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    otel_logs._LOGGER_PROVIDER = provider


def _hooked() -> None:
    _init_with(_Kept(), **for_sentry.options(before_send=lambda event, hint: event))
    provider = TracerProvider()
    provider.add_span_processor(RedactingSpans(SimpleSpanProcessor(InMemorySpanExporter())))
    _provide(provider)


def _provide(provider: TracerProvider | None) -> None:
    otel_trace._TRACER_PROVIDER = provider


@pytest.fixture
def _afterwards() -> Iterator[None]:
    yield
    _provide(None)
    otel_logs._LOGGER_PROVIDER = None
    sentry_sdk.init(default_integrations=False, auto_enabling_integrations=False)


BARE: dict[str, tuple[Callable[[], None], list[str]]] = {
    "Sentry": (
        _bare_sentry,
        ["sentry_sdk.init(..., **alpines_privacy.redaction.sentry.options())"],
    ),
    "spans": (_bare_spans, ["provider.add_span_processor(RedactingSpans("]),
    "logs": (_bare_logs, ["logger_provider.add_log_record_processor(RedactingLogs("]),
    "hooked": (_hooked, []),
    "nothing": (lambda: None, []),
}


@pytest.mark.usefixtures("_afterwards")
@pytest.mark.parametrize(("set_up", "lines"), BARE.values(), ids=BARE)
def test_who_sets_up_an_exporter_without_our_hooks_is_told_the_line(
    set_up: Callable[[], None], lines: list[str]
) -> None:
    set_up()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Guard(PrivacyPolicy())
        Guard(PrivacyPolicy(logs="off"))
    assert len(caught) == len(lines)
    assert all(line in str(each.message) for line, each in zip(lines, caught, strict=True))
    with override_settings(MIDDLEWARE=[OURS], ALPINES_PRIVACY={}):
        found = [each for each in check_privacy(None) if each.id == "alpines_privacy.W006"]
    assert [
        line for line, each in zip(lines, found, strict=True) if line in (each.hint or "")
    ] == lines


@pytest.mark.usefixtures("_afterwards")
def test_who_sets_one_up_later_is_told_at_the_first_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    guard = Guard(PrivacyPolicy())
    _bare_sentry()
    for _ in range(2):
        visit = guard.visit(Sent())
        visit.request()
        visit.end()
    assert caplog.text.count("Sentry is initialised without the layer's hooks") == 1

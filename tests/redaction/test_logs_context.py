"""What a visitor submitted is in no record of their request, though no pattern could know it."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import threading
import time
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, cast
from urllib.parse import quote, quote_plus, urlencode

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy import PrivacyPolicy, current
from alpines_privacy.asgi import PrivacyMiddleware as ASGILayer
from alpines_privacy.guard import Guard
from alpines_privacy.http.outcomes import Pass
from alpines_privacy.http.privacy import OUTSIDE, current_privacy, request_context
from alpines_privacy.redaction import Redactor
from alpines_privacy.redaction.engine.known_values import KnownValues, Literal, _is_word
from alpines_privacy.redaction.logs import cleaning
from alpines_privacy.redaction.logs.submitted import (
    _submitted,
    current_requests,
    failed,
    known_values_of,
)
from alpines_privacy.wsgi import PrivacyMiddleware as WSGILayer
from alpines_privacy.wsgi import WSGIRequest
from tests.frameworks.django_site import OURS
from tests.support.sent import Sent
from tests.support.wire import ASGIServer, scope_of

LOG = logging.getLogger("tests.logs.context")

NAME, ADDRESS = "Zarqa Bibi-Noor", "House 7, Made-up Street & Co"
FORM = {"full_name": NAME, "address": ADDRESS, "colour": "vermilion", "title": "Dr"}
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = (
    '--frontier\r\nContent-Disposition: form-data; name="full_name"\r\n\r\n'
    f"{NAME}\r\n--frontier\r\n"
    f'Content-Disposition: form-data; name="address"\r\n\r\n{ADDRESS}\r\n--frontier--\r\n'
)


class Visit(NamedTuple):
    """What is sent, and what of it no record may say."""

    secrets: tuple[str, ...]
    body: bytes = b""
    content_type: str = ""
    query: str = ""
    fields: tuple[tuple[str, str], ...] = ()


VISITS = {
    "form": Visit((NAME, ADDRESS), urlencode(FORM).encode(), URLENCODED),
    "form with %20": Visit((NAME,), f"name={quote(NAME)}".encode(), URLENCODED + "; charset=utf-8"),
    "JSON": Visit((NAME, ADDRESS), json.dumps(FORM).encode(), "application/json"),
    "nested JSON": Visit(
        (NAME,), json.dumps({"users": [{"name": NAME}]}).encode(), "application/vnd.api+json"
    ),
    "broken JSON": Visit((NAME,), json.dumps({"name": NAME}).encode()[:-1], "application/json"),
    "multipart": Visit(
        (NAME, ADDRESS), MULTIPART.encode(), "multipart/form-data; boundary=frontier"
    ),
    "query": Visit((NAME, ADDRESS), query=urlencode(FORM)),
    "basic credentials": Visit(
        ("zarqa", "hunter2hunter"),
        fields=(("Authorization", "Basic " + b64encode(b"zarqa:hunter2hunter").decode()),),
    ),
    "bearer": Visit(("k9-opaque-key",), fields=(("Authorization", "Bearer k9-opaque-key"),)),
    "cookie": Visit(("8d7f-4b1c",), fields=(("Cookie", "theme=dark; sid=8d7f-4b1c"),)),
    "a user agent of no known shape": Visit(
        ("Frobnicator",), fields=(("User-Agent", "Frobnicator"),)
    ),
}


@pytest.fixture(autouse=True)
def _no_failures() -> Iterator[None]:
    """Begin and end without requests that failed just before."""
    failed.kept.clear()
    yield
    failed.kept.clear()


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What a plain handler writes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    yield stream
    LOG.removeHandler(handler)


Run = Callable[[Visit, Callable[[], Any]], Any]


def over_wsgi(visit: Visit, look: Callable[[], Any]) -> bytes:
    """Let a WSGI app read the body and look."""
    got: list[bytes] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        stream = environ["wsgi.input"]
        got.append(stream.readline() + stream.read(5) + b"".join(stream))
        look()
        start_response("200 OK", [])
        return []

    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "QUERY_STRING": visit.query,
        "CONTENT_TYPE": visit.content_type,
        "CONTENT_LENGTH": str(len(visit.body)),
        "wsgi.input": io.BytesIO(visit.body),
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in visit.fields},
    }
    list(WSGILayer(app)(environ, lambda *head: lambda data: None))
    return got[0]


def over_asgi(visit: Visit, look: Callable[[], Any]) -> bytes:
    """Let an ASGI app read the body in three messages and look."""
    got: list[bytes] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        more = True
        while more:
            message = await receive()
            got.append(message["body"])
            more = message["more_body"]
        look()

    body = visit.body
    third = len(body) // 3
    parts = [body[:third], body[third : 2 * third], body[2 * third :]]
    messages = [
        {"type": "http.request", "body": part, "more_body": number < 2}
        for number, part in enumerate(parts)
    ]
    fields = [("content-type", visit.content_type)] if visit.content_type else []
    headers = [(n.lower().encode(), v.encode()) for n, v in [*fields, *visit.fields]]
    scope = scope_of("/", *headers, method="POST", query_string=visit.query.encode())
    ASGIServer(*messages).run(ASGILayer(app), scope)
    return b"".join(got)


_looks: list[Callable[[], Any]] = []


def _view(request: HttpRequest) -> HttpResponse:
    body = request.body
    _looks[-1]()
    return HttpResponse(body)


def _form_view(request: HttpRequest) -> HttpResponse:
    read = dict(request.POST.items())
    _looks[-1]()
    return HttpResponse(json.dumps(read))


async def _async_view(request: HttpRequest) -> HttpResponse:
    return _view(request)


urlpatterns = [path("", _view), path("form", _form_view), path("async", _async_view)]
DJANGO = {
    "ROOT_URLCONF": __name__,
    "MIDDLEWARE": [OURS],
    "ALPINES_PRIVACY": {},
}


def over_django(visit: Visit, look: Callable[[], Any], where: str = "/") -> bytes:
    """Let a Django view read the body and look."""
    _looks.append(look)
    with override_settings(**DJANGO):
        response = Client().generic(
            "POST",
            f"{where}?{visit.query}",
            visit.body,
            content_type=visit.content_type or "text/plain",
            headers=dict(visit.fields),
        )
    return bytes(response.content)


def over_async_django(visit: Visit, look: Callable[[], Any]) -> bytes:
    """Let an async view do so."""
    _looks.append(look)

    async def ask() -> bytes:
        response = await AsyncClient().generic(
            "POST",
            f"/async?{visit.query}",
            visit.body,
            content_type=visit.content_type or "text/plain",
            headers=dict(visit.fields),
        )
        return bytes(response.content)

    with override_settings(**DJANGO):
        return asyncio.run(ask())


RUNS: dict[str, Run] = {
    "wsgi": over_wsgi,
    "asgi": over_asgi,
    "django": over_django,
    "async django": over_async_django,
}


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("name", VISITS)
def test_what_was_submitted_is_in_no_record(name: str, run: str, written: io.StringIO) -> None:
    visit = VISITS[name]

    def look() -> None:
        for secret in visit.secrets:
            LOG.info("hello %s", secret)
            LOG.info("HELLO %s!", secret.upper())
            LOG.info("GET /find?q=%s&r=%s", quote(secret, safe=""), quote_plus(secret))
            LOG.info("got %s", json.dumps([secret]))
            LOG.info("got %r", [secret, {"x": (secret,)}])
        LOG.info("colour %s, dark, Dr, %s", "vermilion", "x" * 5)

    assert RUNS[run](visit, look) == visit.body
    said = written.getvalue().lower()
    for secret in visit.secrets:
        looks = (secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1])
        assert not [look for look in looks if look.lower() in said]
    assert "colour vermilion, dark, dr, xxxxx" in said


def test_djangos_own_form_reading_is_as_ever(written: io.StringIO) -> None:
    for name in ("form", "multipart"):
        visit = VISITS[name]
        read = over_django(visit, lambda: LOG.info("for %s", NAME), "/form")
        assert json.loads(read)["full_name"] == NAME
    assert written.getvalue() == "for [NAME]\n" * 2


def test_only_words_of_their_own_count(written: io.StringIO) -> None:
    def look() -> None:
        LOG.info("annual manna of Anna, (Anna)Anna %%20Anna \\nAnna Anna's %s", "ANNA\tannabel")

    over_wsgi(Visit((), b"first_name=Anna", URLENCODED), look)
    assert written.getvalue() == (
        "annual manna of [NAME], ([NAME])[NAME] %20[NAME] \\n[NAME] [NAME]'s [NAME]\tannabel\n"
    )


@pytest.mark.parametrize(
    "value",
    ["Bo", "the", "test", "Admin", "true", "null", "None", "  yes ", "CRITICAL", "Traceback", "POST", "HTTP/1.1"],
)  # fmt: skip
def test_short_and_common_words_are_left_to_the_rules_by_key(
    value: str, written: io.StringIO
) -> None:
    over_wsgi(
        Visit((), urlencode({"full_name": value}).encode(), URLENCODED),
        lambda: LOG.info("one %s word", value),
    )
    assert written.getvalue() == f"one {value} word\n"


def test_a_name_goes_word_by_word_too(written: io.StringIO) -> None:
    body = urlencode({"name": "Zarqa Bibi Noorani"}).encode()
    over_wsgi(Visit((), body, URLENCODED), lambda: LOG.info("Dear Zarqa (Noorani), welcome"))
    assert written.getvalue() == "Dear [NAME] ([NAME]), welcome\n"


def test_a_body_that_nobody_read_is_not_read_for_a_log() -> None:
    read: list[int] = []

    class Stream(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            read.append(1)
            return super().read(size)

    def app(environ: Any, start_response: Any) -> list[bytes]:
        LOG.info("nothing")
        start_response("200 OK", [])
        return []

    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": URLENCODED,
        "CONTENT_LENGTH": "3",
        "wsgi.input": Stream(b"a=b"),
    }
    WSGILayer(app)(environ, lambda *head: lambda data: None)
    assert read == []


def test_nothing_is_worked_out_unless_something_is_logged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*args: Any) -> Any:
        raise AssertionError

    monkeypatch.setattr("alpines_privacy.redaction.logs.submitted._fields", fail)
    over_asgi(VISITS["form"], lambda: None)


def test_of_a_long_body_the_beginning_counts(written: io.StringIO) -> None:
    body = urlencode({"name": NAME, "text": "x" * 200_000, "address": ADDRESS}).encode()
    over_asgi(Visit((), body, URLENCODED), lambda: LOG.info("%s", NAME))
    assert written.getvalue() == "[NAME]\n"


def test_a_form_of_very_many_fields_is_not_all_looked_for(written: io.StringIO) -> None:
    fields = [
        ("full_name", f"Nobody Number{chr(97 + n // 26)}{chr(97 + n % 26)}") for n in range(600)
    ]
    over_wsgi(Visit((), urlencode(fields).encode(), URLENCODED), lambda: LOG.info(fields[0][1]))
    assert written.getvalue() == "[NAME]\n"


# ------------------------------------------------------------------------------------- whose


def test_threads_and_tasks_hide_what_the_request_they_serve_brought(written: io.StringIO) -> None:
    async def tasks() -> None:
        await asyncio.gather(
            asyncio.create_task(asyncio.to_thread(LOG.info, NAME)),
            asyncio.get_running_loop().run_in_executor(None, LOG.info, NAME),
        )

    def look() -> None:
        with ThreadPoolExecutor() as pool:  # without the context
            pool.submit(LOG.info, NAME).result()
        thread = threading.Thread(target=asyncio.run, args=(tasks(),))
        thread.start()
        thread.join()

    over_wsgi(VISITS["form"], look)
    assert written.getvalue() == "[NAME]\n" * 3


def test_one_request_does_not_hide_what_another_brought(written: io.StringIO) -> None:
    other = Guard(PrivacyPolicy()).visit(WSGIRequest({"QUERY_STRING": urlencode(FORM)}))
    other.request()
    over_wsgi(Visit((), query="name=Somebody+Else"), lambda: LOG.info("%s", NAME))
    other.end()
    assert written.getvalue() == f"{NAME}\n"


def test_after_the_request_nothing_is_kept(written: io.StringIO) -> None:
    kept: list[Any] = []
    over_asgi(VISITS["form"], lambda: kept.append(request_context()))
    LOG.info("%s", NAME)
    assert written.getvalue() == f"{NAME}\n"
    assert kept[0].submission is None
    assert kept[0].known_values is None
    assert not list(current_requests)


@pytest.mark.parametrize("run", ["wsgi", "asgi"])
def test_what_a_server_logs_of_a_failed_request_hides_it_too(
    run: str, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Servers write tracebacks when the visit is over, some of them from another thread."""

    def fail() -> None:
        raise LookupError(NAME)

    with pytest.raises(LookupError) as raised:
        RUNS[run](VISITS["form"], fail)
    assert raised.value.args == (NAME,)  # it is as the app raised it
    thread = threading.Thread(target=LOG.error, args=(f"failed: {raised.value}",))
    thread.start()
    thread.join()
    later = time.monotonic() + 11
    monkeypatch.setattr("time.monotonic", lambda: later)
    LOG.info("%s", NAME)
    assert written.getvalue() == f"failed: [NAME]\n{NAME}\n"


def test_a_failed_request_that_cannot_be_told_of_silences_the_log(
    written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any) -> None:
        raise LookupError(NAME)

    with monkeypatch.context() as patch:
        patch.setattr("alpines_privacy.redaction.logs.submitted._fields", fail)
        with pytest.raises(LookupError):
            over_wsgi(VISITS["form"], fail)
    LOG.info("%s", NAME)
    assert NAME not in written.getvalue()
    assert "was withheld" in written.getvalue()


def test_a_request_that_ends_while_another_thread_logs_costs_no_record(
    written: io.StringIO,
) -> None:
    """A record outside requests looks at all under way, any of which may end at any step."""

    class Ending:
        size, body = 0, b""

        @property
        def content_type(self) -> str:
            visit.end()
            return URLENCODED

    visit = Guard(PrivacyPolicy()).visit(WSGIRequest({"QUERY_STRING": "a=b"}))
    visit.request()
    visit.context.submission = cast("Any", Ending())
    thread = threading.Thread(target=LOG.info, args=("started",))
    thread.start()
    thread.join()
    assert written.getvalue() == "started\n"
    assert visit.context.known_values is None


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_a_request_that_fails_while_another_thread_logs_is_hidden_from_then_on(
    turn: int, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = Guard(PrivacyPolicy()).visit(WSGIRequest({"QUERY_STRING": urlencode(FORM)}))
    looks = 0

    class Meanwhile(deque[Any]):
        def __bool__(self) -> bool:
            """Answer as if another thread failed just after the look of the one that logs."""
            nonlocal looks
            any_yet = len(self) > 0
            if threading.current_thread() is thread:  # a server of another test may log too
                looks += 1
                if looks == turn:
                    failed.add(visit.context, Redactor())
            return any_yet

    monkeypatch.setattr(failed, "kept", Meanwhile([(0.0, KnownValues([]))]))
    monkeypatch.setattr(
        cleaning, "_current_requests", {}
    )  # nor is such a server's request one to look at

    def work() -> None:
        for _ in range(5):
            LOG.info("%s", NAME)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    visit.end()
    assert written.getvalue().endswith("[NAME]\n" * 2)


def test_of_very_many_requests_under_way_the_newest_count(written: io.StringIO) -> None:
    """Streams that stay open for hours are many and log little; whoever logs came just now."""
    guard = Guard(PrivacyPolicy())
    visits = [guard.visit(WSGIRequest({})) for _ in range(3000)]
    visits.append(guard.visit(WSGIRequest({"QUERY_STRING": urlencode(FORM)})))
    for visit in visits:
        visit.request()
    thread = threading.Thread(target=LOG.info, args=("%s", NAME))
    thread.start()
    thread.join()
    for visit in reversed(visits):
        visit.end()
    assert written.getvalue() == "[NAME]\n"
    assert not current_requests.references


def test_what_code_hides_is_hidden_however_much_there_is(written: io.StringIO) -> None:
    """What a visitor sends crowds none of it out."""
    names = [f"Zarqa{number:03}" for number in range(400)]

    def look() -> None:
        for name in names:
            current().hide(name, "NAME")
        for name in names:
            LOG.info("%s", name)

    sent = urlencode({f"{n}_name": f"A much longer né {n}" for n in range(100)})
    over_wsgi(Visit((), sent.encode(), URLENCODED), look)
    assert written.getvalue() == "[NAME]\n" * len(names)


def test_what_was_submitted_is_worked_out_once_however_often_code_hides(
    written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked_out: list[Any] = []

    def count(*args: Any) -> list[Literal]:
        worked_out.append(args)
        return _submitted(*args)

    monkeypatch.setattr("alpines_privacy.redaction.logs.submitted._submitted", count)

    def look() -> None:
        for number in range(10):
            current().hide(f"hidden{number}", "NAME")
            LOG.info("%s hidden%d", NAME, number)

    over_wsgi(VISITS["form"], look)
    assert written.getvalue() == "[NAME] [NAME]\n" * 10
    assert len(worked_out) == 1


def test_a_request_that_never_ends_is_forgotten_with_its_visit() -> None:
    visit = Guard(PrivacyPolicy()).visit(Sent())
    visit.request()
    assert visit.context in list(current_requests)
    before = len(list(current_requests))
    other = Guard(PrivacyPolicy()).visit(Sent())
    other.request()
    del other
    visit.end()
    current_privacy.set(OUTSIDE)
    assert len(list(current_requests)) < before


@pytest.mark.parametrize("policy", [{"logs": "off"}, {"mode": "report"}, {"mode": "off"}])
def test_where_logs_are_left_alone_no_body_is_watched(policy: dict[str, Any]) -> None:
    guard = Guard(PrivacyPolicy(**policy, payments="off"))  # which watches bodies of its own
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(receive)

    server = ASGIServer()
    receive = server.receive
    scope = scope_of("/", (b"content-type", URLENCODED.encode()), method="POST")
    asyncio.run(ASGILayer(app, guard)(scope, cast("Any", receive), cast("Any", server.send)))
    assert seen == [receive]
    assert not list(current_requests)


FIELDS = ("authorization", "cookie", "user-agent", "x-forwarded-for", "forwarded", "host")
LATIN = st.text(st.characters(max_codepoint=255), max_size=60)


@given(
    st.sampled_from([URLENCODED, "application/json", "multipart/form-data; boundary=b", "x/json;"]),
    st.binary(max_size=200) | st.recursive(st.none() | st.text(), st.lists).map(json.dumps).map(str.encode),
    LATIN,
    st.lists(st.tuples(st.sampled_from(FIELDS), LATIN | st.just("Basic ") | LATIN.map("Basic ".__add__)), max_size=4),
)  # fmt: skip
def test_whatever_is_sent_no_record_has_to_be_withheld(
    content_type: str, body: bytes, query: str, fields: list[tuple[str, str]]
) -> None:
    """A visitor who could make us fail could silence the log."""
    head = Sent(*fields, ("content-type", content_type), query=query, peer="203.0.113.7")
    visit = Guard(PrivacyPolicy(trusted_proxies=["203.0.113.0/24"])).visit(head)
    passed = visit.request()
    assert isinstance(passed, Pass)
    if passed.watch is not None:
        passed.watch(body)
    try:
        known_values_of(visit.context, Redactor()).redact("some text")
    finally:
        visit.end()


# ---------------------------------------------------------------------------------- literals


@given(
    st.lists(st.text(min_size=1, max_size=12), max_size=4),
    st.text(max_size=80),
)
def test_literals_are_gone_and_all_else_stays(values: list[str], around: str) -> None:
    known = KnownValues([Literal(value, "\0", word=False) for value in values])
    text = around.join(["", *values, ""])
    cleaned = known.redact(text)
    if "\0" not in text:
        assert not [value for value in values if value in cleaned.replace("\0", "\0\0")]
        rest = iter(text)
        assert all(c in rest for c in cleaned if c != "\0")  # a subsequence of what was there
    if cleaned == text:
        assert cleaned is text


@given(st.text(min_size=4, max_size=20), st.sampled_from([str, repr, ascii, json.dumps, quote]))
def test_a_literal_is_known_as_it_is_encoded(value: str, encode: Callable[[str], str]) -> None:
    try:
        encoded = encode(value)
    except UnicodeEncodeError:  # a lone surrogate in an address
        return
    known = KnownValues([Literal(value, "", word=False)])
    assert known.redact(f"<{encoded}>") in {"<>", "<''>", '<"">'}


def test_values_that_stand_within_words_cost_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """A visitor picks both the values and much of what an app logs of the request."""
    asked = 0

    def count(text: str, start: int, end: int) -> bool:
        nonlocal asked
        asked += 1
        return _is_word(text, start, end)

    monkeypatch.setattr("alpines_privacy.redaction.engine.known_values._is_word", count)
    for values, text in [
        (["a" * size for size in range(4, 104)], "a" * 4000 + "1"),
        (["-aa" * size + "-a" for size in range(1, 101)], "-aa" * 1500),
        ([("bbbb " * size).strip() for size in range(1, 101)], "bbbb " * 800),
    ]:
        asked = 0
        found = KnownValues([Literal(value, "[NAME]", word=True) for value in values])
        found.redact(text)
        assert asked < 100 * len(values)


def test_a_value_that_stands_within_words_all_over_is_hidden_there_too() -> None:
    anna = KnownValues([Literal("Anna", "[NAME]", word=True)])
    assert anna.redact("savannah " * 50 + "Anna") == "savannah " * 50 + "[NAME]"
    assert anna.redact("savannah " * 1000 + "Anna").endswith("sav[NAME]h [NAME]")

"""Who may sign up, over every protocol and kind of body; what is refused the app never sees."""

from __future__ import annotations

import asyncio
import json
import re
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from functools import cache
from typing import Any
from urllib.parse import urlencode, urljoin

import bottle
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from alpines_privacy import Cookie, PrivacyPolicy, Signup, asgi, current, protect
from alpines_privacy.events import signup_refused
from alpines_privacy.guard import Guard, Visit
from alpines_privacy.http.heads import Field
from alpines_privacy.http.outcomes import Answer, More, NeedBody, Pass
from alpines_privacy.http.routes import Routes
from alpines_privacy.policy.age import age_on
from alpines_privacy.policy.own import OWN_COOKIES
from alpines_privacy.signups.reading import AskedAge
from alpines_privacy.testing import strategies, visitor
from tests.http.test_body import FORM, JSON, MULTIPART, parts, text
from tests.support.clock import stop_clock
from tests.support.form_parsers import FORM_PARSERS
from tests.support.neutral import assert_neutral
from tests.support.secret_keys import KEY
from tests.support.sent import Sent
from tests.support.signup_sites import PROTOCOLS, Site, site_of

TODAY = date(2026, 11, 25)
ADULT, THIRTEEN, TWELVE = "1990-02-03", "2013-11-25", "2013-11-26"
LOCK = "alpines-privacy-age-lock"

POLICY = PrivacyPolicy(
    signups=[
        Signup("/register", birth_date="dob"),
        Signup("/split", birth_date=("year", "month", "day")),
        Signup("/month", birth_date=("year", "month")),
        Signup("/nested", birth_date="user.birth_date"),
        Signup("/age", age="age"),
        Signup("/local", birth_date="dob", formats=["DD.MM.YYYY"]),
        Signup("/clubs/{club}/join-in", birth_date="dob", methods=["POST", "PUT"]),
        Signup("/tiny", birth_date="dob", max_body=64),
    ]
)


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPINES_PRIVACY_SECRET_KEY", KEY)
    stop_clock(monkeypatch, TODAY)


@pytest.fixture(params=PROTOCOLS)
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    with site_of(request.param, POLICY) as made:
        yield made


@pytest.fixture
def refusals() -> Iterator[list[tuple[str, str]]]:
    """What an app hears of refused signups."""
    heard: list[tuple[str, str]] = []

    def receiver(sender: Any, *, route: str, reason: str) -> None:
        heard.append((route, reason))

    with signup_refused.connected_to(receiver):
        yield heard


def form(**fields: str) -> tuple[str, bytes]:
    return FORM, urlencode(fields).encode()


PHOTO = text("photo", "\x89PNG\r\n\x00", '; filename="me.png"\r\nContent-Type: image/png')

# How the same date is sent: the path, and what makes a body of its year, month and day.
BODIES: dict[str, tuple[str, Callable[[str, str, str], tuple[str, bytes]]]] = {
    "form": ("/register", lambda y, m, d: form(name="Ayesha Khan", dob=f"{y}-{m}-{d}")),
    "multipart": ("/register", lambda y, m, d: (MULTIPART, parts(text("dob", f"{y}-{m}-{d}")))),
    "multipart with a file": (
        "/register", lambda y, m, d: (MULTIPART, parts(PHOTO, text("dob", f"{y}-{m}-{d}"), text("name", "é"))),
    ),
    "JSON": ("/register", lambda y, m, d: (JSON, json.dumps({"dob": f"{y}-{m}-{d}", "n": [1]}).encode())),
    "JSON with escapes": (
        "/register", lambda y, m, d: (JSON, json.dumps({"a": "\n", "é": 1, "dob": f"{y}-{m}-{d}"}).encode()),
    ),
    "JSON, nested": (
        "/nested", lambda y, m, d: (JSON, json.dumps({"user": {"birth_date": f"{y}-{m}-{d}"}}).encode()),
    ),
    "a dotted name in a form": ("/nested", lambda y, m, d: form(**{"user.birth_date": f"{y}-{m}-{d}"})),
    "three fields": ("/split", lambda y, m, d: form(day=d, month=str(int(m)), year=y)),
    "three numbers": (
        "/split", lambda y, m, d: (JSON, json.dumps({"year": int(y), "month": int(m), "day": int(d)}).encode()),
    ),
    "a local format": ("/local", lambda y, m, d: form(dob=f"{d}.{m}.{y}")),
    "a path with a parameter": ("/clubs/chess/join-in", lambda y, m, d: form(dob=f"{y}-{m}-{d}")),
}  # fmt: skip


@pytest.mark.parametrize("kind", BODIES)
def test_thirteen_today_may_sign_up_and_the_app_gets_the_very_bytes(site: Site, kind: str) -> None:
    path, body = BODIES[kind]
    content_type, content = body(*THIRTEEN.split("-"))
    response = site.visitor().post(path, content=content, headers={"content-type": content_type})
    assert response.status_code == 200
    assert site.seen == [("POST", content)]


@pytest.mark.parametrize("kind", BODIES)
def test_twelve_years_and_364_days_may_not_and_the_app_hears_nothing(
    site: Site, kind: str, refusals: list[tuple[str, str]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    path, body = BODIES[kind]
    content_type, content = body(*TWELVE.split("-"))
    response = site.visitor().post(path, content=content, headers={"content-type": content_type})
    assert response.status_code == 403
    assert response.headers["cache-control"] == "no-store"
    assert site.seen == []
    assert [reason for _, reason in refusals] == ["under_age"]
    for record in caplog.records:  # anybody's; its times may hold any digits
        told = {key: v for key, v in vars(record).items() if not isinstance(v, int | float)}
        for secret in ("2013", "11-26", "Ayesha"):
            assert secret not in f"{record.getMessage()} {told}"


# Bodies nobody can be let in by, whatever date they hold: the path, the type, the bytes, more.
UNREADABLE: dict[str, tuple[str, str, bytes, dict[str, str]]] = {
    "no date": ("/register", *form(name="x"), {}),
    "an empty date": ("/register", *form(dob=""), {}),
    "null": ("/register", JSON, b'{"dob": null}', {}),
    "no body": ("/register", FORM, b"", {}),
    "two dates": ("/register", FORM, f"dob={ADULT}&dob={TWELVE}".encode(), {}),
    "the same date twice": ("/register", FORM, f"dob={ADULT}&d%6fb={ADULT}".encode(), {}),
    "two dates in JSON": (
        "/register",
        JSON,
        f'{{"dob": "{ADULT}", "dob": "{TWELVE}"}}'.encode(),
        {},
    ),
    "a list of dates": ("/register", JSON, f'{{"dob": ["{ADULT}"]}}'.encode(), {}),
    "a date and a table": (
        "/register",
        JSON,
        f'{{"dob": "{ADULT}", "dob": {{"a": "{TWELVE}"}}}}'.encode(),
        {},
    ),
    "a date and a file": (
        "/register",
        MULTIPART,
        parts(text("dob", ADULT), text("dob", TWELVE, '; filename="a"')),
        {},
    ),
    "a date in the query too": (f"/register?dob={ADULT}", *form(dob=ADULT), {}),
    "a date in the query only": (f"/register?dob={ADULT}", *form(name="x"), {}),
    "an escaped name in the query": (f"/register?d%6fb={TWELVE}", *form(dob=ADULT), {}),
    "a name after a semicolon in the query": (f"/register?a=1;dob={TWELVE}", *form(dob=ADULT), {}),
    "an impossible date": ("/register", *form(dob="2001-02-29"), {}),
    "month 13": ("/register", *form(dob="2001-13-01"), {}),
    "year 0": ("/register", *form(dob="0000-01-01"), {}),
    "two digits of a year": ("/register", *form(dob="01-02-03"), {}),
    "no separators": ("/register", *form(dob="20010203"), {}),
    "a week": ("/register", *form(dob="2001-W05-6"), {}),
    "digits of another script": ("/register", *form(dob="\u0662\u0660\u0660\u0661-02-03"), {}),
    "a time alone": ("/register", *form(dob="00:00:00"), {}),
    "a time that is none": ("/register", *form(dob="2001-02-03T25:00:00"), {}),
    "a sign that a form takes for a blank": (
        "/register",
        FORM,
        b"dob=2001-02-03T00:00:00+05:00",
        {},
    ),
    "a timestamp": ("/register", JSON, b'{"dob": 981158400}', {}),
    "the future": ("/register", *form(dob="2026-11-26"), {}),
    "long ago": ("/register", *form(dob="1895-11-25"), {}),
    "a local format nobody declared": ("/register", *form(dob="03.02.2001"), {}),
    "the other local format": ("/local", *form(dob="02/13/2001"), {}),
    "a field missing": ("/split", *form(year="2001", month="2"), {}),
    "an empty field": ("/split", *form(year="2001", month="2", day=""), {}),
    "an age": ("/register", *form(dob="44"), {}),
    "a date as an age": ("/age", *form(age=ADULT), {}),
    "an age with a fraction": ("/age", JSON, b'{"age": 44.0}', {}),
    "a truth as an age": ("/age", JSON, b'{"age": true}', {}),
    "an age nobody has": ("/age", *form(age="131"), {}),
    "an age in another script": ("/age", *form(age="\u0664\u0664"), {}),
    "no type": ("/register", "", form(dob=ADULT)[1], {}),
    "plain text": ("/register", "text/plain", form(dob=ADULT)[1], {}),
    "a form said to be JSON": ("/register", JSON, form(dob=ADULT)[1], {}),
    "JSON said to be a form": (
        "/register",
        FORM,
        f'{{"dob": "{TWELVE}", "x": "&dob={ADULT}&"}}'.encode(),
        {},
    ),
    "compressed": ("/register", *form(dob=ADULT), {"content-encoding": "gzip"}),
    "a boundary that is not there": (
        "/register",
        "multipart/form-data; boundary=abc",
        parts(text("dob", ADULT)),
        {},
    ),
    "XML": ("/register", "application/xml", f"<dob>{ADULT}</dob>".encode(), {}),
    "JSON in UTF-16": ("/register", JSON, json.dumps({"dob": ADULT}).encode("utf-16"), {}),
    "a boundary in another spelling": (
        "/register",
        f"{MULTIPART}; boundary*=utf-8''b",
        parts(text("dob", ADULT)),
        {},
    ),
    "a charset in another spelling": (
        "/register",
        f"{FORM}; charset*=''utf-7",
        f"d+AG8-b={TWELVE}&dob={ADULT}".encode(),
        {},
    ),
    "a date within another field of JSON": (
        "/register",
        JSON,
        f'{{"dob": "{ADULT}", "x": "&dob={TWELVE}&y="}}'.encode(),
        {},
    ),
    "a date within another field of JSON, escaped": (
        "/register",
        JSON,
        f'{{"dob": "{ADULT}", "x": "&%64o%62={TWELVE}&y="}}'.encode(),
        {},
    ),
    "a date within a field of a form with parts": (
        "/register",
        MULTIPART,
        parts(text("dob", ADULT), text("x", f"&dob={TWELVE}&")),
        {},
    ),
    "an empty table beside a date": (
        "/register",
        JSON,
        f'{{"dob": "{ADULT}", "dob": {{}}}}'.encode(),
        {},
    ),
    "a table twice": (
        "/nested",
        JSON,
        f'{{"user": {{"birth_date": "{ADULT}"}}, "user": {{}}}}'.encode(),
        {},
    ),
    "a name in brackets": ("/register", *form(**{"dob": ADULT, "dob[]": TWELVE}), {}),
    "a name in brackets in the query": (f"/register?dob[0]={TWELVE}", *form(dob=ADULT), {}),
    "chunks within a form": (
        "/register",
        FORM,
        f"e\r\ndob={TWELVE}&\r\n0\r\n\r\n&dob={ADULT}".encode(),
        {},
    ),
    "no such type": ("/register", f"{FORM}, {FORM}", form(dob=ADULT)[1], {}),
    "a type with more to it": ("/register", f"{JSON}; profile=x", b'{"dob": "1990-02-03"}', {}),
}
# What is refused for its type (RFC 9110 §15.5.16).
UNSUPPORTED = frozenset({
    "no type", "plain text", "compressed", "XML", "a boundary in another spelling", "a charset in another spelling",
    "no such type", "a type with more to it",
})  # fmt: skip


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_cannot_be_read_for_sure_is_never_an_adults(
    site: Site, case: str, refusals: list[tuple[str, str]]
) -> None:
    path, content_type, content, more = UNREADABLE[case]
    fields = {"content-type": content_type, **more} if content_type else more
    response = site.visitor().post(path, content=content, headers=fields)
    assert response.status_code == (415 if case in UNSUPPORTED else 422)
    assert response.headers["cache-control"] == "no-store"
    assert response.set_cookies == []  # a slip of the hand locks nobody out
    assert site.seen == []
    assert [reason for _, reason in refusals] == ["unreadable"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/month", form(year="2013", month="10"), 200),
        ("/month", form(year="2013", month="11"), 403),  # the 30th may be meant
        ("/register", form(dob="2012"), 200),
        ("/register", form(dob="2013"), 403),
        ("/register", form(dob="2013-10"), 200),
        ("/register", form(dob="2013-11"), 403),
        ("/age", form(age="13"), 200),
        ("/age", form(age="12"), 403),
        ("/age", (JSON, b'{"age": 13}'), 200),
        ("/age", (JSON, b'{"age": 12}'), 403),
        ("/age", form(age="0"), 403),
    ],
)
def test_less_than_a_date_counts_at_the_latest_day(
    site: Site, path: str, body: tuple[str, bytes], status: int
) -> None:
    response = site.visitor().post(path, content=body[1], headers={"content-type": body[0]})
    assert response.status_code == status


@pytest.mark.parametrize(
    ("birth", "status"),
    [
        ("1996-01-02T00:00:00.000Z", 200),
        ("2013-11-25T00:00:00.000Z", 200),
        ("2013-11-24T19:00:00.000Z", 200),  # midnight in Karachi, thirteen years ago today
        ("2013-11-25T19:00:00.000Z", 403),  # a day later, who is twelve
        ("2013-11-26T00:00:00.000Z", 403),
        ("2013-11-25T00:00:00+05:00", 200),
        ("2013-11-26T00:00:00+05:00", 403),
        ("2015-01-01 00:00", 403),
        ("1990-01-01 00:00", 200),
    ],
)
@pytest.mark.parametrize("path", ["/register", "/join"], ids=["declared", "undeclared"])
def test_a_date_as_javascript_writes_it_is_read(
    site: Site, path: str, birth: str, status: int
) -> None:
    if path == "/join" and birth == "2013-11-25T19:00:00.000Z":
        status = 200  # the 25th or the 26th: not beyond doubt, and nobody declared it
    assert site.visitor().post(path, json={"dob": birth, "password": "x"}).status_code == status


@pytest.mark.parametrize(
    ("today", "status"), [(date(2025, 2, 28), 403), (date(2025, 3, 1), 200)], ids=str
)
def test_who_was_born_on_29_february_is_thirteen_on_1_march(
    monkeypatch: pytest.MonkeyPatch, site: Site, today: date, status: int
) -> None:
    stop_clock(monkeypatch, today)
    assert site.visitor().post("/register", data={"dob": "2012-02-29"}).status_code == status


def test_a_higher_minimum_age_is_kept() -> None:
    for protocol in PROTOCOLS:
        policy = PrivacyPolicy(minimum_age=16, signups=POLICY.signups)
        with site_of(protocol, policy) as made:
            assert made.visitor().post("/register", data={"dob": "2010-11-26"}).status_code == 403
            assert made.visitor().post("/register", data={"dob": "2010-11-25"}).status_code == 200


# ------------------------------------------------------------------------- every date, every cut


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    today=st.dates(date(1990, 1, 1), date(2029, 12, 31)),
    kind=st.sampled_from(sorted(BODIES)),
    data=st.data(),
)
def test_every_date_and_every_cut_of_the_body(
    monkeypatch: pytest.MonkeyPatch, today: date, kind: str, data: st.DataObject
) -> None:
    """Refused exactly when under age; what is accepted reaches the app as the very same bytes."""
    any_date = st.dates(date(1850, 1, 1), date(2030, 1, 1))
    born = data.draw(strategies.birth_dates(today) | any_date)
    stop_clock(monkeypatch, today)
    path, make = BODIES[kind]
    content_type, content = make(f"{born.year:04}", f"{born.month:02}", f"{born.day:02}")
    chunks = data.draw(strategies.chunked(st.just(content)))
    for protocol in PROTOCOLS:
        with site_of(protocol, POLICY) as made:
            fields = {"content-type": content_type, "content-length": str(len(content))}
            response = made.visitor().post(path, content=chunks, headers=fields)
            expected = 200 if age_on(born, today) >= 13 else 403
            if born > today or age_on(born, today) > 130:
                expected = 422
            assert response.status_code == expected, protocol
            assert made.seen == ([("POST", content)] if expected == 200 else []), protocol


def decided(guard: Guard, request: Sent, *chunks: bytes) -> Pass | Answer | More | NeedBody:
    """Return what a visit decides over a request, its body given in pieces."""
    visit: Visit = guard.visit(request)
    try:
        outcome: Pass | Answer | More | NeedBody = visit.request()
        left = list(chunks)
        while isinstance(outcome, NeedBody | More):
            data = left.pop(0)
            outcome = visit.body(data, bool(left))
        return outcome
    finally:
        visit.end()


@cache
def declared_only() -> Guard:
    return Guard(
        PrivacyPolicy(signups=[Signup("/register", birth_date="dob")], detect_signups=False)
    )


@settings(max_examples=300)
@given(strategies.odd_signup_bodies(), st.sampled_from([b"2001-02-03", b"2019-02-03"]))
def test_no_odd_body_brings_a_childs_date_past_the_check(
    odd: tuple[str, bytes], birth: bytes
) -> None:
    content_type, body = odd
    body = body.replace(b"2001-02-03", birth)
    request = Sent(("content-type", content_type), method="POST", path="/register")
    if not isinstance(decided(declared_only(), request, body), Pass):
        return
    for parse in FORM_PARSERS.values():
        with suppress(Exception):  # it refuses: the app sees no signup
            found = set(parse(content_type, body, "dob"))
            assert not {"2015-01-01", "2019-02-03"} & found


# ------------------------------------------------------------------------------------------ size


def test_a_body_beyond_the_limit_is_answered_unread(site: Site) -> None:
    read = []

    def chunks() -> Iterator[bytes]:
        for _ in range(10):
            read.append(1)
            yield b"x" * 100

    fields = {"content-type": FORM, "content-length": "1000"}
    response = site.visitor().post("/tiny", content=chunks(), headers=fields)
    assert response.status_code == 413
    assert site.seen == []
    assert response.headers["cache-control"] == "no-store"


def test_a_body_that_grows_beyond_the_limit_is_answered_too() -> None:
    guard = Guard(POLICY)
    request = Sent(("content-type", FORM), method="POST", path="/tiny")
    outcome = decided(guard, request, b"dob=2001-02-03&x=", b"x" * 48, b"")
    assert isinstance(outcome, Answer)
    assert outcome.status == 413


def test_a_body_as_long_as_the_limit_is_read(site: Site) -> None:
    content = b"dob=2001-02-03&x=".ljust(64, b"x")
    response = site.visitor().post("/tiny", content=content, headers={"content-type": FORM})
    assert (response.status_code, site.seen) == (200, [("POST", content)])


def flood(chunk: bytes, count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield chunk


@pytest.mark.parametrize("path", ["/upload", "/join"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_large_upload_elsewhere_streams_by_without_memory(protocol: str, path: str) -> None:
    """Twenty megabytes, also to a path whose last word is one that signups have."""
    chunk = b"\0" * 65536
    size = 320 * len(chunk)
    with site_of(protocol, POLICY, keeps=False) as made:
        v = made.visitor()
        v.post("/warm-up", content=b"x", headers={"content-type": "image/png"})
        tracemalloc.start()
        fields = {"content-type": FORM, "content-length": str(size)}
        response = v.post(path, content=flood(chunk, 320), headers=fields)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert response.status_code == 200
    assert made.sizes[-1] == size
    assert peak < 1_000_000


def test_a_body_in_pieces_of_a_byte_takes_no_memory_beyond_itself() -> None:
    """Hypercorn gives each chunk of a chunked body as a message of its own."""
    content = b"dob=2001-02-03&x=".ljust(50_000, b"x")
    pieces = iter(content)
    got: list[bytes] = []

    async def receive() -> dict[str, Any]:
        piece = next(pieces, None)
        body = b"" if piece is None else bytes([piece])
        return {"type": "http.request", "body": body, "more_body": piece is not None}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del scope, send
        more = True
        while more:
            message = await receive()
            got.append(message["body"])
            more = message["more_body"]

    async def send(message: Any) -> None:
        raise AssertionError(message)

    headers = [(b"content-type", FORM.encode())]
    scope = {"type": "http", "method": "POST", "path": "/register", "headers": headers}
    layered = asgi.PrivacyMiddleware(app, POLICY)
    tracemalloc.start()
    asyncio.run(layered(scope, receive, send))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert b"".join(got) == content
    assert peak < 2_000_000


SEGMENTS = st.sampled_from(
    [
        "enter",
        "ENTER",
        "clubs",
        "join-in",
        "signup",
        "s\u0131gnup",
        "a",
        "p",
        "x",
        "",
        "\ufffd",
        "en\ufffdter",
        " ",
        "\n",
    ]
)


@settings(max_examples=300)
@given(
    st.lists(SEGMENTS, max_size=4),
    st.lists(SEGMENTS, max_size=2),
    st.sampled_from(["", "/", "\n/"]),
)
def test_the_quick_look_overlooks_no_handler(steps: list[str], mount: list[str], end: str) -> None:
    paths = [("/enter", 1), ("/clubs/{club}/join-in", 2), ("/a/x", 3)]
    routes = Routes(paths, {"signup": 4})
    local, below = "/" + "/".join(steps) + end, "".join(f"/{step}" for step in mount).rstrip("/")
    for head in (Sent(path=below + local, mount=below), Sent(path=local)):
        assert routes.may_lead[head.local_path] or routes.find(head) == ((), ())


def test_only_so_many_paths_are_remembered() -> None:
    routes = Routes([("/enter", "a handler")])
    for number in range(5000):
        assert not routes.may_lead[f"/{number}{'x' * 200}"]
    assert sum(map(len, routes.may_lead)) <= 512 * 1024
    assert routes.may_lead["/enter"]


@pytest.mark.parametrize("end", ["", "/register"])
def test_long_paths_are_not_remembered(end: str) -> None:
    guard = declared_only()
    tracemalloc.start()
    for number in range(200):
        request = Sent(method="GET", path=f"/{number}{'x' * 20_000}{end}")
        assert isinstance(decided(guard, request), Pass)
    left = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert left < 200_000


# ------------------------------------------------------------------------------- paths and methods

# A path as sent, below a mount point, and whether it is the signup "/register" or "/clubs/{club}/join-in".
PATHS: dict[str, tuple[str, str, str, bool]] = {
    "as declared": ("POST", "/register", "", True),
    "a slash at the end": ("POST", "/register/", "", True),
    "doubled slashes": ("POST", "//register//", "", True),
    "capitals": ("POST", "/Register", "", True),
    "a line feed at the end": ("POST", "/register\n", "", True),
    "a letter that only looks different": ("POST", "/regi\u017fter", "", True),
    "letters that a pattern without regard to case takes for i": (
        "POST",
        "/reg\u0131ster",
        "",
        True,
    ),
    "another such letter": ("POST", "/reg\u0130ster", "", True),
    "bytes that are no text, which some drop": ("POST", "/regi\ufffdster", "", True),
    "such bytes behind the last slash": ("POST", "/register/\ufffd", "", True),
    "a parameter of nothing else": ("POST", "/clubs/\ufffd/join-in", "", True),
    "such bytes elsewhere": ("POST", "/else\ufffdwhere", "", False),
    "below a mount point": ("POST", "/app/register", "/app", True),
    "a mount point that is only a prefix of a name": ("POST", "/appregister", "/app", False),
    "elsewhere": ("POST", "/registered", "", False),
    "below it": ("POST", "/register/now", "", False),
    "above it": ("POST", "/x/enroll", "", False),
    "a parameter": ("POST", "/clubs/chess/join-in", "", True),
    "a parameter with odd characters": ("POST", "/clubs/a b.c/join-in", "", True),
    "a parameter of two segments": ("POST", "/clubs/a/b/join-in", "", False),
    "an empty parameter, which Falcon takes": ("POST", "/clubs//join-in", "", True),
    "another method that creates": ("PUT", "/clubs/a/join-in", "", True),
    "a method that is not declared": ("PUT", "/register", "", True),
    "a method that nobody knows": ("ENROLL", "/register", "", True),
    "another method, astray": ("QUERY", "/clubs/a;b/join-in", "", True),
    "a method in small letters": ("post", "/register", "", True),
    "looking only": ("GET", "/register", "", False),
    "the root": ("POST", "/", "", False),
    "no path": ("POST", "", "", False),
    "no slash": ("POST", "register", "", True),
    "the form that proxies get": ("POST", "http://shop.example/register", "", True),
    "the same with a query": ("POST", "http://shop.example/register?a=b", "", True),
    "the same of elsewhere": ("POST", "http://shop.example/enroll", "", False),
    "a scheme alone": ("POST", "http:register", "", True),
    "blanks before it": ("POST", " /register", "", True),
    "a tab within": ("POST", "/reg\tister", "", True),
    "path parameters": ("POST", "/register;a=1", "", True),
    "path parameters within": ("POST", "/clubs;a/chess/join-in", "", True),
    "a dot segment": ("POST", "/./register", "", True),
    "dot segments": ("POST", "/clubs/../register", "", True),
    "more dot segments than steps": ("POST", "/../../register", "", True),
    "dot segments to elsewhere": ("POST", "/register/../enroll", "", False),
    "an escape within an escape": ("POST", "/%72egister", "", True),
    "a question mark that was escaped": ("POST", "/register?x", "", True),
    "a fragment that was escaped": ("POST", "/register#x", "", True),
    "backslashes": ("POST", "\\register", "", True),
    "below a mount point, astray": ("POST", "/app/./register", "/app", True),
    "an asterisk": ("POST", "*", "", False),
}


@pytest.mark.parametrize(("method", "path", "mount", "is_signup"), PATHS.values(), ids=PATHS)
def test_no_router_is_laxer_than_the_check(
    method: str, path: str, mount: str, is_signup: bool
) -> None:
    guard = Guard(PrivacyPolicy(signups=POLICY.signups, detect_signups=False))
    request = Sent(("content-type", FORM), method=method, path=path, mount=mount)
    outcome = decided(guard, request, f"dob={TWELVE}".encode())
    assert isinstance(outcome, Answer) == is_signup


# What is sent to "/register" by a method that is not declared: its type, the body, the answer's status.
OTHER_METHODS: dict[str, tuple[str, bytes, int | None]] = {
    "no body": ("", b"", None),
    "a form without the age": (FORM, b"name=a&about=dob", None),
    "JSON without the age": ("application/json", b'{"name": "dob"}', None),
    "an adult's": (FORM, f"dob={ADULT}".encode(), None),
    "a child's": (FORM, f"dob={TWELVE}".encode(), 403),
    "no date": (FORM, b"dob=", 422),
    "the age in a form within JSON": ("application/json", f'{{"a": "&dob={TWELVE}&"}}'.encode(), 422),
    "a form nobody reads alike": (FORM, b"name=a;dob=x", 422),
    "a type nobody reads": ("application/cbor", b"x", 415),
}  # fmt: skip


@pytest.mark.parametrize("method", ["PUT", "DELETE", "QUERY"])
@pytest.mark.parametrize(("kind", "body", "status"), OTHER_METHODS.values(), ids=OTHER_METHODS)
def test_a_request_of_another_method_is_a_signup_as_soon_as_it_gives_the_age(
    method: str, kind: str, body: bytes, status: int | None
) -> None:
    head = (("content-type", kind),) if kind else ()
    outcome = decided(Guard(POLICY), Sent(*head, method=method, path="/register"), body)
    assert (outcome.status if isinstance(outcome, Answer) else None) == status


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE"])
@pytest.mark.parametrize(("kind", "body", "status"), OTHER_METHODS.values(), ids=OTHER_METHODS)
def test_a_body_of_a_safe_method_is_read_as_well(
    method: str, kind: str, body: bytes, status: int | None
) -> None:
    head = [("content-length", str(len(body)))] if body else []
    head += [("content-type", kind)] if kind else []
    request = Sent(*head, method=method, path="/register")
    outcome = decided(Guard(POLICY), request, body)
    assert (outcome.status if isinstance(outcome, Answer) else None) == status


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", None),
        ("from=mail&about=dob", None),
        (f"dob={ADULT}", None),
        (f"a=b&dob={TWELVE}", 403),
        (f"d%6Fb={TWELVE}", 403),
        (f"dob={ADULT}&dob={TWELVE}", 422),
        ("dob=", 422),
    ],
)
def test_an_age_in_the_query_of_a_page_is_judged(query: str, status: int | None) -> None:
    request = Sent(method="GET", path="/register", query=query)
    outcome = decided(Guard(POLICY), request)
    assert (outcome.status if isinstance(outcome, Answer) else None) == status


@pytest.mark.parametrize("length", ["+15", "1_5", "15 ", "x", "00015"])
def test_a_length_that_is_no_number_hides_no_body(length: str) -> None:
    head = (("content-length", length), ("content-type", FORM))
    outcome = decided(
        Guard(POLICY), Sent(*head, method="GET", path="/register"), f"dob={TWELVE}".encode()
    )
    assert isinstance(outcome, Answer)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_link_with_a_childs_date_locks_nobody_out(protocol: str) -> None:
    with site_of(protocol, POLICY) as made:
        browser = made.visitor()
        assert browser.get(f"/register?dob={TWELVE}").status_code == 403
        assert browser.post("/register", data={"dob": ADULT}).status_code == 200


@pytest.mark.parametrize("path", ["register", "/./register", "/x/../register", "/register;a"])
def test_a_word_at_the_end_of_a_path_hides_no_declared_signup(path: str) -> None:
    guard = Guard(PrivacyPolicy(signups=[Signup("/register", birth_date="dob")]))
    request = Sent(("content-type", "application/json"), method="POST", path=path)
    outcome = decided(guard, request, f'{{"dob": "{TWELVE}"}}'.encode())
    assert isinstance(outcome, Answer)


def test_the_age_in_the_query_of_another_method_is_no_adults() -> None:
    request = Sent(method="DELETE", path="/register", query=f"dob={TWELVE}")
    assert isinstance(decided(Guard(POLICY), request, b""), Answer)


@pytest.mark.parametrize("name", ["x-http-method-override", "x-http-method", "x-method-override"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE", "PROPFIND"])
@pytest.mark.parametrize("path", ["/register", "/sign-up"])
def test_a_method_that_a_field_overrides_is_judged_as_what_it_becomes(
    method: str, name: str, path: str
) -> None:
    content = f"dob={TWELVE}&password=x".encode()
    head = (("content-type", FORM), (name, "post"))
    outcome = decided(Guard(POLICY), Sent(*head, method=method, path=path), content)
    assert isinstance(outcome, Answer)
    assert outcome.status == 403
    elsewhere = Sent(*head, method=method, path="/elsewhere")
    assert isinstance(decided(Guard(POLICY), elsewhere, content), Pass)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_path_in_any_script_is_found(protocol: str) -> None:
    policy = PrivacyPolicy(signups=[Signup("/clubes/{club}/inscripción", birth_date="dob")])
    with site_of(protocol, policy) as made:
        path = "/clubes/caf%C3%A9/inscripci%C3%B3n"
        assert made.visitor().post(path, data={"dob": TWELVE}).status_code == 403
        assert made.visitor().post(path, data={"dob": ADULT}).status_code == 200
        assert len(made.seen) == 1


def test_a_path_declared_with_its_mount_point_is_found_below_it() -> None:
    guard = Guard(PrivacyPolicy(signups=[Signup("/app/enter", birth_date="dob")]))
    for path, mount in (("/app/enter", "/app"), ("/app/enter", "")):
        request = Sent(("content-type", FORM), method="POST", path=path, mount=mount)
        assert isinstance(decided(guard, request, f"dob={TWELVE}".encode()), Answer)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_signup_on_the_home_page_is_found_there_alone(protocol: str) -> None:
    with site_of(protocol, PrivacyPolicy(signups=[Signup("/", birth_date="dob")])) as made:
        for path, status in (("/", 403), ("//", 403), ("/register", 200), ("/news/", 200)):
            assert made.visitor().post(path, data={"dob": "2020-01-01"}).status_code == status
        assert made.visitor().post("/", data={"dob": "1990-01-01"}).status_code == 200


def test_a_declaration_below_the_mount_point_wins_over_a_word() -> None:
    guard = Guard(PrivacyPolicy(signups=[Signup("/clubs/{club}/join", birth_date="born")]))
    request = Sent(("content-type", FORM), method="POST", path="/app/clubs/a/join", mount="/app")
    assert isinstance(decided(guard, request, f"born={TWELVE}".encode()), Answer)


def test_starlettes_router_takes_a_line_feed_after_a_path_and_so_do_we() -> None:
    async def register(request: Request) -> PlainTextResponse:
        return PlainTextResponse("created")

    app = Starlette(routes=[Route("/enter", register, methods=["POST"])])
    assert visitor(app).post("/enter%0A", data={"dob": TWELVE}).text == "created"
    protect(app, PrivacyPolicy(signups=[Signup("/enter", birth_date="dob")]))
    assert visitor(app).post("/enter%0A", data={"dob": TWELVE}).status_code == 403


@pytest.mark.parametrize("path", ["/enter%FF", "/en%FFter", "/sign%FFup"])
def test_bottle_drops_bytes_of_a_path_that_are_no_text_and_so_do_we(path: str) -> None:
    app = bottle.Bottle()
    app.post(["/enter", "/signup"])(lambda: "created")
    birth = {"dob": TWELVE, "password": "x"}
    assert visitor(app).post(path, data=birth).text == "created"
    protected = protect(app, PrivacyPolicy(signups=[Signup("/enter", birth_date="dob")]))
    assert visitor(protected).post(path, data=birth).status_code == 403


def test_the_first_declaration_that_fits_a_path_and_its_method_counts() -> None:
    policy = PrivacyPolicy(
        signups=[
            Signup("/clubs/{club}/join-in", birth_date="dob", methods=["PUT"]),
            Signup("/clubs/new/join-in", birth_date="born"),
        ]
    )
    guard = Guard(policy)
    for method, field in (("POST", "born"), ("PUT", "dob")):
        request = Sent(("content-type", FORM), method=method, path="/clubs/new/join-in")
        assert isinstance(decided(guard, request, f"{field}={ADULT}".encode()), Pass)


@pytest.mark.parametrize(
    "fields",
    [
        [],
        [("content-type", FORM), ("content-type", JSON)],
        [("content-type", FORM), ("content-type", FORM)],
        [("content-type", f"{FORM}, {FORM}")],
        [("content-type", FORM), ("content-encoding", "identity, br")],
    ],
)
def test_a_head_that_can_be_read_two_ways_is_refused(fields: list[Field]) -> None:
    request = Sent(*fields, method="POST", path="/register")
    outcome = decided(Guard(POLICY), request, f"dob={ADULT}".encode())
    assert isinstance(outcome, Answer)
    assert outcome.status == 415


# --------------------------------------------------------------------------- what the answer looks like

ACCEPTS: dict[str, tuple[dict[str, str], bool, bool]] = {
    "a browser": ({"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}, False, False),
    "an API client": ({"accept": "application/json"}, False, True),
    "one that asks for problems": ({"accept": "application/problem+json"}, False, True),
    "one that sends JSON and takes anything": ({"accept": "*/*"}, True, True),
    "one that sends JSON and says nothing": ({}, True, True),
    "one that sends JSON and wants a page": ({"accept": "text/html"}, True, False),
    "one that sends a form and takes anything": ({"accept": "*/*"}, False, False),
    "one that sends a form and says nothing": ({}, False, False),
    "JSON rather than a page": ({"accept": "text/html;q=0.5, application/json"}, False, True),
    "a page rather than JSON": ({"accept": "text/html, application/json;q=0.9"}, False, False),
    "a weight that is none": ({"accept": "text/html;q=x, application/json;q=0.1"}, False, True),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "sends_json", "problem"), ACCEPTS.values(), ids=ACCEPTS)
@pytest.mark.parametrize(("birth", "status"), [(TWELVE, 403), ("nothing", 422)])
def test_people_get_a_page_and_programs_a_problem(  # noqa: PLR0917 - a table's columns
    site: Site, fields: dict[str, str], sends_json: bool, problem: bool, birth: str, status: int
) -> None:
    body: dict[str, Any] = {"json": {"dob": birth}} if sends_json else {"data": {"dob": birth}}
    response = site.visitor().post("/register", headers=fields, **body)
    assert response.status_code == status
    if problem:
        assert response.headers["content-type"] == "application/problem+json"
        found = json.loads(response.text)
        named = {"errors"} if status == 422 else set()
        assert found.keys() == {"type", "title", "status", "detail"} | named
        assert (found["type"], found["status"]) == ("about:blank", status)
        for error in found.get("errors", ()):
            assert error == {"detail": found["detail"], "pointer": "#/dob"}
    else:
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert "<h1>" in response.text


# What a program reads of the fields that are wrong: the path, and where they stand in what it sent.
POINTERS: dict[str, list[str]] = {
    "/register": ["#/dob"],
    "/nested": ["#/user/birth_date"],
    "/split": ["#/year", "#/month", "#/day"],
    "/age": ["#/age"],
    "/odd": ["#/a~1b~0c/g%20%C3%A9"],
}


@pytest.mark.parametrize(("path", "pointers"), POINTERS.items())
def test_a_problem_names_the_fields(path: str, pointers: list[str]) -> None:
    odd = Signup("/odd", birth_date="a/b~c.g é")
    with site_of("ASGI", PrivacyPolicy(signups=[*POLICY.signups, odd])) as made:
        response = made.visitor().post(path, json={"x": TWELVE})
    assert (response.status_code, response.headers["content-type"]) == (
        422,
        "application/problem+json",
    )
    assert [error["pointer"] for error in json.loads(response.text)["errors"]] == pointers
    assert TWELVE not in response.text


FASTAPI: dict[str, list[list[str]]] = {
    "/register": [["body", "dob"]],
    "/nested": [["body", "user", "birth_date"]],
    "/split": [["body", "year"], ["body", "month"], ["body", "day"]],
    "/age": [["body", "age"]],
}


def fastapi_app(way: str) -> Any:
    app = FastAPI()
    if way == "protect":
        return protect(app, POLICY)
    app.add_middleware(asgi.PrivacyMiddleware, policy=POLICY)
    return app


@pytest.mark.parametrize("way", ["protect", "add_middleware"])
@pytest.mark.parametrize(("path", "places"), FASTAPI.items())
def test_a_fastapi_client_reads_its_frameworks_own_list(
    way: str, path: str, places: list[list[str]]
) -> None:
    """The shape of `HTTPValidationError`, as every client made from an OpenAPI document expects it."""
    v = visitor(fastapi_app(way))
    response = v.post(path, json={"x": TWELVE})
    assert (response.status_code, response.headers["content-type"]) == (422, "application/json")
    assert response.headers["cache-control"] == "no-store"
    found = json.loads(response.text)
    assert found.keys() == {"detail"}
    assert [error["loc"] for error in found["detail"]] == places
    for error in found["detail"]:
        assert error.keys() == {"type", "loc", "msg"}
        assert_neutral(error["msg"])
    refused = v.post("/register", json={"dob": TWELVE})
    assert isinstance(json.loads(refused.text)["detail"], str)  # as an HTTPException's
    assert v.post(path, data={"x": TWELVE}).headers["content-type"] == "text/html; charset=utf-8"


def test_where_no_field_is_known_a_fastapi_client_reads_of_the_body() -> None:
    body = b'{"dob": "1990-01-01", "password": "x", "y": "&dob=2020-01-01&"}'
    response = visitor(fastapi_app("protect")).post(
        "/join", content=body, headers={"content-type": JSON}
    )
    assert [error["loc"] for error in json.loads(response.text)["detail"]] == [["body"]]


def test_a_starlette_client_reads_a_problem() -> None:
    response = visitor(protect(Starlette(), POLICY)).post("/register", json={})
    assert response.headers["content-type"] == "application/problem+json"


# -------------------------------------------------------------------------------------------- the lock


@pytest.mark.parametrize("signal", [{}, {"dnt": True}, {"gpc": True}], ids=str)
def test_another_date_in_the_same_session_is_refused(
    site: Site, signal: dict[str, bool], refusals: list[tuple[str, str]]
) -> None:
    v = site.visitor(**signal)
    first = v.post("/register", data={"dob": TWELVE})
    assert [c.name for c in first.set_cookies] == [LOCK]
    for path, data in (
        ("/register", {"dob": ADULT}),
        ("/register", {"dob": "nothing"}),
        ("/split", {"year": "1990", "month": "1", "day": "1"}),
        ("/signup", {"dob": ADULT, "password": "correct horse"}),
    ):
        again = v.post(path, data=data)
        assert again.status_code == 403
        assert again.text == first.text
    assert v.post("/comments", data={"dob": ADULT}).status_code == 200
    assert v.get("/register").status_code == 200
    assert [method for method, _ in site.seen] == ["POST", "GET"]
    assert [reason for _, reason in refusals] == ["under_age", *["locked"] * 4]
    assert site.visitor(**signal).post("/register", data={"dob": ADULT}).status_code == 200


def test_who_is_locked_is_refused_unread() -> None:
    guard = Guard(POLICY)
    request = Sent(("cookie", f"{LOCK}=x"), ("content-type", FORM), method="POST", path="/register")
    assert isinstance(guard.visit(request).request(), Answer)


def test_over_https_the_lock_belongs_to_this_host_alone(site: Site) -> None:
    def cookie(birth: str, home: str = "http://testserver") -> str:
        answer = site.visitor(base_url=home).post("/register", data={"dob": birth})
        return answer.headers["set-cookie"].strip()

    plain = cookie(TWELVE)
    value = plain.partition("=")[2].partition(";")[0]
    attributes = "Path=/; HttpOnly; SameSite=Lax"
    assert plain == f"{LOCK}={value}; {attributes}"
    assert cookie(TWELVE, "https://testserver") == f"__Host-{LOCK}={value}; {attributes}; Secure"
    assert cookie("2020-01-01") == plain  # the same for everybody: it tells nobody apart


@pytest.mark.parametrize(
    "cookie",
    [f"{LOCK}=locked.tampered", f"{LOCK}=", f"{LOCK}", f"a=1; __Host-{LOCK}=x ;b=2", f"{LOCK} =x"],
)
def test_a_lock_holds_whoever_signed_it(cookie: str) -> None:
    """Spoilt, signed by a key that is gone, or by a worker with a key of its own: all the same."""
    request = Sent(("cookie", cookie), ("content-type", FORM), method="POST", path="/register")
    assert isinstance(decided(Guard(POLICY), request, f"dob={ADULT}".encode()), Answer)


@pytest.mark.parametrize(
    "lines",
    [
        ["session=1", f"{LOCK}=x"],
        [
            f"session=1,{LOCK}=x"
        ],  # as Hypercorn's WSGI joins the lines into which HTTP/2 splits a Cookie
        [f"session=1, {LOCK}=x,theme=dark"],
    ],
    ids=["apart", "joined by a comma", "between commas"],
)
def test_a_lock_is_found_however_a_server_joins_split_cookies(lines: list[str]) -> None:
    cookies = [("cookie", line) for line in lines]
    request = Sent(("content-type", FORM), *cookies, method="POST", path="/register")
    assert isinstance(decided(Guard(POLICY), request), Answer)


def test_a_cookie_that_only_sounds_like_it_is_none() -> None:
    cookie: Field = ("cookie", f"{LOCK}x=1; x{LOCK}=1; a={LOCK}")
    request = Sent(cookie, ("content-type", FORM), method="POST", path="/register")
    assert isinstance(decided(Guard(POLICY), request, f"dob={ADULT}".encode()), Pass)


@pytest.mark.parametrize("signal", [{"dnt": True}, {"gpc": True}, {}], ids=str)
def test_our_own_cookies_are_declared_like_any_other(
    signal: dict[str, bool], caplog: pytest.LogCaptureFixture
) -> None:
    """Never expired as stale, never reported, whatever pattern of the policy would cover them."""
    policy = PrivacyPolicy(cookies=[Cookie("alpines*", purpose="Everything")])
    with site_of("ASGI", policy) as made:
        v = made.visitor(**signal)
        for prefix in ("", "__Host-"):
            for cookie in OWN_COOKIES:
                response = v.get("/", headers={"cookie": f"{prefix}{cookie.name}=1"})
                assert response.set_cookies == []
    assert "alpines-privacy" not in caplog.text
    assert all(cookie.necessary and cookie.purpose and cookie.lifetime for cookie in OWN_COOKIES)


# ------------------------------------------------------------------------------- undeclared signups

PASSWORD = {"password": "correct horse"}
# What is sent to /signup: the fields, and whether it is refused, passes, or passes with a word to the developer.
UNDECLARED: dict[str, tuple[str, dict[str, str], str]] = {
    "a child": ("/signup", {"dob": TWELVE, **PASSWORD}, "refused"),
    "somebody old enough": ("/signup", {"dob": ADULT, **PASSWORD}, "passes"),
    "a deeper path": ("/en/account/Register/", {"dob": TWELVE, **PASSWORD}, "refused"),
    "another word": ("/create-account", {"dateOfBirth": TWELVE, "passwd": "x"}, "refused"),
    "an underscore": ("/sign_up", {"date_of_birth": TWELVE, "new-password": "x"}, "refused"),
    "brackets": ("/join", {"user[birth_date]": TWELVE, "user[password]": "x"}, "refused"),
    "three fields": (
        "/registration", {"birth_year": "2013", "birth_month": "11", "birth_day": "26", **PASSWORD}, "refused",
    ),
    "as Django's widget names them": (
        "/join", {"dob_year": "2013", "dob_month": "11", "dob_day": "26", "password1": "x"}, "refused",
    ),
    "three fields, old enough": (
        "/join", {"birth_year": "1990", "birth_month": "1", "birth_day": "26", **PASSWORD}, "passes",
    ),
    "a year no day of which is old enough": ("/join", {"birth_year": "2014", **PASSWORD}, "refused"),
    "a year some days of which are": ("/join", {"birth_year": "2013", **PASSWORD}, "passes"),
    "a local format, a child either way": ("/join", {"dob": "03/04/2015", **PASSWORD}, "refused"),
    "a local format, one way only": ("/join", {"dob": "25.11.2013", **PASSWORD}, "passes"),
    "a local format, a child one way": ("/join", {"dob": "12/11/2013", **PASSWORD}, "reported"),
    "two dates, one a child's": ("/join", {"dob": ADULT, "child_dob": TWELVE, **PASSWORD}, "reported"),
    "two dates, both of children": ("/join", {"dob": TWELVE, "birthday": "2015-01-02", **PASSWORD}, "reported"),
    "two years, both of children": (
        "/join", {"birth_year": "2014", "second.birth_year": "2016", **PASSWORD}, "reported",
    ),
    "somebody else's, left empty": ("/join", {"dob": TWELVE, "child_dob": "", **PASSWORD}, "refused"),
    "the same date twice, a child's": ("/join", {"dob": TWELVE, "birthday": TWELVE, **PASSWORD}, "refused"),
    "two dates, one of them old enough": ("/join", {"dob": ADULT, "birthday": TWELVE, **PASSWORD}, "reported"),
    "no password": ("/join", {"dob": TWELVE}, "reported"),
    "no date": ("/join", PASSWORD, "passes"),
    "a date nobody can read": ("/join", {"dob": "last spring", **PASSWORD}, "reported"),
    "a date in the future": ("/join", {"dob": "2030-01-01", **PASSWORD}, "reported"),
    "another path": ("/profile", {"dob": TWELVE, **PASSWORD}, "passes"),
    "a path with the word inside": ("/join/newsletter", {"dob": TWELVE, **PASSWORD}, "passes"),
}  # fmt: skip


@pytest.mark.parametrize(("path", "fields", "outcome"), UNDECLARED.values(), ids=UNDECLARED)
@pytest.mark.parametrize("as_json", [False, True], ids=["form", "JSON"])
def test_undeclared_signups_are_refused_where_there_is_no_doubt(
    path: str, fields: dict[str, str], outcome: str, as_json: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with site_of("ASGI", PrivacyPolicy()) as made:
        body: dict[str, Any] = {"json": fields} if as_json else {"data": fields}
        response = made.visitor().post(path, **body)
        for _ in range(2):
            made.visitor().post(path, **body)
    assert response.status_code == (403 if outcome == "refused" else 200)
    said = [r.getMessage() for r in caplog.records if "may be a signup" in r.getMessage()]
    assert len(said) == (1 if outcome == "reported" else 0)  # once per route
    for value in fields.values():
        assert value not in "".join(said) or len(value) < 4


# Names of somebody else's birth date, beside the parent's, teacher's or owner's own account.
OTHERS = (
    "child_dob", "childDob", "ChildDOB", "CHILD_DOB", "child[dob]", "child.dob", "children[][dob]", "children[0][dob]",
    "children.0.birthday", "children-0-date_of_birth", "children_attributes[0][birth_date]", "child1_dob",
    "firstChildBirthDate", "kids[0][dob]", "student_birth_date", "studentBirthDate", "student.dateOfBirth", "dobChild",
    "students.0.dob", "pets[0][birthday]", "pet-birthday", "dependents[0].dob", "dependants[].dob", "patient_dob",
    "daughter.profile.dob", "dob_child", "form.children.3.birth_year", "child_birth_year", "spouse[birth_date]",
)  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_a_date_under_somebody_elses_name_is_a_parents_form(
    name: str, caplog: pytest.LogCaptureFixture, refusals: list[tuple[str, str]]
) -> None:
    """It passes, locks nobody, passes from a browser that is locked too, and is reported."""
    birth = "2019" if name.endswith("year") else "2019-03-01"
    for body in ({"data": {name: birth, **PASSWORD}}, {"json": {name: birth, **PASSWORD}}):
        for own in ({}, {"dob": ADULT}):
            with site_of("ASGI", PrivacyPolicy()) as made:
                sent: dict[str, Any] = {kind: fields | own for kind, fields in body.items()}
                for cookies in ({}, {"cookie": f"{LOCK}=x"}):
                    answer = made.visitor().post("/register", **sent, headers=cookies)
                    assert (answer.status_code, answer.set_cookies) == (200, [])
                assert len(made.seen) == 2
    assert refusals == []
    assert caplog.text.count("as in a parent's form") == 4  # once for each app
    assert "2019" not in caplog.text


@pytest.mark.parametrize(
    "document",
    [
        {"children": [{"name": "a", "dob": TWELVE}], "password": "x"},
        {"parent": {"password": "x"}, "pets": [{"birthday": "2020-01-01"}]},
        {"children": [{"dob": TWELVE}, {"dob": "2016-01-01"}], "dob": ADULT, "password": "x"},
        {
            "password": "x",
            "student": {"birth": {"year": 2015, "month": 1, "day": 2}, "dob": TWELVE},
        },
        {"password": "x", "people": [{"dob": TWELVE}, {"dob": "2016-01-01"}]},
    ],
    ids=str,
)
def test_a_parents_json_passes(document: dict[str, Any]) -> None:
    with site_of("WSGI", PrivacyPolicy()) as made:
        assert made.visitor().post("/api/signup", json=document).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "dob",
        "user.dob",
        "profile[birth_date]",
        "childcare.dob",
        "catalog.dob",
        "account_dob.dob",
        "me.birthday",
    ],
)
def test_a_date_of_ones_own_is_not_somebody_elses(name: str) -> None:
    with site_of("WSGI", PrivacyPolicy()) as made:
        assert made.visitor().post("/signup", data={name: TWELVE, **PASSWORD}).status_code == 403


def test_a_declared_signup_is_judged_whoever_its_field_names() -> None:
    policy = PrivacyPolicy(signups=[Signup("/register", birth_date="student.dob")])
    with site_of("WSGI", policy) as made:
        assert (
            made.visitor().post("/register", json={"student": {"dob": TWELVE}}).status_code == 403
        )


def test_nested_json_of_an_undeclared_signup_is_found() -> None:
    with site_of("WSGI", PrivacyPolicy()) as made:
        user = {
            "email": "x",
            "password": "x",
            "profile": {"dob": {"year": 2015, "month": 1, "day": 2}},
        }
        assert made.visitor().post("/api/signup", json={"user": user}).status_code == 403


SIGNUP = b"dob=2020-01-01&password=x"
# What is sent to /join, and what it is answered: a body nobody else may read otherwise passes.
UNDECLARED_BODIES: dict[str, tuple[str, bytes, dict[str, str], int]] = {
    "large": (FORM, SIGNUP + b"&pad=" + b"x" * 65536, {}, 200),
    "compressed": (FORM, b"\x1f\x8b\x08\x00", {"content-encoding": "gzip"}, 200),
    "said to be compressed": (FORM, SIGNUP, {"content-encoding": "gzip"}, 415),
    "no form": ("text/plain", SIGNUP, {}, 415),
    "no form and no signup": ("text/plain", b"dob=2020-01-01", {}, 200),
    "no type": ("", SIGNUP, {}, 415),
    "no type and no signup": ("", b"hello", {}, 200),
    "separated by semicolons": (FORM, SIGNUP.replace(b"&", b";"), {}, 422),
    "an extended boundary": (
        f"{MULTIPART}; boundary*=utf-8''b", parts(text("dob", "2020-01-01"), text("password", "x")), {}, 415,
    ),
    "JSON in UTF-16": (JSON, json.dumps({"dob": "2020-01-01", "password": "x"}).encode("utf-16"), {}, 422),
    "JSON that is a form": (JSON, b'{"dob": "1990-01-01", "password": "x", "y": "&dob=2020-01-01&"}', {}, 422),
    "JSON that is a form with all of a signup": (JSON, b'{"y": "&password=x&dob=2020-01-01&"}', {}, 422),
    "a form that JSON's name is said of": (
        f"{FORM}; type=json; charset=utf-16", b'dob%00="dob":"2020-01-01"&' + SIGNUP, {}, 415,
    ),
    "parts of two boundaries": (
        f'{MULTIPART}; x="\\"; boundary=abc"; boundary=b',
        b"\n--abc\r\n\r\n" + parts(text("dob", "2020-01-01"), text("password", "x")), {}, 415,
    ),
    "a name of another header before a part's own": (
        "multipart/form-data; boundary=b",
        (b'--b\r\nContent-Type: text/plain; name="x"\r\nContent-Disposition: form-data; name="dob"\r\n\r\n2020-01-01'
        b'\r\n--b\r\nContent-Disposition: form-data; name="password"\r\n\r\nx\r\n--b--\r\n'), {}, 422,
    ),
    "a name in pieces": (
        "multipart/form-data; boundary=b",
        (b'--b\r\nContent-Disposition: form-data; name*0="do"; name*1="b"\r\n\r\n2020-01-01'
        b"\r\n--b\r\nContent-Disposition: form-data; name*=utf-8''pass%77ord\r\n\r\nx\r\n--b--\r\n"), {}, 422,
    ),
    "JSON that is a form without a signup": (JSON, b'{"password": "x", "y": "&dob=2020-01-01&"}', {}, 200),
    "a picture": ("image/png", b"\x89PNG\r\n\x1a\n\x00=" * 99, {}, 200),
}  # fmt: skip


@pytest.mark.parametrize(
    ("content_type", "content", "more", "status"), UNDECLARED_BODIES.values(), ids=UNDECLARED_BODIES
)
def test_an_undeclared_signup_that_may_be_read_otherwise_is_refused(
    content_type: str, content: bytes, more: dict[str, str], status: int
) -> None:
    for length in ({}, {"content-length": str(len(content))}):
        with site_of("ASGI", PrivacyPolicy()) as made:
            fields = {**more, **length, **({"content-type": content_type} if content_type else {})}
            response = made.visitor().post("/join", content=flood(content, 1), headers=fields)
            assert response.status_code == status
            assert made.seen == ([("POST", content)] if status == 200 else [])


def test_looking_for_signups_can_be_switched_off() -> None:
    with site_of("ASGI", PrivacyPolicy(detect_signups=False)) as made:
        assert made.visitor().post("/join", data={"dob": TWELVE, **PASSWORD}).status_code == 200


# ---------------------------------------------------------------------------------- modes and defects


def test_in_report_mode_everything_passes_and_is_told(
    caplog: pytest.LogCaptureFixture, refusals: list[tuple[str, str]]
) -> None:
    with site_of("ASGI", PrivacyPolicy(mode="report", signups=POLICY.signups)) as made:
        response = made.visitor().post("/register", data={"dob": TWELVE})
        assert (response.status_code, response.set_cookies) == (200, [])
        assert made.seen == [("POST", f"dob={TWELVE}".encode())]
    assert "would have been answered 403" in caplog.text
    assert refusals == []


@pytest.mark.parametrize(
    "more", [{"mode": "off"}, {"exempt": ["/register"]}, {"exempt": ["/*"]}], ids=str
)
def test_switched_off_or_exempt_signups_pass(more: dict[str, Any]) -> None:
    for protocol in PROTOCOLS:
        with site_of(protocol, PrivacyPolicy(signups=POLICY.signups, **more)) as made:
            assert made.visitor().post("/register", data={"dob": TWELVE}).status_code == 200


def test_a_defect_of_ours_leaves_a_declared_signup_closed(
    monkeypatch: pytest.MonkeyPatch, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(self: AskedAge, head: Any, body: bytes) -> bool:
        raise RuntimeError(body.decode())

    monkeypatch.setattr(AskedAge, "allows", broken)
    assert site.visitor().post("/register", data={"dob": ADULT}).status_code == 422
    assert site.seen == []
    assert ADULT not in caplog.text


def test_a_receiver_that_fails_harms_nobody(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    heard = []

    def broken(sender: Any, **said: Any) -> None:
        raise RuntimeError("a receiver's own")

    def other(sender: Any, **said: Any) -> None:
        heard.append(said)

    with signup_refused.connected_to(broken), signup_refused.connected_to(other):
        assert site.visitor().post("/register", data={"dob": TWELVE}).status_code == 403
    assert heard == [{"route": "/register", "reason": "under_age"}]
    assert "a receiver of signup_refused" in caplog.text


def test_the_event_names_the_declaration_and_never_the_visitors_path(
    site: Site, refusals: list[tuple[str, str]]
) -> None:
    site.visitor().post("/clubs/ayesha/join-in", data={"dob": TWELVE})
    site.visitor().post("/people/ayesha/join", data={"dob": TWELVE, **PASSWORD})
    assert refusals == [("/clubs/{club}/join-in", "under_age"), ("join", "under_age")]


def test_a_nested_layer_asks_once() -> None:
    with site_of("ASGI", POLICY) as made:
        wrapped = protect(made.app, POLICY)
        assert visitor(wrapped).post("/register", data={"dob": ADULT}).status_code == 200
        assert visitor(wrapped).post("/register", data={"dob": TWELVE}).status_code == 403


def test_each_host_has_its_own_signups() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    layered = protect(app, lambda host: POLICY if host == "shop.example" else None)
    for host, status in (("shop.example", 403), ("other.example", 200)):
        v = visitor(layered, base_url=f"http://{host}")
        assert (
            v.post("/split", data={"year": "2020", "month": "1", "day": "1"}).status_code == status
        )


def test_a_websocket_is_no_signup() -> None:
    guard = Guard(POLICY)
    request = Sent(method="POST", path="/register")
    request.kind = "websocket"
    assert isinstance(guard.visit(request).request(), Pass)


def test_inside_a_request_the_policys_rule_counts() -> None:
    answers = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        answers.append([current().may_sign_up(date(year, 1, 1)) for year in (2009, 2012)])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    for minimum in (13, 16):
        visitor(protect(app, PrivacyPolicy(minimum_age=minimum))).get("/")
    assert answers == [[True, True], [True, False]]


def test_a_visitor_who_leaves_in_the_middle_signs_up_nobody() -> None:
    guard = Guard(POLICY)
    request = Sent(("content-type", FORM), method="POST", path="/register")
    visit = guard.visit(request)
    assert isinstance(visit.request(), NeedBody)
    assert isinstance(visit.body(f"dob={ADULT}".encode(), True), More)
    assert isinstance(visit.cut_short(), Answer)
    visit.end()


def test_the_answers_tell_nobody_what_age_is_asked_for(site: Site) -> None:
    for birth in (TWELVE, "nothing"):
        response = site.visitor().post("/register", data={"dob": birth})
        assert_neutral(response.text)


@pytest.mark.parametrize(
    "content", [f"dob={TWELVE}", "dob=never", "x" * 70], ids=["refused", "unreadable", "large"]
)
@pytest.mark.parametrize("path", ["/register", "/register/", "/clubs/a/join-in", "/tiny"])
@pytest.mark.parametrize("mount", ["", "/app", "/a/b"])
@pytest.mark.parametrize("is_known", [True, False])
def test_every_page_has_one_link_and_it_leads_home(
    content: str, path: str, mount: str, is_known: bool
) -> None:
    request = Sent(
        ("content-type", FORM),
        method="POST",
        path=mount + path if is_known else path,
        mount=mount if is_known else "",
    )
    outcome = decided(Guard(POLICY), request, content.encode())
    assert isinstance(outcome, Answer)
    (link,) = re.findall('href="([^"]*)"', outcome.body.decode())
    assert urljoin(f"http://shop.example{mount}{path}", link) == f"http://shop.example{mount}/"
